"""Outcomes: what became of a prompt, or what a unit of the experiment did.

Each is published at least once; repeats have one `identity`. They say all that an analysis needs.
"""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, TypeAdapter

from streams.contract.published.record import PublishedPart, PublishedRecord
from streams.contract.wire.numbers import Count, TimeMs, Whole

Stage = Literal["shown", "clicked", "dismissed", "added", "removed", "bought", "returned"]
STAGES: tuple[Stage, ...] = get_args(Stage)
ITEM_STAGES = frozenset[Stage]({"added", "removed", "bought", "returned"})
"""Those that each item of a prompt reaches by itself."""


class Outcome(PublishedRecord):
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
    """What those of them cost that the event told a price of, in minor units of `currency`."""
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


class _OfUnit(PublishedRecord):
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


class OutcomeLine(PublishedPart):
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


class _Lines(PublishedRecord):
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
ANY_OUTCOME: TypeAdapter[AnyOutcome] = TypeAdapter(
    Annotated[AnyOutcome, Field(discriminator="type")]
)
"""Reads a record of the outcomes topic."""
