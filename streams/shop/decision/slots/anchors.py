"""The anchor: the item for which something is sought, where an event asks for a prompt."""

from streams.contract.events import CheckoutStarted, ItemAdded, ItemViewed, OrderPlaced
from streams.shop.memory.session import Session
from streams.shop.people.context import AskingEvent


def anchor_of(session: Session, event: AskingEvent) -> str | None:
    """The item that asks; None: there is none, in an empty basket.

    Of a basket at checkout it is the latest one; of an order the dearest, where prices are told.
    """
    if type(event) is ItemViewed or type(event) is ItemAdded:  # at a tenth of what isinstance costs
        return event.item_id
    if isinstance(event, CheckoutStarted):
        return next(reversed(session.own_basket), None)
    lines = event.lines if isinstance(event, OrderPlaced) else ()
    return max(reversed(lines), key=lambda line: line.price_minor or 0).item_id


def told_currency(event: AskingEvent) -> str | None:
    """The currency in which whoever asks sees prices; None: the event does not say."""
    return None if isinstance(event, CheckoutStarted) else event.currency


def bought_with(event: AskingEvent) -> tuple[str, ...]:
    """The items of an order, which are in the basket no more: what was just bought."""
    if type(event) is not OrderPlaced:
        return ()
    return tuple(dict.fromkeys(line.item_id for line in event.lines))
