"""Prompts, and the withdrawals of such.

A prompt is published at least once, under an id of its cause alone: drop repeats by `prompt_id`.
"""

from hashlib import blake2b
from typing import Annotated, ClassVar, Literal

from pydantic import Field, TypeAdapter

from streams.contract.events.slots import Placement
from streams.contract.published.record import PublishedPart, PublishedRecord
from streams.contract.wire.numbers import Count, TimeMs
from streams.contract.wire.shop.offers import Offer
from streams.contract.wire.shop.withdrawals import WithdrawalReason


def prompt_id(event_id: str, session_id: str, placement: Placement) -> str:
    """The id of the prompt that an event causes at a placement: whoever answers, and when."""
    return blake2b(f"{session_id}\0{event_id}\0{placement}".encode(), digest_size=12).hexdigest()


class Evidence(PublishedPart):
    """Why an item is offered, in whole numbers: together in `together` of `of` cases."""

    anchor: str = ""
    """The item of the session that speaks for it most; empty where none does."""
    together: Count
    """How often the two met (or, without an anchor, how often the item was chosen)."""
    of: Count
    """How often the anchor was there at all."""


class PromptItem(PublishedPart):
    """One offered item."""

    item_id: str
    """The item."""
    score: float
    """What it was ranked by; comparable within one prompt only."""
    evidence: Evidence
    """What speaks for it."""


class Reason(PublishedPart):
    """Why this prompt, for the shopper: a key to translate by, and a text to show."""

    key: str
    """Stable name of the message."""
    text: str
    """In the shopper's language, or in English. Plain text: never read it as HTML."""
    template: str | None = None
    """`text` with `{anchor}` where the item id stands, if it names one: put the title there."""
    anchor: str | None = None
    """The item that `{anchor}` stands for."""
    direction: Literal["rtl"] | None = None
    """`rtl`: it runs from right to left; left out: from left to right."""
    evidence_text: str | None = None
    """What was counted, as a sentence of its own, in the same language, if the shop wants that."""


class Prompt(PublishedRecord):
    """One cross-sell offer, decided for one session."""

    type: Literal["prompt"] = "prompt"
    identified_by: ClassVar = ("prompt_id",)
    prompt_id: str
    """Drop repeats by it, keep the first."""
    session_id: str
    """Whom it is for."""
    placement: Placement
    """The slot that it is for: `product_page`, `basket` or another one that the event asked for."""
    kind: Literal["cross_sell", "upsell"] = "cross_sell"
    """`cross_sell` completes the purchase; `upsell`, in slot `upgrade`, is instead of `anchor`."""
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
    offer: Offer | None = None
    """What the items bring beside themselves, such as free shipping."""
    locale: str | None = None
    """The language tag of the event that asked, where it has one: for titles and prices."""
    caused_by: str
    """The event that asked."""
    occurred_at_ms: TimeMs
    """When that event happened."""
    expires_at_ms: TimeMs
    """From then on it is not to be shown any more."""
    receipt: str
    """To be echoed in feedback, as it is; sealed."""


class PromptWithdrawn(PublishedRecord):
    """A prompt that is not to be shown any more."""

    type: Literal["prompt_withdrawn"] = "prompt_withdrawn"
    prompt_id: str
    """Which one."""
    session_id: str
    """Whose it was."""
    because: WithdrawalReason
    """What the shopper did, or the catalogue or a control says by now, of an item or of all."""
    item_id: str | None = None
    """That item, if it is one."""
    caused_by: str
    """The event that made it pointless; empty: catalogue or control did."""
    occurred_at_ms: TimeMs
    """When that happened."""


Published = Prompt | PromptWithdrawn
ANY_PUBLISHED: TypeAdapter[Published] = TypeAdapter(
    Annotated[Published, Field(discriminator="type")]
)
"""Reads a record of the prompts topic."""
