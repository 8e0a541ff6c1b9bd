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

What matters, and what a guardrail allows, are parts of what the other side does, and that is only
estimated, too: a small holdout's mean may be off by more than the effect. So what is judged is the
one side less `1 + part` times the other, whose bounds know the errors of both.
"""

from collections.abc import Callable
from math import copysign
from typing import Literal, NamedTuple, Protocol

Decision = Literal["more", "less", "smaller", "open", "refused"]
GuardrailState = Literal["kept", "broken", "open"]
FAR = 10_000.0
"""No effect is told that is so many times what the other side does."""
HALVINGS_OF_PARTS = 50
"""Bounds as parts are exact to 13 digits of that."""
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
    low_part: float | None = None
    """Bounds of the effect as a part of what the other side does, which hold at every look, too;
    None: that side is not told apart from nothing."""
    high_part: float | None = None

    def parts(self) -> tuple[float, float, float] | None:
        """Effect and bounds as parts of what the other side does; None where there are none."""
        if self.control <= 0.0 or self.low_part is None or self.high_part is None:
            return None
        return self.value / self.control, self.low_part, self.high_part


Apart = Literal[-1, 0, 1]
"""Less, not told apart, more."""


class Comparison(Protocol):
    """Two sides, by one metric."""

    def effect(self) -> EffectBounds | None:
        """What the one does more, without its parts; None: too little is known."""

    def apart(self, part: float) -> Apart:
        """Whether the one is told apart from `1 + part` times the other, at any look."""


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


def decide(compared: Comparison, least_effect: float) -> Decision:
    """What bounds say. `least_effect` is a part of what the other side does.

    >>> from models.evaluation.uplift import UnitSums
    >>> from streams.experiments.questions.compared_sides import UnitsCompared
    >>> def bought(y, n):
    ...     return UnitSums(n=n, y=y, s=n, yy=y, ss=n, ys=y)
    >>> [decide(UnitsCompared(bought(900.0, 9_000.0), bought(y, 9_000.0)), 0.25)
    ...  for y in (1_200.0, 1_010.0, 910.0, 600.0)]
    ['more', 'open', 'smaller', 'less']
    """
    bounds = compared.effect()
    if bounds is None:
        return "open"
    if bounds.low > 0.0:
        return "more"
    if bounds.high < 0.0:
        return "less"
    return "smaller" if compared.apart(copysign(least_effect, bounds.control)) < 0 else "open"


def guarded(metric: str, loss_max: float, compared: Comparison) -> GuardrailSeen:
    """Whether a metric has got worse by more than it may. More returns are worse, else fewer are.

    >>> from models.evaluation.uplift import UnitSums
    >>> from streams.experiments.questions.compared_sides import UnitsCompared
    >>> few, many = (UnitSums(n=9e3, y=y, s=9e3, yy=y, ss=9e3, ys=y) for y in (800.0, 1_600.0))
    >>> guarded("returned", 0.1, UnitsCompared(few, many)).state
    'broken'
    >>> guarded("margin", 0.1, UnitsCompared(few, many)).state
    'kept'
    """
    state: GuardrailState = "open"
    bounds = compared.effect()
    if bounds is not None:
        worse = 1 if metric == "returned" else -1
        apart = worse * compared.apart(worse * copysign(loss_max, bounds.control))
        state = "kept" if apart < 0 else "broken" if apart > 0 else "open"
    return GuardrailSeen(metric, loss_max, state, with_parts(compared))


def with_parts(compared: Comparison) -> EffectBounds | None:
    """The effect, with its bounds as parts of what the other side does.

    They are all parts from which the sides are not told apart (Fieller). Where that is no interval
    (the other side may do nothing) there are none. Fieller: Some problems in interval estimation,
    Journal of the Royal Statistical Society B 16, 1954.

    >>> from models.evaluation.uplift import UnitSums
    >>> from streams.experiments.questions.compared_sides import UnitsCompared
    >>> few, many = (UnitSums(n=9e3, y=y, s=9e3, yy=y, ss=9e3, ys=y) for y in (800.0, 1_600.0))
    >>> [round(part, 2) for part in with_parts(UnitsCompared(few, many)).parts()]
    [1.0, 0.77, 1.28]
    """
    bounds = compared.effect()
    if bounds is None or bounds.control <= 0.0:
        return bounds
    value = bounds.value / bounds.control
    bounded = compared.apart(-FAR) > 0 > compared.apart(FAR) and compared.apart(value) == 0
    if not (bounded and abs(value) < FAR):
        return bounds
    low, high = (_edge(compared, value, far) for far in (-FAR, FAR))
    return bounds._replace(low_part=low, high_part=high)


def _edge(compared: Comparison, inside: float, outside: float) -> float:
    """Between them the part from which on the sides are told apart."""
    for _ in range(HALVINGS_OF_PARTS):
        middle = (inside + outside) / 2.0
        if compared.apart(middle):
            outside = middle
        else:
            inside = middle
    return outside


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
