"""`goeswith feed`: what was decided for sessions and orders, as rows for other programs.

Reads prompts, outcomes, events and the catalogue, and decides nothing. Rows go to standard output,
what was left out is said on standard error, in counts.
"""

import csv
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click
from pydantic import ValidationError

from streams.cli.options import FiniteRange, with_settings
from streams.cli.progress import progressed_between
from streams.clients.log_reader import RawRecord, open_reader
from streams.contract.errors import InvalidEvent, TopicsWrong
from streams.contract.events import decode
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.outcomes import ANY_OUTCOME, Outcome
from streams.contract.published.prompts import ANY_PUBLISHED
from streams.contract.settings import Settings
from streams.shop.decision.languages.message_files import LANGUAGES
from streams.storefront.feeds.rows import FeedMaker, FeedRow
from streams.storefront.feeds.sessions import FeedSessions
from streams.storefront.reference.topic_log import latest

DAY_MINUTES = 1440.0
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that spreadsheets compute."""

Command = Callable[..., None]


@click.group()
def feed() -> None:
    """Feeds for e-mail tools and tills: what was decided, with a text.

    Whoever has not said yes (`consent`) in their session, has said no since, was forgotten, or is
    held out, is in no feed.
    """


def _options(command: Command) -> Command:
    for option in (
        click.option(
            "--format",
            "form",
            type=click.Choice(["csv", "json"]),
            default="csv",
            show_default=True,
            help="CSV with a header, or JSON lines.",
        ),
        click.option(
            "--items",
            "items_max",
            type=click.IntRange(1, 10),
            default=3,
            show_default=True,
            help="Most rows of an order, or of a session.",
        ),
        click.option(
            "--language",
            type=click.Choice(LANGUAGES),
            help="Of texts and titles; otherwise the shopper's.",
        ),
        click.option(
            "--since",
            "since_minutes",
            type=FiniteRange(min=0),
            default=DAY_MINUTES,
            show_default=True,
            metavar="MINUTES",
            help="Only what was published since then, that many minutes ago.",
        ),
        with_settings("bootstrap", "prefix"),
    ):
        command = option(command)
    return command


@feed.command("post-purchase")
@_options
def post_purchase(
    settings: Settings, since_minutes: float, language: str | None, items_max: int, form: str
) -> None:
    """What would complete each order: for e-mail tools.

    Items that the session was offered, less what was bought, sent away, or cannot be had any more.
    """
    maker = _maker(settings, since_minutes, language=language, items_max=items_max)
    _write(maker.post_purchase(), maker, form)


@feed.command("staff")
@_options
def staff(
    settings: Settings, since_minutes: float, language: str | None, items_max: int, form: str
) -> None:
    """What staff may say to shoppers who have not ordered: for tills and tablets.

    Items that the session was offered, less what is in the basket, sent away or withdrawn.
    """
    maker = _maker(settings, since_minutes, language=language, items_max=items_max)
    _write(maker.staff(), maker, form)


def _maker(
    settings: Settings, since_minutes: float, *, language: str | None, items_max: int
) -> FeedMaker:
    since_ms = int(max(0.0, time.time() - since_minutes * 60) * 1000)
    sessions = read_sessions(settings, since_ms)
    try:
        catalog = latest(settings, settings.topics.catalog, CatalogItem, quiet=True)
    except TopicsWrong:  # it is optional
        catalog = {}
    floor = settings.margin_ratio_min
    return FeedMaker(
        sessions, catalog, margin_ratio_min=floor, language=language, items_max=items_max
    )


def read_sessions(settings: Settings, since_ms: int) -> FeedSessions:
    """What happened since: prompts first, so that only their sessions are kept."""
    topics, sessions = settings.topics, FeedSessions()
    for record in _records(settings, topics.prompts, since_ms):
        try:
            sessions.publish(ANY_PUBLISHED.validate_json(record.value or b""))
        except ValidationError:
            continue  # whatever it is, it offers nothing
    for record in _records(settings, topics.outcomes, since_ms):
        try:
            outcome = ANY_OUTCOME.validate_json(record.value or b"")
        except ValidationError:
            continue
        if not isinstance(outcome, Outcome):
            sessions.assign(outcome)
    for record in _records(settings, topics.events, since_ms):
        try:
            event = decode(
                record.key, record.value, timestamp_ms=record.timestamp_ms, settings=settings
            )
        except InvalidEvent:
            continue  # workers made a dead letter of it
        sessions.happen(event)
    return sessions


def _records(settings: Settings, topic: str, since_ms: int) -> Iterator[RawRecord]:
    with open_reader(settings, topic) as reader:
        begins, ends = reader.since(since_ms), reader.ends()
        for record in progressed_between(reader.between, begins, ends, f"reading {topic}"):
            if record.timestamp_ms >= since_ms:
                yield record


def _write(rows: Iterable[FeedRow], maker: FeedMaker, form: str) -> None:
    count = 0
    written = csv.writer(sys.stdout, lineterminator="\n")
    if form == "csv":
        written.writerow(FeedRow._fields)
    for count, row in enumerate(rows, start=1):  # noqa: B007
        if form == "csv":
            written.writerow(cells(row))
        else:
            click.echo(json.dumps(row._asdict()))
    left_out = ", ".join(f"{n:,} {why}" for why, n in sorted(maker.left_out.items()))
    click.echo(f"{count:,} rows; sessions left out: {left_out or 'none'}", err=True)


def cells(row: FeedRow) -> list[Any]:
    """A row for a table: what a spreadsheet would compute gets an apostrophe in front.

    Ids, too: a page may have made them. As JSON they are as they are, for programs.
    """
    return [
        "" if cell is None else f"'{cell}" if str(cell).startswith(FORMULA) else cell
        for cell in row
    ]
