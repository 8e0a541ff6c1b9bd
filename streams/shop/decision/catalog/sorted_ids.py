"""Ids in order, also very many of them: one more or one less costs no walk through all."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import chain

CHUNK_MAX = 512
"""So many ids are in one list; it is halved when it has more."""


class SortedIds:
    """A set of ids that is read in their order, kept in short lists one after the other.

    >>> ids = SortedIds()
    >>> for name in ("jam", "butter", "tea", "jam"):
    ...     ids.add(name)
    >>> ids.discard("tea")
    >>> [*ids], len(ids), "jam" in ids, "tea" in ids
    (['butter', 'jam'], 2, True, False)
    """

    __slots__ = ("_chunks", "_size")

    def __init__(self) -> None:
        self._chunks: list[list[str]] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._chunks)

    def __contains__(self, item_id: str) -> bool:
        return self._place(item_id)[2]

    def _place(self, item_id: str) -> tuple[int, int, bool]:
        """In which list an id stands, or would stand, at which place, and whether it is there."""
        at = min(bisect_left(self._chunks, item_id, key=_last), len(self._chunks) - 1)
        if at < 0:
            return 0, 0, False
        chunk = self._chunks[at]
        place = bisect_left(chunk, item_id)
        return at, place, place < len(chunk) and chunk[place] == item_id

    def add(self, item_id: str) -> None:
        """It is there from now on."""
        at, place, there = self._place(item_id)
        if there:
            return
        self._size += 1
        if not self._chunks:
            self._chunks.append([item_id])
            return
        chunk = self._chunks[at]
        chunk.insert(place, item_id)
        if len(chunk) > CHUNK_MAX:
            half = len(chunk) // 2
            self._chunks[at : at + 1] = [chunk[:half], chunk[half:]]

    def discard(self, item_id: str) -> None:
        """It is not there any more."""
        at, place, there = self._place(item_id)
        if there:
            self._size -= 1
            del self._chunks[at][place]
            if not self._chunks[at]:
                del self._chunks[at]


def _last(chunk: list[str]) -> str:
    return chunk[-1]
