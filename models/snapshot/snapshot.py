"""Snapshots: the state of a model as bytes, and back. The one place that knows the format.

A snapshot names its kind and version, is checksummed, and holds nothing that could run: canonical
JSON (sorted keys, no spaces), compressed. Equal states have equal bytes.

```
goeswith-snapshot {"kind":"Popularity","plain_bytes":87,"sha256":"3f9a...","version":1}
<zlib-compressed JSON>
```

Never pickle: a pickle runs code of whoever wrote it, and breaks when a class moves.
"""

import abc
import hashlib
import json
import zlib
from typing import Any, ClassVar, Self

MAGIC = b"goeswith-snapshot "
PLAIN_BYTES_MAX = 1 << 31
"""No snapshot unfolds to more than 2 GiB of JSON."""
UNFOLDS_MAX = 256
"""So many times its own size: zlib at `ZLIB_LEVEL` packs what says the least, zeros, 229 to one."""
UNFOLDS_ANYWAY_BYTES = 1 << 24
"""What a small one may unfold to, whoever packed it."""
HEADER_BYTES_MAX = 1024
ZLIB_LEVEL = 1
"""Fast: twice the speed of the default level for a tenth more bytes."""
UNSOUND = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a state raises that is none: a part is missing, of another kind, or too large."""


class SnapshotError(ValueError):
    """Bytes that are no snapshot, not this kind of snapshot, or damaged."""


class Snapshotted(abc.ABC):
    """A model whose state is JSON and whose snapshot is named after its class."""

    STATE_VERSION: ClassVar[int] = 1
    """Raised when the meaning of the state changes: older snapshots are then refused."""
    COMMUTES: ClassVar[bool] = True
    """Whether the order of learning leaves no trace. What does not commute (weights moved by
    gradients) is kept in snapshots, but no two copies of it are held against one another."""
    approximate: bool = False
    """Whether it holds what no order of events gives: it was converted (`models.half_life`), so
    that taking back may leave a rest, and two copies need not agree."""

    @abc.abstractmethod
    def state(self) -> dict[str, Any]:
        """All that was learned, and the constructor's arguments as `params`; shares nothing."""

    @abc.abstractmethod
    def _restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned, in a new model with the same arguments."""

    def exact_state(self) -> dict[str, Any]:
        """What of the state is the same in whatever order it was learned.

        All of it, as long as no bound made the model forget. A table or row that ever ran full is
        left out, for good: *that* it ran full does not depend on the order (it had to remember more
        different things than it may), *what* it forgot then may.
        """
        return self.state()

    def left_out(self) -> dict[str, int]:
        """How many rows of which table `exact_state` leaves out; empty: none."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state()`; for a model that has learned nothing yet.

        Its own arguments hold, not those of the state: what is more than it may remember is
        forgotten, or refused. Raises `SnapshotError` when it is no state, or an unsound one; then
        a recommender is as it was.
        """
        before = dict(vars(self))
        try:
            self._restore(state)
        except UNSOUND as error:
            vars(self).update(before)
            raise SnapshotError(f"no state of {type(self).__name__}: {error!r}") from error

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The model whose `state()` this is; raises `SnapshotError` when it is none."""
        try:
            model = cls(**state["params"])
        except UNSOUND as error:
            raise SnapshotError(f"no state of {cls.__name__}: {error!r}") from error
        model.restore(state)
        return model

    def to_bytes(self) -> bytes:
        """The state as a snapshot: equal models have equal bytes."""
        return pack(type(self).__name__, self.STATE_VERSION, self.state())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The model in a snapshot; raises `SnapshotError` when the bytes are not to be trusted."""
        return cls.from_state(unpack(data, cls.__name__, cls.STATE_VERSION))


def pack(kind: str, version: int, state: dict[str, Any]) -> bytes:
    """The state as a snapshot. Raises `SnapshotError` when it is no JSON, or too large.

    >>> unpack(pack("Basket", 1, {"items": ["bread", "butter"]}), "Basket", 1)
    {'items': ['bread', 'butter']}
    """
    try:
        plain = json.dumps(
            state, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        ).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError) as error:
        raise SnapshotError(f"the state of {kind} cannot be written as JSON: {error}") from error
    if len(plain) > PLAIN_BYTES_MAX:
        raise SnapshotError(
            f"the state of {kind} has {len(plain)} bytes, more than {PLAIN_BYTES_MAX}: "
            "give the model a smaller items_max"
        )
    body = zlib.compress(plain, ZLIB_LEVEL)
    return MAGIC + _header(kind, version, len(plain), body) + b"\n" + body


def unpack(data: bytes, kind: str, version: int) -> dict[str, Any]:
    """The state in a snapshot.

    Raises `SnapshotError`, saying what is wrong, when these bytes are not an undamaged snapshot of
    this kind and version.
    """
    header, body = _split(data)
    plain_bytes = header.get("plain_bytes")
    if not isinstance(plain_bytes, int) or not 0 <= plain_bytes <= PLAIN_BYTES_MAX:
        raise SnapshotError(f"damaged snapshot: plain_bytes is {plain_bytes!r}")
    if plain_bytes > UNFOLDS_ANYWAY_BYTES + UNFOLDS_MAX * len(body):
        raise SnapshotError(
            f"not from us: {len(body)} bytes that unfold to {plain_bytes}, more than we pack"
        )
    if _header(header.get("kind"), header.get("version"), plain_bytes, body) != _line(header):
        raise SnapshotError(
            f"damaged or truncated snapshot: the checksum does not fit its {len(body)} bytes"
        )
    if header["kind"] != kind:
        raise SnapshotError(f"a snapshot of {header['kind']}, where one of {kind} is needed")
    if header["version"] != version:
        raise SnapshotError(
            f"a {kind} snapshot of version {header['version']}, where {version} is needed: "
            "fold the log anew"
        )
    return _state(body, plain_bytes)


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header as an object, and the compressed body."""
    if not data.startswith(MAGIC):
        raise SnapshotError(f"not a snapshot: it begins with {data[:20]!r}")
    end = data.find(b"\n", 0, HEADER_BYTES_MAX)
    try:
        header = json.loads(data[len(MAGIC) : max(end, 0)])
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"damaged or truncated snapshot: no header ({error})") from error
    if not isinstance(header, dict):
        raise SnapshotError("damaged snapshot: its header is no object")
    return header, data[end + 1 :]


def _header(kind: object, version: object, plain_bytes: int, body: bytes) -> bytes:
    """The header of a body: the checksum covers what the header says, too."""
    claim = {"kind": kind, "plain_bytes": plain_bytes, "version": version}
    return _line({**claim, "sha256": hashlib.sha256(_line(claim) + body).hexdigest()})


def _line(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode()


def _state(body: bytes, plain_bytes: int) -> dict[str, Any]:
    """The JSON of a body that is known to be undamaged."""
    unfolder = zlib.decompressobj()
    try:
        plain = unfolder.decompress(body, plain_bytes + 1)
        state = json.loads(plain.decode("utf-8", "surrogatepass"))
    except (zlib.error, ValueError, RecursionError) as error:
        raise SnapshotError(f"damaged snapshot: {error}") from error
    if len(plain) != plain_bytes or not isinstance(state, dict):
        raise SnapshotError("damaged snapshot: not the state that its header announces")
    return state
