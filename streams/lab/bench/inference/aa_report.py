"""`goeswith bench aa-tests`: how often is an effect found where there is none?"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np

from streams.cli.progress import progressed
from streams.lab.bench.figures.claims import Claim, claim, claims_section, show_claims
from streams.lab.bench.figures.in_processes import in_processes
from streams.lab.bench.figures.report import report, report_options, run_options
from streams.lab.bench.inference.aa_log import differing_looks, verdicts
from streams.lab.bench.inference.aa_shops import AaRun, AaShop, course, run

TITLE = "A/A tests"
PACKAGES = ("numpy", "scipy")
DIFFERS_MAX = 0.05
ALARMS_MAX = 0.01
YEAR = AaShop(looks=365, units_a_look=1_000, share=0.05, rate=0.06, later=1.0, varied=True)
RARE = {rate: AaShop(looks=40, units_a_look=500, share=0.05, rate=rate / 100.0) for rate in (2, 5)}
"""By order rate in per cent: a look at every 500 of 20,000 shoppers."""
FEW = AaShop(looks=1, units_a_look=4, share=0.5, rate=0.5)
KEPT = AaShop(looks=90, units_a_look=40, share=0.2, rate=0.1, later=1.0, varied=True)
KEEPS_DAYS = 7
FEWS = 200

Work = tuple[AaShop, tuple[int, ...]]

LABELS = {
    "year": "a year, a look a day: prompts are ever said to earn more or fewer orders",
    "year_items": "the same, of items",
    "year_revenue": "the same, of revenue",
    "rare_2": "orders of 2 %, a look at every 500: ever said to differ",
    "rare_5": "orders of 5 %, a look at every 500: ever said to differ",
    "sample_ratio": "a year: false alarms of the sample ratio",
    "two_a_side": "two units a side: bounds or a verdict",
    "kept": "looks at which --keep, on a log of 7 days, says anything else than these sums",
    "window": "a year on a log of 7 days without --keep, had it not been refused",
    "naive": "a year of z tests",
}


def claims(years: Sequence[AaRun], rare: Mapping[int, Sequence[AaRun]]) -> dict[str, Claim]:
    """What is to hold, from the runs."""
    found = {
        "year": claim(_share(one.differs["orders"] for one in years), DIFFERS_MAX),
        "year_items": claim(_share(one.differs["items"] for one in years), DIFFERS_MAX),
        "year_revenue": claim(_share(one.differs["revenue"] for one in years), DIFFERS_MAX),
    }
    for rate, runs in rare.items():
        found[f"rare_{rate}"] = claim(_share(one.differs["orders"] for one in runs), DIFFERS_MAX)
    return found | {
        "sample_ratio": claim(_share(one.sample_ratio_alarm for one in years), ALARMS_MAX),
        "window": claim(_share(one.window for one in years)),
        "naive": claim(_share(one.naive for one in years)),
    }


def _share(flags: Iterator[bool]) -> float:
    return float(np.mean(list(flags)))


def measured(
    count: int, seed: int, jobs: int, *, year: AaShop = YEAR, kept: AaShop = KEPT
) -> dict[str, Claim]:
    """All claims; as many shops of rare orders as years."""
    shops = [year, *RARE.values()]
    work = [(shop, (seed, at, one)) for at, shop in enumerate(shops) for one in range(count)]
    runs = list(progressed(in_processes(_run, work, jobs, chunk=8), len(work), "shops"))
    years, *rare = (runs[at * count : (at + 1) * count] for at in range(len(shops)))
    found = claims(years, dict(zip(RARE, rare, strict=True)))
    of_two = np.arange(FEW.units) < FEW.units // 2
    few = (
        course(FEW, np.random.default_rng((seed, 8, one)))._replace(held=of_two)
        for one in range(FEWS)
    )
    with TemporaryDirectory() as folder:
        one = course(kept, np.random.default_rng((seed, 9)))
        off = differing_looks(one, KEEPS_DAYS, Path(folder) / "units")
    more = {"two_a_side": claim(verdicts(few), 0), "kept": claim(off, 0)}
    both = found | more
    return {name: both[name] for name in LABELS}


def _run(work: Work) -> AaRun:
    shop, seed = work
    return run(shop, np.random.default_rng(seed))


def section(found: Mapping[str, Claim], count: int) -> Iterator[str]:
    """For RESULTS.md."""
    yield (
        f"{count:,} shops of {YEAR.looks} days with {YEAR.units_a_look:,} new units a day, "
        f"{YEAR.share:.0%} held out, who differ in habit, come back and return things; as many of "
        f"{RARE[2].units:,} shoppers who seldom order. Nobody's orders depend on prompts."
    )
    yield ""
    yield from claims_section(LABELS, found)


@click.command("aa-tests")
@run_options(1_000, "Simulated years, and as many shops of rare orders for each rate.")
@report_options
def aa_tests(count: int, jobs: int, seed: int, **how: bool) -> None:
    """A/A tests of uplift: shops in which prompts are worth nothing, looked at again and again.

    A year of 1,000 units a day with a look a day, and shoppers who seldom order, with a look at
    every 500 of them. Each look is judged as `goeswith uplift` does. Beside it that two units a
    side give no verdict, and that units kept by --keep on a log of seven days give the same sums.

    --json prints, for each name, `value`, `bound` and whether it `holds`; without a bound it is
    there for comparison. Exit code 1 when one does not hold.
    """
    found = measured(count, seed, jobs)
    in_words = partial(section, count=count)
    report(TITLE, found, in_words, partial(show_claims, LABELS), PACKAGES, **how)
    if not all(one["holds"] for one in found.values()):
        sys.exit(1)
