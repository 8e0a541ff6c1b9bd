"""Workers that go on from a checkpoint, on a real Kafka and with a Redis that may be away."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kafka import TopicPartition

from streams.cli.root import goeswith
from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.lab.embedded.worker_process import environment
from streams.operations.topics import create_topics
from tests.integration.workers import Staff, send, views

EVENTS = 200
Employ = Callable[..., Staff]


@pytest.fixture
def employ(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Employ]:
    """Opens a shop whose workers write a checkpoint as often as may be."""
    opened: list[Staff] = []

    def open_shop(checkpoint_url: str, **more: Any) -> Staff:
        staff = Staff(
            kafka,
            topic_prefix,
            tmp_path,
            checkpoint_url=checkpoint_url,
            log_level="info",
            **{"checkpoint_every_s": 0.2, **more},
        )
        opened.append(staff)
        create_topics(staff.settings)
        send(staff.settings, views(EVENTS))
        return staff

    yield open_shop
    for staff in opened:
        staff.go_home()


def telemetry(staff: Staff, name: str) -> Any:
    """What a worker has counted."""
    return staff.state(name).get("telemetry", {})


def health(staff: Staff, name: str) -> Any:
    """What a worker's page says of its health, ready or not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{staff.ports[name]}/readyz") as page:
            return json.load(page)
    except urllib.error.HTTPError as refused:
        with refused:
            return json.load(refused)


def notes(staff: Staff, name: str) -> str:
    """What a worker has to say besides, once it is ready: it looks around once a second."""
    staff.until(lambda: health(staff, name)["ready"], "a ready worker")
    said = health(staff, name)
    assert [] == said["reasons"]
    return "; ".join(said["notes"])


def is_all_kept(staff: Staff, name: str) -> bool:
    """Whether the checkpoint is as far as the worker."""
    given = environment(staff.settings)
    done = CliRunner().invoke(goeswith, ["checkpoint", "inspect", "--json"], env=given)
    held = json.loads(done.stdout)["position"] if done.exit_code == 0 else {}
    reached = {number: offset for number, offset in held.items() if offset}
    return bool(reached) and reached == staff.state(name)["position"]


def forget_the_log(staff: Staff) -> None:
    """All that is in the log is gone, as by retention."""
    with (
        open_reader(staff.settings, staff.settings.topics.events) as reader,
        open_admin(staff.settings) as admin,
    ):
        ends = {TopicPartition(at.topic, at.number): end for at, end in reader.ends().items()}
        admin.delete_records(ends)


def one_shift(staff: Staff) -> dict[str, Any]:
    """A worker starts, writes a checkpoint of all there is, and is killed: what it has counted."""
    staff.start("ann")
    staff.until_at_work("ann")
    staff.until_answered()
    staff.until(lambda: is_all_kept(staff, "ann"), "a checkpoint of all")
    counted: dict[str, Any] = telemetry(staff, "ann") | {"notes": notes(staff, "ann")}
    staff.workers["ann"].kill()
    return counted


def test_a_setting_that_is_changed_and_put_back_costs_nothing(
    employ: Employ, topic_prefix: str
) -> None:
    """Though the log forgets meanwhile: what only the checkpoint knows is kept, in a real Redis."""
    with EmbeddedRedis() as server:
        staff = employ(server.url)
        one_shift(staff)
        forget_the_log(staff)
        staff.common["items_max"] = 1_000
        send(staff.settings, views(50))
        changed = one_shift(staff)
        del staff.common["items_max"]
        send(staff.settings, views(25))
        back = one_shift(staff)
        _, held = run(staff, "checkpoint", "inspect")

    assert (EVENTS, 50) == (changed["restored"], changed["folded"])
    assert (0, 1) == (changed["checkpoints_refused"], changed["checkpoints_adopted"])
    assert "items_max was 200000, is 1000" in changed["notes"]
    assert f"{topic_prefix}:checkpoint:refused:settings-" in changed["notes"]
    assert (EVENTS, 75) == (back["restored"], back["folded"])
    assert EVENTS + 75 == held["events"]
    assert ["settings"] == [one["name"].partition("-")[0] for one in held["kept"]]


