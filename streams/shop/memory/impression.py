"""An impression: a prompt that was really shown, and the stages that it reached."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from models.limits import within
from models.snapshot.elements import each
from streams.contract.prompts import STAGES, Stage
from streams.contract.receipts import Receipt, receipt_of

ROUNDING = 1e-9
Prompted = tuple[int, str]
"""A prompt's time in ms and its id: an order without ties."""


class Reached(NamedTuple):
    """A stage that an impression reached: by which event, when, and what that was worth."""

    event_id: str
    at_ms: int
    reward: float
    item_id: str | None


def prompted_of(state: Sequence[Any]) -> Prompted:
    """A prompt's place in that order, as JSON has it; raises `TypeError` or `ValueError`."""
    at_ms, prompt_id = state
    return each(int, [at_ms], 0)[0], each(str, [prompt_id])[0]


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
    def prompted(self) -> Prompted:
        """When it was prompted, and by its id which of those of one moment it is."""
        return self.receipt.prompted_at_ms, self.receipt.prompt_id

    @property
    def shown_ms(self) -> int:
        """When it was shown."""
        return self.reached["shown"].at_ms

    def state(self) -> list[Any]:
        """Everything, as JSON."""
        return [list(self.receipt), [[stage, *reached] for stage, reached in self.reached.items()]]

    @classmethod
    def from_state(cls, state: list[Any]) -> Self:
        """The impression whose `state()` this is, or what JSON made of it.

        Raises `TypeError` or `ValueError` when it is none.
        """
        fields, stages = state
        reached = {stage: Reached(*said) for stage, *said in stages}
        if "shown" not in reached or not reached.keys() <= {*STAGES}:
            raise ValueError(f"an impression that reached {', '.join(map(str, reached))}")
        for one in reached.values():
            each(str, [one.event_id] if one.item_id is None else [one.event_id, one.item_id])
            within(-1.0 - ROUNDING, 1.0 + ROUNDING, reward=one.reward)
        each(int, [one.at_ms for one in reached.values()], 0)
        impression = cls(receipt_of(fields), reached)
        within(-ROUNDING, 1.0 + ROUNDING, reward=impression.reward)
        return impression
