"""Checkpoints: a whole shop as bytes, and back. The one place that knows the format, and the rules.

```
goeswith-checkpoint {"cluster":"…","position":{"0":1204,…},"parts":{"baskets":6310618,…},…}
<snapshot of baskets><snapshot of browsing><snapshot of policy>…
```

The header says of which log it is and up to where, what the figures in it mean, and how it hashes;
the parts are snapshots as `models.snapshot.snapshot` makes them: JSON, compressed, never pickle.
One SHA-256 covers header and parts, each part has its own besides.

With GOESWITH_CHECKPOINT_KEY the parts are sealed (`streams.contract.secrets.sealing`): that is
version 2. The header stays readable, and is authenticated with the parts: it names the key, and
what the rules of writing need; no ids of anybody are in it.

A checkpoint is refused, with the reason, and another one or the log is used instead, when it is

- damaged, at odds with itself, or of another version of the format;
- foreign: of another cluster or topic;
- sealed with a key that is not here;
- not of this log: it stands beyond the end, or what it has folded was appended after it was made.

One that was made under settings that give its figures another meaning (a half-life, a gap, what an
add is worth) is not used whole: `streams.clients.checkpoints.adoption` takes over what still fits.
Settings that only say how figures are *read* may change: those of today hold.

It is *not* refused when the log begins behind it: it still knows more than the log. What retention
took in between is lost to everybody, which is logged, and counted as a gap.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from models import SnapshotError
from models.snapshot.snapshot import pack, unpack
from streams.contract.errors import CheckpointRefused
from streams.contract.secrets.sealing import SealingKeys
from streams.contract.settings import Settings
from streams.contract.topics import same_id
from streams.shop.format.framing import SEALED_VERSION, VERSION, checksum, framed, line, split
from streams.shop.format.meaning import Differing, NewShop, apart, in_words, meaning
from streams.shop.shop import Shop
from streams.shop.state import Positions, digest, digests, left_out

NEWER = ("adopted", "carried", "keys", "salt", "topic_id")
"""What versions before refuse in a header: left out as long as it says nothing."""
OTHER_LOG = "log"
"""Why a checkpoint of another log is refused, in a word."""
CLOCKS_MS_MAX = 300_000
"""How far the clocks of a worker and of a broker may be apart."""


class LogExtent(NamedTuple):
    """The log as it is now."""

    cluster: str
    """Kafka's own id of the cluster."""
    begins: Mapping[int, int]
    """The first offset that each partition still holds."""
    ends: Mapping[int, int]
    """The offset that each partition's next record will get."""
    younger: Mapping[int, int]
    """The first record of a partition that was appended when the checkpoint was surely made."""
    topic_id: str = ""  # Kafka's own id of the topic; empty: not told


class CheckpointHeader(BaseModel):
    """What a checkpoint says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    cluster: str
    """Kafka's own id of the cluster."""
    topic: str
    topic_id: str = ""  # Kafka's own id of it: made anew, it has another one
    partitions: int
    made_at_ms: int
    made_by: str
    """The worker, or the command."""
    position: dict[NonNegativeInt, NonNegativeInt]
    """The next offset of each partition to fold."""
    skipped: NonNegativeInt = 0
    """How many offsets below that were never folded: retention had taken them."""
    adopted: dict[str, str] = {}
    """What of it a fold of the log would not give, and why: see `Shop.adopted`."""
    carried: NonNegativeInt = 0  # records of logs before this one that were folded
    meaning: dict[str, str]
    """Settings and arguments without which the figures mean nothing, as JSON."""
    digests: dict[str, str]
    """A hash of what commutes in each part."""
    left_out: dict[str, dict[str, int]]
    """What those hashes do not cover."""
    parts: dict[str, int] = Field(min_length=1)
    """The parts and the bytes of each; they follow in the order of their names."""
    keys: tuple[str, ...] = ()
    """The ids of the keys that its maker had, the one that seals it first; none: not sealed."""
    salt: str = ""  # of the seal

    @property
    def digest(self) -> str:
        """One hash for all parts, the same as `Shop.digest`."""
        return digest(self.digests)

    @property
    def reach(self) -> int:
        """How far it is: the sum of its offsets."""
        return sum(self.position.values())

    @property
    def events(self) -> int:
        """How much it knows: the records that were folded into it."""
        return self.reach - self.skipped + self.carried

    @property
    def lineage(self) -> str:
        """The same for checkpoints of which the further one is the better one."""
        said = [VERSION, self.cluster, self.topic, self.partitions, sorted(self.meaning.items())]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


