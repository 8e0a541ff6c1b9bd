"""Where checkpoints are kept: in Redis, in pieces, or in a file. One is kept, the furthest.

    {prefix}:checkpoint              JSON: which pieces, how far, of which lineage
    {prefix}:checkpoint:{id}:{n}     the pieces, a mebibyte each

A writer first puts its pieces, which nobody looks at yet, then in one transaction the key that
names them: a reader finds the old one or the new one, whole. A file is written beside the old one,
and renamed. Neither ever replaces a further checkpoint of the same lineage (same log, same
meaning), so two writers at once, or one that was paused, do no harm. In Redis everything expires.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from redis.exceptions import WatchError

from streams.checkpoints import Header, read
from streams.errors import CheckpointRefused, GoeswithError
from streams.redis_clients import opened, shown
from streams.settings import Settings

PIECE_BYTES = 1 << 20
"""Small enough that Redis answers others in between."""
PIECES_MAX = 4096
UNNAMED_TTL_S = 600
"""Pieces that nobody names any more, or not yet: long enough to read or write them all."""


class Store(Protocol):
    """Keeps one checkpoint."""

    where: str
    """For messages."""

    def knock(self) -> None:
        """Raise a `GoeswithError` if nothing can be kept here now: before the work is done."""

    def read(self) -> bytes | None:
        """What is kept; raises a `GoeswithError` when it cannot be read, or is not whole."""

    def write(self, header: Header, data: bytes, *, force: bool = False) -> bool:
        """Keep a checkpoint in place of the one that is there, unless that is further.

        `force` replaces any. Raises a `GoeswithError` when it cannot be kept.
        """


def open_store(settings: Settings) -> Store | None:
    """Where the settings have checkpoints kept; None: nowhere."""
    url = settings.checkpoint_url or settings.redis_url
    if url.startswith("file:"):
        return FileStore(Path(unquote(urlsplit(url).path)))
    return RedisStore(url, settings.topic_prefix, settings.checkpoint_ttl_s) if url else None


class RedisStore:
    """A Redis; each call has a connection of its own."""

    def __init__(self, url: str, prefix: str, ttl_s: int) -> None:
        self.where = f"Redis at {shown(url)}"
        self._url = url
        self._key = f"{prefix}:checkpoint"
        self._ttl_s = ttl_s

    def knock(self) -> None:
        """Raise `RedisUnreachable` if Redis does not answer."""
        with opened(self._url) as client:
            client.ping()

    def read(self) -> bytes | None:
        """What is kept; raises `RedisUnreachable`, or `CheckpointRefused` when pieces are gone."""
        with opened(self._url) as client:
            named = client.get(self._key)
            if named is None:
                return None
            pieces = [client.get(key) for key in self._pieces(_name(named))]
        if None in pieces:
            raise CheckpointRefused("pieces of it are gone: Redis had no room, or was told to")
        return b"".join(pieces)

    def write(self, header: Header, data: bytes, *, force: bool = False) -> bool:
        """Keep a checkpoint, unless a further one is there; raises `RedisUnreachable`."""
        name = {
            "id": secrets.token_hex(8),
            "pieces": -(-len(data) // PIECE_BYTES),
            "lineage": header.lineage,
            "reach": header.reach,
        }
        with opened(self._url) as client:
            for number, key in enumerate(self._pieces(name)):
                piece = data[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
                client.set(key, piece, ex=UNNAMED_TTL_S)
            return self._named(client, name, force=force)

    def _named(self, client: Any, name: dict[str, Any], *, force: bool) -> bool:
        """Let the key name these pieces; those that it named until now are soon gone."""
        while True:
            with client.pipeline() as pipeline:
                pipeline.watch(self._key)
                held = _name(pipeline.get(self._key))
                keep = not force and _is_further(held, name)
                pipeline.multi()
                for key in self._pieces(held if not keep else name):
                    pipeline.expire(key, UNNAMED_TTL_S)
                for key in self._pieces(name if not keep else held):
                    pipeline.expire(key, self._ttl_s)
                if not keep:
                    pipeline.set(self._key, json.dumps(name), ex=self._ttl_s)
                try:
                    pipeline.execute()
                except WatchError:
                    continue  # somebody else was quicker: look again
                return not keep

    def _pieces(self, name: dict[str, Any]) -> list[str]:
        number = min(int(name.get("pieces", 0)), PIECES_MAX)
        return [f"{self._key}:{name['id']}:{piece}" for piece in range(number)]


class FileStore:
    """A file; its folder must exist."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._path = path

    def knock(self) -> None:
        """Raise `GoeswithError` if nothing can be written there."""
        if not os.access(self._path.parent, os.W_OK):
            raise GoeswithError(f"no checkpoint can be written to {self._path}: no such folder")

    def read(self) -> bytes | None:
        """What is kept; raises `GoeswithError` when it cannot be read."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise GoeswithError(f"cannot read {self._path}: {error.strerror}") from error

    def write(self, header: Header, data: bytes, *, force: bool = False) -> bool:
        """Keep a checkpoint, unless a further one is there; raises `GoeswithError`."""
        name = {"lineage": header.lineage, "reach": header.reach}
        try:
            with self._locked():
                if not force and _is_further(self._held(), name):
                    return False
                fresh = self._path.with_name(self._path.name + ".new")
                with fresh.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(self._path)
        except OSError as error:
            raise GoeswithError(f"cannot write {self._path}: {error.strerror}") from error
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time."""
        with self._path.with_name(self._path.name + ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _held(self) -> dict[str, Any]:
        """How far the file is that is there; nothing of one that is damaged."""
        try:
            header = read(self._path.read_bytes()).header
        except (FileNotFoundError, CheckpointRefused):
            return {}
        return {"lineage": header.lineage, "reach": header.reach}


def _name(named: bytes | None) -> dict[str, Any]:
    """What the key names: nothing, where it holds what we did not write."""
    try:
        name = json.loads(named or b"{}")
        return {what: name[what] for what in ("id", "pieces", "lineage", "reach")}
    except (ValueError, TypeError, KeyError):
        return {}


def _is_further(held: dict[str, Any], other: dict[str, Any]) -> bool:
    same = held.get("lineage") == other["lineage"]
    return same and int(held["reach"]) > int(other["reach"])
