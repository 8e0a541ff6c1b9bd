"""The pointer: which checkpoints are in a topic, and at which offsets their chunks are.

| what it names | how many |
|---|---|
| generations: the newest, and those that it replaced | `GENERATIONS_MAX` |
| those that were kept aside, by name | as many as `streams.clients.checkpoints.rules` lets stay |

A checkpoint is known by its fingerprint: its chunks have keys of it, so that one that is named
twice, or is written twice, is in the topic once.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from streams.clients.checkpoints.rules import (
    CheckpointProgress,
    KeptCheckpoint,
    is_kept_name,
    most_first,
    surplus,
)
from streams.contract.errors import CheckpointRefused

GENERATIONS_MAX = 3
GENERATION = "generation-"
"""What the names of generations begin with; the newest is number 1."""
CHUNK = "chunk/"
"""What the keys of chunks begin with."""


def _checked(name: str) -> str:
    if not is_kept_name(name):
        raise ValueError("is no name of one that was kept aside")
    return name


Count = Annotated[int, Field(ge=0, lt=1 << 63)]
"""A number as Kafka has them."""
Name = Annotated[str, AfterValidator(_checked)]


class Stored(BaseModel):
    """A checkpoint in a topic."""

    model_config = ConfigDict(frozen=True)

    fingerprint: str = Field(pattern=r"^[0-9a-f]+$")
    sha256: str
    size: Count
    """In bytes, of all chunks together."""
    offsets: tuple[Count, ...] = Field(min_length=1)
    """Where each chunk is."""
    lineage: str
    events: Count
    reach: Count
    topic_id: str = ""
    """Kafka's own id of the topic that was folded; empty: not told."""
    made_at_ms: Count
    adopted: dict[str, str] = {}
    """The parts that no fold of the log gives, and why (`Shop.adopted`)."""
    keys: tuple[str, ...] = ()
    """The ids of the keys that its maker had, the one that seals it first; none: not sealed."""

    @property
    def known(self) -> CheckpointProgress:
        """How much it knows."""
        inexact = tuple(sorted(self.adopted))
        log = self.lineage, self.events, self.reach, self.topic_id
        return CheckpointProgress(*log, inexact, self.keys)

    def chunk_keys(self) -> list[str]:
        """The keys of its chunks, in order."""
        return [chunk_key(self.fingerprint, number) for number in range(len(self.offsets))]


class Pointer(BaseModel):
    """What is in a topic, the newest first."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    generations: tuple[Stored, ...] = ()
    kept: dict[Name, Stored] = {}
    """Those that were kept aside."""

    def with_newest(self, newest: Stored, held: Stored | None, aside_as: str) -> "Pointer":
        """The pointer once `newest` is in the place of `held`, of which nothing before is whole.

        `held` is kept aside under a name if there is one, else it is the generation before. What
        need not be kept any longer has left.
        """
        behind = self.generations[self.generations.index(held) :] if held else ()
        kept = {name: newest if _same(one, newest) else one for name, one in self.kept.items()}
        if held and aside_as:
            kept[aside_as], behind = held, behind[1:]
        older = [one for one in behind if not _same(one, newest)]
        for gone in surplus(_described(kept), newest.known):
            del kept[gone.name]
        return Pointer(generations=(newest, *older)[:GENERATIONS_MAX], kept=kept)

    def without(self, name: str) -> "Pointer":
        """The pointer once one that was kept aside is deleted."""
        kept = {other: one for other, one in self.kept.items() if other != name}
        return Pointer(generations=self.generations, kept=kept)

    def named(self, name: str) -> tuple[Stored, ...]:
        """What goes by a name, nothing if there is none: `""` is the newest, then those before."""
        if number := number_in(name):
            return self.generations[number - 1 : number]
        if not name:
            return self.generations
        return (self.kept[name],) if name in self.kept else ()

    def older(self) -> list[str]:
        """The names of the generations before the newest."""
        return [f"{GENERATION}{number}" for number in range(2, len(self.generations) + 1)]

    def kept_aside(self) -> list[KeptCheckpoint]:
        """What was kept aside, those that know most first."""
        return most_first(_described(self.kept))

    def named_at_all(self) -> tuple[Stored, ...]:
        """Generations, and those that were kept aside."""
        return (*self.generations, *self.kept.values())

    def chunk_keys(self) -> set[str]:
        """The keys of all chunks that are named."""
        return {key for one in self.named_at_all() for key in one.chunk_keys()}


def chunk_key(fingerprint: str, number: int) -> str:
    """The key of a chunk.

    >>> chunk_key("1f0c3a5e7b92", 3)
    'chunk/1f0c3a5e7b92/3'
    """
    return f"{CHUNK}{fingerprint}/{number}"


def number_in(name: str) -> int:
    """The number in the name of a generation; 0: it is none.

    >>> number_in("generation-2"), number_in("settings-1f0c3a5e7b92")
    (2, 0)
    """
    number = name.removeprefix(GENERATION)
    is_one = name != number and number.isascii() and number.isdigit()
    return min(int(number[:3]), GENERATIONS_MAX + 1) if is_one else 0


def pointer_in(value: bytes) -> Pointer:
    """The pointer in a record; raises `CheckpointRefused` for what we did not write."""
    try:
        pointer = Pointer.model_validate_json(value)
    except ValidationError as error:
        raise CheckpointRefused(
            f"its pointer is none of this version ({error.error_count()} errors)", "foreign"
        ) from error
    if "version" not in pointer.model_fields_set:
        raise CheckpointRefused("its pointer does not say its version", "foreign")
    return pointer


def _described(kept: dict[str, Stored]) -> list[KeptCheckpoint]:
    return [KeptCheckpoint(name, one.known, one.made_at_ms / 1000) for name, one in kept.items()]


def _same(one: Stored, other: Stored) -> bool:
    return one.fingerprint == other.fingerprint
