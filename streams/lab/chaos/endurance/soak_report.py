"""`goeswith bench soak`: an hour of steady shoppers, and what memory and lag are like then."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import click
from rich.console import Console

from streams.cli.options import FiniteRange
from streams.lab.bench.figures import results
from streams.lab.bench.figures.report import report, report_options
from streams.lab.chaos.endurance.soak import nothing_else, soaked

TITLE = "Soak"
PACKAGES = ("faust-streaming", "aiokafka")
SLOPE_MB_PER_MIN_MAX = 1.0
LAG_S_MAX = 1.0
ROWS = 12


@click.command()
@click.option(
    "--minutes",
    type=FiniteRange(1, 600),
    default=60.0,
    show_default=True,
    help="How long shoppers come.",
)
@click.option(
    "--share",
    type=FiniteRange(0.01, 1),
    default=0.7,
    show_default=True,
    help="How many of the events that one worker can take, which is measured first.",
)
@report_options
def soak(minutes: float, share: float, **how: bool) -> None:
    """Memory and lag of a worker that shoppers keep busy for an hour.

    Starts a real Kafka, a Redis and one worker of its own, on this machine, for so many minutes.
    """
    for library in ("aiokafka", "kafka"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    with Console(stderr=True, highlight=False).status("starting") as status:
        figures = soaked(minutes, share, status.update)
    report(TITLE, figures, section, _print, PACKAGES, **how)


def _print(figures: Mapping[str, Any]) -> None:
    click.echo("\n".join(section(figures)))


def section(figures: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown."""
    head = ["minute", "memory MB", "events that wait", "the longest s"]
    looks = figures["looks"]
    every = max(1, len(looks) // ROWS)
    rows = [
        [f"{look['minute']:.1f}", *(str(look[key]) for key in ("memory_mb", "lag_events", "lag_s"))]
        for look in looks[every - 1 :: every]
    ]
    return [
        _course(figures),
        "",
        *results.table(head, rows),
        "",
        *_judged(figures),
    ]


def _course(figures: Mapping[str, Any]) -> str:
    return (
        f"One worker answered {figures['rate_events_per_s']:,} events/s while more came than it"
        f" could take, views and checkpoints in Redis included. Then"
        f" {figures['fed_events_per_s']:,} events/s came for {figures['minutes']:g} minutes, with"
        f" what shoppers did with one prompt in ten: {figures['events']:,} events in all,"
        f" {figures['prompts']:,} prompts, {figures['checkpoints']} checkpoints;"
        f" {figures['cores']} of a core."
    )


def _judged(figures: Mapping[str, Any]) -> Iterator[str]:
    lag_s = float("inf") if figures["lag_s_end"] is None else figures["lag_s_end"]
    yield results.at_most(
        "memory in the second half, MB a minute", figures["slope_mb_per_min"], SLOPE_MB_PER_MIN_MAX
    )
    yield results.at_most("lag at the end, s", lag_s, LAG_S_MAX)
    yield (
        f"- {'reached' if figures['sizes_agree'] else 'MISSED'}: memory grew by "
        f"{figures['grown_mb']} MB, wanted within a fifth of the {figures['sizes_mb']} that "
        "`goeswith sizes` says of what its tables took in"
    )
    yield f"- the longest lag in the last minute, s: {figures['lag_s_last_minute']}"
    yield f"- {'reached' if nothing_else(figures) else 'MISSED'}: no gaps, no dead letters"
