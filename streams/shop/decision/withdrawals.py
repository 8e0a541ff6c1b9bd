"""Withdrawals: published prompts that an add or an order makes pointless."""

from streams.contract.events import Event, ItemAdded, OrderPlaced
from streams.contract.prompts import PromptWithdrawn
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.session import Session

ENDING = frozenset({ItemAdded, OrderPlaced})
"""The events that can make a prompt pointless."""


def withdrawals(
    session: Session, event: Event, pending: PendingPrompts
) -> tuple[PromptWithdrawn, ...]:
    """The living prompts of this session that an event made pointless."""
    if type(event) not in ENDING:
        return ()
    if isinstance(event, OrderPlaced) and not session.was_ordered_by(event):
        return ()  # told once more
    added = event.item_id if isinstance(event, ItemAdded) else None
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
        and (added is None or added in prompt.items)
    )
