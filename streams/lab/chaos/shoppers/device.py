"""A device: its clock, which may be wrong, and whether it tells when it sends.

A session's device follows from the session's id alone, so whoever reacts to a prompt of it later
has the same clock.
"""

import random
from typing import Any, NamedTuple

CLOCKS = ("clock_ahead", "clock_behind", "clock_ahead_told", "clock_behind_told", "clock_mended")
SHARE_WRONG = 0.3
"""Of all devices: an equal part for each kind."""
SHARE_TELLING = 0.3
"""Of the devices whose clocks are right, those that tell when they send."""
SKEW_S = (20, 7_200)
MENDED_AFTER = (2, 5)
"""Events of its visit after which somebody sets a clock right."""


class DeviceClock(NamedTuple):
    """A clock, so far ahead of true time (behind: below 0), and what is said of it."""

    kind: str = ""
    """The kind of trouble; empty: the clock is right."""
    skew_ms: int = 0
    tells: bool = False
    """Whether events say when they were sent, by the same clock."""
    mended_after: int | None = None
    """After so many events the clock is right; what is done with prompts comes after that."""

    def times(self, now_ms: int, number: int | None = None) -> dict[str, Any]:
        """What the event of this number says of time; of no number, what comes after the visit.

        >>> DeviceClock("clock_behind_told", -60_000, tells=True).times(1_767_225_660_000)
        {'occurred_at_ms': 1767225600000, 'sent_at_ms': 1767225600000}
        """
        mended = self.mended_after is not None and (number is None or number >= self.mended_after)
        at_ms = now_ms + (0 if mended else self.skew_ms)
        return {"occurred_at_ms": at_ms} | ({"sent_at_ms": at_ms} if self.tells else {})


def device_of(session_id: str) -> DeviceClock:
    """The device of a session: the same whenever asked.

    >>> device_of("visit-7") == device_of("visit-7")
    True
    """
    dice = random.Random(f"the clock of {session_id}")
    drawn = dice.random() / SHARE_WRONG
    if drawn >= 1:
        return DeviceClock(tells=dice.random() < SHARE_TELLING)
    skew_ms = round(1000 * SKEW_S[0] * (SKEW_S[1] / SKEW_S[0]) ** dice.random())
    kind = CLOCKS[int(drawn * len(CLOCKS))]
    if kind == "clock_mended":
        return DeviceClock(kind, -skew_ms, mended_after=dice.randint(*MENDED_AFTER))
    return DeviceClock(kind, -skew_ms if "behind" in kind else skew_ms, tells=kind.endswith("told"))
