"""`goeswith bench outlive`: what a shop knows when all but Kafka is gone."""

import asyncio
from collections.abc import Mapping
from typing import Any

import click

from streams.lab.bench.figures.report import (
    bootstrap_option,
    report,
    report_options,
    saying,
    size_options,
)
from streams.lab.bench.figures.results import at_most, table
from streams.lab.bench.size.outlive import measure


@click.command()
@bootstrap_option
@size_options
@report_options
def outlive(bootstrap: str, items: int, pairs: int, **how: bool) -> None:
    """What a shop knows of two months when all processes are gone, and the log is a week.

    A worker starts from the topic of checkpoints: as it was left (`newest`), with the newest
    generation `damaged`, and with `best_fit` switched on. `seconds`: from the start of its process
    to its first answer, of which other programs do not lengthen `cpu_seconds`; `same`: whether it
    knows what a shop knows that saw everything.
    """
    with saying() as say:
        figures = asyncio.run(measure(bootstrap, items, pairs, say))
    report("Outlive", figures, section, _print, (), **how)


def _print(figures: Mapping[str, Any]) -> None:
    for name, figure in figures.items():
        click.echo(f"{name:>20}  {_said(figure)}")


def section(figures: Mapping[str, Any]) -> list[str]:
    """The section of one run, in Markdown."""
    slowest = max(figure for name, figure in figures.items() if name.startswith("seconds_"))
    return [
        "Two months of orders, of which the log has a week: a worker that starts from the topic of",
        "checkpoints, with the newest one damaged, and with another model switched on.",
        "",
        *table(["", "figure"], [(name, _said(figure)) for name, figure in figures.items()]),
        "",
        at_most("seconds to the first answer", slowest, 10.0),
    ]


def _said(figure: Any) -> str:
    """A figure as it is printed.

    >>> _said(1234), _said(True), _said({})
    ('1,234', 'yes', 'nothing')
    """
    if isinstance(figure, bool):
        return "yes" if figure else "no"
    return f"{figure:,}" if isinstance(figure, int | float) else str(figure or "nothing")
