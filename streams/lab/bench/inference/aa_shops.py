"""A/A tests: shops in which prompts are worth nothing, looked at again and again.

A shop is an array of changes: on which day which unit ordered, or sent back, so many pieces of what
price. What a report sums over all units by the end of a day follows from these without a loop over
units (`sums_by_look`), so that a year takes a fraction of a second. Each look is judged by the
report's own code. That the sums are those of the report's own fold of outcomes is shown beside it,
by `streams.lab.bench.inference.aa_log`.

Units differ in habit, come back for more, and send back what they ordered weeks before; what they
had ordered before they were assigned follows from the same habit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.evaluation.sample_ratio import ALPHA as SAMPLE_RATIO_ALPHA
from models.evaluation.sample_ratio import split_p
from models.evaluation.uplift import UnitSums, Uplift
from streams.experiments.uplift.figures import uplift_of
from streams.shop.memory.session import ORDERS_MAX

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PRICE_MINOR = 1_500.0
LATER_DAYS = 30.0
BACK = 0.15
"""The share of orders of which something comes back,"""
BACK_DAYS = 28
"""within so many days."""
WINDOW = 7
"""Looks that a log reaches back, which forgets and is not kept."""
NO_WINDOW = 1 << 40
WHOLE = 0.5
"""Of the orders of which something comes back the share that comes back whole."""
Z95 = 1.959963984540054
METRICS = ("orders", "items", "revenue")


@dataclass(frozen=True)
class AaShop:
    """So many looks, so many units between two of them, and what a unit orders."""

    looks: int
    units_a_look: int
    share: float
    """Of the units that is held out."""
    rate: float
    """Orders of a unit on the day that it comes,"""
    later: float = 0.0
    """and so many times as many afterwards."""
    varied: bool = False
    """Whether units differ in habit, and some of what they order comes back."""

    @property
    def units(self) -> int:
        """All that come."""
        return self.looks * self.units_a_look


class Course(NamedTuple):
    """All that happens in a shop. The first four have the shape (units,), the others (orders,)."""

    shop: AaShop
    held: Flags
    came: Ints
    """At which look each unit is there first."""
    before: Ints
    """What it had ordered by then."""
    of: Ints
    """The unit of each order."""
    at: Ints
    """At which look the order is there first."""
    pieces: Ints
    price: Ints
    """Of a piece, in minor units."""
    back: Ints
    """How many pieces come back,"""
    back_at: Ints
    """and at which look."""


class Changes(NamedTuple):
    """By unit and look what it had by then, and has from then on; shape (changes,)."""

    of: Ints
    at: Ints
    before: Floats
    after: Floats

    def where(self, these: Flags) -> "Changes":
        """Some of them."""
        return Changes(self.of[these], self.at[these], self.before[these], self.after[these])


class SideSums(NamedTuple):
    """Sums over the units of one side at every look; shape (looks,)."""

    n: Floats
    y: Floats
    yy: Floats
    x: Floats
    xx: Floats
    yx: Floats

    def at(self, look: int) -> UnitSums:
        """What the report would have at this look."""
        n, y, yy, x, xx, yx = (float(sums[look]) for sums in self)
        return UnitSums(n=n, y=y, s=n, x=x, yy=yy, ss=n, xx=xx, ys=y, yx=yx, sx=x)


class AaRun(NamedTuple):
    """What somebody would have been told who looked each time."""

    differs: dict[str, bool]
    """By metric whether bounds ever excluded that there is no difference."""
    sample_ratio_alarm: bool
    window: bool
    """The first metric's, had the report not refused a log that forgets; False where none does."""
    naive: bool
    """The same by z tests of all units."""


