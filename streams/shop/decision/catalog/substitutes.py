"""Substitutes: of one narrowest category by the catalogue, unless they are seen to go together.

A cross-sell completes the purchase: what would replace an item of the basket, cheaper or dearer, is
none; nor do two that replace each other stand in one prompt. Two of one category go together where
somebody says so (an accessory, a curated pair), or where those who take one mostly take both
(`models.recommenders.pair_table.substitutes`). What is in no category, or in another one, is not
judged.
"""

from collections.abc import Iterable, Mapping

from models.recommenders.pair_table.substitutes import substitute_probability
from streams.shop.decision.catalog.curation import Curation
from streams.shop.decision.catalog.relations import Relations
from streams.shop.memory.learned import Learned

NEVER = 1.0
"""No probability is larger: nothing is judged."""
BESIDE_MAX = 16
"""Items of one category in the basket that a candidate is compared with: the latest."""


class Likeness:
    """Which items replace which, for one decision.

    Parameters
    ----------
    kinds
        Item -> its narrowest category.
    probability_max
        What is a substitute with a larger probability is one.
    """

    def __init__(
        self,
        kinds: Mapping[str, str],
        relations: Relations,
        curation: Curation,
        probability_max: float,
    ) -> None:
        self._kinds, self._relations, self._curation = kinds, relations, curation
        self._probability_max = probability_max
        self._learned: Learned | None = None
        self._beside: dict[str, list[str]] = {}
        self._counts: dict[str, tuple[int, Mapping[str, int], Mapping[str, int]]] = {}

    def ask(self, learned: Learned | None) -> None:
        """What is known of who took what."""
        self._learned, self._counts = learned, {}

    def fill(self, beside: Iterable[str]) -> None:
        """The items that others would stand beside."""
        self._beside = {}
        for item in beside:
            if (kind := self._kinds.get(item)) is not None:
                self._beside.setdefault(kind, []).append(item)

    def conflict(self, item: str) -> bool:
        """Whether an item would replace one of those that it would stand beside."""
        if not self._beside or (kind := self._kinds.get(item)) is None:
            return False
        there = self._beside.get(kind, ())
        return any(self._replaces(item, other) for other in there[-BESIDE_MAX:])

    def alike(self, a: str, b: str) -> bool:
        """Whether two items replace each other."""
        kind = self._kinds.get(a)
        return kind is not None and kind == self._kinds.get(b) and self._replaces(a, b)

    def _replaces(self, a: str, b: str) -> bool:
        of = self._relations.of
        if a == b or b in of(a).accessory_of or a in of(b).accessory_of:
            return False
        if any(item == a for item, _ in self._curation.of(b)):
            return False
        (of_a, _, _), (of_b, bought, viewed) = self._counted(a), self._counted(b)
        could = max(min(of_a, of_b), viewed.get(a, 0))
        return substitute_probability(could, bought.get(a, 0)) > self._probability_max

    def _counted(self, item: str) -> tuple[int, Mapping[str, int], Mapping[str, int]]:
        """In how many baskets an item was; how often it was bought, and viewed, with others."""
        if self._learned is None:
            return 0, {}, {}
        if item not in self._counts:
            of, bought = self._learned.baskets.meetings(item)
            self._counts[item] = of, bought, self._learned.browsing.meetings(item)[1]
        return self._counts[item]
