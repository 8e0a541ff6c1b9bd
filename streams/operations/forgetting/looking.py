"""Looks for a shopper's id wherever anything is kept: checkpoints, views in Redis, our topics.

What cannot be looked into is told beside what was found: it is no proof that nothing is there.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from models import SnapshotError
from streams.cli.options import in_a_sentence, with_some_secret
from streams.cli.progress import progressed_between
from streams.clients import redis
from streams.clients.checkpoints.pointer import GENERATIONS_MAX
from streams.clients.checkpoints.store import GenerationStore, LeavingStore, open_store
from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import GoeswithError, RedisUnreachable
from streams.contract.settings import Settings
from streams.operations.forgetting.traces import Trace, in_checkpoint, in_topics, mentions
from streams.operations.topics import retention_ms
from streams.shop.checkpoint import read
from streams.shop.shop import Shop

TYPES = (b"string", b"hash", b"none")
"""Of keys of views, as Redis names them; none: it has expired meanwhile."""
DELETES = ("checkpoint", "delete")


class Search(NamedTuple):
    """What was found of a shopper, and where nobody could look."""

    left: list[Trace]
    unread: list[str]


def look(settings: Settings, shopper_id: str) -> Search:
    """Look for the id wherever we keep anything."""
    places = (in_checkpoints, in_redis, in_log)
    found = [find(settings, shopper_id) for find in places]
    return Search(
        [one for each in found for one in each.left], [one for each in found for one in each.unread]
    )


def in_checkpoints(settings: Settings, shopper_id: str) -> Search:
    """What the checkpoint has, those before it, those kept aside, and what is left of earlier ones.

    Needs no secret but the keys of those that are sealed: others are told as unread.
    """
    found, store = Search([], []), open_store(settings)
    if store is None:
        return found
    parts = Shop(with_some_secret(settings)).parts()
    try:
        aside = [one.name for one in store.kept()]
        names = ["", *aside]
        older = store.pointer().older() if isinstance(store, GenerationStore) else []
        names += older
        names += store.unnamed() if isinstance(store, LeavingStore) else []
    except GoeswithError as error:
        return Search([], [f"checkpoint in {store.where}: {error}"])
    for name in names:
        where = store.place(name) if name else f"checkpoint in {store.where}"
        try:
            data = store.read(name)
            values = in_checkpoint(read(data), settings, parts, shopper_id) if data else 0
        except (GoeswithError, SnapshotError, KeyError) as error:
            found.unread.append(f"{where}: {error}")
            continue
        if values:
            goes = GENERATIONS_MAX - 1 - older.index(name) if name in older else None
            command = in_a_sentence(settings, *DELETES, name, redis=True) if name in aside else ""
            found.left.append(Trace(where, values, None, goes, command))
    return found


def in_redis(settings: Settings, shopper_id: str) -> Search:
    """What views have; nothing where there is no Redis."""
    if not settings.redis_url:
        return Search([], [])
    try:
        with redis.opened(redis.secured(settings.redis_url, settings)) as client:
            return in_views(client, settings.topic_prefix, shopper_id)
    except RedisUnreachable as error:
        return Search([], [str(error)])


def in_views(client: Any, prefix: str, shopper_id: str) -> Search:
    """Keys of ours in Redis, but the checkpoints, that have the id in name or value.

    A key of a type that we do not write is somebody else's, and told as unread.
    """
    found, checkpoints = Search([], []), f"{prefix}:checkpoint".encode()
    for key in client.scan_iter(match=f"{prefix}:*", count=1000):
        if key.startswith(checkpoints):  # which are looked into as such
            continue
        where, kind = f"Redis key {key.decode(errors='replace')}", client.type(key)
        if any(mentions(text, shopper_id) for text in chain([key], _held(client, key, kind))):
            found.left.append(Trace(where, 1, None))
        elif kind not in TYPES:
            found.unread.append(f"{where}: a {kind.decode()}, which we do not write")
    return found


def _held(client: Any, key: bytes, kind: bytes) -> Iterator[bytes]:
    """The values under a key of a type that we read."""
    if kind == b"hash":
        for name, value in client.hgetall(key).items():
            yield from (name, value)
    elif kind == b"string" and (value := client.get(key)) is not None:
        yield value


def in_log(settings: Settings, shopper_id: str) -> Search:
    """What is on our topics."""
    names = [*settings.topics.declared()]
    with open_admin(settings) as admin:
        kept_ms = retention_ms(settings, admin)
    with open_reader(settings, *names) as reader:
        records = progressed_between(reader.between, reader.begins(), reader.ends(), "looking")
        return Search(in_topics(records, shopper_id, kept_ms), [])
