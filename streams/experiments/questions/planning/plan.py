"""A plan: how many days until the question is decided, how surely, and how often wrongly."""

from collections.abc import Callable, Sequence
from math import ceil, sqrt
from typing import Any, NamedTuple

import numpy as np

from streams.cli.printable import many
from streams.experiments.questions.planning.rates import ArmRates, UnitRates
from streams.experiments.questions.planning.simulation import GoOn, PlayedExperiment, simulated
from streams.experiments.questions.words import METRICS
from streams.experiments.uplift.told_rows import pace_alone, span

REPETITIONS = 400
DAYS = 365
POWER = 0.8
SEED = 2026
SURE_Z = 1.96
"""A Monte Carlo error is told as the half width of an interval of 95 %."""
QUANTILES = (0.5, 0.8, 0.95)


class PlanAsked(NamedTuple):
    """What is to be planned."""

    metric: str
    least_effect: float
    """As a part of what the other side does."""
    power: float = POWER
    days: int = DAYS
    """Nobody looks for longer."""
    repetitions: int = REPETITIONS
    seed: int = SEED


class ExperimentPlan(NamedTuple):
    """What the simulation tells."""

    asked: PlanAsked
    rates: UnitRates | ArmRates
    repetitions: int
    """So many were played; fewer than were asked for where time was over."""
    power: float
    """Share that found the least effect by the last day."""
    power_error: float
    """Monte Carlo error of that."""
    quantiles: dict[float, float | None]
    """Days until that part of the experiments is decided; None: longer than anybody looks."""
    days: float | None
    """Until the power that was asked for is reached,"""
    days_between: tuple[float | None, float | None]
    """and between which, by the Monte Carlo error."""
    false_alarms: float
    """Share of experiments without any effect that found one, at any look."""
    false_error: float
    excluded_days: float | None
    """Without any effect: days until half of the experiments exclude the least one."""


def planned(
    asked: PlanAsked,
    rates: UnitRates | ArmRates,
    advance: Callable[[int], object] = lambda _: None,
    go_on: GoOn = lambda: True,
    go_on_without: GoOn = lambda: True,
) -> ExperimentPlan:
    """Play the experiment with the least effect, and without any.

    Both are asked now and then whether there is time left: for the one, and for the other.
    """
    rng, least = np.random.default_rng(asked.seed), asked.least_effect
    played = asked.days, asked.repetitions, rng, advance
    with_effect = simulated(rates, least, least, *played, go_on)
    without = simulated(rates, 0.0, least, *played, go_on_without)
    found = sorted(one.day for one in with_effect if one.decision == "more")
    power, false = (
        len(found) / len(with_effect),
        sum(one.decision in ("more", "less") for one in without) / len(without),
    )
    excluded = sorted(one.day for one in without if one.decision == "smaller")
    error = sqrt(asked.power * (1.0 - asked.power) / len(with_effect))
    quick, slow = (min(1.0, max(0.0, asked.power + by * SURE_Z * error)) for by in (-1.0, 1.0))
    number = len(with_effect)
    return ExperimentPlan(
        asked,
        rates,
        number,
        power,
        _error(power, number),
        {part: _day(found, part, number) for part in QUANTILES},
        _day(found, asked.power, number),
        (_day(found, quick, number), _day(found, slow, number)),
        false,
        _error(false, len(without)),
        _day(excluded, 0.5, len(without)),
    )


