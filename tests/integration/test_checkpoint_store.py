"""Where checkpoints are kept: a real Redis, files, a topic of a real Kafka, and objects."""

import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from streams.clients.checkpoints.file_store import FileStore
from streams.clients.checkpoints.objects.file_system import ObjectFolder
from streams.clients.checkpoints.objects.file_system_store import FileSystemStore
from streams.clients.checkpoints.redis_store import PIECE_BYTES, RedisStore
from streams.clients.checkpoints.rules import fingerprint
from streams.clients.checkpoints.store import Store, open_store
from streams.clients.checkpoints.topic_store import TopicStore
from streams.contract.errors import CheckpointRefused, GoeswithError, RedisUnreachable
from streams.contract.settings import Settings
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.shop.checkpoint import CheckpointHeader, packed
from streams.shop.shop import Shop
from tests.stories import OPEN


def checkpoint(
    offset: int, cluster: str = "here", topic_id: str = "", **settings: Any
) -> tuple[CheckpointHeader, bytes]:
    """A checkpoint that has folded the log up to this offset."""
    shop = Shop(Settings(**{**OPEN, **settings}))
    for number in range(offset):
        shop.learn(0, number, None)
    return packed(shop, cluster=cluster, now_ms=0, made_by="worker-1", topic_id=topic_id)


@pytest.fixture(params=["redis", "file", "topic", "objects"])
def store(request: pytest.FixtureRequest, topic_prefix: str, tmp_path: Path) -> Store:
    """Each kind of store, empty."""
    if request.param == "objects":
        pytest.importorskip("fsspec", reason="the extra object-store is not installed")
        bucket = pytest.importorskip("tests.clients.checkpoints.bucket").Bucket.protocol
        return FileSystemStore(ObjectFolder(f"{bucket}://{topic_prefix}/shop"))
    if request.param == "file":
        return FileStore(tmp_path / "shop.checkpoint")
    if request.param == "topic":
        settings = Settings(kafka_bootstrap=request.getfixturevalue("kafka"))
        return TopicStore(settings, f"{topic_prefix}.checkpoints")
    return RedisStore(request.getfixturevalue("redis_url"), topic_prefix, ttl_s=60)


def test_what_was_written_is_read(store: Store) -> None:
    """Before that there is nothing."""
    before, (header, data) = store.read(), checkpoint(7)

    assert store.write(header, data)
    assert (None, data) == (before, store.read())


def test_a_further_checkpoint_is_never_replaced(store: Store) -> None:
    """A writer that was paused comes too late; unless it is meant."""
    further, behind = checkpoint(9), checkpoint(7)
    store.write(*further)

    assert not store.write(*behind)
    assert further[1] == store.read()
    assert store.write(*behind, force=True)
    assert behind[1] == store.read()


def test_a_checkpoint_of_another_cluster_is_never_replaced_unless_forced(store: Store) -> None:
    """Somebody else's, or what was known before a move: not for a worker to decide."""
    theirs = checkpoint(9, cluster="elsewhere")
    store.write(*theirs)

    with pytest.raises(CheckpointRefused, match="not ours, and stays"):
        store.write(*checkpoint(70))
    assert theirs[1] == store.read()
    assert store.write(*checkpoint(7), force=True)


def test_one_that_is_sealed_with_another_key_stays_unless_forced(store: Store) -> None:
    """Whoever forgot the key writes nothing in its place, in the clear least of all."""
    sealed = checkpoint(7, checkpoint_key="not a secret")
    store.write(*sealed)
    for ours in (checkpoint(9), checkpoint(9, checkpoint_key="another one")):
        with pytest.raises(CheckpointRefused, match=f"the key {sealed[0].keys[0]}") as refused:
            store.write(*ours, back=True)
        assert "sealed" == refused.value.reason
    assert sealed[1] == store.read()
    assert store.write(*checkpoint(9, checkpoint_key="another one"), force=True)

    assert [f"sealed-{fingerprint(sealed[1])}"] == [kept.name for kept in store.kept()]
    assert sealed[1] == store.read(store.kept()[0].name)


def test_one_of_an_older_key_is_replaced_by_who_has_it_still(store: Store) -> None:
    """Also one that is not sealed yet."""
    for offset, secret in enumerate(("", "old", "old,new", "new,old", "new"), start=5):
        assert store.write(*checkpoint(offset, checkpoint_key=secret))

    assert [] == store.kept()
    assert checkpoint(9, checkpoint_key="new")[1] == store.read()


