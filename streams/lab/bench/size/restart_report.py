"""`goeswith bench restart`: how soon a large shop answers again, and what checkpoints hold up."""

import asyncio
from collections.abc import Mapping
from typing import Any

import click

from streams.lab.bench.figures.report import (
    bootstrap_option,
    report,
    report_options,
    saying,
    size_options,
)
from streams.lab.bench.figures.results import at_most, table
from streams.lab.bench.size.restart import measure


@click.command()
@bootstrap_option
@size_options
@report_options
def restart(bootstrap: str, items: int, pairs: int, **how: bool) -> None:
    """How long a worker with a large shop takes to answer again, and what checkpoints hold up.

    `seconds`: from the start of the process to its first answer, from a checkpoint;
    `seconds_without`: folding the log. `cpu_seconds` are those of its process by then, which other
    programs on the machine do not lengthen. `stall_ms_max`: the longest that a checkpoint being
    written held the event loop.
    """
    with saying() as say:
        figures = asyncio.run(measure(bootstrap, items, pairs, say))
    report("Restart", figures, section, _print, (), **how)


def _print(figures: Mapping[str, Any]) -> None:
    for name, figure in figures.items():
        click.echo(f"{name:>19}  {figure:,}")


def section(figures: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown."""
    return [
        "A worker that starts with a large shop, from a checkpoint and from the log.",
        "",
        *table(["", "figure"], [(name, f"{figure:,}") for name, figure in figures.items()]),
        "",
        at_most("seconds to the first answer, from a checkpoint", figures["seconds"], 10.0),
        at_most("ms that a checkpoint held the event loop", figures["stall_ms_max"], 10.0),
    ]
