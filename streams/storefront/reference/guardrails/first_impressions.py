"""What is sent away at first sight: one trial for each arm and unit, whatever comes after it.

Impressions of one visitor are no independent trials: who sends one away mostly sends the next one
away too. So of each arm only the first impression counts that a unit had: the visitor where an
experiment tells which sessions are one's (`assigned`), else the session. Memory is bounded without
counting anybody twice: where units are too many, only those go on to be counted whose hash is low,
which has nothing to do with what they do (a hash threshold, as in distinct sampling; Gibbons,
VLDB 2001). Where sessions are too many, what comes of one that may have been forgotten is left out,
and counted as such: to take it for a unit of its own would be to count a visitor again and again.
"""

from collections import OrderedDict
from hashlib import blake2b
from typing import NamedTuple

from pydantic import ValidationError

from models.evaluation.latest_windows import LatestWindows
from streams.contract.published.outcomes import ANY_OUTCOME, Assigned
from streams.views.arm_board import ARMS_MAX

UNITS_MAX = 500_000
"""Units of arms that are remembered, in some 80 bytes each."""
OPEN_MAX = 100_000
"""First impressions that may still be sent away."""
SESSIONS_MAX = 200_000
"""Sessions whose unit is remembered, in some 300 bytes each."""
TOLD_MS = 7 * 86_400_000
"""So long after it was told whose it is a session sells; the purchase window is a day."""
ASSIGNED = b'"assigned"'
"""What the value of a record has in it that tells a session's unit."""
HASH_BYTES = 8


class Firsts(NamedTuple):
    """First impressions of an arm, one a unit."""

    shown: int = 0
    dismissed: int = 0

    def plus(self, other: "Firsts") -> "Firsts":
        """Both as one."""
        return Firsts(self.shown + other.shown, self.dismissed + other.dismissed)


class FirstImpressions:
    """Counts first impressions by arm, in any order of sessions, repeats dropped.

    >>> firsts = FirstImpressions()
    >>> for prompt, session in (("p1", "monday"), ("p2", "monday"), ("p3", "tuesday")):
    ...     counted = firsts.shown("popular", session, prompt)
    ...     firsts.dismissed(prompt)
    >>> firsts.by_arm
    {'popular': Firsts(shown=2, dismissed=2)}
    """

    def __init__(
        self,
        units_max: int = UNITS_MAX,
        open_max: int = OPEN_MAX,
        sessions_max: int = SESSIONS_MAX,
    ) -> None:
        self.units_max = units_max
        self.open_max = open_max
        self.sessions_max = sessions_max
        self.by_arm: dict[str, Firsts] = {}
        """Of at most `ARMS_MAX` arms."""
        self.lately: dict[str, LatestWindows[Firsts]] = {}
        """The same by the time of the impressions."""
        self.left_out = 0
        """Impressions and sales of sessions whose unit may have been forgotten."""
        self._below = 1 << 8 * HASH_BYTES
        self._units: set[int] = set()
        self._open: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._unit_of: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._forgotten_ms: int | None = None
        """The latest time at which a session was told of that is forgotten by now."""

    def assigned(self, session_id: str, unit: str, at_ms: int = 0) -> None:
        """From now on the session is this unit's."""
        self._unit_of[session_id] = unit, at_ms
        if len(self._unit_of) > self.sessions_max:
            _, (_, forgotten_ms) = self._unit_of.popitem(last=False)
            self._forgotten_ms = max(self._forgotten_ms or 0, forgotten_ms)

    def unit(self, session_id: str, at_ms: int = 0) -> str | None:
        """Whose a session is that does something; of whom nothing was told, it is its own.

        None: it was told, perhaps, and is forgotten; what it does is not to be counted, but here.
        """
        if (told := self._unit_of.get(session_id)) is not None:
            return told[0]
        if self._forgotten_ms is None or at_ms - self._forgotten_ms > TOLD_MS:
            return session_id
        self.left_out += 1
        return None

    def shown(self, arm: str, session_id: str, prompt_id: str, at_ms: int = 0) -> bool:
        """Count an impression, if it is the first of its arm that the unit had; whether it was."""
        if arm not in self.by_arm and len(self.by_arm) >= ARMS_MAX:
            return False
        unit = self.unit(session_id, at_ms)
        if unit is None or not self._is_first(arm, unit):
            return False
        self._count(arm, Firsts(shown=1), at_ms)
        self._open[prompt_id] = arm, at_ms
        if len(self._open) > self.open_max:
            self._open.popitem(last=False)
        return True

    def dismissed(self, prompt_id: str) -> None:
        """Count that a prompt was sent away, once, if it was such a first impression."""
        if (known := self._open.pop(prompt_id, None)) is not None:
            arm, at_ms = known
            self._count(arm, Firsts(dismissed=1), at_ms)

    def read(self, value: bytes | None) -> None:
        """Note whose session it is, if a record of the outcomes topic tells that."""
        if value is None or ASSIGNED not in value:
            return
        try:
            told = ANY_OUTCOME.validate_json(value)
        except ValidationError:  # counted by whoever reads all of it
            return
        if isinstance(told, Assigned):
            self.assigned(told.session_id, told.unit, told.occurred_at_ms)

    def _count(self, arm: str, more: Firsts, at_ms: int) -> None:
        self.by_arm[arm] = self.by_arm.get(arm, Firsts()).plus(more)
        lately = self.lately.setdefault(arm, LatestWindows(Firsts.plus))
        lately.add(more, time_s=at_ms / 1000)

    def _is_first(self, arm: str, unit: str) -> bool:
        digest = blake2b(f"{arm}\0{unit}".encode(), digest_size=HASH_BYTES).digest()
        mark = int.from_bytes(digest)
        if mark >= self._below or mark in self._units:
            return False
        self._units.add(mark)
        while len(self._units) > self.units_max:
            self._below //= 2
            self._units = {one for one in self._units if one < self._below}
        return True
