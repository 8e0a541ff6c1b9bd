"""Faust's transport, mended: handing rounds over, asking again, acknowledging in order."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka.errors import IllegalStateError
from faust.types import TP

from streams.contract.settings import Settings
from streams.worker.telemetry import Telemetry
from streams.worker.transport.transport import Consumer, RoundSchema, Transport
from tests.stand_ins import Record

BREAD, JAM = TP("goeswith.events", 0), TP("goeswith.events", 1)


def records(*offsets: int) -> list[Record]:
    """Records at these offsets."""
    return [Record(offset, b"{}") for offset in offsets]


class Shelf(Consumer):
    """A consumer whose broker is a note of what it was asked for."""

    sought: list[Mapping[TP, int]]
    committed: list[TP]
    refusing: Exception | None = None
    mine: set[TP]
    """The partitions that are dealt to it."""

    def assignment(self) -> set[TP]:
        """These."""
        return self.mine

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Note what is asked for again, or refuse."""
        if self.refusing is not None:
            raise self.refusing
        self.sought.append(partitions)

    async def force_commit(self, *_: Any, **__: Any) -> bool:
        """Note the partitions that have something to commit; takes a moment."""
        committing = self._filter_tps_with_pending_acks()
        for tp in committing:
            self._new_offset(tp)
        await asyncio.sleep(0)
        self.committed += committing
        return True


class Bench:
    """A consumer that hands over to a list, and everything it is made of."""

    def __init__(self) -> None:
        self.handed: list[Any] = []
        self.telemetry = Telemetry()
        app = faust.App("transport", broker="kafka://127.0.0.1:1")
        app.transport = Transport(app, Settings(round_records_max=2), self.telemetry)
        self.consumer = Shelf(
            app.transport, self.take, self.nothing, self.nothing, loop=asyncio.get_running_loop()
        )
        self.consumer.sought, self.consumer.committed = [], []
        self.consumer.mine = {BREAD, JAM}
        app.consumer = self.consumer
        app.consumer_generation_id = 1

    async def take(self, message: Any) -> None:
        """The conductor's part: the message is in the agent's queue."""
        self.handed.append(message)
        self.consumer.track_message(message)

    async def nothing(self, *_: Any) -> None:
        """No rebalance here."""

    async def fetched(self, batches: Mapping[TP, list[Record]], generation: int = 1) -> None:
        """What one fetch brought."""
        read_from = {tp: batch[0].offset for tp, batch in batches.items()}
        await self.consumer._hand_over(batches, generation, read_from)

    def offsets(self) -> list[dict[int, list[int]]]:
        """Of each round: partition -> offsets."""
        return [
            {tp.partition: [record.offset for record in batch] for tp, batch in message.value}
            for message in self.handed
        ]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A consumer to go on at offset 0 of both partitions."""
    bench = Bench()
    bench.consumer._offsets.start({BREAD: 0, JAM: 0})
    yield bench
    bench.consumer._thread.thread_loop.close()


async def test_a_fetch_is_cut_into_rounds_over_all_its_partitions(bench: Bench) -> None:
    """No round holds more records of a partition than the setting allows."""
    await bench.fetched({BREAD: records(0, 1, 2), JAM: records(0)})

    assert bench.offsets() == [{0: [0, 1], 1: [0]}, {0: [2]}]


async def test_a_hole_is_asked_for_once_and_counted(bench: Bench) -> None:
    """When the answer shows it again it is real."""
    await bench.fetched({BREAD: records(3, 4)})
    asked = list(bench.consumer.sought)
    await bench.fetched({BREAD: records(3, 4)})

    assert asked == bench.consumer.sought == [{BREAD: 0}]
    assert bench.telemetry.holes == 1
    assert bench.offsets() == [{0: [3, 4]}]


async def test_a_hole_in_one_partition_does_not_hold_up_the_others(bench: Bench) -> None:
    """What is whole is handed over."""
    await bench.fetched({BREAD: records(3), JAM: records(0)})

    assert bench.offsets() == [{1: [0]}]


@pytest.mark.parametrize("refusal", [IllegalStateError("not assigned"), TimeoutError()])
async def test_a_hole_that_cannot_be_asked_for_is_asked_for_next_time(
    bench: Bench, refusal: Exception
) -> None:
    """The consumer survives the refusal, and does not take the hole for real."""
    bench.consumer.refusing = refusal
    await bench.fetched({BREAD: records(3)})
    bench.consumer.refusing = None
    await bench.fetched({BREAD: records(4)})

    assert bench.consumer.sought == [{BREAD: 0}]
    assert bench.offsets() == []


async def test_what_is_dropped_in_a_rebalance_shows_as_a_hole_later(bench: Bench) -> None:
    """Faust suspends the flow; what was fetched before is not handed over, and not forgotten."""
    bench.consumer.stop_flow()
    await bench.fetched({BREAD: records(0, 1)})
    bench.consumer.resume_flow()
    await bench.fetched({BREAD: records(2)})

    assert bench.offsets() == []
    assert bench.consumer.sought == [{BREAD: 0}]


async def test_what_is_dropped_is_asked_for_without_another_record(bench: Bench) -> None:
    """A quiet shop may have none for hours: until then nobody would be answered."""
    bench.consumer.stop_flow()
    await bench.fetched({BREAD: records(0, 1), JAM: records(0)})
    bench.consumer.resume_flow()
    await bench.fetched({JAM: records(0)}, generation=0)
    await bench.consumer._ask_for_dropped()
    await bench.fetched({BREAD: records(0, 1), JAM: records(0)})

    assert bench.consumer.sought == [{BREAD: 0, JAM: 0}]
    assert bench.offsets() == [{0: [0, 1], 1: [0]}]


async def test_what_was_dropped_of_a_partition_that_is_gone_is_not_asked_for(bench: Bench) -> None:
    """Its next owner begins with what is committed."""
    bench.consumer.stop_flow()
    await bench.fetched({BREAD: records(0), JAM: records(0)})
    bench.consumer.resume_flow()
    bench.consumer.mine = {JAM}
    await bench.consumer._ask_for_dropped()
    await bench.consumer._ask_for_dropped()

    assert bench.consumer.sought == [{JAM: 0}]


async def test_a_refusal_keeps_nothing_of_a_partition_that_is_gone(bench: Bench) -> None:
    """It is revoked while it is asked for: whoever asked for it again would be refused for ever."""
    bench.consumer.refusing, bench.consumer.mine = TimeoutError(), {JAM}
    await bench.fetched({BREAD: records(3), JAM: records(3)})
    bench.consumer.refusing = None
    await bench.consumer._ask_for_dropped()

    assert bench.consumer.sought == [{JAM: 0}]


async def test_what_an_earlier_generation_fetched_is_not_handed_over(bench: Bench) -> None:
    """The partition may be somebody else's by now."""
    await bench.fetched({BREAD: records(0)}, generation=0)

    assert bench.offsets() == []


