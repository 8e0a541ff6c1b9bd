"""Writes checkpoints while the worker works, and finds the last one when it starts.

Of all workers the one that answers for partition 0 writes. A child process does it, on a copy of
our memory (`streams.worker.checkpointing.child_work`): the loop waits for the fork alone, and
`streams.worker.checkpointing.large_pages` keeps that short. What fails (Redis is away, the disk is
full, what is there is not ours) is counted and said, and tried again after the same pause.
"""

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mode import Service

from streams.clients.async_kafka import LogIdentity
from streams.clients.checkpoints.rules import fingerprint, kept_name
from streams.clients.checkpoints.store import Store
from streams.contract.errors import CheckpointRefused, GoeswithError
from streams.contract.settings import Settings
from streams.shop.checkpoint import CheckpointHeader, LogExtent, check, packed, read, restored
from streams.shop.shop import Shop
from streams.worker.checkpointing.child_work import in_child
from streams.worker.checkpointing.large_pages import gather
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


@dataclass
class CheckpointFindings:
    """What a worker found in the place of its checkpoints, for its page and for its writer."""

    refused: dict[str, str] = field(default_factory=dict)
    """Why it could not use those that are its own to keep aside, in a word, by fingerprint."""
    notes: dict[str, str] = field(default_factory=dict)
    """For people: what was `found`, and why none is `written`."""


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
            telemetry.checkpoints_failed += 1
            said = f"no checkpoint was written to {self._store.where}: {error}"
            self._found.notes["written"] = said
            logger.warning("%s", said)
            return False
        self._found.notes.pop("written", None)
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

    @Service.task
    async def _keep(self) -> None:
        every_s, made_s = self._settings.checkpoint_every_s, self._telemetry.restored_made_ms / 1000
        pause_s = first_pause_s(every_s, made_s, time.time())
        while not self.should_stop:
            await self.sleep(pause_s)
            pause_s = every_s
            if not self.should_stop and self._ours():
                await self.write()


async def last_shop(
    settings: Settings,
    store: Store,
    telemetry: Telemetry,
    found: CheckpointFindings,
    log: Callable[[int], Awaitable[LogExtent]],
) -> Shop | None:
    """The shop of the last checkpoint that can be trusted; None when there is none.

    First the one in its place is tried, then those that were kept aside, which know most first: one
    fits again when a setting is put back. What cannot be used is said, and noted in `found`. `log`
    is asked for the log as seen from the time when the checkpoint was made, in ms.
    """
    try:
        shop = await _tried(settings, store, telemetry, found, log)
        for kept in () if shop else await asyncio.to_thread(store.kept):
            shop = shop or await _tried(settings, store, telemetry, found, log, kept.name)
    except GoeswithError as error:
        _note(
            found,
            f"at the start, the checkpoint in {store.where} could not be read: {error}. The log "
            "was folded instead",
        )
        shop = None
    if shop is None:
        logger.info("no checkpoint in %s: the log is folded from its beginning", store.where)
    return shop


async def _tried(
    settings: Settings,
    store: Store,
    telemetry: Telemetry,
    found: CheckpointFindings,
    log: Callable[[int], Awaitable[LogExtent]],
    name: str = "",
) -> Shop | None:
    """The shop of one checkpoint; None when there is none of this name, or it is refused."""
    data = None
    try:
        data = await asyncio.to_thread(store.read, name)
        if data is None:
            return None
        checkpoint = await asyncio.to_thread(read, data)
        now = await log(checkpoint.header.made_at_ms)
        check(checkpoint.header, settings, now)
        shop = await asyncio.to_thread(_undisturbed, lambda: restored(checkpoint, settings))
    except CheckpointRefused as refused:
        if name:
            logger.info("%s does not fit either: %s", store.place(name), refused)
        else:
            telemetry.checkpoints_refused += 1
            _note(found, _refusal(store, found, data, refused))
        return None
    if name:
        logger.warning("going on from a checkpoint that was kept aside: %s", store.place(name))
    if store.warning:
        telemetry.checkpoints_refused += 1
        _note(found, f"at the start, {store.warning}")
    _say_what_is_gone(checkpoint.header, now)
    telemetry.restored_made_ms = checkpoint.header.made_at_ms
    return shop


def _refusal(
    store: Store, found: CheckpointFindings, data: bytes | None, refused: CheckpointRefused
) -> str:
    """What is said of a checkpoint that cannot be used, and what becomes of it."""
    said = f"the checkpoint in {store.where} is not used: {refused}"
    if refused.reason == "gone":
        return said
    if refused.reason == "foreign" or data is None:
        return f"{said}. It is not ours: it stays, and no other one is written there"
    mark = fingerprint(data)
    found.refused[mark] = refused.reason
    place = store.place(kept_name(refused.reason, mark))
    return f"{said}. It is kept: before another one takes its place it goes to {place}"


def _note(found: CheckpointFindings, said: str) -> None:
    found.notes["found"] = said
    logger.warning("%s", said)


def _say_what_is_gone(header: CheckpointHeader, now: LogExtent) -> None:
    gone = sum(max(0, now.begins.get(p, 0) - at) for p, at in header.position.items())
    if gone:
        logger.warning("%s events after the checkpoint are gone from the log by retention", gone)


def _undisturbed(make: Callable[[], Shop]) -> Shop:
    """Make millions of objects without looking for garbage among them: half the time."""
    gc.disable()
    try:
        return make()
    finally:
        gc.enable()
