"""What prompts are worth, for people and for programs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any, NamedTuple

from rich.console import Group as Stacked

from streams.cli.printable import many, printable
from streams.cli.tables import Listing
from streams.experiments.evidence.log_beginning import EMPTIED
from streams.experiments.uplift.figures import (
    HoldoutSample,
    Power,
    UpliftRow,
    explained,
    other_currencies,
    power,
    rows,
    sample,
    sizes,
)
from streams.experiments.uplift.groups import By, Groups, grouped
from streams.experiments.uplift.sides import ExperimentSeen
from streams.experiments.uplift.told_rows import (
    ADJUSTED,
    columns,
    for_people,
    group_table,
    groups_json,
    in_money,
    metrics_json,
    missing,
    on_both_sides,
    p_told,
    pace_of,
    unknown,
    unlisted,
)
from streams.experiments.uplift.units import ExperimentTotals

YEAR_DAYS = 365


class Findings(NamedTuple):
    """All that there is to tell."""

    totals: ExperimentTotals | None
    """None: there is no assignment."""
    others: Sequence[ExperimentSeen] = ()
    """The other experiments of the log."""
    log_begins_ms: int | None = None
    """Where the log begins, if it has forgotten what was before the experiment's units."""
    effect: float = 0.05
    """The effect of interest, as a part of what the held out do."""
    unmatched: int = 0
    """Returns of orders that nobody knows."""
    left_out: int = 0
    unreadable: int = 0
    by: By | None = None
    """What is to be told group by group, too."""

    @property
    def groups(self) -> Groups | None:
        """Group by group, where that was asked; raises `NotEnough` where no context was logged."""
        return grouped(self.totals, self.by) if self.by and self.totals else None

    @property
    def alarmed(self) -> bool:
        """Whether nothing follows: who is held out, or is prompted, is not as planned."""
        if self.totals is None:
            return False
        split = sample(self.totals)
        return split.crossed or split.alarm or bool(on_both_sides(self.totals))

    @property
    def refused(self) -> bool:
        """Whether there is no verdict, whatever the figures: of all units, nor of any group."""
        if self.totals is None or self.log_begins_ms is not None:
            return True
        return self.alarmed or sample(self.totals).planned_share >= 1.0


def report(found: Findings) -> Stacked:
    """For people: all units together, then group by group, where that was asked."""
    groups = found.groups
    by_group = [] if groups is None else [group_table(groups, refused=found.refused)]
    return Stacked(table(found), *by_group)


def table(found: Findings) -> Listing:
    """What all units did."""
    if found.totals is None:
        return Listing(*columns([]), title=sentence(found, []), notes=_lost(found))
    measured = rows(found.totals)
    title, notes = sentence(found, measured), _notes(found, measured)
    listing = Listing(*columns(measured), title=title, notes=notes)
    for metric, known in measured:
        if known is not None:
            listing.add(*for_people(metric, known))
    return listing


NOBODY = (
    "nobody has been assigned to an experiment, as far as the outcomes topic tells: is anybody "
    "held out (GOESWITH_HOLDOUT_SHARE)?"
)


def sentence(found: Findings, measured: Sequence[UpliftRow]) -> str:
    """What follows: whether prompts earn something, or that it is too early to say."""
    totals = found.totals
    if totals is None:
        return EMPTIED if found.log_begins_ms == 0 else NOBODY
    split, name = sample(totals), printable(totals.seen.id)
    if split.planned_share >= 1.0:
        return f"{name}: everybody is held out: nothing to compare with"
    if split.crossed:
        return (
            f"{name}: ALARM: {split.held_out_shown:,} of {split.held_out:,} held out were shown "
            "prompts, so nothing follows from this"
        )
    if split.alarm:
        return (
            f"{name}: sample ratio ALARM: too many or too few are held out, so nothing follows "
            "from this"
        )
    if both := on_both_sides(totals):
        return f"{name}: {both}, so nothing follows from this"
    metric, row = measured[0]
    if row is None:
        return f"{name}: too early to say what prompts bring of orders: {missing(totals)}"
    bounds = f"95 % at any look {row.low:+.4f} to {row.high:+.4f}"
    bounds += f", {ADJUSTED}" if row.adjusted else ""
    if found.log_begins_ms is not None:
        what = "no verdict, as the log has forgotten the start"
    elif row.low <= 0.0 <= row.high:
        what = f"too early to say what prompts bring of {metric}"
    else:
        what = f"prompts bring {'more' if row.low > 0.0 else 'fewer'} {metric}"
    said = f"{name}: {what}: {row.difference:+.4f} {metric} a unit ({bounds})"
    beside = [] if found.log_begins_ms is not None else in_money(measured)
    return "; ".join([said, *beside])


def _notes(found: Findings, measured: Sequence[UpliftRow]) -> list[str]:
    totals = found.totals
    if totals is None:
        return []
    _, row = measured[0]
    said = [] if row is None else _without_orders(totals, row.control, row.treated)
    said += [
        "a unit is a visitor, or a session without one; figures are net of what came back",
        *unknown(measured),
        *unlisted(other_currencies(totals)),
        *_of_the_split(totals, sample(totals), forgot=found.log_begins_ms is not None),
        *_from_before(totals, measured),
    ]
    if row is not None:
        needed = power(row, totals, found.effect)
        said += [_in_words(needed, found.effect, measured[0].metric), *pace_of(totals, needed)]
    if found.log_begins_ms is not None:
        said.append(
            f"the log begins {_day(found.log_begins_ms)} and has forgotten what was before: as it "
            "forgets units, bounds do not hold at every look. Keep them from the start (--keep "
            "FILE), or say when it was (GOESWITH_EXPERIMENT_START_S), or begin a new experiment"
        )
    return [*said, *_others(found), *_lost(found)]


