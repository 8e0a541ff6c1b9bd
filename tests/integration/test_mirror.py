"""A move to another cluster by MirrorMaker 2, on two real brokers, as the handbook has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import TopicPartition

from streams.clients.log_reader import Partition, committed_offsets, open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.settings import Settings
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.operations.topics import create_topics
from tests.integration.mirror_maker import mirroring
from tests.integration.operators import Operator
from tests.integration.test_handbook import PROCEDURES
from tests.integration.test_topics_as_they_are import ends_of, learned_by, learned_from
from tests.integration.workers import Staff, send, views

GONE = 15
"""So many records have left each partition of the old log: the rest have other offsets there."""
(MOVE,) = [one for one in PROCEDURES if one.heading == "Another cluster, and mirrors"]


@pytest.fixture
def staff(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Staff]:
    """A shop of two partitions whose checkpoints are in a topic."""
    shop = Staff(kafka, topic_prefix, tmp_path, partitions=2, checkpoint_url="kafka:")
    create_topics(shop.settings)
    yield shop
    shop.go_home()


def forget_the_beginning(settings: Settings) -> None:
    """What is oldest leaves the log, as by retention."""
    events = settings.topics.events
    with open_admin(settings) as admin:
        admin.delete_records({TopicPartition(events, number): GONE for number in (0, 1)})


def held(settings: Settings) -> dict[int, int]:
    """How many records each partition of the events holds."""
    with open_reader(settings, settings.topics.events) as reader:
        begins, ends = reader.begins(), reader.ends()
    return {at.number: ends[at] - begins[at] for at in ends}


def committed(settings: Settings) -> dict[int, int | None]:
    """What the group has answered by the account of a cluster."""
    asked = [Partition(settings.topics.events, number) for number in (0, 1)]
    with open_admin(settings) as admin:
        found = committed_offsets(settings, admin, asked)
    return {at.number: found.get(at) for at in asked}


def test_a_shop_moves_behind_a_mirror_and_learns_nothing_twice(
    staff: Staff, own_kafka: RealKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its offsets are others there; what is known goes along, and what was answered stays so."""
    monkeypatch.chdir(tmp_path)
    old, new = list(views(200)), list(views(40))
    there = Settings(**staff.common | {"kafka_bootstrap": own_kafka.bootstrap})
    send(staff.settings, old)
    staff.start("ann")
    staff.until_at_work("ann")
    staff.until_answered()
    staff.workers["ann"].stop()
    forget_the_beginning(staff.settings)
    before = ends_of(staff)
    create_topics(there)
    with mirroring(staff.settings, there, tmp_path / "mirror"):
        staff.until(lambda: held(there) == held(staff.settings), "everything is mirrored")
        staff.until(lambda: committed(there) == held(there), "the group's offsets are translated")
    at_first = held(there)
    operator = Operator(staff.settings)
    for line in MOVE.lines:
        words = line.partition("#")[0].split()
        if words[0] == "export":
            operator = Operator(there)
        elif "worker" not in words:
            done = operator.types(*words[1:])
            assert 0 == done.exit_code, (line, done.output)
    staff.common["kafka_bootstrap"], staff.settings = own_kafka.bootstrap, there
    send(there, new)
    staff.start("ann")
    staff.until_at_work("ann")
    staff.until_answered()
    now = learned_by(staff)
    telemetry = staff.state("ann")["telemetry"]

    assert {0: GONE, 1: GONE} == {number: end - at_first[number] for number, end in before.items()}
    assert learned_from(staff, [*old, *new]) == now
    assert len(new) == telemetry["folded"]
    assert committed(there) == ends_of(staff)
