"""`goeswith bench profit`: what is earned by deciding how many items a prompt has, and which."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import click
from rich.table import Table

from streams.cli.live import show
from streams.lab.bench.figures import results
from streams.lab.bench.figures.claims import Claim, claim, claims_section, show_claims
from streams.lab.bench.figures.in_processes import in_processes
from streams.lab.bench.figures.report import report, report_options
from streams.lab.bench.regret.profit.contenders import (
    CONTENDERS,
    DECIDED,
    FIXED,
    POPULAR,
    SINGLE,
    SPARING,
    Played,
    by_contender,
    calibration_error,
    play,
)
from streams.lab.bench.regret.profit.shops import TEMPERS

TITLE = "Profit"
PACKAGES = ("river", "numpy", "pydantic")
LABELS = {
    "of_best": "decided: profit as a share of the best possible, worst shop",
    "of_mannerly": "decided: the same of the best possible by our manners, worst shop",
    "over_single": "decided: profit over that of the best single arm, worst shop",
    "over_popular": "decided: profit over that of always three popular items, worst shop",
    "over_fixed": "decided: profit over that of the best fixed number, worst shop",
    "dismissals": "decided: dismissals as a share of always three popular items', worst shop",
    "best_dismissals": "the best possible prompts' dismissals as such a share, worst shop",
    "sparing_dismissals": "sparing: dismissals as a share of three popular items', worst shop",
    "sparing_over_popular": "sparing: profit over that of always three popular items, worst shop",
    "calibration": "decided: how far the expected net reward of an item is off, worst shop",
}
BOUNDS = {
    "of_best": 0.85,
    "over_single": 1.0,
    "over_popular": 2.0,
    "over_fixed": 1.0,
    "sparing_over_popular": 1.0,
}
LEAST = {"of_mannerly"}
"""Beside those of `BOUNDS`: of these the least is told, of all others the most."""
MOST = {"dismissals": 0.5, "sparing_dismissals": 0.5}
"""Of those that may be so much at most."""

Figures = dict[str, Any]


def ratios(played: Sequence[Played], shop: str) -> dict[str, float]:
    """What is claimed, of one shop, as far as who it is held against was played."""
    found = by_contender([*played], shop)
    said = _sparing(found)
    if (decided := found.get(DECIDED)) is None:
        return said
    said |= {
        "of_best": decided.profit / decided.best,
        "of_mannerly": decided.profit / decided.mannerly,
        "calibration": calibration_error(decided.reliability),
    }
    rivals = {"over_single": SINGLE, "over_popular": (POPULAR,), "over_fixed": FIXED}
    for claimed, names in rivals.items():
        if found.keys() >= {*names}:
            said[claimed] = _over(decided.profit, [found[name].profit for name in names])
    if (popular := found.get(POPULAR)) is not None:
        sent_away = max(popular.dismissals, 1e-9)
        said["dismissals"] = decided.dismissals / sent_away
        said["best_dismissals"] = decided.best_dismissals / sent_away
    return said


def _sparing(found: Mapping[str, Played]) -> dict[str, float]:
    """What who speaks seldom earns, and annoys, beside who always does."""
    if not found.keys() >= {SPARING, POPULAR}:
        return {}
    sparing, popular = found[SPARING], found[POPULAR]
    return {
        "sparing_dismissals": sparing.dismissals / max(popular.dismissals, 1e-9),
        "sparing_over_popular": _over(sparing.profit, [popular.profit]),
    }


def _over(profit: float, others: Sequence[float]) -> float:
    """How many times the best of the others; where they all lose, what is earned is far more."""
    best = max(others)
    return profit / best if best > 0 else float(profit > best) * 100.0


def claims(played: Sequence[Played]) -> dict[str, Claim]:
    """What is to hold in the worst shop."""
    shops = [ratios(played, shop) for shop in dict.fromkeys(one.shop for one in played)]
    found: dict[str, Claim] = {}
    for name in LABELS:
        values = [one[name] for one in shops if name in one]
        if values and name in BOUNDS:
            found[name] = claim(min(values), BOUNDS[name], min(values) >= BOUNDS[name])
        elif values and name in LEAST:
            found[name] = claim(min(values))
        elif values:
            found[name] = claim(max(values), *((MOST[name],) if name in MOST else ()))
    return found


@click.command()
@click.option(
    "--events",
    type=click.IntRange(200, 1_000_000),
    default=50_000,
    show_default=True,
    help="Events that are learned from before it is measured.",
)
@click.option(
    "--measured", type=click.IntRange(100, 1_000_000), default=10_000, help="Events measured then."
)
@click.option(
    "--shop", "shops", multiple=True, type=click.Choice([*TEMPERS]), help="Which shops; or all."
)
@click.option(
    "--contender",
    "names",
    metavar="NAME",
    multiple=True,
    type=click.Choice(CONTENDERS),
    help="Who plays, or all. Nothing is claimed beside who does not.",
)
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all draws.")
@report_options
def profit(
    events: int,
    measured: int,
    shops: tuple[str, ...],
    names: tuple[str, ...],
    jobs: int,
    seed: int,
    **how: bool,
) -> None:
    """Shops with a known truth: what is earned, beside fixed numbers, single arms, the best."""
    games = [(shop, name) for shop in shops or TEMPERS for name in names or CONTENDERS]
    one = partial(_played, seed=seed, learning=events, measured=measured)
    played = list[Played]()
    for each in in_processes(one, games, jobs):
        played.append(each)
        said = f"{each.shop}, {each.contender}: {each.profit / each.best:.2f} of the best possible"
        said += f", {each.profit / each.mannerly:.2f} of the best possible by our manners"
        click.echo(f"{len(played)} of {len(games)}: {said}", err=True)
    figures: Figures = {
        "played": [each._asdict() for each in played],
        "claims": claims(played),
        "seed": seed,
        "events": events,
    }
    report(TITLE, figures, section, show_figures, PACKAGES, **how)
    if not all(each["holds"] for each in figures["claims"].values()):
        sys.exit(1)


def _played(game: tuple[str, str], seed: int, learning: int, measured: int) -> Played:
    return play(*game, seed, learning, measured)


HEAD = (
    "shop",
    "contender",
    "profit a session",
    "of the best possible",
    "of the best possible by our manners",
    "dismissals",
    "the best's",
    "prompts",
    "items",
)


def _rows(figures: Figures) -> Iterator[tuple[str, ...]]:
    for said in figures["played"]:
        one = Played(**said)
        yield (
            one.shop,
            one.contender,
            f"{one.profit:.1f}",
            f"{one.profit / one.best:.2f}",
            f"{one.profit / one.mannerly:.2f}",
            f"{one.dismissals:.1f}",
            f"{one.best_dismissals:.1f}",
            f"{one.prompts:.2f}",
            f"{one.items:.2f}",
        )


def _reliability(figures: Figures) -> Iterator[tuple[str, ...]]:
    for said in figures["played"]:
        for expected, true, number in said["reliability"]:
            yield said["shop"], f"{expected:.1f}", f"{true:.1f}", f"{number}"


def show_figures(figures: Figures) -> None:
    """For people."""
    table = Table(*HEAD, caption="profit in minor units; dismissals of 100 sessions")
    for row in _rows(figures):
        table.add_row(*row)
    show(table)
    reliable = Table("shop", "expected of an item", "true", "items", title="reliability")
    for row in _reliability(figures):
        reliable.add_row(*row)
    show(reliable)
    show_claims(LABELS, figures["claims"])


def section(figures: Figures) -> Iterator[str]:
    """The section of RESULTS.md."""
    yield f"Learned from {figures['events']:,} events, then measured; seed {figures['seed']}."
    yield ""
    yield from results.table(HEAD, _rows(figures))
    yield ""
    yield from results.table(("shop", "expected", "true", "items"), _reliability(figures))
    yield ""
    yield from claims_section(LABELS, figures["claims"])
