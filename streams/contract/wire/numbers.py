"""Numbers that a record of ours may hold: JSON's have no end, those of calendars and readers have.

A reader divides times, adds up rewards and writes dates. One number that none of this can be done
with would end every look at a log for as long as the log has it; so such a record is none of ours.
"""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

YEAR_9999_MS = 253_402_300_799_999
"""The last millisecond that calendars have. A sender's clock may be that wrong; a time beyond it is
in another unit, which is the sender's error."""
NO_TIME_BEFORE_MS = 1_420_070_400_000
"""A record that says it is of before 2015 has no time of its own."""
AHEAD_MS_MAX = 86_400_000
"""A day: so far the clocks of who writes and of the broker may be apart."""
WHOLE_MAX = 10**25
"""More than all lines of an order can be worth, in minor units."""

TimeMs = Annotated[int, Field(ge=0, le=YEAR_9999_MS)]
"""Milliseconds since 1970."""
Count = Annotated[int, Field(ge=0, le=WHOLE_MAX)]
Whole = Annotated[int, Field(ge=-WHOLE_MAX, le=WHOLE_MAX)]

FLOOR_MIN = 1e-6
"""A floor that is smaller, and not 0, is none: so rarely nothing is drawn in the life of a shop."""


def _a_floor(floor: float) -> float:
    if 0.0 < floor < FLOOR_MIN:
        raise ValueError(f"must be 0, or {FLOOR_MIN:f} and more: less is as good as no floor")
    return floor


Floor = Annotated[float, AfterValidator(_a_floor)]
"""The least propensity of an arm on offer: 0, or no less than `FLOOR_MIN`."""

LENIENT = ConfigDict(
    frozen=True, extra="ignore", allow_inf_nan=False, use_attribute_docstrings=True
)
"""How parts of a record are read: what is not known is ignored, what is no number is refused."""


def foretold(occurred_at_ms: int, timestamp_ms: int) -> bool:
    """Whether a record tells what was still to come when the broker got it, by more than a day.

    Whoever believed it would take all that waits for its time to be over.

    >>> new_year_ms = 1_767_225_600_000
    >>> next_day_ms = new_year_ms + AHEAD_MS_MAX
    >>> foretold(next_day_ms, new_year_ms), foretold(next_day_ms + 1, new_year_ms)
    (False, True)
    >>> foretold(new_year_ms, timestamp_ms=-1)  # nobody knows
    False
    """
    return timestamp_ms >= NO_TIME_BEFORE_MS and occurred_at_ms > timestamp_ms + AHEAD_MS_MAX
