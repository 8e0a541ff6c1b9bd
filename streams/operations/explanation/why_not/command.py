"""`goeswith why-not`: why an item was not offered to a session."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import click

from streams.cli.live import say
from streams.cli.options import with_settings
from streams.cli.progress import EVERY, progress_bar
from streams.contract.errors import NotAuthorized, TopicsWrong
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.slots import Placement
from streams.contract.settings import Settings
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.why_not.asking import (
    Standing,
    WhyNot,
    standing_now,
    why_not,
)
from streams.operations.explanation.why_not.considered import Considered
from streams.operations.explanation.why_not.words import in_words
from streams.storefront.reference.topic_log import latest


@click.command("why-not")
@with_settings("bootstrap", "prefix", "group")
@click.option("--session", "session_id", metavar="SESSION", required=True, help="Of which session.")
@click.option("--item", "item_id", metavar="ITEM", required=True, help="Which item.")
@click.option(
    "--slot", type=click.Choice(get_args(Placement)), help="Its last decision in this slot."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    settings: Settings,
    session_id: str,
    item_id: str,
    slot: Placement | None,
    as_json: bool,  # click's
) -> None:
    """Tell why ITEM was not offered at the last decision of SESSION.

    The log is folded again up to there, so the settings have to be those of the workers; the secret
    is needed only where numbers of items are decided. Catalogue and controls are those of now.
    """
    told = why_not(
        settings,
        session_id,
        item_id,
        slot,
        standing(settings, quiet=as_json),
        LogAccess(partial(progress_bar, every=EVERY)),
    )
    if as_json:
        click.echo(json.dumps(as_plain(session_id, told)))
    else:
        lines = [in_words(told.told), f"  at event {told.event_id[:40]}"]
        say("\n".join([*lines, *(f"note: {note}" for note in told.notes)]))


def standing(
    settings: Settings, *, quiet: bool, advance: Callable[[int], object] = lambda _: None
) -> Standing:
    """What catalogue and controls say now, where there are any; `advance`: of each record."""
    topics = settings.topics
    try:
        items = latest(settings, topics.catalog, CatalogItem, quiet=quiet, advance=advance)
        controls = latest(settings, topics.control, ControlRecord, quiet=quiet, advance=advance)
    except (TopicsWrong, NotAuthorized):
        return Standing()
    return standing_now(settings, items.values(), controls.values())


def as_plain(session_id: str, told: WhyNot) -> dict[str, Any]:
    """As plain values, for JSON."""
    return {
        "session_id": session_id,
        "event_id": told.event_id,
        "timestamp_ms": told.at_ms,
        **considered_as_plain(told.told),
        "notes": list(told.notes),
    }


def considered_as_plain(told: Considered) -> dict[str, Any]:
    """What became of an item, as plain values."""
    sources = [
        source._asdict()
        | {
            "candidate": source.candidate and source.candidate._asdict(),
            "counts": source.counts and source.counts._asdict(),
        }
        for source in told.sources
    ]
    return told._asdict() | {"sources": sources}
