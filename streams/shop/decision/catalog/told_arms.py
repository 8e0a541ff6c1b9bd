"""Arms that nobody has to learn: the catalogue or a curator says what goes with an item.

They are on offer where something is said of the session's items, and else no decision knows of
them. The counts of the two items stand beside as evidence, 0 of 0 where they were never seen.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from models import Candidate
from streams.shop.decision.arms import CandidateQuery, in_basket
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.learned import Learned

MAINS_MAX = 4
"""Items of a session whose accessories are looked at: the one that asked, and the latest."""
TOLD_MAX = 64
"""Items that are said to go with one of them, and may be offered, of which the best are chosen;"""
LOOKED_AT_MAX = 128
"""and those that are looked at for them. What was taken with it so far is looked at in any case."""
LOOKED_AT_IN_ALL = 256
"""Items that are looked at for one decision, whatever is said: so it stays cheap."""
NEXT_WEIGHS = 0.5
"""What is said of an item of the basket weighs so much of what is said of the one before."""
Says = Callable[[Catalog, str], Iterable[tuple[str, str]]]
"""What goes with an item, and who says so, if that is to be told."""


class ToldArm(NamedTuple):
    """A strategy that offers what is said to go with the session's items."""

    catalog: Catalog
    says: Says
    goes_with: Callable[[Catalog, str, str], bool] | None
    """Whether it is said of one item that it goes with another one, where counts choose among
    what is said; none: it is offered in the order in which it is said."""

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether anything is said that may be offered."""
        return next(self._admissible(learned, question), None) is not None

    def candidates(self, learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What is said of the item that asked, then of the basket, the latest first."""
        found: list[Candidate] = []
        counts: dict[str, tuple[int, int, dict[str, int]]] = {}
        for place, (main, item, source) in enumerate(self._admissible(learned, question)):
            if main not in counts:
                counts[main] = len(counts), *learned.baskets.meetings(main)
            nearness, of, met = counts[main]
            together = met.get(item, 0)
            score = 1.0 / (1 + place) if self.goes_with is None else (together + 1) / (of + 2)
            score *= NEXT_WEIGHS**nearness
            found.append(Candidate(item, score, together, of, main, source))
        return sorted(found, key=lambda one: (-one.score, one.item))[: question.items_max]

    def _admissible(
        self, learned: Learned, question: CandidateQuery
    ) -> Iterator[tuple[str, str, str]]:
        """Item of the session, what goes with it, and who says so; each of these is judged once.

        Of one with more than can be looked at also those that were taken with it, wherever they
        stand: the counts choose among all.
        """
        met = set[str]()
        for main in in_basket(question)[: -MAINS_MAX - 1 : -1]:
            said, found = iter(self.says(self.catalog, main)), 0
            for item, source in islice(said, LOOKED_AT_MAX):
                if item in met:
                    continue
                if len(met) >= LOOKED_AT_IN_ALL:
                    return
                met.add(item)
                if item not in question.excluded:
                    found += 1
                    yield main, item, source
                if found == TOLD_MAX:
                    break
            if found == TOLD_MAX or next(said, None) is not None:
                yield from self._taken_with(main, met, learned, question)

    def _taken_with(
        self, main: str, met: set[str], learned: Learned, question: CandidateQuery
    ) -> Iterator[tuple[str, str, str]]:
        """What was taken with an item, and is said to go with it, unless it was `met` before."""
        if self.goes_with is None:
            return
        for item in learned.baskets.meetings(main)[1]:
            if item not in met and self.goes_with(self.catalog, item, main):
                met.add(item)
                if item not in question.excluded:
                    yield main, item, ""


def _accessories(catalog: Catalog, item_id: str) -> Iterable[tuple[str, str]]:
    """What completes an item, or the product that it is a variant of."""
    of, product = catalog.relations.accessories, catalog.products.get(item_id)
    own, shared = of(item_id), () if product is None else of(product)
    if not own and not shared:
        return ()
    return ((item, "") for item in chain(own, shared))


def _completes(catalog: Catalog, item_id: str, main: str) -> bool:
    """Whether an item is among `_accessories` of another one."""
    return not {main, catalog.product_of(main)}.isdisjoint(
        catalog.relations.of(item_id).accessory_of
    )


def _curated(catalog: Catalog, item_id: str) -> Iterator[tuple[str, str]]:
    """What people put beside an item, or beside the product that it is a variant of."""
    names = dict.fromkeys((item_id, catalog.product_of(item_id)))
    return (each for name in names for each in catalog.curation.of(name))


TOLD_ARMS: dict[str, tuple[Says, Callable[[Catalog, str, str], bool] | None]] = {
    # what the catalogue calls an accessory or a spare part of what is there
    "accessories": (_accessories, _completes),
    # what merchant, editors or community put beside it, by the controls `curated.<item>`
    "curated": (_curated, None),
}
"""Name of the arm -> what says it, and whether of two items; None: the order decides."""


def told_arms(catalog: Catalog) -> dict[str, ToldArm]:
    """The arms for which anything is said at all."""
    asked = catalog.relations_use == "arms" and catalog.relations.completing > 0
    there = {"accessories": asked, "curated": bool(catalog.curation)}
    return {name: ToldArm(catalog, *arm) for name, arm in TOLD_ARMS.items() if there[name]}
