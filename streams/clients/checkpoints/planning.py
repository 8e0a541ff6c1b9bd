"""What a write, a look, or a way back does with the generations that are in a place.

For stores with a pointer (`streams.clients.checkpoints.pointer`): a topic, or an object store. A
generation that is damaged is passed over for the one before, which is said, and is no reason to
keep a better one out. Whether one is whole takes reading it: that is done only where it would keep
another one from being written.
"""

import logging
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import NamedTuple, Protocol

from streams.clients.checkpoints.pointer import Pointer, Stored
from streams.clients.checkpoints.rules import (
    ExistingCheckpoint,
    WriteRequest,
    fingerprint,
    known,
    replacing,
)
from streams.contract.errors import CheckpointRefused, GoeswithError
from streams.shop.checkpoint import CheckpointHeader, read

logger = logging.getLogger(__name__)

NOTHING: Mapping[str, str] = {}


class Generations(Protocol):
    """A place that is open to be read."""

    def pointer(self, foreign_max: int | None = ..., /) -> Pointer:
        """The newest pointer; raises `CheckpointRefused` where the place holds something else.

        `foreign_max` is behind how much of others it is looked for, None: behind all of it.
        """

    def data(self, stored: Stored) -> bytes:
        """A checkpoint, whole; raises `CheckpointRefused` when it is not as it was written."""

    def is_whole(self, stored: Stored) -> bool:
        """Whether a checkpoint can be read."""


class Plan(NamedTuple):
    """What a write does with what is there."""

    pointer: Pointer
    held: Stored | None
    """What it takes the place of, if there is something that is whole."""
    aside_as: str
    """The name under which that is kept aside; empty: it becomes the generation before."""

    def with_newest(self, newest: Stored) -> Pointer:
        """The pointer once it is done."""
        return self.pointer.with_newest(newest, self.held, self.aside_as)


def planned(place: Generations, request: WriteRequest) -> Plan | None:
    """What is to be done; None: what is there stays. Raises `CheckpointRefused`.

    Who is forced looks for a pointer behind all that others wrote: what it names is kept.
    """
    try:
        pointer = place.pointer(None) if request.force else place.pointer()
    except CheckpointRefused as refused:
        replacing(ExistingCheckpoint(), request)  # which raises, unless it is forced
        logger.warning("%s: chunks that may be there are neither named nor deleted", refused)
        return Plan(Pointer(), None, "")
    for held in pointer.generations:
        if _may_go(held, request) or place.is_whole(held):
            name = replacing(_existing(place, held), request)
            return None if name is None else Plan(pointer, held, name)
    return Plan(pointer, None, "")


def going_back(
    place: Generations, number: int, where: str
) -> tuple[Plan, Stored, CheckpointHeader]:
    """How a generation becomes the newest one, which it is, and what it says of itself.

    The one that was is kept: aside, if it knows more. Raises a `GoeswithError`.
    """
    pointer = place.pointer()
    if not 1 <= number <= len(pointer.generations):
        raise GoeswithError(
            f"there is no generation {number} in {where}: {len(pointer.generations)} are kept"
        )
    chosen, held = pointer.generations[number - 1], pointer.generations[0]
    header = read(place.data(chosen)).header
    request = WriteRequest(header, NOTHING, back=True, force=True)
    return Plan(pointer, held, replacing(_existing(place, held), request) or ""), chosen, header


def newest_whole(place: Generations, name: str) -> tuple[bytes | None, str]:
    """The newest generation that is whole, or one of a name (`Pointer.named`); and a warning.

    Raises `CheckpointRefused` where there are some and none is whole.
    """
    damaged = list[str]()
    for stored in place.pointer().named(name):
        try:
            data = place.data(stored)
        except CheckpointRefused as refused:
            damaged.append(str(refused))
            continue
        said = f"{'; '.join(damaged)}: the generation before is used instead" if damaged else ""
        return data, said
    if damaged:
        raise CheckpointRefused("; ".join(damaged), "gone")
    return None, ""


def stored_as(header: CheckpointHeader, data: bytes, offsets: list[int]) -> Stored:
    """What a pointer says of a checkpoint."""
    return Stored(
        fingerprint=fingerprint(data),
        sha256=sha256(data).hexdigest(),
        size=len(data),
        offsets=tuple(offsets),
        made_at_ms=max(0, header.made_at_ms),
        adopted=header.adopted,
        **known(header)._asdict(),
    )


def _may_go(held: Stored, request: WriteRequest) -> bool:
    """Whether it hinders nobody, damaged or not."""
    return known(request.header).covers(held.known)


def _existing(place: Generations, held: Stored) -> ExistingCheckpoint:
    return ExistingCheckpoint(held.fingerprint, held.known, partial(place.data, held))
