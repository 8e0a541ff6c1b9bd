"""Consumer lag: how far the workers are behind, in events and in seconds.

Seconds are exact, not interpolated: the age of the very record that waits at the committed offset,
which is read for that. A group that never committed is as far behind as the log is long, and shown
as such: a dead consumer must not look like one that is caught up. Ends are asked for after commits.

Events are counted by offsets, so what was aborted and the markers of transactions count as events
as long as an event follows them. A transaction that is still open holds back whatever comes behind
it, from every reader: it waits for its producer, not for us, and is told apart (`held_back`). A
commit beyond the end of the log is of another log: no lag would be a lie, so that is an error.
"""

import json
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

import click
from rich.table import Table
from rich.text import Text

from streams.cli.live import EVERY_S_MAX, show, watched
from streams.cli.options import with_settings
from streams.cli.printable import printable
from streams.cli.ranges import FiniteRange
from streams.clients.log_reader import (
    GroupMember,
    LogReader,
    committed_offsets,
    group_members,
    high_watermarks,
    open_reader,
)
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import RedisUnreachable
from streams.contract.settings import Settings


class PartitionLag(NamedTuple):
    """How far the group is behind on one partition."""

    partition: int
    end: int
    """The offset up to which events can be read."""
    committed: int | None
    """The offset that the group reads next; None: it has never committed."""
    lag_events: int
    """Events that wait."""
    lag_s: float | None
    """Age of the one that has waited longest; None: it could not be read."""
    held_back: int = 0
    """Offsets from the end on that nobody may read yet: a transaction before them is open."""
    owner: str | None = None
    """The worker that answers for it; None: nobody does, or the broker does not tell."""

    @property
    def ahead(self) -> int:
        """How far the commit is beyond the end of the log."""
        return max(0, (self.committed or 0) - self.end)


class GroupLag(NamedTuple):
    """How far the group is behind on a topic."""

    group: str
    topic: str
    partitions: tuple[PartitionLag, ...]
    members: tuple[GroupMember, ...] | None = None
    """Who is in the group; None: the broker does not tell."""
    missing: tuple[str, ...] | None = ()
    """Workers that Redis saw of late, and that did not sign off; None: it does not answer."""

    @property
    def lag_events(self) -> int:
        """Events that wait, on all partitions."""
        return sum(lag.lag_events for lag in self.partitions)

    @property
    def lag_s_max(self) -> float | None:
        """The longest wait; None as soon as one is unknown."""
        waits = [lag.lag_s for lag in self.partitions]
        return None if None in waits else max((s for s in waits if s is not None), default=0.0)

    def as_json(self) -> str:
        """The report as a JSON object, in a line."""
        said = self._asdict() | {
            "partitions": [{**lag._asdict(), "ahead": lag.ahead} for lag in self.partitions],
            "lag_events": self.lag_events,
            "lag_s_max": self.lag_s_max,
            "members": self.members and [member._asdict() for member in self.members],
        }
        return json.dumps(said)


def waits_from(committed: int | None, begin: int) -> int:
    """The offset of the first event that waits: retention may have taken the committed one.

    >>> waits_from(41, begin=7), waits_from(None, begin=7), waits_from(3, begin=7)
    (41, 7, 7)
    """
    return begin if committed is None else max(committed, begin)


def partition_lag(
    partition: int,
    *,
    committed: int | None,
    begin: int,
    end: int,
    waiting_since_ms: int | None,
    now_ms: int,
    high_watermark: int = 0,
    owner: str | None = None,
) -> PartitionLag:
    """The lag of one partition that holds the offsets from `begin` up to `end`.

    `waiting_since_ms` is the time of the first record that waits, None if it is not known.

    >>> partition_lag(0, committed=40, begin=0, end=42, waiting_since_ms=1_000, now_ms=3_500)
    PartitionLag(partition=0, end=42, committed=40, lag_events=2, lag_s=2.5, ...)
    """
    lag_events = max(0, end - waits_from(committed, begin))
    lag_s = None if waiting_since_ms is None else max(0, now_ms - waiting_since_ms) / 1000
    held_back = max(0, high_watermark - end)
    return PartitionLag(
        partition, end, committed, lag_events, lag_s if lag_events else 0.0, held_back, owner
    )


