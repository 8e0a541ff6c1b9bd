"""Topics that somebody makes anew, truncates or widens under the workers, on real Kafka."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from streams.cli.root import goeswith
from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.lab.embedded.worker_process import environment
from streams.operations.topics import create_topics
from streams.shop.shop import Shop
from tests.integration.operators import commit
from tests.integration.workers import Staff, send, views

EVENTS = 120
TOLD_S_MAX = 10.0
"""So soon a worker says what is wrong."""
Employ = Callable[..., Staff]


@pytest.fixture
def employ(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Employ]:
    """Opens a shop of two partitions, whose workers write checkpoints as often as may be."""
    opened: list[Staff] = []

    def open_shop(**more: Any) -> Staff:
        staff = Staff(
            kafka,
            topic_prefix,
            tmp_path,
            **{
                "partitions": 2,
                "checkpoint_url": (tmp_path / "shop.checkpoint").as_uri(),
                "checkpoint_every_s": 0.2,
                "topics_look_s": 1.0,
                **more,
            },
        )
        opened.append(staff)
        create_topics(staff.settings)
        return staff

    yield open_shop
    for staff in opened:
        staff.go_home()


def types(staff: Staff, *words: str) -> tuple[int, str]:
    """A command under the workers' settings: exit code, and all that it says."""
    done = CliRunner().invoke(goeswith, words, env=environment(staff.settings))
    return done.exit_code, done.output


def at_work(staff: Staff, events: Sequence[Event]) -> None:
    """Ann has answered and kept these events."""
    send(staff.settings, events)
    staff.start("ann")
    staff.until_at_work("ann")
    staff.until_answered()
    staff.until(lambda: is_kept(staff), "a checkpoint of all")


def is_kept(staff: Staff) -> bool:
    """Whether the checkpoint is as far as the worker."""
    code, said = types(staff, "checkpoint", "inspect", "--json")
    held = json.loads(said)["position"] if code == 0 else {}
    reached = {number: offset for number, offset in held.items() if offset}
    return bool(reached) and reached == staff.state("ann").get("position")


def make_anew(staff: Staff) -> None:
    """Delete the events topic, and create it once Ann has said that it is gone."""
    delete(staff)
    told(staff, f"{staff.settings.topics.events} is missing")
    create_topics(staff.settings)


def delete(staff: Staff) -> None:
    """Delete the events topic, and wait until it is gone."""
    with open_admin(staff.settings) as admin:
        admin.delete_topics([staff.settings.topics.events])
        staff.until(lambda: not is_there(staff, admin), "the topic is gone")


def is_there(staff: Staff, admin: Any) -> bool:
    """Whether there is an events topic."""
    (found,) = admin.describe_topics([staff.settings.topics.events])
    return not found["error_code"]


def configure(staff: Staff, topic: str, **values: str) -> None:
    """Change the configuration of a topic, as an operator does; empty: as it was declared."""
    declared = {"min.insync.replicas": "1", "retention.bytes": "-1"}
    declared |= staff.settings.topics.declared()[topic].created_with
    named = {name.replace("_", "."): value for name, value in values.items()}
    config = {name: value or declared[name] for name, value in named.items()}
    with open_admin(staff.settings) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])


def told(staff: Staff, words: str, kind: str = "reasons") -> str:
    """The sentence with these words that Ann says on her page; fails if it takes too long."""
    since_s = time.monotonic()
    said: list[str] = []

    def is_told() -> bool:
        said[:] = [each for each in staff.health("ann").get(kind, ()) if words in each]
        return bool(said)

    staff.until(is_told, f"told: {words}")
    assert time.monotonic() - since_s < TOLD_S_MAX
    return said[0]


def ends(staff: Staff) -> int:
    """The exit code of Ann, who ends by herself."""
    staff.until(lambda: not staff.workers["ann"].alive, "the end")
    return staff.workers["ann"].kill()


def learned(digests: Mapping[str, str]) -> dict[str, str]:
    """Hashes of what is learned, whatever partition and offset it came from."""
    return {name: digests[name] for name in ("baskets", "browsing", "popularity", "policy")}


def learned_from(staff: Staff, events: Iterable[Event]) -> dict[str, str]:
    """The same of a shop that has seen these events, once each."""
    shop = Shop(staff.settings)
    for offset, event in enumerate(events):
        assert "folded" == shop.learn(0, offset, event)
    return learned(shop.digests())


def learned_by(staff: Staff) -> dict[str, str]:
    """The same of Ann, once she has answered everything."""
    staff.until(lambda: bool(staff.ready("ann")), "ready")
    staff.until_answered()
    return learned(staff.state("ann", "?digest")["digests"])


