"""Rows of uplift, of all units or group by group: for people and for programs."""

from collections.abc import Sequence
from typing import Any

from streams.cli.printable import printable
from streams.cli.tables import Listing
from streams.experiments.uplift.figures import UpliftRow
from streams.experiments.uplift.groups import Groups

COLUMNS = ("a unit's", "held out", "prompted", "more", "95 % at\nany look", "p", "relative")


def group_table(told: Groups) -> Listing:
    """What units of each group did, those of most units first."""
    notes = [
        f"a unit's {told.by} is that of what it asked first; bounds of all groups hold together",
        *([f"{told.others:,} units of other groups, or of none that is told"] * (told.others > 0)),
    ]
    columns = (told.by, *COLUMNS)
    listing = Listing(*columns, title=f"by {told.by}", notes=notes, words=COLUMNS[:1])
    for group in told.groups:
        for row in group.rows:
            listing.add(printable(group.name), printable(row.metric), *cells(row))
    return listing


def cells(row: UpliftRow) -> list[str]:
    """The figures of a row; lines where too little is known."""
    found = row.uplift
    if found is None:
        return [*"------"]
    digits = 4 if abs(found.control) < 100 else 1  # noqa: PLR2004  # orders, and money
    return [
        f"{found.control:,.{digits}f}",
        f"{found.treated:,.{digits}f}",
        f"{found.difference:+,.{digits}f}",
        f"{found.low:+,.{digits}f} to {found.high:+,.{digits}f}",
        f"{found.p:.3f}",
        "-" if found.relative is None else f"{found.relative:+.1%}",
    ]


def metrics_json(measured: Sequence[UpliftRow]) -> list[dict[str, Any]]:
    """The rows; of those with too little known the name alone."""
    return [{"metric": name} | ({} if row is None else row._asdict()) for name, row in measured]


def groups_json(told: Groups) -> dict[str, Any]:
    """The rows of each group, and how many units are of none of these."""
    by_name = [
        {
            told.by: group.name,
            "held_out": group.held_out,
            "prompted": group.prompted,
            "metrics": metrics_json(group.rows),
        }
        for group in told.groups
    ]
    return {"by": told.by, "told": by_name, "other_units": told.others}
