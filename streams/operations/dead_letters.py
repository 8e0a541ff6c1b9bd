"""Dead letters, for operators: listed, shown, and replayed once their cause is gone.

A letter goes back to the topic and partition that it came from, and nowhere else. Kafka cannot take
the letter itself away, so it stays in the list until its retention ends; sending it twice does no
harm, because events are told apart by their ids. A record that came back three times already is
not sent again: whatever is wrong with it, sending does not help.
"""

import json
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import click
from rich.table import Table
from rich.text import Text

from streams.cli.live import show
from streams.cli.options import with_settings
from streams.cli.printable import printable, printable_bytes
from streams.clients.log_reader import LogReader, Partition, RawRecord, open_reader
from streams.clients.sync_kafka import open_producer
from streams.contract.dead_letters import REPLAYS_MAX, Cause, cause, replay_headers
from streams.contract.errors import GoeswithError, Misconfigured
from streams.contract.settings import Settings

SHOWN_CHARS_MAX = 4000
OFFSET_DIGITS_MAX = 19
IN_FLIGHT_MAX = 64
"""Letters sent and not yet acknowledged."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter, opened."""

    record: RawRecord
    cause: Cause | None
    """None: it was not written by us."""

    @property
    def id(self) -> str:
        """`partition:offset` in the dead-letter topic."""
        return f"{self.record.at.number}:{self.record.offset}"

    @property
    def reason(self) -> str:
        """Why it is here."""
        return self.cause.reason if self.cause else "unknown"

    def because_not(self, settings: Settings) -> str:
        """Why it may not be sent again; empty when it may."""
        if self.cause is None:
            return "it is no dead letter of goeswith"
        if self.cause.topic != settings.topics.events:
            return f"it came from {self.cause.topic}, which is not {settings.topics.events}"
        if self.cause.replays >= REPLAYS_MAX:
            return f"it has been replayed {self.cause.replays} times, and came back"
        if self.record.value is None:
            return "it has no value"
        return ""

    def to_json(self) -> dict[str, Any]:
        """What the list says about it."""
        value = self.record.value
        return {
            "id": self.id,
            "reason": self.reason,
            "from": f"{self.cause.topic}-{self.cause.partition}-{self.cause.offset}"
            if self.cause
            else None,
            "timestamp_ms": self.record.timestamp_ms,
            "bytes": 0 if value is None else len(value),
            "replays": self.cause.replays if self.cause else None,
        }


def opened(record: RawRecord) -> DeadLetter:
    """The letter in a record."""
    return DeadLetter(record, cause(record.headers))


def letters(reader: LogReader, reason: str | None = None) -> Iterator[DeadLetter]:
    """All letters that the log holds now, oldest first by partition."""
    for record in reader.between(reader.begins(), reader.ends()):
        letter = opened(record)
        if reason in (None, letter.reason):
            yield letter


def letter(reader: LogReader, letter_id: str) -> DeadLetter:
    """The letter of that id; raises `GoeswithError` when there is none."""
    number, _, offset = letter_id.partition(":")
    if not (_is_number(number) and _is_number(offset)):
        raise Misconfigured(
            f"{letter_id[:80]!r} is no id: write partition:offset, as the list does"
        )
    at = Partition(reader.partitions[0].topic, int(number))
    begins, ends = reader.begins(), reader.ends()
    if at in ends and begins[at] <= int(offset) < ends[at]:
        for record in reader.between({at: int(offset)}, {at: int(offset) + 1}):
            return opened(record)
    raise GoeswithError(f"there is no dead letter {letter_id}, or not any more")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= OFFSET_DIGITS_MAX


class ReplayPlan(NamedTuple):
    """What may be sent again, and why the rest may not."""

    allowed: list[str]
    refused: dict[str, str]


def plan(chosen: Iterable[DeadLetter], settings: Settings) -> ReplayPlan:
    """Ids only: letters can be large."""
    allowed, refused = [], {}
    for one in chosen:
        if because := one.because_not(settings):
            refused[one.id] = because
        else:
            allowed.append(one.id)
    return ReplayPlan(allowed, refused)


def send_again(settings: Settings, chosen: Iterable[DeadLetter]) -> None:
    """Send letters to where they came from; returns when the brokers have them all.

    A header without a value is sent as an empty one: kafka-python writes no other.
    """
    with open_producer(settings) as producer:
        sent: list[Any] = []
        for one in chosen:
            if one.cause is not None:
                sent.append(_send(producer, one.record, one.cause, one.id))
            if len(sent) >= IN_FLIGHT_MAX:
                sent.pop(0).get(timeout=settings.kafka_timeout_s)
        for future in sent:
            future.get(timeout=settings.kafka_timeout_s)


def _send(producer: Any, record: RawRecord, cause: Cause, letter_id: str) -> Any:
    return producer.send(
        cause.topic,
        key=record.key,
        value=record.value,
        partition=cause.partition,
        headers=[(name, value or b"") for name, value in replay_headers(cause, letter_id)],
    )


