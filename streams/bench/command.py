"""`goeswith bench`: what goeswith costs, measured."""

import asyncio
import json
import logging
import shlex
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from streams.bench import results
from streams.bench.pipeline import measure
from streams.live import show

RESULTS = Path("tests/benchmarks/RESULTS.md")


@click.group()
def bench() -> None:
    """Measure what goeswith costs."""


@bench.command()
@click.option(
    "--bootstrap",
    metavar="HOST:PORT",
    default="127.0.0.1:9092",
    show_default=True,
    envvar="GOESWITH_KAFKA_BOOTSTRAP",
    help="A real Kafka; topics of their own are made there, and deleted afterwards.",
)
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
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics elect; errors are raised
    console = Console(stderr=True, highlight=False)
    with console.status("starting") as status:

        def say(what: str) -> None:
            status.update(what)
            console.print(f"measuring: {what}")

        figures = asyncio.run(measure(bootstrap, events, seconds, say))
    if to_write:
        results.write(RESULTS, figures, shlex.join(["goeswith", *sys.argv[1:]]))
    if as_json:
        click.echo(json.dumps(figures))
    else:
        _print(figures)
    if not figures["exact"]:
        sys.exit(1)


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
