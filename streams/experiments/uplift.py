"""`goeswith uplift`: what prompts are worth, from the events topic."""

import json
from typing import Any

import click
from rich.table import Table

from streams.cli.live import show
from streams.cli.options import with_settings
from streams.clients.log_reader import open_reader
from streams.contract.errors import InvalidEvent
from streams.contract.events import decode
from streams.contract.settings import Settings
from streams.experiments.holdout import Holdout


@click.command()
@with_settings("bootstrap", "prefix")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def uplift(settings: Settings, as_json: bool) -> None:
    """Uplift: what prompts are worth; shoppers who may get them against the holdout.

    Reads all that the events topic holds, with the holdout's share and salt from the settings. The
    bounds hold whenever and however often one looks; prompts earn something when they exclude 0.

    --json prints `held_out` and `prompted` (how many), `left_out`, `unreadable`, and `metrics`: of
    each `metric` what one of either side does (`control`, `treated`), the `difference`, its `low`
    and `high`, `p` and `relative`; none of these when a side has fewer than two.
    """
    holdout, unreadable = Holdout(settings.holdout_share, settings.holdout_salt), 0
    with open_reader(settings, settings.topics.events) as reader:
        for record in reader.between(reader.begins(), reader.ends()):
            try:
                event = decode(
                    record.key, record.value, timestamp_ms=record.timestamp_ms, settings=settings
                )
            except InvalidEvent:
                unreadable += 1
            else:
                holdout.add(event)
    if as_json:
        click.echo(json.dumps(as_values(holdout, unreadable)))
    else:
        show(table(holdout, unreadable))


def table(holdout: Holdout, unreadable: int = 0) -> Table:
    """For people."""
    held, prompted = holdout.sizes()
    said = Table(
        caption=f"{prompted:,} may get prompts, {held:,} are held out ({holdout.share:.1%}); "
        f"{holdout.left_out:,} events left out, {unreadable:,} unreadable",
        caption_justify="left",
    )
    said.add_column("each")
    for name in ("held out", "prompted", "more", "at any look", "p", "relative"):
        said.add_column(name, justify="right", no_wrap=True)
    for metric, found in holdout.rows():
        if found is None:
            said.add_row(metric, *"------")
            continue
        said.add_row(
            metric,
            f"{found.control:.4f}",
            f"{found.treated:.4f}",
            f"{found.difference:+.4f}",
            f"{found.low:+.4f} .. {found.high:+.4f}",
            f"{found.p:.3f}",
            "-" if found.relative is None else f"{found.relative:+.1%}",
        )
    return said


def as_values(holdout: Holdout, unreadable: int = 0) -> dict[str, Any]:
    """For programs."""
    held, prompted = holdout.sizes()
    return {
        "held_out": held,
        "prompted": prompted,
        "left_out": holdout.left_out,
        "unreadable": unreadable,
        "metrics": [
            {"metric": metric} | ({} if found is None else found._asdict())
            for metric, found in holdout.rows()
        ],
    }
