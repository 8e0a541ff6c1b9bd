"""Uplift against a holdout: A/B test with CUPED and the delta method, valid at every look.

Shares are fixed here, so plain means are fair. The unit is whoever was assigned: a shopper. What is
compared is a mean (orders a shopper) or a ratio of sums (revenue an order), whose variance comes
from the delta method. What is known of shoppers from before explains some of the noise away: its
own difference is chance, and is taken off (CUPED). Everything needed is ten sums.

A side in which all units are the same (nobody has ordered yet) shows no variance, and has some all
the same. The rule of three: where none of n was seen, up to 3 in n may be there (95 %). So its
variance is taken to be that of 3 in n units that differ, by as much as those of the other side do.
Where neither side differs from the other nor in itself, there is nothing to say.

A small side of rare orders is next to that: by chance it has few of them, and with them too small a
variance, so that an A/A test "finds" something at one of many looks in one of eleven shops instead
of one of twenty. With `borrowed` it has the variance that it would have if so many orders more had
been seen there, of units that vary as much as the other side's: none is taken to be calmer than
the other until it has shown that by orders.

```
y numerator   s denominator (1 for a mean)   x a covariate from before
```

Deng, Xu, Kohavi and Walker: Improving the sensitivity of online controlled experiments by utilizing
pre-experiment data, WSDM 2013. Deng, Knoblich and Lu: Applying the delta method, KDD 2018.
Hanley and Lippman-Hand: If nothing goes wrong, is everything all right? JAMA 249, 1983.
"""

import math
from typing import NamedTuple

from models.evaluation.confidence_sequences import (
    ALPHA_MIN,
    N_TUNED,
    SUM_MAX,
    asymptotic_half_width,
    asymptotic_p,
)
from models.limits import within

RULE_OF_THREE = 3.0
"""So many of n units may differ, of whom none was seen to: -log(.05), in round numbers."""
UNITS_MAX = 1e12
"""No shop has as many: an effect that needs more is too small to be seen."""
BISECTIONS = 60
ROUNDING = 1e-12
"""A variance that is smaller than this part of the mean square is none."""


class UnitSums(NamedTuple):
    """Sums over units of one side; they add up over any split of the units.

    >>> ann, bob = UnitSums.of(y=2.0, x=1.0), UnitSums.of(y=0.0, x=1.0)
    >>> ann.plus(bob).y, ann.plus(bob).n
    (2.0, 2.0)
    """

    n: float = 0.0
    y: float = 0.0
    s: float = 0.0
    x: float = 0.0
    yy: float = 0.0
    ss: float = 0.0
    xx: float = 0.0
    ys: float = 0.0
    yx: float = 0.0
    sx: float = 0.0

    @classmethod
    def of(cls, y: float, s: float = 1.0, x: float = 0.0) -> "UnitSums":
        """The sums of one unit."""
        return cls(1.0, y, s, x, y * y, s * s, x * x, y * s, y * x, s * x)

    def plus(self, other: "UnitSums") -> "UnitSums":
        """Both as one."""
        return UnitSums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Uplift(NamedTuple):
    """What one side earns above the other: absolute, at one look and at every look."""

    control: float
    """What each of a side did, as it was: no covariate is taken off."""
    treated: float
    difference: float
    """Less what the sides had differed by before, if there is a covariate; so are its bounds."""
    se: float
    low: float
    """The bounds hold at every look."""
    high: float
    p: float
    """Valid at every look."""
    relative: float | None
    """The difference, of what the control earns; None where that is nothing, or not told apart
    from it: bounds of the part would have no end (Fieller)."""
    adjusted: bool = False
    """Whether a covariate was taken off the difference, so that the sides do not add up to it."""


def uplift(
    control: UnitSums,
    treated: UnitSums,
    alpha: float = 0.05,
    n_tuned: float = N_TUNED,
    borrowed: float = 0.0,
) -> Uplift | None:
    """The difference of `y / s`, adjusted by `x`; None where a side has fewer than two units.

    The sides themselves are as they were: a mean that is "adjusted" may be one that no side can
    have, less than nothing bought.

    None, too, where all units of both sides are the same, or what `x` leaves of them is, and where
    a side's denominator is zero, or next to it: it has no ratio. Raises `ValueError` when a sum is
    no number, or alpha none.
    Without a covariate (all x are equal) nothing is adjusted.

    >>> from functools import reduce
    >>> bought = [UnitSums.of(float(n % 20 == 0)) for n in range(2_000)]
    >>> held_out = reduce(UnitSums.plus, bought)
    >>> prompted = reduce(UnitSums.plus, [UnitSums.of(float(n % 10 == 0)) for n in range(2_000)])
    >>> found = uplift(held_out, prompted)
    >>> round(found.difference, 3), round(found.low, 3), round(found.high, 3), found.relative
    (0.05, 0.025, 0.075, 1.0)
    """
    both = control.plus(treated)
    within(ALPHA_MIN, 1.0 - 1e-9, alpha=alpha)
    if not all(map(math.isfinite, both)):
        raise ValueError(f"sums that are no numbers: {both}")
    if min(control.n, treated.n) <= 1.0:
        return None
    if any(abs(side.s) / side.n <= 1.0 / SUM_MAX for side in (control, treated)):
        return None
    theta = _theta(both)
    variances = _variances(control, treated, theta, borrowed)
    se = math.sqrt(sum(variances))
    before, after = control.y / control.s, treated.y / treated.s
    apart_before = theta * (treated.x / treated.n - control.x / control.n)
    difference = after - before - apart_before
    if not 0.0 < se <= SUM_MAX or not max(abs(before), abs(after), abs(difference)) <= SUM_MAX:
        return None
    half = asymptotic_half_width(se, both.n, alpha, n_tuned)
    plain = variances[0] if theta == 0.0 else _variances(control, treated, 0.0, borrowed)[0]
    told_apart = before > asymptotic_half_width(math.sqrt(plain), both.n, alpha, n_tuned)
    return Uplift(
        control=before,
        treated=after,
        difference=difference,
        se=se,
        low=difference - half,
        high=difference + half,
        p=asymptotic_p(difference, se, both.n, alpha, n_tuned),
        relative=difference / before if told_apart and before > 1.0 / SUM_MAX else None,
        adjusted=theta != 0.0,
    )