def test_a_topic_made_anew_is_told_and_taken_up_after_one_word(employ: Employ) -> None:
    """Not ready with the reason; then the new log is folded on top of what is known, once."""
    staff = employ()
    old, new = list(views(EVENTS)), list(views(40))
    at_work(staff, old)
    make_anew(staff)
    said = told(staff, "made anew")
    send(staff.settings, new)
    code = ends(staff)
    staff.start("ann")
    staff.until(lambda: bool(staff.health("ann")), "a page")
    waits = told(staff, "waiting: the checkpoint")
    position = staff.state("ann")["position"]
    unasked = types(staff, "checkpoint", "adopt")
    adopted = types(staff, "checkpoint", "adopt", "--learn", "all")
    now = learned_by(staff)
    again = types(staff, "checkpoint", "adopt")

    assert "`goeswith checkpoint adopt` takes over what is known" in said
    assert 1 == code
    assert "`goeswith checkpoint adopt --learn all`" in waits
    assert {} == position
    assert (2, True) == (unasked[0], "say with --learn" in unasked[1])
    assert (0, True) == (adopted[0], f"{EVENTS} events that are known go along" in adopted[1])
    assert learned_from(staff, [*old, *new]) == now
    assert (0, "nothing to do") == (again[0], again[1][:13])


def widen(staff: Staff, partitions: int) -> None:
    """Give all topics as many partitions, and the workers the setting."""
    topics = staff.settings.topics
    with open_admin(staff.settings) as admin:
        others = set(topics.declared()) - {topics.events}
        admin.create_partitions(dict.fromkeys(others, partitions))
    staff.common["partitions"] = partitions
    staff.settings = Settings(**staff.common)


def test_what_somebody_changes_is_told_while_it_is_so(employ: Employ) -> None:
    """And partitions that were added end the worker, with the way on: none are taken away."""
    staff = employ(session_timeout_s=30.0)  # she is back before the group has forgotten her
    events, letters = staff.settings.topics.events, staff.settings.topics.dead_letters
    at_work(staff, old := list(views(EVENTS)))
    changes = (
        (events, {"cleanup_policy": "compact"}, "reasons", "compaction takes records"),
        (letters, {"min_insync_replicas": "2"}, "reasons", "nothing can be written"),
        (events, {"retention_ms": "3600000"}, "notes", "keeps records for 1 h, not 7 d"),
        (events, {"retention_bytes": "1000000"}, "notes", "keeps 1000000 bytes"),
        (letters, {"max_message_bytes": "50000"}, "notes", "letters are cut"),
        (events, {"max_message_bytes": "60000"}, "notes", "brokers refuse what is larger"),
    )
    for topic, change, _, _ in changes:
        configure(staff, topic, **change)
    for topic, _, kind, words in changes:
        assert f"--alter --topic {topic} --add-config" in told(staff, words, kind)
    checked = types(staff, "topics", "check")
    for topic in (events, letters):
        put_back = {name: "" for each, change, _, _ in changes if each == topic for name in change}
        configure(staff, topic, **put_back)
    staff.until(lambda: {"ready": True, "reasons": [], "notes": []} == staff.health("ann"), "ready")
    counted = staff.state("ann")["telemetry"]["topic_findings"]
    with open_admin(staff.settings) as admin:
        admin.create_partitions({events: 3})
    said = told(staff, "has 3 partitions, not 2")
    code, why = ends(staff), staff.workers["ann"].said()
    widen(staff, 3)
    adopted = types(staff, "checkpoint", "adopt")
    new = list(views(40))
    send(staff.settings, new)
    staff.start("ann")
    now = learned_by(staff)

    assert 2 == checked[0]
    assert (
        dict.fromkeys(("compacted", "unwritable", "retention", "kept_by_size"), 1)
        | {"record_bytes": 2}
        == counted
    )
    assert "see `Another number of partitions` in docs/operations.md" in said
    assert (2, True) == (code, "TopicsWrong: " in why)
    assert (0, False) == (adopted[0], "stay behind" in adopted[1])
    assert learned_from(staff, [*old, *new]) == now
    log = staff.workers["ann"].log.read_text()
    assert 1 == log.count("has committed nothing")
    assert 1 == log.count("nobody owns partition 2 of")


def test_commits_that_are_of_no_log_that_is_here_are_told_and_taken_back(employ: Employ) -> None:
    """Nothing waits unanswered behind them; what left the log before its answer is told, too."""
    staff = employ(static_membership=False)  # else Kafka takes no commits until Ann times out
    staff.start("ann")
    staff.until_at_work("ann")
    staff.workers["ann"].stop()
    send(staff.settings, views(EVENTS))
    commit(staff.settings, {0: 5_000, 1: 5_000})
    lag, report = types(staff, "lag"), types(staff, "lag", "--json")
    checked = types(staff, "topics", "check")
    staff.start("ann")
    staff.until_answered()
    answered = staff.state("ann")["telemetry"]["answered"]
    staff.until(lambda: bool(staff.ready("ann")), "ready")
    after = types(staff, "lag")
    said = staff.workers["ann"].said()
    staff.workers["ann"].stop()
    send(staff.settings, views(50))
    empty(staff)
    warned = types(staff, "topics", "check")
    staff.start("ann")
    staff.until_at_work("ann")
    lost = told(staff, "left the log before they were answered", "notes")
    send(staff.settings, views(30))
    staff.until_answered()
    staff.until(lambda: not staff.health("ann")["notes"], "no more notes")
    configure(staff, staff.settings.topics.events, message_timestamp_type="CreateTime")
    time_told = told(staff, "one wrong clock would rule")

    assert (1, True) == (lag[0], "ERROR: commits ahead of the log" in lag[1])
    assert (1, 10_000 - EVENTS) == (report[0], ahead(report[1]))
    assert (2, True) == (checked[0], "has committed 5,000 of partition 0" in checked[1])
    assert (EVENTS, 0) == (answered, after[0])
    assert "They are answered from where the log begins" in said
    assert (0, True) == (warned[0], "warning: " in warned[1])
    assert "they go on where it begins" in lost
    assert "--add-config message.timestamp.type=LogAppendTime" in time_told
    assert 2 == ends(staff)


