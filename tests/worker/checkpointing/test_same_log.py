"""A checkpoint is written of the log that was folded, and of no other."""

from pathlib import Path

import pytest

from streams.clients.async_kafka import LogIdentity
from streams.clients.checkpoints.file_store import FileStore
from streams.contract.settings import Settings
from streams.shop.checkpoint import read
from streams.shop.shop import Shop
from streams.worker.checkpointing.checkpointer import Checkpointer
from streams.worker.checkpointing.restoring import CheckpointFindings
from streams.worker.telemetry import Telemetry
from tests.stories import OPEN


@pytest.mark.parametrize("same", [True, False])
async def test_none_is_written_once_the_topic_is_another_one(tmp_path: Path, same: bool) -> None:
    """Something of the new log may be in it; and the one that is written says which topic it is."""
    settings, path = Settings(**OPEN), tmp_path / "shop.checkpoint"
    shop = Shop(settings)
    shop.start(0, 7)

    async def is_same_log() -> bool:
        return same

    checkpointer = Checkpointer(
        settings,
        FileStore(path),
        Telemetry(),
        CheckpointFindings(),
        shop=lambda: shop,
        log=lambda: LogIdentity("here", "one"),
        ours=lambda: True,
        is_same_log=is_same_log,
    )

    assert same == await checkpointer.write() == path.exists()
    if same:
        header = read(path.read_bytes()).header
        assert ("here", "one") == (header.cluster, header.topic_id)