def test_one_made_under_other_settings_is_kept_aside_and_can_be_read(store: Store) -> None:
    """Under a name that tells why; once, however often it is written between."""
    before = checkpoint(9, session_gap_s=60.0)
    store.write(*before)
    for offset in range(5, 9):
        assert store.write(*checkpoint(offset))
    (kept,) = store.kept()

    assert kept.name.startswith("settings-")
    assert before[1] == store.read(kept.name)
    assert kept.name in store.place(kept.name)


def test_one_that_was_kept_aside_is_deleted_and_no_other(store: Store) -> None:
    """A second time there is none; the one that workers start from stays."""
    store.write(*checkpoint(90))
    store.write(*checkpoint(5, sessions_max=100))
    store.write(*checkpoint(7, items_max=1_000))
    first, other = store.kept()
    living = store.read()

    assert store.delete(first.name)
    assert ([other.name], living) == ([one.name for one in store.kept()], store.read())
    assert (None, False) == (store.read(first.name), store.delete(first.name))
    assert store.read(other.name)


def test_settings_that_are_tried_to_and_fro_leave_one_of_each(store: Store) -> None:
    """What is known of one lineage is in its latest checkpoint: the earlier ones go."""
    for offset in range(5, 11):
        store.write(*checkpoint(offset, session_gap_s=60.0 + offset % 2))

    assert [9] == [kept.known.reach for kept in store.kept() if kept.known]
    assert checkpoint(10, session_gap_s=60.0)[1] == store.read()


def test_no_more_than_a_few_are_kept(store: Store) -> None:
    """Those that know most: the first one, and the latest."""
    for tries in range(8):
        store.write(*checkpoint(100 if tries == 0 else tries, session_gap_s=60.0 + tries))

    assert [100, 6, 5] == [kept.known.reach for kept in store.kept() if kept.known]


def test_one_that_its_writer_could_not_use_is_kept_aside(store: Store) -> None:
    """Though the settings are the same, and it is further: the topic was made anew."""
    header, data = checkpoint(9)
    store.write(header, data)
    assert store.write(*checkpoint(7), refused={fingerprint(data): "log"})

    assert [f"log-{fingerprint(data)}"] == [kept.name for kept in store.kept()]
    assert data == store.read(store.kept()[0].name)


def test_one_that_was_replaced_on_purpose_is_kept_aside(store: Store) -> None:
    """To go back in time is not to forget."""
    store.write(*checkpoint(9))
    store.write(*checkpoint(7), back=True)

    assert ["replaced"] == [kept.name.partition("-")[0] for kept in store.kept()]
    store.write(*checkpoint(10))
    assert [] == store.kept()


def write_at_last(store: Store, header: CheckpointHeader, data: bytes) -> bool:
    """Write as a worker does: when somebody else writes, at the next time, and one at last can."""
    for _ in range(20):
        with suppress(GoeswithError):
            return store.write(header, data)
    return False


def test_writers_that_come_at_once_lose_nothing(store: Store) -> None:
    """Of several settings: what each has written is in the place, or aside."""
    ours = [checkpoint(7, session_gap_s=60.0 + n) for n in range(3)]
    with ThreadPoolExecutor(3) as crew:
        assert all(crew.map(lambda one: write_at_last(store, *one), ours))
    there = [store.read(), *(store.read(kept.name) for kept in store.kept())]

    assert {data for _, data in ours} == set(there)
    assert 3 == len(there)


def test_large_checkpoints_are_kept_in_pieces(redis_url: str, topic_prefix: str) -> None:
    """All of which expire; those of the one before soon, but not under a reader."""
    store, (header, data) = RedisStore(redis_url, topic_prefix, ttl_s=6_000), checkpoint(7)
    large = data + bytes(2 * PIECE_BYTES)
    store.write(header, large)
    store.write(header, large)
    with redis.Redis.from_url(redis_url) as client:
        ttls_s = sorted(client.ttl(key) for key in client.keys(f"{topic_prefix}:*"))

    assert large == store.read()
    assert [True] * 3 == [0 < ttl_s <= 600 for ttl_s in ttls_s[:3]]
    assert [True] * 4 == [600 < ttl_s <= 6_000 for ttl_s in ttls_s[3:]]


def pieces_left_s(redis_url: str, prefix: str) -> list[int]:
    """How long each piece has to live, named or not, in s."""
    with redis.Redis.from_url(redis_url) as client:
        keys = client.keys(f"{prefix}:checkpoint:*")
        return [client.ttl(key) for key in keys if b":refused:" not in key]


