"""A checkpoint in Redis, in pieces, and beside it those that were kept aside.

    {prefix}:checkpoint                     JSON: which pieces, how much it knows, of which lineage
    {prefix}:checkpoint:{id}:{n}            the pieces, a mebibyte each
    {prefix}:checkpoint:refused:{name}      JSON as above: one that was kept aside

A writer first puts its pieces, which nobody looks at yet, then in one transaction the key that
names them: a reader finds the old one or the new one, whole. To keep one aside is to name its
pieces otherwise, in the same transaction: nothing is copied. Everything expires.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from redis.exceptions import WatchError

from streams.clients.checkpoints.rules import (
    CheckpointProgress,
    ExistingCheckpoint,
    KeptCheckpoint,
    WriteRequest,
    fingerprint,
    known,
    most_first,
    replacing,
    surplus,
)
from streams.clients.redis import check_url, opened, shown
from streams.contract.errors import CheckpointRefused
from streams.contract.secrets.sealing import SEALED
from streams.shop.checkpoint import OTHER_LOG, CheckpointHeader

PIECE_BYTES = 1 << 20
"""Small enough that Redis answers others in between."""
PIECES_MAX = 4096
UNNAMED_TTL_S = 600
"""Pieces that nobody names any more, or not yet: long enough to read or write them all."""
KEYS_AT_ONCE = 1000
NOTHING: Mapping[str, str] = {}
OURS = ("more", SEALED, OTHER_LOG)
"""Why one stays that is ours: it lives on until somebody has mended that."""

Name = dict[str, Any]
"""What a key says of a checkpoint."""
KINDS = {
    "id": str,
    "pieces": int,
    "lineage": str,
    "reach": int,
    "events": int,
    "fingerprint": str,
    "topic_id": str,
    "inexact": list,
    "keys": list,
}
NEWER = {"events", "fingerprint", "topic_id", "inexact", "keys"}
"""What earlier versions did not say."""


class RedisStore:
    """A Redis; each call has a connection of its own. Raises `Misconfigured` for what is no URL."""

    def __init__(self, url: str, prefix: str, ttl_s: int) -> None:
        check_url(url)
        self.where = f"Redis at {shown(url)}"
        self.warning = ""
        self._url = url
        self._key = f"{prefix}:checkpoint"
        self._ttl_s = ttl_s

    def check_writable(self) -> None:
        """Raise `RedisUnreachable` if Redis does not answer."""
        with opened(self._url) as client:
            client.ping()

    def read(self, name: str = "") -> bytes | None:
        """What is there, or was kept aside under a name.

        Raises `RedisUnreachable`, or `CheckpointRefused` when pieces are gone.
        """
        with opened(self._url) as client:
            named = client.get(self._named(name))
            return None if named is None else self._data(client, named)

    def kept(self) -> list[KeptCheckpoint]:
        """What was kept aside, those that know most first; raises `RedisUnreachable`."""
        with opened(self._url) as client:
            return most_first([kept for kept, _ in self._kept(client)])

    def place(self, name: str) -> str:
        """Where one is that was kept aside."""
        return f"{self.where}, key {self._named(name)}"

    def delete(self, name: str) -> bool:
        """Delete one that was kept aside; False: there is none. Raises `RedisUnreachable`."""
        with opened(self._url) as client:
            pieces = self._pieces(_name(client.get(self._named(name))))
            return bool(client.delete(self._named(name), *pieces))

    def write(
        self,
        header: CheckpointHeader,
        data: bytes,
        *,
        refused: Mapping[str, str] = NOTHING,
        back: bool = False,
        force: bool = False,
    ) -> bool:
        """Keep a checkpoint, unless what is there has to stay.

        Raises `RedisUnreachable`, or `CheckpointRefused` when that is not as it should be.
        """
        write = WriteRequest(header, refused, back, force)
        fresh = {
            "id": secrets.token_hex(8),
            "pieces": -(-len(data) // PIECE_BYTES),
            "fingerprint": fingerprint(data),
            **known(header)._asdict(),
        }
        with opened(self._url) as client:
            if self._stays(client, write):
                return False  # and no room is taken for what would not be kept
            may_be_named = False
            try:
                for number, key in enumerate(self._pieces(fresh)):
                    piece = data[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
                    client.set(key, piece, ex=UNNAMED_TTL_S)
                may_be_named = True  # from here on, though the answer of Redis may be lost
                may_be_named = self._put(client, fresh, write)
            finally:
                if not may_be_named:
                    client.delete(*self._pieces(fresh))
        return may_be_named

    def _stays(self, client: Any, write: WriteRequest) -> bool:
        """Whether ours that is there stays, and lives on; raises `CheckpointRefused`."""
        try:
            stays = replacing(self._held(client, client.get(self._key)), write) is None
        except CheckpointRefused as refused:
            if refused.reason in OURS:
                self._renew(client)
            raise
        if stays:
            self._renew(client)
        return stays

    def _put(self, client: Any, fresh: Name, write: WriteRequest) -> bool:
        """Let the key name these pieces, unless what it names has to stay."""
        while True:
            with client.pipeline() as pipeline:
                pipeline.watch(self._key)
                named = pipeline.get(self._key)
                name = replacing(self._held(client, named), write)
                if name is None:
                    return False
                held, kept = _name(named), dict(self._kept(client))
                pipeline.multi()
                for same in [one for one in kept if one.name == name]:
                    self._expire(pipeline, kept.pop(same), UNNAMED_TTL_S)
                if name:
                    pipeline.set(self._named(name), json.dumps(held), ex=self._ttl_s)
                    kept[KeptCheckpoint(name, _known(held))] = held
                self._expire(pipeline, held, self._ttl_s if name else UNNAMED_TTL_S)
                for gone in surplus(list(kept), known(write.header)):
                    pipeline.delete(self._named(gone.name))
                    self._expire(pipeline, kept[gone], UNNAMED_TTL_S)
                self._expire(pipeline, fresh, self._ttl_s)
                pipeline.set(self._key, json.dumps(fresh), ex=self._ttl_s)
                try:
                    pipeline.execute()
                except WatchError:
                    continue  # somebody else was quicker: look again
                return True

    def _held(self, client: Any, named: bytes | None) -> ExistingCheckpoint | None:
        """What the key names; None: nothing that is whole."""
        name = _name(named)
        if named is None or (name and not self._is_whole(client, name)):
            return None
        if not name:
            return ExistingCheckpoint()
        read = partial(self._data, client, named)
        return ExistingCheckpoint(
            name.get("fingerprint") or fingerprint(read()), _known(name), read
        )

    def _kept(self, client: Any) -> Iterable[tuple[KeptCheckpoint, Name]]:
        """What was kept aside, and what its key says."""
        pattern = self._named("*")
        for key in client.scan_iter(match=pattern, count=KEYS_AT_ONCE):
            name = _name(client.get(key))
            if name and self._is_whole(client, name):
                yield KeptCheckpoint(key.decode().removeprefix(pattern[:-1]), _known(name)), name

    def _data(self, client: Any, named: bytes) -> bytes:
        name = _name(named)
        if not name:
            raise CheckpointRefused("the key holds something else", "foreign")
        pieces = [client.get(key) for key in self._pieces(name)]
        if None in pieces:
            raise CheckpointRefused(
                "pieces of it are gone: Redis had no room, or was told to", "gone"
            )
        return b"".join(pieces)

    def _is_whole(self, client: Any, name: Name) -> bool:
        keys = self._pieces(name)
        return bool(keys) and client.exists(*keys) == len(keys)

    def _renew(self, client: Any) -> None:
        """One that stays lives on."""
        client.expire(self._key, self._ttl_s)
        self._expire(client, _name(client.get(self._key)), self._ttl_s)

    def _expire(self, client: Any, name: Name, ttl_s: int) -> None:
        for key in self._pieces(name):
            client.expire(key, ttl_s)

    def _named(self, name: str) -> str:
        return f"{self._key}:refused:{name}" if name else self._key

    def _pieces(self, name: Name) -> list[str]:
        number = min(int(name.get("pieces", 0)), PIECES_MAX)
        return [f"{self._key}:{name['id']}:{piece}" for piece in range(number)]


def _name(named: bytes | None) -> Name:
    """What a key says; nothing, where it holds what we did not write."""
    try:
        said = json.loads(named or b"{}")
        name = {what: said[what] for what in KINDS if what in said or what not in NEWER}
        name.setdefault("events", name["reach"])  # as much as one could know that stands there
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
    return name if all(type(value) is KINDS[what] for what, value in name.items()) else {}


def _known(name: Name) -> CheckpointProgress | None:
    if not name:
        return None
    inexact, keys = (tuple(map(str, name.get(what, ()))) for what in ("inexact", "keys"))
    log = name["lineage"], name["events"], name["reach"], name.get("topic_id", "")
    return CheckpointProgress(*log, inexact, keys)
