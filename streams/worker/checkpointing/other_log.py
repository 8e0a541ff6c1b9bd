"""Waits where the last checkpoint is of another log, until somebody says what the new one holds.

The events topic was made anew, or has lost its end. The checkpoint knows months, the new log days,
and only its owner can tell what is in it:

- events that are new: to be folded on top of what is known, from the beginning on;
- copies of what is known already, from a mirror or a backup: folded again, all of it would be
  learned twice, and no record says so (it has a new offset, and the broker's new time).

So no worker decides that by itself. It folds nothing, answers nobody, is not ready, and names the
command that decides, once for all workers: `goeswith checkpoint adopt --learn all|later|nothing`.
It puts a checkpoint in the place of the old one that stands where the new log is to be taken up, so
that all workers start from the same knowledge. Who waits looks again every few seconds, and goes
on by itself; a place that cannot be read meanwhile has said nothing, and ends no wait. Whoever has
no place for checkpoints waits for nothing: the log is all that is known.
"""

import asyncio
from collections.abc import Awaitable, Callable

from streams.shop.checkpoint import OTHER_LOG, LogExtent
from streams.shop.shop import Shop
from streams.worker.checkpointing.restoring import CheckpointFindings

LOOK_EVERY_S = 3.0
WAY_ON = (
    "`goeswith checkpoint adopt --learn all` (or later, or nothing) takes over what is known, and "
    "this worker goes on by itself; `goeswith checkpoint save --fresh --force` begins anew"
)
Log = Callable[[int], Awaitable[LogExtent]]
Find = Callable[[Log], Awaitable[Shop | None]]


class WaitForTheLog:
    """Finds the shop to go on from, as `find` does, and waits while it is of another log.

    None: there is no place for checkpoints.
    """

    def __init__(
        self, find: Find | None, found: CheckpointFindings, every_s: float = LOOK_EVERY_S
    ) -> None:
        self._find, self._found, self._every_s = find, found, every_s
        self.reasons: list[str] = []
        """Why it waits; empty: it does not."""

    async def __call__(self, log: Log) -> Shop | None:
        """The shop to go on from; None: there is none, and the log is to be folded."""
        if self._find is None:
            return None
        while True:
            shop = await self._find(log)
            others = [mark for mark, why in self._found.refused.items() if why == OTHER_LOG]
            unread = self._found.waits and not self._found.is_read
            if shop is not None or not (others or unread):
                self.reasons, self._found.waits = [], False
                return shop
            said = self._found.notes.pop("found", "the checkpoint is of another log")
            if others:
                self.reasons = [f"waiting: {said.partition('. It is kept')[0]}. {WAY_ON}"]
                self._found.waits = True
            for mark in others:
                del self._found.refused[mark]
            await asyncio.sleep(self._every_s)
