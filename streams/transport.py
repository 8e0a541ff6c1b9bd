"""Faust's Kafka transport, mended: one fetch is one event, a *round* (see `streams/rounds.py`).

Stock Faust spends 50 to 200 µs of CPU on handing over one record. Here the records of all
partitions that one fetch brought make up the value of one Faust event, so that price is paid once
a round. Every topic of an app with this transport has to be read with `RoundSchema`.

Mended besides:

- *Holes.* Records that Faust drops around a rebalance are asked for again: the next-offset rule.
- *Commits.* Rounds are acknowledged in order, so what is committed is what was acknowledged last;
  never beyond a hole (Faust issue 606), and never nothing because another commit was just running.
- *Group errors.* aiokafka waits for ever until somebody takes notice of one; Faust never does.
- *Back-pressure.* When every partition is full, Faust sleeps a second; here 2 ms.
- *Fetching* follows the rate of events (`streams/pace.py`), instead of waiting up to 1.5 s.

This leans on names that are private to two pinned packages; `streams/pinned.py` says at start-up
which of them are gone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, cast

import faust
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import ConsumerStoppedError, KafkaError
from faust.events import Event
from faust.transport.drivers import aiokafka as faust_aiokafka
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from mode import Service
from mode.utils.futures import notify

from streams.connection import be_patient, client_options
from streams.errors import NameTaken
from streams.membership import Membership
from streams.pace import Asking, Pace
from streams.rounds import NextOffset, Reading, Round, cut
from streams.settings import Settings
from streams.telemetry import Telemetry

GROUP_ERRORS_EVERY_S = 1.0
BACK_PRESSURE_POLL_S = 0.002
FETCH_TIMEOUT_S = 1.0
"""So long a fetch of Faust's waits for records before it looks around."""


class RoundSchema(faust.Schema[Any, Any]):
    """The event's value is the round itself: nothing is decoded before the agent."""

    def compile(self, app: Any, **_: Any) -> Callable[..., Any]:
        """The function that makes an event of a message."""

        async def decode(message: Any, **_: Any) -> Event:
            return Event(app, None, message.value, None, message)

        return decode


