"""The consumer of the workers' group: how it joins, and how it fetches, in a thread of its own.

Mended, beside Faust's own: fetching follows the rate of events instead of waiting up to 1.5 s, each
read is noted (so that the next-offset rule can tell a hole from what is not in the log), errors of
the group are taken notice of, for which aiokafka waits for ever and Faust never does, no
partition is left without an owner (`streams.worker.transport.membership`), and the thread ends: a
rebalance waits for no answer of a worker that has crashed (mode serves its queue no more), and the
connection is closed when the commits under way have their answers.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IncompatibleBrokerVersion,
    KafkaError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest
from faust.transport.drivers import aiokafka as faust_aiokafka
from faust.types import TP
from mode import Service

from streams.clients.async_kafka import reading_options, translating_corruption
from streams.clients.connection.async_security import translating_refusals
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.connection.refusals import refusal
from streams.clients.connection.stopping import answered_unless, heeding_our_cancellation
from streams.contract.errors import GoeswithError
from streams.worker.transport.adaptive_fetch import FetchParameters
from streams.worker.transport.membership import Membership, listed, unowned
from streams.worker.transport.rounds import FetchPositions

COMMIT_S_MAX = 3.0
"""So long the end of the thread waits for commits under way."""
GROUP_ERRORS_EVERY_S = 1.0
OWNERS_EVERY_S = 2.0
NEVER_TOLD = (GroupAuthorizationFailedError, IncompatibleBrokerVersion)
"""We may not ask, or the broker is embedded."""
STABLE = "Stable"
"""What Kafka says of a group whose members all know what they have."""


class GroupConsumer(faust_aiokafka.AIOKafkaConsumerThread):
    """The consumer of the workers' group, in a thread of its own."""

    transport: Any
    """Our `Transport`: settings, adaptive fetch, telemetry."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fetch_positions: FetchPositions[TP] = FetchPositions()
        settings = self.transport.settings
        self.membership = Membership(settings.worker_name, settings.session_timeout_s)
        self.owners_unknown = False
        """Whether it has joined, and not seen since that every partition has an owner."""
        self._commits: set[asyncio.Task[bool]] = set()

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        settings = self.transport.settings
        parameters = self.transport.adaptive_fetch.parameters
        self._assignor = RoundRobinPartitionAssignor
        consumer = AIOKafkaConsumer(
            **reading_options(settings),
            group_id=settings.group_id,
            group_instance_id=settings.worker_name if settings.static_membership else None,
            partition_assignment_strategy=[self._assignor],
            session_timeout_ms=int(settings.session_timeout_s * 1000),
            rebalance_timeout_ms=int(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=int(settings.heartbeat_s * 1000),
            max_poll_interval_ms=24 * 3600 * 1000,
            fetch_max_wait_ms=parameters.wait_ms,
            fetch_min_bytes=parameters.bytes_min,
        )
        limit_metadata_requests(consumer._client)
        self.transport.reader = consumer
        return consumer

    async def on_thread_stop(self) -> None:
        """The thread ends, and the consumer with it, after the commits under way."""
        with heeding_our_cancellation():
            await self.method_queue.stop()  # no further commits, and nobody waits for these
            if self._commits:
                await asyncio.wait(self._commits, timeout=COMMIT_S_MAX)
            await super().on_thread_stop()

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        commit = asyncio.create_task(super()._commit(offsets))
        self._commits.add(commit)
        commit.add_done_callback(self._commits.discard)
        return await asyncio.shield(commit)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Tell the worker, unless it has crashed."""
        await answered_unless(self._worker_crashed, super().on_partitions_revoked(revoked))

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Tell the worker, unless it has crashed."""
        told = super().on_partitions_assigned(assigned, generation_id)
        await answered_unless(self._worker_crashed, told)

    def _worker_crashed(self) -> bool:
        return bool(self.consumer.crashed)

    async def _fetch_records(self, consumer: Any, *args: Any, **kwargs: Any) -> Any:
        self.fetch_positions.begins(_positions(consumer))
        with translating_corruption(), translating_refusals(self.transport.settings):
            batches = await super()._fetch_records(consumer, *args, **kwargs)
        self.fetch_positions.ended(_positions(consumer), batches)
        return batches

    def set_fetch_parameters(self, parameters: FetchParameters) -> None:
        """From the next request on, fetch like this (the fetcher reads both for each request)."""
        fetcher = self._ensure_consumer()._fetcher
        fetcher._fetch_max_wait_ms, fetcher._fetch_min_bytes = parameters

    @Service.task
    async def _pump_group_errors(self) -> None:
        async for _ in self.itertimer(GROUP_ERRORS_EVERY_S, name="group-errors"):
            coordinator = getattr(self._consumer, "_coordinator", None)
            try:
                if coordinator is not None:
                    coordinator.check_errors()
            except KafkaError as error:
                self.transport.telemetry.group_errors += 1
                if refused := refusal(error, self.transport.settings):
                    self._end_worker(refused)
                    return
                self.log.warning("the consumer group reported %r: joining again", error)

    @Service.task
    async def _pump_owners(self) -> None:
        async for _ in self.itertimer(OWNERS_EVERY_S, name="owners"):
            try:
                if self.owners_unknown and self._has_coordinator():
                    await self._see_to_owners(self._ensure_consumer())
            except NEVER_TOLD:
                self.owners_unknown = False
            except KafkaError as error:
                self.log.info("the group does not say who owns what: %r; asking again", error)

    def _has_coordinator(self) -> bool:
        return self._ensure_consumer()._coordinator.coordinator_id is not None

    async def _see_to_owners(self, consumer: Any) -> None:
        """Join again if a partition has no owner: see `streams.worker.transport.membership`."""
        topic = self.transport.settings.topics.events
        told = await consumer._client.send(  # not by the coordinator's way: that logs, and resets
            consumer._coordinator.coordinator_id,
            DescribeGroupsRequest([self.transport.settings.group_id]),
            group=ConnectionGroup.COORDINATION,
        )
        error, _, state, _, _, members, *_ = told.groups[0]
        if error:
            raise for_code(error)
        if state != STABLE:
            return  # it is being settled: look again
        missing = unowned(
            topic, consumer.partitions_for_topic(topic) or (), [member[-1] for member in members]
        )
        self.owners_unknown = bool(missing)
        if missing:
            said = "nobody owns %s of %s: joining again, so that somebody does"
            self.log.warning(said, listed(missing), topic)
            self.membership.joins_again()
            consumer._coordinator.request_rejoin()

    def _end_worker(self, reason: GoeswithError) -> None:
        """Asking again would be of no use."""
        asyncio.run_coroutine_threadsafe(self.consumer.crash(reason), self.parent_loop)


def _states(consumer: Any) -> dict[TP, Any]:
    """What aiokafka knows of each partition that it has."""
    subscription = consumer._subscription.subscription
    assignment = subscription.assignment if subscription else None
    return {tp: assignment.state_value(tp) for tp in assignment.tps} if assignment else {}


def _positions(consumer: Any) -> dict[TP, int]:
    """The next offset that aiokafka will read of each partition, where it is settled."""
    return {
        tp: state.position for tp, state in _states(consumer).items() if state.has_valid_position
    }


def held_back(consumer: Any) -> dict[int, int]:
    """How many offsets of each partition wait for a transaction to end, as of the last fetch."""
    return {
        tp.partition: state.highwater - state.lso
        for tp, state in _states(consumer).items()
        if state.lso is not None and state.highwater > state.lso
    }
