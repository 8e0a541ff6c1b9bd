"""Writes checkpoints while the worker works.

Of all workers the one that answers for partition 0 writes. A child process does it, on a copy of
our memory (`streams.worker.checkpointing.child_work`): the loop waits for the fork alone, and
`streams.worker.checkpointing.large_pages` keeps that short. What fails (Redis is away, the disk is
full, what is there is not ours) is counted and said, and tried again after the same pause.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from mode import Service

from streams.clients.async_kafka import LogIdentity
from streams.clients.checkpoints.store import Store, check_at_start
from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings
from streams.shop.checkpoint import packed
from streams.shop.shop import Shop
from streams.worker.checkpointing.child_work import in_child
from streams.worker.checkpointing.large_pages import gather
from streams.worker.checkpointing.restoring import CheckpointFindings
from streams.worker.telemetry import Telemetry

logger = logging.getLogger(__name__)

WRITTEN, FURTHER_IS_THERE = b"written", b"a further one is there"
WRITE_S_MAX = 600.0
"""So long a child may take to write a checkpoint."""
FIRST_S = 2.0
"""So soon after its start a worker writes one, if it is due by then."""


def first_pause_s(every_s: float, made_s: float, now_s: float) -> float:
    """The pause before a worker's first checkpoint, if the last one was made at `made_s`.

    It is due when it would be, had no worker been restarted: or those that are restarted again and
    again would never write any, and fold more of the log each time.

    >>> first_pause_s(60.0, made_s=970.0, now_s=1_000.0), first_pause_s(60.0, 0.0, now_s=1_000.0)
    (30.0, 2.0)
    """
    return min(every_s, max(FIRST_S, made_s + every_s - now_s))


class Checkpointer(Service):
    """`shop` is the one to be kept; `ours` says whether it is for this worker to write it now."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        telemetry: Telemetry,
        found: CheckpointFindings,
        *,
        shop: Callable[[], Shop],
        log: Callable[[], LogIdentity],
        ours: Callable[[], bool],
        is_same_log: Callable[[], Awaitable[bool]],
    ) -> None:
        super().__init__()
        self._settings = settings
        self._store = store
        self._telemetry = telemetry
        self._found = found
        self._shop, self._log, self._ours = shop, log, ours
        self._is_same_log = is_same_log
        self._written: dict[int, int] = {}

    async def write(self) -> bool:
        """Write a checkpoint of what is folded now; whether there was anything new to write.

        None when the topic was made anew: something of the new log may be folded by now, and would
        be learned twice by who goes on from there.
        """
        if self._shop().position == self._written:
            return False
        await asyncio.to_thread(gather)
        if not await self._is_same_log():
            logger.warning("no checkpoint is written: nobody knows whether this is the same log")
            return False
        shop, telemetry = self._shop(), self._telemetry
        position = dict(shop.position)
        try:
            done = await in_child(self._work(shop), seconds_max=WRITE_S_MAX)
        except GoeswithError as error:
            self._say(f"no checkpoint was written to {self._store.where}: {error}")
            return False
        self._take_back()
        self._written = position
        telemetry.checkpoints += done.answer == WRITTEN
        telemetry.checkpoint_stall_ms_max = max(telemetry.checkpoint_stall_ms_max, done.stalled_ms)
        return True

    def _work(self, shop: Shop) -> Callable[[], bytes]:
        """What the child does."""
        now_ms, log, by = int(time.time() * 1000), self._log(), self._settings.worker_name

        def work() -> bytes:
            self._store.check_writable()
            header, data = packed(shop, **log._asdict(), now_ms=now_ms, made_by=by)
            written = self._store.write(header, data, refused=self._found.refused)
            return WRITTEN if written else FURTHER_IS_THERE

        return work

    async def _look_at_the_place(self) -> None:
        """Say at the start that nothing can be written, where that takes a look to see."""
        try:
            await asyncio.to_thread(check_at_start, self._store)
        except GoeswithError as error:
            self._say(f"no checkpoint can be written to {self._store.where}: {error}")

    def _say(self, failed: str) -> None:
        self._telemetry.checkpoints_failed += 1
        self._found.notes["written"] = failed
        logger.warning("%s", failed)

    def _take_back(self) -> None:
        """What failed is well again: whoever read the warning reads that, too."""
        if self._found.notes.pop("written", None):
            logger.warning("checkpoints can be written to %s again", self._store.where)

    @Service.task
    async def _keep(self) -> None:
        await self._look_at_the_place()
        every_s, made_s = self._settings.checkpoint_every_s, self._telemetry.restored_made_ms / 1000
        pause_s = first_pause_s(every_s, made_s, time.time())
        while not self.should_stop:
            await self.sleep(pause_s)
            pause_s = every_s
            if not self.should_stop:
                await self._at_its_time()

    async def _at_its_time(self) -> None:
        """Write, if that is for us; else look whether what failed once is well by now."""
        if self._ours() and self._shop().position != self._written:
            await self.write()
        elif "written" in self._found.notes:
            await self._look_again()

    async def _look_again(self) -> None:
        """Take back that nothing can be written, as soon as it can, or others have to say so."""
        try:
            await asyncio.to_thread(check_at_start, self._store)
        except GoeswithError as error:
            logger.info("still no checkpoint can be written to %s: %s", self._store.where, error)
            return
        self._take_back()
