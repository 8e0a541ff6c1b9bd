"""Bytes to an event and back: what is valid, what is mended, what is refused and why.

An optional field that is sent empty (`""` or null, or an id of blanks) is as good as left out; of a
language tag that is too long the first words are read, and a segment or category that is too long
is none, as are a language tag, a receipt that could be left out, and these two, with half a
character in them. In an event of version 1 so is a field of version 2 with a value that is not
valid for it: it was an unknown field once. So are `slots` that are no list, in any version, and of
a list what we do not know, and a `points_balance` that is none. A no to consent is false, in eleven
words (`DENIALS`, such as `denied`, `declined` and `no`) and as 0; any other word is refused. A
clock that is ahead of all that is valid is set back like any other, and one that has lost its date
(1970) is set right by `sent_at_ms`. This is looked at only where an
event is not valid as it is.
"""

from collections.abc import Container, Iterable
from math import isfinite
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from streams.contract.errors import InvalidEvent
from streams.contract.events.clocks import of_a_lost_clock, set_right
from streams.contract.events.fields import (
    CATEGORY_MAX,
    LOCALE_MAX,
    QUANTITY_MAX,
    OrderLine,
    as_balance,
    is_denial,
)
from streams.contract.events.kinds import (
    ANY_EVENT,
    EVENTS,
    Event,
)
from streams.contract.events.nobody import (
    ORDERS,
    TEMPLATE,
    nobody_ids,
    refuse_nobodys,
    somebodys,
)
from streams.contract.events.slots import known_slots
from streams.contract.events.surrogates import is_cut, parsed_with_halves
from streams.contract.receipts import YEAR_2100_MS
from streams.contract.settings import Settings
from streams.contract.wire.numbers import YEAR_9999_MS

FIELDS_OF_VERSION_2 = ("visitor_id", "sent_at_ms")
BALANCE = "points_balance"
"""A field that came when there was version 2 already."""
_KINDS = {event.model_fields["type"].default: event for event in EVENTS}
COUNTED = ("quantity", "occurred_at_ms", "sent_at_ms", BALANCE)
"""Fields in which 2.0 is a 2."""
TRIMMED = ("shopper_id", "visitor_id")
"""Optional ids that are read without the blanks around them: of blanks alone nothing is left."""
WORDS = ("category", "locale", "segment", "receipt")
"""Optional texts that are left out with half a character in them; an id would be another's."""
_OPTIONAL = {
    kind: frozenset(
        name
        for name, field in kind.model_fields.items()
        if name != "type" and not field.is_required()
    )
    for kind in (*EVENTS, OrderLine)
}
_read = ANY_EVENT.validator.validate_json  # without the adapter's own options: on every event's way


def decode(
    key: bytes | None, value: bytes | None, *, timestamp_ms: int, settings: Settings
) -> Event:
    """The event that a record holds; `timestamp_ms` is the record's own, set by broker or sender.

    Raises `InvalidEvent` with a short `reason` and a message for people.

    >>> bread = b'''{"type": "item_added", "event_id": "e1", "session_id": "s1",
    ...              "occurred_at_ms": 1767225600000, "item_id": "bread"}'''
    >>> decode(b"s1", bread, timestamp_ms=1767225600000, settings=Settings()).item_id
    'bread'
    """
    if value is None:
        raise InvalidEvent("null_value", "the record has no value; send the event as JSON")
    if len(value) > settings.event_bytes_max:
        raise InvalidEvent(
            "oversize",
            f"{len(value)} bytes are more than event_bytes_max={settings.event_bytes_max}",
        )
    try:
        event: Event = _read(value)
    except ValidationError as invalid:
        event = _read_mended(value, invalid)
    who, visitor, nobody = event.shopper_id, event.visitor_id, nobody_ids(settings.nobody_ids)
    session = event.session_id
    if session.strip().lower() in nobody or TEMPLATE in session or type(event) in ORDERS:
        refuse_nobodys(event, nobody)
    if (who and (who.lower() in nobody or TEMPLATE in who)) or (
        visitor and (visitor.lower() in nobody or TEMPLATE in visitor)
    ):
        event = somebodys(event, nobody)  # `means_nobody` above, without a call: on every way
    if key is None or key != session.encode():
        raise InvalidEvent(
            "wrong_key", "the record's key is not the event's session_id: order would be lost"
        )
    set_right(event, timestamp_ms)
    return event


