"""`goeswith bench relations`: are substitutes known, and kept out of cross-sells?"""

import json
from itertools import islice
from typing import Any

import click
from rich.table import Table

from streams.cli.live import show
from streams.lab.bench.recommenders.relations import (
    LEVELS,
    offer_figures,
    taught,
    types_of,
    typing_figures,
)
from streams.lab.replay.baskets import baskets, completejourney

TRAIN_BASKETS = 20_000
JUDGED_BASKETS = 2_000
SHOWN = ("precision", "recall", "substitutes_offered", "two_of_a_kind", "prompts", "hit_rate")


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=TRAIN_BASKETS,
    show_default=True,
    metavar="BASKETS",
    help="So many baskets teach; the next 2,000 are asked about.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def relations(limit: int, as_json: bool) -> None:
    """Substitutes among real grocery products, by how much the catalogue says of their kinds.

    Two products of one type are held to replace each other. Precision and recall are of pairs of
    products; what is offered is beside the first half of each basket, three items at most; a hit:
    one of them is in the other half.
    """
    found = [*islice(baskets(completejourney()), limit + JUDGED_BASKETS)]
    train, judged = found[:limit], found[limit:]
    learned, types = taught(train), types_of(found)
    report: dict[str, dict[str, Any]] = {
        level: typing_figures(learned, types, level) | offer_figures(learned, types, level, judged)
        for level in LEVELS
    }
    if as_json:
        click.echo(json.dumps(report))
        return
    title = f"substitutes: {len(train):,} baskets teach, {len(judged):,} are asked about"
    table = Table("the catalogue says", *(name.replace("_", " ") for name in SHOWN), title=title)
    for level, told in report.items():
        table.add_row(level, *(_share(told[name]) for name in SHOWN))
    show(table)


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.3f}"
