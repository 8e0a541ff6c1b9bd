"""The arms: named strategies that the policy chooses among, each with its source of candidates.

An arm proposes; the guards have taken away what must not be offered; the policy chooses one arm.
An arm without a candidate is not offered to the policy, and without any arm there is silence. Only
the arm that was drawn has to rank: whether the others have anything to offer is cheap to know.
To add a strategy: one recommender in `models/`, one entry in `ARMS`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from models import Candidate, Recommender
from streams.shop.decision.catalog import Catalog
from streams.shop.memory.learned import Learned, visit
from streams.shop.memory.session import Session

MAINS_MAX = 4
"""Items of a session whose accessories are looked at: the one that asked, and the latest."""
TOLD_MAX = 64
"""Items that are said to go with them, looked at for one decision."""
NEXT_WEIGHS = 0.5
"""What is said of an item of the basket weighs so much of what is said of the one before."""


class CandidateQuery(NamedTuple):
    """What is asked of an arm: for this session, beside this anchor, now, but none of these."""

    session: Session
    anchor: str
    time_s: float
    excluded: Collection[str]
    items_max: int
    catalog: Catalog | None = None
    """What the catalogue and curators say goes with what, where anything is said."""


class Arm(NamedTuple):
    """A strategy: where its candidates come from, and what its source is asked with."""

    source: Callable[[Learned], Recommender | None]
    context: Callable[[CandidateQuery], Sequence[str]]
    names: Callable[[CandidateQuery], dict[str, str]] | None = None
    """Session and shopper, for a source that knows them apart."""

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer: what the policy has to know of every arm."""
        source = self.source(learned)
        if source is None:
            return False
        context, out, time_s = self.context(question), question.excluded, question.time_s
        if self.names is None:
            return source.proposes(context, exclude=out, time_s=time_s)
        return source.proposes(context, exclude=out, time_s=time_s, **self.names(question))

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers, best first: worked out for the arm that was drawn alone."""
        source = self.source(learned)
        if source is None:
            return []
        names = {} if self.names is None else self.names(question)
        return source.recommend(
            self.context(question),
            question.items_max,
            exclude=question.excluded,
            time_s=question.time_s,
            **names,
        )


class ToldArm(NamedTuple):
    """A strategy that nobody has to learn: somebody says what goes with an item.

    The counts of the two stand beside it as evidence, 0 of 0 where they were never seen, and order
    what is said of one item unless `in_order`.
    """

    says: Callable[[Catalog, str], Iterable[tuple[str, str]]]
    """What goes with an item, and who says so, if that is to be told."""
    in_order: bool = False
    """Whether the order in which it is said is the order to offer it in."""

    def proposes(self, question: CandidateQuery) -> bool:
        """Whether anything is said that may be offered."""
        return next(self._admissible(question), None) is not None

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What is said of the item that asked, then of the basket, the latest first."""
        found: list[Candidate] = []
        counts: dict[str, tuple[int, int, dict[str, int]]] = {}
        for place, (main, item, source) in enumerate(self._admissible(question)):
            if main not in counts:
                counts[main] = len(counts), *learned.baskets.meetings(main)
            nearness, of, met = counts[main]
            together = met.get(item, 0)
            score = 1.0 / (1 + place) if self.in_order else (together + 1) / (of + 2)
            score *= NEXT_WEIGHS**nearness
            found.append(Candidate(item, score, together, of, main, source))
        return sorted(found, key=lambda one: (-one.score, one.item))[: question.items_max]

    def _admissible(self, question: CandidateQuery) -> Iterator[tuple[str, str, str]]:
        """Item of the session, what goes with it, and who says so; each of these once."""
        catalog, said, left = question.catalog, set[str](), TOLD_MAX
        if catalog is None:
            return
        for main in _basket(question)[: -MAINS_MAX - 1 : -1]:
            for item, source in self.says(catalog, main):
                left -= 1
                if item not in said and item not in question.excluded:
                    said.add(item)
                    yield main, item, source
                if not left:
                    return


def _accessories(catalog: Catalog, item_id: str) -> Iterator[tuple[str, str]]:
    """What completes an item, or the product that it is a variant of."""
    names = dict.fromkeys((item_id, catalog.product_of(item_id)))
    return ((item, "") for name in names for item in catalog.relations.accessories(name))


def _basket(question: CandidateQuery) -> Sequence[str]:
    """The basket, the anchor last."""
    return _last([*question.session.basket], question.anchor)


def _viewed(question: CandidateQuery) -> Sequence[str]:
    """What was looked at, the anchor last."""
    return _last(question.session.viewed, question.anchor)


def _last(items: list[str], anchor: str) -> list[str]:
    """These items, each of them once, with the anchor last, as it mostly is already."""
    if items and items[-1] == anchor:
        return items
    return [*(item for item in items if item != anchor), anchor]


def _shopper(question: CandidateQuery) -> Sequence[str]:
    """The shopper, where we know who it is."""
    shopper_id = question.session.shopper_id
    return () if shopper_id is None else (shopper_id,)


def _path(question: CandidateQuery) -> Sequence[str]:
    """What was looked at or taken, in order."""
    return question.session.path


def _named(question: CandidateQuery) -> dict[str, str]:
    session = question.session
    return {"session": visit(session), "shopper": session.shopper_id or ""}


def _anybody(_question: CandidateQuery) -> Sequence[str]:
    return ()


ARMS = {
    # what others bought with the basket: completes the purchase
    "bought_together": Arm(lambda learned: learned.baskets, _basket),
    # what others looked at in the same visit: helps those who are still looking
    "viewed_together": Arm(lambda learned: learned.browsing, _viewed),
    # what this very shopper buys again and again: nothing for those whom we do not know
    "buy_again": Arm(lambda learned: learned.repeats, _shopper),
    # what everybody buys: better than nothing where nothing else is known
    "popular": Arm(lambda learned: learned.popularity, _anybody),
    # all of these and similar visits, in an order that is learned from what shoppers do next; only
    # where the settings ask for it
    "best_fit": Arm(lambda learned: learned.fit, _path, _named),
}
TOLD_ARMS = {
    # what the catalogue calls an accessory or a spare part of what is there
    "accessories": ToldArm(_accessories),
    # what merchant, editors or community put beside it, by the controls `curated.<item>`
    "curated": ToldArm(lambda catalog, item_id: catalog.curation.of(item_id), in_order=True),
}
"""On offer where a catalogue or a curator says something: else no decision knows of them."""
