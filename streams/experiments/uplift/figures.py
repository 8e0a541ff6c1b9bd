"""Uplift by metric, with bounds that hold at every look, and how small an effect would be seen.

A metric is a mean (orders of a unit) or a ratio of sums (revenue of an order), whose variance comes
from the delta method: see `models.evaluation.uplift`. What units had ordered before they were
assigned explains some of the noise away (CUPED); where nobody had, nothing changes.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import NamedTuple

from models.evaluation.sample_ratio import ALPHA as SAMPLE_RATIO_ALPHA
from models.evaluation.sample_ratio import split_p
from models.evaluation.uplift import UnitSums, Uplift, units_needed, uplift
from streams.contract.events.reference.declared import UnitMetric
from streams.experiments.uplift.net_orders import UnitTotals
from streams.experiments.uplift.units import ExperimentTotals

UNITS_MIN = 30
"""Units of a side from which on bounds are given: they rest on sums that are nearly normal."""
BORROWED = 20.0
"""Orders that a calmer side is taken to have seen beside its own, of units like the other side's.

A small holdout that has few orders by chance looks calmer than it is. With 3 borrowed an A/A test
finds a difference in revenue in 6 years of 100, with 20 in 3 (`goeswith bench aa-tests`).
"""
CROSSOVERS_MAX = 0.1
"""Share of the held out that may have been shown prompts, before nothing follows any more."""
NOTHING_BEFORE = {"x": 0.0, "xx": 0.0, "yx": 0.0, "sx": 0.0}
"""Sums of units as if nobody had ordered before."""
CURRENCIES_MAX = 200
"""Currencies with rows of their own, those of most orders: more than ISO 4217 lists.

