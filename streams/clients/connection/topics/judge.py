"""What is wrong with the topics as they are: each finding is an error or a warning, with a way on.

Pure: what was seen of the topics at one look goes in, findings come out. The worker looks every few
seconds (`streams.worker.health.topics`), `goeswith topics check` once.

| kind | level | what is so |
|---|---|---|
| `missing` | error | a topic is not there |
| `recreated` | error | the events topic was made anew: another log under the same name |
| `partitions` | error | a topic has another number of partitions than GOESWITH_PARTITIONS |
| `time` | error | events carry their senders' time |
| `compacted` | error | compaction takes records away that somebody has not read |
| `unwritable` | error | `min.insync.replicas` is more than a topic has replicas |
| `went_back` | error | the log ends before what was folded of it: its end was lost |
| `commit_ahead` | error | the group has committed more than the log holds |
| `commit_lost` | warning | events left the log before they were answered |
| `fold_lost` | warning | events left the log before they were folded |
| `untold_id` | warning | the events topic has no id any more: made anew, it would look the same |
| `retention` | warning | records are kept for a shorter time than declared |
| `kept_by_size` | warning | records leave by size, however young they are |
| `record_bytes` | warning | records have no room that should have |
"""

from collections.abc import Iterator, Mapping

from streams.clients.connection.topics.findings import Finding, PartitionSeen, TopicSeen, TopicsSeen
from streams.contract.settings import Settings
from streams.contract.topics import (
    BROKER_TIME,
    RECORD_BYTES_KEY,
    TIME_TYPE,
    Topic,
    command_of_broker_time,
    same_id,
)

OVERHEAD_BYTES = 512
"""What an event's record takes besides its value, generously."""
POLICY = "cleanup.policy"
RETENTION_MS, RETENTION_BYTES = "retention.ms", "retention.bytes"
IN_SYNC = "min.insync.replicas"
ASKED = (TIME_TYPE, RECORD_BYTES_KEY, POLICY, RETENTION_MS, RETENTION_BYTES, IN_SYNC)
"""The configuration that is looked at."""


def judged(seen: TopicsSeen, settings: Settings, topic_id: str = "") -> list[Finding]:
    """What is wrong, errors first. `topic_id` is that of the events topic which was folded.

    >>> events = {"goeswith.events": TopicSeen(3)}
    >>> [finding.kind for finding in judged(TopicsSeen(events), Settings(partitions=2))]
    ['partitions', 'missing', 'missing', 'missing', 'missing']
    """
    declared = settings.topics.declared()
    found: list[Finding] = []
    for name, topic in declared.items():
        if (there := seen.topics.get(name)) is None:
            found.append(_missing(name))
            continue
        found += _of_shape(name, topic, there, settings)
        found += _of_config(name, topic, there.config, settings)
    found += _of_room(seen, settings)
    found += (identity := [*_of_identity(seen, settings, topic_id)])
    another = any(finding.level == "error" for finding in identity)
    for number, partition in sorted(seen.log.items()) if not another else ():
        found += _of_partition(number, partition, settings)
    return sorted(found, key=lambda finding: finding.level)


def _missing(name: str) -> Finding:
    return Finding(
        "missing", "error", name, f"{name} is missing", "`goeswith topics create` makes it"
    )


def _of_shape(name: str, topic: Topic, there: TopicSeen, settings: Settings) -> Iterator[Finding]:
    wanted = topic.partitions or settings.partitions
    if there.partitions != wanted:
        yield Finding(
            "partitions",
            "error",
            name,
            f"{name} has {there.partitions} partitions, not {wanted}",
            numbering(settings, name, there.partitions, wanted),
        )
    least = there.config.get(IN_SYNC, "1")
    if int(least) > there.replicas:
        yield Finding(
            "unwritable",
            "error",
            name,
            f"{name} has {there.replicas} replicas and {IN_SYNC}={least}: nothing can be written",
            configuring(settings, name, f"{IN_SYNC}={there.replicas}"),
        )


def _of_config(
    name: str, topic: Topic, config: Mapping[str, str], settings: Settings
) -> Iterator[Finding]:
    if "compact" in config.get(POLICY, ""):
        yield Finding(
            "compacted",
            "error",
            name,
            f"{name} has {POLICY}={config[POLICY]}: compaction takes records of a key away",
            configuring(settings, name, f"{POLICY}=delete"),
        )
    if name == settings.topics.events and not settings.create_time_allowed:
        yield from _of_time(name, config, settings)
    kept_ms, declared_ms = config.get(RETENTION_MS), topic.config.get(RETENTION_MS)
    if kept_ms is not None and declared_ms is not None and 0 <= int(kept_ms) < int(declared_ms):
        yield Finding(
            "retention",
            "warning",
            name,
            f"{name} keeps records for {_span(int(kept_ms))}, not {_span(int(declared_ms))}",
            configuring(settings, name, f"{RETENTION_MS}={declared_ms}"),
        )
    if int(kept := config.get(RETENTION_BYTES, "-1")) >= 0:
        yield Finding(
            "kept_by_size",
            "warning",
            name,
            f"{name} keeps {kept} bytes of a partition, however young what leaves is",
            configuring(settings, name, f"{RETENTION_BYTES}=-1"),
        )


