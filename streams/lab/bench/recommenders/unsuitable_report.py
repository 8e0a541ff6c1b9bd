"""`goeswith bench unsuitable`: is anything ever offered that must not be?"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click
from rich.table import Table

from models.warm import warm
from streams.cli.live import show
from streams.cli.progress import EVERY, progress_bar
from streams.contract.events import EventBase
from streams.contract.settings import Settings
from streams.lab.bench.figures.report import report, report_options
from streams.lab.bench.figures.results import table
from streams.lab.bench.recommenders.changing_shop import SETTINGS, ChangingShop
from streams.lab.bench.recommenders.unsuitable import KINDS
from streams.lab.bench.recommenders.watched_shop import WatchedShop

EVENTS = 1_000_000
TITLE = "Unsuitable items"
PACKAGES = ("river",)


@click.command()
@click.option(
    "--events",
    type=click.IntRange(100, 10_000_000),
    default=EVENTS,
    show_default=True,
    help="Views, adds, removals, checkouts and orders.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all draws.")
@report_options
def unsuitable(events: int, seed: int, **how: bool) -> None:
    """Count prompts with an item that must not be offered, in a shop that changes all the time.

    Items sell out, are hidden, restricted, lose their margin, exclude, replace and need each other.
    What must not be is found by plain books that share no code with the decision. Beside it: how
    often it would have been offered without a catalogue. Exit code 1 when anything was found.
    """
    with progress_bar("events", events, every=EVERY) as advance:
        figures = measure(events, seed, advance)
    report(TITLE, figures, section, _print, PACKAGES, **how)
    sys.exit(bool(figures["unsuitable"]))


def measure(
    events: int, seed: int, advance: Callable[[int], object] = lambda _: None
) -> dict[str, Any]:
    """The figures of so many events, as JSON."""
    warm(ranker=False)
    shop = WatchedShop(Settings(**SETTINGS))
    for step in ChangingShop(seed).steps(events):
        if isinstance(step, EventBase):
            shop.serve(step)
            advance(1)
        else:
            shop.change(step)
    return {"seed": seed, **shop.figures()}


def rows(figures: Mapping[str, Any]) -> list[list[str]]:
    """Each kind: how often it was offered, and in one of how many it would have been."""
    found, without = figures["found"], figures["without_catalogue"]
    return [[kind, f"{found.get(kind, 0):,}", f"{without.get(kind, 0):,}"] for kind in KINDS]


def section(figures: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown."""
    happened = f"{figures['events']:,} events, {figures['changes']:,} changes of the catalogue"
    offered = f"{figures['prompts']:,} prompts with {figures['items']:,} items"
    return [
        f"{happened}, {offered}: {figures['unsuitable']:,} unsuitable.",
        f"Without a catalogue, of {figures['asked_without']:,} prompts:",
        "",
        *table(["", "offered", "without a catalogue"], rows(figures)),
    ]


def _print(figures: Mapping[str, Any]) -> None:
    shown = Table("", "offered", "without a catalogue", title=TITLE)
    for row in rows(figures):
        shown.add_row(*row)
    show(shown)
    for example in figures["examples"]:
        click.echo(example)
    click.echo(
        f"{figures['events']:,} events, {figures['changes']:,} changes, {figures['prompts']:,} "
        f"prompts, {figures['unsuitable']:,} unsuitable items; without a catalogue "
        f"{figures['asked_without']:,} prompts were asked for"
    )
