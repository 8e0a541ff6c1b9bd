"""The decision in question: the session's last one; the log is folded up to there."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, takewhile
from typing import NamedTuple

from streams.cli.printable import many
from streams.clients.log_reader import LogReader
from streams.contract.errors import InvalidReference, NotEnough
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.slots import Placement
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.log.recent import from_the_beginning, recent
from streams.operations.explanation.log.session_log import (
    PublishedAnswers,
    SessionEvent,
    SessionEvents,
    published_since,
    read_published,
    read_session,
)
from streams.operations.explanation.retold import fold_to
from streams.operations.explanation.then.published_receipts import PublishedReceipts
from streams.operations.explanation.why_not.considered import Considered, DecisionAsked, considered
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controlled, Controls
from streams.shop.memory.answer import OutgoingPrompt
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.people.context import asks, slots_of
from streams.shop.shop import Shop


class Standing(NamedTuple):
    """What catalogue and controls say now: the log does not tell what they said then."""

    catalog: Catalog | None = None
    controls: Controlled | None = None


class WhyNot(NamedTuple):
    """The answer, with the event that asked."""

    event_id: str
    at_ms: int
    told: Considered
    notes: tuple[str, ...]


Choose = Callable[[SessionEvents, PublishedAnswers], tuple[SessionEvent, Placement]]
"""Which decision of a session is in question; raises `NotEnough` where there is none."""


class AtDecision(NamedTuple):
    """A shop that has folded the log up to a decision, and what was asked of it."""

    shop: Shop
    asked: DecisionAsked
    at_ms: int
    """When the broker had the event that asked."""
    notes: tuple[str, ...]


def why_not(
    settings: Settings,
    session_id: str,
    item_id: str,
    slot: Placement | None,
    standing: Standing,
    access: LogAccess,
) -> WhyNot:
    """What became of an item at the last decision of a session, in one slot if one is named.

    Raises `NotEnough` where the session is not on the log, or has asked for no prompt there.
    """

    def choose(log: SessionEvents, _: PublishedAnswers) -> tuple[SessionEvent, Placement]:
        return last_asked(log, session_id, slot)

    at = at_decision(settings, session_id, choose, standing, access)
    return WhyNot(
        at.asked.event.event_id, at.at_ms, considered(at.shop, at.asked, item_id), at.notes
    )


def at_decision(
    settings: Settings,
    session_id: str,
    choose: Choose,
    standing: Standing,
    access: LogAccess,
) -> AtDecision:
    """Read a session off the log, and fold the log up to the decision that is chosen of it."""
    topics = settings.topics
    names = (topics.events, topics.prompts, topics.outcomes, topics.dead_letters)
    with access.opened(settings, *names) as reader:
        events_at = [at for at in reader.partitions if at.topic == topics.events]
        found = recent(reader, session_id, settings, access)
        if found is None:
            log = _looked_for(reader, session_id, settings, access)
            found = from_the_beginning(reader, settings, log, published_since(reader, log))
        log, since, shop, gone, _ = found
        published = read_published(reader, log, session_id, settings, since, access.progress)
        event, slot = choose(log, published)
        ends = reader.ends()
        records = sum(max(0, ends[at] - shop.position.get(at.number, 0)) for at in events_at)
        with access.progress("folding", records) as advance:
            asked = asked_at(shop, reader, log, published, (event, slot), standing, advance)
    notes = tuple(_notes(settings, standing, gone))
    return AtDecision(shop, asked, event.timestamp_ms, notes)


def _looked_for(
    reader: LogReader, session_id: str, settings: Settings, access: LogAccess
) -> SessionEvents:
    """The session, looked for in all of the log."""
    events_at = [at for at in reader.partitions if at.topic == settings.topics.events]
    begins, ends = reader.begins(), reader.ends()
    records = sum(ends[at] - begins[at] for at in events_at)
    with access.progress("looking for the session", records) as advance:
        return read_session(reader, session_id, settings, advance, None, access.check)


def last_asked(
    log: SessionEvents, session_id: str, slot: Placement | None
) -> tuple[SessionEvent, Placement]:
    """The last event that asked for a prompt (in this slot), and the slot: its first, unless named.

    Raises `NotEnough`.
    """
    for event in reversed(log.events):
        if event.first and asks(event.held):
            slots = slots_of(event.held)
            if slots and slot is None:
                return event, slots[0]
            if slot in slots:
                return event, slot
    where = "" if slot is None else f" in slot {slot}"
    raise NotEnough(
        f"session {session_id!r} has asked for no prompt{where}, or is not on the log: "
        "goeswith explain SESSION tells what it did"
    )


def answer(
    shop: Shop,
    reader: LogReader,
    log: SessionEvents,
    published: PublishedAnswers,
    decision: tuple[SessionEvent, Placement],
    standing: Standing,
    item_id: str,
) -> Considered:
    """What became of the item at this decision, by a shop that has folded nothing yet."""
    asked = asked_at(shop, reader, log, published, decision, standing)
    return considered(shop, asked, item_id)


def asked_at(
    shop: Shop,
    reader: LogReader,
    log: SessionEvents,
    published: PublishedAnswers,
    decision: tuple[SessionEvent, Placement],
    standing: Standing,
    advance: Callable[[int], object] = lambda _: None,
) -> DecisionAsked:
    """What this decision was asked; a shop that has folded nothing yet folds the log up to it."""
    event, slot = decision
    prompts = chain(*published.prompts.values())
    shop.receipt_rules.receipts = PublishedReceipts.of(shop.settings, prompts)
    for at, offset in reader.begins().items():
        if at.topic == shop.settings.topics.events:
            shop.start(at.number, offset)
    fold_to(shop, reader, event, log.times, advance)
    there = published.prompts.get(event.place, ())
    prompt = next((one for one in there if one.placement == slot), None)
    held = event.held
    assert asks(held)  # noqa: S101  # who has chosen it has looked
    beside = tuple(i.item_id for one in _before(there, slot, slots_of(held)) for i in one.items)
    pending = _pending(log.events, published, event)
    return DecisionAsked(held, event.place[0], slot, pending, prompt, beside, *standing)


def _before(
    there: Iterable[Prompt], slot: Placement, slots: Sequence[Placement]
) -> Iterable[Prompt]:
    """The prompts of the same event for the slots that were answered before this one."""
    earlier = {*takewhile(lambda one: one != slot, slots)}
    return (one for one in there if one.placement in earlier)


def _pending(
    events: Iterable[SessionEvent], published: PublishedAnswers, upto: SessionEvent
) -> PendingPrompts:
    """What had been published before this event, and was not taken back by then."""
    pending = PendingPrompts()
    gone = {
        one.prompt_id for one in published.withdrawals if one.occurred_at_ms <= upto.timestamp_ms
    }
    for event in events:
        if event.place == upto.place:
            break
        for prompt in published.prompts.get(event.place, ()):
            if prompt.prompt_id not in gone:
                pending.add(OutgoingPrompt.of(prompt))
    return pending


def standing_now(
    settings: Settings, items: Iterable[CatalogItem], controls: Iterable[ControlRecord]
) -> Standing:
    """What catalogue and controls say now, of these items and at all."""
    catalog, kept = Catalog.of(settings), Controls(settings)
    for item in items:
        catalog.put(item)
    for record in controls:
        try:
            kept.put(record.key, record.value, size=0)
        except InvalidReference:  # workers refuse it as well
            continue
    catalog.hidden, catalog.curation, catalog.bundles = kept.hidden, kept.curation, kept.bundles
    catalog.loyalty = kept.loyalty
    return Standing(catalog or None, kept.now)


def _notes(settings: Settings, standing: Standing, gone: int) -> Iterable[str]:
    yield (
        "told by folding the log again, by the settings of this shell; a worker that was behind "
        "knew more by then"
    )
    if standing != Standing():
        yield "catalogue and controls are those of now, not of then"
    if settings.items_decided and not settings.receipt_secret.get_secret_value():
        yield "what others were sold stands in receipts: without the secret numbers are guesses"
    if gone:
        yield f"{many(gone, 'events are', 'event is')} gone from the log: workers may know more"
