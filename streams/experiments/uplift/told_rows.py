"""Rows of uplift, of all units or group by group: for people and for programs."""

from collections.abc import Sequence
from typing import Any

from streams.cli.printable import printable
from streams.cli.tables import Listing
from streams.experiments.uplift.figures import UpliftRow
from streams.experiments.uplift.groups import Groups

COLUMNS = ("a unit's", "held out", "prompted", "more", "95 % at\nany look", "p", "relative")


def group_table(told: Groups, *, refused: bool = False) -> Listing:
    """What units of each group did, those of most units first; `refused`: nothing follows."""
    notes = [
        f"a unit's {told.by} is that of what it asked first; bounds of all groups hold together",
        *([f"{told.others:,} units of other groups, or of none that is told"] * (told.others > 0)),
    ]
    title = f"by {told.by}: no verdict, see above" if refused else group_sentence(told)
    listing = Listing(*COLUMNS, title=title, notes=notes)
    for group in told.groups:
        for row in group.rows:
            listing.add(f"{printable(group.name)}: {printable(row.metric)}", *cells(row))
    return listing


def group_sentence(told: Groups) -> str:
    """What follows: where prompts earn more orders, or fewer, and where it is too early to say.

    >>> from models.evaluation.uplift import Uplift
    >>> from streams.experiments.uplift.groups import Group
    >>> sells = UpliftRow("orders", Uplift(0.5, 0.7, 0.2, 0.02, 0.1, 0.3, 0.01, 0.4))
    >>> group_sentence(Groups("segment", [Group("club", 90, 99, [sells]), Group("new", 1, 2, [
    ...     UpliftRow("orders", None)])], 0))
    'by segment: more orders in club; too early to say in new'
    """
    said: dict[str, list[str]] = {}
    for group in told.groups:
        metric, found = group.rows[0]
        if found is None or found.low <= 0.0 <= found.high:
            what = "too early to say"
        else:
            what = f"{'more' if found.low > 0.0 else 'fewer'} {metric}"
        said.setdefault(what, []).append(printable(group.name))
    order = sorted(said, key=lambda what: (what.startswith("too"), what.startswith("fewer")))
    return f"by {told.by}: " + "; ".join(f"{what} in {', '.join(said[what])}" for what in order)


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
