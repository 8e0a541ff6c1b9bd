"""The books, an audit: everything recomputed from the log, and compared with what workers said.

*State*: the digest of every living worker, and that of a shop that folds the log alone, partition
by partition. They are equal or they are not: whatever is not the fold of the log is `LESS`.

*Prompts*, by id: under the verdict's settings (no cool-down, no cap, and always something popular
to offer) every view and every add has to be answered with a prompt, but for those of sessions that
are held out, so the log says exactly which ids there must be. `LESS` when one is missing, has an id
that no event asked for, or is held out, or says of itself what its event does not. `MORE` when all
are there and some came again. A repeat may offer other items: the worker that answers again knows
more by then, and readers keep the first. Withdrawals are not judged: what was said and not seen yet
is its owner's note, gone with the owner.

*Outcomes*, of prompts and of units, after repeats are dropped: whole records, compared with those
that the offline shop gives for the same events. `LESS` when one is missing or other, `MORE` when
there is one too many.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from streams.contract.events import Event, ItemViewed, decode
from streams.contract.published.outcomes import ANY_OUTCOME, AnyOutcome
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt, prompt_id
from streams.contract.settings import Settings
from streams.lab.chaos.books.leaving import Leaving
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.people.context import ItemEvent, slots_of
from streams.shop.shop import Shop

Word = Literal["EXACT", "MORE", "LESS"]
Place = tuple[int, int]
"""Partition and offset."""
BY_DESIGN = ("holdout", "duplicate")
"""Silences of the verdict's settings; whatever else is silent has lost a prompt."""


class AuditedRecord(Protocol):
    """What is read of a record of any topic."""

    @property
    def partition(self) -> int:
        """Number of its partition."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """When the broker had it, in milliseconds since 1970."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value."""


class Recomputed(NamedTuple):
    """What the log alone says."""

    digest: str
    position: Mapping[int, int]
    asked: Mapping[str, Event]
    """The event behind every prompt that there may be, by the prompt's id."""
    at: Mapping[Place, str]
    """The id that each asking event's prompt has, by partition and offset of the event."""
    owed: frozenset[str]
    """The ids of the prompts that there must be."""
    outcomes: Mapping[tuple[str, ...], AnyOutcome]
    """By what tells them from all others."""
    shop: Shop | None = None
    """The offline shop, which has folded all of it."""
    rejected: Mapping[Place, str] = MappingProxyType({})
    """Of the events that are dead letters the reason, by their place."""


class AuditResult(NamedTuple):
    """A word, and what it was found by."""

    word: Word
    lost: int = 0
    """What must be there and is not."""
    wrong: int = 0
    """What is there and must not be, or is other than it must be."""
    repeats: int = 0
    """What is there once more."""


def recompute(
    settings: Settings,
    log: Iterable[AuditedRecord],
    warm_up: Mapping[int, int],
    make: Callable[[Settings], Shop] = Shop,
) -> Recomputed:
    """Fold the log from its beginning; `warm_up` is where each partition begins to be judged."""
    shop = make(settings)
    asked: dict[str, Event] = {}
    at: dict[Place, str] = {}
    rejected: dict[Place, str] = {}
    owed: set[str] = set()
    leaving = Leaving()
    outcomes: dict[tuple[str, ...], AnyOutcome] = {}
    for record in log:
        event = fold(shop, record)
        silence = None
        if shop.experiment or not isinstance(event, ItemViewed):  # which brings no prompt further
            answer = shop.answer(event, record.partition, record.offset, PendingPrompts())
            outcomes |= {o.identity: o for o in (*answer.outcomes, *answer.unit_outcomes)}
            silence = answer.silence and answer.silence.reason
            if answer.rejected is not None:
                rejected[record.partition, record.offset] = answer.rejected.reason
        if isinstance(event, ItemEvent) and silence not in BY_DESIGN:
            identity = prompt_id(event.event_id, event.session_id, slots_of(event)[0])
            asked[identity] = event
            leaving.note(record.partition, event, identity)
            at[record.partition, record.offset] = identity
            if record.offset >= warm_up.get(record.partition, 0):
                owed.add(identity)
        leaving.look(shop, record.partition, event)
    position = dict(shop.position)
    there = frozenset(owed - leaving.left)
    return Recomputed(shop.digest(), position, asked, at, there, outcomes, shop, rejected)


