"""The sessions of each shopper on one partition: what one of them orders, prompts of all may earn.

An order is credited to the prompts of other sessions as well, in which the same shopper is signed
in, and both have said `consent: true` since any denial on this partition: what the setting supposes
is not enough to tie two devices. Each keeps a basket of its own: an order that comes back must not
have changed what another session teaches. Sessions without prompts are not noted, and cost nothing.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from models.snapshot.elements import each
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.people.sign_in import SignIn
from streams.shop.people.ties import Ties

SESSIONS_MAX = 8
"""Of one shopper, the latest."""
DENIALS_MAX = 1024
"""Of a partition, the latest."""


class ShopperSessions:
    """Sessions by shopper, who is a hash; they leave when their sessions do.

    >>> shoppers = ShopperSessions()
    >>> for session_id in ("laptop", "phone"):
    ...     shoppers.note("ann's hash", session_id)
    >>> shoppers.of("ann's hash")
    ('laptop', 'phone')
    """

    __slots__ = ("_denied_ms", "_sessions")

    def __init__(self) -> None:
        self._sessions: dict[str, tuple[str, ...]] = {}
        self._denied_ms: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._sessions or self._denied_ms)

    def of(self, who: str) -> tuple[str, ...]:
        """The sessions that are noted by this shopper, the latest last."""
        return self._sessions.get(who, ())

    def note(self, who: str, session_id: str) -> None:
        """A session with prompts is this shopper's."""
        self._set(who, (*self._without(who, session_id), session_id))

    def rename(self, who: str | None, session_id: str, other: str) -> None:
        """What was a session of this shopper goes on as another one."""
        if who is not None and session_id in self.of(who):
            renamed = (other if name == session_id else name for name in self.of(who))
            self._set(who, dict.fromkeys(renamed))

    def leave(self, who: str | None, session_id: str) -> None:
        """A session is this shopper's no more, or forgotten."""
        if who is not None and session_id in self.of(who):
            self._set(who, self._without(who, session_id))

    def denied(self, who: str, at_ms: int) -> None:
        """A shopper denies consent: nothing ties sessions until it is said anew."""
        self._denied_ms[who] = max(at_ms, self._denied_ms.pop(who, 0))
        if len(self._denied_ms) > DENIALS_MAX:
            del self._denied_ms[next(iter(self._denied_ms))]

    def consents(self, who: str, signed_in: SignIn) -> bool:
        """Whether a sign-in is this shopper's, and said consent after the latest denial here."""
        said = signed_in.consented and signed_in.at_ms > self._denied_ms.get(who, -1)
        return said and signed_in.hash == who

    def _without(self, who: str, session_id: str) -> list[str]:
        return [name for name in self.of(who) if name != session_id]

    def _set(self, who: str, names: Iterable[str]) -> None:
        self._sessions[who] = tuple(names)[-SESSIONS_MAX:]
        if not self._sessions[who]:
            del self._sessions[who]

    def state(self) -> list[Any]:
        """Everything, as JSON."""
        noted = [[who, *names] for who, names in self._sessions.items()]
        return [noted, list(self._denied_ms.items())]

    def restore(self, state: list[Any]) -> None:
        """Go on from a `state()`; raises `TypeError` or `ValueError` when it is none."""
        noted, denied_ms = state
        for names in noted:
            who, *sessions = each(str, names)
            self._set(who, sessions)
        self._denied_ms = dict(denied_ms)
        each(str, self._denied_ms)
        each(int, self._denied_ms.values(), 0, YEAR_2100_MS)


class HasShoppers(Protocol):
    """What knows the sessions of each shopper."""

    shoppers: ShopperSessions


class Noted(Protocol):
    """What is asked of a session here."""

    session_id: str
    signed_in: SignIn
    ties: Ties

    @property
    def order_memory(self) -> HasShoppers:
        """What knows the shoppers of its partition."""


def note_shopper(session: Noted) -> None:
    """A session that has prompts is noted by who is signed in, and by nobody else any more."""
    who, before, shoppers = (
        session.signed_in.hash,
        session.ties.noted,
        session.order_memory.shoppers,
    )
    if who != before:
        shoppers.leave(before, session.session_id)
        if who is not None:
            shoppers.note(who, session.session_id)
        session.ties = session.ties._replace(noted=who)
