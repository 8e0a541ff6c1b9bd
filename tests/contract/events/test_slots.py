"""Slots of events: an unknown field once, so nothing that it may hold makes an event invalid."""

import json
from typing import Any

import pytest

from streams.contract.events import decode, encode
from streams.contract.settings import Settings

NOON_MS = 1_767_268_800_000


def read(kind: str = "item_viewed", **said: Any) -> Any:
    """The event of these fields, as a worker reads it."""
    fields = {"type": kind, "event_id": "e1", "session_id": "s1", "occurred_at_ms": NOON_MS, **said}
    value = json.dumps(fields).encode()
    return decode(b"s1", value, timestamp_ms=NOON_MS, settings=Settings())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (["basket", "upgrade"], ("basket", "upgrade")),
        ([], ()),
        (None, None),
        ("", None),
        ("basket", None),
        (7, None),
        ({"basket": 1}, None),
        (["shelf", 3, None, ["basket"]], ()),
        (["shelf", "basket"], ("basket",)),
        (["basket"] * 9, ("basket",)),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_what_is_no_list_says_nothing_and_what_we_do_not_know_asks_for_nothing(
    version: int, said: Any, meant: Any
) -> None:
    """In either version: the rest of the event stands as it is."""
    event = read(item_id="bread", slots=said, schema_version=version)

    assert ("bread", meant) == (event.item_id, event.slots)
    assert event == read(**json.loads(encode(event)))


@pytest.mark.parametrize("kind", ["checkout_started", "checkout_left", "prompt_shown"])
def test_events_that_never_ask_ignore_them(kind: str) -> None:
    """Only four kinds of events may ask."""
    event = read(kind, slots=["checkout"], receipt="r")

    assert (("checkout",) if kind == "checkout_started" else None) == getattr(event, "slots", None)
