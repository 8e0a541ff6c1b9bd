"""Which checkpoint a worker goes on from, and what becomes of the others."""

import time
import weakref
from pathlib import Path
from typing import Any, ClassVar

import pytest

from streams.clients.checkpoints.rules import fingerprint, kept_name
from streams.contract.settings import Settings
from streams.shop.checkpoint import packed
from streams.shop.shop import Shop
from tests.stories import OPEN
from tests.worker.checkpointing.test_waiting import (
    SETTINGS,
    Place,
    Waiting,
    checkpoint,
    lay_aside,
)

LOOKS_MAX = 500
OTHER = Settings(**{**OPEN, "items_max": 1_000})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where one of other settings is, whose bandit was taught anew, and aside one that fits."""
    path = tmp_path / "shop.checkpoint"
    path.write_bytes(checkpoint(9, OTHER, policy="taught again by 0 of its 500 prompts"))
    place = Place(path)
    lay_aside(place, checkpoint(5))
    return place


def written(shop: Shop, place: Place) -> None:
    """The shop has folded the last event, and is kept."""
    shop.learn(0, 9, None)
    place.write(*packed(shop, cluster="here", now_ms=0, made_by="ann"))


async def test_one_that_fits_is_kept_while_the_one_before_was_adopted(place: Place) -> None:
    """The log begins behind the end of what fits: a setting was put back late.

    Its bandit still knows what the adopted one has lost.
    """
    worker = Waiting(place, begin=7)
    shop = await worker.shop()
    assert shop is not None
    written(shop, place)

    name = kept_name("settings", fingerprint(checkpoint(5)))
    assert {0: 10} == shop.position
    assert {"policy"} == shop.adopted.keys()
    assert name in [kept.name for kept in place.kept()]
    assert f"One that fits as it is: {place.place(name)}; 2 events" in worker.found.notes["found"]


async def test_one_that_fits_is_gone_on_from_where_the_log_still_has_the_rest(place: Place) -> None:
    """Nothing is lost, and nothing has to be adopted."""
    shop = await Waiting(place, begin=5).shop()

    assert shop is not None
    assert ({0: 5}, {}, SETTINGS) == (shop.position, shop.adopted, shop.settings)


class Given(bytearray):
    """The bytes of a checkpoint, or what was cut from them, known as long as somebody holds it."""

    held: ClassVar[list[weakref.ref["Given"]]] = []

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return noted(part) if isinstance(part, bytearray) else part


def noted(data: bytes | bytearray) -> Given:
    """The same, counted among those that are held."""
    given = Given(data)
    Given.held.append(weakref.ref(given))
    return given


class Counting(Place):
    """Counts how many are still held of those that it has given, when it is asked for one more."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.held_max = 0
        Given.held.clear()

    def read(self, name: str = "") -> bytes | None:
        """What is there, once threads that have just handed one over have let go of it."""
        data = super().read(name)
        for _ in range(LOOKS_MAX):
            held = sum(one() is not None for one in Given.held)
            if held <= 1:
                break
            time.sleep(0.01)
        self.held_max = max(self.held_max, held)
        return None if data is None else noted(data)  # type: ignore[return-value]  # as good as


async def test_those_aside_are_not_held_all_at_once(tmp_path: Path) -> None:
    """Each may take hundreds of megabytes: the one in its place is held, and one at a time."""
    path = tmp_path / "shop.checkpoint"
    path.write_bytes(checkpoint(9, OTHER))
    place = Counting(path)
    for upto in range(3, 8):
        lay_aside(place, checkpoint(upto))
    shop = await Waiting(place, begin=5).shop()

    assert shop is not None
    assert {0: 7} == shop.position
    assert 1 == place.held_max
