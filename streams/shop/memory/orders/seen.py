"""The events that a session has seen: which, at which offset, and what became of their receipts.

A session of up to sixteen events keeps their ids as they are, which is most visits. Of one with
more, the latest eight are. An older one takes fourteen bytes, instead of two hundred: its
fingerprint (a hash of 64 bits, the same for every worker), and its offset with two marks. Of a
hundred ids one in 10^17 new ones is taken for a repeat.

What is no newer than those that are forgotten may be one of them. Not so what is as new as the
newest: senders stamp a whole request alike. Of one time more are remembered, till a newer one.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Self

from models.snapshot.elements import each
from streams.contract.events import Event
from streams.shop.memory.orders.arrivals import Arrivals

SEEN_MAX = 64
"""Events that are remembered."""
TIED_MAX = 128
"""So many of one time, till a newer one comes: a request to the gateway has 100."""
NAMED_ALL = 16
"""So many events are named, if there are no more."""
NAMED_MAX = 8
"""Else so many, the latest."""
NAMED_ALONE = 4
"""Sessions up to this version have the ids of all events that they have seen."""
TOLD_BYTES = 8
"""Of a fingerprint."""
RECORD_BYTES = 14
"""Of a fingerprint, and of offset and marks."""
REFUSED, UNREAD = 1, 2
"""Marks: its prompt may have been forgotten; its receipt is sealed with a key that is not here."""
MARK_BITS = 2
OFFSET_MAX = 2**46 - 1
READ_LATE_MAX = 8
SHORT, HASHED = 12, "#"
"""Characters of an id that is kept as it is, where it may be any; what stands for a longer one."""


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
    return HASHED + urlsafe_b64encode(fingerprint(event_id)).decode().rstrip("=")


def _record(told: bytes, said: int) -> bytes:
    return told + said.to_bytes(RECORD_BYTES - TOLD_BYTES, "big")


class Seen:
    """The latest events of a session, in the order in which they were seen.

    >>> seen = Seen()
    >>> seen.note("e1", 7, at_ms=12_000)
    False
    >>> "e1" in seen, seen.get("e1"), seen.get("e2")
    (True, 7, None)
    """

    __slots__ = ("_before", "_read_late", "arrivals", "latest_ms", "named")

    def __init__(self) -> None:
        self.named: dict[str, int] = {}
        """Of the latest ones offsets, and behind each its marks."""
        self._before: bytearray | None = None
        """Records of those before them; None: there are none."""
        self.arrivals: Arrivals | None = None
        """When they came, those included that are forgotten; None: all are named."""
        self.latest_ms = 0
        """The latest time of all of them: of this session, whatever its visitor does in others."""
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

    @property
    def noted(self) -> int:
        """How many events there were."""
        return len(self.named) if self.arrivals is None else self.arrivals.noted

    def note(self, event_id: str, offset: int, at_ms: int) -> bool:
        """An event that has not been seen is seen; whether there are more than are named."""
        if at_ms > self.latest_ms:  # noqa: PLR1730  # no call on every event
            self.latest_ms = at_ms
        named, arrivals = self.named, self.arrivals
        named[event_id] = offset << MARK_BITS
        if arrivals is None:
            if len(named) <= NAMED_ALL:
                return False
            arrivals = self.arrivals = Arrivals(NAMED_ALL)
        self._unname()
        arrivals.note(self.latest_ms)
        self._forget(arrivals)
        return True

    def forget_tied(self) -> None:
        """Remember no more of one time than of any."""
        if self.arrivals is not None:
            self._forget(self.arrivals, SEEN_MAX)

    def _forget(self, arrivals: Arrivals, tied_max: int = TIED_MAX) -> None:
        """Of too many the oldest are forgotten; of one time more are remembered."""
        while (held := arrivals.noted - arrivals.forgotten) > SEEN_MAX:
            if held <= tied_max and arrivals.blocks_ms[0] >= self.latest_ms:
                return
            arrivals.forget(self._forget_first())

    def is_too_late(self, event: Event) -> bool:
        """Whether an event that has not been seen came 32 events late or more, or once more."""
        arrivals, at_ms = self.arrivals, event.occurred_at_ms
        return arrivals is not None and at_ms <= arrivals.until_ms and at_ms < self.latest_ms

    def first(self, event: Event, offset: int) -> int:
        """Where an event that is told at this offset was seen first; -1: somewhere before."""
        first = self.get(event.event_id)
        if first is not None:
            return first
        arrivals = self.arrivals
        late = arrivals is not None and arrivals.in_doubt(event.occurred_at_ms, offset)
        return -1 if late else offset

    def _unname(self) -> None:
        """Of too many that are named the oldest become records."""
        if self._before is None:
            self._before = bytearray()
        while len(self.named) > NAMED_MAX:
            first = next(iter(self.named))
            self._before += _record(fingerprint(first), self.named.pop(first))

    def _forget_first(self) -> int:
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
        return (said := self._of(event_id)) >= 0 and said & mark != 0

    def read_late(self, event_id: str, offset: int) -> None:
        """The receipt of an event was read after all, at this offset; of the latest few.

        For the answer: it is no part of the state.
        """
        self._read_late = (*self._read_late, (event_id, offset))[-READ_LATE_MAX:]

    def was_read_late(self, event_id: str, offset: int) -> bool:
        """Whether it was read there."""
        return (event_id, offset) in self._read_late

    def rebase(self, offset: int) -> None:
        """The log goes on at this offset, in another one maybe: what was seen was before it.

        Of a log that begins at 0 that is 0: no offset is less.
        """
        least, marks = max(0, offset - 1), (1 << MARK_BITS) - 1

        def before(said: int) -> int:
            return min(said >> MARK_BITS, least) << MARK_BITS | said & marks

        self.named = {event_id: before(said) for event_id, said in self.named.items()}
        if self._before is not None:
            records = (_record(told, before(said)) for told, said in self._records())
            self._before = bytearray().join(records)
        if self.arrivals is not None:
            self.arrivals.until_offset = min(self.arrivals.until_offset, offset - 1)

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
        if told and (len(offsets) < NAMED_MAX or len(offsets) + len(told) <= NAMED_ALL):
            raise ValueError(f"{len(offsets)} events with ids, and {len(told)} without")
        seen._before = records or None
        seen.named = {event_id: offset << MARK_BITS for event_id, offset in offsets.items()}
        if records or len(offsets) > NAMED_ALL:
            seen._unname()
        for mark, ids in ((REFUSED, refused), (UNREAD, unread)):
            for event_id in each(str, ids):
                seen.mark(event_id, mark)
        return seen

    def arrive(self, state: list[Any] | None, version: int) -> None:
        """Go on from the state of arrivals in a session of some version; None: it had none.

        The latest time is known. What was seen beyond what is remembered today is forgotten.
        Raises `TypeError` or `ValueError` when it is none, or does not fit.
        """
        number = len(self)
        if state is None:
            if version > NAMED_ALONE and number > NAMED_ALL:
                raise ValueError(f"{number} events, and not when they came")
            arrivals = Arrivals.unknown(number)
        elif version <= NAMED_ALONE:
            arrivals = Arrivals.of_version_4(state, number)
        else:
            arrivals = Arrivals.from_state(state, number)
        if number > NAMED_ALL:
            self.arrivals = arrivals
            self._forget(arrivals)
