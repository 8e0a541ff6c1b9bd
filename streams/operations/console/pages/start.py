"""`/`: is all well, and where to look next."""

from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from streams.operations.console.pages.experiments.page import verdict
from streams.operations.console.pages.rendering import Console, Here, notices, rendered
from streams.operations.console.pages.wellness import wellness
from streams.operations.console.pages.words import count, rate, span

router = APIRouter()


class Tile(NamedTuple):
    """A figure of the first page."""

    name: str
    value: str
    more: str
    href: str


@router.get("/")
async def start(request: Request, here: Here) -> Response:
    """The first page."""
    sources = here.sources
    outcomes = sources.outcomes.reading.value
    return rendered(
        request,
        "start.html",
        well=wellness(here),
        tiles=tiles(here),
        verdict=None if outcomes is None else verdict(outcomes.arms),
        uplift=None if outcomes is None else outcomes.uplift.table.title,
        read_share=None if outcomes is None else outcomes.read_share,
        workers=sources.workers.reading.value or (),
        notices=notices(here, *sources.of_kafka, sources.workers),
    )


@router.get("/api/start")
async def start_json(here: Here) -> dict[str, Any]:
    """The sentence and its reasons, for programs."""
    well = wellness(here)
    return {
        "state": well.word,
        "sentence": well.sentence,
        "concerns": [concern._asdict() for concern in well.concerns],
    }


def tiles(here: Console) -> list[Tile]:
    """The figures of the first page."""
    sources = here.sources
    lag, prompts = sources.lag.reading.value, sources.prompts.reading.value
    waiting = None if lag is None else lag.lag.lag_events
    oldest = None if lag is None else lag.lag.lag_s_max
    p99 = latency_ms(here)
    return [
        Tile("oldest event waits", span(oldest), f"{count(waiting)} events wait", "/lag"),
        Tile("events/s", rate(None if lag is None else lag.arrived_per_s), "arrive", "/lag"),
        Tile("prompts/s", rate(None if prompts is None else prompts.per_s), "sent", "/prompts"),
        Tile(
            "event to prompt",
            "-" if p99 is None else f"under {p99:,g} ms",
            "for 99 of 100" if here.settings.worker_pages else "name the workers' pages",
            "/operations",
        ),
    ]


def latency_ms(here: Console) -> float | None:
    """The longest p99 of a worker from event to prompt, since it started; None: nobody tells."""
    told = [
        worker.state.telemetry.delivered_ms.p99_ms_max
        for worker in here.sources.workers.reading.value or ()
        if worker.state is not None
    ]
    return max((ms for ms in told if ms is not None), default=None)
