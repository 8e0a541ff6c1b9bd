"""`goeswith sizes`: how much memory a worker takes when its tables are full."""

import json
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from streams.cli.options import with_settings
from streams.cli.tables import Listing
from streams.contract.settings import Settings
from streams.shop.memory import session
from streams.shop.memory.orders import weight
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.orders.seen import SEEN_MAX, TIED_MAX
from streams.worker.health.bounds import PROGRAM_BYTES, Bound, bounds
from streams.worker.health.resources import memory_limit

MB = 1_000_000
SESSION = (
    f"a session takes {weight.BYTES_MAX // 1024} KB at most, by no setting: {BASKET_MAX} "
    f"kinds of items in the basket, {SEEN_MAX} event ids ({TIED_MAX} of one moment), "
    f"{session.IMPRESSIONS_MAX} prompts, {session.ORDERS_MAX} orders, and less of these in the "
    "busiest. How many there are: "
    "GOESWITH_SESSIONS_MAX of each of GOESWITH_PARTITIONS; how long: its basket "
    "GOESWITH_BASKET_TTL_S, the idle session GOESWITH_PERSONAL_TTL_S"
)
"""What bounds one."""


@click.command()
@with_settings()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sizes(settings: Settings, as_json: bool) -> None:
    """Sizes: how much memory a worker takes when its tables are full, by the settings at hand.

    Every worker holds the whole shop: what is said of partitions is of all of them. An entry as
    usual is what simulated shoppers fill; at most is what the busiest can.
    """
    tables, limit = bounds(settings), memory_limit()
    if as_json:
        click.echo(json.dumps(as_values(tables, limit)))
    else:
        Console().print(listing(tables, limit))


def total(tables: Sequence[Bound]) -> tuple[int, int]:
    """Bytes of a worker whose tables are full: of usual entries, and at most."""
    usual, most = sum(one.usual for one in tables), sum(one.most for one in tables)
    return PROGRAM_BYTES + usual, PROGRAM_BYTES + most


def as_values(tables: Sequence[Bound], limit: int | None) -> dict[str, Any]:
    """All of it, as JSON."""
    usual, most = total(tables)
    return {
        "tables": [
            {**one._asdict(), "usual_total_bytes": one.usual, "most_total_bytes": one.most}
            for one in tables
        ],
        "program_bytes": PROGRAM_BYTES,
        "partition_bytes": sum(one.usual // one.partitions for one in tables if one.is_split),
        "worker_bytes": usual,
        "worker_bytes_max": most,
        "memory_bytes": limit,
        "fits": None if limit is None else most <= limit,
    }


def listing(tables: Sequence[Bound], limit: int | None) -> Listing:
    """All of it, for people; 80 columns are enough."""
    usual, most = total(tables)
    said = Listing(
        *("table", "entries at most", "bytes each", "MB", "MB at most"),
        title="A worker's memory when its tables are full",
        notes=_notes(tables, usual, most, limit),
    )
    for one in tables:
        times = f"{one.partitions:,} x " if one.is_split else ""
        each = f"{one.usual_bytes:,}"
        most_mb = _mb(one.most) if one.most != one.usual else ""
        said.add(one.table, f"{times}{one.entries:,}", each, _mb(one.usual), most_mb)
    return said


def _notes(tables: Sequence[Bound], usual: int, most: int, limit: int | None) -> list[str]:
    split = sum(one.usual // one.partitions for one in tables if one.is_split)
    program = f"a worker, with its program ({_mb(PROGRAM_BYTES)} MB)"
    notes = [
        f"a partition: {_mb(split)} MB; {program}: {_mb(usual)} MB, and {_mb(most)} MB at most",
        "while a checkpoint is written, what changes meanwhile is there twice",
        SESSION,
    ]
    settings = [f"GOESWITH_{one.setting.upper()}" for one in tables if one.setting]
    lower = ", ".join(list(dict.fromkeys(settings))[:3])
    if limit is not None and most > limit:
        how = "usual entries do" if usual > limit else "the largest entries would"
        notes.append(
            f"this machine, or its container, has {_mb(limit)} MB: {how} not fit. Lower {lower}"
        )
    return notes


def _mb(size: int) -> str:
    return f"{size / MB:,.0f}"