class Checkpoint(NamedTuple):
    """An undamaged checkpoint, its parts still packed, and sealed if it is."""

    header: CheckpointHeader
    body: memoryview
    about: bytes = b""
    """The header as it is authenticated with parts that are sealed."""


def packed(
    shop: Shop, *, cluster: str, now_ms: int, made_by: str, topic_id: str = ""
) -> tuple[CheckpointHeader, bytes]:
    """The checkpoint of a shop, sealed where its settings have a key for that.

    Raises `SnapshotError` when it is too large.
    """
    parts = shop.parts()
    bodies = {
        name: pack(type(part).__name__, part.STATE_VERSION, part.state())
        for name, part in sorted(parts.items())
    }
    header = CheckpointHeader(
        version=VERSION,
        cluster=cluster,
        topic=shop.settings.topics.events,
        topic_id=topic_id,
        partitions=shop.settings.partitions,
        made_at_ms=now_ms,
        made_by=made_by,
        position=dict(sorted(shop.position.items())),
        skipped=max(0, shop.skipped),
        carried=max(0, -shop.skipped),
        adopted=shop.adopted,
        meaning=meaning(shop.settings, shop.new),
        digests=digests(parts),
        left_out=left_out(parts),
        parts={name: len(body) for name, body in bodies.items()},
    )
    return _written(header, b"".join(bodies.values()), keys_of(shop.settings))


def keys_of(settings: Settings) -> SealingKeys:
    """The keys that seal and open checkpoints under these settings."""
    return SealingKeys(settings.checkpoint_key.get_secret_value())


def resealed(
    checkpoint: Checkpoint, data: bytes, settings: Settings
) -> tuple[CheckpointHeader, bytes]:
    """The same one, sealed by today's first key; without one it stays as it is.

    Raises `CheckpointRefused` where no key here opens it.
    """
    keys, header = keys_of(settings), checkpoint.header
    if not keys or header.keys[:1] == keys.ids[:1]:
        return header, data
    plain = header.model_copy(update={"version": VERSION, "keys": (), "salt": ""})
    return _written(plain, _opened(checkpoint, keys), keys)


def _written(
    header: CheckpointHeader, body: bytes, keys: SealingKeys
) -> tuple[CheckpointHeader, bytes]:
    """A checkpoint of these parts as bytes, and the header that it got."""
    silent = {name for name in NEWER if not getattr(header, name)}
    said, data = framed(header.model_dump(mode="json", exclude=silent), body, keys)
    return (CheckpointHeader.model_validate_json(line(said)) if keys else header), data


def read(data: bytes) -> Checkpoint:
    """The checkpoint in these bytes; raises `CheckpointRefused`, which says what is wrong."""
    claim, body = split(data)
    checked, version = claim.pop("sha256", None), claim.get("version")
    if version not in (VERSION, SEALED_VERSION):
        raise CheckpointRefused(
            f"it is of version {version!r}, where {VERSION} or {SEALED_VERSION} is needed",
            "version",
        )
    if checked != checksum(claim, body):
        raise CheckpointRefused(f"damaged or cut off: the checksum does not fit {len(data)} bytes")
    try:
        header = CheckpointHeader.model_validate_json(line(claim))
    except ValidationError as error:
        raise CheckpointRefused(f"damaged: its header is none ({error.error_count()})") from error
    if max(header.position, default=0) >= header.partitions or header.skipped > header.reach:
        raise CheckpointRefused(f"damaged: no fold of {header.partitions} partitions stands there")
    if (version == SEALED_VERSION) != bool(header.keys):
        raise CheckpointRefused(f"damaged: of version {version}, with {len(header.keys)} keys")
    return Checkpoint(header, memoryview(body), line(claim) if header.keys else b"")


