"""The shelf: of every item of the catalogue what a page shows of it; bounded in bytes.

An item is kept as one piece of JSON, and unpacked when it is rendered: a catalogue of a million is
read once, and most of it is never shown. What there is no room for is refused, and the last good
record of its key stands, as everywhere. Unknown items are rendered by their ids.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import orjson

from streams.contract.errors import InvalidReference
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import decode_reference
from streams.contract.events.reference.titles import title_in

KEEPING_BYTES = 320
"""What an item takes beside the bytes of its id and of what is said of it: two objects, and its
place in a table that has just grown, counted high."""
FULL = "full"


class OnShelf(NamedTuple):
    """What a page shows of an item, in one language."""

    title: str | None = None
    price_minor: int | None = None
    currency: str | None = None
    image_url: str | None = None
    url: str | None = None


UNKNOWN = OnShelf()


class Shelf:
    """What is shown of items, by id, of at most `bytes_max` bytes.

    >>> shelf = Shelf(bytes_max=1_000_000)
    >>> shelf.receive(b"jam", b'{"item_id": "jam", "titles": {"en": "Jam", "de": "Marmelade"}}')
    >>> shelf.look("jam", ["de-AT"]).title, shelf.look("tea", ["de-AT"]).title
    ('Marmelade', None)
    """

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.bytes = 0
        """So many are taken, counted high."""
        self.refused: Counter[str] = Counter()
        """Records that were not taken, by reason."""
        self._items: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._items)

    def receive(self, key: bytes | None, value: bytes | None) -> None:
        """A record of the catalogue; one that is none is counted, and changes nothing."""
        try:
            item_id, item = decode_reference(CatalogItem, key, value)
            if item is None:
                self._take_out(item_id)
            else:
                self._put(item)
        except InvalidReference as refused:
            self.refused[refused.reason] += 1

    def clear(self) -> None:
        """The catalogue is another one now."""
        self._items, self.bytes = {}, 0

    def look(self, item_id: str, locales: Iterable[str | None]) -> OnShelf:
        """What is shown of an item, its title for the first of these locales that it has."""
        kept = self._items.get(item_id)
        if kept is None:
            return UNKNOWN
        titles, *rest = orjson.loads(kept)
        return OnShelf(title_in(titles, locales), *rest)

    def _put(self, item: CatalogItem) -> None:
        shown = [item.titles, item.price_minor, item.currency, item.image_url, item.url]
        kept = bytes(memoryview(orjson.dumps(shown)))  # a copy: orjson's own has room to grow
        old = self._items.get(item.item_id)
        more = _size(item.item_id, kept) - (_size(item.item_id, old) if old is not None else 0)
        if more > 0 and self.bytes + more > self.bytes_max:
            self._take_out(item.item_id)  # what is known of it is wrong by now: a price, say
            raise InvalidReference(FULL, "there is no room: GOESWITH_GATEWAY_CATALOG_BYTES_MAX")
        self._items[item.item_id] = kept
        self.bytes += more

    def _take_out(self, item_id: str) -> None:
        if (old := self._items.pop(item_id, None)) is not None:
            self.bytes -= _size(item_id, old)


def _size(item_id: str, kept: bytes) -> int:
    """Of the id as UTF-8, counted four times where it is not ASCII: Python may keep it so."""
    return KEEPING_BYTES + len(item_id) * (1 if item_id.isascii() else 4) + len(kept)
