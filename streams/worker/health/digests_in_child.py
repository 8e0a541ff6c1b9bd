"""How far a shop is, and its digests, of one and the same moment.

To hash a large shop takes seconds; a child does it (`streams.worker.checkpointing.child_work`), and
the worker goes on.
"""

import json
from collections.abc import Mapping
from typing import Protocol

from streams.worker.checkpointing.child_work import in_child

HASH_S_MAX = 100.0
"""So long it may take."""


class Hashable(Protocol):
    """What is hashed."""

    @property
    def position(self) -> Mapping[int, int]:
        """The next offset of each partition."""

    def digests(self) -> dict[str, str]:
        """Hashes of all that is folded, part by part."""


async def hashed(shop: Hashable) -> tuple[dict[str, int], dict[str, str]]:
    """The position, partitions as text, and the digests; raises `ChildFailed`."""

    def work() -> bytes:
        return json.dumps([dict(sorted(shop.position.items())), shop.digests()]).encode()

    done = await in_child(work, seconds_max=HASH_S_MAX)
    position, digests = json.loads(done.answer)
    return position, digests
