"""What a policy answers: an arm and the propensity of each; and the cache of its outputs."""

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

from models.bandit.propensity import ShareLimits

Mode = Literal["best", "identify"]
"""What the policy is after: rewards, or to know soon which arm is best."""
PolicyInputs = tuple[tuple[str, ...], str, int, ShareLimits]
"""Arms, context, the second that it is, and what bounds their propensities."""
OUTPUTS_MAX = 256


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


class PolicyOutput(NamedTuple):
    """Propensities and estimates of some arms in some context at some time, before one is drawn."""

    propensities: dict[str, float]
    estimates: dict[str, float]


class PolicyOutputCache:
    """Outputs since something was learned last: the same for all decisions of a second."""

    def __init__(self) -> None:
        self._outputs: dict[PolicyInputs, PolicyOutput] = {}

    def __reduce__(self) -> tuple[type["PolicyOutputCache"], tuple[()]]:
        """Copies and pickles leave out what was computed: reading changes nothing."""
        return PolicyOutputCache, ()

    def get(
        self, inputs: PolicyInputs, compute: Callable[[*PolicyInputs], PolicyOutput]
    ) -> PolicyOutput:
        """The output for these inputs, computed unless it is here already."""
        output = self._outputs.get(inputs)
        if output is None:
            if len(self._outputs) >= OUTPUTS_MAX:
                self._outputs.clear()
            output = self._outputs[inputs] = compute(*inputs)
        return output

    def forget(self) -> None:
        """Something was learned."""
        self._outputs.clear()
