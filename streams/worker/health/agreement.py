"""Whether this worker agrees with its peers; until it does it answers nobody.

Beside the start (the log is folded meanwhile) it says what it has in the topic `agreement`, and
reads the topic up to that: it *claims* its place. If everybody who was there before has the same
(`streams.shop.shared_settings`), it may join the group. Otherwise it is not ready, names setting
and peer, goes on folding, and waits: for the peer to end, or for a start with other settings.
Its own name is no peer: a worker that was killed goes on at once under its name.

```
claim ──► nobody before us differs ──► here: joins the group, says so every third of a timeout
  ▲  └──► somebody does ──► waiting ──► he is gone
  └───────────────────────────────────────┘
```

A worker that could not say for a session timeout that it is there (it was paused, or the broker was
away) claims its place anew. Should somebody else with other settings have taken it meanwhile, it
fails, and waits after its next start. A standby (`answering` off) is in no one's way: it says
nothing, and is not ready while it differs from anyone.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError, TopicAuthorizationFailedError
from mode import Service

from streams.clients.async_kafka import RETRY_BACKOFF_MS, client_options, reading_options
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.connection.stopping import heeding_our_cancellation
from streams.contract.errors import NotAuthorized, SettingsDiffer
from streams.contract.settings import Settings
from streams.shop.shared_settings import differences, in_words
from streams.worker.health.peers import Peers, Standing, Statement

POLL_MS = 500
FIXED_WAIT_MS = 50
"""Where the broker answers after the wait, and no earlier."""
RECORDS_READ = 1000
"""So many of the latest records are read at the start: a worker says three in a timeout."""
STOP_S_MAX = 2.0


class Agreement(Service):
    """Says what we have, and reads what others have. `tell` makes what is told (it takes a while).

    `topics_there` is set when the topics have been looked at: nothing is asked of them before.
    """

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[], Mapping[str, Any]],
        topics_there: asyncio.Event,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.told: Mapping[str, Any] = {}
        """What this worker has; empty until it is worked out."""
        self.reasons: tuple[str, ...] = ()
        """What does not agree, a sentence each."""
        self.reached = asyncio.Event()
        """Set once we agree with all who were there before us."""
        self._settings, self._tell, self._topics_there = settings, tell, topics_there
        self._life = uuid4().hex
        self._timeout_s = settings.session_timeout_s
        name, silence_ms = settings.worker_name, 1000 * self._timeout_s
        self._peers = Peers(settings.group_id, name, self._life, silence_ms)
        self._at = TopicPartition(settings.topics.agreement, 0)
        self._producer: Any = None
        self._consumer: Any = None
        self._since: int | None = None
        self._read_to: int | None = None
        """Nothing is judged before the topic is read up to here; None: it is not known yet."""
        self._said_s = float("-inf")
        self._unheard = False

    @Service.task
    async def _keep(self) -> None:
        self.told = await asyncio.to_thread(self._tell)
        while not self.should_stop:
            try:
                if self._consumer is None:
                    await self._topics_there.wait()  # else a broker might create the topic for us,
                    await self._open()  # or refuse us, which is said once
                if self._read_to is None:
                    await self._begin()
                await self._look()
                self._unheard = False
            except ConsumerStoppedError:
                return
            except TopicAuthorizationFailedError:
                await self.crash(_forbidden(self._at.topic))
                return
            except SettingsDiffer as differ:
                await self.crash(differ)
                return
            except (KafkaError, TimeoutError) as error:
                if not self._unheard:
                    self.log.warning("peers cannot be told of us: %r; trying again", error)
                self._unheard = True
                await self.sleep(RETRY_BACKOFF_MS / 1000)

    async def on_stop(self) -> None:
        """We are gone: whoever waits for that need not wait for a timeout."""
        try:
            async with asyncio.timeout(STOP_S_MAX):
                if self._since is not None:
                    await self._say("gone")
                for client in (self._consumer, self._producer):
                    if client is not None:
                        with heeding_our_cancellation():
                            await client.stop()
        except (KafkaError, TimeoutError) as error:
            self.log.info("peers could not be told that we end: %r", error)

    async def _open(self) -> None:
        wait_ms = FIXED_WAIT_MS if self._settings.fetch_wait_fixed else POLL_MS
        producer = AIOKafkaProducer(**client_options(self._settings), acks="all")
        consumer = AIOKafkaConsumer(**reading_options(self._settings), fetch_max_wait_ms=wait_ms)
        limit_metadata_requests(producer.client)
        limit_metadata_requests(consumer._client)  # noqa: SLF001
        started = await asyncio.gather(producer.start(), consumer.start(), return_exceptions=True)
        if failed := [error for error in started if error is not None]:
            await asyncio.gather(producer.stop(), consumer.stop())
            raise failed[0]
        self._producer, self._consumer = producer, consumer

    async def _begin(self) -> None:
        """Claim our place; read from a little before the end of the topic up to that."""
        self._consumer.assign([self._at])
        if self._settings.answering:
            await self._stand("here")
        else:
            self._read_to = (await self._consumer.end_offsets([self._at]))[self._at]
        self._consumer.seek(self._at, max(0, (self._read_to or 0) - RECORDS_READ))

    async def _look(self) -> None:
        """Say what is to be said, read what others say, and judge."""
        if self._settings.answering and self._due():
            await self._stand("waiting" if self.reasons else "here")
        wait_ms = min(POLL_MS, int(1000 * self._timeout_s / 6))  # two looks between two beats
        batches = await self._consumer.getmany(self._at, timeout_ms=wait_ms)
        for record in batches.get(self._at, ()):
            self._peers.note(record.offset, record.timestamp, record.value, _now_ms())
        read = await self._consumer.position(self._at) >= self._read_to
        if read and not self.should_stop:
            await self._judge()

    def _due(self) -> bool:
        return time.monotonic() - self._said_s >= self._timeout_s / 3

    async def _judge(self) -> None:
        peers = self._peers.there(before=self._since, at_ms=_now_ms())
        reasons = tuple(
            f"{in_words(difference, peer.worker)}, which was here first"
            for peer in peers
            for difference in differences(self.told, peer.told)
        )
        if reasons and self.reached.is_set() and self._settings.answering:
            raise SettingsDiffer("; ".join(reasons))
        if reasons and not self.reasons:
            self.log.warning("not ready: %s", "; ".join(reasons))
        claims = not reasons and self._since is None and self._settings.answering
        self.reasons = reasons
        if claims:
            await self._stand("here")
        elif reasons and self._since is not None:
            await self._stand("waiting")
        elif not reasons:
            self.reached.set()

    async def _stand(self, standing: Standing) -> None:
        """Say where we stand; `here` is a claim if we had no place, or were silent for too long."""
        if time.monotonic() - self._said_s > self._timeout_s or standing == "waiting":
            self._since = None
        offset = await self._say(standing)
        if standing == "here" and self._since is None:
            self._since, self._read_to = offset, offset + 1

    async def _say(self, standing: Standing) -> int:
        said = Statement(
            group=self._settings.group_id,
            worker=self._settings.worker_name,
            life=self._life,
            standing=standing,
            since=self._since,
            told=dict(self.told),
        )
        async with asyncio.timeout(self._timeout_s):
            done = await self._producer.send_and_wait(
                self._at.topic,
                said.model_dump_json().encode(),
                key=said.worker.encode(),
                partition=self._at.partition,
            )
        self._said_s = time.monotonic()
        return int(done.offset)


class Admission(Service):
    """The last thing before the group is joined: waits until we agree."""

    def __init__(self, agreement: Agreement, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._agreement = agreement

    async def on_start(self) -> None:
        """Return when we may join, or when the worker is told to stop."""
        await self.wait(self._agreement.reached.wait())


def _now_ms() -> float:
    return time.monotonic() * 1000


def _forbidden(topic: str) -> NotAuthorized:
    return NotAuthorized(
        f"a worker must read and write {topic}, by which workers tell each other their settings: "
        "Kafka does not let us. Give its user Read and Write on that topic"
    )