def read_lag(settings: Settings, admin: Any, reader: LogReader) -> GroupLag:
    """The lag of the workers' group now."""
    committed = committed_offsets(settings, admin, reader.partitions)
    marks = high_watermarks(settings, admin, reader.partitions)
    begins, ends = reader.begins(), reader.ends()
    waiting = {
        at: first
        for at in reader.partitions
        if (first := waits_from(committed[at], begins[at])) < ends[at]
    }
    times_ms = reader.first_times_ms(waiting, ends) if waiting else {}
    begins |= {at: ends[at] for at, time_ms in times_ms.items() if time_ms is None}
    members = group_members(settings, admin)
    now_ms = int(time.time() * 1000)
    return GroupLag(
        settings.group_id,
        settings.topics.events,
        tuple(
            partition_lag(
                at.number,
                committed=committed[at],
                begin=begins[at],
                end=ends[at],
                waiting_since_ms=_known(times_ms.get(at)),
                now_ms=now_ms,
                high_watermark=marks.get(at, 0),
                owner=_owner(members, at.number),
            )
            for at in reader.partitions
        ),
        members,
        _missing(settings, members),
    )


def _owner(members: Iterable[GroupMember] | None, partition: int) -> str | None:
    return next((one.name for one in members or () if partition in one.partitions), None)


def _missing(settings: Settings, members: Iterable[GroupMember] | None) -> tuple[str, ...] | None:
    """Workers that were there of late, as Redis knows, and are in the group no more."""
    if members is None or not settings.redis_url:
        return ()
    from streams.views.reader import recent_workers  # noqa: PLC0415  # only where there is a Redis

    try:
        recent = recent_workers(settings)
    except RedisUnreachable:
        return None
    return tuple(sorted({*recent} - {member.name for member in members}))


def _known(time_ms: int | None) -> int | None:
    """Of a record without a time nobody knows how long it has waited."""
    return None if time_ms is None or time_ms < 0 else time_ms


def lag_table(lag: GroupLag) -> Table:
    """The report for people."""
    table = Table(
        title=Text(printable(f"{lag.group} on {lag.topic}")),
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
        committed = "no commit" if one.committed is None else f"{one.committed:,}"
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
    without = f"without a partition: {', '.join(idle)}" if idle else ""
    said = [_ahead(lag), _held_back(lag), without, _absent(lag)]
    return Text(printable("; ".join(filter(None, said)), chars_max=1000)) if any(said) else None


def _absent(lag: GroupLag) -> str:
    """Who should be there; nothing where nobody is missing."""
    if lag.missing is None:
        return "whether workers are missing is not known: Redis does not answer"
    return f"missing, though seen of late: {', '.join(lag.missing)}" if lag.missing else ""


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


@click.command()
@with_settings("bootstrap", "prefix", "group")
@click.option("--watch", is_flag=True, help="Keep the table on the screen, and up to date.")
@click.option(
    "--every",
    "every_s",
    type=FiniteRange(min=0.1, max=EVERY_S_MAX),
    default=2.0,
    show_default=True,
    help="Seconds between looks.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object; with --watch one each time."
)
def lag(settings: Settings, watch: bool, every_s: float, as_json: bool) -> None:
    """Consumer lag of the workers: how far they are behind, in events and seconds.

    Seconds are the age of the oldest event that waits, exact to the clocks. `no commit` says that
    the group has never acknowledged anything there: all that the log holds waits. The owner is the
    worker that answers for a partition; one that was killed stays the owner until its session
    timeout is over. With GOESWITH_REDIS_URL, workers that were seen of late and are gone are named.
    Exit code 1 if the group has committed more than the log holds.
    """
    with open_admin(settings) as admin, open_reader(settings, settings.topics.events) as reader:
        if watch:
            look = partial(read_lag, settings, admin, reader)
            line = GroupLag.as_json if as_json else in_one_line
            shown, said = (lambda: lag_table(look())), (lambda: line(look()))
            watched(shown, every_s, line=said, always_lines=as_json)
            return
        report = read_lag(settings, admin, reader)
    click.echo(report.as_json()) if as_json else show(lag_table(report))
    if any(one.ahead for one in report.partitions):
        raise click.exceptions.Exit(1)


def in_one_line(lag: GroupLag) -> str:
    """The report where nothing can be redrawn.

    >>> in_one_line(GroupLag("workers", "shop.events", (PartitionLag(1, 9, None, 9, 40.0),)))
    'workers on shop.events: 9 events wait, for 40.0 s; partition 1: no commit'
    """
    never = ", ".join(str(one.partition) for one in lag.partitions if one.committed is None)
    told = f"; partition {never}: no commit" if never else ""
    if lag.members is not None:
        nobody = ", ".join(str(one.partition) for one in lag.partitions if one.owner is None)
        told += f"; partition {nobody}: nobody" if nobody else ""
    told += "".join(f"; {said}" for said in (_absent(lag), _ahead(lag)) if said)
    waits = f"{lag.lag_events:,} events wait, for {_seconds(lag.lag_s_max)} s"
    return printable(f"{lag.group} on {lag.topic}: {waits}{told}", chars_max=1000)
