"""What the sender's clock said, beside the broker's, and by how much it was set right or back."""

import json
from typing import Any

import pytest

from streams.contract.settings import Settings
from streams.operations.explanation.fates import fate, in_words
from streams.operations.explanation.log.session_log import (
    PublishedAnswers,
    SessionEvent,
    read_session,
)
from streams.operations.explanation.retold import Retold
from streams.operations.explanation.words.sender_times import SenderTimes, sender_times
from tests.operations.explanation.kept_log import KeptLog
from tests.stories import NOON_MS

SETTINGS = Settings(topic_prefix="shop", partitions=1)


def read(timestamp_ms: int = NOON_MS, **said: Any) -> SessionEvent:
    """An event of a session as it is read off the log."""
    log, event = KeptLog(SETTINGS), {"type": "checkout_left", "schema_version": 2}
    event |= {"event_id": "e1", "session_id": "ann", "occurred_at_ms": NOON_MS, **said}
    log.append(SETTINGS.topics.events, 0, b"ann", json.dumps(event).encode(), timestamp_ms)
    (found,) = read_session(log, "ann", SETTINGS).events
    return found


def told(event: SessionEvent) -> list[str]:
    """What is said of it, line by line."""
    nothing: dict[tuple[int, int], Retold] = {}
    return in_words(fate(event, PublishedAnswers({}, [], [], {}), nothing, {0: 9})).splitlines()


@pytest.mark.parametrize(
    ("occurred_s", "sent_s", "set_right_s", "set_back_s"),
    [
        (-2, None, 0, 0),
        (-150, -149, 149, 0),
        (360, None, 0, 360),
        (359, 360, -360, 0),
        (-100, -149, 149, 49),
        (0, 0, 0, 0),
    ],
    ids=["right", "behind", "ahead", "ahead-and-told", "behind-and-ahead-of-itself", "exact"],
)
def test_a_clock_is_set_right_by_what_it_says_of_the_sending_and_never_ahead(
    occurred_s: int, sent_s: int | None, set_right_s: int, set_back_s: int
) -> None:
    """What it said, and what was made of it: together they are when the event counts."""
    sent_ms = None if sent_s is None else NOON_MS + sent_s * 1000
    event = read(occurred_at_ms=NOON_MS + occurred_s * 1000, sent_at_ms=sent_ms)
    times = sender_times(event)

    assert times == SenderTimes(
        NOON_MS + occurred_s * 1000, sent_ms, set_right_s * 1000, set_back_s * 1000
    )
    counted_ms = NOON_MS + (occurred_s + set_right_s - set_back_s) * 1000
    assert counted_ms == event.held.occurred_at_ms  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("occurred_ms", "sent_ms", "is_told"),
    [(0, None, False), (999, None, False), (-1, None, True), (0, 0, True)],
    ids=["same", "same-second", "second-before", "sent-is-told"],
)
def test_what_the_brokers_time_says_already_is_not_said_twice(
    occurred_ms: int, sent_ms: int | None, is_told: bool
) -> None:
    """To the second, where nothing was set."""
    sent_at_ms = None if sent_ms is None else NOON_MS + sent_ms
    event = read(NOON_MS + 999, occurred_at_ms=NOON_MS + occurred_ms, sent_at_ms=sent_at_ms)

    assert is_told == any("by the sender's clock" in line for line in told(event))


def test_a_clock_that_no_century_has_is_told_as_it_is() -> None:
    """It counts as of when the broker got it."""
    event = read(occurred_at_ms=200_000_000_000_000)
    lines = told(event)

    assert 200_000_000_000_000 - NOON_MS == sender_times(event).set_back_ms
    assert "  by the sender's clock: happened 8307-10-01 " in lines[1][:48]


def test_times_of_what_is_no_event_are_told_as_far_as_they_can_be_read() -> None:
    """Nothing was made of them."""
    wrong = read(type="checkout", sent_at_ms=NOON_MS + 1)
    words = read(type="checkout", occurred_at_ms="noon", sent_at_ms=True)
    micros = read(occurred_at_ms=NOON_MS * 1_000_000)

    assert SenderTimes(NOON_MS, NOON_MS + 1, 0, 0) == sender_times(wrong)
    assert SenderTimes(None, None, 0, 0) == sender_times(words)
    assert f"  by the sender's clock: happened {NOON_MS * 1_000_000} ms" == told(micros)[1]
    assert not any("clock" in line for line in told(words))


def test_explain_tells_both_clocks() -> None:
    """The broker's first; the JSON has the same."""
    event = read(occurred_at_ms=NOON_MS - 90_001, sent_at_ms=NOON_MS - 120_000)
    lines = told(event)
    found = fate(event, PublishedAnswers({}, [], [], {}), {}, {0: 9}).to_json()

    assert [
        "12:00:00Z e1 checkout_left",
        "  by the sender's clock: happened 11:58:29.999Z, sent 11:58:00.000Z",
        "    set right by +120.000 s; then 29.999 s ahead of the broker's: set back to it",
    ] == lines[:3]
    assert max(map(len, lines)) <= 80
    assert {
        "occurred_at_ms": NOON_MS - 90_001,
        "sent_at_ms": NOON_MS - 120_000,
        "set_right_ms": 120_000,
        "set_back_ms": 29_999,
    } == found["sender"]
    assert (NOON_MS, NOON_MS) == (found["occurred_at_ms"], found["timestamp_ms"])


def test_a_cancelled_order_is_told_as_a_return_is() -> None:
    """Not that it was learned from."""
    for kind in ("order_cancelled", "order_returned"):
        assert told(read(type=kind, order_id="o-1"))[-1].startswith("  no outcome is on the topic")