def ahead(report: str) -> int:
    """By how much commits are beyond the end, on all partitions."""
    return sum(int(one["ahead"]) for one in json.loads(report)["partitions"])


def empty(staff: Staff) -> None:
    """Take all that is in the log away, as retention does."""
    events = staff.settings.topics.events
    with open_reader(staff.settings, events) as reader, open_admin(staff.settings) as admin:
        admin.delete_records({TopicPartition(*at): end for at, end in reader.ends().items()})


def test_knowledge_moves_to_a_topic_of_more_partitions_and_to_a_mirror(
    employ: Employ, tmp_path: Path
) -> None:
    """Drained, then adopted with nothing to learn: what is copied is not learned twice."""
    staff = employ()
    old, new = list(views(EVENTS)), list(views(40))
    at_work(staff, old)
    staff.workers["ann"].stop()
    wider = {
        "topic_prefix": staff.settings.topic_prefix + "-4",
        "partitions": 4,
        "checkpoint_url": (tmp_path / "wider.checkpoint").as_uri(),
    }
    before = (tmp_path / "shop.checkpoint").as_posix()
    staff.common.update(wider)
    staff.settings = Settings(**staff.common)
    create_topics(staff.settings)
    send(staff.settings, [*views(3), *old])  # as a mirror copies it: at other offsets
    refused = types(staff, "checkpoint", "adopt", before)
    moved = types(staff, "checkpoint", "adopt", before, "--learn", "nothing")
    commit(staff.settings, ends_of(staff))
    send(staff.settings, new)
    staff.start("ann")
    now = learned_by(staff)
    state = staff.state("ann")

    assert (2, True) == (refused[0], "say with --learn" in refused[1])
    assert (0, True) == (moved[0], "sessions stay behind" in moved[1])
    assert learned_from(staff, [*old, *new]) == now
    assert (40, 0) == (state["telemetry"]["folded"], state["telemetry"]["repeats"] - 40)


def ends_of(staff: Staff) -> dict[int, int]:
    """Where the log ends."""
    with open_reader(staff.settings, staff.settings.topics.events) as reader:
        return {at.number: end for at, end in reader.ends().items()}


def lose_the_end(data: Path, partition: str, size: int) -> None:
    """What is left of a partition where a replica that was behind has taken the lead."""
    folder = data / partition
    with (folder / f"{0:020}.log").open("r+b") as log:
        log.truncate(size)
    for behind in (*folder.glob("*index"), *folder.glob("*.snapshot"), *data.glob("*-checkpoint")):
        behind.unlink()
    (data / ".kafka_cleanshutdown").unlink(missing_ok=True)


def test_a_log_that_lost_its_end_is_told_and_taken_up_where_it_grows(
    own_kafka: RealKafka, topic_prefix: str, tmp_path: Path
) -> None:
    """What was learned of the events that are lost stays; new ones in their place are learned."""
    checkpoint_url = (tmp_path / "shop.checkpoint").as_uri()
    staff = Staff(
        own_kafka.bootstrap,
        topic_prefix,
        tmp_path,
        partitions=1,
        checkpoint_url=checkpoint_url,
        checkpoint_every_s=0.2,
    )
    create_topics(staff.settings)
    partition = f"{staff.settings.topics.events}-0"
    kept, lost, new = list(views(60)), list(views(50)), list(views(30))
    try:
        send(staff.settings, kept)
        size = (tmp_path / "data" / partition / f"{0:020}.log").stat().st_size
        at_work(staff, lost)
        own_kafka.stop()
        lose_the_end(tmp_path / "data", partition, size)
        own_kafka.start()
        staff.until(lambda: not staff.workers["ann"].alive, "the end")
        said, code = staff.workers["ann"].said(), staff.workers["ann"].kill()
        send(staff.settings, new)
        staff.start("ann")
        staff.until(lambda: bool(staff.health("ann")), "a page")
        waits = told(staff, "waiting: the checkpoint")
        adopted = types(staff, "checkpoint", "adopt", "--learn", "later")
        now = learned_by(staff)
        position = staff.state("ann")["position"]
    finally:
        staff.go_home()

    assert "LogReplaced: partition 0 of" in said
    assert "ends at 60, and was folded up to 110: its end was lost" in said
    assert 1 == code
    assert "it is ahead of the log: partition 0 ends at 90, and it stands at 110" in waits
    assert (0, True) == (adopted[0], "110 events that are known go along" in adopted[1])
    assert learned_from(staff, [*kept, *lost, *new]) == now
    assert {"0": 90} == position