def event_of(said: Any) -> Event:
    """The event of these fields, mended as those of a record are; raises `ValidationError`."""
    event: Event
    try:
        event = ANY_EVENT.validator.validate_python(said)
    except ValidationError as invalid:
        if (better := _mended(said, invalid)) is None:
            raise
        event = ANY_EVENT.validator.validate_python(better)
    return event


def encode(event: Event) -> bytes:
    """The event as the JSON that `decode` reads, without the fields that were left out.

    >>> from streams.contract.events.kinds import CheckoutLeft
    >>> said = {"event_id": "e1", "session_id": "s1", "occurred_at_ms": 1767225600000}
    >>> b"shopper_id" in encode(CheckoutLeft(schema_version=2, shopper_id=None, **said))
    True
    """
    said = event.model_dump_json(exclude_none=True).encode()
    if event.shopper_id is None and event.schema_version > 1 and event.says_who:
        return b'{"shopper_id":null,' + said[1:]  # null is a word here: nobody is signed in
    return said


def segment_names(settings: Settings) -> frozenset[str]:
    """The merchant's segments that are listed.

    >>> sorted(segment_names(Settings(segments="trade, club")))
    ['club', 'trade']
    """
    return frozenset(filter(None, map(str.strip, settings.segments.split(","))))


def _read_mended(value: bytes, invalid: ValidationError) -> Event:
    """The event once more, without what counts as left out; raises `InvalidEvent`."""
    try:
        if invalid.errors(include_url=False)[0]["type"] == "json_invalid":
            return event_of(_with_halves(value, invalid))
        if (better := _mended(from_json(value), invalid)) is None:
            raise invalid
        event: Event = ANY_EVENT.validator.validate_python(better)
    except ValidationError as still:
        raise InvalidEvent(*_explained(still)) from None
    return event


def _with_halves(value: bytes, invalid: ValidationError) -> Any:
    """What is said, if halves of characters are all that is wrong; else raises `invalid`."""
    try:
        return parsed_with_halves(value)
    except ValueError:
        raise invalid from None


def _mended(said: Any, invalid: ValidationError) -> dict[str, Any] | None:
    """What is said, without what counts as left out; None: nothing of it is, or it is no event.

    2.0 pieces are 2, as JSON Schema has it: who counts in floats writes it so. Not so prices, of
    which 2.0 may be meant in major units.
    """
    wrong = invalid.errors(include_url=False, include_context=False, include_input=False)
    kind = said.get("type") if isinstance(said, dict) else None
    event = _KINDS.get(kind) if isinstance(kind, str) else None
    if event is None:
        return None
    better = {
        name: _plainly(name, said[name]) for name in said if not _empty(event, name, said[name])
    }
    if "shopper_id" in said and "shopper_id" not in better:
        better["shopper_id"] = None
    _mend_times(better)
    if better.get("schema_version", 1) == 1:
        for name in {error["loc"][-1] for error in wrong}.intersection(FIELDS_OF_VERSION_2):
            better.pop(str(name), None)
    if BALANCE in better and as_balance(better[BALANCE]) is None:  # an unknown field once
        del better[BALANCE]
    _shorten(better, {error["loc"][-1] for error in wrong if error["type"] == "string_too_long"})
    if "slots" in better and "slots" in _OPTIONAL[event]:  # an unknown field once, whatever it held
        better["slots"] = known_slots(better["slots"])
    if isinstance(better.get("lines"), list):
        better["lines"] = [_mended_line(line) for line in better["lines"]]
    return better if repr(better) != repr(said) else None


