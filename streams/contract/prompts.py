"""What we answer: prompts, withdrawals, silences and outcomes.

A prompt is published at least once under an id that depends on its cause alone, so a reader drops
repeats by `prompt_id` and keeps the first. Silence is a value with a reason, not an absence.
"""

from hashlib import blake2b
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Placement = Literal["product_page", "basket"]
Stage = Literal["shown", "clicked", "dismissed", "added", "removed", "bought", "returned"]
STAGES: tuple[Stage, ...] = (
    *("shown", "clicked", "dismissed", "added", "removed", "bought", "returned"),
)
ITEM_STAGES = frozenset[Stage]({"added", "removed", "bought", "returned"})
"""Stages that a prompt reaches by item, and with each of them more than once."""


def prompt_id(event_id: str, session_id: str, placement: Placement) -> str:
    """The id of the prompt that an event causes at a placement: the same whoever answers, and when.

    >>> prompt_id("e1", "s1", "basket") == prompt_id("e1", "s1", "basket")
    True
    """
    cause = f"{session_id}\0{event_id}\0{placement}".encode()
    return blake2b(cause, digest_size=12).hexdigest()


class _Published(BaseModel):
    """What every record that we publish has in common."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    schema_version: Literal[1] = 1
    """Version of this contract."""

    def to_json(self) -> bytes:
        """The record's value."""
        return self.model_dump_json(exclude_none=True).encode()


class Evidence(BaseModel):
    """Why an item is offered, in whole numbers: together in `together` of `of` cases."""

    model_config = _Published.model_config

    anchor: str = ""
    """The item of the session that speaks for it most; empty where none does."""
    together: int
    """How often the two met (or, without an anchor, how often the item was chosen)."""
    of: int
    """How often the anchor was there at all."""


class PromptItem(BaseModel):
    """One offered item."""

    model_config = _Published.model_config

    item_id: str
    """The item."""
    score: float
    """What it was ranked by; comparable within one prompt only."""
    evidence: Evidence
    """What speaks for it."""


class Reason(BaseModel):
    """Why this prompt, for the shopper: a key to translate by, and a text to show."""

    model_config = _Published.model_config

    key: str
    """Stable name of the message."""
    text: str
    """The message in the shopper's language, or in English. Plain text: never read it as HTML."""
    template: str | None = None
    """`text` with `{anchor}` where the item id stands, if it names one: put the title there."""
    anchor: str | None = None
    """The item that `{anchor}` stands for."""


class Prompt(_Published):
    """One cross-sell offer, decided for one session."""

    type: Literal["prompt"] = "prompt"
    prompt_id: str
    """Drop repeats by it, keep the first."""
    session_id: str
    """Whom it is for."""
    placement: Placement
    """Where the shopper is: `product_page` or `basket`."""
    kind: Literal["cross_sell"] = "cross_sell"
    """What it does: completes the purchase, never replaces a part of it."""
    anchor: str
    """The item that asked: what goes with this?"""
    items: Annotated[tuple[PromptItem, ...], Field(min_length=1, max_length=3)]
    """What goes with it, best first: 1 to 3 items."""
    arm: str
    """The strategy that was chosen."""
    context: str
    """What the policy knew: placement and segment."""
    propensity: float
    """The exact probability with which this arm was chosen."""
    propensities: dict[str, float]
    """The whole vector that it was drawn from."""
    estimates: dict[str, float] | None = None
    """The reward that was expected of each of these arms: what estimates of their worth lean on."""
    reason: Reason
    """Why, for the shopper."""
    caused_by: str
    """The event that asked."""
    occurred_at_ms: int
    """When that event happened."""
    expires_at_ms: int
    """From then on it is not to be shown any more."""
    receipt: str
    """To be echoed in feedback, as it is; sealed."""


class PromptWithdrawn(_Published):
    """A prompt that is not to be shown any more."""

    type: Literal["prompt_withdrawn"] = "prompt_withdrawn"
    prompt_id: str
    """Which one."""
    session_id: str
    """Whose it was."""
    because: Literal["added", "ordered"]
    """The shopper has one of its items in the basket by now, or has bought."""
    caused_by: str
    """The event that made it pointless."""
    occurred_at_ms: int
    """When that event happened."""


class Outcome(_Published):
    """A stage that a prompt reached. At least once: drop repeats.

    They have `prompt_id` and `stage` in common; where it is `added`, `removed`, `bought` or
    `returned`, which are told by item, `item_id`, `order_id` and `caused_by` as well.
    """

    type: Literal["outcome"] = "outcome"
    prompt_id: str
    """The prompt."""
    session_id: str
    """Whose it was."""
    stage: Stage
    """What happened."""
    arm: str
    """The strategy that had been chosen."""
    context: str
    """What the policy had known."""
    propensity: float
    """The probability with which it had been chosen."""
    reward: float
    """What this changes of the prompt's reward: less than 0 when something is taken back."""
    item_id: str | None = None
    """The item, where one is meant."""
    quantity: int | None = None
    """How many of the item, where one is meant."""
    order_id: str | None = None
    """The order that bought it, or that it was returned from."""
    value_minor: int | None = None
    """The price of all of them, in minor units of `currency`, where the event told it."""
    currency: str | None = None
    """ISO 4217 code."""
    caused_by: str
    """The event that brought it."""
    occurred_at_ms: int
    """When it happened."""
    prompted_at_ms: int
    """When the event that caused the prompt happened."""

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells it from all other outcomes but its repeats."""
        of_prompt = self.type, self.prompt_id, self.stage
        if self.stage not in ITEM_STAGES:
            return of_prompt
        return *of_prompt, self.item_id or "", self.order_id or "", self.caused_by


Published = Prompt | PromptWithdrawn
ANY_PUBLISHED: TypeAdapter[Published] = TypeAdapter(
    Annotated[Published, Field(discriminator="type")]
)
"""Reads a record of the prompts topic."""
