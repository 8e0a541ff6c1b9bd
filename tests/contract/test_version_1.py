"""Events of version 1, as they were recorded once: they mean for ever what they meant then."""

from pathlib import Path

import pytest

from streams.contract.events import Event, decode
from streams.contract.settings import Settings
from tests.contract.test_events import event
from tests.stories import NOON_MS

RECORDED = (Path(__file__).parent / "recorded" / "version_1.jsonl").read_bytes().splitlines()
MEANING = [
    "item_viewed event-1 shopper-19 item_id=bread category=bakery/bread price_minor=249",
    "item_added event-2 shopper-19 item_id=bread category=bakery/bread price_minor=249 quantity=1",
    "item_removed event-7 None item_id=bread quantity=1",
    "checkout_started event-8 shopper-19",
    "order_placed event-9 shopper-19 order_id=order-3 lines=bread*1@249,butter*2@319",
    "order_returned event-10 shopper-19 order_id=order-3 lines=bread*1@None",
    "prompt_shown event-3 None receipt=258",
    "prompt_clicked event-4 None item_id=butter receipt=258",
    "prompt_dismissed event-5 None receipt=258",
]


def read(value: bytes) -> Event:
    """The event as a worker reads it, a day and more after it happened."""
    return decode(b"session-7", value, timestamp_ms=NOON_MS * 2, settings=Settings())


def meaning(told: Event) -> str:
    """What an event says, in a line."""
    said = [told.type, told.event_id, str(told.shopper_id)]
    named = ("order_id", "item_id", "category", "price_minor", "quantity")
    values = {name: getattr(told, name, None) for name in named}
    said += [f"{name}={value}" for name, value in values.items() if value is not None]
    if (lines := getattr(told, "lines", None)) is not None:
        said.append("lines=" + ",".join(f"{x.item_id}*{x.quantity}@{x.price_minor}" for x in lines))
    if (receipt := getattr(told, "receipt", None)) is not None:
        said.append(f"receipt={len(receipt)}")
    return " ".join(said)


def test_recorded_events_of_version_1_mean_what_they_meant() -> None:
    """One of each of the nine kinds that there were."""
    told = [read(value) for value in RECORDED]

    assert MEANING == [meaning(one) for one in told]
    assert {(1, "session-7", True)} == {
        (one.schema_version, one.session_id, one.consent) for one in told
    }
    assert all(one.says_who for one in told)
    assert ("club", "en-GB") == (told[0].segment, told[0].locale)


@pytest.mark.parametrize(
    "extra",
    [{"visitor_id": 7}, {"visitor_id": "x" * 200}, {"sent_at_ms": "now"}, {"sent_at_ms": -1}],
)
def test_a_field_that_version_1_did_not_know_is_ignored_if_it_is_not_valid(
    extra: dict[str, object],
) -> None:
    """It was an unknown field; in version 2 it is an error."""
    told = decode(b"s1", event(**extra), timestamp_ms=NOON_MS, settings=Settings())

    assert (None, None) == (told.visitor_id, told.sent_at_ms)
    with pytest.raises(Exception, match=next(iter(extra))):
        decode(b"s1", event(schema_version=2, **extra), timestamp_ms=NOON_MS, settings=Settings())
