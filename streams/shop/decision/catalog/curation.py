"""Curated pairs as they are now: what merchant, editors or community say goes with an item."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import islice

from streams.contract.events.reference.curated import CuratedItems

ABOUT_MAX = 16
"""Controls about one item that are looked at: the first by their keys, so all workers agree."""


class Curation:
    """What is said to go with each item, by control.

    >>> curation = Curation()
    >>> curation.put("curated.bread", "bread", CuratedItems(items=("jam",), source="editors"))
    >>> [*curation.of("bread")], len(curation)
    ([('jam', 'editors')], 1)
    >>> curation.take_out("curated.bread")
    >>> [*curation.of("bread")], len(curation)
    ([], 0)
    """

    def __init__(self) -> None:
        self._items: dict[str, str] = {}
        self._said: dict[str, dict[str, CuratedItems]] = {}
        self._keys: dict[str, list[str]] = {}
        """Of what is said of an item, in order."""

    def __len__(self) -> int:
        """How many controls say something."""
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        """Whether this control says something."""
        return key in self._items

    def of(self, item_id: str) -> Iterator[tuple[str, str]]:
        """What goes with this item, and who says so, in the order that they say."""
        if (said := self._said.get(item_id)) is not None:
            for key in islice(self._keys[item_id], ABOUT_MAX):
                curated = said[key]
                for item in curated.items:
                    yield item, curated.source

    def says(self, item_id: str, other: str) -> bool:
        """Whether anybody says that the other one goes with this item."""
        return item_id in self._said and any(other == item for item, _ in self.of(item_id))

    def put(self, key: str, item_id: str, curated: CuratedItems) -> None:
        """What this control says from now on."""
        self.take_out(key)
        self._items[key] = item_id
        self._said.setdefault(item_id, {})[key] = curated
        insort(self._keys.setdefault(item_id, []), key)

    def take_out(self, key: str) -> None:
        """The control says nothing any more."""
        if (item_id := self._items.pop(key, None)) is not None:
            said, keys = self._said[item_id], self._keys[item_id]
            del said[key], keys[bisect_left(keys, key)]
            if not said:
                del self._said[item_id], self._keys[item_id]

    def clear(self) -> None:
        """No control says anything any more."""
        self._items.clear()
        self._said.clear()
        self._keys.clear()