def _mend_times(better: dict[str, Any]) -> None:
    """Of clocks that have lost their date, or are ahead of all that is valid."""
    if better.get("schema_version") == 2:  # noqa: PLR2004
        better |= of_a_lost_clock(better.get("occurred_at_ms"), better.get("sent_at_ms"))
    if _wild(better.get("sent_at_ms")):
        del better["sent_at_ms"]
    if _wild(better.get("occurred_at_ms")):
        better["occurred_at_ms"] = YEAR_2100_MS


def _shorten(mended: dict[str, Any], too_long: Container[str | int]) -> None:
    """Of a language tag that is too long the first words; such a segment is none that is listed."""
    if "segment" in too_long:
        del mended["segment"]
    if "locale" in too_long:
        words = mended.pop("locale")[: LOCALE_MAX + 1].replace("_", "-")
        if "-" in words:
            mended["locale"] = words.rpartition("-")[0]


def _wild(at_ms: Any) -> bool:
    """Whether this is the time of a clock that is ahead of all that is valid."""
    return type(at_ms) is int and YEAR_2100_MS < at_ms <= YEAR_9999_MS


def _mended_line(line: Any) -> Any:
    if not isinstance(line, dict):
        return line
    there = [name for name in line if not _empty(OrderLine, name, line[name])]
    return {name: _plainly(name, line[name]) for name in there}


def _plainly(name: str, value: Any) -> Any:
    """A count or time that is whole, though a float, as a number; a no to consent as false."""
    if name == "consent" and is_denial(value):
        return False
    whole = name in COUNTED and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def _empty(kind: type[Event | OrderLine], name: str, value: Any) -> bool:
    """Whether an optional field says nothing; that nobody is signed in is said by null.

    Nor does a category that is too long: an item is worth more than where it stands. Nor does
    such a word with half a character in it.
    """
    if name not in _OPTIONAL[kind]:
        return False
    if value is None:
        return name != "shopper_id"
    if name in WORDS and isinstance(value, str) and is_cut(value):
        return True
    if name == "category" and isinstance(value, str) and len(value) > CATEGORY_MAX:
        return True
    return value == "" or (name in TRIMMED and isinstance(value, str) and not value.strip())


TYPES = ", ".join(_KINDS)


def _explained(invalid: ValidationError) -> tuple[str, str]:
    """A short reason and a message that repeats no input (it may be large or private)."""
    errors = invalid.errors(include_url=False, include_context=False)
    if errors[0]["type"] == "json_invalid":
        return "invalid_json", errors[0]["msg"]
    wrong = [error for error in errors if not _follows(error, errors)]
    return "invalid_event", "; ".join(map(_sentence, wrong[:5]))[:500]


def _follows(error: ErrorDetails, errors: Iterable[ErrorDetails]) -> bool:
    """Whether a list is too short only because what is wrong in it was not counted."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in errors
    )


def _sentence(error: ErrorDetails) -> str:
    """The place and the rule, in JSON's words."""
    if error["type"] == "union_tag_not_found":
        return f"type is missing: one of {TYPES}"
    if error["type"] == "union_tag_invalid":
        return f"type is none of {TYPES}"
    place = ".".join(map(str, error["loc"])) or "event"
    if place.endswith("quantity") and isinstance(said := error["input"], float):
        if not isfinite(said):
            return f"{place}: no finite number: a whole one up to {QUANTITY_MAX:,} is wanted"
        return (
            f"{place}: whole numbers only: count in a smaller unit, such as 500 (g) for half a "
            "kilogram"
        )
    if place.endswith("consent"):
        return f"{place}: true or false: nothing else is a yes"
    if error["type"] == "string_unicode":
        return f"{place}: it has half a character, as of an emoji that was cut"
    if place.endswith("currency"):
        return f"{place}: three capital letters, such as EUR"
    said = error["msg"].replace("Tuple should", "List should").replace(" after validation", "")
    return f"{place}: {said}"