def test_a_worker_goes_on_from_a_topic_when_the_log_has_forgotten(employ: Employ) -> None:
    """There is no Redis, and no file: what was learned is where the log was."""
    staff = employ("kafka:")
    first = one_shift(staff)
    forget_the_log(staff)
    send(staff.settings, views(25))
    second = one_shift(staff)
    _, held = run(staff, "checkpoint", "list")

    assert (0, EVENTS) == (first["restored"], first["folded"])
    assert (EVENTS, 25) == (second["restored"], second["folded"])
    assert second["checkpoints_failed"] == second["checkpoints_refused"] == 0
    assert (EVENTS + 25, []) == (held["generations"][0]["events"], held["kept"])
    assert held["generations"][1]["events"] >= EVENTS


def test_a_worker_never_touches_what_is_no_checkpoint(employ: Employ, tmp_path: Path) -> None:
    """It answers without one, counts, and says so; and a command asks to be told twice."""
    path = tmp_path / "passwd"
    path.write_text("ann:x:0:0::/bin/sh\n")
    staff = employ(path.as_uri())
    staff.start("ann")
    staff.until_at_work("ann")
    staff.until_answered()
    staff.until(lambda: telemetry(staff, "ann")["checkpoints_failed"] > 1, "a failure")
    counted, said = telemetry(staff, "ann"), notes(staff, "ann")
    given = environment(staff.settings)
    refused = CliRunner().invoke(goeswith, ["checkpoint", "save"], env=given)
    left = path.read_text()
    staff.workers["ann"].kill()
    _, forced = run(staff, "checkpoint", "save", "--force")

    assert "ann:x:0:0::/bin/sh\n" == left
    assert (1, 0) == (counted["checkpoints_refused"], counted["checkpoints"])
    assert "It is not ours: it stays" in said
    assert "no checkpoint was written" in said
    assert 1 == refused.exit_code
    assert "--force" in refused.output
    assert (EVENTS, True) == (forced["folded"], forced["written"])


def run(staff: Staff, *words: str, **more: str) -> tuple[int, Any]:
    """Run a command under the workers' settings: its exit code and what it printed."""
    given = environment(staff.settings) | {f"GOESWITH_{k.upper()}": v for k, v in more.items()}
    done = CliRunner().invoke(goeswith, [*words, "--json"], env=given)
    assert done.stdout, (words, done.stderr, done.exception)
    return done.exit_code, json.loads(done.stdout)


def test_a_worker_refuses_a_damaged_checkpoint_and_goes_on_from_its_own(
    employ: Employ, tmp_path: Path
) -> None:
    """The first says why and folds the log; the next folds only what came later."""
    path = tmp_path / "shop.checkpoint"
    path.write_bytes(b"goeswith-checkpoint {} what is left of it")
    staff = employ(path.as_uri())
    staff.start("ann")
    staff.until_at_work("ann")
    staff.until_answered()
    staff.until(lambda: telemetry(staff, "ann")["checkpoints"] > 0, "a checkpoint")
    first, said = telemetry(staff, "ann"), staff.workers["ann"].said()
    staff.workers["ann"].kill()
    send(staff.settings, views(50))
    staff.start("ann")
    staff.until_answered()
    second = telemetry(staff, "ann")
    code, report = run(staff, "rebuild", "--page", f"http://127.0.0.1:{staff.ports['ann']}")

    kept = list(tmp_path.glob("shop.checkpoint.refused-damaged-*"))

    assert "the log is folded from its beginning" in said
    assert [b"goeswith-checkpoint {} what is left of it"] == [one.read_bytes() for one in kept]
    assert str(kept[0]) in said
    assert (0, EVENTS) == (first["restored"], first["folded"])
    assert 0 < second["restored"] <= EVENTS
    assert EVENTS + 50 == second["restored"] + second["folded"]
    assert (0, True, EVENTS + 50) == (code, report["same"], report["events"])
    assert {report["digest"]} == staff.digests() == {staff.recomputed()}


