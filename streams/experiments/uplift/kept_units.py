"""Units that were kept in a file: so that bounds hold from the start though the topic forgets.

The file has all that was folded, and the next offset of each partition. The next look reads on from
there, which is quick, too. Where the log has forgotten records in between, the file says for good
that something is missing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from streams.clients.log_reader import Partition
from streams.contract.errors import GoeswithError
from streams.experiments.uplift.units import Units

VERSION = 3
"""Version 1 knew neither margins, nor contexts, nor what was ordered before.

Version 2 knew no orders of sessions that had not asked."""


class KeptUnits(NamedTuple):
    """What was folded of the outcomes topic."""

    units: Units
    next: dict[int, int]
    """By partition the next offset to read."""
    begins_ms: int | None = None
    """When what is folded begins, where the log has forgotten what was before; None: it has not."""


def read(path: Path, topic: str) -> KeptUnits | None:
    """What was kept; None where there is nothing yet. Raises `GoeswithError` for another file."""
    try:
        return _kept_of(orjson.loads(path.read_bytes()), topic)
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise GoeswithError(f"{path} holds no units of {topic}: {error}") from error


def _kept_of(said: Any, topic: str) -> KeptUnits:
    if said["version"] not in range(1, VERSION + 1) or said["topic"] != topic:
        raise ValueError(f"it is of version {said['version']} and of {said['topic']}")
    units = Units()
    units.restore(said["units"])
    begins_ms = said["begins_ms"]
    return KeptUnits(units, {int(number): at for number, at in said["next"].items()}, begins_ms)


def write(path: Path, topic: str, kept: KeptUnits) -> None:
    """Keep these, beside the old file and then in its place. Raises `GoeswithError`."""
    said = {
        "version": VERSION,
        "topic": topic,
        "begins_ms": kept.begins_ms,
        "next": {str(number): at for number, at in kept.next.items()},
        "units": kept.units.state(),
    }
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_bytes(orjson.dumps(said))
        beside.replace(path)
    except OSError as error:
        raise GoeswithError(f"{path} cannot be written: {error}") from error


def starts(
    kept: KeptUnits | None, begins: Mapping[Partition, int], ends: Mapping[Partition, int]
) -> tuple[dict[Partition, int], bool]:
    """Where to read on, by partition, and whether the log has forgotten anything before that.

    Raises `GoeswithError` where the log ends before what was kept: it is another one.
    """
    known = {} if kept is None else kept.next
    if any(known.get(at.number, 0) > end for at, end in ends.items()):
        raise GoeswithError("what was kept is of another log than this one, which ends before it")
    following = {at: max(begin, known.get(at.number, 0)) for at, begin in begins.items()}
    forgot = any(begin > known.get(at.number, 0) for at, begin in begins.items())
    return following, forgot
