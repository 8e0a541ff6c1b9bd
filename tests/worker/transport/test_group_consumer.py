"""The thread of the group's consumer: how it ends."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from faust.types import TP
from mode.threads import MethodQueue

from streams.worker.transport.group_consumer import GroupConsumer

BREAD = TP("bread", 0)


class Client:
    """A consumer of aiokafka's whose broker takes its time: what it was asked for, in order."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.answers = asyncio.Event()

    async def commit(self, _offsets: Mapping[Any, Any]) -> None:
        """As aiokafka's: what is cancelled goes on, and fails if the connection is closed."""
        await asyncio.shield(self._commit())

    async def _commit(self) -> None:
        self.said.append("commits")
        await self.answers.wait()
        self.said.append("committed")

    async def stop(self) -> None:
        """The connection is closed."""
        self.said.append("closed")


class Thread(GroupConsumer):
    """The service of the thread alone, in the loop of the test."""

    def __init__(self, client: Client, *, crashed: bool = False) -> None:
        self._consumer = client
        self._commits = set()
        self._method_queue = MethodQueue(loop=asyncio.get_running_loop())
        self.consumer: Any = SimpleNamespace(crashed=crashed)
        self.tp_last_committed_at: dict[TP, float] = {}

    def assignment(self) -> set[TP]:
        """One partition."""
        return {BREAD}


async def test_the_connection_is_closed_after_the_commits_under_way() -> None:
    """Closed before, each was an error in the log, with a traceback that nobody had asked for."""
    client = Client()
    thread = Thread(client)
    commit = asyncio.create_task(thread._commit({BREAD: 1}))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    commit.cancel()  # as the end of the queue does that it came by
    ending = asyncio.create_task(thread.on_thread_stop())
    while not client.said:
        await asyncio.sleep(0)
    client.answers.set()
    await ending

    assert ["commits", "committed", "closed"] == client.said


async def test_a_commit_says_what_came_of_it() -> None:
    """Whoever asked for it waits until then."""
    client = Client()
    client.answers.set()

    assert await Thread(client)._commit({BREAD: 1})
    assert ["commits", "committed"] == client.said


class Worker:
    """A worker that is never told: its queue is served no more."""

    crashed = False

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def threadsafe_partitions_assigned(self, *_: Any) -> None:
        """Nobody answers."""
        self.asked.set()
        await asyncio.sleep(3600)

    threadsafe_partitions_revoked = threadsafe_partitions_assigned


async def test_a_rebalance_does_not_wait_for_a_worker_that_has_crashed() -> None:
    """The thread would never end, and the worker be given up for dead after half a minute."""
    thread = Thread(Client())
    thread.thread_loop = asyncio.get_running_loop()
    for told in (thread.on_partitions_revoked, thread.on_partitions_assigned):
        thread.consumer = worker = Worker()
        rebalance = asyncio.create_task(told({BREAD}))
        await worker.asked.wait()
        worker.crashed = True
        await rebalance
