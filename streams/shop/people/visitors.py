"""Visitors: a session goes on where another one of the same visitor is, under another id.

```
s1 visitor v          bread in the basket, a prompt shown and followed
s2 visitor v, ann     a new id at sign-in: s2 has basket, prompts, cap and cool-down of s1
s2 order              of what s1 was offered: bought because of its prompt
s1 (a late click)     still counts: s1 and s2 are two ids of one visitor
s2 signs out          nobody goes on from here
s3 visitor v, bob     begins anew
```

One session at a time *holds* what follows a visitor, its *trail*: the one with the latest event.
The others are its *formers*, and remember their own events alone. A trail belongs to who signed in
first. When they sign out, or somebody else signs in, or somebody who may not be remembered, it
stays with that session, and no other one goes on with it. An event of a former from before it was
left is of the trail in any case, which is lent to it for that.

All of this is by partition, and by what its log says, in its order: neither denials of other
partitions nor clocks nor secrets matter, so each worker ties the same. Sessions of a visitor that
are on other partitions know nothing of each other. What is kept by visitor are hashes, as long as
the sessions that they lead to.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from models.snapshot.elements import each
from streams.contract.events import TOLD_OF_SOMEBODY, Event
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.people.denials import hashed
from streams.shop.people.shoppers import Noted
from streams.shop.people.ties import Ties, there
from streams.shop.people.trails import followed, move

FORMERS_MAX = 8
"""Ids of one trail that are remembered, beside the one that holds it."""


class Tied(Noted, Protocol):
    """What is asked of a session here."""

    started_ms: int
    last_ms: int
    orders_before: int | None
    forgotten: tuple[int, str]
    impressions: dict[str, Any]

    @property
    def newest(self) -> tuple[int, str]:
        """The newest of its impressions, remembered or forgotten."""


S = TypeVar("S", bound=Tied)


class Former(NamedTuple, Generic[S]):
    """A session whose trail another one holds."""

    session: S
    holder: str
    left_ms: int
    """When it was taken over."""


class Visitors(Generic[S]):
    """The visitors of one partition; `sessions` are those that hold a trail, the idlest first."""

    def __init__(
        self,
        sessions: "OrderedDict[str, S]",
        *,
        gap_ms: float,
        personal_ttl_ms: float,
    ) -> None:
        self.lent: tuple[S, S] | None = None
        """Who has a trail for the event at hand, and who gets it back."""
        self._sessions = sessions
        self._gap_ms = gap_ms
        self._personal_ttl_ms = personal_ttl_ms
        self.formers: dict[str, Former[S]] = {}
        """Sessions that others have gone on from."""
        self._latest: dict[str, str] = {}
        """By visitor the session that began last, or came back."""

    # Sessions that come and go

    def born(self, session: S, event: Event) -> bool:
        """A visitor's session begins; whether it goes on with the trail of another one."""
        visitor = hashed(event.visitor_id or "")
        session.ties = Ties(visitor)
        other = self._sessions.get(self._latest.get(visitor, ""))
        _assigned_before(session, other)
        follows = other is not None and self._lets_on(other, there(event), event)
        if follows or other is None or type(event) not in TOLD_OF_SOMEBODY:
            self._latest[visitor] = session.session_id  # the visitor is there, not a server alone
        if other is not None and follows:
            self._follow(session, other, event)
        return follows

    def back(self, event: Event) -> S:
        """A former has an event again: of its trail, or it begins anew."""
        former = self.formers[event.session_id]
        session, holder = former.session, self._sessions[former.holder]
        _assigned_before(session, holder)
        if event.occurred_at_ms <= former.left_ms or type(event) in TOLD_OF_SOMEBODY:
            self.lent = session, holder
            _hand_over(session, holder)
            return session
        del self.formers[event.session_id]
        holder.ties = holder.ties._replace(formers=_others(session.session_id, holder))
        self._sessions[session.session_id] = session
        if session.ties.visitor is not None:
            self._latest[session.ties.visitor] = session.session_id
        paused = event.occurred_at_ms - holder.last_ms > self._gap_ms
        here = None if paused else session.signed_in.hash
        if self._lets_on(holder, there(event, here), event):
            self._follow(session, holder, event)
        else:
            session.forgotten = max(session.forgotten, holder.newest)
            session.started_ms, session.last_ms = event.occurred_at_ms, holder.last_ms
            session.ties = session.ties._replace(whose=here, before=holder.session_id)
        return session

    def settle(self) -> S | None:
        """The event is folded: a trail that was lent for it goes back; who has it again."""
        if self.lent is None:
            return None
        (session, holder), self.lent = self.lent, None
        _hand_over(holder, session)
        _assigned_before(holder, session)
        return holder

    def gone(self, session: S) -> tuple[int, str]:
        """The idlest session leaves, the first of its formers before it; its newest prompt."""
        ties = session.ties
        if ties.formers:
            return self._drop(ties.formers[0], session)
        del self._sessions[session.session_id]
        if self._latest.get(ties.visitor or "") == session.session_id:
            del self._latest[ties.visitor or ""]
        session.order_memory.shoppers.leave(ties.noted, session.session_id)
        return session.newest

    def _drop(self, name: str, holder: S) -> tuple[int, str]:
        """A former is forgotten: its prompts may have been counted."""
        del self.formers[name]
        holder.ties = holder.ties._replace(formers=_others(name, holder))
        newest = holder.forgotten
        for shown in holder.impressions.values():
            if shown.session_id == name:
                newest = max(newest, shown.prompted)
        return newest

    def _lets_on(self, other: S, who: str | None, event: Event) -> bool:
        """Whether this shopper, or nobody, may go on with what another session has by now."""
        pause_ms = event.occurred_at_ms - other.last_ms
        return other.ties.lets_on(who) and pause_ms <= self._personal_ttl_ms

    def _follow(self, session: S, other: S, event: Event) -> None:
        """A session takes over the trail of another one, which is a former of it from now on."""
        _hand_over(session, other)
        name = other.session_id
        del self._sessions[name]
        self.formers[name] = Former(other, session.session_id, event.occurred_at_ms)
        for former in session.ties.formers:
            self.formers[former] = self.formers[former]._replace(holder=session.session_id)

    # What is asked

    def before(self, session: S) -> S | None:
        """Who has the trail that a session was of before it began anew."""
        name = session.ties.before or ""
        former = self.formers.get(name)
        return self._sessions.get(name if former is None else former.holder)

    def find(self, session_id: str) -> S | None:
        """A former, with the trail that it had; changes nothing."""
        former = self.formers.get(session_id)
        if former is None:
            return None
        holder = self._sessions[former.holder]
        trail = followed(former.session, holder) | {"ties": _going_on(former.session, holder)}
        return replace(former.session, **trail)  # type: ignore[type-var]

    # To be kept

    def state(self, said: Callable[[S], list[Any]]) -> list[Any]:
        """Everything, as JSON; `said`: a session's state."""
        formers = [[said(one.session), one.holder, one.left_ms] for one in self.formers.values()]
        return [formers, list(self._latest.items())]

    def restore(self, state: list[Any], session_of: Callable[[list[Any]], S]) -> None:
        """Go on from a `state()`; raises `TypeError` or `ValueError` when it is none."""
        formers, latest = state
        for said, holder, left_ms in formers:
            each(int, [left_ms], 0, YEAR_2100_MS)
            session = session_of(said)
            self.formers[session.session_id] = Former(session, each(str, [holder])[0], left_ms)
        self._latest = dict(latest)
        each(str, [*self._latest, *self._latest.values()])
        held = {(n, one.session_id) for one in self._sessions.values() for n in one.ties.formers}
        if held != {(name, one.holder) for name, one in self.formers.items()} or (
            self.formers.keys() & self._sessions.keys()
        ):
            raise ValueError("formers of sessions that do not go on from them")

    def __bool__(self) -> bool:
        return bool(self.formers or self._latest)


def _assigned_before(session: Tied, other: Tied | None) -> None:
    """A visitor is assigned first once: no session of theirs counts what was ordered after that."""
    if session.orders_before is None and other is not None:
        session.orders_before = other.orders_before


def _others(name: str, session: Tied) -> tuple[str, ...]:
    return tuple(one for one in session.ties.formers if one != name)


def _going_on(session: Tied, other: Tied) -> Ties:
    """The ties of a session that goes on with the trail of another one."""
    return other.ties._replace(formers=(*_others(session.session_id, other), other.session_id))


def _hand_over(session: Tied, other: Tied) -> None:
    """A session gets the trail of another one, which is left without."""
    move(session, other)
    session.ties, other.ties = _going_on(session, other), Ties(other.ties.visitor)
    session.order_memory.shoppers.rename(session.ties.noted, other.session_id, session.session_id)
