"""The catalogue, as events tell it: of which category an item is.

Categories are numbered from 1 in the order in which they come up; 0 is that of items of which
nobody has said any. What is learned of them and made of it is in
`models.recommenders.best_fit.categories.category_votes`.
"""

from typing import Any

import numpy as np

from models.recommenders.best_fit.categories import category_votes
from models.recommenders.best_fit.counts import pairs
from models.recommenders.session_index import sound
from models.recommenders.session_index.records import (
    CATEGORY,
    NOBODY,
    PAIR,
    PARTNERS_MAX,
    VOTES,
    blank,
    grown,
)
from models.recommenders.session_index.rings import Ints, Records
from models.recommenders.session_index.session_index import NAME_BYTES
from models.snapshot import arrays

CATEGORIES_MAX = 4_096
"""Categories known, the first to come up; an item of any other one is of none."""
SELLERS_MAX = 16
"""Items that are counted of each category, the best sellers among them."""


class Catalogue:
    """Categories by number, with their events and partners."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.counts = blank(1, CATEGORY)
        self.partners = blank(1, PAIR, PARTNERS_MAX)
        self.sellers = blank(1, PAIR, SELLERS_MAX)
        self.votes = blank(1, VOTES)
        self.active = np.zeros(1, np.int32)
        self._offered = np.full(
            category_votes.PROPOSING_MAX * category_votes.SELLERS, NOBODY, np.int32
        )
        self._active_count = 0

    @property
    def is_empty(self) -> bool:
        """Whether no category was ever told of any item."""
        return not self.numbers

    def number(self, category: str) -> int:
        """The number of a category, new or known; 0 when there are too many."""
        number = self.numbers.get(category)
        if number is None:
            if len(self.numbers) >= CATEGORIES_MAX:
                return 0
            number = self.numbers[category] = len(self.numbers) + 1
            if number >= len(self.counts):
                self._resize(number + 1)
        return number

    def _resize(self, size: int) -> None:
        limit = CATEGORIES_MAX + 1
        self.counts = grown(self.counts, size, limit)
        self.partners = grown(self.partners, size, limit)
        self.sellers = grown(self.sellers, size, limit)
        self.votes = blank(len(self.counts), VOTES)
        self.active = np.zeros(len(self.counts), np.int32)

    def learn(
        self, items: Records, session: Ints, item: int, category: str, weight: float, number: int
    ) -> None:
        """An item, maybe of this category, is about to enter a session, which has this number."""
        if category and (number := self.number(category)):
            items[item]["category"] = number
        if not self.is_empty:
            category_votes.learn(
                items, self.counts, self.partners, self.sellers, session, item, weight, number
            )

    def suggest(self, items: Records, context: Ints, n: int, running: bool) -> Ints:
        """Best sellers of the categories that go with those of a session; -1 for none.

        What the categories say is kept for `describe`, which has to be next.
        """
        self._active_count = category_votes.cast_votes(
            items, self.counts, self.partners, self.votes, self.active, context, n, running
        )
        category_votes.suggest(
            self.votes, self.active, self._active_count, self.sellers, self._offered
        )
        return self._offered

    def describe(self, items: Records, last: int, chosen: Ints, count: int, xs: Any) -> None:
        """Add to the features of candidates what their categories say."""
        category_votes.describe(
            items, self.counts, self.votes, self.active, self._active_count, last, chosen, count, xs
        )

    def forget(self, gone: Ints) -> None:
        """Take forgotten items out of the best sellers."""
        for row in self.sellers[: len(self.numbers) + 1]:
            pairs.remove_items(row, gone)

    @property
    def bytes(self) -> int:
        """Of all arrays, and about what the names take."""
        held = sum(part.nbytes for part in vars(self).values() if isinstance(part, np.ndarray))
        return held + sum(NAME_BYTES + len(name) for name in self.numbers)

    def state(self) -> dict[str, Any]:
        """All but scratch."""
        used = len(self.numbers) + 1
        return {
            "names": list(self.numbers),
            "shelf": arrays.written(self.counts[:used]),
            "partners": arrays.written(self.partners[:used]),
            "sellers": arrays.written(self.sellers[:used]),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned. Raises `ValueError` when it does not hold together.

        Whether the best sellers are items that there are, is for those to check who know them.
        """
        names = [str(name) for name in state["names"]]
        used = len(names) + 1
        counts = arrays.read(state["shelf"], CATEGORY)
        partners = arrays.read(state["partners"], PAIR, PARTNERS_MAX)
        sellers = arrays.read(state["sellers"], PAIR, SELLERS_MAX)
        fits = (
            len(set(names)) == len(names) <= CATEGORIES_MAX
            and len(counts) == len(partners) == len(sellers) == used
            and sound.all_within(partners["item"], NOBODY, used - 1)
            and sound.are_weights(counts["events"], partners["weight"], sellers["weight"])
        )
        if not fits:
            raise ValueError("categories whose parts do not fit together")
        self.numbers = {name: number for number, name in enumerate(names, start=1)}
        self._resize(used)
        self.counts[:used], self.partners[:used], self.sellers[:used] = counts, partners, sellers
