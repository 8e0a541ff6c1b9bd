"""The controls that stand, and who changed what and why: the control topic, read as it grows."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from streams.clients.log_reader import LogReader, Partition, RawRecord, open_reader
from streams.contract.errors import InvalidReference
from streams.contract.events.reference.codec import decode_reference
from streams.contract.events.reference.control import ControlRecord
from streams.contract.settings import Settings
from streams.experiments.declared.register import Register
from streams.operations.console.watching.poller import MadeAnew, Opening
from streams.shop.decision.controls.controls import CONTROLS_MAX
from streams.shop.decision.controls.registry import check

TRAIL = 20
"""So many changes are shown."""


class TakenOut(NamedTuple):
    """A tombstone: the control is set no longer, and nobody says who did it, and why."""

    key: str
    at_ms: int


class ControlsSeen(NamedTuple):
    """What stands, and the newest changes, the newest first."""

    standing: dict[str, ControlRecord]
    trail: tuple[ControlRecord | TakenOut, ...]
    register: Register = Register()
    """What was declared of experiments; not to be changed."""


class ControlTail:
    """Follows the topic; what workers refuse is passed over, as they do."""

    def __init__(self) -> None:
        self._anew = MadeAnew()
        self._begin()

    def _begin(self) -> None:
        self._standing: dict[str, ControlRecord] = {}
        self._trail: deque[ControlRecord | TakenOut] = deque(maxlen=TRAIL)
        self._next: dict[Partition, int] = {}
        self._register = Register()

    def look(self, reader: LogReader) -> ControlsSeen:
        """Read what came since the last look."""
        begins, ends = reader.begins(), reader.ends()
        if self._anew.told(self._next, ends):
            self._begin()
        starts = {at: max(begin, self._next.get(at, 0)) for at, begin in begins.items()}
        for record in reader.between(starts, ends):
            self._read(record)
            self._next[record.at] = record.offset + 1
        trail = tuple(reversed(self._trail))
        return ControlsSeen(dict(self._standing), trail, self._register.copy())

    def _read(self, record: RawRecord) -> None:
        try:
            key, change = decode_reference(ControlRecord, record.key, record.value)
            if change is not None:
                check(change)
        except InvalidReference:
            return
        if change is None:
            self._trail.append(TakenOut(key, record.timestamp_ms))
        else:
            self._trail.append(change)
            self._register.add(change, record.timestamp_ms)
        if change is None or change.value is None:
            self._standing.pop(key, None)
        elif key in self._standing or len(self._standing) < CONTROLS_MAX:
            self._standing[key] = change


def control_looks(settings: Settings) -> Opening[ControlsSeen]:
    """What opens looks at the control topic; what was seen outlives the clients."""
    tail = ControlTail()

    @contextmanager
    def opening() -> Iterator[Callable[[], ControlsSeen]]:
        with open_reader(settings, settings.topics.control) as reader:
            yield lambda: tail.look(reader)

    return opening
