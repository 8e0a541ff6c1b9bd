"""Which trail an event is of: the twin's rules for the sessions of one visitor."""

from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.lab.chaos.twin.session import TwinSession, TwinTrail, is_of_somebody

Key = tuple[int, str]
"""A partition, and a name there."""


class TwinVisitors:
    """All sessions, and the trails of their visitors."""

    def __init__(self, settings: Settings, apart_max: float) -> None:
        self.sessions: dict[Key, TwinSession] = {}
        self._gap_ms = 1000 * settings.session_gap_s
        self._ttl_ms = 1000 * settings.personal_ttl_s
        self._apart_max = apart_max
        self._latest: dict[Key, TwinSession] = {}
        """Which session of a visitor began last, or came back."""
        self._denied_ms: dict[Key, int] = {}
        """When shoppers have denied consent last."""

    def session(self, partition: int, event: Event) -> TwinSession:
        """The session of an event, with the trail that the event is of."""
        at_ms, key = event.occurred_at_ms, (partition, event.session_id)
        behind = is_of_somebody(event)
        session = self.sessions.get(key)
        if session is None:
            begun = self._begun(event.session_id, at_ms, at_ms)
            session = self.sessions[key] = TwinSession(event.session_id, event.visitor_id, begun)
            if event.visitor_id is not None:
                before = self._latest.get((partition, event.visitor_id))
                begun.before = None if before is None else before.trail.before
                if before is not None and self._lets_on(before.trail, _here(event, None), at_ms):
                    self._take_over(partition, session, before.trail, at_ms)
                if before is None or session.trail is before.trail or not behind:
                    self._latest[partition, event.visitor_id] = session
        elif not session.holds and at_ms > session.left_ms and not behind:
            self._back(partition, session, event)
        if at_ms - session.trail.last_ms > self._gap_ms and not behind:
            session.pause(event)
        return session

    def _back(self, partition: int, session: TwinSession, event: Event) -> None:
        """A session whose trail went on elsewhere has it again, or begins anew."""
        trail, at_ms = session.trail, event.occurred_at_ms
        if session.visitor is not None:
            self._latest[partition, session.visitor] = session
        paused = at_ms - trail.last_ms > self._gap_ms
        here = None if paused else session.signed_in
        trail.names.remove(session.session_id)
        if self._lets_on(trail, _here(event, here), at_ms):
            self._take_over(partition, session, trail, at_ms)
            return
        shown = [prompt.place for prompt in trail.prompts.values()]
        session.trail = self._begun(session.session_id, trail.last_ms, at_ms)
        session.trail.orders |= session.left_orders
        session.trail.before = trail.before
        session.trail.whose, session.trail.forgotten = here, max([trail.forgotten, *shown])

    def _begun(self, session_id: str, last_ms: int, at_ms: int) -> TwinTrail:
        return TwinTrail([session_id], last_ms, at_ms, apart_max=self._apart_max)

    def _lets_on(self, trail: TwinTrail, who: str | None, at_ms: int) -> bool:
        """Whether a session with this shopper in it, or nobody, may go on with a trail."""
        mine = not trail.closed and trail.whose in (None, who)
        return mine and at_ms - trail.last_ms <= self._ttl_ms

    def _take_over(
        self, partition: int, session: TwinSession, trail: TwinTrail, at_ms: int
    ) -> None:
        before = self.sessions[partition, trail.names[-1]]
        before.left_ms, before.left_orders = at_ms, frozenset(trail.orders)
        session.trail = trail
        trail.names.append(session.session_id)

    # By shopper

    def denied(self, partition: int, who: str, at_ms: int) -> None:
        """A shopper denies consent there."""
        self._denied_ms[partition, who] = max(at_ms, self._denied_ms.get((partition, who), 0))

    def beside(self, partition: int, session: TwinSession) -> list[TwinTrail]:
        """The trails to whose prompts an order is credited: its own, and others of its shopper."""
        if session.signed_in is None or not self._consents(partition, session):
            return [session.trail]
        others = [
            one.trail
            for (at, _), one in self.sessions.items()
            if at == partition
            and one.holds
            and one.trail is not session.trail
            and one.signed_in == session.signed_in
            and self._consents(partition, one)
        ]
        return [session.trail, *others]

    def _consents(self, partition: int, session: TwinSession) -> bool:
        """Whether who is signed in has said so after the latest denial there."""
        who = session.signed_in or ""
        return session.signed_ms > self._denied_ms.get((partition, who), -1)


def _here(event: Event, before: str | None) -> str | None:
    """Who is at the device by an event; a return says whose the order was, and not that."""
    if is_of_somebody(event) or not event.says_who:
        return before
    return event.shopper_id
