"""What the topics hold of one session: its events, and what was published because of them."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from pydantic import ValidationError

from streams.clients.log_reader import LogReader, Offsets, Partition, RawRecord
from streams.contract.dead_letters import Cause, cause
from streams.contract.errors import InvalidEvent
from streams.contract.events import Event, decode
from streams.contract.published.outcomes import ANY_OUTCOME, AnyOutcome, Outcome, UnitOutcome
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt, PromptWithdrawn
from streams.contract.settings import Settings
from streams.operations.explanation.log.progress import Progress, told_of, unseen
from streams.operations.explanation.log.said import said_in
from streams.operations.explanation.log.time_index import TimeIndex
from streams.shop.people.context import AskingEvent

Place = tuple[int, int]
"""Partition and offset of an event."""
AHEAD_MS = 24 * 3_600_000
"""So far the clock of a sender may be ahead."""
CALENDAR_MS_MAX = 253_402_300_800_000
"""The year 10000: whoever sends later times counts something else, as microseconds."""


class SessionEvent(NamedTuple):
    """A record of the session."""

    place: Place
    timestamp_ms: int
    """The record's own time."""
    held: Event | InvalidEvent
    """What workers read in it."""
    said: dict[str, Any]
    """The fields as they were sent, as far as they can be read."""
    first: bool = True
    """No earlier one of the session has its id."""


class SessionEvents(NamedTuple):
    """All events of a session, in the order in which they were there: see `_in_order`."""

    events: list[SessionEvent]
    partitions: frozenset[int]
    times: TimeIndex
    """When which offset of the whole topic was written."""


class DeadLetterFound(NamedTuple):
    """The dead letter of an event."""

    id: str
    cause: Cause


class PublishedAnswers(NamedTuple):
    """What is on the other topics."""

    prompts: dict[Place, tuple[Prompt, ...]]
    """By the event that caused them, one a slot: the first ones, as readers keep them."""
    withdrawals: list[PromptWithdrawn]
    outcomes: list[Outcome]
    dead_letters: dict[Place, DeadLetterFound]
    of_units: tuple[UnitOutcome, ...] = ()
    """What its events brought to units of the experiment: assignments, orders, returns."""


def read_session(
    reader: LogReader,
    session_id: str,
    settings: Settings,
    advance: Callable[[int], object] = lambda _: None,
    since: Offsets | None = None,
    check: Callable[[int], object] = lambda _: None,
) -> SessionEvents:
    """Look through the events topic; `advance` is told of each record of it.

    `since`: from these offsets on alone. `check` is told how many events of the session there are,
    with each that is found: what it raises ends the reading.
    """
    key, index = session_id.encode(), TimeIndex()
    found: list[SessionEvent] = []
    begins, ends = _of(reader, settings.topics.events, since=since)
    for at, begin in begins.items():
        index.begin(at.number, begin)
    for record in reader.between(begins, ends):
        advance(1)
        index.note(record.at.number, record.offset, record.timestamp_ms)
        event = _of_session(record, key, session_id, settings)
        if event is not None:
            found.append(event)
            check(len(found))
    partitions = frozenset(event.place[0] for event in found)
    return SessionEvents(list(_told_apart(_in_order(found))), partitions, index)


def read_published(
    reader: LogReader,
    log: SessionEvents,
    session_id: str,
    settings: Settings,
    since: Offsets | None = None,
    progress: Progress = unseen,
) -> PublishedAnswers:
    """What was published to the partitions of the session's events; `since`: from there on.

    `progress` is told of each record.
    """
    topics = settings.topics
    of = partial(_of, reader, numbers=log.partitions, since=since)
    parts = of(topics.prompts), of(topics.outcomes), of(topics.dead_letters)
    number = sum(ends[at] - begin for begins, ends in parts for at, begin in begins.items())
    with progress("reading what was published", number) as advance:
        published, outcomes, letters = (
            told_of(reader.between(begins, ends), advance) for begins, ends in parts
        )
        prompts, withdrawals = _prompts(published, session_id)
        told = list(_outcomes(outcomes, session_id))
        return PublishedAnswers(
            dict(_by_place(log.events, prompts)),
            withdrawals,
            [one for one in told if isinstance(one, Outcome)],
            dict(_letters(letters, {event.place for event in log.events}, topics.events)),
            tuple(one for one in told if not isinstance(one, Outcome)),
        )


def published_since(reader: LogReader, log: SessionEvents) -> Offsets | None:
    """Before these offsets nothing was published because of the session's events.

    Senders set the times of events, and some clocks are ahead: a day is left for that. None: any.
    """
    first_ms = min((event.timestamp_ms for event in log.events), default=CALENDAR_MS_MAX)
    if first_ms >= CALENDAR_MS_MAX:
        return None
    return reader.since(max(0, first_ms - AHEAD_MS))


