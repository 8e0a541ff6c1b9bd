"""Checkpoints in a compacted topic of a real Kafka: generations, writers, damage, compaction."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.clients.checkpoints.pointer import Pointer, Stored
from streams.clients.checkpoints.redis_store import RedisStore
from streams.clients.checkpoints.rules import fingerprint
from streams.clients.checkpoints.store import open_store
from streams.clients.checkpoints.topic.chunk_log import opened_log
from streams.clients.checkpoints.topic.topic_setup import CHUNK_BYTES_MAX
from streams.clients.checkpoints.topic.transaction import transaction
from streams.clients.checkpoints.topic_store import TopicStore
from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin, open_producer
from streams.contract.errors import CheckpointRefused, GoeswithError, TopicsWrong
from streams.contract.settings import Settings
from streams.lab.embedded.worker_process import environment
from streams.operations.topics import check_topics, create_topics, list_topics
from tests.integration.test_checkpoint_store import checkpoint
from tests.integration.test_refused_checkpoints import Worker, positions

Record = tuple[str, bytes | None]
COMPACTED_S_MAX = 60.0
"""So long a broker may take to compact a topic; only a failure takes so long."""


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> Settings:
    """A shop whose checkpoints are in a topic."""
    return Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix, checkpoint_url="kafka:")


@pytest.fixture
def store(settings: Settings) -> TopicStore:
    """Its store, empty."""
    return TopicStore(settings, topic_of(settings))


def test_what_was_kept_in_redis_is_read_until_the_topic_holds_one(
    settings: Settings, redis_url: str
) -> None:
    """By default, once: what an earlier version has learned is not lost with it."""
    by_default = settings.model_copy(update={"checkpoint_url": "", "redis_url": redis_url})
    old, new = checkpoint(70), checkpoint(80)
    before = RedisStore(redis_url, settings.topic_prefix, ttl_s=60)
    before.write(*old)
    store = open_store(by_default)
    assert store is not None

    assert old[1] == store.read()
    assert store.write(*new)
    assert new[1] == store.read()
    assert old[1] == before.read()
    assert TopicStore(settings, "nothing-there").read() is None


def topic_of(settings: Settings) -> str:
    """The topic of checkpoints."""
    return settings.topics.checkpoints(settings.checkpoint_url)


def make(settings: Settings, topic: str, partitions: int = 1, **config: str) -> None:
    """Make a topic as somebody else would."""
    shape = {"num_partitions": partitions, "replication_factor": 1}
    told = {name.replace("_", "."): value for name, value in config.items()}
    with open_admin(settings) as admin:
        admin.create_topics({topic: {**shape, "configs": told}})
        admin.wait_for_topics([topic])


def put(settings: Settings, key: str, value: bytes | None) -> None:
    """Write a record past all rules."""
    with open_producer(settings) as producer:
        producer.send(topic_of(settings), value, key=key.encode(), partition=0).get(timeout=10)


def damage_newest(settings: Settings, store: TopicStore) -> Pointer:
    """Let the newest generation not be what it was written as."""
    pointer = store.pointer()
    newest = pointer.generations[0].model_copy(update={"sha256": "0" * 64})
    damaged = pointer.model_copy(update={"generations": (newest, *pointer.generations[1:])})
    put(settings, "pointer", damaged.model_dump_json().encode())
    return damaged


def run(settings: Settings, *words: str) -> Any:
    """What a command prints, or says on its way out."""
    done = CliRunner().invoke(goeswith, [*words], env=environment(settings))
    return json.loads(done.stdout) if done.exit_code == 0 else (done.exit_code, done.stderr)


def test_three_generations_are_kept_and_chunks_of_those_before_deleted(
    settings: Settings, store: TopicStore
) -> None:
    """A command lists them; each can be read, and restored."""
    written = [checkpoint(offset) for offset in range(5, 10)]
    for header, data in written:
        assert store.write(header, data)
    before = store.pointer()
    store.write(*checkpoint(3, session_gap_s=60.0))
    listed = run(settings, "checkpoint", "list", "--json")
    shown = CliRunner().invoke(goeswith, ["checkpoint", "list"], env=environment(settings)).stdout

    assert [9, 8, 7] == [one.events for one in before.generations]
    assert [(1, 3), (2, 8), (3, 7)] == [(g["number"], g["events"]) for g in listed["generations"]]
    assert [(9, len(written[4][1]))] == [(one["events"], one["bytes"]) for one in listed["kept"]]
    assert listed["kept"][0]["name"] in shown
    assert written[3][1] == store.read("generation-2")
    assert store.read("generation-4") is None
    assert [None, None] == [left_of(settings, f"chunk/{key}/0") for key in marks(written[:2])]
    assert left_of(settings, f"chunk/{marks(written[2:3])[0]}/0")


def marks(written: list[Any]) -> list[str]:
    """The fingerprints of checkpoints."""
    return [fingerprint(data) for _, data in written]


def left_of(settings: Settings, key: str) -> bytes | None:
    """What the last record of a key holds: all of the topic is read."""
    with open_reader(settings, topic_of(settings)) as reader:
        records = list(reader.between(reader.begins(), reader.ends()))
    return {record.key: record.value for record in records}[key.encode()]


def test_a_generation_that_is_restored_is_the_newest_and_the_one_that_was_is_kept(
    settings: Settings, store: TopicStore
) -> None:
    """Until somebody knows as much again; and it can be put back."""
    ours = [checkpoint(offset) for offset in (5, 6, 7)]
    for header, data in ours:
        store.write(header, data)
    assert 7 == run(settings, "checkpoint", "restore", "--generation", "1", "--json")["events"]
    assert [7, 6, 5] == [one.events for one in store.pointer().generations]
    told = run(settings, "checkpoint", "restore", "--generation", "3", "--json")
    restored, (aside,) = store.read(), store.kept()
    store.write(*checkpoint(6))
    less = [one.name for one in store.kept()]
    store.write(*checkpoint(7))

    assert (3, 5) == (told["generation"], told["events"])
    assert ours[0][1] == restored
    assert ("replaced", 7) == (aside.name.partition("-")[0], aside.events)
    assert [aside.name] == less
    assert [] == store.kept()
    code, said = run(settings, "checkpoint", "restore", "--generation", "4", "--json")
    assert (1, True) == (code, "there is no generation 4" in said)


def test_generations_are_refused_where_there_are_none(settings: Settings, tmp_path: Path) -> None:
    """Redis and files keep one: the command says so, and what shows it."""
    for url in ((tmp_path / "shop.checkpoint").as_uri(), "redis://127.0.0.1:1", "none"):
        other = settings.model_copy(update={"checkpoint_url": url})
        for words in (("list",), ("restore", "--generation", "2")):
            code, said = run(other, "checkpoint", *words, "--json")
            assert (2, True) == (code, "GOESWITH_CHECKPOINT_URL=kafka:" in said)


async def test_a_worker_goes_on_from_the_generation_before_a_damaged_one_and_says_so(
    settings: Settings, store: TopicStore
) -> None:
    """And what it writes then takes the place of the damaged one, though it knows less."""
    first = await Worker(store).start()
    first.write(7)
    first.write(90)
    damage_newest(settings, store)
    second = await Worker(store).start()
    began = dict(positions(second))
    second.write(20)
    third = await Worker(store).start()

    assert {0: 7} == began
    assert "the generation before is used instead" in second.found.notes["found"]
    assert 1 == second.telemetry.checkpoints_refused
    assert ({0: 20}, {}) == (positions(third), third.found.notes)
    assert [20, 7] == [one.events for one in store.pointer().generations]


async def test_a_setting_that_is_changed_and_put_back_costs_nothing(store: TopicStore) -> None:
    """What was kept aside is what a worker goes on from."""
    known = (await Worker(store).start()).write(9)
    changed = await Worker(store, items_max=1_000).start()
    began = positions(changed)
    changed.write(4)
    back = await Worker(store).start()

    assert ({0: 9}, {0: 9}) == (began, positions(back))
    assert back.restored
    assert known == back.restored.digest()
    assert ["settings"] == [one.name.partition("-")[0] for one in store.kept()]


def test_where_no_generation_is_whole_a_checkpoint_is_written_all_the_same(
    settings: Settings, store: TopicStore
) -> None:
    """There is nothing left to keep."""
    store.write(*checkpoint(9))
    damage_newest(settings, store)
    with pytest.raises(CheckpointRefused, match="not what was written") as refused:
        store.read()
    assert store.write(*checkpoint(7))

    assert "gone" == refused.value.reason
    assert [7] == [one.events for one in store.pointer().generations]


def test_of_two_writers_the_one_that_began_first_fails_whole(
    settings: Settings, store: TopicStore
) -> None:
    """What it has sent is seen by nobody, and the pointer is found behind it."""
    store.write(*checkpoint(5))
    ours = checkpoint(7)
    with pytest.raises(GoeswithError, match="somebody else has begun to write"):
        write_slowly(settings, lambda: store.write(*ours))
    assert ours[1] == store.read()
    before = end_of(settings)
    with pytest.raises(ZeroDivisionError):
        write_slowly(settings, lambda: 1 // 0)
    assert ours[1] == store.read()
    assert end_of(settings) > before + 20  # it is aborted, and holds up no compaction


def end_of(settings: Settings) -> int:
    """Up to where the topic can be read: where an open transaction begins."""
    with open_reader(settings, topic_of(settings)) as reader:
        return sum(reader.ends().values())


def test_a_checkpoint_that_would_not_be_kept_keeps_nobody_from_writing(
    settings: Settings, store: TopicStore
) -> None:
    """A worker that is behind looks first, and fences the one that is not behind no more."""
    store.write(*checkpoint(9))
    written = []
    write_slowly(settings, lambda: written.append(store.write(*checkpoint(5))))

    assert [False] == written
    assert Pointer() == store.pointer()


class WhenAsked(dict[str, str]):
    """Nothing was refused; and something happens when that is looked up."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self.happens = [happens]

    def __contains__(self, fingerprint: object) -> bool:
        while self.happens:
            self.happens.pop()()
        return False