def check(
    header: CheckpointHeader, settings: Settings, log: LogExtent | None = None, new: NewShop = Shop
) -> None:
    """Raise `CheckpointRefused` for what `differing` refuses, and for what means something else."""
    if other := differing(header, settings, log, new):
        raise CheckpointRefused(f"it was made under other settings: {in_words(other)}", "settings")


def differing(
    header: CheckpointHeader, settings: Settings, log: LogExtent | None = None, new: NewShop = Shop
) -> Differing:
    """What its figures mean otherwise than here.

    Raises `CheckpointRefused` for one that is foreign here, sealed with a key that is not, or ahead
    of the log.
    """
    theirs = {"topic": header.topic} | ({"cluster": header.cluster} if log else {})
    here = {"topic": settings.topics.events} | ({"cluster": log.cluster} if log else {})
    if foreign := apart(theirs, here):
        raise CheckpointRefused(f"it is foreign: {in_words(foreign)}", "foreign")
    if header.keys:
        keys_of(settings).check(header.keys[0])
    if log is not None:
        _check_log(header, log)
    theirs = {"partitions": str(header.partitions), **header.meaning}
    return apart(theirs, {"partitions": str(settings.partitions), **meaning(settings, new)})


def _check_log(header: CheckpointHeader, log: LogExtent) -> None:
    """Raise `CheckpointRefused` when this cannot be the log that was folded."""
    if not same_id(header.topic_id, log.topic_id):
        said = f"the topic was made anew: its id was {header.topic_id}, is {log.topic_id}"
        raise CheckpointRefused(said, OTHER_LOG)
    for number, offset in header.position.items():
        if offset > (end := log.ends.get(number, offset)):
            said = f"ahead of the log: partition {number} ends at {end}"
        elif offset > (young := log.younger.get(number, offset)):
            said = f"older than the log: offset {young} of partition {number} was appended after it"
        else:
            continue
        said += f", and it stands at {offset}. Was the topic emptied, or made anew?"
        raise CheckpointRefused(f"it is {said}", OTHER_LOG)


def restored(checkpoint: Checkpoint, settings: Settings, new: NewShop = Shop) -> Shop:
    """The shop of a checkpoint that `check` has let pass; raises `CheckpointRefused`."""
    shop, packed_parts = new(settings), bodies(checkpoint, settings)
    parts = shop.parts()
    if parts.keys() != packed_parts.keys():
        raise CheckpointRefused(f"it has the parts {', '.join(packed_parts)} only")
    for name, part in parts.items():
        try:
            part.restore(unpack(packed_parts[name], type(part).__name__, part.STATE_VERSION))
        except SnapshotError as error:
            raise CheckpointRefused(f"its {name}: {error}") from error
    stand(shop, checkpoint.header, checkpoint.header.adopted)
    return shop


def bodies(checkpoint: Checkpoint, settings: Settings) -> dict[str, bytes]:
    """The parts of a checkpoint, packed, by name; raises `CheckpointRefused` for a seal."""
    found, place = {}, 0
    body = _opened(checkpoint, keys_of(settings)) if checkpoint.header.keys else checkpoint.body
    for name, length in sorted(checkpoint.header.parts.items()):
        found[name] = bytes(body[place : place + length])
        place += length
    return found


def _opened(checkpoint: Checkpoint, keys: SealingKeys) -> bytes:
    """The parts of a checkpoint, one behind the other, without a seal if there was one."""
    header, body, about = checkpoint
    return keys.opened(body, about, header.keys[0], header.salt) if header.keys else bytes(body)


def stand(shop: Shop, header: CheckpointHeader, adopted: Mapping[str, str]) -> None:
    """Let a shop stand where its checkpoint says; raises `CheckpointRefused` where it does not."""
    shop.skipped, parts = header.skipped - header.carried, shop.parts()
    shop.adopted = {name: why for name, why in adopted.items() if name in parts}
    for name in shop.adopted:
        parts[name].approximate = True
    said, stands = Positions(header.position).state(), Positions(shop.position).state()
    if said != stands:
        raise CheckpointRefused(f"damaged: its header stands at {said}, its parts at {stands}")