def fold(shop: Shop, record: AuditedRecord) -> Event:
    """Let a shop learn the next record of a partition; the event in it."""
    at_ms, settings = record.timestamp, shop.settings
    event = decode(record.key, record.value, timestamp_ms=at_ms, settings=settings)
    if shop.learn(record.partition, record.offset, event) == "gap":
        shop.start(record.partition, record.offset)  # the log does not hold what is between
        shop.learn(record.partition, record.offset, event)
    return event


def behind(log: Iterable[AuditedRecord]) -> dict[int, int]:
    """The offset behind the last record of each partition that has any."""
    return {record.partition: record.offset + 1 for record in log}


def judged_state(digests: Sequence[str | None], recomputed: Recomputed) -> AuditResult:
    """Whether every living worker has folded exactly what the log says.

    >>> log = Recomputed("bread", {}, {}, {}, frozenset(), {})
    >>> judged_state(["bread", "butter"], log)
    AuditResult(word='LESS', lost=0, wrong=1, repeats=0)
    """
    wrong = sum(digest != recomputed.digest for digest in digests)
    return AuditResult("LESS" if wrong or not digests else "EXACT", wrong=wrong)


def judged_prompts(published: Iterable[AuditedRecord], recomputed: Recomputed) -> AuditResult:
    """Whether every prompt is there that must be, and none that must not be."""
    times: Counter[str] = Counter()
    wrong = 0
    for record in published:
        prompt = ANY_PUBLISHED.validate_json(record.value or b"")
        if isinstance(prompt, Prompt):
            times[prompt.prompt_id] += 1
            wrong += not _fits(prompt, recomputed.asked.get(prompt.prompt_id))
    lost = len(recomputed.owed - times.keys())
    repeats = times.total() - len(times)
    word: Word = "LESS" if lost or wrong else "MORE" if repeats else "EXACT"
    return AuditResult(word, lost, wrong, repeats)


def lost_prompts(published: Iterable[AuditedRecord], recomputed: Recomputed) -> Iterator[str]:
    """Which prompts are not there that must be: a sentence each, of the event that asked."""
    prompts = map(ANY_PUBLISHED.validate_json, (record.value or b"" for record in published))
    lost = recomputed.owed - {said.prompt_id for said in prompts if isinstance(said, Prompt)}
    for (partition, offset), identity in recomputed.at.items():
        if identity in lost:
            event = recomputed.asked[identity]
            place = f"at offset {offset} of partition {partition}"
            yield f"{event.type} {event.event_id} of {event.session_id} {place}: no prompt"


def judged_outcomes(published: Iterable[AuditedRecord], recomputed: Recomputed) -> AuditResult:
    """Whether, repeats dropped, exactly those outcomes are there that the log calls for."""
    found: dict[tuple[str, ...], list[AnyOutcome]] = {}
    number = 0
    for record in published:
        outcome = ANY_OUTCOME.validate_json(record.value or b"")
        found.setdefault(outcome.identity, []).append(outcome)
        number += 1
    owed = recomputed.outcomes
    lost = len(owed.keys() - found.keys())
    other = sum(any(one != owed[key] for one in ones) for key, ones in found.items() if key in owed)
    more = len(found.keys() - owed.keys())
    word: Word = "LESS" if lost or other else "MORE" if more else "EXACT"
    return AuditResult(word, lost, other + more, number - len(found))


def _fits(prompt: Prompt, event: Event | None) -> bool:
    """Whether a prompt says of itself what its event says; no matter what it offers."""
    if not isinstance(event, ItemEvent):
        return False
    return (prompt.caused_by, prompt.session_id, prompt.anchor, prompt.occurred_at_ms) == (
        event.event_id,
        event.session_id,
        event.item_id,
        event.occurred_at_ms,
    )
