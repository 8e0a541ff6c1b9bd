"""Dead letters, for operators: listed, counted, shown, and replayed once their cause is gone.

A letter goes back to the topic that it came from, and nowhere else. Kafka cannot take the letter
itself away, so it stays in the list until its retention ends; sending it twice does no harm,
because events are told apart by their ids. What will fail again, what has come back since, and what
came back three times already is not sent again: whatever is wrong with it, sending does not help.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from streams.cli.live import show
from streams.cli.options import with_settings
from streams.cli.printable import printable, printable_bytes
from streams.cli.tables import Listing
from streams.clients.log_reader import LogReader, open_reader
from streams.clients.sync_kafka import open_admin, open_producer, partition_count
from streams.contract.dead_letters import next_step
from streams.contract.settings import Settings
from streams.operations.dead_letters.letters import (
    DeadLetter,
    Kind,
    find,
    kinds,
    letter,
    letters,
    newest,
    place,
)
from streams.operations.dead_letters.partitioners import (
    PARTITIONERS,
    Partitioner,
    partitioner_of_log,
)
from streams.operations.dead_letters.replay_plan import ReplayPlan, ReplayRules, plan, successors
from streams.operations.dead_letters.resending import send_again

SHOWN_CHARS_MAX = 4000


@click.group("dead-letters")
def dead_letters() -> None:
    """List, count, show and replay records that could not be used."""


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


@dead_letters.command()
@with_settings("bootstrap", "prefix")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def summary(settings: Settings, as_json: bool) -> None:
    """Count dead letters by reason and message: what to mend first.

    Numbers that were sent are left out of messages; limits stay. Each kind has the id of its newest
    letter, to be shown.
    """
    with open_reader(settings, settings.topics.dead_letters) as reader:
        found = kinds(letters(reader))
    if as_json:
        click.echo(json.dumps({"kinds": [vars(kind) for kind in found]}))
    else:
        show(kinds_table(found, now_ms=int(time.time() * 1000)))


def kinds_table(found: Sequence[Kind], now_ms: int) -> Listing:
    """The counts for people."""
    listing = Listing(
        *("reason", "letters", "newest", "its id", "message"),
        notes=[f"{sum(kind.count for kind in found):,} letters"],
        words=("message",),
    )
    for kind in found:
        listing.add(
            Text(printable(kind.reason)),
            f"{kind.count:,}",
            age(now_ms - kind.newest_ms),
            kind.newest_id,
            Text(printable(kind.message, SHOWN_CHARS_MAX)),
        )
    return listing


@dead_letters.command("show")
@with_settings("bootstrap", "prefix")
@click.argument("letter_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_(settings: Settings, letter_id: str, as_json: bool) -> None:
    """Show one dead letter: what was wrong, what to do, key, value and headers, escaped and cut.

    ID is partition:offset, as the list has it.
    """
    with open_reader(settings, settings.topics.dead_letters) as reader:
        one = letter(reader, letter_id)
    if as_json:
        click.echo(json.dumps(as_text(one) | one.to_json()))
    else:
        click.echo("\n".join(in_words(one)))


def in_words(one: DeadLetter) -> Iterator[str]:
    """A letter for people: what was wrong first, and what to do about it."""
    said = as_text(one)
    for name in ("reason", "message", "next", "key", "value"):
        yield f"{name}: {said[name]}"
    yield "headers:"
    yield from (f"  {name}: {text}" for name, text in said["headers"])


def as_text(one: DeadLetter) -> dict[str, Any]:
    """All of a letter, escaped and cut: `reason`, `message`, `next`, `key`, `value`, `headers`."""
    record = one.record
    return {
        "reason": printable(one.reason),
        "message": printable(one.message, SHOWN_CHARS_MAX),
        "next": next_step(one.cause),
        "key": printable_bytes(record.key, SHOWN_CHARS_MAX),
        "value": printable_bytes(record.value, SHOWN_CHARS_MAX),
        "headers": [(printable(n), printable_bytes(v, SHOWN_CHARS_MAX)) for n, v in record.headers],
    }


@dead_letters.command()
@with_settings("bootstrap", "prefix")
@click.argument("letter_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that the log holds.")
@click.option("--reason", metavar="WORD", help="With --all: only those with this reason.")
@click.option(
    "--key-from",
    type=click.Choice(["session_id"]),
    help="Take the key from this field of the event.",
)
@click.option(
    "--partitioner",
    type=click.Choice(list(PARTITIONERS)),
    help="With --key-from: how senders choose partitions. Default: as their events show.",
)
@click.option("--anyway", is_flag=True, help="Send also what will fail again, as far as is known.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes.")
def replay(
    settings: Settings,
    letter_ids: tuple[str, ...],
    every: bool,
    reason: str | None,
    key_from: str | None,
    partitioner: str | None,
    anyway: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send dead letters again, to the topic and partition they came from.

    Bytes are sent as they are: what will fail again stays, and so does what was sent before and
    came back. --key-from mends a wrong key, and sends to the partition where senders put the new
    one: murmur2 is the default of Kafka's own clients, crc32 that of librdkafka. The letters stay
    in the list. Exit code 1 when one of them was not sent again.
    """
    may_go_on = yes or dry_run or not as_json
    _check_usage(letter_ids, every, reason, key_from, partitioner, may_go_on)
    ids = list(dict.fromkeys(map(place, letter_ids)))
    rules = ReplayRules(settings, _partitions(settings), key_from, anyway)
    if key_from is not None:
        rules = rules._replace(partitioner=_partitioner(settings, partitioner))
    with open_reader(settings, settings.topics.dead_letters) as reader:
        made = plan(_chosen(reader, ids, reason), rules, successors(letters(reader)))
        made.refuse_missing(f"{number}:{offset}" for number, offset in ids)
        if not as_json:
            _say(made)
        if made.allowed and not dry_run:
            if not yes:
                click.confirm(f"Send {len(made.allowed)} to {settings.topics.events}?", abort=True)
            opening = open_producer(settings, idempotent=False)
            not_taken = send_again(rules, made.allowed, _chosen(reader, ids, reason), opening)
            made.allowed = [one for one in made.allowed if one not in not_taken]
            made.refused |= not_taken
            if not as_json:
                _say(ReplayPlan(refused=not_taken))
    _tell(made, dry_run, as_json)


