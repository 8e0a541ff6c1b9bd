"""What `goeswith evaluate` prints: narrow tables, so that they fit on a terminal."""

from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from models.evaluation.ranking import REGIMES
from streams.cli.live import show

HEADS = {"coverage@20": "coverage\n@20", "cold_share": "cold\nshare"}
SHOWN = ("hr@1", "hr@5", "hr@20", "mrr@20", "coverage@20", "cold_share")


def show_report(report: dict[str, Any]) -> None:
    """Print a table for each regime, and one of what the models cost."""
    models = report["models"]
    click.echo(
        f"{report['mode']}: {report['train_events']:,} events learned before, "
        f"{report['data_events']:,} judged"
    )
    for regime in REGIMES:
        click.echo()
        show(_rates({name: figures[regime] for name, figures in models.items()}, regime))
    click.echo()
    show(_costs({name: figures[REGIMES[0]] for name, figures in models.items()}))


def _rates(models: dict[str, dict[str, Any]], regime: str) -> Table:
    """The rates of one regime, a model a row."""
    table = _table(regime, "examples", *(HEADS.get(rate, rate) for rate in SHOWN))
    for name, figures in models.items():
        table.add_row(name, f"{figures['examples']:,}", *(_rate(figures, rate) for rate in SHOWN))
    return table


def _rate(figures: dict[str, Any], rate: str) -> str:
    """A rate, and below it the ends of its interval if there is one."""
    numbers = [figures[rate], *figures.get("intervals", {}).get(rate, ())]
    return "\n".join("-" if number is None else f"{number:.4f}" for number in numbers)


def _costs(models: dict[str, dict[str, Any]]) -> Table:
    """What each model costs, in microseconds and in mebibytes."""
    names = ("learn_us", "learn_rank_us", "recommend_us", "recommend_us_p99")
    table = _table("cost", "learn µs", "learn to\nrank µs", "recommend\nµs p50", "µs p99", "MiB")
    for model, figures in models.items():
        times = ("-" if figures[name] is None else f"{figures[name]:.1f}" for name in names)
        table.add_row(model, *times, f"{figures['bytes'] / 2**20:.1f}")
    return table


def _table(first: str, *others: str) -> Table:
    """A narrow table: names to the left, figures to the right."""
    table = Table(first, box=SIMPLE_HEAD, padding=0, show_edge=False)
    for other in others:
        table.add_column(other, justify="right")
    return table