def test_what_is_there_counts_at_the_time_of_the_writing(store: TopicStore) -> None:
    """A further one that comes between looking and writing stays."""
    store.write(*checkpoint(5))
    further = checkpoint(9)
    refused = WhenAsked(lambda: store.write(*further))

    assert not store.write(*checkpoint(7), refused=refused)
    assert further[1] == store.read()


def write_slowly(settings: Settings, meanwhile: Callable[[], object]) -> None:
    """Write many chunks, and a pointer that names none, when something has happened meanwhile."""
    with transaction(settings, topic_of(settings)) as sender:
        sender.send((f"chunk/00/{number}", b"bread") for number in range(20))
        meanwhile()
        sender.send(slowly([("chunk/00/0", None), ("pointer", b'{"version":1}')]))


def slowly(records: Iterable[Record]) -> Iterator[Record]:
    """One after the other: what Kafka says of the first is known when the second is sent."""
    for record in records:
        yield record
        time.sleep(0.3)


def test_chunks_are_as_large_as_the_topic_takes_them(settings: Settings, store: TopicStore) -> None:
    """A checkpoint is larger than a record may be."""
    topic = topic_of(settings)
    make(settings, topic, cleanup_policy="compact", max_message_bytes="101000")
    header, data = checkpoint(7)
    large = data + bytes(300_000 - len(data))
    assert store.write(header, large)

    assert large == store.read()
    assert 3 == len(store.pointer().generations[0].offsets)


