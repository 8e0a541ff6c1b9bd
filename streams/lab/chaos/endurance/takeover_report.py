"""`goeswith bench takeover`: what losing and gaining workers costs, static beside dynamic."""

import logging
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import click
from rich.console import Console
from rich.status import Status
from rich.table import Table

from streams.cli.live import show
from streams.cli.options import FiniteRange
from streams.lab.bench.figures import results
from streams.lab.bench.figures.report import report, report_options
from streams.lab.chaos.endurance.takeover import WAYS, TakeoverOptions, takeovers

TITLE = "Takeover"
PACKAGES = ("faust-streaming", "aiokafka")
SURVIVORS_S_MAX = 0.5
RESTART_S_MAX = 3.0
JOIN_S_MAX = 1.5
BEYOND_SESSION_S_MAX = 1.0


@click.command()
@click.option(
    "--times", type=click.IntRange(1, 100), default=10, show_default=True, help="Of each."
)
@click.option(
    "--session-timeout-s",
    type=FiniteRange(1.5, 60),
    default=6.0,
    show_default=True,
    help="Silence after which a worker is gone.",
)
@click.option(
    "--dynamic/--static-only", default=True, help="Measure dynamic members, too, for comparison."
)
@report_options
def takeover(times: int, session_timeout_s: float, dynamic: bool, **how: bool) -> None:
    """Time without an answer, by partition, when workers are killed, stopped, lost and gained.

    Starts a real Kafka and two workers of its own; some 40 s for each time.
    """
    for library in ("aiokafka", "kafka"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    console = Console(stderr=True, highlight=False)
    figures = {}
    with console.status("starting") as status:
        for static in (True, False) if dynamic else (True,):
            name = "static" if static else "dynamic"
            figures[name] = takeovers(
                TakeoverOptions(times, session_timeout_s, static),
                partial(_update, status, name),
            )
    report(TITLE, figures, section, _print, PACKAGES, **how)


def _update(status: Status, name: str, what: str) -> None:
    status.update(f"{name} members, {what}")


def section(figures: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown."""
    static = figures["static"]
    what = f"s without an answer, by partition, worst of {static['times']} (median)"
    return [
        f"{what}; session timeout {static['session_timeout_s']:g} s:",
        "",
        *results.table(["", *(f"{name} members" for name in figures)], _rows(figures)),
        "",
        f"CPU time of a worker from its start until it had caught up: {_cpu(static)}.",
        "",
        *_judged(static),
    ]


def _cpu(static: Mapping[str, Any]) -> str:
    spent = static["start_cpu_s"]
    return f"{spent['kill']:.2f} s from its keeper, {spent['reboot']:.2f} s with one"


def _rows(figures: Mapping[str, Any]) -> Iterator[list[str]]:
    for way, label in WAYS.items():
        for whose in next(iter(figures.values()))["unanswered_s"][way]:
            spreads = [of["unanswered_s"][way][whose] for of in figures.values()]
            cells = [f"{spread['max']} ({spread['p50']})" for spread in spreads]
            yield [f"{label}: {whose} partitions", *cells]


def _judged(static: Mapping[str, Any]) -> Iterator[str]:
    """Static members against what was wanted."""
    worst = static["unanswered_s"]
    away_s_max = static["session_timeout_s"] + BEYOND_SESSION_S_MAX
    for way, bound in (("kill", RESTART_S_MAX), ("term", RESTART_S_MAX), ("away", away_s_max)):
        yield results.at_most(f"{WAYS[way]}, own, s", worst[way]["own"]["max"], bound)
    for way in ("kill", "term"):
        survivors = worst[way]["survivors"]["max"]
        yield results.at_most(f"{WAYS[way]}, survivors', s", survivors, SURVIVORS_S_MAX)
    yield results.at_most(f"{WAYS['join']}, s", worst["join"]["all"]["max"], JOIN_S_MAX)


def _print(figures: Mapping[str, Any]) -> None:
    table = Table("seconds, worst (median)", *figures)
    for row in _rows(figures):
        table.add_row(*row)
    show(table)
    for line in _judged(figures["static"]):
        click.echo(line)