class GroupConsumer(faust_aiokafka.AIOKafkaConsumerThread):
    """The consumer of the workers' group, in a thread of its own."""

    transport: "Transport"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reading: Reading[TP] = Reading()

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        settings = self.transport.settings
        asking = self.transport.pace.asking
        self._assignor = RoundRobinPartitionAssignor
        consumer = AIOKafkaConsumer(
            **client_options(settings),
            group_id=settings.group_id,
            group_instance_id=settings.worker_name,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(settings.session_timeout_s * 1000),
            rebalance_timeout_ms=int(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=int(settings.heartbeat_s * 1000),
            max_poll_interval_ms=24 * 3600 * 1000,
            fetch_max_wait_ms=asking.wait_ms,
            fetch_min_bytes=asking.bytes_min,
        )
        be_patient(consumer._client)
        return consumer

    async def _fetch_records(self, consumer: Any, *args: Any, **kwargs: Any) -> Any:
        self.reading.begins(_positions(consumer))
        batches = await super()._fetch_records(consumer, *args, **kwargs)
        self.reading.ended(_positions(consumer), batches)
        return batches

    def ask(self, asking: Asking) -> None:
        """From the next request on, fetch like this (the fetcher reads both for each request)."""
        fetcher = self._ensure_consumer()._fetcher
        fetcher._fetch_max_wait_ms, fetcher._fetch_min_bytes = asking

    @Service.task
    async def _pump_group_errors(self) -> None:
        async for _ in self.itertimer(GROUP_ERRORS_EVERY_S, name="group-errors"):
            coordinator = getattr(self._consumer, "_coordinator", None)
            try:
                if coordinator is not None:
                    coordinator.check_errors()
            except KafkaError as error:
                self.transport.telemetry.group_errors += 1
                self.log.warning("the consumer group reported %r: joining again", error)


def _positions(consumer: Any) -> dict[TP, int]:
    """The next offset that aiokafka will read of each partition, where it is settled."""
    assignment = consumer._subscription.subscription.assignment
    states = {tp: assignment.state_value(tp) for tp in assignment.tps} if assignment else {}
    return {tp: state.position for tp, state in states.items() if state.has_valid_position}


class Consumer(faust_aiokafka.Consumer):
    """Hands rounds to the agent and commits what was acknowledged."""

    transport: "Transport"
    _thread: GroupConsumer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offsets: NextOffset[TP] = NextOffset()
        self._acknowledged: dict[TP, int] = {}
        settings = self.transport.settings
        self._membership = Membership(settings.worker_name, settings.session_timeout_s)

    def _new_consumer_thread(self) -> GroupConsumer:
        return GroupConsumer(self, loop=self.loop, beacon=self.beacon)

    # Handing over

    async def seek_to_committed(self) -> Mapping[TP, Any]:
        """Go back to what is committed; what never was begins where its log begins."""
        committed = await super().seek_to_committed()
        known = {tp: offset for tp, offset in committed.items() if offset is not None}
        if unknown := committed.keys() - known.keys():
            self._offsets.start(await self.earliest_offsets(*unknown))
        self._offsets.start(known)
        return committed

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109  # Faust's
        while (
            self.flow_active
            and not self.should_stop
            and not self._get_active_partitions()
            and self._buffered_partitions
        ):
            await asyncio.sleep(BACK_PRESSURE_POLL_S)
        return await super()._wait_next_records(timeout)

    async def _drain_messages(self, fetcher: Any) -> None:
        asking = self.transport.pace.asking
        self._offsets.ask_anew()
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                batches = (await self._wait_next_records(FETCH_TIMEOUT_S))[0] or {}
                generation = self.app.consumer_generation_id
                now = self.transport.pace.seen(sum(map(len, batches.values())), monotonic())
                if now is not asking:
                    self._thread.ask(asking := now)
                if batches and not self.should_stop:
                    await self._hand_over(batches, generation, self._thread.reading.since)
                else:
                    await asyncio.sleep(0)
        except (asyncio.CancelledError, ConsumerStoppedError):
            if not self.app.should_stop:
                raise

    async def _hand_over(
        self, batches: Mapping[TP, Any], generation: int, since: Mapping[TP, int]
    ) -> None:
        """What was fetched, as rounds; whatever is dropped on the way shows as a hole later."""
        topics: defaultdict[str, dict[Any, Any]] = defaultdict(dict)
        holes: dict[Any, int] = {}
        for tp, batch in batches.items():
            fresh, hole = self._offsets.sift(tp, batch, since.get(tp))
            if hole is not None:
                holes[tp] = hole
            elif fresh:
                topics[tp.topic][tp] = fresh
        if holes:
            await self._ask_again(holes)
        for parts in topics.values():
            for round_ in cut(parts, self.transport.settings.round_records_max):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                if not await self._deliver(round_, generation):
                    return

    async def _ask_again(self, holes: Mapping[TP, int]) -> None:
        self.transport.telemetry.holes += len(holes)
        self.log.info("holes in what was fetched, asking again: %r", holes)
        try:
            await self.seek_wait(holes)
        except (KafkaError, TimeoutError) as error:
            self.log.warning("could not ask for %r again: %r; the next fetch will", holes, error)
        else:
            self._offsets.asked(holes)

    async def _deliver(self, round_: Round[TP, Any], generation: int) -> bool:
        """Put a round in the agent's queue; False if a rebalance came in between."""
        tp, batch = round_[0]
        last = batch[-1]
        message = ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000,
            last.timestamp_type,
            headers=None,
            key=None,
            value=cast(Any, round_),
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            tp=TP(tp.topic, tp.partition),
            generation_id=generation,
        )
        task = asyncio.ensure_future(self.callback(message))
        await self.wait_first(task, self.suspend_flow.wait())
        if not task.done() or task.cancelled():
            return False
        for tp, batch in round_:
            self._offsets.handed(tp, batch)
        self.transport.telemetry.rounds += 1
        return True

    # Acknowledging, in order: the last offset of each partition is what can be committed

    def ack(self, message: Any) -> bool:
        """The agent is done with a round, and so is the broker with its answers."""
        if message.acked:
            return False
        message.acked = True
        self.unacked.discard(message)
        for tp, batch in message.value:
            self._acknowledged[tp] = batch[-1].offset + 1
        notify(self._waiting_for_ack)
        return True

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Any:
        return list(self._acknowledged)

    def _new_offset(self, tp: TP) -> int | None:
        return self._acknowledged.pop(tp, None)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        return False if self.crashed else await super()._commit(offsets)

    async def commit_and_end_transactions(self) -> None:
        """The last commit before partitions go; one that met a running commit did nothing.

        None after a crash: the consumer's thread is ending, and might never answer.
        """
        if self.crashed:
            return
        await self.commit()
        if self._acknowledged:
            await self.commit()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Wait for the rounds under way and commit them (Faust does), then forget the rest."""
        await super().on_partitions_revoked(revoked)
        self._thread.reading = Reading()
        for tp in revoked:
            self._acknowledged.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """The worker has joined its group; fails it if another one has taken its name."""
        if self._membership.replaced(generation_id, monotonic()):
            name = self._membership.name
            taken = f"another worker runs under worker_name={name}, and has taken our place"
            await self.crash(NameTaken(f"{taken} in the group: give every worker its own name"))
            return
        await super().on_partitions_assigned(assigned, generation_id)

    async def verify_all_partitions_active(self) -> None:
        """Nothing: Faust's detector of stuck partitions knows single records only."""


class Transport(faust_aiokafka.Transport):
    """The transport of `app`: `app.transport = Transport(app, settings, telemetry)`."""

    Consumer = Consumer

    def __init__(self, app: Any, settings: Settings, telemetry: Telemetry) -> None:
        super().__init__(app.conf.broker_consumer, app)
        self.settings = settings
        self.telemetry = telemetry
        self.pace = Pace(settings, monotonic())
