"""Dead letters, for operators: listed, counted, shown, and replayed once their cause is gone.

A letter goes back to the topic that it came from, and nowhere else. Kafka cannot take the letter
itself away, so it stays in the list until its retention ends, marked as sent; sending it twice does
no harm, because events are told apart by their ids. What will fail again, what was sent before, and
what came back three times already is not sent again: whatever is wrong with it, sending does not
help.
"""

import json
import time
from collections.abc import Iterator, Sequence

import click

from streams.cli.live import say, show
from streams.cli.options import with_settings
from streams.cli.printable import printable
from streams.clients.log_reader import LogReader, open_reader
from streams.clients.sync_kafka import open_admin, open_producer, partition_count
from streams.contract.settings import Settings
from streams.operations.dead_letters.letters import (
    DeadLetter,
    SentAgain,
    find,
    kinds,
    letter,
    letters,
    newest,
    place,
    sent_again_ms,
)
from streams.operations.dead_letters.partitioners import (
    PARTITIONERS,
    Partitioner,
    partitioner_of_log,
)
from streams.operations.dead_letters.replay_plan import ReplayPlan, ReplayRules, plan, successors
from streams.operations.dead_letters.resending import send_again
from streams.operations.dead_letters.tables import as_text, in_words, kinds_table, letters_table


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
    """List dead letters, newest last: reason, where from, age, size, and when sent again."""
    with open_reader(settings, settings.topics.dead_letters) as reader:
        sent = SentAgain()
        found = newest(letters(reader, reason, sent), limit)
    if as_json:
        rows = [one.to_json() | {"sent_again_ms": sent.at_ms.get(one.id)} for one in found]
        click.echo(json.dumps({"dead_letters": rows}))
    else:
        show(letters_table(found, sent.at_ms, now_ms=int(time.time() * 1000)))


@dead_letters.command()
@with_settings("bootstrap", "prefix")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def summary(settings: Settings, as_json: bool) -> None:
    """Count dead letters by reason and message: what to mend first.

    Numbers that were sent are left out of messages; limits stay. Each kind has the id of its newest
    letter, to be shown, and says how many of its letters were sent again.
    """
    with open_reader(settings, settings.topics.dead_letters) as reader:
        sent = SentAgain()
        found = kinds(letters(reader, sent=sent), sent)
    if as_json:
        click.echo(json.dumps({"kinds": [vars(kind) for kind in found]}))
    else:
        show(kinds_table(found, now_ms=int(time.time() * 1000)))


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
        sent_ms = sent_again_ms(reader, one)
    if as_json:
        click.echo(json.dumps(as_text(one) | one.to_json() | {"sent_again_ms": sent_ms}))
    else:
        say("\n".join(in_words(one, sent_ms)))


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
@click.option("--again", is_flag=True, help="Send also what was sent again before.")
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
    again: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send dead letters again, to the topic and partition they came from.

    Bytes are sent as they are: what will fail again stays, and so does what was sent before,
    whether or not it came back. --key-from mends a wrong key, and sends to the partition where
    senders put the new one: murmur2 is the default of Kafka's own clients, crc32 that of
    librdkafka. The letters stay in the list, marked as sent. Exit code 1 when one of them was not
    sent again; with --all, those that were sent before do not count.
    """
    may_go_on = yes or dry_run or not as_json
    _check_usage(letter_ids, every, reason, key_from, partitioner, may_go_on)
    ids = list(dict.fromkeys(map(place, letter_ids)))
    rules = ReplayRules(settings, _partitions(settings), key_from, anyway, again=again)
    if key_from is not None:
        rules = rules._replace(partitioner=_partitioner(settings, partitioner))
    with open_reader(settings, settings.topics.dead_letters) as reader:
        sent = SentAgain()
        came_back = successors(letters(reader, sent=sent))
        made = plan(_chosen(reader, ids, reason), rules, came_back, sent.at_ms)
        made.refuse_missing(f"{number}:{offset}" for number, offset in ids)
        if not as_json:
            _say(made)
        if made.allowed and not dry_run:
            if not yes:
                click.confirm(f"Send {len(made.allowed)} to {settings.topics.events}?", abort=True)
            opening = open_producer(settings, idempotent=False)
            became = send_again(rules, made.allowed, _chosen(reader, ids, reason), opening)
            made.became(became.refused, became.unmarked)
            if not as_json:
                _say(ReplayPlan(refused=became.refused, unmarked=became.unmarked))
    _tell(made, dry_run, as_json)
    stay = made.refused if every else made.refused | made.sent_before
    raise click.exceptions.Exit(1 if stay else 0)


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
    """What became of them."""
    if as_json:
        said = {"dry_run": dry_run, "replayed": made.allowed, "refused": made.refused}
        more = {"sent_before": made.sent_before, "unmarked": made.unmarked}
        click.echo(json.dumps(said | more))
        return
    done = "would send" if dry_run else "sent"
    before = f", sent before {len(made.sent_before)}" if made.sent_before else ""
    click.echo(f"{done} {len(made.allowed)}, not sent {len(made.refused)}{before}")


def _say(made: ReplayPlan) -> None:
    """The plan; or what became of it."""
    for letter_id, because in (made.refused | made.sent_before).items():
        say(f"{letter_id} stays: {printable(because, chars_max=400)}")
    for letter_id in made.allowed:
        click.echo(f"{letter_id} goes")
    for letter_id, because in made.unmarked.items():
        say(f"{letter_id} was sent, but not marked as sent: {printable(because, 400)}")
