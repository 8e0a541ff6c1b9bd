"""How far a shop is, and its digests, of one and the same moment.

To hash a large shop takes seconds; a child does it (`streams.worker.checkpointing.child_work`), and
the worker goes on. There is one child at a time, however many ask.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from streams.worker.checkpointing.child_work import in_child

HASH_S_MAX = 100.0
"""So long it may take."""

Hashes = tuple[dict[str, int], dict[str, str]]
"""The position, partitions as text, and the digests, by part."""


class Hashable(Protocol):
    """What is hashed."""

    @property
    def position(self) -> Mapping[int, int]:
        """The next offset of each partition."""

    def digests(self) -> dict[str, str]:
        """Hashes of all that is folded, part by part."""


async def hashed(shop: Hashable) -> Hashes:
    """The position, partitions as text, and the digests; raises `ChildFailed`."""

    def work() -> bytes:
        return json.dumps([dict(sorted(shop.position.items())), shop.digests()]).encode()

    done = await in_child(work, seconds_max=HASH_S_MAX)
    position, digests = json.loads(done.answer)
    return position, digests


class SharedHashes:
    """Hashes for whoever asks: a child at a time, whose answer those share who asked before it.

    So what is told is never older than the question, and a hundred questions are two children.
    """

    def __init__(self, work: Callable[[Hashable], Awaitable[Hashes]] = hashed) -> None:
        self._work = work
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Future[Hashes] | None = None

    async def of(self, shop: Hashable) -> Hashes:
        """As `hashed`."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._hashed(shop))
        return await asyncio.shield(self._next)

    async def _hashed(self, shop: Hashable) -> Hashes:
        async with self._one_at_a_time:
            self._next = None  # who asks from now on wants to know of a later moment
            return await self._work(shop)
