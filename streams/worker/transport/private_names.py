"""Private API check: the private names of Faust and aiokafka that we rely on, at start-up.

Both packages are pinned exactly. When one is changed all the same, a worker that silently loses a
mended part would be worse than one that does not start: so it says which names are gone.
"""

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import TopicPartitionState
from faust.app import App
from faust.tables.manager import TableManager
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as faust_aiokafka
from faust.web.drivers.aiohttp import Web
from faust.worker import Worker

from streams.clients.batches import patient_fetches
from streams.clients.batches.private_names import Methods, Uses, check_private_api

METHODS: Methods = {
    faust_aiokafka.Consumer: (
        "_commit",
        "_drain_messages",
        "_filter_tps_with_pending_acks",
        "_get_active_partitions",
        "_new_consumer_thread",
        "_new_offset",
        "_wait_next_records",
        "commit_and_end_transactions",
        "unacked",
        "verify_all_partitions_active",
    ),
    faust_aiokafka.AIOKafkaConsumerThread: (
        "_create_worker_consumer",
        "_ensure_consumer",
        "_fetch_records",
    ),
    TableManager: ("_update_channels",),
    Worker: ("_sentinel_task",),
    App: ("_new_web",),
    TopicPartitionState: ("has_valid_position", "position"),
    GroupCoordinator: ("check_errors", "request_rejoin"),
}
"""What is overridden or called, by its class."""

USES: Uses = (
    (faust_consumer.Consumer, "__init__", ("_buffered_partitions", "_waiting_for_ack")),
    (faust_consumer.Consumer, "perform_seek", ("seek_to_committed",)),
    (TableManager, "on_start", ("_update_channels", "recovery")),
    (Worker, "_shutdown_loop", ("_sentinel_task",)),
    (Web, "stop_server", ("_runner",)),
    (faust_consumer.Consumer, "wait_empty", ("commit_and_end_transactions",)),
    (faust_consumer.Consumer, "_filter_committable_offsets", ("_new_offset",)),
    (faust_aiokafka.AIOKafkaConsumerThread, "getmany", ("_fetch_records",)),
    (AIOKafkaConsumer, "__init__", ("_client", "_subscription")),
    (GroupCoordinator, "_send_req", ("coordinator_id", "_client")),
    (Fetcher, "_fetch_requests_routine", ("force_metadata_update",)),
    (AIOKafkaConsumer, "start", ("_fetcher", "_coordinator")),
    (TopicPartitionState, "__init__", ("highwater", "lso")),
    (Fetcher, "_get_actions_per_node", ("_fetch_max_wait_ms", "_fetch_min_bytes")),
)
"""Methods, and the names that they have to go on using for us to work."""


def check_transport_api() -> None:
    """Raise `TransportChanged` if Faust or aiokafka have lost a name that we rely on."""
    check_private_api("faust-streaming or aiokafka", METHODS, USES)
    check_private_api("aiokafka", patient_fetches.METHODS, patient_fetches.USES)