def _theta(both: UnitSums) -> float:
    """How much of the covariate is in the metric: cov(y / s, x) / var(x), over both sides."""
    variance = _cov(both, both.xx, both.x, both.x)
    if variance <= 1e-12 * max(1.0, both.xx / both.n):
        return 0.0
    return _ratio_cov(both) / variance


def _variances(
    control: UnitSums, treated: UnitSums, theta: float, borrowed: float
) -> tuple[float, float]:
    """The variances of both sides' adjusted ratios."""
    of_control, of_treated = _variance(control, treated, theta), _variance(treated, control, theta)
    return (
        _borrowing(control, of_control, of_treated, borrowed) / control.n,
        _borrowing(treated, of_treated, of_control, borrowed) / treated.n,
    )


def _variance(side: UnitSums, other: UnitSums, theta: float) -> float:
    """The variance of one unit's part in the adjusted ratio of its side."""
    ratio, scale = side.y / side.s, side.s / side.n
    raw = (
        _cov(side, side.yy, side.y, side.y)
        - 2.0 * ratio * _cov(side, side.ys, side.y, side.s)
        + ratio * ratio * _cov(side, side.ss, side.s, side.s)
    ) / (scale * scale)
    explained = theta * (2.0 * _ratio_cov(side) - theta * _cov(side, side.xx, side.x, side.x))
    rounding = ROUNDING * side.yy / side.n / (scale * scale)
    lost = rounding + ROUNDING * theta * theta * side.xx / side.n
    variance = raw - explained if raw - explained > lost else 0.0
    if raw <= rounding:
        variance = max(variance, RULE_OF_THREE * _reach(other, ratio) ** 2 / side.n)
    return variance


def _borrowing(side: UnitSums, own: float, other: float, borrowed: float) -> float:
    """The variance of a side's units, if the other side's were larger and so many were of those.

    What a side has seen is counted in orders, or in their equals where one is larger than others.

    >>> _borrowing(UnitSums(n=100.0, y=5.0, yy=5.0), own=0.05, other=0.11, borrowed=5.0)
    0.08
    """
    if not borrowed or other <= own:
        return own
    seen = side.y * side.y / side.yy if side.yy else 0.0
    return (seen * own + borrowed * other) / (seen + borrowed)


def units_needed(
    found: Uplift, n: float, effect: float, alpha: float = 0.05, n_tuned: float = N_TUNED
) -> float:
    """How many units it takes, of both sides in the same shares, until an effect is visible.

    That is when bounds at every look are narrower than it, to either side. At most `UNITS_MAX`.

    >>> found = Uplift(0.05, 0.05, 0.0, 0.01, -0.04, 0.04, 1.0, 0.0)
    >>> round(units_needed(found, n=1_000, effect=0.02))
    2388
    """
    within(1.0 / SUM_MAX, SUM_MAX, effect=effect)
    few, many = n, n
    while many < UNITS_MAX and _half_width(found, n, many, alpha, n_tuned) > effect:
        few, many = many, many * 2.0
    for _ in range(BISECTIONS):
        middle = math.sqrt(few * many)
        if _half_width(found, n, middle, alpha, n_tuned) > effect:
            few = middle
        else:
            many = middle
    return min(many, UNITS_MAX)


def _half_width(found: Uplift, n: float, then: float, alpha: float, n_tuned: float) -> float:
    """That of the bounds when there are so many units, with errors as they are now."""
    return asymptotic_half_width(found.se * math.sqrt(n / then), then, alpha, n_tuned)


def _reach(side: UnitSums, ratio: float) -> float:
    """How far units are from this ratio that are not at it: their mean, weighted by how far.

    Where they are on both sides of it, more than that, but no more than any of them can be.

    >>> from functools import reduce
    >>> _reach(reduce(UnitSums.plus, map(UnitSums.of, (0.0, 0.0, 0.0, 2.0, 2.0))), ratio=0.0)
    2.0
    """
    squared = side.yy - 2.0 * ratio * side.ys + ratio * ratio * side.ss
    if squared <= ROUNDING * side.yy:
        return 0.0
    farthest, moved = math.sqrt(squared), abs(side.y - ratio * side.s)
    return (min(farthest, squared / moved) if moved > 0.0 else farthest) * side.n / side.s


def _ratio_cov(side: UnitSums) -> float:
    """The covariance of a unit's part in the ratio with its covariate."""
    ratio, scale = side.y / side.s, side.s / side.n
    of_y, of_s = _cov(side, side.yx, side.y, side.x), _cov(side, side.sx, side.s, side.x)
    return (of_y - ratio * of_s) / scale


def _cov(side: UnitSums, product: float, left: float, right: float) -> float:
    """The sample covariance, from sums."""
    return (product - left * right / side.n) / (side.n - 1.0)
