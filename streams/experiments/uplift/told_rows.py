"""Rows of uplift, of all units or group by group: for people and for programs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.evaluation.uplift import Uplift
from streams.cli.printable import many, printable
from streams.cli.tables import Listing
from streams.contract.events.currencies import decimals
from streams.experiments.uplift.figures import (
    DAY_MS,
    MINOR_UNITS,
    TOLD_BY,
    UNITS_MIN,
    Power,
    UpliftRow,
    sizes,
)
from streams.experiments.uplift.groups import Group, Groups
from streams.experiments.uplift.units import ExperimentTotals

P_TOLD_MIN = 0.001
BOTH_SIDES_MAX = 0.01
"""Share of units that may be on both sides before that is an alarm."""
ADJUSTED = "adjusted by what units did before"


def columns(measured: Iterable[UpliftRow]) -> tuple[str, ...]:
    """What a table's columns are called: sides do not add up to a difference that is adjusted."""
    more = "more,\nadjusted" if any_adjusted(measured) else "more"
    return ("a unit's", "held out", "prompted", more, "95 % at\nany look", "p", "relative")


def any_adjusted(measured: Iterable[UpliftRow]) -> bool:
    """Whether a difference is one that is adjusted by what units did before."""
    return any(row.uplift is not None and row.uplift.adjusted for row in measured)


OTHERS = "units of other groups, or of none that is told"


def group_table(told: Groups, *, refused: bool = False) -> Listing:
    """What units of each group did, those of most units first; `refused`: nothing follows."""
    notes = [
        f"a unit's {told.by} is that of what it asked first; bounds of all groups hold together",
        *([many(told.others, OTHERS)] * (told.others > 0)),
    ]
    title = f"by {told.by}: no verdict, see above" if refused else group_sentence(told)
    every = [row for group in told.groups for row in group.rows]
    listing = Listing(*columns(every), title=title, notes=notes)
    for group in told.groups:
        name = printable(group.name)
        notes += [f"{name}: {said}" for said in too_few(group) or unknown(group.rows)]
        for metric, known in group.rows:
            if known is not None:
                what, *figures = for_people(metric, known)
                listing.add(f"{name}: {what}", *figures)
    return listing


def too_few(group: Group) -> list[str]:
    """That nothing can be said of a group, where nothing can.

    >>> too_few(Group("new", 1, 2, [UpliftRow("orders", None)]))
    ['1 unit held out and 2 that may get prompts: too few, or all alike']
    """
    if any(row.uplift is not None for row in group.rows):
        return []
    sides = f"{many(group.held_out, 'units')} held out and {group.prompted:,} that may get prompts"
    return [f"{sides}: too few, or all alike"]


def unknown(measured: Sequence[UpliftRow]) -> list[str]:
    """What is left out of a table, where there is one.

    >>> unknown([UpliftRow("orders", None)])
    []
    """
    names = [printable(row.metric) for row in measured if row.uplift is None]
    said = f"without figures, as all are alike, or a side has none: {', '.join(names)}"
    return [said] * (0 < len(names) < len(measured))


NAMED_MAX = 20


def unlisted(currencies: Mapping[str, int]) -> list[str]:
    """That there are more currencies than rows are made of, where there are.

    >>> unlisted({"QQX": 2, "QQY": 1})
    ['2 currencies of the fewest orders have no rows: QQX (2 orders), QQY (1 order)']
    """
    named = [
        f"{printable(code or 'none told')} ({many(number, 'orders')})"
        for code, number in [*currencies.items()][:NAMED_MAX]
    ]
    more = len(currencies) - len(named)
    ending = f", and {many(more, 'others', 'other')}" if more else ""
    what = many(len(currencies), "currencies", "currency")
    have = "has" if len(currencies) == 1 else "have"
    said = f"{what} of the fewest orders {have} no rows: {', '.join(named)}{ending}"
    return [said] if currencies else []


def group_sentence(told: Groups) -> str:
    """What follows: where prompts earn more orders, or fewer, and where it is too early to say.

    >>> sells = UpliftRow("orders", Uplift(0.5, 0.7, 0.2, 0.02, 0.1, 0.3, 0.01, 0.4))
    >>> group_sentence(Groups("segment", [Group("club", 90, 99, [sells]), Group("new", 1, 2, [
    ...     UpliftRow("orders", None)])], 0))
    'by segment: more orders in club; too early to say in new'
    """
    said: dict[str, list[str]] = {}
    for group in told.groups:
        metric, found = group.rows[0]
        if found is None or found.low <= 0.0 <= found.high:
            what = "too early to say"
        else:
            what = f"{'more' if found.low > 0.0 else 'fewer'} {metric}"
        said.setdefault(what, []).append(printable(group.name))
    order = sorted(said, key=lambda what: (what.startswith("too"), what.startswith("fewer")))
    return f"by {told.by}: " + "; ".join(f"{what} in {', '.join(said[what])}" for what in order)


