"""Where checkpoints are kept: in a compacted topic, a file, a Redis, or an object store.

By default in a topic: knowledge is worth months, and lives where the log does. Until that holds
one, what an earlier version kept in the Redis of the views is read from there. The embedded broker
has no transactions: there it is the Redis.

One is in the place where workers look; a few that were refused are kept aside, under names that
tell why (`streams.clients.checkpoints.rules`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit

from streams.clients.checkpoints.file_store import FileStore
from streams.clients.checkpoints.objects.file_system import ObjectFolder
from streams.clients.checkpoints.objects.file_system_store import FileSystemStore
from streams.clients.checkpoints.pointer import Pointer
from streams.clients.checkpoints.redis_store import RedisStore
from streams.clients.checkpoints.rules import KeptCheckpoint
from streams.clients.redis import SCHEMES, secured
from streams.contract.settings import Settings
from streams.contract.topics import IN_KAFKA
from streams.shop.checkpoint import CheckpointHeader


class Store(Protocol):
    """Keeps one checkpoint, and aside of it those that were refused."""

    where: str
    """For messages."""
    warning: str
    """What the last `read` has to say besides what it gave; empty: nothing."""

    def check_writable(self) -> None:
        """Raise a `GoeswithError` if nothing can be kept here now: before the work is done."""

    def read(self, name: str = "") -> bytes | None:
        """What is there, or was kept aside under a name; None: nothing.

        Raises a `GoeswithError` when it cannot be read, or is not whole.
        """

    def kept(self) -> list[KeptCheckpoint]:
        """What was kept aside, those that know most first; raises a `GoeswithError`."""

    def place(self, name: str) -> str:
        """Where one is, or will be, that is kept aside under a name: for messages."""

    def delete(self, name: str) -> bool:
        """Delete one that was kept aside; False: there is none. Raises a `GoeswithError`."""

    def write(
        self,
        header: CheckpointHeader,
        data: bytes,
        *,
        refused: Mapping[str, str] = ...,
        back: bool = False,
        force: bool = False,
    ) -> bool:
        """Keep a checkpoint in place of the one that is there; False: a further one stays.

        `refused` names, by fingerprint, those that its writer could not use: they are kept aside.
        `back` replaces one of the same lineage that knows more, too, `force` whatever is there.
        Raises a `GoeswithError` when it cannot be kept, or must not be.
        """


@runtime_checkable
class GenerationStore(Store, Protocol):
    """Keeps generations before the newest, too."""

    def pointer(self) -> Pointer:
        """What is there: generations, and those that were kept aside; raises a `GoeswithError`."""

    def restore(self, number: int) -> CheckpointHeader:
        """Make a generation the newest one; raises a `GoeswithError`."""


@runtime_checkable
class LeavingStore(Store, Protocol):
    """Leaves checkpoints for a while that it does not name any more."""

    def unnamed(self) -> list[str]:
        """Names for `read` of those that are there still; raises a `GoeswithError`."""


NOWHERE = "none"


def checkpoints_at(settings: Settings) -> str:
    """The URL of the place where the settings have checkpoints kept; empty: nowhere.

    >>> [checkpoints_at(Settings(checkpoint_url=url)) for url in ("", "file:///var/shop")]
    ['kafka:', 'file:///var/shop']
    """
    if settings.checkpoint_url:
        return "" if settings.checkpoint_url == NOWHERE else settings.checkpoint_url
    return settings.redis_url if settings.kafka_api_version else IN_KAFKA


def open_store(settings: Settings) -> Store | None:
    """Where the settings have checkpoints kept; None: nowhere."""
    url = checkpoints_at(settings)
    if topic := settings.topics.checkpoints(url):
        # It loads kafka-python, which takes its time: only where checkpoints are in a topic.
        from streams.clients.checkpoints.topic_store import TopicStore  # noqa: PLC0415

        moved = settings.redis_url if not settings.checkpoint_url else ""
        return TopicStore(settings, topic, before=_in_redis(moved, settings) if moved else None)
    if url.startswith("file:"):
        return FileStore(Path(unquote(urlsplit(url).path)))
    if not url:
        return None
    if url.partition("://")[0] in SCHEMES:
        return _in_redis(url, settings)
    return FileSystemStore(ObjectFolder(url))


def check_at_start(store: Store) -> None:
    """Raise a `GoeswithError` where a start is the time to see that nothing can be written.

    An object store is asked then: it is elsewhere, and has rights of its own. Others tell it with
    the first write, within seconds.
    """
    if isinstance(store, FileSystemStore):
        store.check_writable()


def _in_redis(url: str, settings: Settings) -> RedisStore:
    return RedisStore(secured(url, settings), settings.topic_prefix, settings.checkpoint_ttl_s)