@click.group("dead-letters")
def dead_letters() -> None:
    """List, show and replay records that could not be used."""


@dead_letters.command("list")
@with_settings("bootstrap", "prefix")
@click.option("--reason", metavar="WORD", help="Only those with this reason.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="The newest so many.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(settings: Settings, reason: str | None, limit: int, as_json: bool) -> None:
    """List dead letters, newest last: reason, where they came from, age and size."""
    with open_reader(settings, settings.topics.dead_letters) as reader:
        found = newest(letters(reader, reason), limit)
    if as_json:
        click.echo(json.dumps({"dead_letters": [one.to_json() for one in found]}))
    else:
        show(letters_table(found, now_ms=int(time.time() * 1000)))


def newest(found: Iterable[DeadLetter], limit: int) -> list[DeadLetter]:
    """The newest `limit` letters, newest last; never more than twice as many are held."""
    held: deque[DeadLetter] = deque()
    for one in found:
        held.append(one)
        if len(held) >= 2 * limit:
            held = deque(_by_age(held)[-limit:])
    return _by_age(held)[-limit:]


def _by_age(found: Iterable[DeadLetter]) -> list[DeadLetter]:
    return sorted(
        found, key=lambda one: (one.record.timestamp_ms, one.record.at, one.record.offset)
    )


def letters_table(found: Iterable[DeadLetter], now_ms: int) -> Table:
    """The list for people."""
    table = Table("id", "reason", "from", "age", "bytes", "replays")
    for one in found:
        row = one.to_json()
        table.add_row(
            row["id"],
            Text(printable(row["reason"])),
            Text(printable(row["from"] or "unknown")),
            age(now_ms - row["timestamp_ms"]),
            f"{row['bytes']:,}",
            "" if row["replays"] is None else str(row["replays"]),
        )
    return table


def age(ms: int) -> str:
    """A time span in its largest unit.

    >>> age(59_000), age(7_200_000), age(3 * 86_400_000)
    ('59 s', '2 h', '3 d')
    """
    for unit, unit_ms in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if ms >= unit_ms:
            return f"{ms // unit_ms} {unit}"
    return f"{max(0, ms) // 1000} s"


@dead_letters.command("show")
@with_settings("bootstrap", "prefix")
@click.argument("letter_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_(settings: Settings, letter_id: str, as_json: bool) -> None:
    """Show one dead letter: headers, key and value, escaped and cut. ID is partition:offset."""
    with open_reader(settings, settings.topics.dead_letters) as reader:
        one = letter(reader, letter_id)
    headers = [(printable(n), printable_bytes(v, SHOWN_CHARS_MAX)) for n, v in one.record.headers]
    key = printable_bytes(one.record.key, SHOWN_CHARS_MAX)
    value = printable_bytes(one.record.value, SHOWN_CHARS_MAX)
    if as_json:
        said = {**one.to_json(), "headers": headers, "key": key, "value": value}
        click.echo(json.dumps(said))
        return
    for name, text in headers:
        click.echo(f"{name}: {text}")
    click.echo(f"key: {key}\nvalue: {value}")


@dead_letters.command()
@with_settings("bootstrap", "prefix")
@click.argument("letter_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that the log holds.")
@click.option("--reason", metavar="WORD", help="With --all: only those with this reason.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes.")
def replay(
    settings: Settings,
    letter_ids: tuple[str, ...],
    every: bool,
    reason: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send dead letters again, to the topic and partition they came from.

    The letters stay in the list. Exit code 1 when one of them may not be sent again.
    """
    if every == bool(letter_ids) or (reason and not every):
        raise click.UsageError("give ids, or --all (with --reason WORD, if you like)")
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json does not ask: add --yes or --dry-run")
    with open_reader(settings, settings.topics.dead_letters) as reader:

        def chosen() -> Iterator[DeadLetter]:
            return letters(reader, reason) if every else (letter(reader, i) for i in letter_ids)

        allowed, refused = plan(chosen(), settings)
        if not as_json:
            _say(allowed, refused)
        if allowed and not dry_run:
            if not yes:
                click.confirm(f"Send {len(allowed)} to {settings.topics.events}?", abort=True)
            ids = set(allowed)
            send_again(settings, (one for one in chosen() if one.id in ids))
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, "replayed": allowed, "refused": refused}))
    elif not dry_run:
        click.echo(f"sent {len(allowed)}")
    if refused:
        raise click.exceptions.Exit(1)


def _say(allowed: Iterable[str], refused: Mapping[str, str]) -> None:
    """The plan."""
    for letter_id, because in refused.items():
        click.echo(f"{letter_id} stays: {printable(because)}")
    for letter_id in allowed:
        click.echo(f"{letter_id} goes")
