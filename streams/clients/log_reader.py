"""Reads topics for people and storefronts: outside of any group, and committing nothing.

Only what is committed is read: a partition ends at its last stable offset, where a transaction that
is still open begins, and offsets of what was aborted are passed as those of markers are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any, NamedTuple

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
)

from streams.clients.sync_kafka import (
    open_admin,
    open_consumer,
    partition_count,
    translating_errors,
)
from streams.contract.errors import KafkaUnreachable
from streams.contract.settings import Settings

POLL_S = 0.2
"""How long one poll waits: what was aborted and markers of transactions pass unseen within it."""
NO_COORDINATOR = (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
)
"""What a broker says of a group while its coordinator is being found, or moves."""
COORDINATOR_POLL_S = 0.1


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


class RawRecord(NamedTuple):
    """One record of the log, raw; `timestamp_ms` is negative where the log has none."""

    at: Partition
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


Offsets = Mapping[Partition, int]
"""An offset of each partition."""


@contextmanager
def open_reader(settings: Settings, *topics: str) -> "Iterator[LogReader]":
    """A reader of all partitions of the topics; raises `TopicsWrong` when one is missing."""
    with open_admin(settings) as admin:
        partitions = [
            Partition(topic, number)
            for topic in topics
            for number in range(partition_count(admin, topic, settings))
        ]
    with open_consumer(settings) as consumer:
        yield LogReader(consumer, partitions, settings)


class LogReader:
    """Offsets and records of some partitions. Every call ends within `kafka_timeout_s`."""

    def __init__(self, consumer: Any, partitions: list[Partition], settings: Settings) -> None:
        self.partitions = partitions
        self._consumer = consumer
        self._settings = settings
        self._left: dict[Partition, int] = {}

    def begins(self) -> dict[Partition, int]:
        """The first offset that each partition still holds."""
        return self._asked(self._consumer.beginning_offsets)

    def ends(self) -> dict[Partition, int]:
        """The offset up to which each partition can be read now."""
        return self._asked(self._consumer.end_offsets)

    def since(self, time_ms: int) -> dict[Partition, int]:
        """The offset of each partition's first record that is not older.

        The embedded broker does not look for times: there it is the beginning.
        """
        if self._settings.kafka_api_version:
            return self.begins()
        ends = self.ends()
        with translating_errors(self._settings):
            found = self._consumer.offsets_for_times(
                {TopicPartition(*at): time_ms for at in self.partitions}
            )
        return {
            Partition(*at): hit.offset if hit else ends[Partition(*at)] for at, hit in found.items()
        }

    def go_to(self, offsets: Offsets) -> None:
        """Read from these offsets on, and these partitions only."""
        self._consumer.assign([TopicPartition(*at) for at in offsets])
        for at, offset in offsets.items():
            self._consumer.seek(TopicPartition(*at), offset)

    def poll(self, timeout_s: float, records_max: int = 500) -> list[RawRecord]:
        """What has come, once something has; nothing when nothing came in time."""
        with translating_errors(self._settings):
            polled = self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=records_max)
        return [_record(record) for records in polled.values() for record in records]

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """What lies from `begins` up to `ends`: in order by partition, and all of it, or an error.

        Raises `KafkaUnreachable` when nothing comes any more, though there should be something.
        """
        left = self._left = {at: ends[at] for at, begin in begins.items() if begin < ends[at]}
        self.go_to({at: begins[at] for at in left})
        deadline, stood = self._deadline(), dict[Partition, int]()
        while left:
            records = self.poll(POLL_S)
            for record in records:
                if record.offset < left.get(record.at, 0):
                    deadline = self._deadline()
                    yield record
            stands = {record.at: record.offset + 1 for record in records if record.at in left}
            if stands:  # whoever takes them may have taken long
                deadline = self._deadline()
            if not records:  # to ask for all positions takes longer than to read some records
                stands = self._stands(left)
                if stands != stood:  # also over what was aborted, of which there can be much
                    deadline, stood = self._deadline(), stands
            self._drop(left, [at for at in stands if stands[at] >= left[at]])
            if left and monotonic() > deadline:
                raise KafkaUnreachable(
                    f"Kafka at {self._settings.kafka_bootstrap} stopped answering; what was shown "
                    "is not all"
                )

    def unread(self) -> set[int]:
        """In the midst of `between`: the numbers of partitions of which there may be more."""
        return {at.number for at in self._left}

    def first_times_ms(self, begins: Offsets, ends: Offsets) -> dict[Partition, int | None]:
        """The timestamp of the first record at or behind each offset, one read for all of them.

        None: there is none before the end (what was aborted and markers of transactions have
        offsets, but are not handed out). A partition is left out when the broker did not answer in
        time.
        """
        left = {at: ends[at] for at in begins}
        found: dict[Partition, int | None] = {}
        self.go_to(begins)
        deadline = self._deadline()
        while left and monotonic() < deadline:
            for record in self.poll(POLL_S, records_max=1):
                found.setdefault(record.at, record.timestamp_ms)
            for at, offset in self._stands(left).items():
                if offset >= left[at]:
                    found.setdefault(at, None)
            self._drop(left, [at for at in left if at in found])
        return found

    def _deadline(self) -> float:
        return monotonic() + self._settings.kafka_timeout_s

    def _drop(self, left: dict[Partition, int], done: Iterable[Partition]) -> None:
        """Read these partitions no further.

        Not by a pause: kafka-python 3.0.12 can hold on to a paused partition for ever.
        """
        for at in (gone := list(done)):
            del left[at]
        if gone and left:
            self._consumer.assign([TopicPartition(*at) for at in left])

    def _stands(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The next offset to read of each of them, markers and what was aborted passed."""
        with translating_errors(self._settings):
            return {at: int(self._consumer.position(TopicPartition(*at))) for at in partitions}

    def _asked(self, offsets_of: Any) -> dict[Partition, int]:
        with translating_errors(self._settings):
            found = offsets_of([TopicPartition(*at) for at in self.partitions])
        return {Partition(*at): offset for at, offset in found.items()}


