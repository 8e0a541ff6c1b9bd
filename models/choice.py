"""What a policy answers: an arm, and how probable each one was."""

from typing import Literal, NamedTuple

Mode = Literal["best", "identify"]
"""What the policy is after: rewards, or to know soon which arm is best."""


class Choice(NamedTuple):
    """An arm, the probability with which it was chosen, and that of each arm on offer."""

    arm: str
    propensity: float
    propensities: dict[str, float]
    estimate: float
    """The mean reward that was expected of it."""
