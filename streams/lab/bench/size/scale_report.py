"""`goeswith bench scale`: what more workers cost and what they bring, printed and written."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click

from streams.lab.bench.figures.report import bootstrap_option, report, report_options, saying
from streams.lab.bench.figures.results import at_least, at_most, table
from streams.lab.bench.size.scale import measure

TITLE = "Scale-out"
PACKAGES = ("faust-streaming", "aiokafka")
OF_PREDICTED_MIN = 0.8
"""The busiest worker has more than its even share: of eight partitions, and of the sessions."""

HEAD = (
    "workers",
    "µs an event, all",
    "each",
    "here, events/s",
    "on own cores",
    "1/(f + d/N)",
    "resident MB",
    "own MB",
)


@click.command()
@bootstrap_option
@click.option(
    "--events",
    type=click.IntRange(1_000, 1_000_000),
    default=40_000,
    show_default=True,
    help="Events on each log.",
)
@report_options
def scale(bootstrap: str, events: int, **how: bool) -> None:
    """What one, two and four workers on one broker cost, and what they would do on more cores.

    Each number of workers has a log of its own with the same events, all answered with a prompt;
    some three minutes in all. Exit code 1 when a prompt is missing.
    """
    with saying() as say:
        figures = asyncio.run(measure(bootstrap, events, say))
    report(TITLE, figures, section, _print, PACKAGES, **how)
    if any(of["lost"] for of in figures["workers"].values()):
        sys.exit(1)


def _print(figures: Mapping[str, Any]) -> None:
    click.echo("\n".join(section(figures)))


def section(figures: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown."""
    return [
        f"{figures['events']:,} events, each decided on and answered with a prompt. CPU time is",
        "user and system; on own cores: events by the CPU seconds of the busiest worker.",
        "",
        *table(HEAD, _rows(figures)),
        "",
        f"Every worker folds every event: f = {figures['fold_us']:.1f} µs, with Kafka. To decide",
        f"and deliver takes one worker d = {figures['decide_us']:.1f} µs more. Together they take",
        f"no more than 1/f = {figures['ceiling_per_s']:,} events/s, however many there are.",
        "",
        *_judged(figures),
    ]


def _rows(figures: Mapping[str, Any]) -> Iterator[list[str]]:
    for number, of in figures["workers"].items():
        each = of["cpu_us_each"]
        yield [
            number,
            f"{of['cpu_us']:.1f}",
            f"{min(each):.1f} to {max(each):.1f}" if len(each) > 1 else f"{each[0]:.1f}",
            f"{of['wall_per_s']:,}",
            f"{of['cpu_per_s']:,}",
            f"{of['predicted_per_s']:,}",
            f"{of['resident_mb']:.0f}",
            f"{of['unique_mb']:.0f}",
        ]


def _judged(figures: Mapping[str, Any]) -> Iterator[str]:
    for number, of in figures["workers"].items():
        yield at_most(f"prompts lost, N = {number}", of["lost"], 0)
    for number, of in figures["workers"].items():
        if number != "1":
            share = of["cpu_per_s"] / of["predicted_per_s"]
            yield at_least(f"on own cores, of 1/(f + d/N), N = {number}", share, OF_PREDICTED_MIN)
