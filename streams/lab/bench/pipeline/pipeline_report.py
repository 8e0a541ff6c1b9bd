"""`goeswith bench pipeline`: measures the pipeline, prints the figures, writes their section."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click
from rich.table import Table

from streams.cli.live import show
from streams.cli.options import FiniteRange
from streams.lab.bench.figures.report import bootstrap_option, saying
from streams.lab.bench.figures.results import RESULTS, at_most, table, this_command, write_section
from streams.lab.bench.pipeline.pipeline import SLOTS, measure

LABELS = {
    "stock": "stock: a bare agent, JSON decoded",
    "naive": "stock: a Table write and a send an event",
    "goeswith": "goeswith: a decision and a prompt an event",
    "goeswith_fold": "goeswith: folding only",
}
PACKAGES = ("faust-streaming", "aiokafka")


@click.command()
@bootstrap_option
@click.option(
    "--events",
    type=click.IntRange(1_500, 1_000_000),
    default=60_000,
    show_default=True,
    help="Preloaded events for the CPU times.",
)
@click.option(
    "--seconds",
    type=FiniteRange(1, 600),
    default=20.0,
    show_default=True,
    help="How long latency is measured, after the warm-up.",
)
@click.option("--best-fit", is_flag=True, help="With the learned ranker as one of our arms.")
@click.option(
    "--catalog",
    type=click.IntRange(0, 1_000_000),
    default=0,
    show_default=True,
    help="Items of a catalogue, with which all other arms have something to say; 0: none.",
)
@click.option(
    "--slots",
    type=click.IntRange(1, len(SLOTS)),
    default=1,
    show_default=True,
    help="For so many prompts an event asks: product page, basket, upgrade.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--write", "to_write", is_flag=True, help=f"Write the section in {RESULTS}.")
def pipeline(
    bootstrap: str, events: int, seconds: float, as_json: bool, to_write: bool, **wide: Any
) -> None:
    """CPU time and latency of an event, beside stock Faust agents, on the same events.

    Every contender is a process of its own on this machine; some five minutes in all. Exit code 1
    when the state is not exactly that of an offline recomputation, or a prompt is missing.
    """
    with saying() as say:
        figures = asyncio.run(measure(bootstrap, events, seconds, say, **wide))
    if to_write:
        write_section(RESULTS, title(figures), section(figures), this_command(), PACKAGES)
    if as_json:
        click.echo(json.dumps(figures))
    else:
        _print(figures)
    if not figures["exact"]:
        sys.exit(1)


def title(figures: Mapping[str, Any]) -> str:
    """What its section is called."""
    ranker = " with the learned ranker" if figures["best_fit"] else ""
    wide = f"{figures['catalog']:,} items, {figures['slots']} slots"
    return f"Pipeline{ranker}" + (f", {wide}" if figures["catalog"] else "")


def _print(figures: dict[str, Any]) -> None:
    columns = Table("", "µs an event", "p50 ms", "p99 ms")
    latency = {"naive": {}, "goeswith_fold": {}} | figures["latency_ms"]
    for name, label in LABELS.items():
        waits = (str(latency[name].get(share, "")) for share in ("p50", "p99"))
        columns.add_row(label, f"{figures['cpu_us'][name]:.1f}", *waits)
    show(columns)
    click.echo(
        f"folding without Kafka {figures['fold_us']} µs; exact: {figures['exact']}; "
        f"{figures['prompts']:,} prompts, {figures['lost']} lost, {figures['repeats']} repeated\n"
        f"{_deciding(figures)}"
    )


def limits(figures: Mapping[str, Any]) -> Iterator[tuple[str, float, float]]:
    """What we want to reach, the figure of this run, and what it may be at most."""
    cpu, latency = figures["cpu_us"], figures["latency_ms"]
    p99, stock_p99 = latency["goeswith"]["p99"], latency["stock"]["p99"]
    if not figures["best_fit"]:
        yield "folding only, of a bare stock agent", cpu["goeswith_fold"] / cpu["stock"], 0.2
    yield "a prompt for every event, of a bare stock agent", cpu["goeswith"] / cpu["stock"], 2.0
    yield "a prompt for every event, of the naive agent", cpu["goeswith"] / cpu["naive"], 1.0
    for name, spent in figures["decide_us"].items():
        yield f"a decision's µs {name} the ranker, p50", spent["p50"], 450.0
    yield "p99 in ms at 1,000 events/s", p99, 25.0 if figures["catalog"] else 40.0
    yield "p99 of the sending stock agent's", p99 / stock_p99, 1.0


def section(figures: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown."""
    cpu, latency, rounds = figures["cpu_us"], figures["latency_ms"], len(figures["rounds"])
    costs = [
        (label, f"{cpu[name]:.1f}", f"{cpu[name] / cpu['stock']:.2f}")
        for name, label in LABELS.items()
    ]
    named = {"stock": "stock agent, sending", "goeswith": "goeswith, prompting"}
    waits = [
        (label, str(latency[name]["p50"]), str(latency[name]["p99"]))
        for name, label in named.items()
    ]
    return [
        f"The cores are shared with the broker and the feeder. Medians of {rounds} rounds.",
        f"CPU time (user and system) of an event, {figures['events']:,} events preloaded:",
        "",
        *table(["", "µs an event", "of a bare stock agent"], costs),
        "",
        f"Decoding and folding alone, without Kafka: {figures['fold_us']:.1f} µs an event.",
        _deciding(figures),
        "",
        "From an event's timestamp to the broker's on its output, at 1,000 events/s:",
        "",
        *table(["", "p50 ms", "p99 ms"], waits),
        "",
        f"State against an offline recomputation: {_state(figures)}. {_prompts(figures)}",
        "",
        *(at_most(*limit) for limit in limits(figures)),
    ]


def _deciding(figures: Mapping[str, Any]) -> str:
    spent = (
        f"{name} the ranker p50 {quantiles['p50']} µs, p99 {quantiles['p99']} µs"
        for name, quantiles in figures["decide_us"].items()
    )
    return f"A decision, in process: {'; '.join(spent)}."


def _state(figures: Mapping[str, Any]) -> str:
    return "equal" if figures["same_state"] else "DIFFERENT"


def _prompts(figures: Mapping[str, Any]) -> str:
    return (
        f"Prompts: {figures['prompts']:,} by id, {figures['lost']} lost, "
        f"{figures['unknown']} unknown, {figures['repeats']} repeated."
    )
