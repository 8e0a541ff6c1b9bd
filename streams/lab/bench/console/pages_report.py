"""`goeswith bench pages`: how long each page of the console takes of a shop with a long history."""

import sys
import time
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import click
import numpy as np

from streams.lab.bench.console.asked import PAGES, AskedConsole
from streams.lab.bench.console.made_outcomes import MadeShop
from streams.lab.bench.figures.report import report, report_options, saying
from streams.lab.bench.figures.results import table

TITLE = "Pages of the console"
PACKAGES = ("fastapi", "jinja2", "pydantic")
DAYS = 90.0
TIMES = 20
PAGE_MS_MAX = 300.0
SLICE = 10_000
SEED = 1
RATES = {
    "bought_together": 0.09,
    "viewed_together": 0.08,
    "best_fit": 0.085,
    "buy_again": 0.07,
    "popular": 0.05,
}
HEAD = ("page", "ms, median", "ms, worst", "bytes")


def measured(impressions: int, times: int = TIMES) -> dict[str, Any]:
    """Read all outcomes, and ask for each page so often; times in ms."""
    shop = MadeShop(impressions, DAYS, RATES)
    console = AskedConsole(shop, np.random.default_rng(SEED), always=False)
    began_s, records = time.perf_counter(), 0
    while written := console.log.write(SLICE):
        console.sources.outcomes.look()
        records += written
    console.look()
    read_s = time.perf_counter() - began_s
    return {
        "impressions": impressions,
        "days": DAYS,
        "records": records,
        "read_s": read_s,
        "pages": {path: _timed(console, path, times) for path in PAGES},
    }


def _timed(console: AskedConsole, path: str, times: int) -> dict[str, float]:
    answers = [console.ask(path) for _ in range(times)]
    took_ms = [1e3 * one.took_s for one in answers]
    return {
        "status": answers[-1].status,
        "median_ms": median(took_ms),
        "worst_ms": max(took_ms),
        "bytes": len(answers[-1].body),
    }


def slow(figures: Mapping[str, Any]) -> list[str]:
    """The pages that take too long, or are none."""
    return [
        path
        for path, one in figures["pages"].items()
        if one["worst_ms"] > PAGE_MS_MAX or one["status"] != 200  # noqa: PLR2004  # HTTP's OK
    ]


def section(figures: Mapping[str, Any]) -> Iterator[str]:
    """For RESULTS.md, and for people."""
    yield (
        f"{figures['impressions']:,} impressions in {figures['days']:.0f} days: "
        f"{figures['records']:,} records of outcomes, made, read and summed in "
        f"{figures['read_s']:.0f} s. Each page is asked {TIMES} times, the first one included, by "
        "one reader; times are the server's, without a socket."
    )
    yield ""
    rows = (
        (path, f"{one['median_ms']:.1f}", f"{one['worst_ms']:.1f}", f"{one['bytes']:,}")
        for path, one in figures["pages"].items()
    )
    yield from table(HEAD, [list(row) for row in rows])


@click.command()
@click.option(
    "--impressions",
    type=click.IntRange(1_000, 10_000_000),
    default=1_000_000,
    show_default=True,
    help="Impressions of 90 days.",
)
@report_options
def pages(impressions: int, **how: bool) -> None:
    """Every page of the console beside the outcomes of 90 days; some minutes for a million.

    Exit code 1 when one of them ever takes longer than 300 ms.
    """
    with saying() as say:
        say(f"{impressions:,} impressions")
        figures = measured(impressions)
    report(TITLE, figures, section, _print, PACKAGES, **how)
    if slow(figures):
        sys.exit(1)


def _print(figures: Mapping[str, Any]) -> None:
    click.echo("\n".join(section(figures)))
