"""What the page of experiments tells, as files for spreadsheets and notebooks."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from streams.experiments.table_files import (
    ARMS,
    UPLIFT,
    Columns,
    as_csv,
    as_parquet,
    flat,
    parquet_there,
    with_unit,
)
from streams.operations.console.pages.rendering import Console, Here

router = APIRouter()


@router.get("/experiments/arms.csv")
async def arms_csv(here: Here) -> Response:
    """The estimates of arms, a row each; intervals hold at every look."""
    return _csv("arms", arm_rows(here), ARMS)


@router.get("/experiments/uplift.csv")
async def uplift_csv(here: Here) -> Response:
    """What prompts are worth by metric, a row each; money is in minor units."""
    return _csv("uplift", uplift_rows(here), UPLIFT)


@router.get("/experiments/arms.parquet")
async def arms_parquet(here: Here) -> Response:
    """The estimates of arms, with typed columns; 404 where pyarrow is not installed."""
    return _parquet("arms", arm_rows(here), ARMS)


@router.get("/experiments/uplift.parquet")
async def uplift_parquet(here: Here) -> Response:
    """What prompts are worth, with typed columns."""
    return _parquet("uplift", uplift_rows(here), UPLIFT)


def arm_rows(here: Console) -> list[dict[str, Any]]:
    """What is known of arms; nothing before anything was read."""
    seen = here.sources.outcomes.reading.value
    return [] if seen is None else [flat(row) for row in seen.arms.values["evidence"]["arms"]]


def uplift_rows(here: Console) -> list[dict[str, Any]]:
    """What is known of the holdout."""
    seen = here.sources.outcomes.reading.value
    return [] if seen is None else [with_unit(row) for row in seen.uplift.values["metrics"]]


def _csv(name: str, rows: Sequence[dict[str, Any]], columns: Columns) -> Response:
    return _file(f"{name}.csv", as_csv(rows, columns).encode(), "text/csv; charset=utf-8")


def _parquet(name: str, rows: Sequence[dict[str, Any]], columns: Columns) -> Response:
    if not parquet_there():
        raise HTTPException(404, "Parquet needs the extra parquet, which is not installed here")
    written = as_parquet(rows, columns)
    return _file(f"{name}.parquet", written, "application/vnd.apache.parquet")


def _file(name: str, written: bytes, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="goeswith-{name}"'}
    return Response(written, media_type=media_type, headers=headers)