async def test_repeats_are_not_handed_over_again(bench: Bench) -> None:
    """Faust delivers the first record after an assignment twice."""
    await bench.fetched({BREAD: records(0, 1)})
    await bench.fetched({BREAD: records(1, 2)})

    assert bench.offsets() == [{0: [0, 1]}, {0: [2]}]


async def test_a_round_commits_behind_its_last_record_of_each_partition(bench: Bench) -> None:
    """An offset is committed once."""
    await bench.fetched({BREAD: records(0, 1), JAM: records(0)})
    (message,) = bench.handed
    first, again = (bench.consumer.ack(message) for _ in range(2))

    assert (first, again) == (True, False)
    assert set(bench.consumer._filter_tps_with_pending_acks()) == {BREAD, JAM}
    assert bench.consumer._new_offset(BREAD) == 2
    assert bench.consumer._new_offset(JAM) == 1
    assert bench.consumer._new_offset(BREAD) is None


async def test_a_round_that_is_not_acknowledged_commits_nothing(bench: Bench) -> None:
    """Not even one record (Faust issue 606)."""
    await bench.fetched({BREAD: records(0)})

    assert bench.consumer._new_offset(BREAD) is None
    assert len(bench.consumer.unacked) == 1


async def test_the_last_commit_is_not_lost_to_one_that_was_running(bench: Bench) -> None:
    """What was acknowledged while the timer's commit ran is committed before the partitions go."""
    await bench.fetched({BREAD: records(0), JAM: records(0)})
    running = asyncio.ensure_future(bench.consumer.commit())
    await asyncio.sleep(0)
    bench.consumer.ack(bench.handed[0])

    await bench.consumer.commit_and_end_transactions()
    await running

    assert set(bench.consumer.committed) == {BREAD, JAM}


