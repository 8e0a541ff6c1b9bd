"""How a shop is run: one record a control, keyed by its name, the latest one counts.

Who changed it and why is a part of the record, so that the topic is the audit trail as well. A
control that is no longer set has the value null: a tombstone would not say who took it away.
"""

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, Field, JsonValue, field_validator

from streams.contract.events.fields import EventBase, TimeMs

VALUE_BYTES_MAX = 16_384
KEY_PATTERN = r"^[a-z][a-z0-9_./-]{0,127}$"

ControlKey = Annotated[str, Field(pattern=KEY_PATTERN)]
Author = Annotated[str, Field(min_length=1, max_length=128)]
Because = Annotated[str, Field(min_length=1, max_length=500)]


class ControlRecord(BaseModel):
    """A change of a control: what it is from now on, by whom, and why."""

    model_config = EventBase.model_config

    type: Literal["control_record"] = "control_record"
    schema_version: Literal[1] = 1
    """Version of this contract."""
    key: ControlKey
    """The control, in lower case with dots between the parts; also the key of the record."""
    value: JsonValue
    """What it is set to, any JSON of at most 16 KiB; null: it is set no longer."""
    author: Author
    """Who changed it."""
    reason: Because
    """Why, for whoever looks at it later."""
    at_ms: TimeMs
    """When it was changed, by the author's clock, in milliseconds since 1970."""

    @field_validator("value")
    @classmethod
    def _no_larger_than_a_control(cls, value: Any) -> Any:
        """Raises `ValueError` for what is too large, or nested too deeply to be written."""
        try:
            size = len(written := orjson.dumps(value))
        except TypeError as error:
            raise ValueError(f"cannot be written as JSON: {error}") from None
        if orjson.loads(written) != value:  # not a number, infinity
            raise ValueError("cannot be written as JSON")
        if size > VALUE_BYTES_MAX:
            raise ValueError(f"has {size:,} bytes, {VALUE_BYTES_MAX:,} at most")
        return value
