"""Curated pairs as they are now: what merchant, editors or community say goes with an item."""

from collections.abc import Iterator

from streams.contract.events.reference.curated import CuratedItems

ABOUT_MAX = 16
"""Controls that may be about one item: every decision beside it looks at all of them."""


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

    def __len__(self) -> int:
        """How many controls say something."""
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        """Whether this control says something."""
        return key in self._items

    def of(self, item_id: str) -> Iterator[tuple[str, str]]:
        """What goes with this item, and who says so, in the order that they say."""
        if (said := self._said.get(item_id)) is not None:
            for curated in said.values():
                for item in curated.items:
                    yield item, curated.source

    def says(self, item_id: str, other: str) -> bool:
        """Whether anybody says that the other one goes with this item."""
        said = self._said.get(item_id)
        return said is not None and any(other in curated.items for curated in said.values())

    def has_room(self, key: str, item_id: str) -> bool:
        """Whether this control may be about this item: others are not too many."""
        said = self._said.get(item_id, {})
        return key in said or len(said) < ABOUT_MAX

    def put(self, key: str, item_id: str, curated: CuratedItems) -> None:
        """What this control says from now on."""
        self.take_out(key)
        self._items[key] = item_id
        self._said[item_id] = dict(sorted({**self._said.get(item_id, {}), key: curated}.items()))

    def take_out(self, key: str) -> None:
        """The control says nothing any more."""
        if (item_id := self._items.pop(key, None)) is not None:
            del self._said[item_id][key]
            if not self._said[item_id]:
                del self._said[item_id]

    def clear(self) -> None:
        """No control says anything any more."""
        self._items.clear()
        self._said.clear()
