"""`goeswith intake`: events made of records that a shop sends already, to look at or to send on."""

import csv
import json
import time
from collections.abc import Iterator, Mapping
from typing import IO

import click

from streams.cli.live import sigterm_unwinds
from streams.cli.options import with_settings
from streams.cli.printable import printable
from streams.contract.events import encode
from streams.contract.settings import Settings
from streams.storefront.event_lines import Line, lines, sent
from streams.storefront.intake.adapter import Adapter, Headers, set_right
from streams.storefront.intake.adapters import ADAPTERS, adapters
from streams.storefront.intake.counts import Counts
from streams.storefront.intake.drafts import Intake, Rejection

REJECTIONS_MAX = 100
SOURCES = tuple(adapter.name for adapter in ADAPTERS)


def header(text: str) -> tuple[str, str]:
    """A header as curl has it; raises `click.BadParameter`.

    >>> header("X-Shopify-Topic: orders/create")
    ('x-shopify-topic', 'orders/create')
    """
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter(f"{printable(text)}: a header is `Name: value`")
    return name.strip().lower(), value.strip()


@click.command()
@with_settings("bootstrap", "prefix", "group")
@click.argument("source", type=click.Choice(SOURCES), metavar="SOURCE")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--header", "given", multiple=True, metavar="'NAME: VALUE'", help="A header of all records."
)
@click.option("--keyed", is_flag=True, help="Begin each line with the session id and a tab.")
@click.option(
    "--max",
    "rejections_max",
    type=click.IntRange(min=0),
    default=REJECTIONS_MAX,
    show_default=True,
    help="Say so many rejections; all are counted.",
)
@click.option("--topic", metavar="RAW", help="Read this topic of Kafka, and send to our own.")
@click.option(
    "--until-idle",
    "idle_s",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="End when the topic brought nothing for so long.",
)
@click.option("--json", "as_json", is_flag=True, help="Rejections and counts as JSON lines.")
def intake(
    settings: Settings,
    source: str,
    file: IO[bytes],
    topic: str | None,
    idle_s: float | None,
    given: tuple[str, ...],
    keyed: bool,
    rejections_max: int,
    as_json: bool,
) -> None:
    """Make events of the records of SOURCE in FILE, one a line; `-` is standard input.

    Events go to standard output, one as JSON a line; what was left out, with its line and the
    reason, and the counts go to standard error. A record may stand in the line of `kcat -J`.
    Signatures are not looked at. Exit code 1 when something was rejected.

    With --topic, records are those of a topic, read by a consumer group. Events go to the events
    topic, each under its session; what was left out is a dead letter.

    SOURCE is ga4, segment (RudderStack, too), snowplow, shopify-pixel, shopify, cloudevents,
    matomo, woocommerce, rees46 or otto.
    """
    if topic is not None:
        follow_topic(adapters()[source], settings, topic, idle_s, as_json=as_json)
        return
    summary, headers = Counts(), dict(map(header, given))
    adapter = adapters()[source]._replace(secret=None)  # a line is not the body that was signed
    for number, became in read_lines(file, adapter, headers, settings):
        summary.count(became)
        for event in became.events:
            key = f"{event.session_id}\t" if keyed else ""
            click.echo(key.encode() + encode(event))
        told = sum(summary.rejections.values())
        for index, one in enumerate(became.rejections, told - len(became.rejections)):
            if index < rejections_max:
                click.echo(told_of(number, one, as_json), err=True)
    tell(summary, as_json=as_json)
    raise click.exceptions.Exit(1 if summary.rejections else 0)


def follow_topic(
    adapter: Adapter, settings: Settings, topic: str, idle_s: float | None, *, as_json: bool
) -> None:
    """Read a raw topic until Ctrl-C or SIGTERM, or until it is idle; then say what was read."""
    # Kafka's client is slow to load, and files need none.
    from streams.storefront.intake.raw_topic import follow, group_of  # noqa: PLC0415

    counts, group = Counts(), group_of(settings, adapter)

    def ready() -> None:
        place = printable(f"{topic} at {settings.kafka_bootstrap} as {group}", 200)
        click.echo(f"reading {place}; Ctrl-C ends it", err=True)

    try:
        with sigterm_unwinds():
            follow(adapter, settings, topic, counts, ready, idle_s=idle_s)
    except BaseException:
        if counts.records:
            tell(counts, as_json=as_json)
        raise
    tell(counts, as_json=as_json)


def tell(counts: Counts, *, as_json: bool) -> None:
    """The counts, on standard error."""
    click.echo(json.dumps(counts.to_json()) if as_json else counts.in_words(), err=True)


def told_of(line: int, rejection: Rejection, as_json: bool) -> str:
    """What was left out of a line, and why.

    >>> told_of(3, Rejection("items.1", "no_item_id", "it has none of item_id"), as_json=False)
    'line 3, items.1: no_item_id: it has none of item_id'
    """
    if as_json:
        return json.dumps({"line": line, **rejection._asdict()})
    where = f", {rejection.place}" if rejection.place else ""
    said = printable(f"{rejection.reason}: {rejection.message}", 500)
    return f"line {line}{printable(where)}: {said}"


def read_lines(
    stream: IO[bytes], adapter: Adapter, headers: Headers, settings: Settings
) -> Iterator[tuple[int, Intake]]:
    """What becomes of each line of a stream, with its number."""
    columns: list[str] = []
    for line in lines(stream, blanks=b"\r\n"):
        if line.cut:
            long = Rejection("", "oversize", f"it is longer than {len(line.text) - 1:,} bytes")
            yield line.number, Intake((), (long,), {})
        elif adapter.table and not columns:
            columns = cells(line)
        elif line.text.strip():
            record = sent(line.text)
            now_ms = round(time.time() * 1000)
            body = row(columns, line) if adapter.table else record.value
            at_ms = now_ms if record.timestamp_ms is None else record.timestamp_ms
            logged_ms = record.timestamp_ms
            became = adapter.read(
                body or b"", headers, settings, received_at_ms=at_ms, logged_at_ms=logged_ms
            )
            events = tuple(set_right(event, record.timestamp_ms) for event in became.events)
            yield line.number, became._replace(events=events)


def cells(line: Line) -> list[str]:
    """The cells of a line of CSV; what cannot be read has none."""
    try:
        return next(csv.reader([line.text.decode("utf-8", "replace")]), [])
    except csv.Error:
        return []


def row(columns: list[str], line: Line) -> Mapping[str, str]:
    """A line of CSV by its header."""
    return dict(zip(columns, cells(line), strict=False))
