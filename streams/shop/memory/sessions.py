"""The sessions of one partition: found by id, forgotten when idle longest, kept and restored.

The order of leaving is that of the log, which is the same for every worker. A session's state of
version 7 is written. Those of version 6, which did not note whom a snapshot found, of version 5,
without what ties it to others, of version 4, in which all events that were seen had their ids, of
version 3, without the times of what it has seen and with the shopper alone and no assignment, of
version 2, in which a basket ended with its visit, and of version 1, without what the session had
taught, are read as well.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from sys import intern
from typing import Any

from models.snapshot.elements import each
from streams.contract.events import TOLD_OF_SOMEBODY, Event
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.memory.orders.baskets.moments import Moments
from streams.shop.memory.orders.baskets.taken import Taken
from streams.shop.memory.orders.impression import Impression, Prompted, prompted_of
from streams.shop.memory.orders.orders import Orders
from streams.shop.memory.orders.seen import NAMED_ALONE, Seen
from streams.shop.memory.orders.slot_tally import read_tallies
from streams.shop.memory.orders.weight import lighten
from streams.shop.memory.session import NEVER, VERSION, Session
from streams.shop.memory.taught import Taught
from streams.shop.people.assignment import assigned_of
from streams.shop.people.shoppers import note_shopper
from streams.shop.people.sign_in import KEEP, SignIn, read, times
from streams.shop.people.ties import Ties
from streams.shop.people.visitors import FORMERS_MAX, Visitors

IMPRESSIONS_MAX_BEFORE = 32
"""In sessions that did not note what they forgot."""


class Sessions:
    """The sessions of one partition, and its watermark.

    That is the latest time at which the broker got an event of it. What expires does so by the
    latest time at which one happened: years that are filled in are years ago when they are sent.
    """

    born_as: type[Session] = Session
    """What a new session is: the books fold a log with sessions that may weigh anything, too."""

    def __init__(
        self,
        *,
        gap_s: float,
        basket_ttl_s: float,
        sessions_max: int,
        personal_ttl_s: float = math.inf,
    ) -> None:
        self.gap_ms = gap_s * 1000
        self.basket_ttl_ms = basket_ttl_s * 1000
        self.personal_ttl_ms = personal_ttl_s * 1000
        self.sessions_max = sessions_max
        self.watermark_ms = self.latest_ms = 0
        self.forgot = False
        """Whether a session had to leave since the start of the process."""
        self.forgotten = NEVER
        """The newest impression of the sessions that are forgotten."""
        self.orders = Orders()
        """The orders of these sessions, and of those that are forgotten."""
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self.visitors = Visitors(
            self._sessions, gap_ms=self.gap_ms, personal_ttl_ms=self.personal_ttl_ms
        )
        """Which of them go on from others."""
        self._formers = self.visitors.formers
        self._pause_ms = min(self.gap_ms, self.basket_ttl_ms)

    def of(self, event: Event) -> Session:
        """The session that an event belongs to: a new one after a pause."""
        session_id, at_ms = event.session_id, event.occurred_at_ms  # each once: it takes a while
        received_ms = event.received_at_ms
        if received_ms > self.watermark_ms:  # noqa: PLR1730  # no call on every event
            self.watermark_ms = received_ms
        if at_ms > self.latest_ms:  # noqa: PLR1730
            self.latest_ms = at_ms
        session = self._sessions.get(session_id)
        if session is None:
            return self._born(event) if session_id not in self._formers else self._back(event)
        if at_ms - session.last_ms > self._pause_ms:
            session = self._after_pause(session, event)
        self._sessions.move_to_end(session_id)
        return session

    def _born(self, event: Event) -> Session:
        """A new session: of a visitor, it may go on where another one is."""
        at_ms = event.occurred_at_ms
        session = self.born_as(
            *(event.session_id, at_ms, at_ms), forgotten=self.forgotten, order_memory=self.orders
        )
        self._sessions[event.session_id] = session
        if event.visitor_id is not None and self.visitors.born(session, event):
            session = self._going_on(session, event)
        if len(self._sessions) + len(self._formers) > self.sessions_max:
            self._let_go(self._first())
            self.forgot = True
        self._expire()
        return session

    def _back(self, event: Event) -> Session:
        """A session that another one has gone on from has an event again."""
        session = self.visitors.back(event)
        return session if self.visitors.lent is not None else self._going_on(session, event)

    def _going_on(self, session: Session, event: Event) -> Session:
        """A session that has just got a trail, as the event finds it."""
        if len(session.ties.formers) > FORMERS_MAX:
            self._let_go(session)
        session = self._after_pause(session, event)
        lighten(session)
        return session

    def settle(self) -> None:
        """The event is folded: a trail that was lent for it goes back."""
        if (holder := self.visitors.settle()) is not None:
            if holder.impressions:
                note_shopper(holder)  # whoever it was lent to was somebody else, or nobody
            lighten(holder)

    def _after_pause(self, session: Session, event: Event) -> Session:
        """The session as an event finds it; no visit begins by what a server tells of somebody."""
        if type(event) in TOLD_OF_SOMEBODY:
            return session
        pause_ms = event.occurred_at_ms - session.last_ms
        if pause_ms > self.basket_ttl_ms:
            session.forget_basket()
        if pause_ms > self.gap_ms:
            moments, session = session.moments, session.after_pause(event)
            self._sessions[session.session_id] = session
            if session.moments is not moments:  # it notes again what it had let go, in its place
                session.taken = {}
                lighten(session)
        return session

    def _expire(self) -> None:
        """Let those go that have been idle for too long; the new one is the last."""
        expired_ms = self.latest_ms - self.personal_ttl_ms
        while len(self._sessions) > 1 and self._first().last_ms <= expired_ms:
            self._let_go(self._first())

    def _first(self) -> Session:
        return next(iter(self._sessions.values()))

    def _let_go(self, session: Session) -> None:
        self.forgotten = max(self.forgotten, self.visitors.gone(session))

    def find(self, session_id: str) -> Session | None:
        """The session of this id, if it is remembered; changes nothing.

        One that another session goes on from is as it was, with what that one knows.
        """
        return self._sessions.get(session_id) or self.visitors.find(session_id)

    def beside(self, session: Session) -> list[Session]:
        """The other sessions with prompts of who is signed in, where all have said consent."""
        shoppers = self.orders.shoppers
        who = session.signed_in.hash if shoppers else None
        if who is None or not shoppers.consents(who, session.signed_in):
            return []
        found = (self._sessions.get(name) for name in shoppers.of(who))
        others = (one for one in found if one is not None and one is not session)
        return [one for one in others if shoppers.consents(who, one.signed_in)]

    def __len__(self) -> int:
        return len(self._sessions) + len(self._formers)

    def __iter__(self) -> Iterator[Session]:
        """Those that no other one goes on from."""
        return iter(self._sessions.values())

    def state(
        self, kept: Callable[[SignIn], str | None] = KEEP, *, whole: bool = True
    ) -> list[Any]:
        """Everything, as JSON, in the order of leaving; what is not there goes without saying.

        Not `whole`: what the events of this partition alone have told. `kept` says which shopper a
        sign-in may be kept with.
        """
        self.orders.forget_shoppers(self.latest_ms - self.personal_ttl_ms)

        def said_of(session: Session) -> list[Any]:
            return session.state(kept, whole=whole)

        states = [said_of(session) for session in self]
        tied = self.visitors or self.orders.shoppers
        said = [list(self.forgotten), self.orders.state(whole=whole)]
        said.append([self.visitors.state(said_of), self.orders.shoppers.state()])
        least = 2 if self.orders else int(self.forgotten != NEVER)
        least = 3 if tied else least
        times_ms = [self.watermark_ms, self.latest_ms]
        head = self.watermark_ms if self.latest_ms == self.watermark_ms else times_ms
        return [head, states, *said[:least]]

    def restore(self, state: list[Any]) -> None:
        """Go on from a `state()`; raises `TypeError` or `ValueError` when it is none."""
        head, sessions, *later = state
        (self.forgotten,) = map(prompted_of, later[:1] or [NEVER])
        times_ms = head if isinstance(head, list) else [head, head]
        self.watermark_ms, self.latest_ms = each(int, times_ms, 0, YEAR_2100_MS)
        for session in map(self._restored, sessions):
            self._sessions[session.session_id] = session
        for visitors, shoppers in later[2:]:
            self.visitors.restore(visitors, self._restored)
            self.orders.shoppers.restore(shoppers)
        shown = {name: one for each in self for name, one in each.impressions.items()}
        for orders in later[1:2]:
            self.orders.restore(orders, shown.get)
        while len(self) > self.sessions_max and len(self._sessions) > 1:  # it was larger once
            self._let_go(self._first())
            self.forgot = True

    def _restored(self, state: list[Any]) -> Session:
        session = session_of(state)
        session.order_memory = self.orders
        return session


def session_of(state: list[Any]) -> Session:
    """The session whose `state()` this is, or what JSON made of it.

    What one of version 1 holds it has taught, and what one of version 2 bought it bought last.
    Raises `ValueError` or `TypeError` for what is none: restored, it would stop all workers.
    """
    session = _session_of(state)
    session.signed_in, session.refused_consent = read(state[3], session.last_ms)
    session.consent_ms, *moments = times(state[3])
    untold_ms = session.last_ms if moments or session.basket else 0
    session.moments = Moments.from_state(moments, untold_ms)
    for impression in session.impressions.values():  # of its id, and others, there is one text
        shown_in = impression.session_id
        names = (name for name in (session.session_id, *session.ties.formers) if name == shown_in)
        impression.session_id = next(names, shown_in)
    return session


def _session_of(state: list[Any]) -> Session:
    """All of it but who is there."""
    name, started_ms, last_ms, _who, basket, viewed, *more = state
    path, bought, paying, said, named, before, impressions, *later = more
    version, lessons, looked, *latest = later or (1, [[*dict(basket), *bought], []], viewed)
    if version not in range(1, VERSION + 1):
        raise ValueError(f"a session of version {version!r}, where {VERSION} is the latest")
    if version in (1, 2):
        bought, latest = [(item, last_ms) for item in bought], [[], [], None, (), ()]
    taken, orders, forgotten, refused, unread, *more = latest
    assigned, arrived, *later = more or (None, None)
    tied, latest_ms, *slots = later or (None, last_ms)
    seen = Seen.from_state(named, () if version <= NAMED_ALONE else before, refused, unread)
    (seen.latest_ms,) = each(int, [latest_ms], 0, YEAR_2100_MS)
    seen.arrive(arrived, version)
    orders, remembered = dict(orders), list(map(Impression.from_state, impressions))
    each(str, [name, *orders, *orders.values()])
    shown, last_shown_ms, dismissals = each(int, said, 0)
    each(int, [started_ms, last_ms, last_shown_ms], 0, YEAR_2100_MS)
    return Session(
        *(name, started_ms, last_ms, None),
        _numbered(basket, 1),
        each(str, viewed),
        each(str, path),
        _numbered(bought, 0),
        each(bool, [paying])[0],
        shown,
        last_shown_ms,
        dismissals,
        seen,
        {impression.receipt.prompt_id: impression for impression in remembered},
        Taught.from_state(lessons),
        None if looked is None else dict.fromkeys(each(str, map(intern, looked))),
        {item: Taken.from_state(numbers) for item, *numbers in taken},
        orders,
        _forgotten_of(remembered) if forgotten is None else prompted_of(forgotten),
        *assigned_of(assigned),
        ties=Ties.from_state(tied),
        tallies=read_tallies(*slots[:1] or ((),)),
    )


def _forgotten_of(remembered: list[Impression]) -> Prompted:
    """What a session that did not note it has forgotten: if it is full, all that is older."""
    full = len(remembered) >= IMPRESSIONS_MAX_BEFORE
    return min(one.prompted for one in remembered) if full else NEVER


def _numbered(pairs: Any, least: int) -> dict[str, int]:
    """Names with a number each, of at least so much."""
    numbers = dict(pairs)
    each(str, numbers)
    each(int, numbers.values(), least)
    return numbers
