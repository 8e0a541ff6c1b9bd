"""Two workers on a real Kafka, and everything that can happen to them."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.clients.log_reader import group_members, open_reader
from streams.clients.sync_kafka import open_admin, open_producer
from streams.contract.events import Event
from streams.contract.published.prompts import Prompt, prompt_id
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.operations.topics import create_topics
from tests.integration.workers import Staff, send, shoppers, views

SESSION_S = 4.0
"""After so long a silence a worker is given up, which much of this waits for."""
AWAY_S = 2 * SESSION_S
"""So long the broker is away: longer than that."""


@pytest.fixture
def staff(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Staff]:
    """A shop without workers yet, whose every view is answered with a prompt."""
    yield from opened(Staff(kafka, topic_prefix, tmp_path, session_timeout_s=SESSION_S))


@pytest.fixture
def staff_of_own_kafka(own_kafka: RealKafka, topic_prefix: str, tmp_path: Path) -> Iterator[Staff]:
    """The same, on a broker that the test may stop."""
    times = {"session_timeout_s": SESSION_S, "kafka_timeout_s": 60}
    yield from opened(Staff(own_kafka.bootstrap, topic_prefix, tmp_path, **times))


def opened(staff: Staff) -> Iterator[Staff]:
    """The topics are there, and enough is known to have something to say."""
    create_topics(staff.settings)
    send(staff.settings, views(200))
    yield staff
    staff.go_home()


def missing(prompts: list[Prompt], seen: list[Event]) -> set[str]:
    """The events that nobody answered."""
    published = {prompt.prompt_id for prompt in prompts}
    return {
        event.event_id
        for event in seen
        if prompt_id(event.event_id, event.session_id, "product_page") not in published
    }


def goings_on(staff: Staff, seen: list[Event], events: int) -> None:
    """Wait until so many more events have been sent."""
    enough = len(seen) + events
    staff.until(lambda: len(seen) >= enough, "shoppers come")


def test_nothing_is_lost_when_workers_are_killed_and_come_back(staff: Staff) -> None:
    """Every view is answered, repeats carry the id they had, and all folds agree with the log."""
    staff.start("ann")
    staff.start("bob")
    staff.until_at_work("ann", "bob")
    with shoppers(staff.settings, per_s=150) as seen:
        for victim in ("ann", "bob"):
            goings_on(staff, seen, 300)
            staff.workers[victim].kill()
            goings_on(staff, seen, 150)
            staff.start(victim)
            staff.until_at_work(victim)
        goings_on(staff, seen, 150)
    staff.until_answered()

    prompts = staff.prompts()
    assert missing(prompts, seen) == set()
    ids_by_cause = Counter(cause for cause, _ in {(p.caused_by, p.prompt_id) for p in prompts})
    assert set(ids_by_cause.values()) == {1}
    assert staff.digests() == {staff.recomputed()}
    assert {worker.stop() for worker in staff.workers.values()} == {0}


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun(staff: Staff) -> None:
    """It exits with 0; the next one repeats nothing."""
    staff.start("ann")
    staff.until_at_work("ann")
    with shoppers(staff.settings, per_s=150) as seen:
        goings_on(staff, seen, 300)
        code = staff.workers["ann"].stop()
        staff.start("ann")
        staff.until_at_work("ann")
    staff.until_answered()

    assert code == 0
    answered = Counter(prompt.prompt_id for prompt in staff.prompts())
    assert missing(staff.prompts(), seen) == set()
    assert set(answered.values()) == {1}


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_broker_that_goes_away_and_comes_back_costs_nothing(
    staff_of_own_kafka: Staff, own_kafka: RealKafka, how: str
) -> None:
    """The workers live through it: nothing is lost, and they say little about it."""
    staff = staff_of_own_kafka
    staff.start("ann")
    staff.start("bob")
    staff.until_at_work("ann", "bob")
    with shoppers(staff.settings, per_s=100) as seen:
        goings_on(staff, seen, 200)
        getattr(own_kafka, how)()
        time.sleep(AWAY_S)  # not for luck: this is how long it is away
        ready_without = {staff.ready(name) for name in staff.workers}
        own_kafka.start()
        staff.until(lambda: all(staff.ready(name) for name in staff.workers), "ready again")
        goings_on(staff, seen, 100)
    staff.until_answered()

    assert ready_without == {False}
    assert all(worker.alive for worker in staff.workers.values())
    assert missing(staff.prompts(), seen) == set()
    assert staff.digests() == {staff.recomputed()}
    lines = [worker.log.read_text().count("\n") for worker in staff.workers.values()]
    assert max(lines) < 300


def test_a_record_of_five_megabytes_becomes_a_dead_letter(staff: Staff) -> None:
    """Whole, with the reason; and what comes after it is answered."""
    staff.start("ann")
    staff.until_at_work("ann")
    huge = b"x" * 5_000_000
    topic = staff.settings.topics.events
    with open_producer(staff.settings) as producer:
        producer.send(topic, value=huge, key=b"s", headers=[("sender", b"till 3")]).get(60)
    after: list[Event] = list(views(20))
    send(staff.settings, after)
    staff.until_answered()

    (letter,) = staff.read(staff.settings.topics.dead_letters)
    assert letter.value == huge
    assert ("goeswith.errors.reason", b"oversize") in letter.headers
    assert ("sender", b"till 3") in letter.headers
    assert missing(staff.prompts(), after) == set()


async def test_a_worker_whose_prompts_are_refused_stops_and_the_next_one_answers(
    staff: Staff,
) -> None:
    """With a reason; what was not delivered was not acknowledged."""
    topic = staff.settings.topics.prompts
    staff.start("ann")
    staff.until_at_work("ann")
    await set_bytes_max(staff, topic, 100)
    seen: list[Event] = list(views(50))
    await asyncio.to_thread(send, staff.settings, seen)
    staff.until(lambda: not staff.workers["ann"].alive, "the worker gives up")
    code, said = staff.workers["ann"].stop(), staff.workers["ann"].said()
    await set_bytes_max(staff, topic, 1_000_000)
    staff.start("ann")
    staff.until_answered()

    assert code == 1
    assert "DeliveryFailed" in said
    assert missing(staff.prompts(), seen) == set()


async def set_bytes_max(staff: Staff, topic: str, bytes_max: int) -> None:
    """Let a topic take records of so many bytes, no more."""
    admin = AIOKafkaAdminClient(bootstrap_servers=staff.settings.kafka_bootstrap)
    limit = {"max.message.bytes": str(bytes_max)}
    await admin.start()
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, limit)])
    await admin.close()


async def test_a_log_that_begins_above_zero_is_folded_from_there(staff: Staff) -> None:
    """Retention has taken the beginning, by the time that a worker starts and while it runs."""
    staff.start("ann")
    staff.until_answered()
    staff.workers["ann"].kill()
    await forget(staff, upto=10)
    staff.start("ann")
    staff.until_at_work("ann")
    seen: list[Event] = list(views(50))
    await asyncio.to_thread(send, staff.settings, seen)
    staff.until_answered()

    assert missing(staff.prompts(), seen) == set()
    assert staff.digests() == {staff.recomputed()}


async def forget(staff: Staff, upto: int) -> None:
    """Take the first records of every partition of the events topic away, as many as it has."""
    topic = staff.settings.topics.events
    with open_reader(staff.settings, topic) as reader:
        ends = {at.number: end for at, end in reader.ends().items()}
    admin = AIOKafkaAdminClient(bootstrap_servers=staff.settings.kafka_bootstrap)
    await admin.start()
    try:
        await admin.delete_records(
            {
                TopicPartition(topic, number): RecordsToDelete(min(upto, end))
                for number, end in ends.items()
            }
        )
    finally:
        await admin.close()


def test_of_two_workers_of_one_name_the_older_yields(staff: Staff) -> None:
    """It says so, and ends; without that each would answer everything.

    So it is between machines, which cannot see each other: here the second one knows the cluster
    under another address.
    """
    staff.start("ann")
    staff.until_at_work("ann")
    older = staff.workers["ann"]
    time.sleep(3 * staff.settings.session_timeout_s)  # not for luck: from then on it is the older
    del staff.ports["ann"]
    bootstrap = staff.common["kafka_bootstrap"]
    staff.common["kafka_bootstrap"] = f"{bootstrap},{bootstrap}"
    staff.start("ann")
    staff.until(lambda: not older.alive, "the older ends")
    with shoppers(staff.settings, per_s=100) as seen:
        goings_on(staff, seen, 200)
    staff.until_answered()

    assert older.stop() == 2
    assert "another worker runs under worker_name=ann" in older.said()
    assert staff.workers["ann"].stop() == 0
    assert missing(staff.prompts(), seen) == set()


def test_on_one_machine_the_second_worker_of_a_name_says_so_and_ends_before_it_is_ready(
    staff: Staff,
) -> None:
    """The first one goes on, and says which partitions it took; the second was in no group."""
    staff.start("ann")
    staff.until_at_work("ann")
    first = staff.workers["ann"]
    port = staff.ports.pop("ann")
    staff.start("ann")
    second: Any = staff.workers["ann"]
    ready: list[bool | None] = []

    def ended() -> bool:
        ready.append(staff.ready("ann"))
        return not second.alive

    staff.until(ended, "the second ends")
    staff.workers["ann"], staff.ports["ann"] = first, port
    with open_admin(staff.settings) as admin:
        members = group_members(staff.settings, admin)

    assert members is not None
    assert [("ann", tuple(range(8)))] == [(one.name, one.partitions) for one in members]
    assert {None} == set(ready)
    assert second.stop() == 2
    assert "another worker runs under worker_name=ann on this machine" in second.said()
    assert "Traceback" not in second.said()
    assert staff.ready("ann")
    assert first.stop() == 0
    assert (
        f"took partitions 0, 1, 2, 3, 4, 5, 6, 7 of {staff.settings.topics.events}" in first.said()
    )


def test_a_session_timeout_that_the_brokers_refuse_is_said_and_ends_the_worker(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    """With their bounds, instead of joining for ever; in one line, as all that has a name."""
    staff = Staff(kafka, topic_prefix, tmp_path, session_timeout_s=7200.0)
    create_topics(staff.settings)
    staff.start("ann")
    worker: Any = staff.workers["ann"]
    staff.until(lambda: not worker.alive, "the worker ends")

    assert worker.stop() == 2
    assert "GOESWITH_SESSION_TIMEOUT_S=7200 is not what the brokers take" in worker.said()
    assert "to 1800 s (group.max.session.timeout.ms)" in worker.said()
    assert "Traceback" not in worker.said()


def test_a_worker_without_its_topics_says_so_and_ends(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    """The exit code tells whoever supervises it that starting it again will not help."""
    staff = Staff(kafka, topic_prefix, tmp_path)
    staff.start("ann")
    worker: Any = staff.workers["ann"]
    staff.until(lambda: not worker.alive, "the worker ends")

    assert worker.stop() == 2
    assert "goeswith topics create" in worker.said()
