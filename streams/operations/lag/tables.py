"""Consumer lag for people: a table, and a line where nothing can be redrawn."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from streams.cli.printable import many, printable
from streams.operations.lag.figures import LOOK_FIRST, GroupLag
from streams.operations.lag.status import STATUSES

NO_GROUP = "no such group"
NOBODY = "nobody is in it, and it has committed nothing: is the name right (--group)?"


def lag_report(lag: GroupLag) -> RenderableType:
    """The report for people; after several looks with a second table, of how it goes on."""
    table = lag_table(lag)
    seen_before = any(one.arrived_per_s is not None for one in lag.partitions)
    return Group(table, trend_table(lag)) if seen_before else table


def trend_table(lag: GroupLag) -> Table:
    """Status, rates, time to catch up, and how much of what the log holds waits."""
    table = Table()
    table.add_column("partition", justify="right")
    table.add_column("status")
    table.add_column("arrive/s", justify="right")
    table.add_column("answered/s", justify="right")
    table.add_column("caught up in s", justify="right")
    table.add_column("of retention", justify="right")
    for one in lag.partitions:
        table.add_row(
            str(one.partition),
            one.status or "?",
            _number(one.arrived_per_s),
            _number(one.answered_per_s),
            _number(one.catch_up_s),
            f"{one.retention_share:.0%}",
            style="" if one.status in ("OK", None) else "yellow",
        )
    return table


def _number(number: float | None) -> str:
    return "?" if number is None else f"{number:,.1f}"


def lag_table(lag: GroupLag) -> Table:
    """Where each partition stands, and who answers for it."""
    state = lag.status if lag.exists else NO_GROUP
    title = f"{lag.group} on {lag.topic}" + (f": {state}" if state else "")
    table = Table(
        title=Text(printable(title)),
        caption=_caption(lag),
        caption_justify="left",
        show_footer=True,
    )
    table.add_column("partition", footer="all", justify="right")
    table.add_column("end", justify="right")
    table.add_column("committed", justify="right")
    table.add_column("lag events", footer=f"{lag.lag_events:,}", justify="right")
    table.add_column("lag s", footer=_seconds(lag.lag_s_max), justify="right")
    table.add_column("owner", overflow="fold")
    for one in lag.partitions:
        none = "no commit" if one.lag_events else "nothing yet"
        committed = none if one.committed is None else f"{one.committed:,}"
        nobody = one.owner is None and lag.members is not None
        style = "red" if one.ahead else "yellow" if one.lag_events or nobody else ""
        table.add_row(
            str(one.partition),
            f"{one.end:,}",
            committed,
            f"{one.lag_events:,}",
            _seconds(one.lag_s),
            Text(printable(one.owner or ("nobody" if nobody else "?"))),
            style=style,
        )
    return table


def _caption(lag: GroupLag) -> Text | None:
    """What is to be said below the table."""
    idle = [one.name for one in lag.members or () if not one.partitions]
    said = [
        _not_well(lag) if lag.exists else NOBODY,
        _ahead(lag),
        _held_back(lag),
        f"without a partition: {', '.join(idle)}" if idle else "",
        "owner ?: this broker is not asked who is in a group" if lag.members is None else "",
        _absent(lag),
    ]
    return Text(printable("; ".join(filter(None, said)), chars_max=1000)) if any(said) else None


def _not_well(lag: GroupLag) -> str:
    """The partitions of each status but OK, and those left out of STOPPED, though nobody is there.

    Nothing where there are none.
    """
    by_status = {
        status: [str(one.partition) for one in lag.partitions if one.status == status]
        for status in STATUSES
        if status != "OK"
    }
    said = [
        f"{status}: partition {', '.join(numbers)}"
        for status, numbers in by_status.items()
        if numbers
    ]
    idle = [
        str(one.partition) for one in lag.partitions if one.owner is None and one.status == "OK"
    ]
    if by_status["STOPPED"] and idle:
        said.append(f"nobody answers for partition {', '.join(idle)} either: nothing waits there")
    return "; ".join(said)


def _absent(lag: GroupLag) -> str:
    """Who should be there; nothing where nobody is missing."""
    if lag.missing is None:
        return "whether workers are missing is not known: Redis does not answer"
    named = ", ".join(lag.missing)
    return f"missing, though seen of late: {named} ({LOOK_FIRST})" if lag.missing else ""


def _ahead(lag: GroupLag) -> str:
    """Where commits are beyond the end; nothing where none is."""
    ahead = [f"{one.ahead:,} on partition {one.partition}" for one in lag.partitions if one.ahead]
    return f"ERROR: commits ahead of the log, by {', '.join(ahead)}" if ahead else ""


def _held_back(lag: GroupLag) -> str:
    """Where open transactions hold something back; nothing where none does."""
    held = [
        f"{one.held_back:,} of partition {one.partition}" for one in lag.partitions if one.held_back
    ]
    return f"offsets held back by open transactions: {', '.join(held)}" if held else ""


def _seconds(lag_s: float | None) -> str:
    return "unknown" if lag_s is None else f"{lag_s:,.1f}"


def in_one_line(lag: GroupLag) -> str:
    """The report where nothing can be redrawn.

    >>> from streams.operations.lag.figures import PartitionLag
    >>> in_one_line(GroupLag("workers", "shop.events", (PartitionLag(1, 9, None, 9, 40.0),)))
    'workers on shop.events: 9 events wait, for 40.0 s; partition 1: no commit'
    """
    waiting = [one for one in lag.partitions if one.lag_events]
    never = ", ".join(str(one.partition) for one in waiting if one.committed is None)
    told = f"; partition {never}: no commit" if never else ""
    if lag.members is not None:
        nobody = ", ".join(str(one.partition) for one in lag.partitions if one.owner is None)
        told += f"; partition {nobody}: nobody" if nobody else ""
    told += f"; {not_well}" if (not_well := _not_well(lag)) else ""
    if not lag.exists:
        told = f"; {NO_GROUP}: {NOBODY}"
    told += "".join(f"; {said}" for said in (_absent(lag), _ahead(lag)) if said)
    wait = many(lag.lag_events, "events wait", "event waits")
    waits = f"{wait}, for {_seconds(lag.lag_s_max)} s" if waiting else "no event waits"
    return printable(f"{lag.group} on {lag.topic}: {waits}{told}", chars_max=1000)