def committed_offsets(
    settings: Settings, admin: Any, partitions: Iterable[Partition]
) -> dict[Partition, int | None]:
    """What the workers' group has committed; None where it never has.

    Asked again while the broker is still looking for the group's coordinator: on a new cluster the
    first question makes it create the topic of committed offsets, and says "not available" so long.
    """
    asked = {settings.group_id: [TopicPartition(*at) for at in partitions]}
    found = _of_group(settings, lambda: admin.list_group_offsets(asked))
    return {Partition(*at): None if o.offset < 0 else o.offset for at, o in found.items()}


def committed_topics(settings: Settings, admin: Any, group: str) -> list[str]:
    """The topics on which a group has committed an offset, of those that we may describe."""
    there = settings.model_copy(update={"group_id": group})
    found = _of_group(there, lambda: admin.list_group_offsets({group: None}))
    return sorted({at.topic for at in found})


class GroupMember(NamedTuple):
    """A consumer in a group, and what it has of a topic."""

    name: str
    """Of a static member its `group.instance.id`, else what its client calls itself."""
    host: str
    partitions: tuple[int, ...]


def group_members(
    settings: Settings, admin: Any, topic: str = ""
) -> tuple[GroupMember, ...] | None:
    """Who is in the workers' group, by name, and what each has of a topic (that of the events).

    None where the broker cannot be asked.

    A worker that was killed stays in it until its session timeout is over.
    """
    if settings.kafka_api_version:  # the embedded broker does not know the question
        return None
    found = _of_group(settings, lambda: admin.describe_groups([settings.group_id]))
    topic = topic or settings.topics.events
    members = (_member(member, topic) for member in found.get("members") or ())
    return tuple(sorted(members))


def _of_group(settings: Settings, ask: Callable[[], Any]) -> Any:
    """The answer for the workers' group, once its coordinator has been found."""
    deadline = monotonic() + settings.kafka_timeout_s
    with translating_errors(settings):
        while True:
            try:
                return ask()[settings.group_id]
            except NO_COORDINATOR:
                if monotonic() > deadline:
                    raise
                sleep(COORDINATOR_POLL_S)


def _member(member: Mapping[str, Any], topic: str) -> GroupMember:
    assignment = member.get("member_assignment") or {}
    assigned = assignment.get("assigned_partitions", ()) if isinstance(assignment, dict) else ()
    numbers = [n for of in assigned if of["topic"] == topic for n in of["partitions"]]
    name = member.get("group_instance_id") or member["client_id"].removeprefix("goeswith-")
    return GroupMember(name, member["client_host"].removeprefix("/"), tuple(sorted(numbers)))


def high_watermarks(
    settings: Settings, admin: Any, partitions: Iterable[Partition]
) -> dict[Partition, int]:
    """The offset that each partition's next record will get, whatever transactions are open."""
    latest = dict.fromkeys((TopicPartition(*at) for at in partitions), OffsetSpec.LATEST)
    with translating_errors(settings):
        found = admin.list_partition_offsets(latest)
    return {Partition(*at): mark.offset for at, mark in found.items()}


def _record(record: Any) -> RawRecord:
    return RawRecord(
        Partition(record.topic, record.partition),
        record.offset,
        -1 if record.timestamp is None else record.timestamp,
        record.key,
        record.value,
        list(record.headers or ()),
    )