def course(shop: AaShop, rng: np.random.Generator) -> Course:
    """What happens in a shop."""
    came = np.arange(shop.units) // shop.units_a_look
    held = rng.random(shop.units) < shop.share
    habit = rng.gamma(0.5, 2.0 * shop.rate, shop.units) if shop.varied else np.full(1, shop.rate)
    if not shop.varied:
        of = np.flatnonzero(rng.random(shop.units) < shop.rate)
        before, at = np.zeros(shop.units, np.int64), came[of]
    else:
        before = np.minimum(rng.poisson(habit * (1.0 + shop.later)), ORDERS_MAX)
        of = np.repeat(np.arange(shop.units), rng.poisson(habit * (1.0 + shop.later)))
        waits = rng.random(len(of)) < shop.later / (1.0 + shop.later)
        at = came[of] + waits * (1 + rng.exponential(LATER_DAYS, len(of)).astype(np.int64))
    of, at = of[at < shop.looks], at[at < shop.looks]
    pieces = 1 + rng.poisson(1.0, len(of)) * shop.varied
    price = np.maximum(1, np.round(PRICE_MINOR * rng.lognormal(0.0, 0.8, len(of)))).astype(np.int64)
    returned = (rng.random(len(of)) < BACK) & shop.varied
    back = np.where(returned, np.where(rng.random(len(of)) < WHOLE, pieces, (pieces + 1) // 2), 0)
    back_at = at + rng.integers(0, BACK_DAYS, len(of))
    return Course(shop, held, came, before, of, at, pieces, price, back, back_at)


def sums_by_look(one: Course, metric: str, window: int = NO_WINDOW) -> tuple[SideSums, SideSums]:
    """The sums of those held out and of the others, at every look.

    Of a window only those count that came within the last so many looks.
    """
    changes = _changes(one, metric)
    changes = changes.where(changes.at - one.came[changes.of] < window)
    return _summed(one, one.held, changes, window), _summed(one, ~one.held, changes, window)


def _changes(one: Course, metric: str) -> Changes:
    kept = one.pieces - one.back
    gross, net = {
        "orders": (np.ones(len(one.of)), (kept > 0).astype(np.float64)),
        "items": (one.pieces.astype(np.float64), kept.astype(np.float64)),
        "revenue": (one.pieces * one.price.astype(np.float64), kept * one.price.astype(np.float64)),
    }[metric]
    back = (one.back > 0) & (one.back_at < one.shop.looks)
    of = np.concatenate((one.of, one.of[back]))
    at = np.concatenate((one.at, one.back_at[back]))
    by = np.concatenate((gross, (net - gross)[back]))
    order = np.lexsort((at, of))
    of, at, by = of[order], at[order], by[order]
    running = np.cumsum(by)
    first = np.flatnonzero(np.r_[True, of[1:] != of[:-1]]) if len(of) else np.zeros(0, np.int64)
    start = np.repeat((running - by)[first], np.diff(np.r_[first, len(of)]))
    after = running - start
    return Changes(of, at, after - by, after)


def _summed(one: Course, side: Flags, changes: Changes, window: int) -> SideSums:
    looks, x = one.shop.looks, one.before.astype(np.float64)

    def by_look(unit: Ints, when: Ints, what: Floats) -> Floats:
        """What comes with a unit leaves with it."""
        goes = np.minimum(one.came[unit] + window, looks)
        coming = np.bincount(when, what, looks)
        found: Floats = np.cumsum(coming - np.bincount(goes, what, looks + 1)[:looks])
        return found

    of, at, before, after = changes.where(side[changes.of])
    units = np.flatnonzero(side)
    came, xs = one.came[units], x[units]
    return SideSums(
        n=by_look(units, came, np.ones(len(units))),
        y=by_look(of, at, after - before),
        yy=by_look(of, at, after * after - before * before),
        x=by_look(units, came, xs),
        xx=by_look(units, came, xs * xs),
        yx=by_look(of, at, (after - before) * x[of]),
    )


def differs(found: Uplift | None) -> bool:
    """Whether the report says that prompts earn more, or fewer."""
    return found is not None and not found.low <= 0.0 <= found.high


def run(shop: AaShop, rng: np.random.Generator) -> AaRun:
    """One shop, looked at as often as there are looks."""
    one = course(shop, rng)
    by_metric = {metric: sums_by_look(one, metric) for metric in METRICS}
    held, others = by_metric[METRICS[0]]
    ratios = [split_p(n, n + more, shop.share) for n, more in zip(held.n, others.n, strict=True)]
    return AaRun(
        {metric: any(map(differs, judged(*sums))) for metric, sums in by_metric.items()},
        min(ratios) < SAMPLE_RATIO_ALPHA,
        shop.varied and any(map(differs, judged(*sums_by_look(one, METRICS[0], WINDOW)))),
        any(found and abs(found.difference) > Z95 * found.se for found in judged(held, others)),
    )


def judged(held: SideSums, others: SideSums) -> Iterator[Uplift | None]:
    """What the report makes of each look."""
    for look in range(len(held.n)):
        yield uplift_of(held.at(look), others.at(look))
