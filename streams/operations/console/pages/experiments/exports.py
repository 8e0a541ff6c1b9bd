"""What the page of experiments tells, as files for spreadsheets and notebooks."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response

from streams.operations.console.pages.rendering import Here

router = APIRouter()
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the begin of a cell."""


@router.get("/experiments/arms.csv")
async def arms_csv(here: Here) -> Response:
    """The estimates of arms, a row each; intervals hold at every look."""
    seen = here.sources.outcomes.reading.value
    rows = [] if seen is None else seen.arms.values["evidence"]["arms"]
    return _csv("arms", [_flat(row) for row in rows])


@router.get("/experiments/uplift.csv")
async def uplift_csv(here: Here) -> Response:
    """What prompts are worth by metric, a row each; money is in minor units."""
    seen = here.sources.outcomes.reading.value
    rows = [] if seen is None else seen.uplift.values["metrics"]
    return _csv("uplift", [_flat(row) for row in rows])


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the parts of its intervals as columns."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= {f"{name}_{part}": figure for part, figure in value.items()}
        else:
            found[name] = value
    return found


def _csv(name: str, rows: Sequence[Mapping[str, Any]]) -> Response:
    """The rows as a file; text that a spreadsheet would run begins with an apostrophe."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    headers = {"Content-Disposition": f'attachment; filename="goeswith-{name}.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
