"""Deduplication: how a reader of an at-least-once topic drops repeats, by the ids that came lately.

Repeats follow closely on the first (a worker repeats what it had not acknowledged when it stopped),
so the memory may be bounded: an id that was not seen among the last `ids_max` counts as new.
"""

from collections import OrderedDict

IDS_MAX = 100_000


class SeenIds:
    """The last `ids_max` ids.

    >>> seen = SeenIds()
    >>> seen.before("bread"), seen.before("butter"), seen.before("bread")
    (False, False, True)
    """

    def __init__(self, ids_max: int = IDS_MAX) -> None:
        self.ids_max = ids_max
        self._ids: OrderedDict[str, None] = OrderedDict()

    def before(self, of: str) -> bool:
        """Whether this id has been asked for before; from now on it has."""
        if of in self._ids:
            self._ids.move_to_end(of)
            return True
        self._ids[of] = None
        if len(self._ids) > self.ids_max:
            self._ids.popitem(last=False)
        return False

    def holds(self, of: str) -> bool:
        """Whether this id has been asked for before; nothing changes."""
        return of in self._ids