async def test_the_value_of_an_event_is_the_round_itself(bench: Bench) -> None:
    """Nothing is decoded or copied on the way to the agent."""
    await bench.fetched({BREAD: records(0)})
    decode = RoundSchema().compile(bench.consumer.app)

    event = await decode(bench.handed[0])

    assert event.value is bench.handed[0].value


class Group:
    """The thread of a consumer: what its group has committed, and where the log begins."""

    def __init__(self, committed: Mapping[TP, int | None]) -> None:
        self.committed = committed

    async def seek_to_committed(self) -> Mapping[TP, int | None]:
        """What is committed."""
        return self.committed

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """The log begins at 5."""
        return dict.fromkeys(partitions, 5)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """It ends at 12."""
        return dict.fromkeys(partitions, 12)


@pytest.mark.parametrize(
    ("committed", "position", "lines"),
    [
        ({BREAD: None, JAM: None}, {0: 12, 1: 5}, 1),
        ({BREAD: None, JAM: None}, {0: 5, 1: 5}, 0),
        ({BREAD: None, JAM: 7}, {0: 12, 1: 9}, 0),
    ],
    ids=["new on an old log", "new on a new log", "known"],
)
async def test_a_new_group_on_an_old_log_is_told_of_once(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    committed: Mapping[TP, int | None],
    position: Mapping[int, int],
    lines: int,
) -> None:
    """However often it joins before it has committed something; where it begins is sought."""
    app: Any = bench.consumer.app
    app.replica = SimpleNamespace(shop=SimpleNamespace(position=position))
    thread, bench.consumer._thread = bench.consumer._thread, Group(committed)  # type: ignore[assignment]
    for _ in range(2):
        await bench.consumer.seek_to_committed()
    bench.consumer._thread = thread

    said = [line.getMessage() for line in caplog.records if line.levelname == "WARNING"]
    unknown = [tp for tp, offset in committed.items() if offset is None]
    assert [dict.fromkeys(unknown, 5)] * 2 == bench.consumer.sought
    assert lines == len(said)
    assert all("group goeswith has committed nothing" in line for line in said)


@pytest.mark.parametrize(
    ("committed", "sought"),
    [({BREAD: 0, JAM: 7}, {BREAD: 0}), ({BREAD: 0, JAM: None}, {BREAD: 0, JAM: 5})],
)
async def test_a_commit_at_the_very_beginning_is_sought_too(
    bench: Bench, committed: Mapping[TP, int | None], sought: Mapping[TP, int]
) -> None:
    """The client itself seeks only what is greater; what it had fetched would be a hole."""
    thread, bench.consumer._thread = bench.consumer._thread, Group(committed)  # type: ignore[assignment]
    await bench.consumer.seek_to_committed()
    bench.consumer._thread = thread

    assert [sought] == bench.consumer.sought


async def test_a_commit_beyond_the_end_is_no_commit_of_this_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered from where the log begins, and that is committed; others are left alone."""
    group = Group({BREAD: 5_000, JAM: 12})
    thread, bench.consumer._thread = bench.consumer._thread, group  # type: ignore[assignment]
    bench.consumer._committed_offset[BREAD] = 5_000
    committed = await bench.consumer.seek_to_committed()
    bench.consumer._thread = thread

    assert {BREAD: None, JAM: 12} == committed
    assert [{BREAD: 5}] == bench.consumer.sought
    assert {BREAD: 5} == bench.consumer._acknowledged
    assert bench.consumer._should_commit(BREAD, 5)
    assert {BREAD.partition: 5, JAM.partition: 12} == bench.consumer.transport.answered
    (said,) = [line.getMessage() for line in caplog.records if line.levelname == "WARNING"]
    assert "has committed 5,000 of partition 0: more than goeswith.events holds" in said
