"""Records of the reference topics: what is one, what is refused, and what comes back as it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from streams.contract.errors import InvalidReference
from streams.contract.events.fields import PRICE_MINOR_MAX
from streams.contract.events.reference.catalog import RELATIONS_MAX, TITLES_MAX, CatalogItem
from streams.contract.events.reference.codec import (
    REASONS,
    RECORD_BYTES_MAX,
    decode_reference,
    encode_reference,
    key_of,
)
from streams.contract.events.reference.control import VALUE_BYTES_MAX, ControlRecord
from streams.contract.schemas.reference_examples import CONTROL_RECORD, REFERENCE_EXAMPLES
from streams.contract.schemas.schemas import json_schema
from tests.contract.schemas.test_schemas import complaints

ITEM: dict[str, Any] = {"item_id": "jam"}
CONTROL: dict[str, Any] = json.loads(CONTROL_RECORD.model_dump_json())


def refused(kind: Any, key: bytes | None, value: bytes | None) -> str:
    """The word for why a record is refused."""
    with pytest.raises(InvalidReference) as error:
        decode_reference(kind, key, value)
    assert error.value.reason in REASONS
    assert len(str(error.value)) <= 500
    return error.value.reason


def read(said: dict[str, Any]) -> CatalogItem | None:
    """A record of the catalogue, read."""
    return decode_reference(CatalogItem, said["item_id"].encode(), json.dumps(said).encode())[1]


@pytest.mark.parametrize("name", REFERENCE_EXAMPLES)
def test_examples_come_back_as_they_were(name: str) -> None:
    """Through bytes, in the short form: what is at its default is left out."""
    example = REFERENCE_EXAMPLES[name]

    kind: Any = type(example)
    found = decode_reference(kind, key_of(example).encode(), encode_reference(example))

    assert (key_of(example), example) == found


def test_the_schema_accepts_its_example() -> None:
    """Field by field."""
    schema = json_schema("catalog_item")

    assert [[]] == [complaints(schema, one, schema) for one in schema["examples"]]


def test_a_record_without_a_value_is_a_tombstone() -> None:
    """Of either topic."""
    assert ("jam", None) == decode_reference(CatalogItem, b"jam", None)
    assert ("floor", None) == decode_reference(ControlRecord, b"floor", None)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (None, b'{"item_id":"jam"}', "no_key"),
        (b"", None, "no_key"),
        (b"\xff", None, "no_key"),
        (b"jam", b"{", "invalid_json"),
        (b"jam", b"", "invalid_json"),
        (b"jam", b"[1]", "invalid_record"),
        (b"jam", b'{"item_id":"tea"}', "key_mismatch"),
        (b"jam", b'{"item_id":"jam","type":"control_record"}', "invalid_record"),
        (b"jam", b'{"item_id":"jam","schema_version":2}', "invalid_record"),
        (b"jam", b'{"item_id":"jam","x":"' + b" " * RECORD_BYTES_MAX + b'"}', "oversize"),
    ],
)
def test_what_is_no_record_is_refused(key: bytes | None, value: bytes | None, reason: str) -> None:
    """With a word for the counter."""
    assert reason == refused(CatalogItem, key, value)


@pytest.mark.parametrize(
    "fields",
    [
        {"item_id": ""},
        {"item_id": "x" * 129},
        {"titles": {"en": ""}},
        {"titles": {"en": "x" * 301}},
        {"titles": {"e": "x"}},
        {"titles": {f"l{n}": "x" for n in range(TITLES_MAX + 1)}},
        {"price_minor": -1, "currency": "EUR"},
        {"price_minor": 1.5, "currency": "EUR"},
        {"price_minor": PRICE_MINOR_MAX + 1, "currency": "EUR"},
        {"price_minor": 5},
        {"margin_minor": 5},
        {"price_minor": 5, "currency": "eur"},
        {"category": "x" * 129},
        {"in_stock": "yes"},
        {"hidden": 1},
        {"restricted": "Over 18"},
        {"variant_of": "jam"},
        {"relations": [{"kind": "friend_of", "item_id": "tea"}]},
        {"relations": [{"kind": "requires", "item_id": "jam"}]},
        {"relations": [{"kind": "requires", "item_id": "x"}] * (RELATIONS_MAX + 1)},
    ],
)
def test_every_field_of_an_item_has_its_limits(fields: dict[str, Any]) -> None:
    """What is beyond them is refused as a whole, so that the last good record stands."""
    key = str(fields.get("item_id", "jam")).encode() or b"jam"

    assert "invalid_record" == refused(CatalogItem, key, json.dumps(ITEM | fields).encode())


def test_what_is_just_within_the_limits_is_read() -> None:
    """And what nobody knows is ignored."""
    most: dict[str, Any] = {
        "item_id": "x" * 128,
        "titles": {f"l{n}": "x" * 300 for n in range(TITLES_MAX)},
        "price_minor": PRICE_MINOR_MAX,
        "margin_minor": -PRICE_MINOR_MAX,
        "currency": "IDR",
        "relations": [{"kind": "requires", "item_id": "x"}] * RELATIONS_MAX,
        "of_the_next_version": 1,
    }
    found = read(most)

    assert found is not None
    assert (RELATIONS_MAX, TITLES_MAX) == (len(found.relations), len(found.titles))
    assert (True, False, None) == (found.in_stock, found.hidden, found.restricted)


@pytest.mark.parametrize(
    "fields",
    [
        {"key": "Floor"},
        {"key": ""},
        {"key": "a b"},
        {"author": ""},
        {"reason": ""},
        {"reason": "x" * 501},
        {"at_ms": 1},
        {"value": "x" * VALUE_BYTES_MAX},
    ],
)
def test_a_control_says_who_and_why_within_limits(fields: dict[str, Any]) -> None:
    """A change that nobody answers for is none."""
    said = CONTROL | fields

    assert "invalid_record" == refused(
        ControlRecord, said["key"].encode() or b"x", json.dumps(said).encode()
    )


@pytest.mark.parametrize("field", ["key", "value", "author", "reason", "at_ms"])
def test_nothing_of_a_control_can_be_left_out(field: str) -> None:
    """Null is a value: it is set no longer."""
    said = {name: value for name, value in CONTROL.items() if name != field}
    key = CONTROL["key"].encode()

    assert "invalid_record" == refused(ControlRecord, key, json.dumps(said).encode())
    _, unset = decode_reference(ControlRecord, key, json.dumps(CONTROL | {"value": None}).encode())
    assert unset is not None
    assert b'"value":null' in encode_reference(unset)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], 1 << 70, {"a": "\ud800"}])
def test_what_json_cannot_say_is_no_value_of_a_control(value: Any) -> None:
    """It would be read as null: the control would be unset."""
    with pytest.raises(ValidationError):
        ControlRecord(**CONTROL | {"value": value})


@given(st.none() | st.binary(max_size=20), st.none() | st.binary(max_size=200))
def test_any_bytes_are_a_record_or_are_refused(key: bytes | None, value: bytes | None) -> None:
    """Whatever somebody else writes there: no worker ends by it."""
    for kind in (CatalogItem, ControlRecord):
        try:
            decode_reference(kind, key, value)  # type: ignore[type-var]
        except InvalidReference as error:
            assert error.reason in REASONS  # noqa: PT017  # either is fine


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example/i.webp",
        "javascript:alert(1)",
        "https://",
        "https:///i.webp",
        "//shop.example/i.webp",
        "https://shop.example/a b",
        "https://shop.example/\n",
        'https://shop.example/"onerror="x',
        "https://shop.example/<b>",
        "https://shop.example/" + "x" * 2048,
    ],
)
@pytest.mark.parametrize("name", ["image_url", "url"])
def test_an_address_is_by_https_or_none(name: str, address: str) -> None:
    """Pages show and follow it."""
    value = json.dumps({**ITEM, name: address}).encode()

    assert "invalid_record" == refused(CatalogItem, b"jam", value)


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example/i/butter.webp?w=64#x",
        "https://shop.example",
        "https://b\u00fccher.example/",
    ],
)
def test_addresses_of_pictures_and_pages_are_kept(address: str) -> None:
    """As they are."""
    found = read({**ITEM, "image_url": address, "url": address})

    assert found is not None
    assert (address, address) == (found.image_url, found.url)
