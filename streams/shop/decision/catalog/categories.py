"""Categories of items by the catalogue, by which substitutes are judged.

A category tells what replaces what only where it is narrow. One that holds a large share of all
that is sold ("all products", "sale") says nothing: by it everything would replace everything, and a
shop of one category would fall silent. Such a category is ignored, and counted.
"""

from sys import intern

NARROW_MAX = 100
"""So few items are never too many: a small shop has small categories."""
SHARE_MAX = 0.25
"""Of all items that have a category; one that holds more is ignored."""


class Categories:
    """Item -> its narrowest category, of so many items at most.

    >>> categories = Categories()
    >>> for number in range(120):
    ...     _ = categories.put(f"tie-{number}", "ties")
    >>> categories.of("tie-1"), categories.ignored
    (None, 1)
    >>> for number in range(400):
    ...     _ = categories.put(f"shirt-{number}", f"shirts {number % 100}")
    >>> categories.of("tie-1"), categories.of("shirt-7"), categories.ignored
    ('ties', 'shirts 7', 0)
    """

    def __init__(self, items_max: int = 1_000_000) -> None:
        self.items_max = items_max
        self._of: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._large: set[str] = set()
        """Those that hold more than `NARROW_MAX`."""

    def __len__(self) -> int:
        """Of how many items it is known."""
        return len(self._of)

    def of(self, item_id: str) -> str | None:
        """The category by which an item is judged; None: there is none, or it is ignored."""
        kind = self._of.get(item_id)
        return None if kind is None or (kind in self._large and self._is_wide(kind)) else kind

    @property
    def ignored(self) -> int:
        """How many categories hold too much to say anything."""
        return sum(map(self._is_wide, self._large))

    def put(self, item_id: str, kind: str) -> bool:
        """An item's category from now on; False: there was no room for one more."""
        self.take_out(item_id)
        if len(self._of) >= self.items_max:
            return False
        self._of[item_id] = kind = intern(kind)
        size = self._sizes[kind] = self._sizes.get(kind, 0) + 1
        if size > NARROW_MAX:
            self._large.add(kind)
        return True

    def take_out(self, item_id: str) -> None:
        """Nothing is known of its category any more."""
        if (kind := self._of.pop(item_id, None)) is None:
            return
        size = self._sizes[kind] = self._sizes[kind] - 1
        if size <= NARROW_MAX:
            self._large.discard(kind)
        if not size:
            del self._sizes[kind]

    def clear(self) -> None:
        """Nothing is known of any."""
        self._of.clear()
        self._sizes.clear()
        self._large.clear()

    def _is_wide(self, kind: str) -> bool:
        return self._sizes[kind] > SHARE_MAX * len(self._of)