def _without_orders(totals: ExperimentTotals, *rates: float) -> list[str]:
    """Where the bounds come from, when a side has not a single order."""
    names = ("held out", "prompted")
    return [
        f"none of {n:,} {name} has ordered: bounds leave room for 3 of them (the rule of three)"
        for n, name, rate in zip(sizes(totals), names, rates, strict=True)
        if rate == 0.0
    ]


NOBODYS = (
    "orders left out: of sessions that never asked or asked too late, whose visitor or shopper had "
    "not been assigned by then, or whose assignment the log has forgotten"
)
WIRED = "; does the page that tells them name the shop's visitor_id?"


def _of_the_split(totals: ExperimentTotals, split: HoldoutSample, *, forgot: bool) -> list[str]:
    held, others = sizes(totals)
    observed, planned = _share(split.observed_share), _share(split.planned_share)
    said = [
        f"{others:,} may get prompts, {held:,} are held out, since {_day(totals.seen.first_ms)}",
        f"held out: {observed} observed, {planned} planned, p {p_told(split.sample_ratio_p)}",
        (
            f"crossovers: {many(totals.crossed_shoppers, 'shoppers')} with units on both sides "
            f"(two devices), {many(totals.crossed_units, 'units')} on both sides, "
            f"{split.held_out_shown:,} held out were shown prompts"
        ),
    ]
    left_out = {
        "units left out: they were assigned before the start, and may have come back for it": (
            totals.units_before
        ),
        "orders left out: of units that were assigned before the start, or after the end": (
            totals.orders_outside
        ),
        "orders left out: of units whose assignment the log has forgotten": totals.orders_left_out,
        NOBODYS + ("" if forgot else WIRED): totals.orders_of_nobody,
    }
    return [*said, *(many(count, what) for what, count in left_out.items() if count)]


def _from_before(totals: ExperimentTotals, measured: Sequence[UpliftRow]) -> list[str]:
    known = explained(totals, measured)
    if known is None:
        return []
    part = f"{100 * max(0.0, known.part):.0f} %"
    said = f"{many(known.units, 'units')} had ordered before they were assigned: that explains "
    said += f"{part} of the noise of orders, and is taken off the difference, its bounds and p "
    return [f"{said}(CUPED); sides are shown as they were"]


def _in_words(needed: Power, effect: float, metric: str) -> str:
    """How small an effect would be seen."""
    said = f"smallest effect visible now: {needed.visible:.4f} {metric} a unit; "
    said += f"{100 * effect:.3g} % of what the held out do is {needed.effect:.4f}"
    days = needed.days_needed
    if days is None:
        return said
    if days > 10 * YEAR_DAYS:
        return f"{said}, visible in more than 10 years at this rate"
    left = many(ceil(days), "more days", "more day")
    return f"{said}, visible " + (f"in {left} at this rate" if days else "by now")


def _others(found: Findings) -> list[str]:
    if not found.others:
        return []
    named = ", ".join(f"{printable(o.id)} (since {_day(o.first_ms)})" for o in found.others)
    return [f"other experiments in the log (--experiment NAME): {named}"]


def _lost(found: Findings) -> list[str]:
    said = {
        "returns of orders that are not in the log": found.unmatched,
        "records left out: no room for more sessions or orders": found.left_out,
        "records unreadable": found.unreadable,
    }
    return [many(count, what) for what, count in said.items() if count]


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}".replace("%", " %")


def _day(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def as_values(found: Findings) -> dict[str, Any]:
    """For programs."""
    counted = {
        "unmatched": found.unmatched,
        "left_out": found.left_out,
        "unreadable": found.unreadable,
    }
    totals = found.totals
    if totals is None:
        nobody: dict[str, Any] = {"experiment": None, "held_out": 0, "prompted": 0, "metrics": []}
        alarms = ("sample_ratio_alarm", "held_out_shown_alarm", "both_sides_alarm")
        return nobody | dict.fromkeys(alarms, False) | counted
    split, measured, groups = sample(totals), rows(totals), found.groups
    first, known = measured[0].uplift, explained(totals, measured)
    return {
        "experiment": totals.seen.id,
        "since_ms": totals.seen.first_ms,
        "prompted": sizes(totals)[1],
        **split._asdict(),
        "sample_ratio_alarm": split.alarm,
        "held_out_shown_alarm": split.crossed,
        "crossovers": totals.crossed_shoppers,
        "crossed_units": totals.crossed_units,
        "both_sides_alarm": bool(on_both_sides(totals)),
        "orders_left_out": totals.orders_left_out,
        "orders_outside": totals.orders_outside,
        "orders_of_nobody": totals.orders_of_nobody,
        "units_before": totals.units_before,
        "currencies_left_out": other_currencies(totals),
        "log_begins_ms": found.log_begins_ms,
        "power": None if first is None else power(first, totals, found.effect)._asdict(),
        "others": [one._asdict() for one in found.others],
        **counted,
        "explained": None if known is None else known._asdict(),
        "metrics": metrics_json(measured),
        **({} if groups is None else {"groups": groups_json(groups)}),
    }
