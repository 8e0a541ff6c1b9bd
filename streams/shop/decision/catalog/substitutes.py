"""Substitutes: of one narrowest category by the catalogue, unless they are seen to go together.

A cross-sell completes the purchase: what would replace an item of the basket, cheaper or dearer, is
none; nor do two that replace each other stand in one prompt. Two of one category go together where
somebody says so (an accessory, a curated pair), or where those who take one mostly take both
(`models.recommenders.pair_table.substitutes`). What is in no category, or in another one, is not
judged, nor what is in a category that holds too much to say anything
(`streams.shop.decision.catalog.categories`). What an item of the basket met is read once for a
decision; two of which nothing was counted replace each other.
"""

from collections.abc import Iterable, Mapping

from models.recommenders.pair_table.substitutes import substitute_probability
from streams.shop.decision.catalog.categories import Categories
from streams.shop.decision.catalog.curation import Curation
from streams.shop.decision.catalog.relations import Relations
from streams.shop.memory.learned import Learned

NEVER = 1.0
"""No probability is larger: nothing is judged."""
BESIDE_MAX = 16
"""Items of one category in the basket that a candidate is compared with: the latest."""
ROWS_MAX = 64
"""Items of which it is read what they met, for one decision."""
UNCOUNTED = substitute_probability(0, 0)
"""That two of one category replace each other, where nothing is known of them."""
UNREAD: tuple[int, Mapping[str, int]] = 0, {}
"""Of an item that is not looked up: as if nobody had taken it."""


class Likeness:
    """Which items replace which, for one decision.

    Parameters
    ----------
    categories
        By which items are judged.
    probability_max
        What is a substitute with a larger probability is one.
    """

    def __init__(
        self,
        categories: Categories,
        relations: Relations,
        curation: Curation,
        probability_max: float,
    ) -> None:
        self._kind_of, self._relations, self._curation = categories.of, relations, curation
        self._probability_max = probability_max
        self._learned: Learned | None = None
        self._beside: dict[str, list[str]] = {}
        self._rows: dict[str, tuple[int, Mapping[str, int]]] = {}

    def ask(self, learned: Learned | None) -> None:
        """What is known of who took what."""
        self._learned, self._rows = learned, {}

    def fill(self, beside: Iterable[str]) -> None:
        """The items that others would stand beside."""
        self._beside = {}
        for item in beside:
            if (kind := self._kind_of(item)) is not None:
                self._beside.setdefault(kind, []).append(item)

    def conflict(self, item: str) -> bool:
        """Whether an item would replace one of those that it would stand beside."""
        if not self._beside or (kind := self._kind_of(item)) is None:
            return False
        there = self._beside.get(kind, ())[-BESIDE_MAX:]
        return any(self._replaces(item, other) for other in there)

    def alike(self, a: str, b: str) -> bool:
        """Whether two items replace each other."""
        kind = self._kind_of(a)
        return kind is not None and kind == self._kind_of(b) and self._replaces(a, b)

    def _replaces(self, item: str, other: str) -> bool:
        """Whether an item replaces another one, of which it is read what it met."""
        times, taken = self._taken_with(other)
        both, most = taken.get(item, 0), self._probability_max
        if (both or most >= UNCOUNTED) and self._learned is not None:
            viewed = self._learned.browsing.lift(other, item).together
            could = max(min(self._learned.baskets.seen(item), times), viewed)
            replaces = substitute_probability(could, both) > most
        else:  # the more certainly, the more had not taken both
            replaces = most < UNCOUNTED
        return replaces and not self._said(item, other)

    def _taken_with(self, item: str) -> tuple[int, Mapping[str, int]]:
        """How often an item was taken, and with what: read once, and of so many items at most."""
        row = self._rows.get(item)
        if row is None:
            if self._learned is None or len(self._rows) >= ROWS_MAX:
                return UNREAD
            row = self._rows[item] = self._learned.baskets.meetings(item)
        return row

    def _said(self, a: str, b: str) -> bool:
        """Whether somebody says that the two go together."""
        of, says = self._relations.of, self._curation.says
        if a == b or b in of(a).accessory_of or a in of(b).accessory_of:
            return True
        return says(a, b) or says(b, a)
