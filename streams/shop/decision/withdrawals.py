"""Withdrawals: published prompts that what the shopper does makes pointless.

An item of the prompt is in the basket by now, or was sent away; the shopper has ordered, pays, has
said no to being known, or has left. What the catalogue takes back is no answer to an event: see
`streams.worker.answering.taking_back`. Neither is folded, and what a prompt earns depends on
neither: its receipt stays good.
"""

from collections.abc import Callable
from typing import NamedTuple

from streams.contract.events import (
    BasketUpdated,
    CheckoutStarted,
    Event,
    ItemAdded,
    OrderPlaced,
    PromptDismissed,
    ShopperForgotten,
)
from streams.contract.published.prompts import PromptWithdrawn
from streams.contract.wire.shop.withdrawals import ShopperReason
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.pending_prompts import PendingPrompt, PendingPrompts
from streams.shop.memory.session import Session

ENDING = frozenset({ItemAdded, BasketUpdated, OrderPlaced, PromptDismissed, CheckoutStarted})
"""The events that can make a prompt pointless; who leaves does by any event."""
NOT_DISTURBED = frozenset({"checkout", "post_purchase"})
"""Slots whose prompts stand while the shopper pays."""


class _Pointless(NamedTuple):
    """What an event makes pointless, and why."""

    because: ShopperReason
    concerns: Callable[[PendingPrompt], bool]


def withdrawals(
    session: Session, event: Event, pending: PendingPrompts
) -> tuple[PromptWithdrawn, ...]:
    """The living prompts of this session that an event made pointless."""
    if type(event) not in ENDING and not session.moments.parted_ms:
        return ()
    added = event.item_id if type(event) is ItemAdded and not session.moments.parted_ms else None
    living = [
        prompt
        for prompt in pending.of(event.session_id)
        if (added is None or added in prompt.items)  # as few do: the rest is not looked at
        and prompt.caused_by != event.event_id
        and prompt.expires_at_ms > event.received_at_ms
    ]
    if not living:
        return ()
    found = [why for why in (_by_deed(session, event), _by_leaving(session, event)) if why]
    gone: list[PromptWithdrawn] = []
    for prompt in living:
        because = next((why.because for why in found if why.concerns(prompt)), None)
        if because is not None:
            gone.append(
                PromptWithdrawn(
                    prompt_id=prompt.prompt_id,
                    session_id=event.session_id,
                    because=because,
                    caused_by=event.event_id,
                    occurred_at_ms=event.occurred_at_ms,
                )
            )
    return tuple(gone)


def _by_deed(session: Session, event: Event) -> _Pointless | None:
    """What the shopper did with the basket, with a prompt or at the till."""
    match event:
        case OrderPlaced():  # if it is not told once more
            return _Pointless("ordered", _any) if session.was_ordered_by(event) else None
        case ItemAdded() | BasketUpdated():
            return _Pointless("added", _with_any_of(_entered(session, event)))
        case PromptDismissed():
            return _Pointless("dismissed", _with_any_of(sent_away(session)))
        case CheckoutStarted() if session.in_checkout:
            return _Pointless("checkout", lambda prompt: prompt.slot not in NOT_DISTURBED)
    return None


def _by_leaving(session: Session, event: Event) -> _Pointless | None:
    """What was said to somebody known who has left since, or may not be known any more."""
    parted_ms = session.parted_ms
    if not parted_ms:
        return None
    denies = event.consent is False or isinstance(event, ShopperForgotten)
    because: ShopperReason = "consent" if denies else "signed_out"
    return _Pointless(because, lambda prompt: prompt.occurred_at_ms < parted_ms)


def _any(_prompt: PendingPrompt) -> bool:
    return True


def _with_any_of(items: set[str]) -> Callable[[PendingPrompt], bool]:
    return lambda prompt: not items.isdisjoint(prompt.items)


def sent_away(session: Session) -> set[str]:
    """The items of the prompts that whoever is there has dismissed."""
    return {
        item
        for impression in session.impressions.values()
        if any(fact.at_ms > session.parted_ms for fact in impression.of("dismissed"))
        for item in impression.receipt.items
    }


def _entered(session: Session, event: ItemAdded | BasketUpdated) -> set[str]:
    """What an add or a cart says is in the basket, and is: a removal may have overtaken it.

    Of what a full basket has no room for nobody knows better.
    """
    lines = event.lines if isinstance(event, BasketUpdated) else ()
    items = {event.item_id} if isinstance(event, ItemAdded) else {line.item_id for line in lines}
    full = len(session.basket) >= BASKET_MAX
    return items if full else items.intersection(session.basket)
