"""Uplift by metric, with bounds that hold at every look, and how small an effect would be seen.

A metric is a mean (orders of a unit) or a ratio of sums (revenue of an order), whose variance comes
from the delta method: see `models.evaluation.uplift`.
"""

from collections.abc import Callable, Iterable
from operator import mul
from typing import NamedTuple

from models.evaluation.sample_ratio import ALPHA as SAMPLE_RATIO_ALPHA
from models.evaluation.sample_ratio import split_p
from models.evaluation.uplift import RULE_OF_THREE, UnitSums, Uplift, units_needed, uplift
from streams.experiments.uplift.net_orders import UnitTotals
from streams.experiments.uplift.units import ExperimentTotals

UNITS_MIN = 30
"""Units of a side from which on bounds are given: they rest on sums that are nearly normal."""
CROSSOVERS_MAX = 0.1
"""Share of the held out that may have been shown prompts, before nothing follows any more."""
CURRENCIES_MAX = 5
"""Currencies with rows of their own, those of most orders."""
DAY_MS = 86_400_000

Measure = Callable[[UnitTotals], tuple[int, int]]
"""Of a unit what is counted, and for each of what: numerator and denominator."""


class UpliftRow(NamedTuple):
    """What prompts are worth by one metric; None: too little is known."""

    metric: str
    uplift: Uplift | None


class HoldoutSample(NamedTuple):
    """Whether the sides are as large as they were planned, and got what they were to get."""

    planned_share: float
    observed_share: float | None
    """None: there is nobody yet."""
    sample_ratio_p: float
    """How surprising that is; valid at every look."""
    held_out_shown: int
    """Units that are held out, and were shown a prompt all the same."""
    held_out: int

    @property
    def crossed(self) -> bool:
        """Whether so many of the held out were shown prompts that nothing follows any more."""
        return self.held_out_shown > CROSSOVERS_MAX * self.held_out

    @property
    def alarm(self) -> bool:
        """Whether the share differs by more than chance explains: nothing else can be trusted."""
        return self.sample_ratio_p < SAMPLE_RATIO_ALPHA


class Power(NamedTuple):
    """How small an effect can be seen, and when that of interest will be."""

    visible: float
    """Half the width of the bounds: what has to be exceeded to be seen now."""
    effect: float
    """The effect of interest, in the metric's own units."""
    days_needed: float | None
    """From now on, at the present rate of units, until it would be seen; None: nobody knows."""


def sizes(totals: ExperimentTotals) -> tuple[int, int]:
    """How many units are held out, and how many may get prompts."""
    return len(totals.held_out), len(totals.may_get)


def sample(totals: ExperimentTotals) -> HoldoutSample:
    """Sanity of the split: observed beside planned, and who was prompted though held out."""
    held, others = sizes(totals)
    n, share = held + others, totals.seen.share
    observed = held / n if n else None
    return HoldoutSample(share, observed, split_p(held, n, share), totals.held_out_shown, held)


def rows(totals: ExperimentTotals, alpha: float = 0.05) -> list[UpliftRow]:
    """By metric: what those who may get prompts do more; bounds hold at every look."""
    return [UpliftRow(name, _uplift(totals, of, alpha)) for name, of in metrics(totals).items()]


def metrics(totals: ExperimentTotals) -> dict[str, Measure]:
    """What is compared: of a unit first, then of an order."""
    found: dict[str, Measure] = {
        "orders": lambda unit: (unit.orders, 1),
        "items bought": lambda unit: (unit.items, 1),
        "items returned": lambda unit: (unit.returned, 1),
    }
    currencies = _currencies((*totals.held_out, *totals.may_get))
    found |= {f"revenue, {_money(code)}": _revenue(code) for code in currencies}
    found["items an order"] = lambda unit: (unit.items, unit.orders)
    return found | {f"revenue an order, {_money(code)}": _basket(code) for code in currencies}


def power(found: Uplift, totals: ExperimentTotals, part: float, alpha: float = 0.05) -> Power:
    """When an effect of this part of what the held out do would be seen."""
    visible, effect = (found.high - found.low) / 2.0, part * abs(found.control)
    n, seen = sum(sizes(totals)), totals.seen
    days = (seen.last_ms - seen.first_ms) / DAY_MS
    if not effect or not days:
        return Power(visible, effect, None)
    needed = units_needed(found, n, effect, alpha)
    return Power(visible, effect, max(0.0, needed / n - 1.0) * days)


def _uplift(totals: ExperimentTotals, measure: Measure, alpha: float) -> Uplift | None:
    if min(sizes(totals)) < UNITS_MIN:
        return None
    held, others = _sums(totals.held_out, measure), _sums(totals.may_get, measure)
    return uplift(held, others, alpha, borrowed=RULE_OF_THREE)


def _sums(units: Iterable[UnitTotals], measure: Measure) -> UnitSums:
    counted = list(map(measure, units))
    y, s = ([pair[at] for pair in counted] for at in (0, 1))
    yy, ss, ys = (sum(map(mul, left, right)) for left, right in ((y, y), (s, s), (y, s)))
    return UnitSums(
        n=float(len(y)), y=float(sum(y)), s=float(sum(s)), yy=float(yy), ss=float(ss), ys=float(ys)
    )


def _currencies(units: Iterable[UnitTotals]) -> list[str]:
    orders: dict[str, int] = {}
    for unit in units:
        for code, number in unit.valued.items():
            orders[code] = orders.get(code, 0) + number
    most = sorted(orders, key=lambda code: (-orders[code], code))[:CURRENCIES_MAX]
    return sorted(most)


def _money(code: str) -> str:
    return f"minor units of {code}" if code else "minor units, no currency told"


def _revenue(code: str) -> Measure:
    return lambda unit: (unit.revenue.get(code, 0), 1)


def _basket(code: str) -> Measure:
    return lambda unit: (unit.revenue.get(code, 0), unit.valued.get(code, 0))
