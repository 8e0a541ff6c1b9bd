"""Which checkpoint a worker goes on from, and what becomes of the others."""

from pathlib import Path

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
