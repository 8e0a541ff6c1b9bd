"""Where somebody asks, of which segment, and in time: what the policy knows, and reports go by."""

from collections.abc import Container
from typing import TypeGuard

from streams.contract.events import CheckoutStarted, Event, ItemAdded, ItemViewed, OrderPlaced
from streams.contract.events.slots import Placement
from streams.contract.settings import Settings

ItemEvent = ItemViewed | ItemAdded
"""The events that ask unless they say otherwise: what goes with this?"""
AskingEvent = ItemEvent | CheckoutStarted | OrderPlaced
"""The events that may ask for prompts. By those that do a session may be assigned."""

UNSAID: dict[type[Event], tuple[Placement, ...]] = {
    ItemViewed: ("product_page",),
    ItemAdded: ("basket",),
    CheckoutStarted: (),
    OrderPlaced: (),
}
"""The slots that an event asks for which names none; a kind that is not here never asks."""
FIRST: Placement = "upgrade"
"""A better item is offered before what goes with the lesser one."""


def slots_of(event: Event) -> tuple[Placement, ...]:
    """The slots that an event asks for, each once, in the order in which they are answered.

    >>> from streams.contract.schemas.examples import ITEM_VIEWED
    >>> slots_of(ITEM_VIEWED)
    ('product_page',)
    >>> slots_of(ITEM_VIEWED.model_copy(update={"slots": ("basket", "upgrade", "basket")}))
    ('upgrade', 'basket')
    """
    unsaid = UNSAID.get(type(event))
    if unsaid is None or (slots := event.slots) is None:  # type: ignore[union-attr]
        return unsaid or ()
    if len(slots) < 2:  # noqa: PLR2004
        return slots
    return tuple(dict.fromkeys((FIRST, *slots) if FIRST in slots else slots))


def asks(event: object) -> TypeGuard[AskingEvent]:
    """Whether this event asks for a prompt at all."""
    return type(event) in UNSAID and bool(slots_of(event))  # type: ignore[arg-type]


def told_context(event: AskingEvent, segments: Container[str]) -> str:
    """The context by the event's own word alone; `segments` are those that are listed.

    Who is signed in by an event before this one is "known" to the policy, and "new" here: what
    others said of the shopper may be known later on one worker than on another. Of several slots
    it is the first one's.

    >>> from streams.contract.schemas.examples import ITEM_VIEWED
    >>> told_context(ITEM_VIEWED, {"club"}), told_context(ITEM_VIEWED, ())
    ('product_page/club', 'product_page/known')
    """
    segment = event.segment
    if segment is None or segment not in segments:
        names = event.shopper_id is not None and event.consent is True
        segment = "known" if names else "new"
    return f"{slots_of(event)[0]}/{segment}"


def late(event: Event, settings: Settings) -> bool:
    """Whether the broker got an event so late that nobody waits for an answer.

    A clock that is behind looks like a delay, unless the sender says when it sent the event.
    """
    delay_ms = event.received_at_ms - event.occurred_at_ms
    bound_s = settings.clock_skew_s_max if event.sent_at_ms is None else settings.lateness_s
    return delay_ms > 1000 * bound_s


def is_of_before(order: OrderPlaced, assigned_ms: int, settings: Settings) -> bool:
    """Whether an order is history to a session that was assigned then: placed before, and late.

    Clocks are wrong by less than `lateness_s`: an order that is so much earlier is of the session.
    """
    earlier_ms = assigned_ms - order.occurred_at_ms
    return earlier_ms > 1000 * settings.lateness_s and late(order, settings)
