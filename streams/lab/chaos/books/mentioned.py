"""Which items the events of a session put in a basket, order, or send back: it counts no others.

A session goes on with the basket of another one of its visitor, so those count as one.
"""

from collections.abc import Collection, Iterable

from streams.contract.events import BasketUpdated, Event, ItemAdded, OrderPlaced
from streams.contract.events.kinds import OrderTakenBack


class Mentioned:
    """The items by visitor; a session without one is its own.

    >>> said = {"event_id": "e1", "occurred_at_ms": 1767225600000, "visitor_id": "v"}
    >>> mentioned = Mentioned()
    >>> mentioned.note(ItemAdded(item_id="jam", session_id="s1", **said))
    >>> mentioned.note(ItemAdded(item_id="tea", session_id="s2", **said))
    >>> sorted(mentioned.by("s1")), mentioned.by("s3")
    (['jam', 'tea'], ())
    """

    def __init__(self) -> None:
        self._visitors: dict[str, str] = {}
        """By session the one of its first event: some of the others do not name it."""
        self._items: dict[str, set[str]] = {}

    def note(self, event: Event) -> None:
        """The next event of a partition."""
        named = event.visitor_id or event.session_id
        who = self._visitors.setdefault(event.session_id, named)
        self._items.setdefault(who, set()).update(_items_of(event))

    def by(self, session_id: str) -> Collection[str]:
        """What was named there, and in the other sessions of its visitor."""
        return self._items.get(self._visitors.get(session_id, ""), ())


def _items_of(event: Event) -> Iterable[str]:
    match event:
        case ItemAdded():
            return (event.item_id,)
        case BasketUpdated() | OrderPlaced() | OrderTakenBack():
            return [line.item_id for line in event.lines or ()]
        case _:
            return ()
