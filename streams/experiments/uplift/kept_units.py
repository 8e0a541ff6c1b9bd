"""Units that were kept in a file: so that bounds hold from the start though the topic forgets.

The file has all that was folded, and the next offset of each partition. The next look reads on from
there, which is quick, too. Where the log has forgotten records in between, the file says for good
that something is missing.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from streams.clients.log_reader import Partition
from streams.contract.errors import GoeswithError
from streams.contract.wire.numbers import TimeMs
from streams.experiments.uplift.net_orders import At, CountedLine, OrderSeen
from streams.experiments.uplift.sides import SideOf
from streams.experiments.uplift.units import Units

VERSION = 5
"""Version 1 knew neither margins, nor contexts, nor what was ordered before.

Version 2 knew no orders of sessions that had not asked, version 3 not when the broker got an
assignment, version 4 not in which currency the prices of a return are."""


class KeptUnits(NamedTuple):
    """What was folded of the outcomes topic."""

    units: Units
    next: dict[int, int]
    """By partition the next offset to read."""
    begins_ms: int | None = None
    """When what is folded begins, where the log has forgotten what was before; None: it has not."""


_Lines = tuple[CountedLine, ...]
_Returned = tuple[At, _Lines] | tuple[At, _Lines, str | None]


class _UnitsState(BaseModel):
    """The state of `Units`, as JSON has it."""

    model_config = ConfigDict(frozen=True)

    left_out: NonNegativeInt
    sides: dict[str, Annotated[dict[str, SideOf], Field(min_length=1)]]
    shown: dict[str, TimeMs]
    shoppers: dict[str, list[tuple[str, str]]]
    orders: dict[str, OrderSeen]
    others: dict[str, Annotated[dict[str, tuple[OrderSeen, str]], Field(min_length=1)]] = {}
    returns: dict[str, list[_Returned]]


class _KeptFile(BaseModel):
    """What is in a file: anything else there would end a look in its midst."""

    model_config = ConfigDict(frozen=True)

    version: int
    topic: str
    begins_ms: TimeMs | None
    next: dict[NonNegativeInt, NonNegativeInt]
    units: _UnitsState


def read(path: Path, topic: str) -> KeptUnits | None:
    """What was kept; None where there is nothing yet. Raises `GoeswithError` for another file."""
    if path.exists() and not path.is_file():
        raise GoeswithError(f"{path} holds no units of {topic}: it is no file")
    try:
        said = _KeptFile.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GoeswithError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise GoeswithError(f"{path} holds no units of {topic}: {where} {first['msg']}") from error
    if said.version not in range(1, VERSION + 1) or said.topic != topic:
        raise GoeswithError(
            f"{path} holds no units of {topic}: it is of version {said.version} and of {said.topic}"
        )
    units = Units()
    units.restore(dict(said.units))
    return KeptUnits(units, said.next, said.begins_ms)


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
        beside.write_text(json.dumps(said))  # which has room for any number
        beside.replace(path)
    except OSError as error:
        raise GoeswithError(f"{path} cannot be written: {error}") from error


def starts(
    kept: KeptUnits | None, begins: Mapping[Partition, int], ends: Mapping[Partition, int]
) -> dict[Partition, int]:
    """Where to read on, by partition; whether anything before was lost, `LogBeginning` tells.

    Raises `GoeswithError` where the log ends before what was kept: it is another one.
    """
    known = {} if kept is None else kept.next
    if any(known.get(at.number, 0) > end for at, end in ends.items()):
        raise GoeswithError("what was kept is of another log than this one, which ends before it")
    return {at: max(begin, known.get(at.number, 0)) for at, begin in begins.items()}
