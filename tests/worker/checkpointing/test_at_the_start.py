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


def checkpointer_of(
    found: CheckpointFindings, telemetry: Telemetry, *, every_s: float, is_ours: bool
) -> Checkpointer:
    """One that keeps the checkpoints of an empty shop in a bucket."""
    shop = Shop(Settings(**OPEN))
    return Checkpointer(
        Settings(**OPEN, checkpoint_every_s=every_s),
        FileSystemStore(ObjectFolder("bucket://start/shop")),
        telemetry,
        found,
        shop=lambda: shop,
        log=lambda: LogIdentity("here", "one"),
        ours=lambda: is_ours,
        is_same_log=is_same_log,
    )


async def is_same_log() -> bool:
    """It is."""
    return True


@pytest.mark.parametrize("refused", [True, False])
async def test_what_cannot_be_written_to_is_said_at_the_start(refused: bool) -> None:
    """It is a note and a count, and no reason to stop; where it can, a probe is there."""
    telemetry, found = Telemetry(), CheckpointFindings()
    checkpointer = checkpointer_of(found, telemetry, every_s=3_600.0, is_ours=True)
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


@pytest.mark.parametrize("is_ours", [True, False], ids=["nothing new", "not ours"])
async def test_what_was_said_at_the_start_is_taken_back(
    is_ours: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """By a worker that has nothing to write, too: it looks again while the note stands."""
    telemetry, found = Telemetry(), CheckpointFindings()
    checkpointer = checkpointer_of(found, telemetry, every_s=0.01, is_ours=is_ours)
    Bucket.refuses[:] = ["Slow Down"]
    await checkpointer.start()
    said = await become(found, noted=True)
    Bucket.refuses.clear()
    taken_back = await become(found, noted=False)
    await checkpointer.stop()
    Bucket.store.clear()

    assert [True, True] == [said, taken_back]
    assert 1 == caplog.text.count("checkpoints can be written to bucket://start/shop again")
    assert 1 == telemetry.checkpoints_failed


async def become(found: CheckpointFindings, *, noted: bool) -> bool:
    """Whether there is a note in the end, or none."""
    for _ in range(LOOKS_MAX):
        if noted == ("written" in found.notes):
            return True
        await asyncio.sleep(0.01)
    return False