def test_a_topic_that_would_lose_checkpoints_is_refused_with_the_command(
    settings: Settings,
) -> None:
    """Another policy, several partitions: what to do is said."""
    lost, torn = f"{settings.topic_prefix}.lost", f"{settings.topic_prefix}.torn"
    make(settings, lost)
    make(settings, torn, partitions=2, cleanup_policy="compact")

    with pytest.raises(TopicsWrong, match=r"kafka-configs\.sh .* cleanup\.policy=compact"):
        TopicStore(settings, lost).write(*checkpoint(7))
    with pytest.raises(TopicsWrong, match=r"2 partitions.*kafka-topics\.sh .* --partitions 1"):
        TopicStore(settings, torn).check_writable()
    unmade = settings.model_copy(update={"replication": 3})
    with pytest.raises(TopicsWrong, match=r"did not make it .*kafka-topics\.sh .*compact"):
        TopicStore(unmade, f"{settings.topic_prefix}.unmade").check_writable()


def test_a_topic_that_holds_something_else_stays_unless_forced(
    settings: Settings, store: TopicStore
) -> None:
    """Who knows whose it is."""
    topic = topic_of(settings)
    make(settings, topic, cleanup_policy="compact")
    put(settings, "session-1", b"{}")
    with pytest.raises(CheckpointRefused, match="something else"):
        store.read()
    with pytest.raises(CheckpointRefused, match="not ours, and stays"):
        store.write(*checkpoint(7))
    assert store.write(*checkpoint(7), force=True)

    assert checkpoint(7)[1] == store.read()


