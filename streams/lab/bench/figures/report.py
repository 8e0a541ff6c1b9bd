"""What every benchmark does with its figures: one JSON object or something to read, and a section.

```
@click.command()
@report_options
def oven(**how: bool) -> None:
    report("Oven", measure(), section, show, PACKAGES, **how)
```
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Console

from streams.lab.bench.figures.results import RESULTS, this_command, write_section

Command = TypeVar("Command", bound=Callable[..., Any])
Figures = TypeVar("Figures")

_OPTIONS = (
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.option("--write", "to_write", is_flag=True, help=f"Write the section in {RESULTS}."),
)


def report_options(command: Command) -> Command:
    """The options `--json` and `--write`, which `report` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def size_options(command: Command) -> Command:
    """The options `--items` and `--pairs`: how large the shop is."""
    items, pairs = click.IntRange(100, 200_000), click.IntRange(1_000, 10_000_000)
    options = (
        click.option(
            "--items", type=items, default=100_000, show_default=True, help="Items of the shop."
        ),
        click.option(
            "--pairs",
            type=pairs,
            default=1_000_000,
            show_default=True,
            help="Pairs of them that were bought together.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def run_options(
    runs: int, of: str, *, least: int = 1, jobs: int = 1
) -> Callable[[Command], Command]:
    """The options `--runs` (the argument `count`), `--jobs` and `--seed` of what is simulated.

    `of` says what is run so many times.
    """
    several = click.IntRange(least, 100_000)
    options = (
        click.option("--runs", "count", type=several, default=runs, show_default=True, help=of),
        click.option(
            "--jobs", type=click.IntRange(1, 64), default=jobs, show_default=True, help="Processes."
        ),
        click.option(
            "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all draws."
        ),
    )

    def with_options(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return with_options


def report(
    title: str,
    figures: Figures,
    section: Callable[[Figures], Iterable[str]],
    show: Callable[[Figures], None],
    packages: Sequence[str],
    *,
    as_json: bool,
    to_write: bool,
) -> None:
    """Write the section of these figures if asked to, and print them: as JSON, or by `show`.

    `section` makes Markdown of them, line by line; `packages` are those that were measured.
    """
    if to_write:
        write_section(RESULTS, title, section(figures), this_command(), packages)
    if as_json:
        click.echo(json.dumps(figures))
    else:
        show(figures)


bootstrap_option = click.option(
    "--bootstrap",
    metavar="HOST:PORT",
    default="127.0.0.1:9092",
    show_default=True,
    envvar="GOESWITH_KAFKA_BOOTSTRAP",
    help="A real Kafka; topics of their own are made there, and deleted afterwards.",
)


@contextmanager
def saying() -> Iterator[Callable[[str], None]]:
    """Says on standard error what is being measured."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics elect; errors are raised
    console = Console(stderr=True, highlight=False)
    with console.status("starting") as status:

        def say(what: str) -> None:
            status.update(what)
            console.print(f"measuring: {what}")

        yield say
