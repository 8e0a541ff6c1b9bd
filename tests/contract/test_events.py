"""What is an event of the contract, and what is a dead letter."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import InvalidEvent
from streams.contract.events import LINES_MAX, ItemAdded, decode, encode
from streams.contract.settings import Settings
from tests.stories import NOON_MS, Story

SETTINGS = Settings()


def event(**changes: Any) -> bytes:
    """A good event as JSON, with changes."""
    good = {
        "type": "item_added",
        "event_id": "e1",
        "session_id": "s1",
        "occurred_at_ms": NOON_MS,
        "item_id": "bread",
        "price_minor": 250,
        "currency": "EUR",
    }
    return json.dumps({**good, **changes}).encode()


def refused(value: bytes | None, key: bytes | None = b"s1") -> InvalidEvent:
    """The error with which a record is refused."""
    with pytest.raises(InvalidEvent) as raised:
        decode(key, value, timestamp_ms=NOON_MS, settings=SETTINGS)
    assert str(raised.value)
    return raised.value


def refusal(value: bytes | None, key: bytes | None = b"s1") -> str:
    """The reason for which a record is refused."""
    return refused(value, key).reason


def test_unknown_fields_are_ignored() -> None:
    """A sender may say more than we understand."""
    told = decode(b"s1", event(colour="brown"), timestamp_ms=NOON_MS, settings=SETTINGS)

    assert isinstance(told, ItemAdded)
    assert not hasattr(told, "colour")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "null_value"),
        (b"\xff\xfe\x00", "invalid_json"),
        (b"[" * 50_000, "invalid_json"),
        (b'{"a":' * 10_000, "invalid_json"),
        (b"", "invalid_json"),
        (b"null", "invalid_event"),
        (b"5", "invalid_event"),
        (b"x" * 5_000_000, "oversize"),
        (event().replace(b"250", b"NaN"), "invalid_event"),
        (event().replace(b"250", b"-Infinity"), "invalid_event"),
        (event(price_minor=-1), "invalid_event"),
        (event(price_minor=1.5), "invalid_event"),
        (event(item_id=7), "invalid_event"),
        (event(item_id=""), "invalid_event"),
        (event(item_id="x" * 129), "invalid_event"),
        (event(quantity=0), "invalid_event"),
        (event(currency="euro"), "invalid_event"),
        (event(schema_version=3), "invalid_event"),
        (event(type="item_stolen"), "invalid_event"),
        (event(occurred_at_ms="yesterday"), "invalid_event"),
        (event(occurred_at_ms=253_402_300_799_000), "invalid_event"),
        (event(occurred_at_ms=0), "invalid_event"),
        (event(occurred_at_ms=NOON_MS + 301_000), "future"),
    ],
)
def test_bad_input_is_refused_with_a_reason(value: bytes | None, reason: str) -> None:
    """Each kind of bad record has a short word for counters and headers."""
    assert reason == refusal(value)


def test_an_order_of_ten_thousand_lines_is_refused() -> None:
    """Everything has a limit; an order has at most 2,000 lines."""
    lines = [{"item_id": f"item-{number}"} for number in range(10_000)]
    roomy = Settings(event_bytes_max=10_000_000)

    with pytest.raises(InvalidEvent, match=f"at most {LINES_MAX}"):
        decode(
            b"s1",
            event(type="order_placed", order_id="o1", lines=lines),
            timestamp_ms=NOON_MS,
            settings=roomy,
        )


def test_a_record_without_its_session_as_key_is_refused() -> None:
    """The key keeps a session's events in order, so it has to be the session."""
    assert "wrong_key" == refusal(event(), key=None)
    assert "wrong_key" == refusal(event(), key=b"s2")


def test_a_clock_slightly_ahead_is_set_back_to_the_brokers() -> None:
    """Up to five minutes are forgiven, but must not move the watermark into the future."""
    told = decode(
        b"s1", event(occurred_at_ms=NOON_MS + 60_000), timestamp_ms=NOON_MS, settings=SETTINGS
    )

    assert NOON_MS == told.occurred_at_ms


def test_a_message_never_repeats_the_input() -> None:
    """What was wrong may be private or endless: only the place and the rule are named."""
    with pytest.raises(InvalidEvent) as refused:
        decode(b"s1", event(quantity="my secret"), timestamp_ms=NOON_MS, settings=SETTINGS)

    assert "my secret" not in str(refused.value)
    assert "quantity" in str(refused.value)


@pytest.mark.parametrize("sent", ["page_view", "ann@example.org", None, 5])
def test_a_type_that_there_is_not_is_told_by_those_that_there_are(sent: Any) -> None:
    """And not quoted: it may be anything, a name or an address."""
    said = str(refused(event(type=sent)))

    assert "type is none of item_viewed, item_added, " in said
    assert "prompt_dismissed" in said
    assert 1 == said.count("item_viewed")
    assert str(sent) not in said


def test_a_type_that_is_missing_is_said() -> None:
    """In words of the contract, not of a library."""
    said = str(refused(event().replace(b'"type"', b'"event"')))

    assert "type is missing: one of item_viewed, " in said


def test_a_wrong_line_is_not_a_missing_line() -> None:
    """An order without lines is one, whichever the rest."""
    order = {"type": "order_placed", "order_id": "o1"}
    wrong = str(refused(event(**order, lines=[{"item_id": "bread", "quantity": 0}])))
    none = str(refused(event(**order, lines=[])))

    assert "order_placed.lines.0.quantity: Input should be greater than or equal to 1" == wrong
    assert "order_placed.lines: List should have at least 1 item, not 0" == none


@given(
    item=st.text(min_size=1, max_size=128).filter(lambda text: text.isprintable()),
    quantity=st.integers(1, 10_000),
)
def test_what_is_encoded_is_decoded(item: str, quantity: int) -> None:
    """Encoding loses nothing."""
    said = Story().add(item, quantity=quantity)

    assert said == decode(b"s1", encode(said), timestamp_ms=said.occurred_at_ms, settings=SETTINGS)


@given(st.binary(max_size=300))
def test_no_bytes_get_through_or_crash(value: bytes) -> None:
    """Whatever the bytes, there is an event or a refusal, never another error."""
    with contextlib.suppress(InvalidEvent):
        decode(b"s1", value, timestamp_ms=NOON_MS, settings=SETTINGS)
