"""What a browser gets of a prompt: what it renders, and the sealed receipt.

Neither arm, context, propensities nor scores leave the house, nor the counts behind a prompt; and
not the name of its text, which is the arm's.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from streams.contract.events.slots import Placement
from streams.contract.prompts import Prompt
from streams.contract.wire.shop.offers import Offer


class _Rendered(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class RenderedItem(_Rendered):
    """One offered item."""

    item_id: str
    """The item."""


class RenderedReason(_Rendered):
    """Why, for the shopper."""

    text: str
    """In the shopper's language, or in English. Plain text: never read it as HTML."""
    template: str | None = None
    """`text` with `{anchor}` where the item id stands, if it names one: put the title there."""
    anchor: str | None = None
    """The item that `{anchor}` stands for."""


class RenderedPrompt(_Rendered):
    """A prompt to be shown."""

    type: Literal["prompt"] = "prompt"
    prompt_id: str
    """Show it once, however often it comes."""
    placement: Placement
    """The slot that it is for, such as `product_page` or `basket`."""
    kind: str
    """`cross_sell` completes the purchase; `upsell` is instead of `anchor`."""
    anchor: str
    """The item that asked: what goes with this?"""
    items: tuple[RenderedItem, ...]
    """What goes with it, best first: 1 to 3 items."""
    reason: RenderedReason
    """Why, for the shopper."""
    offer: Offer | None = None
    """What the items bring beside themselves, such as free shipping."""
    caused_by: str
    """The event that asked."""
    expires_at_ms: int
    """From then on it is not to be shown any more, by the broker's clock."""
    expires_in_ms: int
    """The same as a duration from now on: a browser's clock may be wrong."""
    receipt: str
    """To be echoed in feedback, as it is."""

    @classmethod
    def of(cls, prompt: Prompt, now_ms: int) -> "RenderedPrompt":
        """What is rendered of a prompt."""
        reason = prompt.reason
        return cls(
            prompt_id=prompt.prompt_id,
            placement=prompt.placement,
            kind=prompt.kind,
            anchor=prompt.anchor,
            items=tuple(RenderedItem(item_id=item.item_id) for item in prompt.items),
            reason=RenderedReason(text=reason.text, template=reason.template, anchor=reason.anchor),
            offer=prompt.offer,
            caused_by=prompt.caused_by,
            expires_at_ms=prompt.expires_at_ms,
            expires_in_ms=prompt.expires_at_ms - now_ms,
            receipt=prompt.receipt,
        )


class RenderedWithdrawal(_Rendered):
    """A prompt that is not to be shown any more."""

    type: Literal["prompt_withdrawn"] = "prompt_withdrawn"
    prompt_id: str
    """Which one."""
    because: Literal["added", "ordered", "no_longer_current"]
    """The shopper has one of its items by now, or has bought; `no_longer_current`: it was withdrawn
    or has expired while nobody listened."""


Rendered = RenderedPrompt | RenderedWithdrawal


def to_json(said: Rendered) -> bytes:
    """As it is sent: without what is left out."""
    return said.model_dump_json(exclude_none=True).encode()
