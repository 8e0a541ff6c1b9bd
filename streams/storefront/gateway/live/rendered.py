"""What a browser gets of a prompt: what it renders, and the sealed receipt.

Titles, prices and addresses are the catalogue's, as far as the gateway follows it and it has them.

Neither arm, context, propensities nor scores leave the house, nor the counts behind a prompt; and
not the name of its text, which is the arm's.
"""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from streams.contract.events.currencies import decimals
from streams.contract.events.slots import Placement
from streams.contract.published.prompts import Prompt, PromptItem, Reason
from streams.contract.wire.shop.offers import Offer
from streams.contract.wire.shop.withdrawals import WithdrawalReason
from streams.shop.decision.languages.directions import ANCHOR, put
from streams.shop.decision.languages.messages import spoken_in
from streams.storefront.gateway.live.shelf import OnShelf, Shelf


class Wording(NamedTuple):
    """What a prompt is worded by, for one reader."""

    shelf: Shelf
    accepted: tuple[str, ...] = ()
    """Language tags that the reader's browser asks for, the liked one first."""

    def look(self, item_id: str, prompt: Prompt) -> OnShelf:
        """What is shown of an item: in the language of the event that asked, else the browser's."""
        return self.shelf.look(item_id, (prompt.locale, *self.accepted))


PLAIN = Wording(Shelf(0))
"""Without a catalogue."""


class _Rendered(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class RenderedItem(_Rendered):
    """One offered item."""

    item_id: str
    """The item."""
    title: str | None = None
    """Its title, in the shopper's language as far as there is one. Plain text."""
    price_minor: int | None = None
    """Its price, in minor units of `currency`."""
    currency: str | None = None
    """ISO 4217 code."""
    price_places: int | None = None
    """How many decimals that has by ISO 4217: what browsers know are those that people write."""
    image_url: str | None = None
    """A picture of it, by https."""
    url: str | None = None
    """Its page, by https."""

    @classmethod
    def of(cls, item: PromptItem, prompt: Prompt, wording: Wording) -> "RenderedItem":
        """What is rendered of an item."""
        shown = wording.look(item.item_id, prompt)
        places = decimals(shown.currency) if shown.currency else None
        return cls(item_id=item.item_id, price_places=places, **shown._asdict())


class RenderedReason(_Rendered):
    """Why, for the shopper."""

    text: str
    """In the shopper's language, or in English. Plain text: never read it as HTML."""
    template: str | None = None
    """`text` with `{anchor}` where the item id stands, if it names one: put the title there."""
    anchor: str | None = None
    """The item that `{anchor}` stands for."""
    title: str | None = None
    """The title of that item: `text` has it, then, in place of the id."""
    language: str | None = None
    """Of the text and all that goes with it: the shopper may have chosen another one since."""
    direction: Literal["rtl"] | None = None
    """`rtl`: the text runs from right to left."""
    evidence_text: str | None = None
    """What was counted, as a sentence of its own, if the shop wants that."""

    @classmethod
    def of(cls, reason: Reason, prompt: Prompt, wording: Wording) -> "RenderedReason":
        """The reason of a prompt, with the title of its anchor where it is known."""
        title, text = None, reason.text
        if reason.anchor is not None and reason.template is not None:
            title = wording.look(reason.anchor, prompt).title
            text = put(reason.template, ANCHOR, title) if title else text
        said = reason.model_dump(include={"template", "anchor", "direction", "evidence_text"})
        return cls(text=text, title=title, language=spoken_in(prompt.locale), **said)


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
    def of(cls, prompt: Prompt, now_ms: int, wording: Wording = PLAIN) -> "RenderedPrompt":
        """What is rendered of a prompt."""
        return cls(
            prompt_id=prompt.prompt_id,
            placement=prompt.placement,
            kind=prompt.kind,
            anchor=prompt.anchor,
            items=tuple(RenderedItem.of(item, prompt, wording) for item in prompt.items),
            reason=RenderedReason.of(prompt.reason, prompt, wording),
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
    because: WithdrawalReason | Literal["no_longer_current"]
    """What the shopper did, or what an item of it is by now: see `PromptWithdrawn`;
    `no_longer_current`: it was withdrawn or has expired while nobody listened."""


Rendered = RenderedPrompt | RenderedWithdrawal


def to_json(said: Rendered) -> bytes:
    """As it is sent: without what is left out."""
    return said.model_dump_json(exclude_none=True).encode()