def test_pieces_of_what_is_kept_no_longer_expire_soon(redis_url: str, topic_prefix: str) -> None:
    """Those of the one in the place, and of the three beside it, live as long as they may."""
    store = RedisStore(redis_url, topic_prefix, ttl_s=6_000)
    for tries in range(8):
        store.write(*checkpoint(9 - tries, session_gap_s=60.0 + tries))
    left_s = pieces_left_s(redis_url, topic_prefix)

    assert [True] * 3 == [store.read(kept.name) is not None for kept in store.kept()]
    assert (8, 4) == (len(left_s), sum(left > 600 for left in left_s))


def test_pieces_of_one_that_is_kept_again_under_its_name_expire_soon(
    redis_url: str, topic_prefix: str
) -> None:
    """It was put back, and could not be used once more: its copy is enough."""
    store, (header, data) = RedisStore(redis_url, topic_prefix, ttl_s=6_000), checkpoint(9)
    for _ in range(2):
        store.write(header, data, back=True)
        store.write(*checkpoint(7), refused={fingerprint(data): "log"})
    left_s = pieces_left_s(redis_url, topic_prefix)

    assert [data] == [store.read(kept.name) for kept in store.kept()]
    assert 2 == sum(left > 600 for left in left_s)


def test_one_that_stays_since_it_knows_more_lives_on(redis_url: str, topic_prefix: str) -> None:
    """However long nobody starts the worker again that would go on from it."""
    RedisStore(redis_url, topic_prefix, ttl_s=60).write(*checkpoint(90))
    blind = Shop(Settings(**OPEN))
    blind.start(0, 90)
    for offset in range(90, 97):
        blind.learn(0, offset, None)
    week = packed(blind, cluster="here", now_ms=0, made_by="worker-1")
    with pytest.raises(CheckpointRefused, match="knows 90 events, this one 7"):
        RedisStore(redis_url, topic_prefix, ttl_s=6_000).write(*week)
    with redis.Redis.from_url(redis_url) as client:
        ttl_s = client.ttl(f"{topic_prefix}:checkpoint")

    assert [True, True] == [left > 60 for left in (ttl_s, *pieces_left_s(redis_url, topic_prefix))]


@pytest.mark.parametrize(
    ("there", "ours", "why"),
    [
        ({"checkpoint_key": "old"}, {"checkpoint_key": "mistyped"}, "sealed"),
        ({"topic_id": "before"}, {"topic_id": "now"}, "log"),
    ],
    ids=["sealed", "log"],
)
def test_one_that_stays_until_somebody_mends_it_lives_on(
    redis_url: str, topic_prefix: str, there: dict[str, str], ours: dict[str, str], why: str
) -> None:
    """Longer than a month, if the key comes back no sooner: each try renews it."""
    RedisStore(redis_url, topic_prefix, ttl_s=60).write(*checkpoint(90, **there))
    with pytest.raises(CheckpointRefused) as refused:
        RedisStore(redis_url, topic_prefix, ttl_s=6_000).write(*checkpoint(5, **ours))
    with redis.Redis.from_url(redis_url) as client:
        ttl_s = client.ttl(f"{topic_prefix}:checkpoint")

    assert why == refused.value.reason
    assert [True, True] == [left > 60 for left in (ttl_s, *pieces_left_s(redis_url, topic_prefix))]


def test_a_checkpoint_with_a_piece_missing_is_refused(redis_url: str, topic_prefix: str) -> None:
    """Redis may have had no room for it."""
    store = RedisStore(redis_url, topic_prefix, ttl_s=60)
    store.write(*checkpoint(7))
    with redis.Redis.from_url(redis_url) as client:
        client.delete(*client.keys(f"{topic_prefix}:checkpoint:*"))

    with pytest.raises(CheckpointRefused, match="pieces of it are gone"):
        store.read()


def test_one_whose_pieces_are_gone_hinders_nobody(redis_url: str, topic_prefix: str) -> None:
    """However much it knew: there is nothing left to keep."""
    store = RedisStore(redis_url, topic_prefix, ttl_s=60)
    store.write(*checkpoint(9))
    with redis.Redis.from_url(redis_url) as client:
        client.delete(*client.keys(f"{topic_prefix}:checkpoint:*"))

    assert store.write(*checkpoint(7))
    assert [] == store.kept()


