"""`goeswith bench outage`: what it costs when Redis or the broker is away for a while."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from streams.cli.options import FiniteRange
from streams.lab.bench.figures import results
from streams.lab.bench.figures.report import report, report_options
from streams.lab.chaos.endurance.outage import CHECKPOINT_EVERY_S, WAYS, outages

TITLE = "Outage"
PACKAGES = ("faust-streaming", "aiokafka")
ANSWERING_S_MAX = 15.0
LINES_MAX = 100.0
CORES_MAX = 0.2
P99_RATIO_MAX, P99_MORE_MS_MAX = 1.5, 10
"""Without Redis, beside the calm p99, whichever is more. Sixty events in half a minute are beyond a
p99: it is seldom the same twice, and a small one differs by what a few late slices of the
processor cost (4 ms each)."""
VIEWS_S_MAX = 7.0
"""A worker tries again every 5 s at the least, and then writes each second."""
CHECKPOINT_S_MAX = CHECKPOINT_EVERY_S + 5.0


@click.command()
@click.option(
    "--seconds",
    type=FiniteRange(1, 600),
    default=30.0,
    show_default=True,
    help="How long each outage lasts.",
)
@click.option(
    "--events-per-s",
    type=FiniteRange(1, 5_000),
    default=200.0,
    show_default=True,
    help="What shoppers send.",
)
@click.option(
    "--way",
    "ways",
    multiple=True,
    type=click.Choice(list(WAYS)),
    help="Only this: Redis killed, the broker shut down, or killed; may be repeated.",
)
@click.option(
    "--logs",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what the workers log in this folder.",
)
@report_options
def outage(
    seconds: float, events_per_s: float, ways: tuple[str, ...], logs: Path | None, **how: bool
) -> None:
    """Answers, log lines and CPU of workers whose Redis, then whose broker, is away.

    Starts a real Kafka, a Redis and two workers of its own; some three minutes. Senders hold on to
    their events while the broker is away, as far as a client's buffers reach, and wait beyond that.
    """
    for library in ("aiokafka", "kafka"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    with Console(stderr=True, highlight=False).status("starting") as status:
        figures = outages(
            seconds, status.update, logs, ways=ways or WAYS, events_per_s=events_per_s
        )
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
        if way in figures
    ]
    books = f"{figures['lost']} prompts lost, {figures['repeats']} repeated."
    rate, lasts_s = figures["events_per_s"], figures["seconds"]
    return [
        f"Two workers, {rate:g} events/s, each outage {lasts_s:g} s; seconds from the return on:",
        "",
        *results.table(head, rows),
        "",
        f"p99 when all is well: {figures['calm_ms']['p99']} ms. {books}",
        *([_return_of(figures["redis"])] if "redis" in figures else []),
        "",
        *_judged(figures),
    ]


def _return_of(redis: Mapping[str, Any]) -> str:
    return (
        f"Redis came back empty: views were written again after {redis['views_s']} s, a "
        f"checkpoint after {redis['checkpoint_s']} s (one is due every {CHECKPOINT_EVERY_S:g} s)."
    )


def p99_ms_max(calm_ms: float) -> float:
    """What p99 may be without Redis, where it is this much when all is well.

    >>> p99_ms_max(12), p99_ms_max(100)
    (22, 150.0)
    """
    return max(P99_RATIO_MAX * calm_ms, calm_ms + P99_MORE_MS_MAX)


def _judged(figures: Mapping[str, Any]) -> Iterator[str]:
    yield results.at_most("prompts lost", figures["lost"], 0)
    yield results.at_most("events lost that the broker took", _lost(figures), 0)
    if "redis" in figures:
        yield from _judged_redis(figures["redis"], p99_ms_max(figures["calm_ms"]["p99"]))
    for way in (way for way in ("stop", "kill") if way in figures):
        of = figures[way]
        yield results.at_most(
            f"{WAYS[way]}, all answered, s", of["all_answering_s"], ANSWERING_S_MAX
        )
        yield results.at_most(f"{WAYS[way]}, lines of log", of["lines"], LINES_MAX)
        yield results.at_most(f"{WAYS[way]}, cores", of["cores"], CORES_MAX)


def _lost(figures: Mapping[str, Any]) -> int:
    """Events that the broker said it has, and that are not in the log; none more than once."""
    return int(figures["taken"] - figures["logged"])


def _judged_redis(redis: Mapping[str, Any], most_ms: float) -> Iterator[str]:
    yield results.at_most(f"{WAYS['redis']}, p99 in ms", redis["latency_ms"]["p99"], most_ms)
    yield results.at_most(f"{WAYS['redis']}, views again, s", redis["views_s"], VIEWS_S_MAX)
    yield results.at_most(
        f"{WAYS['redis']}, checkpoint again, s", redis["checkpoint_s"], CHECKPOINT_S_MAX
    )
    yield results.at_most(f"{WAYS['redis']}, lines of log", redis["lines"], LINES_MAX)
