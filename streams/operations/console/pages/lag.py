"""`/lag`: how far the workers are behind, by partition, and what is to be thought of it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from streams.operations.console.charts.sparkline import sparkline
from streams.operations.console.pages.rendering import Here, notices, rendered
from streams.operations.console.pages.wellness import MEANS
from streams.operations.console.watching.lag import LagSeen
from streams.operations.console.watching.workers import WorkerSeen
from streams.operations.lag.figures import PartitionLag

router = APIRouter()
HOT_TIMES = 3.0
"""A partition that gets so many times its share is hot."""
HOT_PER_S = 5.0


class LagRow(NamedTuple):
    """A partition, as a row."""

    lag: PartitionLag
    owner: str
    spark: Markup
    word: str
    """The class of its status."""
    means: str


@router.get("/lag")
async def lag(request: Request, here: Here) -> Response:
    """The page of lag."""
    source = here.sources.lag
    seen = source.reading.value
    return rendered(
        request,
        "lag.html",
        seen=seen,
        rows=() if seen is None else rows(seen, owners(here.sources.workers.reading.value or ())),
        idle=() if seen is None else [m.name for m in seen.lag.members or () if not m.partitions],
        hot=None if seen is None else hot(seen),
        at_s=source.reading.at_s,
        notices=notices(here, source),
    )


@router.get("/api/lag")
async def lag_json(here: Here) -> dict[str, Any]:
    """As `goeswith lag --json`; `trouble` where it cannot be read."""
    reading = here.sources.lag.reading
    said = {} if reading.value is None else json.loads(reading.value.lag.as_json())
    return said | {"at_s": reading.at_s, "trouble": reading.trouble}


def owners(workers: Iterable[WorkerSeen]) -> dict[int, str]:
    """Who answers for a partition, by the workers' own word; of several, the first."""
    found: dict[int, str] = {}
    for worker in workers:
        for partition in () if worker.state is None else worker.state.assigned:
            found.setdefault(partition, worker.name)
    return found


def rows(seen: LagSeen, told: Mapping[int, str]) -> list[LagRow]:
    """The partitions, in order; `told` are owners, for brokers that tell none."""
    known = seen.lag.members is not None
    return [
        LagRow(
            one,
            one.owner or ("nobody" if known else told.get(one.partition, "not told")),
            sparkline(seen.trails.get(one.partition, ()), f"events that waited: {one.partition}"),
            _word(one),
            MEANS[one.status][0] if one.status in MEANS else "",
        )
        for one in seen.lag.partitions
    ]


def hot(seen: LagSeen) -> PartitionLag | None:
    """The partition that gets far more than its share of the events; None: there is none."""
    arriving = [one for one in seen.lag.partitions if one.arrived_per_s is not None]
    if len(arriving) < HOT_TIMES + 1:
        return None
    most = max(arriving, key=lambda one: one.arrived_per_s or 0.0)
    mean = sum(one.arrived_per_s or 0.0 for one in arriving) / len(arriving)
    rate = most.arrived_per_s or 0.0
    return most if rate > HOT_TIMES * mean and rate > HOT_PER_S else None


def _word(one: PartitionLag) -> str:
    if one.status is None:
        return "unknown"
    return {"OK": "well", "WARN": "warn", "REWIND": "warn"}.get(one.status, "bad")
