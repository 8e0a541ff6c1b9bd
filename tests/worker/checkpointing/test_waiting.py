"""A worker that waits for a word reads its place again and again, and loses nothing by it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.clients.checkpoints.file_store import FileStore
from streams.clients.checkpoints.rules import fingerprint, kept_name
from streams.contract.errors import CheckpointRefused, RedisUnreachable
from streams.contract.settings import Settings
from streams.shop.checkpoint import LogExtent, packed
from streams.shop.shop import Shop
from streams.worker.checkpointing.other_log import WaitForTheLog
from streams.worker.checkpointing.restoring import CheckpointFindings, Log, last_shop
from streams.worker.telemetry import Telemetry
from tests.stories import OPEN

SETTINGS = Settings(**OPEN)


def checkpoint(upto: int, settings: Settings = SETTINGS, **adopted: str) -> bytes:
    """The checkpoint of a shop that has folded so many events."""
    shop = Shop(settings)
    shop.adopted = adopted
    shop.start(0, 0)
    for offset in range(upto):
        shop.learn(0, offset, None)
    return packed(shop, cluster="here", now_ms=0, made_by="ann")[1]


class Place(FileStore):
    """A file; what happens before each look can be told, the first look included."""

    def __init__(self, path: Path, *before: Callable[[], None]) -> None:
        super().__init__(path)
        self.before, self.read_names = list(before), list[str]()

    def read(self, name: str = "") -> bytes | None:
        """What is there, if nothing else has been told."""
        self.read_names.append(name)
        if not name and self.before:
            self.before.pop(0)()
        return super().read(name)


def nothing() -> None:
    """Nothing happens."""


def blinks() -> None:
    """The place is away for a moment."""
    raise RedisUnreachable("Redis does not answer")


def adopts(path: Path) -> Callable[[], None]:
    """Somebody puts one there that stands within the log."""

    def put() -> None:
        path.write_bytes(checkpoint(7))

    return put


def lay_aside(place: Place, data: bytes) -> None:
    """One that was made under other settings."""
    Path(place.place(kept_name("settings", fingerprint(data)))).write_bytes(data)


class Waiting:
    """A worker that waits at a place: the log ends at 10, and the checkpoint stands further on."""

    def __init__(self, store: FileStore, begin: int = 0) -> None:
        self.found, self.telemetry, self.store = CheckpointFindings(), Telemetry(), store
        self.begin = begin
        self.reasons: list[list[str]] = []
        self.waits = WaitForTheLog(self._find, self.found, every_s=0.0)

    async def _find(self, log: Log) -> Shop | None:
        self.reasons.append([*self.waits.reasons])
        return await last_shop(SETTINGS, self.store, self.telemetry, self.found, log)

    async def shop(self) -> Shop | None:
        """What it goes on from."""

        async def log(_since_ms: int) -> LogExtent:
            return LogExtent("here", {0: self.begin}, {0: 10}, {})

        return await self.waits(log)


async def test_a_place_that_is_away_for_a_moment_ends_no_wait(tmp_path: Path) -> None:
    """It goes on from what somebody adopts later, and not with an empty shop."""
    path = tmp_path / "shop.checkpoint"
    path.write_bytes(checkpoint(90))
    worker = Waiting(Place(path, nothing, blinks, blinks, nothing, adopts(path)))
    shop = await worker.shop()

    assert shop is not None
    assert {0: 7} == shop.position
    assert [0, 1, 1, 1, 1] == [len(reasons) for reasons in worker.reasons]
    assert "ahead of the log" in worker.reasons[3][0]
    assert ([], {}, False) == (worker.waits.reasons, worker.found.notes, worker.found.waits)


async def test_a_place_that_cannot_be_read_at_the_start_is_waited_for_by_nobody(
    tmp_path: Path,
) -> None:
    """Whether there is one of another log, nobody knows: the log is folded, as ever."""
    worker = Waiting(Place(tmp_path / "shop.checkpoint", blinks))

    assert await worker.shop() is None
    assert "The log was folded instead" in worker.found.notes["found"]


async def test_one_that_is_sealed_with_another_key_is_said_and_left_alone(tmp_path: Path) -> None:
    """The log is folded, and who would write there is refused until somebody brings the key."""
    path = tmp_path / "shop.checkpoint"
    sealed = checkpoint(7, Settings(**OPEN, checkpoint_key="not a secret"))
    path.write_bytes(sealed)
    worker = Waiting(place := Place(path), begin=4)

    assert await worker.shop() is None
    assert "is not used: it is sealed with the key" in worker.found.notes["found"]
    assert "It stays, and no other one is written there" in worker.found.notes["found"]
    assert (1, {}) == (worker.telemetry.checkpoints_refused, worker.found.refused)
    with pytest.raises(CheckpointRefused, match="it is sealed with the key"):
        written(Shop(SETTINGS), place)
    assert sealed == path.read_bytes()


def written(shop: Shop, place: Place) -> None:
    """It has folded one event more, and is kept."""
    shop.learn(0, 0, None)
    place.write(*packed(shop, cluster="here", now_ms=0, made_by="ann"))


async def test_one_aside_that_fits_by_chance_is_no_word(tmp_path: Path) -> None:
    """Made under other settings, it knows less: the next one written would take it for all."""
    path = tmp_path / "shop.checkpoint"
    place = Place(path, nothing, nothing, adopts(path))
    aside = checkpoint(5, settings=Settings(**{**OPEN, "items_max": 1_000}))
    path.write_bytes(checkpoint(90))
    lay_aside(place, aside)
    worker = Waiting(place)
    shop = await worker.shop()

    assert [0, 1, 1] == [len(reasons) for reasons in worker.reasons]
    assert shop is not None
    assert {0: 7} == shop.position


async def test_who_waits_says_and_counts_once_what_it_cannot_use(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it looks; and it is not missing: it is there, and somebody is asked."""
    path = tmp_path / "shop.checkpoint"
    path.write_bytes(checkpoint(90))
    worker = Waiting(Place(path, *[nothing] * 5, adopts(path)), begin=4)
    shop = await worker.shop()

    assert shop is not None
    assert (1, 0) == (worker.telemetry.checkpoints_refused, worker.telemetry.checkpoints_missing)
    assert 1 == sum("is not used" in said for said in caplog.messages)
    assert all("there is no checkpoint" not in said for said in caplog.messages)
    assert {} == worker.found.notes


async def test_what_was_missing_is_missing_no_longer_once_it_is_found(tmp_path: Path) -> None:
    """A second look finds what the first one could not read."""
    path = tmp_path / "shop.checkpoint"
    path.write_bytes(checkpoint(7))
    worker = Waiting(Place(path, blinks), begin=4)

    assert await worker.shop() is None
    assert "missing" in worker.found.notes
    assert await worker.shop() is not None
    assert "missing" not in worker.found.notes
    assert 0 == worker.telemetry.checkpoints_missing
