"""What a policy answers: an arm, and how probable each one was."""

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

Mode = Literal["best", "identify"]
"""What the policy is after: rewards, or to know soon which arm is best."""
Asked = tuple[tuple[str, ...], str, int]
"""Arms, context, and the second that it is."""
READINGS_MAX = 256


def known_mode(mode: Mode) -> Mode:
    """The mode; raises `ValueError` when there is none of this name."""
    if mode not in get_args(Mode):
        raise ValueError(f"mode={mode!r}: must be one of {get_args(Mode)}")
    return mode


class Choice(NamedTuple):
    """An arm, the probability with which it was chosen, and that of each arm on offer."""

    arm: str
    propensity: float
    propensities: dict[str, float]
    estimate: float
    """The mean reward that was expected of it."""
    estimates: dict[str, float]
    """The mean reward that was expected of each arm on offer."""


class Reading(NamedTuple):
    """What a policy says of some arms in some context at some time, before it draws."""

    propensities: dict[str, float]
    estimates: dict[str, float]


class Readings:
    """What was read since something was learned last: the same for all decisions of a second."""

    def __init__(self) -> None:
        self._kept: dict[Asked, Reading] = {}

    def __reduce__(self) -> tuple[type["Readings"], tuple[()]]:
        """Copies and pickles leave out what was read: reading changes nothing."""
        return Readings, ()

    def of(self, asked: Asked, read: Callable[[*Asked], Reading]) -> Reading:
        """What was read, or is read now."""
        reading = self._kept.get(asked)
        if reading is None:
            if len(self._kept) >= READINGS_MAX:
                self._kept.clear()
            reading = self._kept[asked] = read(*asked)
        return reading

    def forget(self) -> None:
        """Something was learned."""
        self._kept.clear()
