"""What a page shows of items: the latest good record, within the bytes that it may take."""

import json
import tracemalloc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import encode_reference
from streams.storefront.gateway.live.shelf import FULL, UNKNOWN, OnShelf, Shelf

ROOMY = 10**9
BUTTER = CatalogItem(
    item_id="butter",
    titles={"en": "Butter, salted", "de-AT": "Butter, gesalzen"},
    price_minor=319,
    currency="EUR",
    image_url="https://shop.example/i/butter.webp",
    url="https://shop.example/p/butter",
)
TITLES = st.dictionaries(
    st.sampled_from(["en", "de", "ur", "pt-BR"]),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    max_size=4,
)
RECORDS = st.lists(
    st.tuples(st.sampled_from(["bread", "jam", "چای", "x" * 90]), st.none() | TITLES), max_size=40
)


def put(shelf: Shelf, item: CatalogItem) -> None:
    """A record of the topic."""
    shelf.receive(item.item_id.encode(), encode_reference(item))


def test_what_is_shown_is_the_latest_good_record() -> None:
    """A record that is none changes nothing; a tombstone takes the item out."""
    shelf = Shelf(ROOMY)
    put(shelf, BUTTER)
    for key, value in [(b"butter", b"{"), (b"butter", b'{"item_id":"jam"}'), (None, b"{}")]:
        shelf.receive(key, value)

    assert OnShelf(
        "Butter, gesalzen", 319, "EUR", "https://shop.example/i/butter.webp", BUTTER.url
    ) == shelf.look("butter", ["de"])
    assert 3 == shelf.refused.total()
    shelf.receive(b"butter", None)
    assert OnShelf() == shelf.look("butter", ["de"])
    assert (0, 0) == (len(shelf), shelf.bytes)


@given(records=RECORDS)
def test_it_holds_what_a_table_would_hold_and_counts_its_bytes(
    records: list[tuple[str, dict[str, str] | None]],
) -> None:
    """Whatever comes, in whatever order; nothing is counted twice, or stays counted."""
    shelf, table = Shelf(ROOMY), dict[str, dict[str, str]]()
    for name, titles in records:
        shelf.receive(name.encode(), None if titles is None else said(name, titles))
        table.pop(name, None)
        if titles is not None:
            table[name] = titles
    fresh = Shelf(ROOMY)
    for name, titles in table.items():
        fresh.receive(name.encode(), said(name, titles))

    assert len(table) == len(shelf)
    assert fresh.bytes == shelf.bytes
    for name, titles in table.items():
        for language in ("en", "de", "ur"):
            assert titles.get(language, shelf.look(name, [language]).title) == (
                shelf.look(name, [language]).title
            )


@given(records=RECORDS, bytes_max=st.integers(0, 2500))
def test_it_never_takes_more_than_it_may(
    records: list[tuple[str, dict[str, str] | None]], bytes_max: int
) -> None:
    """What there is no room for is refused and counted; what was known of it is wrong, and goes."""
    shelf = Shelf(bytes_max)
    for name, titles in records:
        refused = shelf.refused[FULL]
        shelf.receive(name.encode(), None if titles is None else said(name, titles))

        assert 0 <= shelf.bytes <= bytes_max
        if shelf.refused[FULL] > refused:
            assert UNKNOWN == shelf.look(name, [])


def test_an_item_takes_no_more_memory_than_is_counted() -> None:
    """Of 20,000 items with two titles and two addresses, and less than 500 bytes each."""
    shelf, records = Shelf(ROOMY), list[tuple[bytes, bytes]]()
    for number in range(20_000):
        name = f"sku-{number:06}"
        more = {"url": f"https://shop.example/p/{name}", "item_id": name}
        records.append((name.encode(), encode_reference(BUTTER.model_copy(update=more))))
    tracemalloc.start()  # what is allocated: an object may have more than it says
    try:
        for key, value in records:
            shelf.receive(key, value)
        took, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert took <= shelf.bytes
    assert took / 20_000 < 500


def test_another_catalogue_leaves_nothing_of_the_one_before() -> None:
    """Its topic was made anew."""
    shelf = Shelf(ROOMY)
    put(shelf, BUTTER)
    shelf.clear()

    assert (0, 0, OnShelf()) == (len(shelf), shelf.bytes, shelf.look("butter", []))


def said(name: str, titles: dict[str, Any]) -> bytes:
    """The value of a record."""
    return json.dumps({"item_id": name, "titles": titles}).encode()
