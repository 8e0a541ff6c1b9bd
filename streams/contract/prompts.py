"""What we answer: prompts, withdrawals and outcomes.

A prompt is published at least once, under an id of its cause alone: drop repeats by `prompt_id`.
Outcomes: of a prompt (`outcome`), or of a unit of the experiment. Repeats have one `identity`.
"""

from hashlib import blake2b
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BaseModel, Field, TypeAdapter

from streams.contract.events.slots import Placement
from streams.contract.wire.numbers import LENIENT, Count, TimeMs, Whole
from streams.contract.wire.shop.offers import Offer
from streams.contract.wire.shop.withdrawals import WithdrawalReason

Stage = Literal["shown", "clicked", "dismissed", "added", "removed", "bought", "returned"]
STAGES: tuple[Stage, ...] = get_args(Stage)
ITEM_STAGES = frozenset[Stage]({"added", "removed", "bought", "returned"})  # reached by item


def prompt_id(event_id: str, session_id: str, placement: Placement) -> str:
    """The id of the prompt that an event causes at a placement: whoever answers, and when."""
    return blake2b(f"{session_id}\0{event_id}\0{placement}".encode(), digest_size=12).hexdigest()


class _Part(BaseModel):
    """What every part of a record has in common: readers ignore what they do not know."""

    model_config = LENIENT


class _Published(_Part):
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


class Evidence(_Part):
    """Why an item is offered, in whole numbers: together in `together` of `of` cases."""

    anchor: str = ""
    """The item of the session that speaks for it most; empty where none does."""
    together: Count
    """How often the two met (or, without an anchor, how often the item was chosen)."""
    of: Count
    """How often the anchor was there at all."""


class PromptItem(_Part):
    """One offered item."""

    item_id: str
    """The item."""
    score: float
    """What it was ranked by; comparable within one prompt only."""
    evidence: Evidence
    """What speaks for it."""


class Reason(_Part):
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


class Prompt(_Published):
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


class PromptWithdrawn(_Published):
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


class Outcome(_Published):
    """A stage of a prompt. At least once: drop repeats by prompt, stage (and item and event)."""

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
    quantity: Whole | None = None
    """How many of the item, where one is meant."""
    order_id: str | None = None
    """The order that bought it, or that it was returned from."""
    value_minor: Whole | None = None
    """The price of all of them, in minor units of `currency`, where the event told it."""
    currency: str | None = None
    """ISO 4217 code."""
    caused_by: str
    """The event that brought it; if it is another session's than the prompt, behind its id."""
    occurred_at_ms: TimeMs
    """When it happened."""
    prompted_at_ms: TimeMs
    """When the event that caused the prompt happened."""
    propensities: dict[str, float] | None = None
    """With `shown`: the probabilities of all arms that were on offer, as the prompt has them."""
    estimates: dict[str, float] | None = None
    """With `shown`: the rewards that had been expected of these arms."""

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells it from all other outcomes but its repeats."""
        by_item = self.item_id or "", self.order_id or "", self.caused_by
        of_prompt = self.type, self.prompt_id, self.stage
        return (*of_prompt, *by_item) if self.stage in ITEM_STAGES else of_prompt


class _OfUnit(_Published):
    """What a unit of the experiment did."""

    session_id: str
    """In which session; also the key of the record."""
    caused_by: str
    """The event that brought it."""
    occurred_at_ms: TimeMs
    """When that happened."""


class _OfSide(_OfUnit):
    """The same, of a unit of which it is known on which side it is."""

    unit: str
    """Who was assigned, a visitor or else a session: a hash, another one in each experiment."""
    experiment: str
    """The experiment: its name, and a hash of share and salt."""
    holdout: bool
    """Whether the unit is held out, and gets no prompts."""


class Assigned(_OfSide):
    """A session was assigned to a side of the experiment, for its life, as all of its unit are."""

    type: Literal["assigned"] = "assigned"
    share: Annotated[float, Field(ge=0, le=1)]
    """The share of units that is held out."""
    context: str | None = None
    """Placement and segment, by the word of that event alone; None: an earlier version's."""
    orders_before: Count = 0
    """How many of its latest orders were before its visitor was first assigned: CUPED uses them."""
    shopper: str | None = None
    """Who was signed in and consents: a hash, another one in each experiment."""
    identified_by: ClassVar = ("session_id", "experiment")


class OutcomeLine(_Part):
    """An item of an order or of a return."""

    item_id: str
    """The item."""
    quantity: Whole
    """How many; negative when they come back."""
    value_minor: Whole | None = None
    """Their worth in minor units of the order's currency, where the event told a price."""
    margin_minor: Whole | None = None
    """What they earn, in the same units, where the event told it; less than 0 where they lose."""
    price_max_minor: Count | None = None
    """What the dearest of them cost, of an order in which that is more than the average."""


class _Lines(_Published):
    """Items of an order, added up."""

    identified_by: ClassVar = ("session_id", "caused_by")
    order_id: str
    """The shop's number of the order."""
    items: Count
    """How many kinds of items."""
    quantity: Whole
    """How many pieces; negative when they come back."""
    value_minor: Whole | None = None
    """What the lines with a price are worth, in minor units; none where no line has one."""
    margin_minor: Whole | None = None
    """What the lines with a margin earn, likewise."""
    lines: tuple[OutcomeLine, ...] = ()
    """Item by item. A return without lines is of everything."""
    currency: str | None = None
    """ISO 4217 code; of an `unmatched` as told: prices count if it is the order's, or not told."""


class Ordered(_Lines, _OfSide):
    """An order: of a session that had been assigned, or else `known_by`. Counts by its number."""

    type: Literal["ordered"] = "ordered"
    shopper: str | None = None
    """Who ordered, if signed in and consenting: the same hash as in `assigned`."""
    known_by: Literal["visitor", "shopper"] | None = None
    """Whose it is, of a session that had not asked. It counts if theirs was assigned by then."""
    identified_by: ClassVar = ("session_id", "order_id")


class Returned(_Lines, _OfSide):
    """Something of such an order came back, or it was cancelled. Counts once, by its event."""

    type: Literal["returned"] = "returned"


class Unmatched(_Lines, _OfUnit):
    """Something came back of an order that its session knows nothing of: readers may know it."""

    type: Literal["unmatched"] = "unmatched"


UnitOutcome = Assigned | Ordered | Returned | Unmatched
AnyOutcome = Outcome | UnitOutcome
_BY_TYPE = Field(discriminator="type")
ANY_OUTCOME: TypeAdapter[AnyOutcome] = TypeAdapter(Annotated[AnyOutcome, _BY_TYPE])
"""Reads a record of the outcomes topic."""

Published = Prompt | PromptWithdrawn
ANY_PUBLISHED: TypeAdapter[Published] = TypeAdapter(Annotated[Published, _BY_TYPE])
"""Reads a record of the prompts topic."""
