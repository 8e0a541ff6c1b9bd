"""The rules by which a declared question is decided: by bounds that hold at every look.

One effect is judged, that of the declared metric, with all of the error (5 %). It is decided once
its bounds exclude no effect, or the least effect of interest. Guardrails share an error of their
own: a guardrail is kept once its bounds exclude a loss as large as allowed, and broken once they
exclude all smaller ones.

```
    fewer      no effect      the least of interest
------|------------|-------------------|------------------>
 [ less ]                                              less: fewer than without
             [   smaller    ]                          smaller: not what was hoped for
                     [         open        ]           open: could be either
                        [       more        ]          more: an effect
```
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

Decision = Literal["more", "less", "smaller", "open", "refused"]
GuardrailState = Literal["kept", "broken", "open"]
ALPHA = 0.05
"""Of the question, and once more of all guardrails together."""
HALVINGS = 8
"""When it was decided is told to a part in 256 of the time until now."""


class EffectBounds(NamedTuple):
    """An effect with bounds that hold at every look, in the metric's own units."""

    control: float
    """What the other side does."""
    value: float
    low: float
    high: float

    def parts(self) -> tuple[float, float, float] | None:
        """Effect and bounds as parts of what the other side does; None where that is nothing."""
        if self.control <= 0.0:
            return None
        return self.value / self.control, self.low / self.control, self.high / self.control


class GuardrailSeen(NamedTuple):
    """What has become of a guardrail."""

    metric: str
    loss_max: float
    state: GuardrailState
    bounds: EffectBounds | None
    """None: too little is known."""


class QuestionAnswer(NamedTuple):
    """What follows, by now."""

    decision: Decision
    bounds: EffectBounds | None
    """None: too little is known."""
    why: str = ""
    """Why nothing follows (`refused`), or why there are no bounds yet."""
    sides: tuple[int, int] = (0, 0)
    """How many units are held out and may get prompts; or trials in which both arms were on
    offer, and 0."""
    guardrails: tuple[GuardrailSeen, ...] = ()
    decided_ms: int | None = None
    """By when it was decided; None: it is not."""
    notes: tuple[str, ...] = ()


def decide(bounds: EffectBounds | None, least_effect: float) -> Decision:
    """What bounds say. `least_effect` is a part of what the other side does.

    >>> bounds = (0.01, 0.11), (-0.1, 0.1), (-0.04, 0.04), (-2.0, -0.1)
    >>> [decide(EffectBounds(1.0, (low + high) / 2, low, high), 0.05) for low, high in bounds]
    ['more', 'open', 'smaller', 'less']
    """
    if bounds is None:
        return "open"
    if bounds.low > 0.0:
        return "more"
    if bounds.high < 0.0:
        return "less"
    return "smaller" if bounds.high < least_effect * abs(bounds.control) else "open"


def guarded(metric: str, loss_max: float, bounds: EffectBounds | None) -> GuardrailSeen:
    """Whether a metric has got worse by more than it may. More returns are worse, else fewer are.

    >>> guarded("returned", 0.1, EffectBounds(1.0, 0.3, 0.2, 0.4)).state
    'broken'
    >>> guarded("margin", 0.1, EffectBounds(100.0, 2.0, -5.0, 9.0)).state
    'kept'
    """
    state: GuardrailState = "open"
    if bounds is not None:
        worse = metric == "returned"
        least, most = (bounds.low, bounds.high) if worse else (-bounds.high, -bounds.low)
        allowed = loss_max * abs(bounds.control)
        state = "kept" if most < allowed else "broken" if least > allowed else "open"
    return GuardrailSeen(metric, loss_max, state, bounds)


def decided_by(decided: Callable[[int], bool], start_ms: int, now_ms: int) -> int:
    """A time at which it was decided that is not much later than the first, as now it is.

    >>> decided_by(lambda at_ms: at_ms >= 700, 0, 1024)
    700
    """
    early_ms, late_ms = start_ms, now_ms
    for _ in range(HALVINGS):
        middle_ms = (early_ms + late_ms) // 2
        if decided(middle_ms):
            late_ms = middle_ms
        else:
            early_ms = middle_ms
    return late_ms
