"""Records of the reference topics, from bytes and to bytes. A tombstone is None."""

from typing import TypeVar

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from streams.contract.errors import InvalidReference
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.control import ControlRecord

RECORD_BYTES_MAX = 65_536
REASONS = (
    "oversize",
    "invalid_json",
    "invalid_record",
    "key_mismatch",
    "no_key",
    "invalid_control",
)
"""Why a record is refused."""

_ADDRESS = "an address by https, without blanks, such as https://shop.example/p/butter"
PATTERNS: dict[int | str, str] = {
    "image_url": _ADDRESS,
    "url": _ADDRESS,
    "currency": "three capital letters, such as EUR",
    "restricted": "one word of small letters, digits, - and _, such as age",
}
"""What the patterns of fields mean."""

Record = TypeVar("Record", CatalogItem, ControlRecord)


def key_of(record: CatalogItem | ControlRecord) -> str:
    """What a record is kept under."""
    return record.item_id if isinstance(record, CatalogItem) else record.key


def encode_reference(record: CatalogItem | ControlRecord) -> bytes:
    """A record as its topic holds it: what is left out is at its default."""
    said = record.model_dump(mode="json", exclude_defaults=True)
    if isinstance(record, ControlRecord):
        said["value"] = record.value
    return orjson.dumps({"type": record.type, "schema_version": record.schema_version} | said)


def decode_reference(
    kind: type[Record], key: bytes | None, value: bytes | None
) -> tuple[str, Record | None]:
    """The key and what is kept under it from now on; None: nothing. Raises `InvalidReference`.

    >>> decode_reference(CatalogItem, b"jam", b'{"item_id": "jam", "in_stock": false}')[1].in_stock
    False
    >>> decode_reference(CatalogItem, b"jam", None)
    ('jam', None)
    """
    named = _key(key)
    if value is None:
        return named, None
    if len(value) > RECORD_BYTES_MAX:
        said = f"the record has {len(value):,} bytes, {RECORD_BYTES_MAX:,} at most"
        raise InvalidReference("oversize", said)
    try:
        record = kind.model_validate_json(value)
    except ValidationError as invalid:
        raise InvalidReference(*_explained(invalid)) from None
    if key_of(record) != named:
        raise InvalidReference("key_mismatch", "the record's key is not what its value names")
    return named, record


def reasons(invalid: ValidationError) -> str:
    """What is wrong, place by place, without the input: it may be large."""
    errors = invalid.errors(include_url=False, include_context=False, include_input=False)
    said = (f"{'.'.join(map(str, one['loc'])) or 'record'}: {_rule(one)}" for one in errors)
    return "; ".join([*said][:5])[:500]


def _rule(error: ErrorDetails) -> str:
    """The rule in words, where it is a pattern that nobody has to read."""
    meant = PATTERNS.get(error["loc"][-1]) if error["loc"] else None
    if error["type"] == "string_pattern_mismatch" and meant:
        return meant
    return error["msg"].removeprefix("Value error, ").replace("Tuple should", "List should")


def _key(key: bytes | None) -> str:
    try:
        if key:
            return key.decode()
    except UnicodeDecodeError:
        pass
    raise InvalidReference("no_key", "the record has no key in UTF-8: what it is about is unknown")


def _explained(invalid: ValidationError) -> tuple[str, str]:
    first = invalid.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return "invalid_json", first["msg"]
    return "invalid_record", reasons(invalid)
