"""The story of a session: what became of each of its events, read off the topics."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from shlex import quote
from typing import NamedTuple

from streams.cli.printable import many, printable
from streams.clients.log_reader import LogReader, Offsets, Partition, committed_offsets
from streams.clients.sync_kafka import open_admin, partition_count
from streams.contract.errors import NotEnough
from streams.contract.settings import Settings
from streams.operations.explanation.fates import Fate, fate
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.log.recent import from_the_beginning, recent
from streams.operations.explanation.log.session_log import (
    SessionEvent,
    SessionEvents,
    read_published,
    read_session,
)
from streams.operations.explanation.retold import disagreeing, in_doubt, retell, silent
from streams.operations.explanation.then.controls_then import ControlsThen, controls_then

UNREAD = (
    "Kafka does not let this user read controls: none is known here, so what one kept back is told "
    "as a prompt that is not there"
)


class Story(NamedTuple):
    """What became of a session's events."""

    session_id: str
    partitions: tuple[int, ...]
    fates: Sequence[Fate]
    left_out: int
    """Earlier events that are not told."""
    notes: Sequence[str]
    """What has to be known to read it."""
    whole: bool = True
    """Whether silences have been looked for."""


def story_of(
    settings: Settings,
    session_id: str,
    events_max: int,
    access: LogAccess,
    so_far: Callable[[Story], object] = lambda _: None,
    *,
    since_ms: int | None = None,
) -> Story:
    """Read the topics, and fold the log again for what they do not tell.

    `events_max` of the session's events are told, the latest; those before are answered, too.
    `since_ms`: what was written since then is looked through first, and is enough where all of the
    session is in it. `so_far` is handed what topics tell, before the log is folded for the rest.
    Raises `NotEnough` where there is no event of this session.
    """
    topics = settings.topics
    names = (topics.events, topics.prompts, topics.outcomes, topics.dead_letters)
    offsets = _committed(settings)  # before it is read: what was answered by then is there
    with access.opened(settings, *names) as reader:
        found = recent(reader, session_id, settings, access)
        if found is None:
            log, since = found_session(reader, session_id, settings, access, since_ms)
            found = from_the_beginning(reader, settings, log, since, whole=since is None)
        log, since, shop, gone, _ = found
        check_there(log.events, session_id, topics.events)
        published = read_published(reader, log, session_id, settings, since, access.progress)
        latest = log.events[-events_max:]
        left_out = len(log.events) - len(latest)
        again = bool(silent(latest, published) or in_doubt(latest))
        notes = _notes(log, left_out, gone, settings, again=again)
        if not found.whole and since_ms is not None:
            notes.append(f"events of before {_moment(since_ms)} were not looked through")
        fates = [fate(event, published, {}, offsets) for event in latest]
        partitions = tuple(sorted(log.partitions))
        so_far(Story(session_id, partitions, fates, left_out, notes, whole=not again))
        reach = log.times.reached(max(event.timestamp_ms for event in latest))
        records = sum(max(0, reach[n] - at) for n, at in shop.position.items() if n in reach)
        then = controls_then(settings) if again else None
        with access.progress("folding the log for silences", records) as advance:
            retold = retell(shop, reader, log, published, latest, advance, then)
    fates = [fate(event, published, retold, offsets) for event in latest]
    notes = [*notes, *_doubts(disagreeing(published, retold), then)]
    return Story(session_id, partitions, fates, left_out, notes)


def _committed(settings: Settings) -> dict[int, int | None]:
    """How far the workers have answered each partition."""
    topic = settings.topics.events
    with open_admin(settings) as admin:
        numbers = range(partition_count(admin, topic, settings))
        there = [Partition(topic, number) for number in numbers]
        return {at.number: n for at, n in committed_offsets(settings, admin, there).items()}


def found_session(
    reader: LogReader,
    session_id: str,
    settings: Settings,
    access: LogAccess,
    since_ms: int | None,
) -> tuple[SessionEvents, Offsets | None]:
    """The session's events; with where was begun to look, where that was not the log's begin.

    What was written since then is enough where the session's first event in it comes after a pause
    in which a session ends: whatever the same id did before that was another visit.
    """
    topic = settings.topics.events
    parts = [at for at in reader.partitions if at.topic == topic]
    begins, ends, check = reader.begins(), reader.ends(), access.check
    since = None if since_ms is None else reader.since(since_ms)
    if since is not None and since_ms is not None and any(since[at] > begins[at] for at in parts):
        records = sum(max(0, ends[at] - since[at]) for at in parts)
        with access.progress("looking for the session in the last hours", records) as advance:
            log = read_session(reader, session_id, settings, advance, since, check)
        first_ms = min((event.timestamp_ms for event in log.events), default=0)
        if first_ms - since_ms > settings.session_gap_s * 1000:
            return log, since
    records = sum(ends[at] - begins[at] for at in parts)
    with access.progress("looking for the session", records) as advance:
        return read_session(reader, session_id, settings, advance, None, check), None


def check_there(events: Sequence[SessionEvent], session_id: str, topic: str) -> None:
    """Raise `NotEnough` for a session of no events."""
    if not events:
        raise NotEnough(
            f"no event of session {session_id!r} is on {topic}: is it the record's key, and was "
            "it sent to this Kafka, under this prefix?"
        )


def check_length(in_terminal: str, events_max: int | None, events: int) -> None:
    """Raise `NotEnough` for a session of more events than a page tells; `in_terminal` does."""
    if events_max is not None and events > events_max:
        raise NotEnough(
            f"the session has more than {events_max:,} events, too many for a page: "
            f"in a terminal {in_terminal} tells it"
        )


def explained_by(session_id: str) -> str:
    """What to type to be told in a terminal, as it stands.

    >>> explained_by("session 7"), explained_by("s1")
    ("goeswith explain 'session 7'", 'goeswith explain s1')
    """
    return f"goeswith explain {quote(printable(session_id))}"


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


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
            "shell and the controls of then, as far as their topic tells, without the catalogue; a "
            "worker that was behind, as one that starts is, knew more by then"
        )
    if again and gone:
        notes.append(
            f"{many(gone, 'events are', 'event is')} gone from {settings.topics.events} by "
            "retention: workers may know more than was folded"
        )
    return notes


def _doubts(reasons: Iterable[str], controls: ControlsThen | None) -> list[str]:
    """Where workers have other settings than this shell, or controls that it may not read."""
    notes = [UNREAD] if controls is not None and controls.unread else []
    return notes + [
        f"the settings here say {reason} where workers prompted: theirs are others, and silences "
        "may be told wrongly"
        for reason in sorted(reasons)
    ]
