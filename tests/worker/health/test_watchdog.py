"""A worker that does not get on: told apart from a broker that is away, and from an idle log."""

from collections.abc import Mapping

import pytest
from aiokafka.errors import KafkaConnectionError

from streams.contract.errors import WorkerStuck
from streams.contract.settings import Settings
from streams.worker.health.watchdog import Watchdog


class Log:
    """One partition, as a replica sees it: where it ends, and what the follower has read."""

    def __init__(self, end: int) -> None:
        self.end, self.read, self.away = end, 0, False
        self.taken_up: set[int] = set()

    async def ends(self) -> Mapping[int, int]:
        """Where it ends, if the broker is there."""
        if self.away:
            raise KafkaConnectionError("nobody there")
        return {0: self.end}

    def take_up(self, partitions: list[int]) -> None:
        """Note what is followed."""
        self.taken_up.update(partitions)

    async def holds_more(self, partition: int, offset: int, end: int) -> bool:
        """Whether the follower has seen a record there."""
        return self.read > offset


class Worker:
    """A worker of one partition, and its watchdog."""

    def __init__(self, end: int = 9, read: int = 9) -> None:
        self.log = Log(end)
        self.log.read = read
        self.assigned: frozenset[int] | None = frozenset({0})
        self.answered = 5
        self.differing: tuple[str, ...] = ()
        self.dog = Watchdog(
            Settings(stuck_s_max=60),
            self.log,
            assigned=lambda: self.assigned,
            answered=lambda _: self.answered,
            differing=lambda: self.differing,
        )

    async def watched(self, *seconds: float) -> bool:
        """Whether it is ready after it was looked at, at these times."""
        for second in seconds:
            await self.dog.look(second)
        return self.dog.health.ready


async def test_a_worker_that_gets_on_is_ready_however_far_behind_it_is() -> None:
    """A backlog is no reason to send it away."""
    worker = Worker(end=1_000_000, read=1_000_000)
    ready = []
    for second in range(0, 300, 5):
        worker.answered += 1
        ready.append(await worker.watched(second))

    assert set(ready) == {True}


async def test_a_worker_that_stands_still_before_records_is_not_ready() -> None:
    """It says where, and for how long."""
    worker = Worker()

    assert await worker.watched(0, 9)
    assert not await worker.watched(12)
    assert worker.dog.health.reasons == ("partition 0 stuck at offset 5 for 12 s",)


async def test_a_worker_that_stands_still_for_too_long_fails() -> None:
    """The next one answers what it did not."""
    with pytest.raises(WorkerStuck, match="partition 0 stuck at offset 5 for 60 s"):
        await Worker().watched(0, 30, 60)


async def test_a_worker_that_moves_again_is_ready_again() -> None:
    """One step is enough."""
    worker = Worker()
    before = await worker.watched(0, 20)
    worker.answered += 1

    assert [before, await worker.watched(21)] == [False, True]


class Two:
    """A worker of two partitions, looked at every five seconds: the first stands still."""

    def __init__(self, *, backlog: int) -> None:
        self.answered, self.backlog = {0: 5, 1: 0}, backlog
        self.dog = Watchdog(
            Settings(stuck_s_max=60),
            self,
            assigned=lambda: frozenset({0, 1}),
            answered=self.answered.__getitem__,
        )

    async def ends(self) -> Mapping[int, int]:
        """The first holds more than is answered; the second gets an event a second."""
        return {0: 9, 1: self.answered[1] + self.backlog}

    def take_up(self, partitions: list[int]) -> None:
        """There is no follower."""

    async def holds_more(self, partition: int, offset: int, end: int) -> bool:
        """All of them are records."""
        return True

    async def fails_after_s(self) -> int:
        """When it is given up."""
        for second in range(0, 1_000, 5):
            try:
                await self.dog.look(second)
            except WorkerStuck:
                return second
            assert second < 10 or not self.dog.health.ready
            self.answered[1] += 5
        raise AssertionError("never")


async def test_a_partition_that_waits_for_others_that_are_late_has_longer() -> None:
    """Too little time is no fault: the next worker would be as late, and have to learn first."""
    assert 300 == await Two(backlog=100).fails_after_s()


async def test_a_partition_that_stands_still_beside_others_that_keep_up_fails_in_time() -> None:
    """They have events under way at each look, and none of those waits for long."""
    assert 60 == await Two(backlog=3).fails_after_s()


async def test_markers_of_transactions_are_nothing_to_answer() -> None:
    """The log ends behind its last record; the follower looks, and finds none."""
    worker = Worker(end=6, read=5)

    assert await worker.watched(0, 100, 1000)
    assert worker.log.taken_up == {0}


async def test_a_broker_that_is_away_is_no_reason_to_fail() -> None:
    """Not ready, for as long as it takes; and when it is back the clock begins anew."""
    worker = Worker()
    await worker.watched(0, 20)
    known = worker.dog.ends
    worker.log.away = True
    away = await worker.watched(30, 300)
    unknown = worker.dog.ends
    worker.log.away = False

    assert [away, await worker.watched(301, 310)] == [False, True]
    assert ({0: 9}, {}, {0: 9}) == (known, unknown, worker.dog.ends)
    assert not await worker.watched(312)


async def test_a_worker_in_no_group_is_not_ready_and_fails_in_the_end() -> None:
    """The group is what gives it work."""
    worker = Worker()
    worker.assigned = None

    assert not await worker.watched(0)
    assert worker.dog.health.reasons == ("joining its group",)
    with pytest.raises(WorkerStuck, match="in no group for 61 s"):
        await worker.watched(61)


async def test_a_worker_that_the_group_gives_nothing_is_ready() -> None:
    """There are more workers than partitions: it stands by."""
    worker = Worker()
    worker.assigned = frozenset()

    assert await worker.watched(0, 100)


async def test_a_worker_that_waits_for_a_peer_of_other_settings_is_not_ready_and_not_stuck() -> (
    None
):
    """However long that takes; it says what differs, and joins its group when nothing does."""
    worker = Worker()
    worker.assigned, worker.differing = None, ("holdout_salt is 1 here, 2 at ann",)
    waits = await worker.watched(0, 30, 600)
    said = worker.dog.health.reasons
    worker.differing = ()
    joins = await worker.watched(601, 605)

    assert (waits, said) == (False, ("holdout_salt is 1 here, 2 at ann",))
    assert (joins, worker.dog.health.reasons) == (False, ("joining its group",))


async def test_a_standby_that_differs_is_not_ready() -> None:
    """It is in no group, and misses none."""
    worker = Worker()
    worker.assigned, worker.differing = frozenset(), ("holdout_salt is 1 here, 2 at ann",)

    assert not await worker.watched(0, 30)
