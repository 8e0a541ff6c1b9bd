"""The settings of checkpoints: where what is learned is kept, how often, and what seals it."""

from pydantic import BaseModel, Field, SecretStr, field_validator

UNSEALED = (
    "it is set, and there is no secret in it: checkpoints would not be sealed. Put one there, or "
    "unset it"
)


class CheckpointSettings(BaseModel):
    """The settings of checkpoints; `Settings` inherits them, and reads them.

    >>> CheckpointSettings(checkpoint_url="s3://bread/butter").checkpoint_every_s
    60.0
    """

    # Checkpoints
    checkpoint_url: str = Field(
        "",
        pattern=r"^(none)?$|^[a-z][a-z0-9+-]*://|^kafka:([a-zA-Z0-9_-][a-zA-Z0-9._-]{0,248})?$",
        json_schema_extra={
            "write": "kafka:, kafka:TOPIC, file:///var/lib/goeswith/shop.checkpoint, "
            "s3://BUCKET/NAME (gs://, abfs://), redis://HOST:PORT/0 or none"
        },
        description="where checkpoints of the shop go: a compacted topic (`kafka:`, `kafka:NAME`), "
        "a file (`file:///…`), an object store (`s3://BUCKET/NAME`, `gs://…`, `abfs://…`), a Redis "
        "(`redis://…`), or nowhere (`none`); empty: the same as `kafka:`",
    )
    checkpoint_every_s: float = Field(
        60.0, ge=0, description="checkpoint interval; 0: none are written"
    )
    checkpoint_ttl_s: int = Field(
        30 * 86_400, ge=60, description="time to live of a checkpoint in Redis that is not renewed"
    )
    checkpoint_key: SecretStr = Field(
        SecretStr(""),
        description="encryption at rest: seals checkpoints (AES-256-GCM); several, comma "
        "separated: the first one seals, all open; of one below 12 characters the worker warns; "
        "empty: they are not sealed",
    )

    @field_validator("checkpoint_key")
    @classmethod
    def _gives_a_secret(cls, key: SecretStr) -> SecretStr:
        """Who sets one wants checkpoints to be sealed: blanks and commas alone would seal none."""
        said = key.get_secret_value()
        if said and not any(map(str.strip, said.split(","))):
            raise ValueError(UNSEALED)
        return key
