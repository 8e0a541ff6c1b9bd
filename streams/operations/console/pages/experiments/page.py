"""`/experiments`: which arm is best, what prompts are worth, or that it is too early to say."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from streams.experiments.arm_estimates import ArmEstimate
from streams.experiments.questions.answer import EffectBounds
from streams.experiments.questions.words import question_json
from streams.experiments.table_files import parquet_there
from streams.experiments.uplift.figures import MINOR_UNITS
from streams.operations.console.charts.course import SERIES_MAX, BandPoint, course
from streams.operations.console.charts.intervals import Band, beyond, intervals
from streams.operations.console.pages.experiments import controls, declared
from streams.operations.console.pages.rendering import Here, cells, notices, rendered
from streams.operations.console.pages.words import percent, sentence, visible
from streams.operations.console.watching.experiments.course import Point
from streams.operations.console.watching.experiments.outcomes import OutcomesSeen
from streams.operations.console.watching.experiments.told import ArmsTold, UpliftTold

router = APIRouter()
BANDS_MAX = 12
LED_BY = "orders"
"""The verdict's metric, for which the chart of uplift is drawn."""


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
    asked: dict[str, Any] = {"questions": [question_json(one) for one in declared.asked_of(here)]}
    asked["controls"] = controls.told(here)
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
    seen_lines = {visible(arm): points for arm, points in lines.items()}
    colours = {arm: number for number, arm in enumerate(lines)}
    bounds = {} if uplift.refused else uplift.bounds
    bands = uplift_bands(bounds)
    return {
        "evidence": cells(arms.evidence),
        "board": cells(arms.board),
        "uplift": cells(uplift.table),
        "alarm": banner(uplift),
        "verdict": _begun(verdict(arms), {row.arm for row in arms.rows}),
        "arms_chart": intervals(
            arm_bands(arms.rows, colours), "reward of an impression, with its bounds"
        ),
        "course_chart": course(
            seen_lines, "reward of an impression", "impressions that are settled"
        ),
        "arm_names": [*lines][:SERIES_MAX],
        "uplift_chart": intervals(bands, "per cent more", zero=True, led_by=LED_BY),
        "beyond": beyond(bands, LED_BY),
        "undrawn": undrawn(bounds),
    }


def verdict(arms: ArmsTold) -> str:
    """Which arm is best, or that it is too early to say."""
    return arms.evidence.title.removeprefix("Evidence: ")


def _begun(said: str, arms: Collection[str]) -> str:
    """With a capital, unless it begins with an arm's name."""
    return said if said.partition(" ")[0] in arms else sentence(said)


def arm_bands(rows: Sequence[ArmEstimate], colours: Mapping[str, int]) -> list[Band]:
    """The estimates of arms, as far as there are any; an arm has one colour in all charts."""
    known = ((row.arm, row.estimate) for row in rows if row.estimate is not None)
    bands = [
        Band(visible(arm), one.value, one.low, one.high, colours.get(arm, 0)) for arm, one in known
    ]
    return bands[:BANDS_MAX]


def uplift_bands(bounds: Mapping[str, EffectBounds]) -> list[Band]:
    """How much more those do who may get prompts, in per cent of what the held out do.

    By Fieller's bounds, which know the errors of both sides: see
    `streams.experiments.questions.answer.with_parts`. Where there are none there is no band.

    >>> known = EffectBounds(0.2, 0.1, 0.05, 0.15, low_part=0.2, high_part=0.9)
    >>> uplift_bands({"orders": known, "items": EffectBounds(0.01, 0.1, 0.05, 0.15)})
    [Band(name='orders', value=50.0, low=20.0, high=90.0, colour=0)]
    """
    drawn: list[Band] = []
    for metric, one in bounds.items():
        if (parts := one.parts()) is not None:
            value, low, high = (100.0 * part for part in parts)
            drawn.append(Band(_short(metric), value, low, high, len(drawn)))
    return drawn[:BANDS_MAX]


def undrawn(bounds: Mapping[str, EffectBounds]) -> list[str]:
    """The metrics of which there is no band, though something is known of them."""
    return [_short(metric) for metric, one in bounds.items() if one.parts() is None]


def _short(metric: str) -> str:
    return metric.replace(MINOR_UNITS, "")


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
    >>> told = UpliftTold(Listing("x"), True, True, split, (200, 800), {}, {})
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
