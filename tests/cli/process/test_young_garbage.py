"""Cycles of young objects are found by time; what lives long leaves none behind."""

import asyncio
import contextlib
import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from models.warm import warm
from streams.cli.process import young_garbage
from streams.contract.settings import Settings
from streams.lab.bench.pipeline.pipeline import SLOTS
from streams.lab.bench.stage.assortment import SETTINGS, assortment
from streams.lab.bench.stage.workload import workload
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from tests.stories import OPEN

LEFT_MAX = 100
"""Objects in cycles that a program may leave behind at its start; never one an event."""
INCREMENTAL = (3, 14) <= sys.version_info < (3, 14, 5)
"""These search the old in parts, and have no threshold for them."""
WAIT_S_MAX = 20.0
"""Only a failure takes so long."""


@pytest.fixture(autouse=True)
def unsearched() -> Iterator[None]:
    """Python searches nothing by itself; what was before is out of the way."""
    before = gc.get_threshold()
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.set_threshold(*before)


class Knot:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


async def test_a_cycle_that_is_young_is_found_by_time() -> None:
    """Although nothing asks for it by count."""
    found = asyncio.Event()
    knot = Knot()
    weakref.finalize(knot, found.set)
    searching = asyncio.create_task(young_garbage.by_time())
    del knot
    await asyncio.wait_for(found.wait(), WAIT_S_MAX)
    searching.cancel()


async def test_the_old_are_left_alone() -> None:
    """A search of all would hold a large shop up for seconds."""
    searches: list[int] = []

    def seen(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            searches.append(info["generation"])

    searching = asyncio.create_task(young_garbage.by_time())
    gc.callbacks.append(seen)
    try:
        async with asyncio.timeout(WAIT_S_MAX):
            while len(searches) < 3:
                await asyncio.sleep(0)
    finally:
        gc.callbacks.remove(seen)
        searching.cancel()
    assert {young_garbage.YOUNG} == set(searches)


def test_no_count_of_objects_has_all_searched() -> None:
    """Python's own rule would, after so many searches of the young."""
    young_garbage.rarely_by_count()
    youngest, young, old = gc.get_threshold()
    assert youngest * young < 10_000_000
    assert old == (0 if INCREMENTAL else young_garbage.THRESHOLDS[2])


@pytest.mark.parametrize("was", [True, False])
def test_what_is_made_unsearched_is_searched_afterwards_as_before(was: bool) -> None:
    """Also where making it failed; who had switched it off finds it so."""
    before = gc.isenabled()
    (gc.enable if was else gc.disable)()
    try:
        with contextlib.suppress(KeyError), young_garbage.unsearched():
            assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() == was
    finally:
        (gc.enable if before else gc.disable)()


@pytest.mark.parametrize("items", [0, 6_000])
def test_a_shop_that_answers_leaves_nothing_in_cycles(items: int) -> None:
    """Therefore the old need no search: what is forgotten is free at once; so with a catalogue."""
    warm(ranker=False)
    settings = Settings(**OPEN, best_fit=False, **(SETTINGS if items else {}))
    catalog = Catalog.of(settings)
    assert all(map(catalog.put, assortment(items)))
    shop, pending, slots = Shop(settings), PendingPrompts(), SLOTS if items else None
    gc.collect()  # of the compiler
    for offset, event in enumerate(workload(4_000, slots=slots)):
        shop.learn(0, offset, event)
        now_ms = event.occurred_at_ms
        shop.answer(event, 0, offset, pending, now_ms=now_ms, catalog=catalog or None)
    assert gc.collect() < LEFT_MAX
    assert shop.position  # it is still there: what was found is what it had let go