def test_a_key_that_holds_something_else_stays_unless_forced(
    redis_url: str, topic_prefix: str
) -> None:
    """Who knows whose it is. Nothing is put beside it either."""
    store, (header, data) = RedisStore(redis_url, topic_prefix, ttl_s=60), checkpoint(7)
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{topic_prefix}:checkpoint", "bread and butter")
        with pytest.raises(CheckpointRefused, match="something else"):
            store.read()
        with pytest.raises(CheckpointRefused, match="not ours, and stays"):
            store.write(header, data)
        assert [f"{topic_prefix}:checkpoint".encode()] == client.keys(f"{topic_prefix}:*")

    assert store.write(header, data, force=True)
    assert data == store.read()


def test_a_full_redis_keeps_what_it_has() -> None:
    """What has no room is not written; what was there, and what was kept aside, is there still."""
    with EmbeddedRedis() as server, redis.Redis.from_url(server.url) as client:
        store = RedisStore(server.url, "shop", ttl_s=60)
        first, second = checkpoint(7), checkpoint(8, session_gap_s=60.0)
        store.write(*first)
        store.write(*second)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        with pytest.raises(RedisUnreachable, match="is it full"):
            store.write(*checkpoint(9, session_gap_s=90.0))

        assert second[1] == store.read()
        assert [first[1]] == [store.read(kept.name) for kept in store.kept()]


def test_what_an_earlier_version_wrote_is_judged_alike(redis_url: str, topic_prefix: str) -> None:
    """Its key does not say how much it knows: as much as one can that stands there."""
    store = RedisStore(redis_url, topic_prefix, ttl_s=60)
    store.write(*checkpoint(9, session_gap_s=60.0))
    with redis.Redis.from_url(redis_url) as client:
        said = json.loads(client.get(f"{topic_prefix}:checkpoint"))
        earlier = {name: said[name] for name in ("id", "pieces", "lineage", "reach")}
        client.set(f"{topic_prefix}:checkpoint", json.dumps(earlier))
    store.write(*checkpoint(7))

    assert [9] == [kept.known.events for kept in store.kept() if kept.known]
    assert checkpoint(9, session_gap_s=60.0)[1] == store.read(store.kept()[0].name)


class AnswersLost(BaseRequestHandler):
    """Relays to a Redis: transactions are done, and never answered, nor is WATCH after the first.

    As when the network fails for as long as a writer asks, and not when it tidies up.
    """

    upstream: tuple[str, int]
    lost: Event

    def handle(self) -> None:
        """One connection."""
        client, open_ = self.request, True
        with socket.create_connection(self.upstream) as server:
            while open_:
                for ready in select([client, server], [], [])[0]:
                    data = ready.recv(1 << 16)
                    (client if ready is server else server).sendall(data)
                    open_ &= bool(data) and not (ready is client and self._is_lost(data))
            self._done(server)

    def _is_lost(self, asked: bytes) -> bool:
        """Whether there is to be no answer to this."""
        if asked.endswith(b"EXEC\r\n"):
            self.lost.set()
        return self.lost.is_set() and (b"EXEC\r\n" in asked or b"WATCH\r\n" in asked)

    def _done(self, server: socket.socket) -> None:
        """Wait until it has done what it was asked."""
        server.shutdown(socket.SHUT_WR)
        while server.recv(1 << 16):
            pass


@contextmanager
def answers_lost(redis_url: str) -> Iterator[str]:
    """The address of a Redis whose answers to transactions are lost."""
    at = urlsplit(redis_url)
    seen = {"upstream": (at.hostname, at.port or 6379), "lost": Event()}
    with ThreadingTCPServer(("127.0.0.1", 0), type("Relay", (AnswersLost,), seen)) as relay:
        Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield at._replace(netloc=f"127.0.0.1:{relay.server_address[1]}").geturl()
        relay.shutdown()


def test_one_that_was_written_stays_though_the_answer_is_lost(
    redis_url: str, topic_prefix: str
) -> None:
    """Nobody can tell then whether the key names its pieces: it does."""
    RedisStore(redis_url, topic_prefix, ttl_s=60).write(*checkpoint(7))
    with answers_lost(redis_url) as url, pytest.raises(RedisUnreachable):
        RedisStore(url, topic_prefix, ttl_s=60).write(*checkpoint(9))

    assert checkpoint(9)[1] == RedisStore(redis_url, topic_prefix, ttl_s=60).read()


@pytest.mark.parametrize("said", ["ann:x:0:0::/bin/sh\n", "{}"])
def test_a_file_that_is_no_checkpoint_is_never_touched(tmp_path: Path, said: str) -> None:
    """Nor told of, nor is anything laid beside it: it may be any file of this machine."""
    path, (header, data) = tmp_path / "passwd", checkpoint(7)
    path.write_text(said)
    store = FileStore(path)
    with pytest.raises(CheckpointRefused, match="something else") as refused:
        store.read()
    with pytest.raises(CheckpointRefused, match="not ours, and stays"):
        store.write(header, data)

    assert said[:5] not in str(refused.value)
    assert ([path], said) == (list(tmp_path.iterdir()), path.read_text())
    assert store.write(header, data, force=True)


