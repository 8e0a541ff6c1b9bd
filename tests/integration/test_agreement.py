"""Workers on a real Kafka whose settings differ: the first one goes on, the other one waits."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from streams.clients.async_kafka import administration
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.lab.embedded.worker_process import environment
from streams.operations.topics import create_topics
from tests.integration.workers import Staff, send, views

SALTED = {"holdout_salt": "autumn"}
SESSION_S = 4.0
"""After so long a silence a worker is given up, which some of this waits for."""


@pytest.fixture
def staff(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Staff]:
    """A shop in which ann is at work."""
    staff = Staff(kafka, topic_prefix, tmp_path, session_timeout_s=SESSION_S)
    create_topics(staff.settings)
    send(staff.settings, views(100))
    staff.start("ann")
    staff.until_at_work("ann")
    yield staff
    staff.go_home()


def reasons(staff: Staff, name: str) -> str:
    """Why a worker is not ready."""
    return "; ".join(staff.health(name).get("reasons", ()))


def test_a_worker_of_another_holdout_salt_waits_and_is_ready_with_the_same(staff: Staff) -> None:
    """It names setting, values and peer, folds on, and answers nobody; who was first goes on."""
    staff.start("bob", **SALTED)
    staff.until(lambda: "holdout_salt" in reasons(staff, "bob"), "bob says what differs")
    send(staff.settings, views(100))
    staff.until_answered()  # folded by bob, too
    waiting, first = staff.state("bob"), staff.state("ann")
    said = reasons(staff, "bob")
    code = staff.workers["bob"].stop()
    staff.start("bob")
    staff.until(partial(ready, staff, "bob"), "bob is ready")
    staff.until_at_work("ann", "bob")

    assert said == 'holdout_salt is "autumn" here, "goeswith" at ann, which was here first'
    assert (waiting["assigned"], waiting["telemetry"]["answered"]) == ([], 0)
    assert len(first["assigned"]) == staff.settings.partitions
    assert code == 0
    assert ready(staff, "ann")


def test_who_waits_takes_over_when_the_first_one_ends_and_the_first_one_then_waits(
    staff: Staff,
) -> None:
    """So a setting is changed worker by worker; whoever comes back with the old one has to wait."""
    staff.start("bob", **SALTED)
    staff.until(lambda: staff.ready("bob") is False and bool(reasons(staff, "bob")), "bob waits")
    staff.workers["ann"].stop()
    staff.until_at_work("bob")
    staff.start("ann")
    staff.until(lambda: "holdout_salt" in reasons(staff, "ann"), "ann waits")
    staff.workers["ann"].stop()
    staff.start("ann", **SALTED)
    staff.until_at_work("ann", "bob")

    assert ready(staff, "bob")


def test_a_worker_that_was_killed_comes_back_under_its_name_with_other_settings_at_once(
    staff: Staff,
) -> None:
    """Nobody else is there: it is no peer of itself."""
    staff.workers["ann"].kill()
    staff.start("ann", **SALTED)
    staff.until(partial(ready, staff, "ann"), "ann is ready")

    assert staff.state("ann")["agreement"]["holdout_salt"] == "autumn"
    assert "not ready" not in staff.workers["ann"].said()


def test_secrets_are_changed_worker_by_worker(staff: Staff) -> None:
    """In the documented order nobody ever waits; who lacks what the other signs by does."""
    old, new = staff.common["receipt_secret"], "another secret"
    staff.start("bob", receipt_secret=new)
    staff.until(lambda: "receipt_secret" in reasons(staff, "bob"), "bob says what differs")
    said = reasons(staff, "bob") + staff.workers["bob"].said()
    staff.workers["bob"].stop()
    staff.workers["bob"].log.write_text("")
    for secrets in (f"{old},{new}", f"{new},{old}", new):
        for name in ("ann", "bob"):
            staff.workers[name].stop()
            staff.start(name, receipt_secret=secrets)
            staff.until(partial(ready, staff, name), f"{name} is ready")

    assert new not in said
    assert old not in said
    assert [] == [name for name, worker in staff.workers.items() if "not ready" in worker.said()]


def test_a_standby_that_differs_is_not_ready_and_in_nobodys_way(staff: Staff) -> None:
    """It answers nothing, so nobody has to wait for it."""
    staff.start("bob", **SALTED, answering=False)
    staff.until(lambda: "holdout_salt" in reasons(staff, "bob"), "bob says what differs")
    staff.start("carl")
    staff.until_at_work("ann", "carl")
    staff.workers["ann"].stop()
    staff.workers["carl"].stop()
    staff.until(partial(ready, staff, "bob"), "nobody is left to differ from")


def test_a_worker_that_was_paused_while_another_took_its_place_fails(staff: Staff) -> None:
    """It would answer beside it; after its restart it waits."""
    staff.start("bob", **SALTED)
    staff.until(lambda: "holdout_salt" in reasons(staff, "bob"), "bob waits")
    ann = staff.workers["ann"]
    ann._process.send_signal(signal.SIGSTOP)
    staff.until_at_work("bob")
    ann._process.send_signal(signal.SIGCONT)
    staff.until(lambda: not ann.alive, "ann ends")

    assert ann.stop() == 1
    assert "SettingsDiffer" in ann.said()
    staff.until(partial(ready, staff, "bob"), "bob is ready")


def test_nobody_takes_a_place_because_the_broker_was_away(
    own_kafka: RealKafka, topic_prefix: str, tmp_path: Path
) -> None:
    """Who was there first is still there, and who waits still waits."""
    times = {"session_timeout_s": SESSION_S, "kafka_timeout_s": 60}
    staff = Staff(own_kafka.bootstrap, topic_prefix, tmp_path, **times)
    create_topics(staff.settings)
    staff.start("ann")
    staff.until_at_work("ann")
    staff.start("bob", **SALTED)
    staff.until(lambda: "holdout_salt" in reasons(staff, "bob"), "bob waits")
    own_kafka.stop()
    time.sleep(staff.settings.session_timeout_s + 2)  # not for luck: this is how long it is away
    own_kafka.start()
    staff.until(partial(ready, staff, "ann"), "ann is ready")
    send(staff.settings, views(100))
    staff.until_answered()
    staff.until(lambda: "holdout_salt" in reasons(staff, "bob"), "bob knows why he waits")
    answered = staff.state("bob")["telemetry"]["answered"]
    codes = [worker.stop() for worker in staff.workers.values()]

    assert (answered, codes) == (0, [0, 0])


async def test_a_worker_without_the_agreement_topic_says_what_to_do(staff: Staff) -> None:
    """An operator who comes from an earlier version has to make it; no worker makes it for him."""
    staff.workers["ann"].stop()
    topic = staff.settings.topics.agreement
    async with administration(staff.settings) as admin:
        await admin.delete_topics([topic])
    staff.start("ann")
    staff.until(lambda: not staff.workers["ann"].alive, "ann ends")

    assert staff.workers["ann"].stop() == 2
    assert topic in staff.workers["ann"].said()
    assert "goeswith topics create" in staff.workers["ann"].said()
    assert create_topics(staff.settings) == [topic]


def ready(staff: Staff, name: str) -> bool:
    """Whether a worker says that it is ready."""
    return staff.ready(name) is True


def test_rebuild_names_the_settings_that_differ_from_the_workers(staff: Staff) -> None:
    """Equal digests are no proof that the same is offered to the same shoppers."""
    staff.until_answered()
    same = rebuilt(staff)
    other = rebuilt(staff, **SALTED)

    assert same["settings_differ"] == []
    assert other["settings_differ"] == ['holdout_salt is "autumn" here, "goeswith" at the worker']


def rebuilt(staff: Staff, **other: Any) -> dict[str, Any]:
    """What `goeswith rebuild` says of ann, under other settings."""
    settings = staff.settings.model_validate({**staff.common, **other})
    page = f"http://127.0.0.1:{staff.ports['ann']}"
    done = subprocess.run(
        [sys.executable, "-m", "streams", "rebuild", "--json", "--page", page],
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == bool(report["differ"] or report["settings_differ"]), done.stderr
    return report
