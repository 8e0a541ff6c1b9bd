"""Whose clock counts: the broker's. A sender's may be wrong, by minutes or by years.

```
received    when the broker got the event: the record's own time
occurred    by the sender's clock; ahead of the record's time, however far, it is set back to it
sent        by the same clock: received - sent is how wrong it is, and occurred is set right by it
```

A clock that has lost its date (1970) is set right likewise, by `sent`, before times are checked.
A record without a time of its own (from before 2015) leaves the event as it is. Where a topic takes
senders' word for the time of a record (`CreateTime`), a record is believed as far as a day beyond
all before it on its partition: one wild clock must not rule the fold for years.
"""

from typing import Any

from streams.contract.events.fields import EventBase
from streams.contract.receipts import YEAR_2015_MS, YEAR_2100_MS

DAY_MS = 86_400_000


def of_a_lost_clock(occurred_ms: Any, sent_ms: Any) -> dict[str, int]:
    """Times of a clock from before 2015, as valid ones that are as far apart; {}: they are none.

    What a clock that has lost its date tells is how long ago something was when it was sent. Not
    so where one looks like seconds: that is a sender's mistake, and a thousand times as far.

    >>> of_a_lost_clock(60_000, 60_100)["sent_at_ms"] - YEAR_2015_MS
    100
    >>> of_a_lost_clock(1_767_225_600, 1_767_225_601), of_a_lost_clock(60_000, YEAR_2015_MS)
    ({}, {})
    >>> of_a_lost_clock(0, 1_767_225_600)
    {}
    """
    times = occurred_ms, sent_ms
    if not all(type(one) is int and abs(one) < YEAR_2015_MS for one in times):
        return {}
    if any(YEAR_2015_MS <= 1000 * one <= YEAR_2100_MS for one in times):
        return {}
    by_ms = YEAR_2015_MS - min(times)
    return {"occurred_at_ms": occurred_ms + by_ms, "sent_at_ms": sent_ms + by_ms}


def set_right(event: EventBase, timestamp_ms: int) -> None:
    """Note when the broker got an event that was just read, and mend when it happened.

    >>> said = {"event_id": "e1", "session_id": "s1"}
    >>> noon_ms = 1_767_268_800_000
    >>> slow = EventBase(occurred_at_ms=noon_ms - 150_000, sent_at_ms=noon_ms - 149_000, **said)
    >>> set_right(slow, timestamp_ms=noon_ms)
    >>> slow.occurred_at_ms - noon_ms, slow.received_at_ms - noon_ms, slow.clock_ahead_ms
    (-1000, 0, 0)
    >>> fast = EventBase(occurred_at_ms=noon_ms + 360_000, **said)
    >>> set_right(fast, timestamp_ms=noon_ms)
    >>> fast.occurred_at_ms - noon_ms, fast.clock_ahead_ms
    (0, 360000)
    """
    if timestamp_ms < YEAR_2015_MS:
        return
    noted = vars(event)  # nobody else has it yet; a copy would cost as much as reading it did
    received_ms = min(YEAR_2100_MS, timestamp_ms)
    noted["received_at_ms"] = received_ms
    at_ms, sent_ms = noted["occurred_at_ms"], noted["sent_at_ms"]
    if sent_ms is not None:
        at_ms = noted["occurred_at_ms"] = max(YEAR_2015_MS, at_ms + received_ms - sent_ms)
    if at_ms > received_ms:
        noted["occurred_at_ms"] = received_ms
        noted["clock_ahead_ms"] = at_ms - received_ms


def believe(event: EventBase, bound_ms: int) -> None:
    """Take an event to have been received, and so to have happened, no later than this.

    >>> wild = EventBase(event_id="e1", session_id="s1", occurred_at_ms=2_082_758_400_000)
    >>> believe(wild, 1_767_268_800_000)
    >>> wild.received_at_ms, wild.occurred_at_ms, wild.clock_ahead_ms > 0
    (1767268800000, 1767268800000, True)
    """
    ahead_ms = event.received_at_ms - bound_ms
    if ahead_ms > 0:
        noted = vars(event)
        noted["received_at_ms"] = bound_ms
        noted["occurred_at_ms"] = min(event.occurred_at_ms, bound_ms)
        noted["clock_ahead_ms"] = event.clock_ahead_ms + ahead_ms
