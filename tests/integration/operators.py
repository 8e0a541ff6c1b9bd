"""What the tests of the operator's commands share: commands as they are typed, records by hand."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from click.testing import CliRunner, Result
from kafka import OffsetAndMetadata, TopicPartition
from kafka.errors import NoError

from streams.cli.root import goeswith
from streams.clients.log_reader import Partition, committed_offsets
from streams.clients.sync_kafka import open_admin, open_producer
from streams.contract.dead_letters import Header
from streams.contract.settings import Settings
from streams.lab.embedded.worker_process import environment

EMPTY_S_MAX = 60.0


class ByHand(NamedTuple):
    """A record that nobody but the test has written."""

    key: bytes | None
    value: bytes | None
    partition: int = 0
    timestamp_ms: int | None = None
    headers: tuple[Header, ...] = ()


def send(settings: Settings, topic: str, records: Iterable[ByHand]) -> None:
    """Write records; they are there when this returns."""
    with open_producer(settings) as producer:
        sent = [
            producer.send(
                topic,
                key=record.key,
                value=record.value,
                partition=record.partition,
                timestamp_ms=record.timestamp_ms,
                headers=list(record.headers),
            )
            for record in records
        ]
        for future in sent:
            future.get(timeout=10)


def create(settings: Settings, topic: str, partitions: int, config: dict[str, str]) -> None:
    """A topic as somebody else would make it."""
    wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": config}
    with open_admin(settings) as admin:
        admin.create_topics({topic: wanted}, wait_for_metadata=True)


def commit(settings: Settings, offsets: dict[int, int]) -> None:
    """What a worker would have acknowledged, once nobody is in the group any more."""
    events = settings.topics.events
    with open_admin(settings) as admin:
        committed_offsets(settings, admin, [Partition(events, p) for p in offsets])  # it waits for
        wanted = {
            TopicPartition(events, p): OffsetAndMetadata(o, "", -1) for p, o in offsets.items()
        }
        deadline_s = time.monotonic() + EMPTY_S_MAX
        # the group's coordinator, which a new cluster has to find
        while {*admin.alter_group_offsets(settings.group_id, wanted).values()} != {NoError}:
            assert time.monotonic() < deadline_s, "a member that left stays for its session timeout"
            time.sleep(0.5)


class Operator:
    """Somebody at a terminal, with the settings of one shop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.columns = 200

    def types(self, *words: str, answers: str = "") -> Result:
        """What a command says, and its exit code."""
        env = {**environment(self.settings), "COLUMNS": str(self.columns)}
        return CliRunner().invoke(goeswith, words, env=env, input=answers)

    def asks(self, *words: str) -> Any:
        """The one JSON object that a command prints."""
        result = self.types(*words, "--json")
        assert not isinstance(result.exception, AssertionError), result.output
        return json.loads(result.stdout)


OperatorOf = Callable[..., Operator]