def _check_usage(
    letter_ids: Sequence[str],
    every: bool,
    reason: str | None,
    key_from: str | None,
    partitioner: str | None,
    may_go_on: bool,
) -> None:
    """Raise `UsageError` for options that do not go together."""
    if every == bool(letter_ids) or (reason and not every):
        raise click.UsageError("give ids, or --all (with --reason WORD, if you like)")
    if partitioner and not key_from:
        raise click.UsageError("--partitioner is for --key-from: without, partitions are kept")
    if not may_go_on:
        raise click.UsageError("--json does not ask: add --yes or --dry-run")


def _chosen(
    reader: LogReader, ids: Sequence[tuple[int, int]], reason: str | None
) -> Iterator[DeadLetter]:
    """Those of the ids that are there, or all."""
    if not ids:
        return letters(reader, reason)
    return (one for at in ids if (one := find(reader, *at)) is not None)


def _partitions(settings: Settings) -> int:
    with open_admin(settings) as admin:
        return partition_count(admin, settings.topics.events, settings)


def _partitioner(settings: Settings, name: str | None) -> Partitioner:
    """The one of that name, or else of the senders of events."""
    if name is None:
        with open_reader(settings, settings.topics.events) as reader:
            name = partitioner_of_log(reader)
    return PARTITIONERS[name]


def _tell(made: ReplayPlan, dry_run: bool, as_json: bool) -> None:
    """What became of them; exit code 1 when one of them stays."""
    if as_json:
        said: Mapping[str, Any] = {"replayed": made.allowed, "refused": made.refused}
        click.echo(json.dumps({"dry_run": dry_run, **said}))
    else:
        done = "would send" if dry_run else "sent"
        click.echo(f"{done} {len(made.allowed)}, not sent {len(made.refused)}")
    if made.refused:
        raise click.exceptions.Exit(1)


def _say(made: ReplayPlan) -> None:
    """The plan."""
    for letter_id, because in made.refused.items():
        click.echo(f"{letter_id} stays: {printable(because, chars_max=400)}")
    for letter_id in made.allowed:
        click.echo(f"{letter_id} goes")
