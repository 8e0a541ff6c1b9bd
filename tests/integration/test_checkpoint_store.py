"""Where checkpoints are kept: a real Redis, and files."""

from pathlib import Path

import pytest
import redis

from streams.checkpoint_store import PIECE_BYTES, FileStore, RedisStore, Store, open_store
from streams.checkpoints import Header, packed
from streams.errors import CheckpointRefused, GoeswithError, RedisUnreachable
from streams.settings import Settings
from streams.shop import Shop
from tests.stories import OPEN


def checkpoint(offset: int, cluster: str = "here") -> tuple[Header, bytes]:
    """A checkpoint that stands at this offset."""
    shop = Shop(Settings(**OPEN))
    shop.start(0, offset)
    return packed(shop, cluster=cluster, now_ms=0, made_by="worker-1")


@pytest.fixture(params=["redis", "file"])
def store(request: pytest.FixtureRequest, topic_prefix: str, tmp_path: Path) -> Store:
    """Each kind of store, empty."""
    if request.param == "file":
        return FileStore(tmp_path / "shop.checkpoint")
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


def test_a_checkpoint_of_another_log_is_replaced(store: Store) -> None:
    """However far it was: nobody here can use it."""
    store.write(*checkpoint(9, cluster="gone"))

    assert store.write(*checkpoint(7))


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


def test_a_checkpoint_with_a_piece_missing_is_refused(redis_url: str, topic_prefix: str) -> None:
    """Redis may have had no room for it."""
    store = RedisStore(redis_url, topic_prefix, ttl_s=60)
    store.write(*checkpoint(7))
    with redis.Redis.from_url(redis_url) as client:
        client.delete(*client.keys(f"{topic_prefix}:checkpoint:*"))

    with pytest.raises(CheckpointRefused, match="pieces of it are gone"):
        store.read()


def test_a_key_that_holds_something_else_is_replaced(redis_url: str, topic_prefix: str) -> None:
    """Nobody can use it, so nobody is hindered by it."""
    store = RedisStore(redis_url, topic_prefix, ttl_s=60)
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{topic_prefix}:checkpoint", "bread and butter")
    before, (header, data) = store.read(), checkpoint(7)

    assert store.write(header, data)
    assert (b"", data) == (before, store.read())


def test_a_store_that_cannot_keep_anything_says_so_before_the_work() -> None:
    """Redis is away; there is no such folder."""
    with pytest.raises(RedisUnreachable):
        RedisStore("redis://127.0.0.1:1/0", "shop", ttl_s=60).knock()
    with pytest.raises(GoeswithError, match="no such folder"):
        FileStore(Path("/nowhere/shop.checkpoint")).knock()


def test_the_settings_say_where(tmp_path: Path) -> None:
    """The Redis of the views, unless told otherwise; nowhere without one."""
    redis_url = "redis://cache:6379/0"
    file_url = (tmp_path / "a shop").as_uri()
    places = [
        open_store(Settings(redis_url=redis_url)),
        open_store(Settings(redis_url=redis_url, checkpoint_url=file_url)),
        open_store(Settings()),
    ]

    assert ["Redis at cache:6379", str(tmp_path / "a shop"), None] == [
        place and place.where for place in places
    ]
