"""Sessions as a file tells them, and their events in the order of time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

CONTEXT_MAX = 200
"""Items of a session that a model is told, the latest ones."""


class LoggedSession(NamedTuple):
    """What one shopper did in one visit: item ids and their times, in that order."""

    items: tuple[str, ...]
    times_s: tuple[float, ...] = ()
    """Seconds since 1970, never falling; empty as long as there are none."""
    shopper_id: str = ""
    session_id: str = ""
    judged_from: int = 1
    """The first place that makes an example; what is before it is context only."""
    categories: tuple[str, ...] = ()
    """Of each item, empty where the log does not tell; none at all if it never does."""

    def category(self, place: int) -> str:
        """The category of the item at this place; empty if unknown."""
        return self.categories[place] if self.categories else ""


class Moment(NamedTuple):
    """What a model is told when it is asked or taught: the session so far, and when."""

    x: tuple[str, ...]
    time_s: float
    session_id: str
    shopper_id: str


def moment(session: LoggedSession, place: int) -> Moment:
    """The moment before the item at this place.

    >>> moment(LoggedSession(("bread", "butter"), (60.0, 70.0)), 1)
    Moment(x=('bread',), time_s=70.0, session_id='', shopper_id='')
    """
    x = session.items[max(0, place - CONTEXT_MAX) : place]
    return Moment(x, session.times_s[place], session.session_id, session.shopper_id)


def in_time(sessions: Sequence[LoggedSession]) -> Iterator[tuple[int, int]]:
    """Every event, in the order of the times: the number of its session, and its place in it.

    Events of one time stay in the order of the file, so that sessions without times come one after
    the other.

    >>> bread = LoggedSession(("bread", "butter"), (60.0, 70.0))
    >>> tea = LoggedSession(("tea", "milk"), (65.0, 75.0))
    >>> list(in_time([bread, tea]))
    [(0, 0), (1, 0), (0, 1), (1, 1)]
    """
    lengths = np.array([len(session.items) for session in sessions], dtype=np.int64)
    times = np.fromiter((time_s for session in sessions for time_s in session.times_s), float)
    order = np.argsort(times, kind="stable")
    number = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(times)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return zip(number[order].tolist(), place[order].tolist(), strict=True)


def events(sessions: Sequence[LoggedSession]) -> int:
    """How many events there are in all."""
    return sum(len(session.items) for session in sessions)


class SessionLog(NamedTuple):
    """What is learned before, and what is judged."""

    train: Sequence[LoggedSession]
    data: Sequence[LoggedSession]

    def counts(self) -> dict[str, int]:
        """Sessions and events of both."""
        return {
            "train_sessions": len(self.train),
            "train_events": events(self.train),
            "data_sessions": len(self.data),
            "data_events": events(self.data),
        }
