"""What is told of arms and of the holdout: tables, verdicts, figures; made once for all pages."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from streams.cli.tables import Listing
from streams.contract.events.reference.declared import UnitMetric
from streams.experiments.arm_estimates import ArmEstimate
from streams.experiments.questions.answer import EffectBounds, with_parts
from streams.experiments.questions.compared_sides import UnitsCompared
from streams.experiments.questions.planning.observing import rates_of_totals
from streams.experiments.questions.planning.rates import UnitRates
from streams.experiments.uplift.figures import (
    HoldoutSample,
    SideUnits,
    main_currency,
    metrics,
    sample,
    sizes,
    uplift_of,
)
from streams.experiments.uplift.tables import Findings, as_values, table
from streams.experiments.uplift.units import ExperimentTotals
from streams.operations.console.watching.experiments.course import Point


class ArmsTold(NamedTuple):
    """What there is to tell of arms."""

    evidence: Listing
    """The table of `goeswith arms`, with its verdict as the title."""
    board: Listing
    """What happened so far."""
    rows: Sequence[ArmEstimate]
    course: Sequence[Point]
    against: str
    values: dict[str, Any]
    """As `goeswith arms --json`."""


class UpliftTold(NamedTuple):
    """What there is to tell of the holdout."""

    table: Listing
    """The table of `goeswith uplift`, with its verdict as the title."""
    alarmed: bool
    """Whether nothing follows: the split is not as planned, or the held out were shown prompts."""
    refused: bool
    """Whether there is no verdict, whatever the figures: their bounds need not hold."""
    split: HoldoutSample | None
    """None: nobody has been assigned."""
    sides: tuple[int, int]
    """How many are held out, and how many may get prompts."""
    bounds: Mapping[str, EffectBounds]
    """By metric of which enough is known, with its parts of what the held out do."""
    values: dict[str, Any]
    """As `goeswith uplift --json`."""


def unit_rates(totals: ExperimentTotals | None) -> dict[str, UnitRates]:
    """By metric what units do without prompts, as far as that is known: to plan by."""
    if totals is None:
        return {}
    asked: dict[UnitMetric, str] = {"orders": "", "items": "", "returned": ""}
    if (currency := main_currency(totals.held_out)) is not None:
        asked |= {"revenue": currency, "margin": currency}
    share = totals.seen.share
    found = {name: rates_of_totals(totals, name, code, share) for name, code in asked.items()}
    return {name: rates for name, rates in found.items() if rates is not None}


def uplift_told(found: Findings) -> UpliftTold:
    """What follows from the findings."""
    totals = found.totals
    return UpliftTold(
        table(found),
        found.alarmed,
        found.refused,
        None if totals is None else sample(totals),
        (0, 0) if totals is None else sizes(totals),
        {} if totals is None else bounds_of(totals),
        as_values(found),
    )


def bounds_of(totals: ExperimentTotals) -> dict[str, EffectBounds]:
    """By metric what those who may get prompts do more; left out where too little is known.

    As parts of what the held out do just where the table has per cent (`Uplift.relative`).
    """
    held_out, may_get = SideUnits(totals.held_out), SideUnits(totals.may_get)
    compared = {
        name: UnitsCompared(held_out.sums(of), may_get.sums(of))
        for name, of in metrics(totals).items()
    }
    found = {name: _bounds(one) for name, one in compared.items()}
    return {name: bounds for name, bounds in found.items() if bounds is not None}


def _bounds(compared: UnitsCompared) -> EffectBounds | None:
    """With parts that the table tells, too.

    The held out may be told apart from nothing by orders of their own, and not by the noise that
    they take from the other side: then bounds of parts have an end, thousands of per cent away.
    """
    plain = uplift_of(*compared)
    in_parts = plain is not None and plain.relative is not None
    return with_parts(compared) if in_parts else compared.effect()
