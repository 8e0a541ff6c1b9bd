"""`/experiments`: which arm is best, what prompts are worth, or that it is too early to say."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from streams.experiments.arm_estimates import ArmEstimate
from streams.experiments.questions.words import question_json
from streams.experiments.table_files import parquet_there
from streams.experiments.uplift.figures import MINOR_UNITS, UpliftRow
from streams.operations.console.charts.course import SERIES_MAX, BandPoint, course
from streams.operations.console.charts.intervals import Band, intervals
from streams.operations.console.pages.experiments import controls, declared
from streams.operations.console.pages.rendering import Here, cells, notices, rendered
from streams.operations.console.pages.words import percent
from streams.operations.console.watching.experiments.course import Point
from streams.operations.console.watching.experiments.outcomes import OutcomesSeen
from streams.operations.console.watching.experiments.told import ArmsTold, UpliftTold

router = APIRouter()
BANDS_MAX = 12


@router.get("/experiments")
async def experiments(request: Request, here: Here) -> Response:
    """The page of experiments."""
    source = here.sources.outcomes
    seen = source.reading.value
    told: dict[str, Any] = {} if seen is None else shown(seen)
    return rendered(
        request,
        "experiments.html",
        seen=seen,
        at_s=source.reading.at_s,
        notices=notices(here, source),
        parquet=parquet_there(),
        **controls.shown(here, request),
        **declared.shown(here),
        **({"evidence": None} | told),
    )


@router.get("/api/experiments")
async def experiments_json(here: Here) -> dict[str, Any]:
    """As `goeswith arms`, `uplift` and `experiment` with `--json`; `trouble`: what is wrong."""
    reading = here.sources.outcomes.reading
    asked = {"questions": [question_json(one) for one in declared.asked_of(here)]}
    if reading.value is None:
        nothing = {"arms": None, "uplift": None, "read_share": 0.0, "trouble": reading.trouble}
        return nothing | asked
    return asked | {
        "arms": reading.value.arms.values,
        "uplift": reading.value.uplift.values,
        "read_share": reading.value.read_share,
        "trouble": reading.trouble,
    }


def shown(seen: OutcomesSeen) -> dict[str, Any]:
    """The tables and charts of what is known."""
    arms, uplift = seen.arms, seen.uplift
    lines = series(arms.course)
    colours = {arm: number for number, arm in enumerate(lines)}
    told = [] if uplift.refused else uplift_bands(uplift.rows)
    return {
        "evidence": cells(arms.evidence),
        "board": cells(arms.board),
        "uplift": cells(uplift.table),
        "alarm": banner(uplift),
        "verdict": verdict(arms),
        "arms_chart": intervals(
            arm_bands(arms.rows, colours), "reward of an impression, with its bounds"
        ),
        "course_chart": course(lines, "reward of an impression", "impressions that are settled"),
        "arm_names": [*lines][:SERIES_MAX],
        "uplift_chart": intervals(told, "per cent more", zero=True),
    }


def verdict(arms: ArmsTold) -> str:
    """Which arm is best, or that it is too early to say."""
    return arms.evidence.title.removeprefix("Evidence: ")


def arm_bands(rows: Sequence[ArmEstimate], colours: Mapping[str, int]) -> list[Band]:
    """The estimates of arms, as far as there are any; an arm has one colour in all charts."""
    known = ((row.arm, row.estimate) for row in rows if row.estimate is not None)
    bands = [Band(arm, one.value, one.low, one.high, colours.get(arm, 0)) for arm, one in known]
    return bands[:BANDS_MAX]


def uplift_bands(rows: Sequence[UpliftRow]) -> list[Band]:
    """How much more those do who may get prompts, in per cent of what the held out do."""
    found: list[Band] = []
    for metric, row in rows:
        if row is not None and row.control:
            bounds = row.difference, row.low, row.high
            value, low, high = (100.0 * part / row.control for part in bounds)
            found.append(Band(metric.replace(MINOR_UNITS, ""), value, low, high, len(found)))
    return found[:BANDS_MAX]


def series(points: Sequence[Point]) -> dict[str, list[BandPoint]]:
    """By arm what was known of it, by name: an arm keeps its colour."""
    found: dict[str, list[BandPoint]] = {}
    for point in points:
        for arm, (value, low, high) in point.estimates.items():
            found.setdefault(arm, []).append(BandPoint(point.settled, value, low, high))
    return dict(sorted(found.items()))


def banner(uplift: UpliftTold) -> str:
    """What is wrong with who is held out; empty where nothing is.

    >>> from streams.cli.tables import Listing
    >>> from streams.experiments.uplift.figures import HoldoutSample
    >>> split = HoldoutSample(0.05, 0.2, 1e-9, held_out_shown=0, held_out=200)
    >>> told = UpliftTold(Listing("x"), True, True, split, (200, 800), (), {})
    >>> banner(told)[:61]
    '200 of 1,000 units are held out (20 %), and 5 % were planned:'
    """
    split, (held, others) = uplift.split, uplift.sides
    if split is None or not uplift.alarmed:
        return ""
    if split.crossed:
        return (
            f"{split.held_out_shown:,} of {held:,} units that are held out were shown prompts: "
            "nothing follows from this experiment"
        )
    shares = percent(split.observed_share), percent(split.planned_share)
    return (
        f"{held:,} of {held + others:,} units are held out ({shares[0]}), and {shares[1]} were "
        "planned: something but the draw decides who is, so nothing follows from this experiment"
    )
