"""The owner's side of a replica: when it answers, by a clock of its own."""

from dataclasses import replace

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.settings import Settings
from streams.shop.shop import Shop
from streams.worker.answering.answering import TIMED_EVERY, Answering
from streams.worker.health.bounds import bounds
from streams.worker.replica import Replica
from streams.worker.telemetry import Telemetry
from tests.stand_ins import Record, recorded
from tests.stories import NOON_MS, OPEN, Story

TTL_S = 120.0


class Clock:
    """Stands still, and counts how often it is looked at."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s
        self.looks = 0

    def __call__(self) -> float:
        """The time, in seconds since 1970."""
        self.looks += 1
        return self.now_s


def answered(records: list[Record], now_s: float) -> tuple[Telemetry, Clock]:
    """What a worker counts that folds these records and answers them at this time."""
    settings, clock = Settings(**OPEN, prompt_ttl_s=TTL_S), Clock(now_s)
    replica = Replica(settings, Shop(settings), Telemetry())
    Answering(replica, clock).answer(0, records)
    return replica.telemetry, clock


async def test_what_has_waited_longer_than_a_prompt_lives_is_counted_as_expired() -> None:
    """A worker looks at its clock once for what one fetch brought."""
    story = Story()
    records = [recorded(story.view("bread"), offset) for offset in range(3)]
    in_time, _ = answered(records, NOON_MS / 1000 + TTL_S)
    too_late, clock = answered(records, NOON_MS / 1000 + TTL_S + 3)

    assert {"no_candidate": 3} == in_time.silences
    assert {"expired": 3} == too_late.silences
    assert (1, 3) == (clock.looks, too_late.folded)


async def test_clocks_that_are_ahead_are_counted_once() -> None:
    """When their event is folded, and not when it comes again."""
    event = Story().view("bread", occurred_at_ms=NOON_MS + 360_000)
    ahead = replace(recorded(event, 0), timestamp=NOON_MS)
    telemetry, _ = answered([ahead, recorded(Story().view("jam"), 1)], NOON_MS / 1000)
    again, _ = answered([ahead, ahead], NOON_MS / 1000)

    assert (1, 1) == (telemetry.clocks_ahead, again.clocks_ahead)


def test_stages_are_timed_in_one_slice_of_some_and_every_event_is_answered() -> None:
    """The first event of it: what it waited for us, how long it took to fold and to decide."""
    settings, story = Settings(**OPEN), Story()
    telemetry = Telemetry()
    answering = Answering(Replica(settings, Shop(settings), telemetry), Clock(NOON_MS / 1000 + 2))
    for slice_ in range(TIMED_EVERY + 1):
        events = [recorded(story.view("bread"), 3 * slice_ + at) for at in range(3)]
        answering.answer(0, [replace(record, timestamp=NOON_MS) for record in events])
    timed = [telemetry.ingest_ms, telemetry.fold_ms, telemetry.decide_ms]

    assert [2, 2, 2] == [sum(stage.counts) for stage in timed]
    assert 4_000 == telemetry.ingest_ms.sum_ms
    assert min(stage.sum_ms for stage in timed) > 0
    assert 3 * (TIMED_EVERY + 1) == telemetry.answered == telemetry.folded


def test_prompts_that_are_pending_are_bounded_as_sessions_are_in_each_partition() -> None:
    """And what `goeswith sizes` says of them is the room that they get."""
    settings = Settings(**OPEN, partitions=2, sessions_max=3)
    replica = Replica(settings, Shop(settings), Telemetry())
    answering = Answering(replica, Clock(NOON_MS / 1000))
    for partition in range(2):
        visits = [Story(f"visit-{partition}-{number}") for number in range(9)]
        taught = [visit.add(item) for visit in visits for item in ("bread", "butter")]
        asked = [Story(f"ask-{partition}-{number}").view("bread") for number in range(9)]
        records = [recorded(event, offset) for offset, event in enumerate(taught)]
        records += [recorded(event, len(taught) + at) for at, event in enumerate(asked)]
        answering.answer(partition, records)

    bound = next(one for one in bounds(settings) if one.table == "pending prompts")
    held = [len(pending._prompts) for pending in answering._pending.values()]
    assert [bound.entries] * bound.partitions == [3, 3] == held


def test_a_catalogue_that_says_nothing_is_none_until_it_says_something() -> None:
    """It is looked at once a slice: every event that asks would look at all that it may keep."""
    settings = Settings(**OPEN)
    replica = Replica(settings, Shop(settings), Telemetry())
    answering = Answering(replica, Clock(NOON_MS / 1000))
    assert (int(NOON_MS), None, None) == answering.moment()

    replica.catalog.put(CatalogItem(item_id="butter", hidden=True))
    replica.controls.put("prompts.paused", True, size=9)
    assert (replica.catalog, replica.controls.now) == answering.moment()[1:]
