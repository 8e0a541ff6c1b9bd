"""Claims of a benchmark: a value, what it may be, and whether that holds."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from rich.table import Table

from streams.cli.live import show
from streams.lab.bench.figures import results

Claim = dict[str, Any]
"""`value`, `bound` (None: only for comparison) and whether it `holds`."""


def claim(
    value: float | None, bound: float | list[float] | None = None, holds: bool | None = None
) -> Claim:
    """A claim; unless it is said otherwise it holds when the value is at most the bound.

    >>> claim(0.02, 0.05)["holds"], claim(0.06, 0.05)["holds"], claim(0.3)["holds"]
    (True, False, True)
    """
    if holds is None:
        holds = bound is None or (value is not None and value <= np.max(bound))
    return {"value": value, "bound": bound, "holds": bool(holds)}


def show_claims(labels: Mapping[str, str], found: Mapping[str, Claim]) -> None:
    """For people."""
    table = Table("", "value", "bound", "holds")
    for name, one in found.items():
        table.add_row(*_cells(labels[name], one))
    show(table)


def claims_section(labels: Mapping[str, str], found: Mapping[str, Claim]) -> Iterator[str]:
    """The table in RESULTS.md."""
    rows = [_cells(labels[name], one) for name, one in found.items()]
    yield from results.table(["", "value", "bound", "holds"], rows)


def _cells(label: str, one: Claim) -> tuple[str, str, str, str]:
    value, bound = one["value"], one["bound"]
    shown = "no data" if value is None else f"{value:.5f}"
    limit = "" if bound is None else " .. ".join(f"{b:g}" for b in np.atleast_1d(bound))
    return label, shown, limit, "" if bound is None else ("yes" if one["holds"] else "NO")
