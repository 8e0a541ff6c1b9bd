"""The fold of a worker: each event once, whoever sees it first."""

import asyncio

import pytest

from streams.contract.errors import FoldStalled, InvalidEvent
from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.worker.replica import Replica
from streams.worker.telemetry import Telemetry
from tests.stand_ins import CountingShop, Record, recorded
from tests.stories import Story


def replica(**settings: object) -> Replica:
    """A replica of a shop that counts, without a follower."""
    return Replica(Settings(**settings), CountingShop(), Telemetry())  # type: ignore[arg-type]


def fold(copy: Replica, record: Record) -> Event | InvalidEvent:
    """Read a record and fold it; what it holds."""
    (found,) = copy.read([record])
    copy.fold(0, record.offset, found)
    return found


def test_what_the_follower_folded_is_not_folded_again_by_the_agent() -> None:
    """The position makes the second sight free; the event is there to be answered all the same."""
    copy, bread = replica(), Story().view("bread")

    seen = [fold(copy, recorded(bread, 0)) for _ in range(2)]

    assert seen == [bread, bread]
    assert copy.telemetry.folded == 1
    assert copy.telemetry.repeats == 1


def test_a_record_that_is_no_event_moves_the_position() -> None:
    """The log goes on behind it."""
    copy = replica()

    found = fold(copy, Record(0, b"not JSON"))

    assert isinstance(found, InvalidEvent)
    assert copy.position(0) == 1


def test_offsets_that_the_log_does_not_hold_are_stepped_over_and_counted() -> None:
    """Retention and transactions leave such gaps; the fold goes on behind them."""
    copy, story = replica(), Story()
    fold(copy, recorded(story.view("bread"), 0))

    fold(copy, recorded(story.view("jam"), 5))

    assert copy.position(0) == 6
    assert copy.telemetry.gaps == 4


async def test_the_agent_goes_on_at_once_where_everything_before_is_folded() -> None:
    """That is how it nearly always is."""
    copy = replica()
    fold(copy, recorded(Story().view("bread"), 0))

    await copy.reach(0, 1)

    assert copy.telemetry.gap_waits == 0


async def test_the_agent_waits_until_the_follower_has_closed_a_gap() -> None:
    """After a takeover the follower may still be on its way."""
    copy, story = replica(), Story()
    waiting = asyncio.ensure_future(copy.reach(0, 2))
    await asyncio.sleep(0)
    before = waiting.done()
    for offset in range(2):
        fold(copy, recorded(story.view("bread"), offset))

    await asyncio.wait_for(waiting, 5)

    assert not before
    assert copy.telemetry.gap_waits == 1


async def test_a_gap_that_is_not_closed_in_time_fails_the_worker() -> None:
    """It says which partition waits at which offset, instead of hanging."""
    with pytest.raises(FoldStalled, match=r"partition 3 waited 0.01 s at offset 0 .* before 7"):
        await replica(gap_wait_s_max=0.01).reach(3, 7)
