"""A worker whose checkpoint is of another log waits for a word, and for nothing else."""

from collections.abc import Awaitable, Callable

import pytest

from streams.contract.settings import Settings
from streams.shop.checkpoint import LogExtent
from streams.shop.shop import Shop
from streams.worker.checkpointing import other_log
from streams.worker.checkpointing.other_log import WaitForTheLog
from streams.worker.checkpointing.restoring import CheckpointFindings
from tests.stories import OPEN

Log = Callable[[int], Awaitable[LogExtent]]


async def log(_since_ms: int) -> LogExtent:
    """Any."""
    return LogExtent("here", {}, {}, {})


class Place:
    """Where checkpoints are: refused for some reasons, one after the other; then there is one."""

    def __init__(self, found: CheckpointFindings, *why: str) -> None:
        self.found, self.why = found, list(why)
        self.shop = Shop(Settings(**OPEN))
        self.looked: list[list[str]] = []
        self.waits = WaitForTheLog(self.find, found, every_s=0.0)

    async def find(self, _log: Log) -> Shop | None:
        """As a worker finds its shop."""
        self.looked.append([*self.waits.reasons])
        if not self.why:
            return self.shop
        self.found.notes["found"] = "the checkpoint in a file is not used. It is kept: aside"
        self.found.refused["mark"] = self.why.pop(0)
        return None


async def test_it_waits_until_somebody_has_said_what_is_new() -> None:
    """It says why, and how; what it could not use then does not go aside any more."""
    found = CheckpointFindings()
    place = Place(found, "log", "log")

    assert place.shop is await place.waits(log)
    assert [[], 1, 1] == [place.looked[0], *map(len, place.looked[1:])]
    assert "waiting: the checkpoint in a file is not used. `goeswith" in place.looked[1][0]
    assert [] == place.waits.reasons
    assert {} == found.refused == found.notes


@pytest.mark.parametrize("why", ["settings", "damaged", "version", "foreign"])
async def test_nobody_waits_for_one_that_is_refused_otherwise(why: str) -> None:
    """The log is folded instead, and it goes aside."""
    found = CheckpointFindings()

    assert await Place(found, why).waits(log) is None
    assert {"mark": why} == found.refused


async def test_who_has_no_place_for_checkpoints_waits_for_nothing() -> None:
    """The log is all that is known."""
    assert await WaitForTheLog(None, CheckpointFindings())(log) is None
    assert other_log.LOOK_EVERY_S < 10
