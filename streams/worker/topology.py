"""The dataflow on one screen.

```
events ──round──► fold ──► answer ──► prompts, outcomes, dead letters ──► acknowledged ──► views
   └────────► follower ──► fold
```
"""

import asyncio
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

import faust
from faust.app import BootStrategy
from faust.tables.manager import TableManager
from mode import Service

from streams.clients.async_kafka import LogIdentity
from streams.clients.checkpoints.store import Store
from streams.clients.connection.addresses import broker_addresses, free_port
from streams.clients.tracing.tracing import Tracing
from streams.contract.settings import Settings
from streams.shop.memory.answer import Answer
from streams.shop.shared_settings import told, versions
from streams.shop.shop import Shop
from streams.worker.answering.answering import Answered, Answering, prompted_ms
from streams.worker.answering.taking_back import Offered, TakingBack
from streams.worker.answering.traced import answering_of
from streams.worker.checkpointing.checkpointer import Checkpointer
from streams.worker.checkpointing.other_log import WaitForTheLog
from streams.worker.checkpointing.restoring import CheckpointFindings, last_shop
from streams.worker.delivery import Delivery, OutgoingRecord, Publisher
from streams.worker.health.agreement import Admission, Agreement
from streams.worker.health.pages.page_server import PageServer
from streams.worker.health.pages.pages import ViewHealth, show_health, show_state
from streams.worker.health.topics.looking import TopicsLook
from streams.worker.health.topics.watch import TopicWatch
from streams.worker.health.watchdog import Watchdog
from streams.worker.replica import Fold, Replica
from streams.worker.telemetry import Telemetry
from streams.worker.transport.credentials import broker_credentials
from streams.worker.transport.log_throttle import limit_log_rate
from streams.worker.transport.membership import assignment_change
from streams.worker.transport.private_names import check_transport_api
from streams.worker.transport.reference_topics import Reference, ReferenceTopics
from streams.worker.transport.rounds import slices
from streams.worker.transport.transport import RoundSchema, Transport

logger = logging.getLogger(__name__)

ROUNDS_QUEUED_MAX = 32


class Views(ViewHealth, Offered, Protocol):
    """A service that shows answers elsewhere (`views/writer.py`); goeswith goes on without it."""


class Boot(BootStrategy):
    """What starts, in order: the worker joins its group only when it knows the shop."""

    app: "App"
    enable_kafka_producer = False
    """Ours is `Delivery`."""

    def kafka_consumer(self) -> Iterable[Any]:
        """Everything that runs before the consumer of the group, and stops after it."""
        return [*self.app.before_joining, *super().kafka_consumer()]


class NoTables(TableManager):
    """There are none: Faust would wait a second for them, in which nobody is answered."""

    async def on_start(self) -> None:
        """As Faust's, at once."""
        await self._update_channels()
        await self.recovery.start()


class App(faust.App):
    """A worker, and its parts for pages and tests."""

    BootStrategy = Boot
    before_joining: Sequence[Service] = ()
    assigned: frozenset[int] | None = None
    """The partitions to answer for; None while the worker is in no group."""
    answer: Any
    """The agent (None where a worker only folds)."""
    topic_watch: TopicWatch
    watchdog: Watchdog
    replica: Replica
    reference: Reference
    """Catalogue and controls, as far as they were read."""
    telemetry: Telemetry

    def _new_web(self) -> PageServer:
        """Faust's own server of pages has no bounds."""
        return PageServer(self)


def create_app(
    settings: Settings,
    *,
    telemetry: Telemetry | None = None,
    views: Views | None = None,
    shop: Fold | None = None,
    delivery: Publisher | None = None,
    store: Store | None = None,
    tracing: Tracing | None = None,
) -> App:
    """The worker's app. `store` keeps checkpoints; `shop` and `delivery` may be a test's own."""
    check_transport_api()
    limit_log_rate()
    app = App(settings.group_id, **_faust_settings(settings))
    app.telemetry = telemetry = telemetry or Telemetry()
    found = CheckpointFindings()
    restore = partial(last_shop, settings, store, telemetry, found) if store else None
    waits = WaitForTheLog(restore, found)
    shop = shop or Shop(settings)
    app.replica = replica = Replica(settings, shop, telemetry, waits)
    app.topic_watch = _topic_watch(settings, replica, telemetry, waits)
    agreement = _agreement(settings, shop, replica)
    app.transport = transport = Transport(app, settings, telemetry)
    app.watchdog = _watchdog(app, settings, transport, agreement)
    parts: list[object] = [replica, app.watchdog]
    app.reference = Reference(settings, replica.catalog, replica.controls, telemetry)
    reference = ReferenceTopics(settings, app.reference)
    if settings.answering:
        parts.insert(1, reference)
        publisher = delivery or Delivery(settings)
        answering = answering_of(replica, tracing)
        taking_back = _answer_events(app, settings, publisher, views, answering)
        parts = [views, publisher, *parts, taking_back]
        if store is not None and settings.checkpoint_every_s:
            parts.append(_checkpointer(app, settings, store, found))
        parts.append(Admission(agreement))
    parts[:0] = [agreement, app.topic_watch]  # beside all others: nobody waits for them in the end
    app.before_joining = [part for part in parts if isinstance(part, Service)]
    app.boot_strategy.enable_kafka_consumer = settings.answering
    _show_pages(app, settings, views, agreement, found, reference)
    return app