Events may name any three letters, so there has to be a bound."""
DAY_MS = 86_400_000

Measure = Callable[[UnitTotals], tuple[int, int]]
"""Of a unit what is counted, and for each of what: numerator and denominator."""


@dataclass(frozen=True)
class InCurrency:
    """A measure of money: of a unit, or of an order with such a price."""

    code: str
    name: str = "revenue"
    of: str = "valued"
    a_unit: bool = True

    def __call__(self, unit: UnitTotals) -> tuple[int, int]:
        """As any measure."""
        worth = getattr(unit, self.name).get(self.code, 0)
        return worth, 1 if self.a_unit else getattr(unit, self.of).get(self.code, 0)


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
    return compared(totals, metrics(totals), alpha)


def compared(
    totals: ExperimentTotals, measures: Mapping[str, Measure], alpha: float = 0.05
) -> list[UpliftRow]:
    """The same by some metrics, of some units."""
    held_out, may_get = map(SideUnits, _sides(totals))
    return [
        UpliftRow(name, uplift_of(held_out.sums(of), may_get.sums(of), alpha))
        for name, of in measures.items()
    ]


def orders(unit: UnitTotals) -> tuple[int, int]:
    """What is compared first: orders of a unit."""
    return unit.orders, 1


def metrics(totals: ExperimentTotals) -> dict[str, Measure]:
    """What is compared: of a unit first, then of an order."""
    revenue, margin = (_currencies(totals, name)[0] for name in ("valued", "margined"))
    return {
        "orders": orders,
        "items bought": measure_of("items", ""),
        "items returned": measure_of("returned", ""),
        **money(totals),
        "items an order": lambda unit: (unit.items, unit.orders),
        **{f"revenue an order, {_money(code)}": _of(code, a_unit=False) for code in revenue},
        **{
            f"margin an order, {_money(code)}": _of(code, "margin", a_unit=False) for code in margin
        },
    }


def measure_of(metric: UnitMetric, currency: str) -> Measure:
    """One of them by its short name; `currency`: of money.

    >>> measure_of("margin", "EUR")(UnitTotals(margin={"EUR": 90, "USD": 7}))
    (90, 1)
    """
    if metric in ("revenue", "margin"):
        return _of(currency, metric)
    counted = {
        "orders": orders,
        "items": lambda unit: (unit.items, 1),
        "returned": lambda unit: (unit.returned, 1),
    }
    return counted[metric]


def money(totals: ExperimentTotals) -> dict[str, Measure]:
    """What a unit brings in, and what of that is earned where orders tell it."""
    return {
        f"{name}, {_money(code)}": _of(code, name)
        for name, of in TOLD_BY.items()
        for code in _currencies(totals, of)[0]
    }


def other_currencies(totals: ExperimentTotals) -> dict[str, int]:
    """Those of no row of their own, and how many orders are in each, most first."""
    return _currencies(totals, "valued")[1]


def power(found: Uplift, totals: ExperimentTotals, part: float, alpha: float = 0.05) -> Power:
    """When an effect of this part of what the held out do would be seen."""
    visible, effect = (found.high - found.low) / 2.0, part * abs(found.control)
    n, seen = sum(sizes(totals)), totals.seen
    days = (seen.last_ms - seen.first_ms) / DAY_MS
    if not effect or not days:
        return Power(visible, effect, None)
    needed = units_needed(found, n, effect, alpha)
    return Power(visible, effect, max(0.0, needed / n - 1.0) * days)


def uplift_of(held_out: UnitSums, may_get: UnitSums, alpha: float = 0.05) -> Uplift | None:
    """What those who may get prompts do more; None: a side is too small, or all are alike."""
    if min(held_out.n, may_get.n) < UNITS_MIN:
        return None
    return uplift(held_out, may_get, alpha, borrowed=BORROWED)


class Explained(NamedTuple):
    """What is known of units from before they were assigned, and what that is good for."""

    units: int
    """How many had ordered before."""
    part: float
    """The part of the variance of the difference in orders that it explains away (CUPED)."""


def explained(totals: ExperimentTotals, measured: Sequence[UpliftRow]) -> Explained | None:
    """What orders from before explain; None where nobody had any, or too little is known.

    `measured` are the `rows`, whose first is orders: adjusted already by what was before.
    """
    known = sum(unit.before > 0 for side in _sides(totals) for unit in side)
    adjusted = measured[0].uplift
    if not known or adjusted is None:
        return None
    held, others = (sums_of(side, orders)._replace(**NOTHING_BEFORE) for side in _sides(totals))
    plain = uplift_of(held, others)
    return None if plain is None else Explained(known, 1.0 - (adjusted.se / plain.se) ** 2)


def _sides(totals: ExperimentTotals) -> tuple[list[UnitTotals], list[UnitTotals]]:
    return totals.held_out, totals.may_get


class SideUnits:
    """Units of a side: what every metric needs of all of them is reckoned once.

    Of many currencies most units have nothing in most: sums of money go by those that have.
    """

    def __init__(self, units: Iterable[UnitTotals]) -> None:
        self.units = list(units)
        before = [unit.before for unit in self.units]
        self.x, self.xx = sum(before), sum(map(mul, before, before))
        self._told: dict[str, dict[str, list[UnitTotals]]] = {}

    def told(self, of: str, code: str) -> list[UnitTotals]:
        """Those with such orders in a currency."""
        if of not in self._told:
            by_code = self._told[of] = defaultdict[str, list[UnitTotals]](list)
            for unit in self.units:
                for each in getattr(unit, of):
                    by_code[each].append(unit)
        return self._told[of].get(code, [])

    def sums(self, measure: Measure) -> UnitSums:
        """The sums, with what units had ordered before as the covariate."""
        told, each = self.units, 0
        if isinstance(measure, InCurrency):  # all others have 0 in it
            told, each = self.told(measure.of, measure.code), int(measure.a_unit)
        pairs, x = list(map(measure, told)), [unit.before for unit in told]
        y, s = ([pair[at] for pair in pairs] for at in (0, 1))
        n, more_x = len(self.units), each * (self.x - sum(x))
        more = each * (n - len(told))
        yy, ss, ys, yx, sx = (
            sum(map(mul, *pair)) for pair in ((y, y), (s, s), (y, s), (y, x), (s, x))
        )
        sums = n, sum(y), sum(s) + more, self.x, yy, ss + more, self.xx, ys, yx, sx + more_x
        return UnitSums(*map(float, sums))


def sums_of(units: Iterable[UnitTotals], measure: Measure) -> UnitSums:
    """The sums of a side by one metric."""
    return SideUnits(units).sums(measure)


def main_currency(units: Iterable[UnitTotals]) -> str | None:
    """The currency of most orders with a price; None: no order has one.

    >>> main_currency([UnitTotals(valued={"EUR": 2}), UnitTotals(valued={"USD": 1})])
    'EUR'
    """
    told = Counter[str]()
    for unit in units:
        told.update(unit.valued)
    return min(told, key=lambda code: (-told[code], code), default=None)


def _currencies(totals: ExperimentTotals, name: str) -> tuple[list[str], dict[str, int]]:
    """By orders that tell their `valued` or `margined` part: those that are told; all others."""
    told = Counter[str]()
    for side in _sides(totals):
        for unit in side:
            told.update(getattr(unit, name))
    most = sorted(told, key=lambda code: (-told[code], code))
    return sorted(most[:CURRENCIES_MAX]), {code: told[code] for code in most[CURRENCIES_MAX:]}


MINOR_UNITS = "minor units of "


def _money(code: str) -> str:
    return f"{MINOR_UNITS}{code}" if code else "minor units, no currency told"


TOLD_BY = {"revenue": "valued", "margin": "margined"}
"""Which orders tell it."""


def _of(code: str, name: str = "revenue", *, a_unit: bool = True) -> InCurrency:
    return InCurrency(code, name, TOLD_BY[name], a_unit)
