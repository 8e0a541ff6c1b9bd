"""Arms that nobody has to learn: the catalogue or a curator says what goes with an item.

They are on offer where something is said of the session's items, and else no decision knows of
them. The counts of the two items stand beside as evidence, 0 of 0 where they were never seen.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from models import Candidate
from streams.shop.decision.arms import CandidateQuery, in_basket
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.learned import Learned

MAINS_MAX = 4
"""Items of a session whose accessories are looked at: the one that asked, and the latest."""
TOLD_MAX = 64
"""Items that are said to go with them, looked at for one decision."""
NEXT_WEIGHS = 0.5
"""What is said of an item of the basket weighs so much of what is said of the one before."""
Says = Callable[[Catalog, str], Iterable[tuple[str, str]]]
"""What goes with an item, and who says so, if that is to be told."""


class ToldArm(NamedTuple):
    """A strategy that offers what is said to go with the session's items."""

    catalog: Catalog
    says: Says
    in_order: bool
    """Whether it is offered in the order in which it is said; else by the counts."""

    def proposes(self, _learned: Learned, question: CandidateQuery) -> bool:
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
        said, left = set[str](), TOLD_MAX
        for main in in_basket(question)[: -MAINS_MAX - 1 : -1]:
            for item, source in self.says(self.catalog, main):
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


def _curated(catalog: Catalog, item_id: str) -> Iterator[tuple[str, str]]:
    return catalog.curation.of(item_id)


TOLD_ARMS: dict[str, tuple[Says, bool]] = {
    # what the catalogue calls an accessory or a spare part of what is there
    "accessories": (_accessories, False),
    # what merchant, editors or community put beside it, by the controls `curated.<item>`
    "curated": (_curated, True),
}
"""Name of the arm -> what says it, and whether in order."""


def told_arms(catalog: Catalog) -> dict[str, ToldArm]:
    """The arms for which anything is said at all."""
    there = {"accessories": bool(catalog.relations.said), "curated": bool(catalog.curation)}
    return {name: ToldArm(catalog, *arm) for name, arm in TOLD_ARMS.items() if there[name]}
