"""`goeswith bench`: what goeswith costs, measured."""

import asyncio
import json
import logging
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from streams.bench import restart, results
from streams.bench.pipeline import measure
from streams.live import show

RESULTS = Path("tests/benchmarks/RESULTS.md")


@click.group()
def bench() -> None:
    """Measure what goeswith costs."""


BOOTSTRAP = click.option(
    "--bootstrap",
    metavar="HOST:PORT",
    default="127.0.0.1:9092",
    show_default=True,
    envvar="GOESWITH_KAFKA_BOOTSTRAP",
    help="A real Kafka; topics of their own are made there, and deleted afterwards.",
)


@bench.command()
@BOOTSTRAP
@click.option(
    "--events",
    type=click.IntRange(1_500, 1_000_000),
    default=60_000,
    show_default=True,
    help="Preloaded events for the CPU times.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 600),
    default=20.0,
    show_default=True,
    help="How long latency is measured, after the warm-up.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--write", "to_write", is_flag=True, help=f"Write the section in {RESULTS}.")
def pipeline(bootstrap: str, events: int, seconds: float, as_json: bool, to_write: bool) -> None:
    """CPU time and latency of an event, beside stock Faust agents, on the same events.

    Every contender is a process of its own on this machine; some three minutes in all. Exit code 1
    when the state is not exactly that of an offline recomputation, or a prompt is missing.
    """
    with _saying() as say:
        figures = asyncio.run(measure(bootstrap, events, seconds, say))
    if to_write:
        results.write(RESULTS, figures, shlex.join(["goeswith", *sys.argv[1:]]))
    if as_json:
        click.echo(json.dumps(figures))
    else:
        _print(figures)
    if not figures["exact"]:
        sys.exit(1)


@bench.command("restart")
@BOOTSTRAP
@click.option(
    "--items",
    type=click.IntRange(100, 200_000),
    default=100_000,
    show_default=True,
    help="Items of the shop.",
)
@click.option(
    "--pairs",
    type=click.IntRange(1_000, 10_000_000),
    default=1_000_000,
    show_default=True,
    help="Pairs of them that were bought together.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def restart_(bootstrap: str, items: int, pairs: int, as_json: bool) -> None:
    """How long a worker with a large shop takes to answer again, and what checkpoints hold up.

    `seconds`: from the start of the process to its first answer, from a checkpoint;
    `seconds_without`: folding the log. `cpu_seconds` are those of its process by then, which other
    programs on the machine do not lengthen. `stall_ms_max`: the longest that a checkpoint being
    written held the event loop.
    """
    with _saying() as say:
        figures = asyncio.run(restart.measure(bootstrap, items, pairs, say))
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, figure in figures.items():
        click.echo(f"{name:>19}  {figure:,}")


@contextmanager
def _saying() -> Iterator[Callable[[str], None]]:
    """Says on standard error what is being measured."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics elect; errors are raised
    console = Console(stderr=True, highlight=False)
    with console.status("starting") as status:

        def say(what: str) -> None:
            status.update(what)
            console.print(f"measuring: {what}")

        yield say


def _print(figures: dict[str, Any]) -> None:
    table = Table("", "µs an event", "p50 ms", "p99 ms")
    latency = {"naive": {}, "goeswith_fold": {}} | figures["latency_ms"]
    for name, label in results.LABELS.items():
        waits = (str(latency[name].get(share, "")) for share in ("p50", "p99"))
        table.add_row(label, f"{figures['cpu_us'][name]:.1f}", *waits)
    show(table)
    click.echo(
        f"folding without Kafka {figures['fold_us']} µs; exact: {figures['exact']}; "
        f"{figures['prompts']:,} prompts, {figures['lost']} lost, {figures['repeats']} repeated"
    )
