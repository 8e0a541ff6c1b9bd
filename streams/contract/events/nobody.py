"""Ids that mean nobody: what a platform says of who has none, and what a template left unfilled."""

from collections.abc import Collection
from functools import lru_cache

from streams.contract.errors import InvalidEvent
from streams.contract.events.kinds import (
    Event,
    OrderCancelled,
    OrderPlaced,
    OrderReturned,
    ShopperForgotten,
)

ORDERS = frozenset({OrderPlaced, OrderCancelled, OrderReturned})
TEMPLATE = "{{"
"""Of a template that nobody filled in: `{{ user.id }}`. It is in no id of anybody."""


@lru_cache(maxsize=8)
def nobody_ids(listed: str) -> frozenset[str]:
    """The ids that mean nobody, in small letters; one of blanks alone is of nobody, too.

    >>> sorted(nobody_ids("0, Guest"))
    ['', '0', 'guest']
    """
    return frozenset(("", *map(_plain, listed.split(","))))


def means_nobody(said: str, nobody: Collection[str]) -> bool:
    """Whether an id is one of nobody's, or what a template has left where it should have been.

    >>> means_nobody(" Guest ", {"guest"}), means_nobody("{{ user_id }}", {"guest"})
    (True, True)
    """
    return _plain(said) in nobody or TEMPLATE in said


def _plain(name: str) -> str:
    """A name without blanks around it, in small letters."""
    return name.strip().lower()


def somebodys(event: Event, nobody: frozenset[str]) -> Event:
    """The event, without ids that mean nobody: as if they had been null."""
    who, visitor = event.shopper_id, event.visitor_id
    if who is not None and means_nobody(who, nobody):
        if isinstance(event, ShopperForgotten):
            raise InvalidEvent("invalid_event", "shopper_forgotten.shopper_id: it means nobody")
        event = event.model_copy(update={"shopper_id": None})
    if visitor is not None and means_nobody(visitor, nobody):
        event = event.model_copy(update={"visitor_id": None})
    return event


def refuse_nobodys(event: Event, nobody: frozenset[str]) -> None:
    """Raises `InvalidEvent` for a session or an order of no number: it would be everybody's."""
    for name in ("session_id", "order_id"):
        if means_nobody(getattr(event, name, "some"), nobody):
            kind = event.type
            raise InvalidEvent(
                "invalid_event", f"{kind}.{name}: it means nobody, as in `nobody_ids`: send its own"
            )
