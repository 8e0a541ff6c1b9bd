"""What all records that we publish have in common, and the parts of which they are made."""

from typing import ClassVar, Literal

from pydantic import BaseModel

from streams.contract.wire.numbers import LENIENT


class PublishedPart(BaseModel):
    """What every part of a record has in common: readers ignore what they do not know."""

    model_config = LENIENT


class PublishedRecord(PublishedPart):
    """What every record that we publish has in common."""

    schema_version: Literal[1] = 1
    """Version of this contract."""
    identified_by: ClassVar[tuple[str, ...]] = ()

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells it from all others but its repeats."""
        return tuple(str(getattr(self, name)) for name in ("type", *self.identified_by))

    def to_json(self) -> bytes:
        """The record's value."""
        return self.model_dump_json(exclude_none=True).encode()
