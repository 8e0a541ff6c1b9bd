"""`goeswith bench regret`: plays all games, prints the figures, writes their section."""

import json
from collections.abc import Iterator
from typing import Any

import click
from rich.table import Table

from streams.cli.live import show
from streams.cli.progress import progress_bar
from streams.lab.bench.figures.results import RESULTS, table, this_command, write_section
from streams.lab.bench.regret.regret import LINES, Figure, judged, means, played, ready, tasks

PACKAGES = ("river", "numpy")
LABELS = {
    "context_mabwiser": "mabwiser's LinTS, in many contexts",
    "context_vw": "Vowpal Wabbit's SquareCB, in many contexts",
    "context": "goeswith, in many contexts",
    "context_river": "River's Thompson sampling, in many contexts",
    "ten_arms": "goeswith, ten arms",
    "ten_arms_late": "goeswith, ten arms, rewards 1,000 decisions late",
    "ten_arms_textbook": "textbook Thompson sampling, ten arms",
    "drift": "goeswith, the best arm becomes the worst",
    "drift_undecayed": "goeswith without forgetting, the best arm becomes the worst",
    "weekends": "goeswith, all arms pay 40 % less at weekends",
    "weekends_blind": "goeswith blind to sudden changes, all arms pay 40 % less at weekends",
    "wave": "goeswith, all arms pay 40 % less or more in a weekly wave",
    "wave_blind": "goeswith blind to sudden changes, in that wave",
    "survival_equal": "goeswith, late conversions",
    "strict_equal": "goeswith waiting for the window's end, late conversions",
    "survival_slow": "goeswith, the best arm's conversions are later",
    "strict_slow": "goeswith waiting for the window's end, the best arm's are later",
}

Regrets = list[tuple[str, int, float]]


@click.command()
@click.option(
    "--seeds",
    type=click.IntRange(1, 100),
    default=100,
    show_default=True,
    help="At most so many of each game; fewer are quicker and prove less.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes at a time."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--write", "to_write", is_flag=True, help=f"Write the section in {RESULTS}.")
def regret(seeds: int, jobs: int, as_json: bool, to_write: bool) -> None:
    """Regret of the policy beside its peers, in worlds whose truth is known.

    Every figure is a share of the regret of another policy, or of another way to count, with the
    same shoppers. The peers, mabwiser and Vowpal Wabbit, have an environment of their own, which
    `make peers` makes.
    """
    ready()
    regrets = list(_with_bar(played(seeds, jobs), len(tasks(seeds))))
    figures = judged(regrets)
    if to_write:
        body = section(regrets, figures)
        write_section(RESULTS, "Regret", body, this_command(), PACKAGES)
    if as_json:
        click.echo(json.dumps({name: figure._asdict() for name, figure in figures.items()}))
    else:
        show(_table(figures))


def _with_bar(games: Iterator[tuple[str, int, float]], total: int) -> Iterator[Any]:
    with progress_bar("games", total) as advance:
        for game in games:
            yield game
            advance(1)


def section(regrets: Regrets, figures: dict[str, Figure]) -> list[str]:
    """The section of RESULTS.md: what was bounded, and the regrets themselves."""
    rows = [
        [_says(name), f"{figure.value:.3f}", f"{figure.bound:g}", _holds(figure)]
        for name, figure in figures.items()
    ]
    games = [
        [LABELS[game], f"{mean:.1f}", f"{error:.1f}", str(seeds)]
        for game, (mean, error, seeds) in means(regrets).items()
    ]
    return [
        "Regret over 20,000 decisions, as a share of another's with the same shoppers.",
        "",
        *table(["", "share", "at most", ""], rows),
        "",
        *table(["mean regret", "rewards", "standard error", "seeds"], games),
    ]


def _says(name: str) -> str:
    line = LINES[name]
    return f"{LABELS[line.ours]}: of {LABELS[line.theirs]}"


def _holds(figure: Figure) -> str:
    return "reached" if figure.holds else "MISSED"


def _table(figures: dict[str, Figure]) -> Table:
    shown = Table("regret, as a share", "value", "at most", "", title="Regret")
    for name, figure in figures.items():
        value, bound = f"{figure.value:.3f}", f"{figure.bound:g}"
        shown.add_row(_says(name), value, bound, _holds(figure))
    return shown
