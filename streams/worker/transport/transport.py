"""Faust's Kafka transport, mended: one fetch is one event, a *round* (see `transport/rounds.py`).

Stock Faust spends 50 to 200 µs of CPU on handing over one record. Here the records of all
partitions that one fetch brought make up the value of one Faust event, so that price is paid once
a round. Every topic of an app with this transport has to be read with `RoundSchema`.

Mended besides:

- *Holes.* Records that Faust drops around a rebalance are asked for again: the next-offset rule.
  What was fetched and not handed over is asked for at once: a next record may be long in coming.
- *Commits.* Rounds are acknowledged in order, so what is committed is what was acknowledged last;
  never beyond a hole (Faust issue 606), and never nothing because another commit was just running.
- *Back-pressure.* When every partition is full, Faust sleeps a second; here 2 ms.
- *Fetching and group errors*: see `streams/worker/transport/group_consumer.py`.

Of the private names that this leans on, `streams/worker/transport/private_names.py` says at
start-up which are gone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, cast

import faust
from aiokafka.errors import ConsumerStoppedError, KafkaError
from faust.events import Event
from faust.transport.drivers import aiokafka as faust_aiokafka
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from mode.utils.futures import notify

from streams.contract.errors import NameTaken
from streams.contract.settings import Settings
from streams.worker.telemetry import Telemetry
from streams.worker.transport.adaptive_fetch import AdaptiveFetch
from streams.worker.transport.group_consumer import GroupConsumer, held_back
from streams.worker.transport.new_group import (
    still_beyond_the_end,
    warning_of_commits,
    warning_of_new_group,
)
from streams.worker.transport.rounds import FetchPositions, NextOffset, Round, cut

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


class Consumer(faust_aiokafka.Consumer):
    """Hands rounds to the agent and commits what was acknowledged."""

    transport: "Transport"
    _thread: GroupConsumer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offsets: NextOffset[TP] = NextOffset()
        self._acknowledged: dict[TP, int] = {}
        self._dropped: set[TP] = set()
        """Partitions of which something was fetched, and not handed over."""

    def _new_consumer_thread(self) -> GroupConsumer:
        return GroupConsumer(self, loop=self.loop, beacon=self.beacon)

    # Handing over

    async def seek_to_committed(self) -> Mapping[TP, Any]:
        """Go back to what is committed; what never was begins where its log begins.

        So does what is committed beyond the end: it is no commit of this log, and is taken back.
        All of them are sought: what was fetched since they were assigned is not handed over, and
        without a commit, or with one at 0, aiokafka would go on behind it.
        """
        committed: dict[TP, Any] = dict(await super().seek_to_committed())
        known = {tp: offset for tp, offset in committed.items() if offset is not None}
        ahead = await still_beyond_the_end(known, self.highwaters)
        committed |= dict.fromkeys(ahead)
        known = {tp: offset for tp, offset in known.items() if tp not in ahead}
        unsought = {tp: 0 for tp, offset in known.items() if offset == 0}
        begins: dict[TP, int] = {}
        if unknown := committed.keys() - known.keys():
            begins = dict(await self.earliest_offsets(*unknown))
        if begins or unsought:
            await self.seek_wait(begins | unsought)
        if unknown:
            if ahead:
                self._begin_anew({tp: begins[tp] for tp in ahead}, ahead)
            elif not known:
                self._tell_of_a_new_group(begins)
            known |= begins
        self._offsets.start(known)
        self.transport.answered.update({tp.partition: offset for tp, offset in known.items()})
        return committed

    def _begin_anew(self, begins: Mapping[TP, int], ahead: Mapping[TP, int]) -> None:
        """Answer from where the log begins, and commit that: what was committed says nothing."""
        self.log.warning(
            warning_of_commits(
                self.transport.settings, {tp.partition: offset for tp, offset in ahead.items()}
            )
        )
        for tp, begin in begins.items():
            self._committed_offset.pop(tp, None)
            self._acknowledged[tp] = begin

    def _tell_of_a_new_group(self, begins: Mapping[TP, int]) -> None:
        """Warn once, when the worker joins first: what was on the log by then is folded by now."""
        by_number = {tp.partition: begin for tp, begin in begins.items()}
        position = cast("Any", self.app).replica.shop.position
        said = warning_of_new_group(self.transport.settings, by_number, position)
        if said and not self.transport.answered:
            self.log.warning(said)

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
        parameters = self.transport.adaptive_fetch.parameters
        self._offsets.ask_anew()
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                batches = (await self._wait_next_records(FETCH_TIMEOUT_S))[0] or {}
                generation = self.app.consumer_generation_id
                now = self.transport.adaptive_fetch.observe(
                    sum(map(len, batches.values())), monotonic()
                )
                if now is not parameters:
                    self._thread.set_fetch_parameters(parameters := now)
                if batches and not self.should_stop:
                    await self._hand_over(batches, generation, self._thread.fetch_positions.since)
                else:
                    await asyncio.sleep(0)
                if self._dropped and self.flow_active:
                    await self._ask_for_dropped()
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
                stale = not self.flow_active or self.app.consumer_generation_id != generation
                if stale or not await self._deliver(round_, generation):
                    self._dropped.update(batches)
                    return

    async def _ask_for_dropped(self) -> None:
        """Ask for what was not handed over as the group dealt its partitions anew."""
        dropped, self._dropped = self._dropped & self.assignment(), set()
        if dropped:
            await self._ask_again(self._offsets.next(dropped))

    async def _ask_again(self, holes: Mapping[TP, int]) -> None:
        self.transport.telemetry.holes += len(holes)
        self.log.info("holes in what was fetched, asking again: %r", holes)
        try:
            await self.seek_wait(holes)
        except (KafkaError, TimeoutError) as error:
            self.log.warning("could not ask for %r again: %r; the next fetch will", holes, error)
            self._dropped.update(holes.keys() & self.assignment())  # it may be gone by now
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
            self._acknowledged[tp] = self.transport.answered[tp.partition] = batch[-1].offset + 1
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
        """Faust waits for the rounds under way and commits them; then forget the rest."""
        await super().on_partitions_revoked(revoked)
        self._thread.fetch_positions = FetchPositions()
        self._dropped -= revoked
        for tp in revoked:
            self._acknowledged.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """The worker has joined its group; fails it if another one has taken its name."""
        static = self.transport.settings.static_membership
        if static and self._thread.membership.replaced(generation_id, monotonic()):
            name = self._thread.membership.name
            taken = f"another worker runs under worker_name={name}, and has taken our place"
            await self.crash(NameTaken(f"{taken} in the group: give every worker its own name"))
            return
        await super().on_partitions_assigned(assigned, generation_id)
        self._thread.owners_unknown = static

    async def verify_all_partitions_active(self) -> None:
        """Nothing: Faust's detector of stuck partitions knows single records only."""


class Transport(faust_aiokafka.Transport):
    """The transport of `app`."""

    Consumer = Consumer

    def __init__(self, app: Any, settings: Settings, telemetry: Telemetry) -> None:
        super().__init__(app.conf.broker_consumer, app)
        self.settings = settings
        self.telemetry = telemetry
        self.answered: dict[int, int] = {}
        """The next offset to answer of each partition that was ever ours."""
        self.reader: Any = None
        """The consumer of the group, once there is one."""
        self.adaptive_fetch = AdaptiveFetch(settings, monotonic())

    def held_back(self) -> Mapping[int, int]:
        """How many offsets of each partition of ours wait for a transaction to end."""
        return held_back(self.reader) if self.reader is not None else {}
