"""A trail: what a session knows that follows its visitor into the next session.

| follows | stays with the session's id |
|---|---|
| basket, and what it has taught | events that were seen, and when they came |
| what was looked at, taken out, ordered | who is signed in, consent |
| prompts that were shown, cap and cool-down | the side of the experiment |
"""

from typing import Any

TRAIL = (
    *("started_ms", "last_ms", "viewed", "looked", "path", "in_checkout"),
    *("basket", "taught", "taken", "bought"),
    *("impressions", "forgotten", "shown", "last_shown_ms", "dismissals", "tallies"),
    "moments",
)
"""The fields of a session that follow as they are."""


def move(session: Any, other: Any) -> None:
    """A session that has no trail gets the one of another session, which is left without.

    To that one its orders are left: one that is told again is not a new one.
    """
    blank = type(other)(other.session_id, other.started_ms, other.last_ms)
    session.orders, forgotten = orders(session, other), session.forgotten
    for name in TRAIL:
        setattr(session, name, getattr(other, name))
        setattr(other, name, getattr(blank, name))
    session.forgotten = max(forgotten, session.forgotten)


TOLD_TOO = "\0"
"""Stands for the event that brought an order, where another session did, and this one told it, too:
on no side by then, so that it is told again to no purpose."""


def orders(session: Any, other: Any) -> dict[str, str]:
    """The orders that another session knows, with the session's own events: ids are no one else's.

    >>> from types import SimpleNamespace as Known
    >>> orders(Known(orders={"o-1": "e7"}), Known(orders={"o-1": "", "o-2": "e7"}))
    {'o-1': 'e7', 'o-2': ''}
    """
    return {number: session.orders.get(number, "") for number in other.orders}


def followed(session: Any, other: Any) -> dict[str, Any]:
    """What a session would have if it got that trail, by field."""
    return {name: getattr(other, name) for name in TRAIL} | {"orders": orders(session, other)}
