"""`goeswith replay`: real grocery baskets through Kafka and a worker, judged."""

import json
import logging
from functools import partial
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from streams.cli.live import show
from streams.cli.options import (
    FiniteRange,
    read_settings,
    self_contained,
    speaking_to,
    with_some_secret,
)
from streams.cli.progress import progress_bar
from streams.contract.settings import Settings
from streams.lab.embedded.worker_process import environment
from streams.lab.replay.baskets import baskets, completejourney
from streams.lab.replay.run import LIFTED, STAPLES, Report, apart, lifted, run, stage

SAID = {"staples_withheld", "topic_prefix", "group_id", "best_fit", "arm_floor"}
DATASETS = {"completejourney": completejourney}


@click.command()
@click.option(
    "--bootstrap",
    metavar="HOST:PORT",
    help="A real Kafka: new topics are made there, and stay. Else an embedded one is started.",
)
@click.option(
    "--dataset",
    type=click.Choice(list(DATASETS)),
    default="completejourney",
    show_default=True,
    help="Whose baskets.",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="EVENTS", help="So many adds; else all 1.45 million."
)
@click.option(
    "--rate",
    type=FiniteRange(0),
    default=0.0,
    metavar="EVENTS_PER_S",
    help="Adds a second; 0, the default: as fast as the answers come.",
)
@click.option(
    "--staples",
    type=click.Choice(list(STAPLES)),
    default="withheld",
    show_default=True,
    help="The 100 most bought items so far, which people buy anyway: offered or not.",
)
@click.option(
    "--worker",
    type=click.Choice(["own", "external"]),
    default="own",
    show_default=True,
    help="Start a worker, or use the one of this environment (needs --bootstrap).",
)
@click.option(
    "--best-fit",
    is_flag=True,
    help="With the learned ranker as an arm, of our own worker: GOESWITH_BEST_FIT.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def replay(
    bootstrap: str | None,
    dataset: str,
    limit: int | None,
    rate: float,
    staples: str,
    worker: str,
    best_fit: bool,
    as_json: bool,
) -> None:
    """Real grocery baskets in the order of their times, add by add, through Kafka and a worker.

    The next add of a basket is sent when the last one is answered. At each add popularity is asked,
    too, under the same guards. A hit: one of at most three offered items enters the same basket
    later. Every add is an example: holdout, caps and cool-down are lifted by settings. Rates are of
    all adds, and of those after which a basket continued.
    """
    own = worker == "own"
    if not own and bootstrap is None:
        raise click.UsageError("--worker external needs --bootstrap: an embedded broker is new")
    settings = settings_of(bootstrap, staples, own=own, best_fit=best_fit)
    console = Console(stderr=True, highlight=False)
    said = {name: value for name, value in environment(settings).items() if _is_said(name)}
    console.print("settings of this replay:", " ".join(f"{n}={v}" for n, v in said.items()))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics elect; errors are raised
    chosen = list(baskets(DATASETS[dataset](), limit=limit))
    adds = sum(len(basket.lines) for basket in chosen)
    with (
        stage(settings, embedded=bootstrap is None, own_worker=own) as (staged, check),
        progress_bar("replaying", adds, console=console) as advance,
    ):
        report = run(
            *(staged, chosen),
            staples=staples,
            events_per_s=rate,
            check=check,
            advance=partial(advance, 1),
        )
    if as_json:
        click.echo(json.dumps(report.summary()))
    else:
        _print(report)


def settings_of(bootstrap: str | None, staples: str, *, own: bool, best_fit: bool) -> Settings:
    """Of a replay with a worker of its `own`; or those of the worker that is there."""
    if not own:
        return with_some_secret(lifted(read_settings(kafka_bootstrap=bootstrap), staples))
    given = {"kafka_bootstrap": bootstrap} if bootstrap else {}
    settings = apart(lifted(self_contained(speaking_to(bootstrap), **given), staples))
    return settings.model_copy(update={"best_fit": True}) if best_fit else settings


def _is_said(name: str) -> bool:
    setting = name.removeprefix("GOESWITH_").lower()
    return setting in LIFTED or setting in SAID


def _print(report: Report) -> None:
    summary = report.summary()
    latency = summary["latency_ms"]
    columns = ("", "adds", "of all", "popular", "continued", "popular")
    table = Table(*columns, title=f"hit rates, staples {report.staples}")
    for name, window in report.windows.items():
        table.add_row(name.replace("_", " "), *_cells(window))
        for arm, told in window["arms"].items():
            table.add_row(f"  {arm}", *_cells(told))
    show(table)
    click.echo(
        f"{report.events:,} adds in {report.seconds:.1f} s ({summary['events_per_s']} a second), "
        f"{report.prompts:,} prompts, latency p50 {latency['p50']} ms, p99 {latency['p99']} ms"
    )


def _cells(told: dict[str, Any]) -> list[str]:
    """Examples and rates of a window, or of one of its arms, which has no popularity beside it."""
    rates = ("hit_rate", "hit_rate_popular", "hit_rate_continued", "hit_rate_popular_continued")
    return [f"{told['examples']:,}", *(_rate(told[n]) if n in told else "" for n in rates)]


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.3f}"