def _of_time(name: str, config: Mapping[str, str], settings: Settings) -> Iterator[Finding]:
    told = config.get(TIME_TYPE)
    if told is not None and told not in BROKER_TIME.values():
        yield Finding(
            "time",
            "error",
            name,
            f"{name} has {TIME_TYPE}={told}: one wrong clock would rule for years",
            f"{command_of_broker_time(name, settings.kafka_bootstrap)} (or "
            "GOESWITH_CREATE_TIME_ALLOWED=1)",
        )


def _of_identity(seen: TopicsSeen, settings: Settings, topic_id: str) -> Iterator[Finding]:
    events = settings.topics.events
    there = seen.topics.get(events)
    if there is None:
        return
    if topic_id and not there.topic_id:
        yield Finding(
            "untold_id",
            "warning",
            events,
            f"the brokers do not tell the id of {events} any more: made anew, it would pass for "
            f"the one that was folded ({topic_id})",
            "is one of them older than Kafka 2.8? Checkpoints are written in the meantime",
        )
    if not same_id(there.topic_id, topic_id):
        yield Finding(
            "recreated",
            "error",
            events,
            f"{events} was deleted and made anew (topic id {there.topic_id}, before {topic_id})",
            "the log that was folded is gone. `goeswith checkpoint adopt` takes over what is known",
        )


def _of_room(seen: TopicsSeen, settings: Settings) -> Iterator[Finding]:
    """Of records that are too large for where they go."""
    topics = settings.topics
    takes = {
        name: int(there.config[RECORD_BYTES_KEY])
        for name, there in seen.topics.items()
        if RECORD_BYTES_KEY in there.config
    }
    wanted = settings.event_bytes_max + OVERHEAD_BYTES
    if takes.get(topics.events, wanted) < wanted:
        yield Finding(
            "record_bytes",
            "warning",
            topics.events,
            f"{topics.events} takes records of {takes[topics.events]:,} bytes, and events may have "
            f"{settings.event_bytes_max:,}: brokers refuse what is larger",
            configuring(settings, topics.events, f"{RECORD_BYTES_KEY}={wanted}"),
        )
    largest = takes.get(topics.events, 0)
    if takes.get(topics.dead_letters, largest) < largest:
        yield Finding(
            "record_bytes",
            "warning",
            topics.dead_letters,
            f"{topics.dead_letters} takes smaller records than {topics.events}: letters are cut",
            configuring(settings, topics.dead_letters, f"{RECORD_BYTES_KEY}={largest + 65_536}"),
        )


def _of_partition(number: int, seen: PartitionSeen, settings: Settings) -> Iterator[Finding]:
    begin, end, committed, position = seen
    group = settings.group_id
    where = f"partition {number} of {settings.topics.events}"
    if position is not None and position > end:
        yield Finding(
            "went_back",
            "error",
            where,
            f"{where} ends at {end:,}, and was folded up to {position:,}: its end was lost (an "
            "unclean leader election, or the topic was made anew)",
            "`goeswith checkpoint adopt` takes over what is known, where the checkpoint is further "
            "than the log, too",
        )
    if committed is not None and committed > end:
        yield Finding(
            "commit_ahead",
            "error",
            where,
            f"group {group} has committed {committed:,} of {where}, which ends at {end:,}",
            "a worker that starts answers from the beginning of the log. Were offsets set by "
            "hand, or copied from another cluster? (kafka-consumer-groups.sh --reset-offsets)",
        )
    if committed is not None and committed < begin:
        yield Finding(
            "commit_lost",
            "warning",
            where,
            f"{begin - committed:,} offsets of {where} left the log before they were answered",
            "workers were away for longer than it keeps its events; they go on where it begins",
        )
    if position is not None and position < begin:
        yield Finding(
            "fold_lost",
            "warning",
            where,
            f"{begin - position:,} offsets of {where} left the log before they were learned from",
            "they are lost, and counted as `gaps`; keep events for longer",
        )


def numbering(settings: Settings, topic: str, partitions: int, wanted: int) -> str:
    """What to do about a number of partitions that is not what it should be."""
    if partitions > wanted:
        return (
            "Kafka takes none away. GOESWITH_PARTITIONS and all our topics must have the same "
            "number: see `Another number of partitions` in docs/operations.md"
        )
    where = f"--bootstrap-server {settings.kafka_bootstrap} --alter --topic {topic}"
    command = f"kafka-topics.sh {where} --partitions {wanted}"
    if topic == settings.topics.events:
        return f"see `Another number of partitions` in docs/operations.md first: {command}"
    return command


def configuring(settings: Settings, topic: str, config: str) -> str:
    """The command that gives a topic a setting."""
    where = f"--bootstrap-server {settings.kafka_bootstrap} --alter --topic {topic}"
    return f"kafka-configs.sh {where} --add-config {config}"


def _span(ms: int) -> str:
    """A time for people.

    >>> _span(7 * 86_400_000), _span(5_400_000), _span(90_000)
    ('7 d', '1.5 h', '0.025 h')
    """
    days = ms / 86_400_000
    return f"{days:g} d" if days >= 1 else f"{ms / 3_600_000:.3g} h"
