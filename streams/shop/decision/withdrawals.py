"""Withdrawals: published prompts that an add, a cart or an order makes pointless."""

from streams.contract.events import BasketUpdated, Event, ItemAdded, OrderPlaced
from streams.contract.prompts import PromptWithdrawn
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.session import Session

ENDING = frozenset({ItemAdded, BasketUpdated, OrderPlaced})
"""The events that can make a prompt pointless."""


def withdrawals(
    session: Session, event: Event, pending: PendingPrompts
) -> tuple[PromptWithdrawn, ...]:
    """The living prompts of this session that an event made pointless."""
    if type(event) not in ENDING:
        return ()
    if isinstance(event, OrderPlaced) and not session.was_ordered_by(event):
        return ()  # told once more
    added = None if isinstance(event, OrderPlaced) else _entered(session, event)
    return tuple(
        PromptWithdrawn(
            prompt_id=prompt.prompt_id,
            session_id=event.session_id,
            because="ordered" if added is None else "added",
            caused_by=event.event_id,
            occurred_at_ms=event.occurred_at_ms,
        )
        for prompt in pending.of(event.session_id)
        if prompt.caused_by != event.event_id
        and prompt.expires_at_ms > event.received_at_ms
        and (added is None or not added.isdisjoint(prompt.items))
    )


def _entered(session: Session, event: Event) -> set[str]:
    """What an add or a cart says is in the basket, and is: a removal may have overtaken it.

    Of what a full basket has no room for nobody knows better.
    """
    lines = event.lines if isinstance(event, BasketUpdated) else ()
    items = {event.item_id} if isinstance(event, ItemAdded) else {line.item_id for line in lines}
    full = len(session.basket) >= BASKET_MAX
    return items if full else items.intersection(session.basket)