def test_a_place_that_is_no_file_is_no_place(tmp_path: Path) -> None:
    """A pipe is not waited for, a folder not renamed, force or not."""
    pipe, (header, data) = tmp_path / "pipe", checkpoint(7)
    os.mkfifo(pipe)
    for place in (pipe, tmp_path):
        store = FileStore(place)
        with pytest.raises(CheckpointRefused, match="no file of bytes"):
            store.read()
        with pytest.raises(GoeswithError, match="it is no file"):
            store.write(header, data, force=True)


def test_a_damaged_file_is_kept_aside(tmp_path: Path) -> None:
    """Somebody may be able to mend it. An empty one holds nothing."""
    path, (header, data) = tmp_path / "shop.checkpoint", checkpoint(7)
    path.write_bytes(data[:-1])
    store = FileStore(path)
    store.write(header, data)
    kept = [one.name for one in store.kept()]
    path.write_bytes(b"")
    store.write(header, data)

    assert [f"damaged-{fingerprint(data[:-1])}"] == kept == [one.name for one in store.kept()]
    assert data[:-1] == (tmp_path / f"shop.checkpoint.refused-{kept[0]}").read_bytes()


@pytest.mark.parametrize(
    ("word", "told", "is_instead"),
    [
        ("damaged", b'"skipped":', b'"jumped":'),
        ("version", b'"version":1', b'"version":3'),
    ],
)
def test_a_file_that_does_not_say_how_much_it_knows_is_never_the_least(
    tmp_path: Path, word: str, told: bytes, is_instead: bytes
) -> None:
    """It may know months. The latest three of these are kept, beside the three that say it."""
    path, store, names = tmp_path / "shop.checkpoint", FileStore(tmp_path / "shop.checkpoint"), []
    for tries in range(4):
        store.write(*checkpoint(20 + tries, session_gap_s=60.0 + tries))
    for tries in range(5):
        data = checkpoint(90 + tries)[1].replace(told, is_instead)
        path.write_bytes(data)
        os.utime(path, (tries, tries))
        store.write(*checkpoint(7, session_gap_s=60.0))
        names.append(f"{word}-{fingerprint(data)}")
        assert data == store.read(names[-1])

    assert [22, 21, 20] == [kept.known.events for kept in store.kept() if kept.known]
    assert names[:1:-1] == [kept.name for kept in store.kept() if not kept.known]


def test_a_file_of_another_name_beside_a_checkpoint_is_let_alone(tmp_path: Path) -> None:
    """A copy that somebody made is neither listed nor tidied up."""
    copy = tmp_path / "shop.checkpoint.refused-settings-1f0c3a5e7b92.copy"
    copy.write_bytes(checkpoint(7, session_gap_s=60.0)[1])
    store = FileStore(tmp_path / "shop.checkpoint")
    for offset in range(7, 10):
        store.write(*checkpoint(offset, session_gap_s=60.0))

    assert [] == store.kept()
    assert copy.exists()


def test_a_store_that_cannot_keep_anything_says_so_before_the_work() -> None:
    """Redis is away; there is no such folder."""
    with pytest.raises(RedisUnreachable):
        RedisStore("redis://127.0.0.1:1/0", "shop", ttl_s=60).check_writable()
    with pytest.raises(GoeswithError, match="no such folder"):
        FileStore(Path("/nowhere/shop.checkpoint")).check_writable()


def test_the_settings_say_where(tmp_path: Path) -> None:
    """A topic, unless told otherwise; with the embedded broker the Redis of the views."""
    views: dict[str, Any] = {"redis_url": "redis://cache:6379/0", "checkpoint_url": ""}
    file_url = (tmp_path / "a shop").as_uri()
    places = [
        open_store(Settings(**views)),
        open_store(Settings(**views, kafka_api_version="2.0")),
        open_store(Settings(**{**views, "checkpoint_url": file_url})),
        open_store(Settings(**{**views, "checkpoint_url": "none"})),
    ]

    assert [
        "topic goeswith.checkpoints of Kafka at 127.0.0.1:9092",
        "Redis at cache:6379",
        str(tmp_path / "a shop"),
        None,
    ] == [place and place.where for place in places]