def for_people(metric: str, found: Uplift) -> list[str]:
    """A metric and its figures: money in its currency, with as many decimals as that has."""
    name, _, code = metric.partition(MINOR_UNITS)
    places = decimals(code)
    if places is None:
        return [printable(metric), *cells(found)]
    control, treated, difference, low, high = (
        figure / 10**places
        for figure in (found.control, found.treated, found.difference, found.low, found.high)
    )
    whole = found._replace(
        control=control, treated=treated, difference=difference, low=low, high=high
    )
    exact = high - low < 10.0 ** (1 - places)
    return [f"{name}{code}", *cells(whole, max(4, places) if exact else places)]


def in_money(measured: Sequence[UpliftRow]) -> list[str]:
    """What is decided of money, where that is not what the first row (orders) says already.

    >>> more = Uplift(0.5, 0.7, 0.2, 0.02, 0.1, 0.3, 0.01, 0.4)
    >>> less = Uplift(100.0, -15.0, -115.0, 20.0, -160.0, -70.0, 0.001, -1.15)
    >>> in_money([UpliftRow("orders", more), UpliftRow("margin, minor units of EUR", less)])
    ['and lose margin, EUR: -115.0%']
    >>> in_money([UpliftRow("orders", more), UpliftRow("revenue, minor units of EUR", more)])
    []
    """
    first = _direction(measured[0].uplift)
    said = []
    for metric, found in measured[1:]:
        way = _direction(found)
        name, comma, _ = metric.partition(", ")
        if found is None or not comma or name not in TOLD_BY or way in (0, first):
            continue
        told, _, _, amount, _, _, relative = for_people(metric, found)
        verb = "bring more" if way > 0 else "lose"
        said.append(f"and {verb} {told}: {amount if relative == '-' else relative}")
    return said


def _direction(found: Uplift | None) -> int:
    """Of bounds that exclude nothing gained; 0: they do not."""
    return 0 if found is None else (found.low > 0.0) - (found.high < 0.0)


def missing(totals: ExperimentTotals) -> str:
    """Why nothing can be said yet."""
    held, others = sizes(totals)
    if min(held, others) < UNITS_MIN:
        return (
            f"{many(held, 'units')} held out and {others:,} that may get prompts, at least "
            f"{UNITS_MIN} of each are wanted"
        )
    return f"{held:,} held out and {others:,} not, and all have the same number of orders"


def on_both_sides(totals: ExperimentTotals) -> str:
    """An alarm, where too many units are on both sides: one keeps its side for life; else empty."""
    crossed, every = totals.crossed_units, sum(sizes(totals))
    if crossed <= BOTH_SIDES_MAX * every:
        return ""
    several = f"{crossed:,} of {many(every, 'units')}"
    return f"ALARM: {several} are on both sides, and a unit is to keep its side for life"


def cells(found: Uplift, digits: int | None = None) -> list[str]:
    """The figures of a row."""
    if digits is None:
        digits = 4 if abs(found.control) < 100 else 1  # noqa: PLR2004  # orders, and money
    return [
        f"{found.control:,.{digits}f}",
        f"{found.treated:,.{digits}f}",
        f"{found.difference:+,.{digits}f}",
        f"{found.low:+,.{digits}f} to {found.high:+,.{digits}f}",
        p_told(found.p),
        "-" if found.relative is None else f"{found.relative:+z.1%}",
    ]


def p_told(p: float) -> str:
    """A p-value for people, which is never nothing.

    >>> p_told(0.0125), p_told(2.5e-7)
    ('0.013', '< 0.001')
    """
    return f"{p:.3f}" if p >= P_TOLD_MIN else f"< {P_TOLD_MIN}"


def metrics_json(measured: Sequence[UpliftRow]) -> list[dict[str, Any]]:
    """The rows; of those with too little known the name alone."""
    return [{"metric": name} | ({} if row is None else row._asdict()) for name, row in measured]


def groups_json(told: Groups) -> dict[str, Any]:
    """The rows of each group, and how many units are of none of these."""
    by_name = [
        {
            told.by: group.name,
            "held_out": group.held_out,
            "prompted": group.prompted,
            "metrics": metrics_json(group.rows),
        }
        for group in told.groups
    ]
    return {"by": told.by, "told": by_name, "other_units": told.others}


def pace_of(totals: ExperimentTotals, needed: Power) -> list[str]:
    """Whether the pace is of less than a day, by which days are told that are needed."""
    days = (totals.seen.last_ms - totals.seen.first_ms) / DAY_MS
    return pace_alone(days) if needed.days_needed else []


def pace_alone(days: float) -> list[str]:
    """That a pace is of less than a day, where it is; 0: it was typed, or nobody knows.

    >>> pace_alone(5 / 1440), pace_alone(1.0), pace_alone(0.0)
    (['the pace is that of 5 min alone, and a whole day may have another one'], [], [])
    """
    if not 0.0 < days < 1.0:
        return []
    return [f"the pace is that of {span(days)} alone, and a whole day may have another one"]


def span(days: float) -> str:
    """Whole days, hours, minutes or seconds, of which there is more than one."""
    for unit, name in ((1.0, " days"), (1 / 24, " h"), (1 / 1440, " min")):
        if days >= 2.0 * unit:  # of one the next smaller unit says more
            return f"{days / unit:,.0f}{name}"
    return f"{days * 86_400:,.0f} s"
