"""`goeswith bench outage`: what it costs when the broker is away for a while, or Redis for good."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from streams.bench import results
from streams.bench.report import report, report_options
from streams.verdict.outage import WAYS, outages

TITLE = "Outage"
PACKAGES = ("faust-streaming", "aiokafka")
ANSWERING_S_MAX = 15.0
LINES_MAX = 100.0
CORES_MAX = 0.2


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(1, 600),
    default=30.0,
    show_default=True,
    help="How long each outage lasts.",
)
@click.option(
    "--logs",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what the workers log in this folder.",
)
@report_options
def outage(seconds: float, logs: Path | None, **how: bool) -> None:
    """Answers, log lines and CPU of workers whose broker, then whose Redis, is away.

    Starts a real Kafka, a Redis and two workers of its own; some three minutes.
    """
    for library in ("aiokafka", "kafka"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    with Console(stderr=True, highlight=False).status("starting") as status:
        figures = outages(seconds, status.update, logs)
    report(TITLE, figures, section, _print, PACKAGES, **how)


def _print(figures: Mapping[str, Any]) -> None:
    click.echo("\n".join(section(figures)))


def section(figures: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown."""
    head = ["", "first answer s", "all answered s", "first commit s", "cores", "lines", "p99 ms"]
    keys = ("answering_s", "all_answering_s", "committing_s", "cores", "lines")
    rows = [
        [label, *(str(figures[way][key]) for key in keys), str(figures[way]["latency_ms"]["p99"])]
        for way, label in WAYS.items()
    ]
    books = f"{figures['lost']} prompts lost, {figures['repeats']} repeated."
    return [
        f"Two workers, each outage {figures['seconds']:g} s; seconds count from the return:",
        "",
        *results.table(head, rows),
        "",
        f"p99 when all is well: {figures['calm_ms']['p99']} ms. {books}",
        "",
        *_judged(figures),
    ]


def _judged(figures: Mapping[str, Any]) -> Iterator[str]:
    for way in ("stop", "kill"):
        of = figures[way]
        yield results.at_most(
            f"{WAYS[way]}, all answered, s", of["all_answering_s"], ANSWERING_S_MAX
        )
        yield results.at_most(f"{WAYS[way]}, lines of log", of["lines"], LINES_MAX)
        yield results.at_most(f"{WAYS[way]}, cores", of["cores"], CORES_MAX)
