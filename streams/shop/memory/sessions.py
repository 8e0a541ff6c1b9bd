"""The sessions of one partition: found by id, forgotten when idle longest, kept and restored.

The order of leaving is that of the log, which is the same for every worker. A session's state of
version 5 is written. Those of version 4, in which all events that were seen had their ids, of
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
from streams.contract.events import Event
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.memory.orders.impression import Impression, Prompted, prompted_of
from streams.shop.memory.orders.orders import Orders
from streams.shop.memory.orders.seen import NAMED_ALONE, Seen
from streams.shop.memory.orders.taken import Taken
from streams.shop.memory.session import NEVER, VERSION, Session
from streams.shop.memory.taught import Taught
from streams.shop.people.assignment import Assignment
from streams.shop.people.sign_in import KEEP, SignIn, read

IMPRESSIONS_MAX_BEFORE = 32
"""In sessions that did not note what they forgot."""


class Sessions:
    """The sessions of one partition, and its watermark.

    That is the latest time at which the broker got an event of it. What expires does so by the
    latest time at which one happened: years that are filled in are years ago when they are sent.
    """

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

    def of(self, event: Event) -> Session:
        """The session that an event belongs to: a new one after a pause."""
        at_ms = event.occurred_at_ms
        if event.received_at_ms > self.watermark_ms:  # noqa: PLR1730  # no call on every event
            self.watermark_ms = event.received_at_ms
        if at_ms > self.latest_ms:  # noqa: PLR1730
            self.latest_ms = at_ms
        session = self._sessions.get(event.session_id)
        if session is None:
            session = Session(
                *(event.session_id, at_ms, at_ms),
                forgotten=self.forgotten,
                order_memory=self.orders,
            )
            self._sessions[event.session_id] = session
            if len(self._sessions) > self.sessions_max:
                self._let_go()
                self.forgot = True
            self._expire()
        else:
            pause_ms = at_ms - session.last_ms
            if pause_ms > self.basket_ttl_ms:
                session.forget_basket()
            if pause_ms > self.gap_ms:
                session = self._sessions[event.session_id] = session.after_pause(event)
        self._sessions.move_to_end(event.session_id)
        return session

    def _expire(self) -> None:
        """Let those go that have been idle for too long; the new one is the last."""
        expired_ms = self.latest_ms - self.personal_ttl_ms
        while len(self._sessions) > 1 and self._first().last_ms <= expired_ms:
            self._let_go()

    def _first(self) -> Session:
        return next(iter(self._sessions.values()))

    def _let_go(self) -> None:
        _, gone = self._sessions.popitem(last=False)
        self.forgotten = max(self.forgotten, gone.newest)

    def find(self, session_id: str) -> Session | None:
        """The session of this id, if it is remembered; changes nothing."""
        return self._sessions.get(session_id)

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(self._sessions.values())

    def impression(self, session_id: str, prompt_id: str) -> Impression | None:
        """What is remembered of a prompt that was shown in a session."""
        session = self._sessions.get(session_id)
        return session.impressions.get(prompt_id) if session is not None else None

    def state(
        self, kept: Callable[[SignIn], str | None] = KEEP, *, whole: bool = True
    ) -> list[Any]:
        """Everything, as JSON, in the order of leaving; what is not there goes without saying.

        Not `whole`: what the events of this partition alone have told. `kept` says which shopper a
        sign-in may be kept with.
        """
        self.orders.forget_shoppers(self.latest_ms - self.personal_ttl_ms)
        states = [session.state(kept, whole=whole) for session in self._sessions.values()]
        said = [list(self.forgotten), self.orders.state(whole=whole)]
        least = 2 if self.orders else int(self.forgotten != NEVER)
        times_ms = [self.watermark_ms, self.latest_ms]
        head = self.watermark_ms if self.latest_ms == self.watermark_ms else times_ms
        return [head, states, *said[:least]]

    def restore(self, state: list[Any]) -> None:
        """Go on from a `state()`; raises `TypeError` or `ValueError` when it is none."""
        head, sessions, *later = state
        (self.forgotten,) = map(prompted_of, later[:1] or [NEVER])
        times_ms = head if isinstance(head, list) else [head, head]
        self.watermark_ms, self.latest_ms = each(int, times_ms, 0, YEAR_2100_MS)
        for session in map(session_of, sessions):
            session.order_memory = self.orders
            self._sessions[session.session_id] = session
        for orders in later[1:]:
            self.orders.restore(orders, self.impression)


def session_of(state: list[Any]) -> Session:
    """The session whose `state()` this is, or what JSON made of it.

    What one of version 1 holds it has taught, and what one of version 2 bought it bought last.
    Raises `ValueError` or `TypeError` for what is none: restored, it would stop all workers.
    """
    session = _session_of(state)
    session.signed_in, session.refused_consent = read(state[3], session.last_ms)
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
    assigned, arrived = more or (None, None)
    seen = Seen.from_state(named, () if version <= NAMED_ALONE else before, refused, unread)
    seen.arrive(arrived, version)
    orders, remembered = dict(orders), list(map(Impression.from_state, impressions))
    each(str, [name, *orders, *orders.values()])
    shown, last_shown_ms, dismissals = each(int, said, 0)
    each(int, [started_ms, last_ms, last_shown_ms], 0, YEAR_2100_MS)
    return Session(
        name,
        started_ms,
        last_ms,
        None,
        _numbered(basket, 1),
        each(str, viewed),
        each(str, path),
        _numbered(bought, 0),
        each(bool, [paying])[0],
        shown,
        last_shown_ms,
        dismissals,
        seen,
        _by_prompt(remembered, name),
        Taught.from_state(lessons),
        None if looked is None else dict.fromkeys(each(str, map(intern, looked))),
        {item: Taken(*each(int, numbers, 0)) for item, *numbers in taken},
        orders,
        _forgotten_of(remembered) if forgotten is None else prompted_of(forgotten),
        Assignment.from_state(assigned),
    )


def _by_prompt(remembered: list[Impression], session_id: str) -> dict[str, Impression]:
    """The impressions of a session by prompt; its id is there once."""
    for impression in remembered:
        impression.session_id = session_id
    return {impression.receipt.prompt_id: impression for impression in remembered}


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