def test_the_topic_is_made_checked_and_listed_only_where_it_is_used(settings: Settings) -> None:
    """With the others; and a store makes the same one."""
    elsewhere = settings.model_copy(update={"checkpoint_url": "none"})
    topic = topic_of(settings)
    create_topics(elsewhere)
    assert check_topics(elsewhere)
    with pytest.raises(TopicsWrong, match=f"{topic} is missing"):
        check_topics(settings)
    TopicStore(settings, topic).check_writable()

    assert check_topics(settings)
    assert [] == create_topics(settings)
    of_workers = settings.topics.declared()
    others = [row["name"] for row in list_topics(settings) if row["name"] not in of_workers]
    assert topic in others
    assert {topic} == set(others) - {row["name"] for row in list_topics(elsewhere)}
    assert topic not in [row["name"] for row in list_topics(elsewhere)]


def test_compaction_takes_what_has_left_and_nothing_else(
    settings: Settings, store: TopicStore
) -> None:
    """Offsets stay: a checkpoint of several chunks is read after it, and written."""
    topic, (header, data) = topic_of(settings), checkpoint(7)
    make(
        settings,
        topic,
        cleanup_policy="compact",
        segment_bytes=str(1 << 20),
        min_cleanable_dirty_ratio="0.01",
        max_compaction_lag_ms="100",
    )
    ours = [data + bytes([number]) * (2 * CHUNK_BYTES_MAX) for number in range(6)]
    store.write(header, ours[0])
    first = store.pointer().generations[0]
    for each in ours[1:]:
        store.write(header, each)
    deadline = time.monotonic() + COMPACTED_S_MAX
    while not is_compacted(settings, first):
        assert time.monotonic() < deadline, "the broker did not compact the topic"
        time.sleep(0.5)

    assert 3 == len(first.offsets)
    assert [ours[5], ours[4], ours[3]] == [
        store.read(name) for name in ("", "generation-2", "generation-3")
    ]
    assert store.write(*checkpoint(8))
    assert checkpoint(8)[1] == store.read()


def is_compacted(settings: Settings, stored: Stored) -> bool:
    """Whether the chunks of a checkpoint are gone."""
    with opened_log(settings, topic_of(settings)) as log:
        assert log
        return not log.is_whole(stored)


def test_one_that_was_kept_aside_is_deleted_with_its_chunks(
    settings: Settings, store: TopicStore
) -> None:
    """The living one and the generations stay, as does what they share with it."""
    store.write(*checkpoint(90))
    store.write(*checkpoint(7, items_max=1_000))
    store.write(*checkpoint(8, items_max=1_000))
    (kept,) = store.kept()
    before = store.pointer()
    command = ["checkpoint", "delete", kept.name, "--yes", "--json"]
    given = {**environment(settings), "GOESWITH_CHECKPOINT_URL": "kafka:"}
    deleted = CliRunner().invoke(goeswith, command, env=given)

    assert {"name": kept.name, "deleted": True} == json.loads(deleted.stdout)
    assert (before.generations, {}) == (store.pointer().generations, store.pointer().kept)
    with open_reader(settings, topic_of(settings)) as reader:
        records = list(reader.between(reader.begins(), reader.ends()))
    gone = {(record.key or b"").decode() for record in records if record.value is None}
    assert {*before.kept[kept.name].chunk_keys()} == gone
    assert not store.delete(kept.name)