def plan_words(plan: ExperimentPlan) -> list[str]:
    """For people."""
    asked, rates = plan.asked, plan.rates
    metric, least = METRICS[asked.metric], f"{100 * asked.least_effect:.3g} %"
    days = {part: _days(day, asked.days) for part, day in plan.quantiles.items()}
    if plan.days is None:
        share = f"{100 * plan.power:.0f} % (± {100 * plan.power_error:.0f})"
        lead = (
            f"a power of {100 * asked.power:.3g} % is not reached in {asked.days:,} days: {share}"
        )
    else:
        fast, slow = (_days(day, asked.days) for day in plan.days_between)
        lead = f"{_days(plan.days, asked.days)} for a power of {100 * asked.power:.3g} % "
        lead += f"({fast} to {slow} by the Monte Carlo error)"
    who = "prompts bring" if isinstance(rates, UnitRates) else "the first arm earns"
    decided = ", ".join(f"{100 * part:.0f} % after {day}" for part, day in days.items())
    false = f"{100 * plan.false_alarms:.1f} % (± {100 * plan.false_error:.1f})"
    excluded = _days(plan.excluded_days, asked.days)
    how = f"{many(plan.repetitions, 'experiments')} of either kind simulated, seed {asked.seed}"
    said = [
        f"if {who} {least} more {metric}: {lead}",
        f"decided, of such experiments: {decided}",
        f"without any effect {false} find one all the same, at any look",
        f"without any effect half of them exclude {least} after {excluded}",
        rates_words(rates),
        f"{how}, by the bounds of the verdict, which hold at every look",
    ]
    said += [f"{alone}: say --units-per-day" for alone in pace_alone(rates.days)]
    if plan.repetitions < asked.repetitions:
        said.append(f"time was over before {asked.repetitions:,} were played")
    return said


def rates_words(rates: UnitRates | ArmRates) -> str:
    """What was drawn from."""
    if isinstance(rates, UnitRates):
        source = f"as {rates.units:,} units did" if rates.units else "as was typed"
        return (
            f"{_pace(rates.units_per_day, rates.days)} new units a day, "
            f"{100 * rates.share:.3g} % held out, {rates.mean:.4g} a unit without prompts, {source}"
        )
    source = f"as {rates.observed:,} impressions did" if rates.observed else "as was typed"
    first, second = (f"{100 * p:.3g} %" for p in rates.propensities)
    return (
        f"{_pace(rates.per_day, rates.days)} impressions a day with both arms on offer, drawn "
        f"{first} and {second} (harmonic means), {rates.mean:.4g} an impression of the second, "
        f"{source}"
    )


def _pace(per_day: float, days: float) -> str:
    """To four digits, never by powers of ten; with the span that it rests on.

    >>> _pace(407_123.0, 5 / 1440), _pace(5_000.0, 0.0), _pace(12.345, 41.2)
    ('407,100 (as of 5 min)', '5,000', '12.35 (as of 41 days)')
    """
    said = f"{float(f'{per_day:.4g}'):,.12g}"
    return f"{said} (as of {span(days)})" if days else said


def plan_json(plan: ExperimentPlan) -> dict[str, Any]:
    """For programs: `quantiles` of days by the part of experiments that are decided."""
    rates = plan.rates
    told = {"mean": rates.mean, "days": rates.days}
    if isinstance(rates, UnitRates):
        told |= {"units_per_day": rates.units_per_day, "share": rates.share, "units": rates.units}
    else:
        first, second = rates.propensities
        told |= {"impressions_per_day": rates.per_day, "propensity": first, "other": second}
    return plan.asked._asdict() | {
        "power_asked": plan.asked.power,
        "power": plan.power,
        "power_error": plan.power_error,
        "repetitions": plan.repetitions,
        "quantiles": {str(part): day for part, day in plan.quantiles.items()},
        "days": plan.days,
        "days_between": list(plan.days_between),
        "days_max": plan.asked.days,
        "false_alarms": plan.false_alarms,
        "false_alarms_error": plan.false_error,
        "excluded_days": plan.excluded_days,
        "rates": told,
    }


def _day(found: Sequence[float], part: float, number: int) -> float | None:
    """The day by which so large a part of all is among those found; None: it never is."""
    at = max(1, ceil(part * number - 1e-9))
    return found[at - 1] if at <= len(found) else None


def _error(share: float, number: int) -> float:
    """Half the width of the interval of a share, by Agresti and Coull: never nothing."""
    counted = number + SURE_Z**2
    middle = (share * number + SURE_Z**2 / 2.0) / counted
    return SURE_Z * sqrt(middle * (1.0 - middle) / counted)


def _days(day: float | None, most: int) -> str:
    return f"more than {most:,} days" if day is None else many(int(day), "days", "day")


def decided_by_day(played: Sequence[PlayedExperiment], day: float) -> float:
    """The share of experiments that had found the effect by then.

    >>> decided_by_day([PlayedExperiment("more", 3.0), PlayedExperiment("open", 9.0)], 3.0)
    0.5
    """
    return sum(one.decision == "more" and one.day <= day for one in played) / len(played)
