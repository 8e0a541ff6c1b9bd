"""Where what is read begins, if the log has forgotten what was before.

Bounds hold at every look if all that belongs to them is counted at each. Who has read nothing yet
misses what is before the first offset that a partition still holds; who reads on misses what was
forgotten in between. A partition that holds nothing does not tell when it lost what it had: it
moves no beginning, or that would follow the clock for as long as the partition is quiet.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from streams.clients.log_reader import Offsets, Partition, RawRecord

EMPTIED = "the log holds nothing any more: all that it had is forgotten"
FORGOTTEN = "the log has forgotten the start, so bounds need not hold"


def forgetful(begins: Offsets, known: Mapping[Partition, int]) -> set[Partition]:
    """The partitions that have forgotten something since these offsets; of others since 0."""
    return {at for at, begin in begins.items() if begin > known.get(at, 0)}


class LogBeginning:
    """Notes while a log is read where that begins.

    >>> from streams.clients.log_reader import RawRecord
    >>> at, beginning = Partition("outcomes", 0), LogBeginning()
    >>> beginning.look({at: 7}, {}, {at: 8})
    >>> beginning.read(RawRecord(at, 7, 1_000, None, None, []))
    >>> beginning.at_ms, beginning.after(1_000), beginning.after(999)
    (1000, None, 1000)
    """

    def __init__(self, at_ms: int | None = None) -> None:
        self._at_ms = at_ms
        self._awaited: set[Partition] = set()
        """Those that have lost something, and of which the first record is still to be read."""

    def look(self, begins: Offsets, known: Mapping[Partition, int], ends: Offsets) -> None:
        """It is going to be read, from its beginnings or what is `known`, if that is later."""
        lost = forgetful(begins, known)
        empty = {at for at in lost if begins[at] >= ends[at]}
        self._awaited = (self._awaited | lost) - empty
        if lost:
            self._at_ms = self._at_ms or 0

    def look_since(self, begins: Offsets, since: Offsets, ends: Offsets) -> None:
        """It is going to be read from a time on: nothing of that is lost where more was before.

        Nor where there is nothing yet, before or since.
        """
        whole = {at for at, begin in begins.items() if since[at] > begin or begin >= ends[at]}
        self.look(begins, {at: since[at] for at in whole}, ends)

    def read(self, record: RawRecord) -> None:
        """A record was read."""
        all_empty = self._at_ms == 0 and not self._awaited  # all that have lost something
        if all_empty or record.at in self._awaited:
            self._awaited.discard(record.at)
            self._at_ms = max(self._at_ms or 0, record.timestamp_ms)

    @property
    def at_ms(self) -> int | None:
        """From when on all is there; None: nothing has been forgotten.

        0, if that is unknown: once all is read, the log holds nothing any more.
        """
        return self._at_ms

    def after(self, start_ms: int | None) -> int | None:
        """The same, if that is later than this, or unknown."""
        at_ms = self.at_ms
        return at_ms if at_ms is not None and (at_ms == 0 or at_ms > (start_ms or 0)) else None


def forgotten(begins_ms: int | None) -> list[str]:
    """That the log has forgotten its beginning, in words, if it has.

    >>> forgotten(None), forgotten(0), forgotten(1_767_225_600_000)
    ([], ['the log holds nothing any more: all that it had is forgotten'], ['the log has
    forgotten what was before 2026-01-01 00:00 UTC: figures are of what is left, and bounds hold
    from there on only'])
    """
    if begins_ms is None:
        return []
    if begins_ms == 0:
        return [EMPTIED]
    try:
        when = f"{datetime.fromtimestamp(begins_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        when = f"{begins_ms} ms"
    said = f"the log has forgotten what was before {when}: figures are of what is left, and "
    return [said + "bounds hold from there on only"]
