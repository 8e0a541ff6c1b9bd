"""The events that a session has seen: which, at which offset, and what became of their receipts.

The latest eight ids are kept as they are, which is all of most visits. An older one takes fourteen
bytes, instead of two hundred: its fingerprint (a hash of 64 bits, the same for every worker), and
its offset with two marks. Of a hundred ids one in 10^17 new ones is taken for a repeat.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Self

from models.snapshot.elements import each

NAMED_MAX = 8
"""Ids that are kept as they are."""
TOLD_BYTES = 8
"""Of a fingerprint."""
RECORD_BYTES = 14
"""Of a fingerprint, and of offset and marks."""
REFUSED, UNREAD = 1, 2
"""Marks: its prompt may have been forgotten; its receipt is sealed with a key that is not here."""
MARK_BITS = 2
OFFSET_MAX = 2**46 - 1
READ_LATE_MAX = 8
SHORT = 12
"""Characters of an id that is kept as it is, where it may be any."""


@lru_cache(maxsize=4096)
def fingerprint(event_id: str) -> bytes:
    """What stands for an id.

    >>> fingerprint("e1").hex(), len(fingerprint("e" * 128))
    ('1b5d5e51f54f0f04', 8)
    """
    return blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=TOLD_BYTES).digest()


@lru_cache(maxsize=1024)
def short(event_id: str) -> str:
    """An id in twelve characters at most: itself, or its fingerprint.

    >>> short("e1"), short("8c4b6a5e-2c1f-4f0e-9a53-2d0c8f1f4b11")
    ('e1', '#PbeV6bTd-xA')
    """
    if len(event_id) <= SHORT:
        return event_id
    return "#" + urlsafe_b64encode(fingerprint(event_id)).decode().rstrip("=")


def _record(told: bytes, said: int) -> bytes:
    return told + said.to_bytes(RECORD_BYTES - TOLD_BYTES, "big")


class Seen:
    """The latest events of a session, in the order in which they were seen.

    >>> seen = Seen()
    >>> seen.note("e1", 7)
    >>> "e1" in seen, seen.get("e1"), seen.get("e2")
    (True, 7, None)
    """

    __slots__ = ("_before", "_read_late", "named")

    def __init__(self) -> None:
        self.named: dict[str, int] = {}
        """Of the latest ones offsets, and behind each its marks."""
        self._before: bytearray | None = None
        """Records of those before them; None: there are none."""
        self._read_late: tuple[tuple[str, int], ...] = ()

    def __contains__(self, event_id: str) -> bool:
        return event_id in self.named or (self._before is not None and self._place(event_id) >= 0)

    def __len__(self) -> int:
        return len(self.named) + len(self._before or b"") // RECORD_BYTES

    def _place(self, event_id: str) -> int:
        """Where the record of an event begins; -1: there is none."""
        if self._before is None:
            return -1
        told = fingerprint(event_id)
        place = self._before.find(told)
        while place > 0 and place % RECORD_BYTES:  # across two of them
            place = self._before.find(told, place + 1)
        return place

    def _of(self, event_id: str) -> int:
        """The offset and the marks of an event; -1: it has not been seen."""
        said = self.named.get(event_id, -1)
        if said < 0 and self._before is not None and (place := self._place(event_id)) >= 0:
            return int.from_bytes(self._before[place + TOLD_BYTES : place + RECORD_BYTES], "big")
        return said

    def get(self, event_id: str) -> int | None:
        """At which offset an event was seen; None: it was not."""
        said = self.named.get(event_id)
        if said is None:
            said = self._of(event_id)
        return said >> MARK_BITS if said >= 0 else None

    def __getitem__(self, event_id: str) -> int:
        offset = self.get(event_id)
        if offset is None:
            raise KeyError(event_id)
        return offset

    def note(self, event_id: str, offset: int) -> None:
        """An event that has not been seen is seen."""
        self.named[event_id] = offset << MARK_BITS
        if len(self.named) > NAMED_MAX:
            self._unname()

    def _unname(self) -> None:
        """Of too many that are named the oldest becomes a record."""
        first = next(iter(self.named))
        said = self.named.pop(first)
        if self._before is None:
            self._before = bytearray()
        self._before += _record(fingerprint(first), said)

    def forget_first(self) -> int:
        """Forget the oldest event, of more than are named: at which offset it was seen."""
        if not self._before:
            raise IndexError("no events but those that are named")
        said = int.from_bytes(self._before[TOLD_BYTES:RECORD_BYTES], "big")
        del self._before[:RECORD_BYTES]
        return said >> MARK_BITS

    def mark(self, event_id: str, mark: int, *, on: bool = True) -> None:
        """Note that of an event that has been seen, or take it back."""
        said = self._of(event_id)
        if said < 0:
            return
        said = said | mark if on else said & ~mark
        if event_id in self.named:
            self.named[event_id] = said
        elif self._before is not None:
            place = self._place(event_id)
            self._before[place : place + RECORD_BYTES] = _record(fingerprint(event_id), said)

    def marked(self, mark: int) -> list[str]:
        """Those of which that was noted, among the named ones."""
        return sorted(event_id for event_id, said in self.named.items() if said & mark)

    def is_marked(self, event_id: str, mark: int) -> bool:
        """Whether that was noted of an event."""
        said = self._of(event_id)
        return said >= 0 and said & mark != 0

    def read_late(self, event_id: str, offset: int) -> None:
        """The receipt of an event was read after all, at this offset; of the latest few.

        For the answer: it is no part of the state.
        """
        self._read_late = (*self._read_late, (event_id, offset))[-READ_LATE_MAX:]

    def was_read_late(self, event_id: str, offset: int) -> bool:
        """Whether it was read there."""
        return (event_id, offset) in self._read_late

    def state(self) -> list[Any]:
        """The named ones with their offsets; and those before, with offset and marks as one."""
        named = [[event_id, said >> MARK_BITS] for event_id, said in self.named.items()]
        return [named, [[told.hex(), said] for told, said in self._records()]]

    def _records(self) -> Iterator[tuple[bytes, int]]:
        before = bytes(self._before or b"")
        for place in range(0, len(before), RECORD_BYTES):
            told, said = before[place : place + TOLD_BYTES], before[place + TOLD_BYTES :]
            yield told, int.from_bytes(said[: RECORD_BYTES - TOLD_BYTES], "big")

    @classmethod
    def from_state(
        cls,
        named: Iterable[Any],
        before: Iterable[Any],
        refused: Iterable[str],
        unread: Iterable[str],
    ) -> Self:
        """The one whose `state()` this is, and those of the named that are marked.

        Raises `TypeError` or `ValueError` when it is none.
        """
        seen, offsets, told = cls(), dict(named), dict(before)
        each(str, [*offsets, *told])
        each(int, offsets.values(), 0, OFFSET_MAX)
        each(int, told.values(), 0, OFFSET_MAX << MARK_BITS)
        records = bytearray()
        for text, said in told.items():
            if len(raw := bytes.fromhex(text)) != TOLD_BYTES:
                raise ValueError(f"a fingerprint of {len(raw)} bytes")
            records += _record(raw, said)
        seen._before = records or None
        for event_id, offset in offsets.items():
            seen.note(event_id, offset)
        for mark, ids in ((REFUSED, refused), (UNREAD, unread)):
            for event_id in each(str, ids):
                seen.mark(event_id, mark)
        return seen
