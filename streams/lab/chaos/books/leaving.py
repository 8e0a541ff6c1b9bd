"""Who has left since they asked: a worker that was behind by then said nothing to them any more.

An event is answered by what is folded when its turn comes, and a worker may have folded more by
then: that the shopper signed out, or that the visitor's next session has somebody else in it. It
says nothing in that case, and the books owe nothing. Whoever has left may be back at the end of the
log (a session from before begins anew), so it is looked for after each event of the same visitor.
"""

from streams.contract.events import Event
from streams.shop.shop import Shop


class Leaving:
    """Looks after those who asked, by partition and visitor; a session without one is its own."""

    def __init__(self) -> None:
        self.left: set[str] = set()
        """The ids of the prompts that nobody has to get any more."""
        self._visitors: dict[str, str] = {}
        self._asked: dict[tuple[int, str], dict[str, Event]] = {}

    def look(self, shop: Shop, partition: int, event: Event) -> None:
        """An event was folded: who of its visitor's sessions has asked, and left by it."""
        asked = self._asked.get((partition, self._visitor(event)), {})
        for identity, before in [*asked.items()]:
            if _has_left(shop, partition, before):
                self.left.add(identity)
                del asked[identity]

    def note(self, partition: int, event: Event, identity: str) -> None:
        """An event asks for the prompt with this id."""
        self._asked.setdefault((partition, self._visitor(event)), {})[identity] = event

    def _visitor(self, event: Event) -> str:
        """Some events of a session do not name its visitor."""
        named = event.visitor_id or event.session_id
        return self._visitors.setdefault(event.session_id, named)


def _has_left(shop: Shop, partition: int, event: Event) -> bool:
    session = shop.sessions[partition].find(event.session_id)
    return session is not None and shop.identity.of_before(session, event)
