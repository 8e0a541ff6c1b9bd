"""An impression: a prompt that was really shown, and the stages that it reached."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from streams.contract.prompts import Stage
from streams.contract.receipts import Receipt


class Reached(NamedTuple):
    """A stage that an impression reached: by which event, when, and what that was worth."""

    event_id: str
    at_ms: int
    reward: float
    item_id: str | None


@dataclass(slots=True)
class Impression:
    """A prompt that was really shown, and what became of it."""

    receipt: Receipt
    reached: dict[Stage, Reached] = field(default_factory=dict)

    @property
    def reward(self) -> float:
        """What its stages were worth so far, in [0, 1]."""
        return sum(stage.reward for stage in self.reached.values())

    @property
    def shown_ms(self) -> int:
        """When it was shown."""
        return self.reached["shown"].at_ms

    def state(self) -> list[Any]:
        """Everything, as JSON."""
        return [list(self.receipt), [[stage, *reached] for stage, reached in self.reached.items()]]

    @classmethod
    def from_state(cls, state: list[Any]) -> Self:
        """The impression whose `state()` this is, or what JSON made of it."""
        fields, stages = state
        receipt = Receipt(*fields)
        receipt = receipt._replace(items=tuple(receipt.items))
        return cls(receipt, {stage: Reached(*reached) for stage, *reached in stages})
