"""`goeswith bench net-reward`: is another policy judged by what is kept of what prompts sold?"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import click
import numpy as np

from streams.cli.progress import progressed
from streams.lab.bench.figures import results
from streams.lab.bench.figures.claims import Claim, claim, claims_section, show_claims
from streams.lab.bench.figures.in_processes import in_processes
from streams.lab.bench.figures.report import report, report_options, run_options
from streams.lab.bench.inference.net_reward.journeys import TARGETS
from streams.lab.bench.inference.net_reward.market import MarketRun, run

TITLE = "Net reward"
PACKAGES = ("numpy", "scipy", "pydantic")
BIAS_MAX = 0.01
MISSED_MAX = 0.05
CUSTOMERS = 2_000
Z95 = 1.959963984540054

LABELS = {
    "aipw_bias": "AIPW: largest bias, of the true net reward",
    "aipw_bias_and_errors": "the same, with 1.96 of its standard errors on top",
    "ips_bias": "IPS: largest bias",
    "aipw_se": "AIPW: largest standard error of one shop, of the true net reward",
    "ips_se": "IPS: the same",
    "soon_bias": "AIPW, judged ten minutes after the impression: largest bias",
    "missed": "bounds at every look miss the truth, worst policy",
    "wrong_rewards": "impressions that settled at another reward than that of their journey",
}


class Bias(NamedTuple):
    """How far an estimate is off on average, of the truth."""

    value: float
    se: float
    """Of that average."""
    se_of_one: float
    """Of the estimate of one shop."""


def bias(runs: Sequence[MarketRun], target: str, by: str) -> Bias:
    """Over all shops, of one policy and one estimate: `aipw`, `ips` or `soon`."""
    found = [one.by_target[target] for one in runs]
    truth = np.array([one.truth for one in found])
    off = np.array([getattr(one, by) for one in found]) - truth
    spread = float(off.std(ddof=1) / truth.mean())
    return Bias(float(off.mean() / truth.mean()), spread / float(np.sqrt(len(off))), spread)


def claims(runs: Sequence[MarketRun]) -> dict[str, Claim]:
    """What is to hold, from the runs; of the policies the worst."""
    aipw, ips, soon = (
        [bias(runs, target, by) for target in TARGETS] for by in ("aipw", "ips", "soon")
    )
    missed = (np.mean([not r.by_target[name].held for r in runs]) for name in TARGETS)
    return {
        "aipw_bias": claim(max(abs(one.value) for one in aipw), BIAS_MAX),
        "aipw_bias_and_errors": claim(max(abs(b.value) + Z95 * b.se for b in aipw), BIAS_MAX),
        "ips_bias": claim(max(abs(one.value) for one in ips)),
        "aipw_se": claim(max(one.se_of_one for one in aipw)),
        "ips_se": claim(max(one.se_of_one for one in ips)),
        "soon_bias": claim(max(abs(one.value) for one in soon)),
        "missed": claim(float(max(missed)), MISSED_MAX),
        "wrong_rewards": claim(sum(one.wrong_rewards for one in runs), 0),
    }


def measured(count: int, seed: int, customers: int, jobs: int) -> list[MarketRun]:
    """So many shops, each from a seed of its own."""
    work = [(seed + one, customers) for one in range(count)]
    return list(progressed(in_processes(_run, work, jobs, chunk=2), count, "shops"))


def _run(work: tuple[int, int]) -> MarketRun:
    return run(*work)


def section(found: Mapping[str, Claim], runs: Sequence[MarketRun]) -> Iterator[str]:
    """For RESULTS.md."""
    shown = sum(one.impressions for one in runs)
    returned = sum(one.returned for one in runs)
    yield (
        f"{len(runs):,} shops, {shown:,} impressions, of {returned:,} of which something came back "
        "within two weeks. Judged by `goeswith off-policy`'s fold of their outcomes, settled then."
    )
    yield ""
    yield from claims_section(LABELS, found)
    yield ""
    head = ["policy", "true", "AIPW off by", "se", "IPS off by", "se", "ten minutes after"]
    yield from results.table(head, [_row(runs, target) for target in TARGETS])


def _row(runs: Sequence[MarketRun], target: str) -> list[str]:
    truth = float(np.mean([one.by_target[target].truth for one in runs]))
    aipw, ips, soon = (bias(runs, target, by) for by in ("aipw", "ips", "soon"))
    figures = (aipw.value, aipw.se, ips.value, ips.se, soon.value)
    return [f"always what {target}" if target != "alike" else "all arms alike", f"{truth:.4f}"] + [
        f"{figure:+.2%}" if at % 2 == 0 else f"{figure:.2%}" for at, figure in enumerate(figures)
    ]


@click.command("net-reward")
@run_options(200, "Shops.", least=2)
@click.option(
    "--customers",
    type=click.IntRange(300),
    default=CUSTOMERS,
    show_default=True,
    help="Customers of a shop; with fewer an arm may be drawn too seldom.",
)
@report_options
def net_reward(count: int, customers: int, jobs: int, seed: int, **how: bool) -> None:
    """Prompts that sell what comes back: are other policies judged by what is kept?

    Customers of a real shop in this process take what prompts offer, order, and send back all or a
    part of it, in other sessions and on other partitions, some before the order is read. Outcomes
    go through the fold of `goeswith off-policy`, which settles them two weeks later. The truth is
    known: what the arm that sells most earns is not what it sells.

    --json prints, for each name, `value`, `bound` and whether it `holds`; without a bound it is
    there for comparison. Exit code 1 when one does not hold.
    """
    runs = measured(count, seed, customers, jobs)
    found = claims(runs)
    in_words = partial(section, runs=runs)
    report(TITLE, found, in_words, partial(show_claims, LABELS), PACKAGES, **how)
    if not all(one["holds"] for one in found.values()):
        sys.exit(1)
