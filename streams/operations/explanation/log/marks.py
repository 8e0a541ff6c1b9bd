"""A moment of a log that was followed: a question of what came later needs nothing from before."""

from typing import NamedTuple

from streams.clients.log_reader import Offsets
from streams.contract.settings import Settings
from streams.shop.checkpoint import packed, read, restored
from streams.shop.shop import Shop

MARKS_MAX = 12
"""So many moments are kept, so that the shops of them take little memory."""
LAST = 3
"""Of these, so many at the end as they are: most questions are of what has just happened."""


class LogMark(NamedTuple):
    """A moment, and the shop as it was: it has folded just what lay before `since`."""

    number: int
    since: Offsets
    """Of all topics."""
    newest_ms: int
    """The latest time of an event before; -1: there is none."""
    gone: int
    """So many events had gone from the log before it was followed."""
    kept: bytes
    """The shop, as checkpoints keep one."""

    def shop(self, settings: Settings) -> Shop:
        """A shop of its own, that stands there."""
        return restored(read(self.kept), settings)


def mark_of(shop: Shop, number: int, since: Offsets, newest_ms: int, gone: int) -> LogMark:
    """The moment at which a shop stands. Raises `SnapshotError` for one that is too large."""
    _, kept = packed(shop, cluster="", now_ms=0, made_by="console")
    return LogMark(number, since, newest_ms, gone, kept)


def thinned(marks: list[LogMark]) -> list[LogMark]:
    """Those that are kept: the first, the last ones, and before these the further apart the older.

    >>> marks: list[LogMark] = []
    >>> for number in range(100):
    ...     marks = thinned([*marks, LogMark(number, {}, -1, 0, b"")])
    >>> [mark.number for mark in marks]
    [0, 32, 64, 80, 84, 88, 92, 94, 96, 97, 98, 99]
    """
    kept = list(marks)
    while len(kept) > MARKS_MAX:
        numbers = [mark.number for mark in kept]
        kept.pop(min(range(1, len(kept) - LAST), key=lambda place: _missed(numbers, place)))
    return kept


def _missed(numbers: list[int], place: int) -> float:
    """How much is missed without this one: the gap that it leaves, beside how long ago it is."""
    return (numbers[place + 1] - numbers[place - 1]) / (numbers[-1] - numbers[place])
