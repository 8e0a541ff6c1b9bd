"""Why there was silence: the log is folded again, offline, and the session's events answered anew.

Silences are told by no topic. So the log is folded by the same settings, each time up to the event
that got no prompt (other partitions up to the second in which its record was written), and the
event is answered, by the controls of then, as far as they are known. What counts as pending is what
was really published. Earlier events of the
session are answered as well, whether or not they are to be explained: what they got decides about
later ones.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from streams.clients.log_reader import LogReader, Partition
from streams.contract.errors import InvalidEvent
from streams.contract.events import ShopperForgotten
from streams.contract.events.slots import Placement
from streams.operations.explanation.advice import TOO_LATE_WAIT, Told, told, why_too_late
from streams.operations.explanation.log.session_log import (
    Place,
    PublishedAnswers,
    SessionEvent,
    SessionEvents,
)
from streams.operations.explanation.log.time_index import TimeIndex
from streams.operations.explanation.then.controls_then import ControlsThen
from streams.operations.explanation.then.published_receipts import PublishedReceipts
from streams.operations.rebuild import fold_record
from streams.shop.decision.controls.controls import Controlled
from streams.shop.memory.answer import OutgoingPrompt, SilenceReason
from streams.shop.memory.orders.seen import SEEN_MAX
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.people.context import AskingEvent, asks, slots_of
from streams.shop.shop import Shop

TURNING = AskingEvent
"""Events that may bring prompts: they are answered anew. What others withdrew is on the topic."""

BY_CONTROLS = frozenset({"paused", "arms_off", "ramp"})
NOT_OF_SETTINGS = BY_CONTROLS | {"no_candidate", "not_worth", "duplicate"}
"""Silences that say nothing of the settings, where a worker prompted: it was behind and knew more,
has a catalogue, or did not follow a control yet."""

NO_SILENCES: Mapping[Placement, Told] = MappingProxyType({})


class Retold(NamedTuple):
    """What folding the log again gives an event that asks."""

    prompts: tuple[OutgoingPrompt, ...] = ()
    silences: Mapping[Placement, Told] = NO_SILENCES
    """Why there is none in each of the slots that were asked for, and got none."""
    too_late: bool = False
    """Whether it is the first of its id, and was taken for a repeat."""


def silent(events: Sequence[SessionEvent], published: PublishedAnswers) -> list[SessionEvent]:
    """The events that asked for prompts, and one of theirs at least is not on the topic."""
    return [
        event
        for event in events
        if asks(event.held)
        and len(published.prompts.get(event.place, ())) < len(slots_of(event.held))
    ]


def in_doubt(events: Sequence[SessionEvent]) -> set[Place]:
    """Those that were taken for repeats, maybe: of more than are remembered, older than the newest.

    Whether they were is told by folding the log again.
    """
    found: set[Place] = set()
    before: dict[int, tuple[int, int]] = {}
    for event in events:
        if isinstance(event.held, InvalidEvent):
            continue
        at_ms, number = event.held.occurred_at_ms, event.place[0]
        many, newest_ms = before.get(number, (0, 0))
        if event.first and many > SEEN_MAX and at_ms < newest_ms:
            found.add(event.place)
        before[number] = many + 1, max(newest_ms, at_ms)
    return found


def retell(
    shop: Shop,
    reader: LogReader,
    log: SessionEvents,
    published: PublishedAnswers,
    latest: Sequence[SessionEvent],
    advance: Callable[[int], object] = lambda _: None,
    controls: ControlsThen | None = None,
) -> dict[Place, Retold]:
    """What a shop without memory makes of the session's events, up to the last silent of `latest`.

    `latest` are those of the log's events that are to be explained; no `controls`: none is known.
    """
    prompts = chain(*published.prompts.values())
    shop.receipt_rules.receipts = PublishedReceipts.of(shop.settings, prompts)
    told_late = in_doubt(log.events)
    wanted = {event.place for event in silent(latest, published)}
    wanted |= told_late & {event.place for event in latest}
    begins = {at.number: offset for at, offset in reader.begins().items() if _is_of(at, shop)}
    for number, offset in begins.items():
        shop.start(number, offset)
    pending, retold = PendingPrompts(), {}
    withdrawn = _by_cause(published)
    for event in log.events:
        if not wanted:
            break
        if isinstance(event.held, TURNING) or event.place in told_late:
            fold_to(shop, reader, event, log.times, advance)
            then = None if controls is None else controls.at(event.timestamp_ms)
            retold[event.place] = _answer(shop, event, pending, published, then)
            wanted.discard(event.place)
        if not isinstance(held := event.held, InvalidEvent):
            pending.withdraw(held.session_id, withdrawn.get(held.event_id, set()))
    return retold


def _by_cause(published: PublishedAnswers) -> dict[str, set[str]]:
    """The prompts that were withdrawn, by the event that did it: a dismissal, a cart, a denial."""
    found: dict[str, set[str]] = {}
    for gone in published.withdrawals:
        if gone.caused_by:
            found.setdefault(gone.caused_by, set()).add(gone.prompt_id)
    return found


def disagreeing(published: PublishedAnswers, retold: Mapping[Place, Retold]) -> set[SilenceReason]:
    """Why the settings at hand are silent where workers prompted: theirs are others, then."""
    reasons = {
        again.silences[prompt.placement].reason
        for place, again in retold.items()
        for prompt in published.prompts.get(place, ())
        if prompt.placement in again.silences
    }
    return reasons - NOT_OF_SETTINGS


def _is_of(at: Partition, shop: Shop) -> bool:
    return at.topic == shop.settings.topics.events


def fold_to(
    shop: Shop,
    reader: LogReader,
    event: SessionEvent,
    times: TimeIndex,
    advance: Callable[[int], object],
) -> None:
    """Fold the log up to this event, and of other partitions what was there by then.

    `advance` is told of each record.
    """
    own, offset = event.place
    ends = times.reached(event.timestamp_ms) | {own: offset + 1}
    begins = {at: shop.position.get(at.number, 0) for at in reader.partitions if _is_of(at, shop)}
    upto = {at: ends.get(at.number, begin) for at, begin in begins.items()}
    later: set[int] = set()
    for record in reader.between(begins, upto):
        number = record.at.number
        if number != own and (number in later or record.timestamp_ms > event.timestamp_ms):
            later.add(number)  # of the same second, and not there yet
            continue
        fold_record(shop, record)
        advance(1)


def _answer(
    shop: Shop,
    event: SessionEvent,
    pending: PendingPrompts,
    published: PublishedAnswers,
    controls: Controlled | None,
) -> Retold:
    """Answer an event that is folded; what was published for it is pending from then on.

    What it withdraws is told by the topic, as its prompts are; by this answer only of prompts that
    the topic has not, as it forgets, and has no withdrawal of either.
    """
    partition, offset = event.place
    held = event.held
    too_late = event.first and _is_too_late(shop, event)
    if not isinstance(held, TURNING):
        return Retold(too_late=too_late)
    taken_back = (
        one.prompt_id
        for one in published.withdrawals
        if not one.caused_by and one.occurred_at_ms <= event.timestamp_ms
    )
    pending.withdraw(held.session_id, {*taken_back})
    answer = shop.answer(held, partition, offset, pending, controls=controls)
    silences: dict[Placement, Told] = {}
    if answer.silences:
        session = shop.sessions[partition].find(held.session_id)
        formers = () if session is None else session.ties.formers
        unseen = pending.of_visitor(held.session_id, formers)
        whole = dict.fromkeys(slots_of(held), answer.silence) if answer.silence else {}
        for slot, silence in (answer.silent_slots or whole).items():
            if silence is not None:
                said = silence.reason, held, session, unseen, shop.settings, slot
                one = told(*said, controls)
                if too_late and silence.reason == "duplicate":
                    one = one._replace(why=why_too_late(held.consent), wait=TOO_LATE_WAIT)
                silences[slot] = one
    there = published.prompts.get(event.place)
    outgoing = answer.outgoing_prompts if there is None else map(OutgoingPrompt.of, there)
    for prompt in outgoing:
        pending.add(prompt)
    known = {prompt.prompt_id for prompt in chain(*published.prompts.values())}
    pending.withdraw(held.session_id, {gone.prompt_id for gone in answer.withdrawals} - known)
    return Retold(answer.outgoing_prompts, silences, too_late)


def _is_too_late(shop: Shop, event: SessionEvent) -> bool:
    """Whether an event that has just been folded was taken for a repeat, as its session forgets."""
    (partition, offset), held = event.place, event.held
    if isinstance(held, InvalidEvent | ShopperForgotten) or partition not in shop.sessions:
        return False
    session = shop.sessions[partition].find(held.session_id)
    return session is not None and session.seen.first(held, offset) < 0
