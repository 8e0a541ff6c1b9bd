"""`goeswith bench uplift`: is what we say of prompts true, whatever customers do with their ids?"""

from collections.abc import Iterator
from typing import Any

import click

from streams.cli.live import show
from streams.cli.tables import Listing
from streams.lab.bench.figures.in_processes import in_processes
from streams.lab.bench.figures.report import report, report_options, run_options
from streams.lab.bench.inference.customers import KINDS, LOOKS, ShopRun, run, truth

TITLE = "Uplift"
PACKAGES = ("numpy", "scipy", "pydantic")
COVERED_MIN = 0.95
UNITS = 400

Figures = dict[str, dict[str, Any]]


def figures_of(kind: str, runs: list[ShopRun]) -> dict[str, Any]:
    """What the runs of a kind come to."""
    covered = sum(one.covered for one in runs) / len(runs)
    prompted = sum(one.held_out_prompted for one in runs)
    return {
        "runs": len(runs),
        "truth": truth(kind),
        "difference": sum(one.difference for one in runs) / len(runs),
        "covered": covered,
        "held_out_prompted": prompted,
        "crossovers": sum(one.crossovers for one in runs) / len(runs),
        "holds": covered >= COVERED_MIN and not prompted,
    }


def measured(runs: int, seed: int, units: int, jobs: int) -> Figures:
    """Each kind of customers, in so many shops."""
    work = [(kind, seed + number, units) for kind in KINDS for number in range(runs)]
    found: dict[str, list[ShopRun]] = {kind: [] for kind in KINDS}
    for (kind, *_), one in zip(work, in_processes(_run, work, jobs, chunk=4), strict=True):
        found[kind].append(one)
    return {kind: figures_of(kind, played) for kind, played in found.items()}


def _run(work: tuple[str, int, int]) -> ShopRun:
    return run(*work)


HEAD = ("customers", "true", "found", "bounds hold", "held out prompted", "crossovers", "ok")


def _row(kind: str, found: dict[str, Any]) -> tuple[str, ...]:
    return (
        kind,
        f"{found['truth']:+.3f}",
        f"{found['difference']:+.3f}",
        f"{found['covered']:.1%}",
        f"{found['held_out_prompted']:,}",
        f"{found['crossovers']:.1f}",
        "yes" if found["holds"] else "NO",
    )


def listing(figures: Figures) -> Listing:
    """For people."""
    runs = max(found["runs"] for found in figures.values())
    table = Listing(
        *HEAD,
        title=f"Orders of a unit that prompts are worth; {runs} shops each, {LOOKS} looks at each",
    )
    for kind, found in figures.items():
        table.add(*_row(kind, found))
    return table


def section(figures: Figures) -> Iterator[str]:
    """For RESULTS.md."""
    yield f"| {' | '.join(HEAD)} |"
    yield "|---" * len(HEAD) + "|"
    for kind, found in figures.items():
        yield f"| {' | '.join(_row(kind, found))} |"


@click.command()
@run_options(200, "Shops of each kind.")
@click.option(
    "--units",
    type=click.IntRange(100),
    default=UNITS,
    show_default=True,
    help="Customers of a shop.",
)
@report_options
def uplift(count: int, units: int, seed: int, jobs: int, **how: bool) -> None:
    """Simulated customers whose orders a prompt raises: do the bounds of uplift hold the truth?

    Nine kinds of customers, before a real shop in this process: known, without consent, who sign in
    late, pause, change ids, order on a payment page, have two devices, or are bots. For each kind
    --runs shops with --units customers. Fails, with exit code 1, when bounds hold the truth in
    fewer than 95 % of them, or when anybody who is held out was prompted.
    """
    figures = measured(count, seed, units, jobs)
    report(TITLE, figures, section, lambda found: show(listing(found)), PACKAGES, **how)
    raise click.exceptions.Exit(0 if all(found["holds"] for found in figures.values()) else 1)
