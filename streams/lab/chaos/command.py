"""`goeswith verdict`: does it hold what it promises, when things go wrong?"""

import logging
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from streams.cli.live import show
from streams.cli.options import FiniteRange
from streams.lab.bench.figures import results
from streams.lab.bench.figures.report import report, report_options
from streams.lab.chaos.trial import JUDGED, TOLD, TrialOptions, failed, trial

TITLE = "Verdict"
PACKAGES = ("faust-streaming", "aiokafka")


@click.command()
@click.option(
    "--faults",
    type=click.IntRange(0, 10_000),
    default=20,
    show_default=True,
    help="How many things go wrong.",
)
@click.option("--seed", default=1, show_default=True, help="Which ones, and when.")
@click.option(
    "--seconds-between",
    "between_s",
    type=FiniteRange(0.1, 600),
    default=4.0,
    show_default=True,
    help="Pause between faults, on average.",
)
@click.option(
    "--events-per-s",
    type=FiniteRange(1, 5_000),
    default=100.0,
    show_default=True,
    help="Shoppers' own events; what they do with prompts comes on top.",
)
@click.option(
    "--session-timeout-s",
    type=FiniteRange(1.5, 60),
    default=6.0,
    show_default=True,
    help="Silence after which a worker is gone.",
)
@click.option(
    "--transactions-per-s",
    type=FiniteRange(0, 50),
    default=2.0,
    show_default=True,
    help="Visits sent in a transaction each, of which a third is aborted; 0: none.",
)
@click.option(
    "--logs",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what the workers log in this folder.",
)
@report_options
def verdict(as_json: bool, to_write: bool, logs: Path | None, **options: Any) -> None:
    """Let things go wrong, and see whether the books balance.

    Starts a real Kafka, a Redis and two or three workers of its own, sends shoppers as real shops
    see them (who is there and what they consent to changes, orders are told twice, come back before
    they are told, clocks are wrong), some in transactions of which a third is aborted, kills,
    pauses and restarts everything, rotates the secret, waits until all is answered, recomputes
    everything from the log, without what never happened by the books of who sent it, and says
    EXACT, MORE (only repeats) or LESS, for state, prompts, outcomes and dead letters (`rejected`),
    and beside a plain twin of the shop, which forgets nothing: sessions that came to weigh more
    than 8 KB are named with what they have let go (`lightened`), and what is other by that alone
    (`twin_left_out`) is not judged. --json has how many of each kind of trouble there were
    (`kinds`), what the digest leaves out (`left_out`), and what is not exact (`state_says`,
    `prompts_says`, `rejected_says`, `twin_says`). Exit code 1 when something is lost, a worker's
    state is not the fold of what happened, the twin comes to anything else, or a kind of trouble
    did not occur.
    """
    for library in ("aiokafka", "kafka"):  # the broker goes away: that is the idea
        logging.getLogger(library).setLevel(logging.CRITICAL)
    with _progress() as progress:
        task = progress.add_task("", total=options["faults"])
        figures = trial(
            TrialOptions(**options),
            lambda what, done: progress.update(task, description=what, completed=done),
            logs,
        )
    report(TITLE, figures, section, _print, PACKAGES, as_json=as_json, to_write=to_write)
    sys.exit(failed(figures))


def section(figures: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown."""
    latency = figures["latency_ms"]
    faults = sum(figures["faults"].values())
    return [
        f"{faults} faults in {figures['seconds']} s, {figures['events']:,} events:",
        "",
        *results.table(
            ["", "verdict"],
            [[what, figures[what]] for what in JUDGED],
        ),
        "",
        _summary(figures),
        "",
        *results.table(["trouble", "times"], [[k, str(n)] for k, n in figures["kinds"].items()]),
        "",
        *results.table(
            ["fault", "times", "median s", "longest s"],
            [
                [kind, str(figures["faults"][kind]), str(spread["p50"]), str(spread["max"])]
                for kind, spread in sorted(figures["unanswered_s"].items())
            ],
        ),
        "",
        *results.table(
            ["latency", "p50 ms", "p99 ms"],
            [[when, str(of["p50"]), str(of["p99"])] for when, of in latency.items()],
        ),
    ]


def _summary(figures: Mapping[str, Any]) -> str:
    takeover = figures["takeover_s"]
    ended = figures["transactions"]
    return (
        f"{ended['committed']} transactions committed, {ended['aborted']} aborted; "
        f"{figures['lost']} lost, {figures['wrong']} wrong; repeated under the same id: "
        f"{figures['repeats']} prompts, {figures['repeated_outcomes']} outcomes. Time without "
        f"an answer after a fault on workers, worst partition: median {takeover['p50']} s, "
        f"longest {takeover['max']} s. Left out of the digest: {_left_out(figures)}. "
        f"{_lightened(figures)}."
    )


def _left_out(figures: Mapping[str, Any]) -> str:
    return ", ".join(figures["left_out"]) or "nothing"


def _lightened(figures: Mapping[str, Any]) -> str:
    """How many sessions have let go of some of what they knew, and what is not judged for that."""
    many, apart = len(figures["lightened"]), len(figures["twin_left_out"])
    return (
        f"Sessions that came to weigh more than 8 KB: {many}; "
        f"not judged beside the twin for that: {apart}"
    )


def _print(figures: Mapping[str, Any]) -> None:
    table = Table("fault", "times", "median s", "longest s", title="time without an answer")
    for kind, spread in sorted(figures["unanswered_s"].items()):
        table.add_row(kind, str(figures["faults"][kind]), str(spread["p50"]), str(spread["max"]))
    show(table)
    for when, of in figures["latency_ms"].items():
        click.echo(f"latency {when}: p50 {of['p50']} ms, p99 {of['p99']} ms")
    click.echo(
        f"{figures['events']:,} events, {figures['lost']} lost, {figures['wrong']} wrong, "
        f"{figures['repeats']} prompts repeated, {figures['holes']} holes asked for again"
    )
    click.echo("transactions: " + ", ".join(f"{n} {w}" for w, n in figures["transactions"].items()))
    click.echo("trouble: " + ", ".join(f"{n} {kind}" for kind, n in figures["kinds"].items()))
    for kind in figures["missing_kinds"]:
        click.echo(f"{kind} did not occur: this run says nothing of it; let more go wrong")
    click.echo(f"left out of the digest: {_left_out(figures)}")
    click.echo(_lightened(figures))
    for session_id, gone in figures["lightened"].items():
        click.echo(f"lightened: {session_id} let go of {', '.join(gone)}")
    for sentence in figures["twin_left_out"]:
        click.echo(f"not judged: {sentence}")
    for sentence in chain.from_iterable(figures[told] for told in TOLD):
        click.echo(f"not exact: {sentence}")
    for what in JUDGED:
        click.echo(f"{what}: {figures[what]}")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False),
    )
