"""`goeswith bench inference`: is what we say of arms true, when people look all the time?"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import click
import numpy as np

from streams.cli.progress import progress_bar
from streams.contract.errors import MissingExtra
from streams.lab.bench.figures.claims import Claim, claim, claims_section, show_claims
from streams.lab.bench.figures.report import report, report_options, run_options
from streams.lab.bench.inference import open_bandit
from streams.lab.bench.inference.peeking import (
    FLOOR,
    HORIZON,
    LOOK_EVERY,
    REFRESH,
    SimulatedRun,
    SimulatedShop,
    runs,
)

ALIKE = "alike"
"""The shop in which all arms earn the same: whoever finds a difference is wrong."""
ONE_BETTER = "one better"
RATES = (0.005, 0.01, 0.02, 0.05, 0.1)
ARMS = 4
PUBLISHED = 0.00455
PUBLISHED_WITHIN = 0.00005
TITLE = "Inference"
PACKAGES = ("numpy", "scipy")


def shops(count: int, horizon: int = HORIZON) -> list[SimulatedShop]:
    """What is simulated: arms alike, one of them better, and arms alike at other rates."""
    few = max(1, count // 10)
    others = [SimulatedShop(f"rate {rate:g}", (rate,) * ARMS, few, horizon) for rate in RATES]
    return [
        SimulatedShop(ALIKE, (0.05,) * ARMS, count, horizon),
        SimulatedShop(ONE_BETTER, (0.05, 0.05, 0.05, 0.07), max(1, count // 2), horizon),
        *(shop for shop in others if shop.rates[0] != 0.05),  # noqa: PLR2004  # that is the first
    ]


def entries(found: Mapping[str, tuple[SimulatedShop, Sequence[SimulatedRun]]]) -> dict[str, Claim]:
    """What is to hold, from the runs of each shop."""
    _, alike = found[ALIKE]
    coverage = min(coverages(played) for _, played in found.values())
    both = [found[ALIKE], found[ONE_BETTER]]
    bias = max(abs(b) for shop, played in both for b in biases(shop, [r.aipw for r in played]))
    naive_bias = min(b for shop, played in both for b in biases(shop, [r.naive for r in played]))
    rejected = float(np.mean([one.rejected for one in alike]))
    naive = float(np.mean([one.naive_rejected for one in alike]))
    alarms = float(np.mean([one.sample_ratio_alarm for one in alike]))
    return {
        "family_wise_rejection": claim(rejected, 0.05, rejected <= 0.05),  # noqa: PLR2004
        "aipw_bias": claim(bias, 0.01, bias <= 0.01),  # noqa: PLR2004
        "coverage_at_every_look": claim(coverage, 0.95, coverage >= 0.95),  # noqa: PLR2004
        "naive_rejection": claim(naive, None, holds=True),
        "naive_bias": claim(naive_bias, None, holds=True),
        "sample_ratio_false_alarms": claim(alarms, None, holds=True),
    }


def coverages(played: Sequence[SimulatedRun]) -> float:
    """The share of arms whose bounds held the truth at every look."""
    return float(np.mean([one.covered for one in played]))


def biases(shop: SimulatedShop, estimates: Sequence[Any]) -> Iterator[float]:
    """What estimates are off on average, of the rate; arms of the same rate count together."""
    mean = np.mean(estimates, axis=0)
    for rate in sorted(set(shop.rates)):
        yield float(np.mean(mean[np.array(shop.rates) == rate])) / rate - 1.0


def of_open_bandit() -> Claim:
    """The published estimate, found again; without the data it does not hold."""
    bound = [PUBLISHED - PUBLISHED_WITHIN, PUBLISHED + PUBLISHED_WITHIN]
    try:
        value = open_bandit.random_to_thompson(open_bandit.package()).ips.value
    except MissingExtra as missing:
        click.echo(f"goeswith: {missing}", err=True)
        return claim(None, bound, holds=False)
    return claim(value, bound, bound[0] <= value <= bound[1])


def measure(
    count: int, seed: int, jobs: int, horizon: int = HORIZON
) -> tuple[dict[str, Claim], float]:
    """All entries, and the seconds that it took; a progress bar goes to stderr."""
    played: dict[str, tuple[SimulatedShop, list[SimulatedRun]]] = {}
    simulated = shops(count, horizon)
    began_s = time.perf_counter()
    with progress_bar("runs", sum(shop.runs for shop in simulated)) as advance:
        for number, some in runs(simulated, seed, jobs):
            shop = simulated[number]
            played.setdefault(shop.name, (shop, []))[1].extend(some)
            advance(len(some))
    took_s = time.perf_counter() - began_s
    return entries(played) | {"open_bandit_ipw": of_open_bandit()}, took_s


@click.command()
@run_options(
    1_000,
    "Simulated shops in which all arms are alike; half as many with one better, a tenth as many "
    "at each other rate.",
    jobs=2,
)
@report_options
def inference(count: int, jobs: int, seed: int, **how: bool) -> None:
    """False alarms, bias and coverage of what is said of arms, looked at after every 100 decisions.

    Each run is a bandit of 4 arms and 20,000 decisions by the product's policy, refreshed after
    every 50; the truth is known. Beside it what a z test of plain means would have said. And an
    estimate that is published for real data, found again.

    --json prints, for each name, `value`, `bound` and whether it `holds`; without a bound it is
    there for comparison. Exit code 1 when one does not hold.
    """
    found, took_s = measure(count, seed, jobs)
    in_words = partial(section, count=count, took_s=took_s)
    report(TITLE, found, in_words, partial(show_claims, LABELS), PACKAGES, **how)
    if not all(entry["holds"] for entry in found.values()):
        sys.exit(1)


LABELS = {
    "family_wise_rejection": "arms alike, and any said to differ at some look",
    "aipw_bias": "AIPW: largest bias, of the rate",
    "coverage_at_every_look": "bounds hold the truth at every look, worst of rates .005 to .1",
    "naive_rejection": "the same by z tests of plain means",
    "naive_bias": "plain means: largest bias, of the rate",
    "sample_ratio_false_alarms": "false alarms of the sample ratio",
    "open_bandit_ipw": "Open Bandit (small), Random to Thompson sampling, All, IPW",
}


def section(found: Mapping[str, Claim], count: int, took_s: float) -> Iterator[str]:
    """The section in RESULTS.md."""
    yield (
        f"{count:,} bandits of {ARMS} arms of rate .05 and {HORIZON:,} decisions, floor {FLOOR:g}, "
        f"refreshed after every {REFRESH}, looked at after every {LOOK_EVERY}; half as many with "
        f"one arm of .07, a tenth as many at each of the other rates; {took_s:,.0f} s."
    )
    yield ""
    yield from claims_section(LABELS, found)
