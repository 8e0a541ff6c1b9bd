"""A worker that cannot write to its object store says so when it starts, not when it would."""

import asyncio

import pytest

pytest.importorskip("fsspec", reason="the extra object-store is not installed")

from streams.clients.async_kafka import LogIdentity
from streams.clients.checkpoints.objects.file_system import ObjectFolder
from streams.clients.checkpoints.objects.file_system_store import FileSystemStore
from streams.contract.settings import Settings
from streams.shop.shop import Shop
from streams.worker.checkpointing.checkpointer import Checkpointer
from streams.worker.checkpointing.restoring import CheckpointFindings
from streams.worker.telemetry import Telemetry
from tests.clients.checkpoints.bucket import Bucket
from tests.stories import OPEN

LOOKS_MAX = 500


async def is_same_log() -> bool:
    """It is."""
    return True


@pytest.mark.parametrize("refused", [True, False])
async def test_what_cannot_be_written_to_is_said_at_the_start(refused: bool) -> None:
    """It is a note and a count, and no reason to stop; where it can, a probe is there."""
    shop, telemetry, found = Shop(Settings(**OPEN)), Telemetry(), CheckpointFindings()
    checkpointer = Checkpointer(
        Settings(**OPEN, checkpoint_every_s=3_600.0),
        FileSystemStore(ObjectFolder("bucket://start/shop")),
        telemetry,
        found,
        shop=lambda: shop,
        log=lambda: LogIdentity("here", "one"),
        ours=lambda: True,
        is_same_log=is_same_log,
    )
    Bucket.refuses[:] = ["Access Denied"] * refused
    await checkpointer.start()
    for _ in range(LOOKS_MAX):
        if found.notes or "/start/shop/probe" in Bucket.store:
            break
        await asyncio.sleep(0.01)
    await checkpointer.stop()
    Bucket.refuses.clear()
    Bucket.store.clear()

    assert int(refused) == telemetry.checkpoints_failed
    assert refused == ("bucket://start/shop" in found.notes.get("written", ""))
