"""`goeswith bench watched`: experiments in which nothing is better, watched on the console."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import click
import numpy as np

from streams.cli.progress import progressed
from streams.lab.bench.console.asked import AskedConsole
from streams.lab.bench.console.made_outcomes import MadeShop
from streams.lab.bench.figures.claims import Claim, claim, claims_section, show_claims
from streams.lab.bench.figures.in_processes import in_processes
from streams.lab.bench.figures.report import report, report_options, run_options

TITLE = "A/A tests, watched on the console"
PACKAGES = ("fastapi", "numpy", "scipy")
ALIKE = MadeShop(impressions=3_000, days=3, rates={"one": 0.2, "other": 0.2}, held_out=0.2)
RECORDS_A_LOOK = 150
"""About a hundred impressions."""
WINNERS_MAX = 0.05

LABELS = {
    "winner": "a winner at any look: of arms, or of prompts and none",
    "arm": "an arm is said to be best at any look",
    "orders": "prompts are said to bring more or fewer orders at any look",
    "alarm": "a sample ratio alarm at any look",
}


class WatchedRun(NamedTuple):
    """What somebody was told who looked again and again, until the end."""

    looks: int
    settled: int
    """Impressions that counted at the end."""
    arm: bool
    """Whether an arm was said to be best."""
    orders: bool
    """Whether prompts were said to change how often somebody orders."""
    alarm: bool


def watched(shop: MadeShop, seed: Sequence[int]) -> WatchedRun:
    """One experiment: after each hundred impressions or so the console is asked for its verdict."""
    console = AskedConsole(shop, np.random.default_rng(list(seed)), always=True)
    looks = settled = 0
    arm = orders = alarm = False
    while console.log.write(RECORDS_A_LOOK):
        console.look()
        said = console.values("/api/experiments")
        evidence, uplift = said["arms"]["evidence"], said["uplift"]
        looks += 1
        settled = sum(one["drawn"] for one in evidence["arms"])
        arm |= evidence["best"]["decided"]
        orders |= any(map(_differs, uplift["metrics"]))
        alarm |= evidence["sample_ratio_alarm"] or uplift["sample_ratio_alarm"]
    return WatchedRun(looks, settled, arm, orders, alarm)


def _differs(metric: Mapping[str, Any]) -> bool:
    """Whether the bounds of orders leave out that there is no difference."""
    if metric["metric"] != "orders" or "low" not in metric:
        return False
    return not metric["low"] <= 0.0 <= metric["high"]


def claims(runs: Sequence[WatchedRun]) -> dict[str, Claim]:
    """What is to hold."""
    return {
        "winner": claim(_share(one.arm or one.orders for one in runs), WINNERS_MAX),
        "arm": claim(_share(one.arm for one in runs)),
        "orders": claim(_share(one.orders for one in runs)),
        "alarm": claim(_share(one.alarm for one in runs), WINNERS_MAX),
    }


def _share(flags: Iterator[bool]) -> float:
    return float(np.mean(list(flags)))


def watched_runs(count: int, seed: int, jobs: int, shop: MadeShop = ALIKE) -> Iterator[WatchedRun]:
    """So many of them, each from a seed of its own."""
    seeds = [(seed, number) for number in range(count)]
    return in_processes(partial(watched, shop), seeds, jobs)


def section(found: Mapping[str, Claim], count: int) -> Iterator[str]:
    """For RESULTS.md."""
    yield (
        f"{count:,} experiments of {ALIKE.impressions:,} impressions, of two arms that are alike, "
        f"and {ALIKE.held_out:.0%} held out for whom nothing is different; the console's address "
        f"`/api/experiments` is asked after every {RECORDS_A_LOOK} records of outcomes."
    )
    yield ""
    yield from claims_section(LABELS, found)


@click.command("watched")
@run_options(100, "Experiments in which nothing is better than anything else.")
@report_options
def watched_command(count: int, jobs: int, seed: int, **how: bool) -> None:
    """A/A tests at the console's own address for programs, watched for their whole length.

    Exit code 1 when more than 5 % of them have a winner at any look.
    """
    runs = list(progressed(watched_runs(count, seed, jobs), count, "experiments"))
    found = claims(runs)
    in_words = partial(section, count=count)
    report(TITLE, found, in_words, partial(show_claims, LABELS), PACKAGES, **how)
    if not all(one["holds"] for one in found.values()):
        sys.exit(1)