def test_a_worker_that_finds_no_checkpoint_writes_one_soon(employ: Employ, tmp_path: Path) -> None:
    """However long the pauses are: who is restarted again and again would never come to it."""
    staff = employ((tmp_path / "shop.checkpoint").as_uri(), checkpoint_every_s=3600.0)
    staff.start("ann")
    staff.until_at_work("ann")
    staff.until_answered()
    staff.until(lambda: telemetry(staff, "ann")["checkpoints"] > 0, "a checkpoint")
    first = telemetry(staff, "ann")
    staff.workers["ann"].kill()
    staff.start("ann")
    staff.until_at_work("ann")
    second = telemetry(staff, "ann")

    assert (0, 0) == (first["restored"], first["restored_made_ms"])
    assert 0 < second["restored"] <= EVENTS
    assert second["restored_made_ms"] > 0


def test_checkpoints_are_saved_loaded_and_compared_without_a_worker(
    employ: Employ, tmp_path: Path
) -> None:
    """Folding the log is all that it takes; the next save folds what came since."""
    staff = employ((tmp_path / "shop.checkpoint").as_uri())
    _, first = run(staff, "checkpoint", "save")
    older = tmp_path / "older"
    run(staff, "checkpoint", "load", "store", str(older))
    send(staff.settings, views(50))
    same = run(staff, "checkpoint", "compare", str(older))
    _, second = run(staff, "checkpoint", "save")
    level = run(staff, "checkpoint", "compare", str(older))
    run(staff, "checkpoint", "load", str(older))
    _, held = run(staff, "checkpoint", "inspect")
    strange = run(staff, "checkpoint", "inspect", session_gap_s="60")[1]["refused"]

    assert [(EVENTS, True), (50, True)] == [(r["folded"], r["written"]) for r in (first, second)]
    assert [(0, True), (0, True)] == [(code, report["same"]) for code, report in (same, level)]
    assert level[1]["position"] == second["position"]
    assert (first["digest"], None) == (held["digest"], held["refused"])
    assert second["digest"] != first["digest"]
    assert "session_gap_s was 1800.0, is 60.0" in strange


def test_who_puts_a_checkpoint_under_a_live_worker_is_warned(
    employ: Employ, tmp_path: Path
) -> None:
    """It replaces it with its own before long; without workers nothing is said."""
    staff, older = employ((tmp_path / "shop.checkpoint").as_uri()), str(tmp_path / "older")
    run(staff, "checkpoint", "save")
    run(staff, "checkpoint", "load", "store", older)
    words, there = ["checkpoint", "load", older], environment(staff.settings)
    alone = CliRunner().invoke(goeswith, words, env=there)
    staff.start("ann")
    staff.until_at_work("ann")
    beside = CliRunner().invoke(goeswith, words, env=there)

    assert (0, "") == (alone.exit_code, alone.stderr)
    assert 0 == beside.exit_code
    assert "1 worker is in the group" in beside.stderr
    assert "(ann) and will replace this" in beside.stderr


def test_checkpoints_resume_when_redis_returns(employ: Employ) -> None:
    """Without Redis the worker starts, and answers, all the same."""
    server = EmbeddedRedis()
    staff = employ(server.url)
    staff.start("ann")
    staff.until_at_work("ann")
    staff.until_answered()
    staff.until(lambda: telemetry(staff, "ann")["checkpoints_failed"] > 0, "a failure")
    without = telemetry(staff, "ann")["checkpoints"]
    with server:
        staff.until(lambda: telemetry(staff, "ann")["checkpoints"] > 0, "a checkpoint")
        staff.workers["ann"].kill()
        staff.start("ann")
        staff.until_at_work("ann")
        counted = telemetry(staff, "ann")

    assert 0 == without
    assert (EVENTS, 0) == (counted["restored"], counted["folded"])
    assert {staff.recomputed()} == staff.digests()
