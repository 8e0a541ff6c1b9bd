"""The frame of a checkpoint: a line that says what it is, then the parts, sealed or not."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from streams.contract.errors import CheckpointRefused
from streams.contract.secrets.sealing import SealingKeys

MAGIC = b"goeswith-checkpoint "
VERSION = 1
SEALED_VERSION = 2
HEADER_BYTES_MAX = 1 << 20

Claim = dict[str, Any]
"""What a checkpoint says of itself, as JSON has it."""


def framed(claim: Mapping[str, Any], body: bytes, keys: SealingKeys) -> tuple[Claim, bytes]:
    r"""What is said in the end, and the whole; the parts are sealed where there are keys for that.

    >>> framed({"version": 1}, b"bread", SealingKeys(""))[1][-20:]
    b'","version":1}\nbread'
    """
    said = dict(claim)
    if keys:
        said |= {"version": SEALED_VERSION, "keys": [*keys.ids]}
        said["salt"] = keys.salt(body, line(said))
        body = keys.sealed(body, line(said), said["salt"])
    checked = {**said, "sha256": checksum(said, body)}
    return said, MAGIC + line(checked) + b"\n" + body


def split(data: bytes) -> tuple[Claim, bytes]:
    """What is said, and the parts; raises `CheckpointRefused` for what has no such frame."""
    if not data.startswith(MAGIC):
        cut_off = data and MAGIC.startswith(data)
        raise CheckpointRefused("it is no checkpoint", "damaged" if cut_off else "foreign")
    end = data.find(b"\n", 0, HEADER_BYTES_MAX)
    try:
        claim = json.loads(data[len(MAGIC) : max(end, 0)])
    except (ValueError, RecursionError) as error:
        raise CheckpointRefused(f"damaged or cut off: no header ({error})") from error
    if not isinstance(claim, dict):
        raise CheckpointRefused("damaged: its header is no object")
    return claim, data[end + 1 :]


def checksum(claim: Mapping[str, Any], body: bytes) -> str:
    """The SHA-256 of what is said and of the parts as they are kept, in hex."""
    hashed = hashlib.sha256(line(claim))
    hashed.update(body)
    return hashed.hexdigest()


def line(claim: Mapping[str, Any]) -> bytes:
    """What is said, always in the same words.

    >>> line({"version": 1, "cluster": "here"})
    b'{"cluster":"here","version":1}'
    """
    return json.dumps(claim, sort_keys=True, separators=(",", ":")).encode()
