"""When an event happened by its sender's clock, and what was made of that.

Whose clock counts: `streams.contract.events.clocks`. A clock is set right by as much as what it
says of the sending differs from when the broker got the event; what is ahead of the broker's all
the same is set back to it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from streams.contract.errors import InvalidEvent
from streams.operations.explanation.log.session_log import SessionEvent

DAY_MS = 86_400_000


class SenderTimes(NamedTuple):
    """Times of an event as they were sent, in milliseconds since 1970; None: there is none."""

    occurred_at_ms: int | None
    sent_at_ms: int | None
    set_right_ms: int
    """By how much the clock was set right, by `sent_at_ms`: more than 0 where it is behind."""
    set_back_ms: int
    """How far it was ahead of the broker's after that: so much it was set back."""


def sender_times(event: SessionEvent) -> SenderTimes:
    """Those of an event; of what is no event as far as it can be read, and nothing was set."""
    occurred_ms, held = _time(event.said, "occurred_at_ms"), event.held
    if isinstance(held, InvalidEvent) or occurred_ms is None:
        return SenderTimes(occurred_ms, _time(event.said, "sent_at_ms"), 0, 0)
    if held.sent_at_ms is None:
        return SenderTimes(occurred_ms, None, 0, max(0, occurred_ms - held.occurred_at_ms))
    ahead_ms = held.clock_ahead_ms
    set_right_ms = held.received_at_ms - held.sent_at_ms
    return SenderTimes(occurred_ms, held.sent_at_ms, set_right_ms, ahead_ms)


def times_in_words(times: SenderTimes, received_ms: int) -> Iterator[str]:
    r"""One line, or two where a clock was set; none where it says the broker's very second.

    >>> noon_ms = 1_767_268_800_000
    >>> slow = SenderTimes(noon_ms - 150_000, noon_ms - 149_000, 149_000, 0)
    >>> print("\n".join(times_in_words(slow, noon_ms)))
    by the sender's clock: happened 11:57:30.000Z, sent 11:57:31.000Z
      set right by +149.000 s
    >>> print("\n".join(times_in_words(SenderTimes(noon_ms + 360_000, None, 0, 360_000), noon_ms)))
    by the sender's clock: happened 12:06:00.000Z
      360.000 s ahead of the broker's: set back to it
    >>> list(times_in_words(SenderTimes(noon_ms + 400, None, 0, 0), noon_ms + 600))
    []
    """
    if times.occurred_at_ms is None:
        return
    nothing_set = times.sent_at_ms is None and not (times.set_right_ms or times.set_back_ms)
    if nothing_set and times.occurred_at_ms // 1000 == received_ms // 1000:
        return
    said = f"by the sender's clock: happened {_clock(times.occurred_at_ms, received_ms)}"
    if times.sent_at_ms is not None:
        said += f", sent {_clock(times.sent_at_ms, received_ms)}"
    yield said
    done = []
    if times.set_right_ms:
        done.append(f"set right by {times.set_right_ms / 1000:+,.3f} s")
    if times.set_back_ms:
        done.append(f"{times.set_back_ms / 1000:,.3f} s ahead of the broker's: set back to it")
    if done:
        yield f"  {'; then '.join(done)}"


def _time(said: dict[str, Any], name: str) -> int | None:
    """A time that was sent; None: none was, or it is no whole number."""
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _clock(time_ms: int, near_ms: int) -> str:
    """A time of day, with its date where that is another one; a number that no calendar has."""
    try:
        at = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{str(time_ms)[:30]} ms"
    date = "" if time_ms // DAY_MS == near_ms // DAY_MS else f"{at:%Y-%m-%d} "
    return f"{date}{at:%H:%M:%S}.{time_ms % 1000:03d}Z"
