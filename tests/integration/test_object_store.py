"""Checkpoints in S3, over real sockets: moto's server speaks it as Amazon's does."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("s3fs", reason="the driver s3fs is not installed")

from fsspec import filesystem

from streams.clients.checkpoints.objects.file_system import ObjectFolder
from streams.clients.checkpoints.objects.file_system_store import FileSystemStore
from streams.clients.checkpoints.rules import fingerprint
from streams.contract.errors import CheckpointRefused, StoreUnreachable
from streams.contract.settings import Settings
from streams.shop.checkpoint import read, restored
from streams.worker.checkpointing.child_work import in_child
from tests.integration.test_checkpoint_store import checkpoint
from tests.integration.test_checkpoints import (
    EVENTS,
    Employ,
    employ,
    forget_the_log,
    notes,
    one_shift,
)
from tests.stories import OPEN

__all__ = ["employ"]

URL = "s3://vault/shop"
KEY = "not a secret"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an S3 that has an empty bucket `vault`; drivers find it by environment."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = pytest.importorskip("moto.server", reason="moto's server is not installed")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ann")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "butter")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url := f"http://127.0.0.1:{port}")
    driver = filesystem("s3", skip_instance_cache=True)
    if driver.exists("vault"):
        driver.rm("vault", recursive=True)
    driver.mkdir("vault")
    yield url
    server.stop()


@pytest.fixture
def store(s3: str) -> FileSystemStore:
    """A folder of the bucket."""
    assert s3
    return FileSystemStore(ObjectFolder(URL))


def test_checkpoints_are_kept_and_restored(
    store: FileSystemStore, caplog: pytest.LogCaptureFixture
) -> None:
    """As in any store; S3 creates what is not there for one of all who try."""
    store.check_writable()
    for offset in (7, 8, 9):
        assert store.write(*checkpoint(offset))
    assert not store.write(*checkpoint(8))
    store.write(*checkpoint(3, session_gap_s=60.0))

    assert "overwrites" not in caplog.text
    assert [3, 8, 7] == [one.events for one in store.pointer().generations]
    assert [f"settings-{fingerprint(checkpoint(9)[1])}"] == [one.name for one in store.kept()]
    assert 8 == store.restore(2).events
    assert checkpoint(8)[1] == store.read()


def test_what_another_one_has_written_is_seen_at_once(store: FileSystemStore) -> None:
    """Drivers remember what they have listed: they are told not to."""
    assert store.read() is None
    FileSystemStore(ObjectFolder(URL)).write(*checkpoint(7))

    assert checkpoint(7)[1] == store.read()
    FileSystemStore(ObjectFolder(URL)).write(*checkpoint(8))
    assert checkpoint(8)[1] == store.read()


def test_writers_at_once_lose_nothing(s3: str) -> None:
    """Of several settings: what each has written is in the place, or aside."""
    ours = [checkpoint(7, session_gap_s=60.0 + n) for n in range(3)]
    with ThreadPoolExecutor(3) as crew:
        kept = list(crew.map(lambda one: FileSystemStore(ObjectFolder(URL)).write(*one), ours))
    store = FileSystemStore(ObjectFolder(URL))
    there = [store.read(), *(store.read(one.name) for one in store.kept())]

    assert s3
    assert [True] * 3 == kept
    assert {data for _, data in ours} == {*there}


async def test_a_forked_child_writes_though_its_parent_has_spoken(store: FileSystemStore) -> None:
    """Connections and threads of a driver do not live through a fork: it has its own."""
    assert await asyncio.to_thread(store.read) is None

    def work() -> bytes:
        return b"written" if store.write(*checkpoint(7)) else b""

    done = await in_child(work, seconds_max=60.0)

    assert b"written" == done.answer
    assert checkpoint(7)[1] == await asyncio.to_thread(store.read)


def test_a_bucket_that_is_not_there_is_named(s3: str) -> None:
    """Nobody makes one: its region, its rights and its bill are the shop's."""
    with pytest.raises(StoreUnreachable, match=r"s3://nowhere/shop .* bucket does not exist"):
        FileSystemStore(ObjectFolder("s3://nowhere/shop")).check_writable()
    assert s3


def test_an_s3_that_never_answers_holds_nobody_up(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection, and that is all."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
        with pytest.raises(StoreUnreachable, match=r"no answer within 0\.5 s"):
            FileSystemStore(ObjectFolder(URL, answer_s_max=0.5)).read()
    assert s3


def test_workers_keep_what_they_know_there_sealed(s3: str, employ: Employ) -> None:
    """The log forgets, the worker starts again, and knows; each object in the bucket is sealed."""
    staff = employ(URL, checkpoint_key=KEY)
    one_shift(staff)
    forget_the_log(staff)
    again = one_shift(staff)
    folder = ObjectFolder(URL)
    objects = [folder.get(name, 1 << 24) for name in folder.names() if "checkpoint" in name]

    assert s3
    assert (EVENTS, 0) == (again["restored"], again["checkpoints_failed"])
    assert objects
    for data in objects:
        with pytest.raises(CheckpointRefused, match="sealed with the key"):
            restored(read(data or b""), Settings(**OPEN))


def test_a_worker_that_may_not_write_there_says_so_and_works(s3: str, employ: Employ) -> None:
    """At its start, long before a checkpoint is due."""
    staff = employ("s3://nowhere/shop", checkpoint_every_s=3_600.0)
    staff.start("ann")
    staff.until_at_work("ann")

    assert s3
    assert "no checkpoint can be written to s3://nowhere/shop" in notes(staff, "ann")
    assert 1 == staff.state("ann")["telemetry"]["checkpoints_failed"]