def _prompts(
    records: Iterable[RawRecord], session_id: str
) -> tuple[dict[str, dict[str, Prompt]], list[PromptWithdrawn]]:
    """The session's prompts, by the event that caused them and the slot, and what was withdrawn."""
    prompts: dict[str, dict[str, Prompt]] = {}
    withdrawals = []
    for record in records:
        said = _published(record) if record.key == session_id.encode() else None
        if isinstance(said, Prompt):
            prompts.setdefault(said.caused_by, {}).setdefault(said.placement, said)
        elif said is not None:
            withdrawals.append(said)
    return prompts, withdrawals


def _of(
    reader: LogReader,
    topic: str,
    numbers: Iterable[int] | None = None,
    since: Offsets | None = None,
) -> tuple[dict[Partition, int], dict[Partition, int]]:
    """Where these partitions of a topic begin and end."""
    begins, ends = reader.begins(), reader.ends()
    chosen = [
        at
        for at in reader.partitions
        if at.topic == topic and (numbers is None or at.number in numbers)
    ]
    later = {} if since is None else since
    starts = {at: min(ends[at], max(begins[at], later.get(at, 0))) for at in chosen}
    return starts, {at: ends[at] for at in chosen}


def _by_place(
    events: Iterable[SessionEvent], prompts: dict[str, dict[str, Prompt]]
) -> Iterator[tuple[Place, tuple[Prompt, ...]]]:
    for event in events:
        if event.first and isinstance(event.held, AskingEvent):
            of_event = prompts.get(event.held.event_id)
            if of_event is not None:
                yield event.place, tuple(of_event.values())


def _told_apart(events: Iterable[SessionEvent]) -> Iterator[SessionEvent]:
    """The events, each with whether it is the first of its id."""
    seen: set[str] = set()
    for event in events:
        if isinstance(event.held, InvalidEvent):
            yield event
        else:
            yield event._replace(first=event.held.event_id not in seen)
            seen.add(event.held.event_id)


def _in_order(events: Iterable[SessionEvent]) -> list[SessionEvent]:
    """By offset within a partition, as workers read it; partitions are merged by time.

    Senders set the times, and some go back: an event was there once those before it were.
    """
    latest_ms: dict[int, int] = {}
    keyed = []
    for event in sorted(events, key=lambda event: event.place):
        number, time_ms = event.place[0], event.timestamp_ms
        latest_ms[number] = max(latest_ms.get(number, time_ms), time_ms)
        keyed.append((latest_ms[number], event.place, event))
    return [event for _, _, event in sorted(keyed, key=lambda key: key[:2])]


def _of_session(
    record: RawRecord, key: bytes, session_id: str, settings: Settings
) -> SessionEvent | None:
    """The record as one of this session, if its key or its value says that it is."""
    value = record.value or b""
    if record.key != key and key not in value:
        return None
    place = record.at.number, record.offset
    try:
        event = decode(
            record.key, record.value, timestamp_ms=record.timestamp_ms, settings=settings
        )
    except InvalidEvent as invalid:
        said = said_in(value)
        ours = record.key == key or said.get("session_id") == session_id
        return SessionEvent(place, record.timestamp_ms, invalid, said) if ours else None
    if record.key != key:
        return None
    return SessionEvent(place, record.timestamp_ms, event, said_in(value))


def _published(record: RawRecord) -> Prompt | PromptWithdrawn | None:
    try:
        return ANY_PUBLISHED.validate_json(record.value or b"")
    except ValidationError:
        return None


def published_in(record: RawRecord, prompt_id: str) -> Prompt | None:
    """The prompt with this id, if it is in this record."""
    if prompt_id.encode() not in (record.value or b""):
        return None
    said = _published(record)
    return said if isinstance(said, Prompt) and said.prompt_id == prompt_id else None


def _outcomes(records: Iterable[RawRecord], session_id: str) -> Iterator[AnyOutcome]:
    """The stages that prompts of this session reached, and what its units did, each once."""
    seen = set()
    for record in records:
        if session_id.encode() in (record.value or b""):
            try:
                outcome = ANY_OUTCOME.validate_json(record.value or b"")
            except ValidationError:
                continue
            if outcome.session_id == session_id and outcome.identity not in seen:
                seen.add(outcome.identity)
                yield outcome


def _letters(
    records: Iterable[RawRecord], places: set[Place], topic: str
) -> Iterator[tuple[Place, DeadLetterFound]]:
    for record in records:
        why = cause(record.headers)
        if why is not None and why.topic == topic and (why.partition, why.offset) in places:
            letter = DeadLetterFound(f"{record.at.number}:{record.offset}", why)
            yield (why.partition, why.offset), letter
