"""What a checkpoint says of itself, as plain values and for people."""

import time
from typing import Any

from rich.table import Table

from streams.cli.printable import printable
from streams.operations.log_faults.adopt import SAID_CHARS_MAX
from streams.shop.checkpoint import CheckpointHeader


def described(header: CheckpointHeader, size: int) -> dict[str, Any]:
    """A checkpoint as plain values."""
    age_s = time.time() - header.made_at_ms / 1000
    return {
        "bytes": size,
        "age_s": round(age_s, 1),
        "events": header.events,
        "digest": header.digest,
        **header.model_dump(mode="json"),
    }


def table(header: CheckpointHeader) -> Table:
    """Its parts, a row each."""
    table = Table("part", "bytes", "digest", "left out of it")
    table.columns[1].justify = "right"
    for name, size in header.parts.items():
        left = ", ".join(f"{rows:,} {what}" for what, rows in header.left_out.get(name, {}).items())
        table.add_row(name, f"{size:,}", header.digests.get(name, "none")[:16], left)
    return table


def in_one_line(report: dict[str, Any]) -> str:
    """What `described` gave, for people."""
    reach = sum(report["position"].values())
    return printable(
        f"{report['topic']}, {reach:,} events, made {report['age_s']:,.0f} s ago by "
        f"{report['made_by']}; {report['bytes']:,} bytes, digest {report['digest'][:16]}"
        + (f"; sealed with the key {report['keys'][0]}" if report["keys"] else ""),
        SAID_CHARS_MAX,
    )
