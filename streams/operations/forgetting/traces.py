"""Traces of a shopper: where their id is still to be found, and until when.

What stands for a shopper under a hash (that they were forgotten, their name in an experiment) is no
trace: nobody can read the id in it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from models.snapshot.snapshot import unpack
from streams.clients.log_reader import RawRecord
from streams.contract.events.fields import pseudonym
from streams.contract.settings import Settings
from streams.shop.checkpoint import Checkpoint, bodies
from streams.shop.state import Part

SHORT = {'"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
"""Characters that JSON has a short escape for, and what stands behind the backslash."""


class Trace(NamedTuple):
    """A place that has the id."""

    place: str
    """Such as a topic, a checkpoint, a key."""
    found: int
    """How many records, or values, have it."""
    until_ms: int | None
    """When retention takes the last of them; None: nobody has said so."""
    writes: int | None = None
    """After how many more checkpoints this one goes; None: it is no old generation."""
    command: str = ""
    """What takes it away, where somebody has to; empty: nothing of ours."""


def mentions(raw: bytes | None, shopper_id: str) -> bool:
    r"""Whether bytes are the id, or hold it as a text of JSON, however it is written there.

    It need not be whole: a dead letter may be cut. Of an e-mail address in any case, or as the hash
    that intake makes of it.

    >>> mentions(b'{"shopper_id": "Ann@Example.org"}', "ann@example.org")
    True
    >>> mentions(b'{"shopper_id": "ann"}', "ann"), mentions(b"ann", "ann")
    (True, True)
    >>> mentions(rb'{"shopper_id": "Andr\u00E9"}', "André"), mentions(rb'["a\/b"', "a/b")
    (True, True)
    >>> mentions(b'{"shopper_id": "ann"}', "an"), mentions(None, "ann")
    (False, False)
    """
    if raw is None or "@" not in shopper_id:
        return raw is not None and _holds(raw, shopper_id)
    written = any(_holds(raw, name) for name in (shopper_id, pseudonym(shopper_id)))
    return written or _holds(raw.lower(), shopper_id.strip().lower())


def _holds(raw: bytes, shopper_id: str) -> bool:
    plain = _encoded(shopper_id)
    if raw == plain:
        return True
    if b"\\" not in raw:  # as most records are, and this is fast
        return b'"' not in plain and b'"%s"' % plain in raw
    return _written(shopper_id).search(raw) is not None


@lru_cache(maxsize=8)
def _written(text: str) -> re.Pattern[bytes]:
    """All ways in which JSON may write a text; a quote behind a backslash begins none."""
    return re.compile(rb'(?<!\\)"' + b"".join(map(_ways, text)) + b'"')


def _ways(letter: str) -> bytes:
    """As it is, by a short escape, or by the numbers of its UTF-16, in large or small letters."""
    units = letter.encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    ways = ["".join(rf"\\u(?i:{pair})" for pair in pairs)]
    if letter in SHORT:
        ways.append(re.escape(f"\\{SHORT[letter]}"))
    if letter not in {'"', "\\"}:
        ways.append(re.escape(letter))
    return b"(?:%s)" % b"|".join(map(_encoded, ways))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def in_record(record: RawRecord, shopper_id: str) -> bool:
    """Whether key, value or headers of a record have the id."""
    parts = [record.key, record.value, *(value for _, value in record.headers)]
    return any(mentions(part, shopper_id) for part in parts)


def in_topics(
    records: Iterable[RawRecord], shopper_id: str, retention_ms: Mapping[str, int | None]
) -> list[Trace]:
    """What of these records has the id, by topic; they leave by retention."""
    found: dict[str, list[int]] = {}
    for record in records:
        if in_record(record, shopper_id):
            found.setdefault(record.at.topic, []).append(record.timestamp_ms)
    traces = []
    for topic, times_ms in sorted(found.items()):
        kept_ms = retention_ms.get(topic)
        traces.append(Trace(topic, len(times_ms), kept_ms and max(times_ms) + kept_ms))
    return traces


def in_checkpoint(
    checkpoint: Checkpoint, settings: Settings, parts: Mapping[str, Part], shopper_id: str
) -> int:
    """How many values of a checkpoint are the id, or of an address; `parts` are those of a shop.

    Raises `SnapshotError` for a checkpoint of another version, and `CheckpointRefused` for one that
    is sealed with a key that is not here.
    """
    found, wanted = 0, pseudonym(shopper_id)
    for name, data in bodies(checkpoint, settings).items():
        part = parts[name]
        state = unpack(data, type(part).__name__, part.STATE_VERSION)
        found += sum(pseudonym(text) == wanted for text in _texts(state))
    return found


def _texts(state: Any) -> Iterator[str]:
    """All texts in a state, names included."""
    waiting = [state]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, str):
            yield thing
        elif isinstance(thing, Mapping):
            waiting += [*thing, *thing.values()]
        elif isinstance(thing, list | tuple):
            waiting += thing
