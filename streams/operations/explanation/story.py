"""The story of a session: what became of each of its events, read off the topics."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from streams.cli.options import with_some_secret
from streams.cli.printable import many
from streams.clients.log_reader import committed_offsets, open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import NotEnough
from streams.contract.settings import Settings
from streams.operations.explanation.fates import Fate, fate
from streams.operations.explanation.log.session_log import (
    SessionEvents,
    read_published,
    read_session,
)
from streams.operations.explanation.retold import disagreeing, retell, silent
from streams.shop.shop import Shop

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]
"""Says what is being done, of so many records; what it gives is told of each of them."""


class Story(NamedTuple):
    """What became of a session's events."""

    session_id: str
    partitions: tuple[int, ...]
    fates: Sequence[Fate]
    left_out: int
    """Earlier events that are not told."""
    notes: Sequence[str]
    """What has to be known to read it."""


def story_of(
    settings: Settings,
    session_id: str,
    events_max: int,
    progress: Progress,
    session_events_max: int | None = None,
) -> Story:
    """Read the topics, and fold the log again for what they do not tell.

    `events_max` of the session's events are told, the latest; those before are answered, too.
    Raises `NotEnough` where there is no event of this session, or more than `session_events_max`.
    """
    shop, topics = Shop(with_some_secret(settings)), settings.topics
    names = (topics.events, topics.prompts, topics.outcomes, topics.dead_letters)
    with open_reader(settings, *names) as reader:
        events_at = [at for at in reader.partitions if at.topic == topics.events]
        begins, ends = reader.begins(), reader.ends()
        records = sum(ends[at] - begins[at] for at in events_at)
        with progress("looking for the session", records) as advance:
            log = read_session(reader, session_id, settings, advance)
        check_number(len(log.events), session_id, topics.events, session_events_max)
        with open_admin(settings) as admin:
            committed = committed_offsets(settings, admin, events_at)
        published = read_published(reader, log, session_id, settings)
        latest = log.events[-events_max:]
        with progress("folding", records) as advance:
            retold = retell(shop, reader, log, published, latest, advance)
        gone = sum(begins[at] for at in events_at)
    offsets = {at.number: offset for at, offset in committed.items()}
    fates = [fate(event, published, retold, offsets) for event in latest]
    again, left_out = bool(silent(latest, published)), len(log.events) - len(latest)
    notes = _notes(log, left_out, gone, settings, again=again)
    notes += _doubts(disagreeing(published, retold))
    return Story(session_id, tuple(sorted(log.partitions)), fates, left_out, notes)


def check_number(events: int, session_id: str, topic: str, events_max: int | None) -> None:
    """Raise `NotEnough` for a session of no events, or of too many."""
    if not events:
        raise NotEnough(
            f"no event of session {session_id!r} is on {topic}: is it the record's key, and was "
            "it sent to this Kafka, under this prefix?"
        )
    if events_max is not None and events > events_max:
        raise NotEnough(
            f"session {session_id!r} has {events:,} events, and a page tells sessions of "
            f"{events_max:,} at most: `goeswith explain SESSION` tells it in a terminal"
        )


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