def _show_pages(
    app: App,
    settings: Settings,
    views: Views | None,
    agreement: Agreement,
    found: CheckpointFindings,
    reference: ReferenceTopics,
) -> None:
    """State and health, as HTTP pages."""
    topics, dog = app.topic_watch, app.watchdog
    held_back, kept = cast("Transport", app.transport).held_back, app.reference.as_json
    show_state(app, settings, lambda: agreement.told, topics, lambda: dog.ends, kept)
    show_health(app, dog, views, held_back, found.notes, topics, lambda: reference.notes)


def _watchdog(app: App, settings: Settings, transport: Transport, agreement: Agreement) -> Watchdog:
    """Whether the worker gets on."""
    return Watchdog(
        settings,
        app.replica,
        assigned=lambda: app.assigned if settings.answering else frozenset(),
        answered=lambda number: transport.answered.get(number, 0),
        differing=lambda: agreement.reasons,
    )


def _topic_watch(
    settings: Settings, replica: Replica, telemetry: Telemetry, waits: WaitForTheLog
) -> TopicWatch:
    """Whether the topics are still as the worker needs them."""
    return TopicWatch(
        settings,
        TopicsLook(settings, replica),
        telemetry,
        topics_there=replica.topics_there,
        topic_id=lambda: replica.topic_id,
        waiting=lambda: waits.reasons,
    )


def _agreement(settings: Settings, shop: Fold, replica: Replica) -> Agreement:
    """What this worker has, and whether its peers have the same."""
    of_state = versions(shop.parts()) if isinstance(shop, Shop) else {}
    return Agreement(settings, partial(told, settings, of_state), replica.topics_there)


def _answer_events(
    app: App, settings: Settings, delivery: Publisher, views: Views | None, answering: Answering
) -> TakingBack:
    """The dataflow proper; and what takes back, beside it, what it has said."""
    taking_back = TakingBack(app.replica, delivery, lambda: app.assigned, answering.withdrew, views)
    app.reference.heard = taking_back.pointless.heard

    @app.agent(app.topic(settings.topics.events, schema=RoundSchema()), name="answer")
    async def answer(rounds: Any) -> None:
        async for event in rounds.noack().events():
            answered, outgoing = list[Answered](), list[OutgoingRecord]()
            for partition, records in slices(event.value):
                await answering.reach(partition, records[0].offset)
                told = answering.answer(partition, records)
                outgoing += (record for each in told for record in answering.outgoing(each))
                answered += told
                await asyncio.sleep(0)
            asked_ms = prompted_ms(answered)
            shown = [] if views is None else [each.answer for each in answered]
            then = answering.ending(partial(delivered, event, asked_ms, shown, _now_ms()))
            await taking_back.publish(outgoing, answered, then)
            app.telemetry.handed(asked_ms, _now_ms())

    def delivered(event: Any, asked_ms: list[int], shown: list[Answer], began_ms: float) -> None:
        event.ack()
        app.telemetry.delivered(asked_ms, _now_ms(), began_ms)
        if views is not None:
            views.offer(shown)

    _follow_the_group(app, answering, taking_back)
    app.answer = answer
    return taking_back


def _follow_the_group(app: App, answering: Answering, taking_back: TakingBack) -> None:
    """Say what we answer for, whenever the group deals its partitions."""
    said: frozenset[int] = frozenset()

    @app.on_partitions_revoked.connect
    async def revoked(*_: Any, **__: Any) -> None:
        app.assigned = None
        app.replica.take_up_all()

    @app.on_partitions_assigned.connect
    async def assigned(*args: Any, **__: Any) -> None:
        nonlocal said
        app.assigned = frozenset(tp.partition for tp in args[-1])
        answering.keep(app.assigned)
        taking_back.keep(app.assigned)
        if change := assignment_change(said, app.assigned):
            logger.warning("%s of %s", change, app.replica.settings.topics.events)
        said = app.assigned


def _now_ms() -> float:
    return time.time() * 1000


def _checkpointer(
    app: App, settings: Settings, store: Store, found: CheckpointFindings
) -> Checkpointer:
    """One worker writes: the one that answers for partition 0."""
    return Checkpointer(
        settings,
        store,
        app.telemetry,
        found,
        shop=lambda: cast("Shop", app.replica.shop),
        log=lambda: LogIdentity(app.replica.cluster, app.replica.topic_id),
        ours=lambda: 0 in (app.assigned or ()),
        is_same_log=app.topic_watch.is_same_log,
    )


def data_folder(settings: Settings) -> Path:
    """Where Faust keeps its files."""
    name = f"goeswith-{os.getuid()}-{settings.worker_name}"
    return Path(settings.data_dir or Path(tempfile.gettempdir()) / name)


def _faust_settings(settings: Settings) -> dict[str, Any]:
    """Faust's own settings; most of them switch something off (its group consumer is ours)."""
    return {
        "broker": [f"kafka://{h}:{p}" for h, p in broker_addresses(settings.kafka_bootstrap)],
        "broker_credentials": broker_credentials(settings),
        "datadir": data_folder(settings),
        "store": "memory://",
        "TableManager": NoTables,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "topic_partitions": settings.partitions,
        "table_standby_replicas": 0,
        "agent_supervisor": "mode.CrashingSupervisor",
        "processing_guarantee": "at_least_once",
        "broker_session_timeout": settings.session_timeout_s,
        "broker_commit_interval": settings.commit_interval_s,
        "producer_request_timeout": 10.0,
        "stream_buffer_maxsize": ROUNDS_QUEUED_MAX,
        "stream_wait_empty": True,
        "web_bind": settings.web_bind,
        "web_host": settings.page_host,
        "web_port": settings.web_port or free_port(settings.page_host),
        "web_tables_enabled": False,
        "web_router_enabled": False,
        "worker_redirect_stdouts": False,
    }
