"""The sessions of each shopper on one partition: what one of them orders, prompts of all may earn.

Only those in which the shopper signed in by an event that said `consent: true` itself: what the
setting supposes is not enough to tie two devices. Each has a basket of its own: an order that comes
back must not have changed what another session teaches.
"""

from collections.abc import Iterable
from typing import Any

from models.snapshot.elements import each

SESSIONS_MAX = 8
"""Of one shopper, the latest."""


class Shoppers:
    """Sessions by shopper, both by what stands for them; they leave when their sessions do.

    >>> shoppers = Shoppers()
    >>> for session_id in ("laptop", "phone"):
    ...     shoppers.note("ann's hash", session_id)
    >>> shoppers.others("ann's hash", "phone"), shoppers.others("ann's hash", "another")
    (['laptop'], [])
    """

    __slots__ = ("_sessions",)

    def __init__(self) -> None:
        self._sessions: dict[str, tuple[str, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._sessions)

    def note(self, who: str, session_id: str) -> None:
        """A shopper has signed in to a session, with consent."""
        if who in self._sessions:
            self._set(who, (*self._without(who, session_id), session_id))
        else:
            self._sessions[who] = (session_id,)

    def rename(self, who: str | None, session_id: str, other: str) -> None:
        """What was a session of this shopper goes on as another one."""
        if who is not None and session_id in (names := self._sessions.get(who, ())):
            renamed = (other if name == session_id else name for name in names)
            self._set(who, dict.fromkeys(renamed))

    def leave(self, who: str | None, session_id: str) -> None:
        """A session is forgotten."""
        if who is not None and who in self._sessions:
            self._set(who, self._without(who, session_id))

    def denied(self, who: str) -> None:
        """A shopper denies consent: nothing ties the sessions that there are."""
        self._sessions.pop(who, None)

    def others(self, who: str | None, session_id: str) -> list[str]:
        """The other sessions of the shopper, if this is one of them, the latest last."""
        if who is None or session_id not in self._sessions.get(who, ()):
            return []
        return self._without(who, session_id)

    def _without(self, who: str, session_id: str) -> list[str]:
        return [name for name in self._sessions.get(who, ()) if name != session_id]

    def _set(self, who: str, names: Iterable[str]) -> None:
        self._sessions[who] = tuple(names)[-SESSIONS_MAX:]
        if not self._sessions[who]:
            del self._sessions[who]

    def state(self) -> list[Any]:
        """Everything, as JSON."""
        return [[who, *names] for who, names in self._sessions.items()]

    def restore(self, state: list[Any]) -> None:
        """Go on from a `state()`; raises `TypeError` or `ValueError` when it is none."""
        for names in state:
            who, *sessions = each(str, names)
            self._set(who, sessions)
