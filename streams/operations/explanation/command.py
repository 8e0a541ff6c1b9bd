"""`goeswith explain`: what became of each event of a session, and why there was no prompt."""

import json
from collections.abc import Iterable, Sequence

import click

from streams.cli.live import say
from streams.cli.options import with_settings, with_some_secret
from streams.cli.printable import many, printable
from streams.cli.progress import EVERY, progress_bar
from streams.clients.log_reader import committed_offsets, open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import NotEnough
from streams.contract.settings import Settings
from streams.operations.explanation.fates import Fate, fate, in_words
from streams.operations.explanation.retold import disagreeing, retell, silent
from streams.operations.explanation.session_log import SessionEvents, read_published, read_session
from streams.shop.shop import Shop

EVENTS_MAX = 100


@click.command()
@with_settings("bootstrap", "prefix", "group")
@click.argument("session_id", metavar="SESSION")
@click.option(
    "--max",
    "events_max",
    type=click.IntRange(min=1),
    default=EVENTS_MAX,
    show_default=True,
    help="Print only so many events, the latest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(settings: Settings, session_id: str, events_max: int, as_json: bool) -> None:
    """Tell what became of each event of SESSION: a prompt, a silence and why, a dead letter.

    Prompts, outcomes and dead letters are read off their topics. Silences are on none: for them the
    log is folded again, as `rebuild` does, so the settings have to be those of the workers; the
    secret is not needed.
    """
    shop, topics = Shop(with_some_secret(settings)), settings.topics
    names = (topics.events, topics.prompts, topics.outcomes, topics.dead_letters)
    with open_reader(settings, *names) as reader:
        events_at = [at for at in reader.partitions if at.topic == topics.events]
        begins, ends = reader.begins(), reader.ends()
        records = sum(ends[at] - begins[at] for at in events_at)
        with progress_bar("looking for the session", records, every=EVERY) as advance:
            log = read_session(reader, session_id, settings, advance)
        if not log.events:
            raise NotEnough(
                f"no event of session {session_id!r} is on {topics.events}: is it the record's "
                "key, and was it sent to this Kafka, under this prefix?"
            )
        with open_admin(settings) as admin:
            committed = committed_offsets(settings, admin, events_at)
        published = read_published(reader, log, session_id, settings)
        latest = log.events[-events_max:]
        with progress_bar("folding", records, every=EVERY) as advance:
            retold = retell(shop, reader, log, published, latest, advance)
        gone = sum(begins[at] for at in events_at)
    offsets = {at.number: offset for at, offset in committed.items()}
    fates = [fate(event, published, retold, offsets) for event in latest]
    again, left_out = bool(silent(latest, published)), len(log.events) - len(latest)
    notes = _notes(log, left_out, gone, settings, again=again)
    notes += _doubts(disagreeing(published, retold))
    if as_json:
        said = {
            "session_id": session_id,
            "partitions": sorted(log.partitions),
            "left_out": left_out,
            "events": [each.to_json() for each in fates],
            "notes": notes,
        }
        click.echo(json.dumps(said))
    else:
        say(_in_words(session_id, log, fates, notes))


def _in_words(
    session_id: str, log: SessionEvents, fates: Sequence[Fate], notes: Sequence[str]
) -> str:
    numbers = ", ".join(map(str, sorted(log.partitions)))
    title = f"{printable(session_id)}, partition {numbers}: {many(len(fates), 'events')}"
    return "\n".join([title, *map(in_words, fates), *(f"note: {note}" for note in notes)])


def _notes(
    log: SessionEvents, left_out: int, gone: int, settings: Settings, *, again: bool
) -> list[str]:
    """What has to be known to read the answer."""
    notes = []
    if left_out:
        notes.append(
            many(left_out, "earlier events are left out: --max", "earlier event is left out: --max")
        )
    if len(log.partitions) > 1:
        notes.append(
            "the session is on several partitions, and split: send all of it under one key, by one "
            "partitioner"
        )
    if again:
        notes.append(
            "silences are told by folding the log again up to each event, by the settings of this "
            "shell; a worker that was behind, as one that starts is, knew more by then"
        )
    if again and gone:
        notes.append(
            f"{many(gone, 'events are', 'event is')} gone from {settings.topics.events} by "
            "retention: workers may know more than was folded"
        )
    return notes


def _doubts(reasons: Iterable[str]) -> list[str]:
    """Where workers have other settings than this shell."""
    return [
        f"the settings here say {reason} where workers prompted: theirs are others, and silences "
        "may be told wrongly"
        for reason in sorted(reasons)
    ]
