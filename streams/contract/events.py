"""What shoppers did: the events that everything else is a fold of.

One frozen class an event, told apart by `type`. Unknown fields are ignored, so that senders may
say more; an unknown `schema_version` or a value outside its limits makes the record a dead letter.
The record's key must be the session id: it keeps a session's events in order, on one partition.

Times are milliseconds since 1970 (`…_ms`), money is in minor units of its currency (cents).
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from streams.contract.errors import InvalidEvent
from streams.contract.receipts import YEAR_2015_MS, YEAR_2100_MS
from streams.contract.settings import Settings

LINES_MAX = 500

Id = Annotated[str, Field(min_length=1, max_length=128)]
Quantity = Annotated[int, Field(ge=1, le=10_000)]
PriceMinor = Annotated[int, Field(ge=0, le=1_000_000_000)]
Category = Annotated[str, Field(min_length=1, max_length=128)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Receipt = Annotated[str, Field(min_length=1, max_length=4096)]


class EventBase(BaseModel):
    """What every event carries: the base class of all events."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, strict=True, use_attribute_docstrings=True
    )

    schema_version: Literal[1] = 1
    """Version of this contract."""
    event_id: Id
    """The sender's own id of this event: a second one of its session with it changes nothing."""
    session_id: Id
    """One visitor's visit; also the key of the record."""
    shopper_id: Id | None = None
    """Who it is, where that is known: a pseudonym, never a name or an address."""
    occurred_at_ms: Annotated[int, Field(ge=YEAR_2015_MS, le=YEAR_2100_MS)]
    """When it happened, in milliseconds since 1970."""
    consent: bool = True
    """False: nothing is remembered by shopper, and the shopper's own history is not used."""
    segment: Annotated[str, Field(max_length=32)] | None = None
    """The merchant's segment of this shopper; one not in `GOESWITH_SEGMENTS` counts as none."""
    locale: Annotated[str, Field(max_length=16)] | None = None
    """Language tag, such as `en-GB` or `de_AT`: prompts speak en, de and fr; all others get en."""

    @property
    def time_s(self) -> float:
        """When it happened, in seconds since 1970."""
        return self.occurred_at_ms / 1000

    @property
    def identity(self) -> str:
        """What tells it from all other events: an id is the sender's, and good for a session only.

        Duplicates are dropped by it. As text, one for each pair: no session can be made up that
        ends as another's event begins.
        """
        return f"{len(self.session_id)} {self.session_id}{self.event_id}"


class ItemViewed(EventBase):
    """The shopper looked at an item."""

    type: Literal["item_viewed"] = "item_viewed"
    item_id: Id
    """The item, rolled up to whatever is sold as one thing."""
    category: Category | None = None
    """The narrowest category that the catalogue has it in; the later word counts."""
    price_minor: PriceMinor | None = None
    """Unit price in minor units of `currency`."""
    currency: Currency | None = None
    """ISO 4217 code."""


class ItemAdded(EventBase):
    """The shopper put an item in the basket."""

    type: Literal["item_added"] = "item_added"
    item_id: Id
    """The item."""
    category: Category | None = None
    """The narrowest category that the catalogue has it in; the later word counts."""
    quantity: Quantity = 1
    """How many were added."""
    price_minor: PriceMinor | None = None
    """Unit price in minor units of `currency`."""
    currency: Currency | None = None
    """ISO 4217 code."""
    receipt: Receipt | None = None
    """The receipt of the prompt that it was added from."""


class ItemRemoved(EventBase):
    """The shopper took an item out of the basket again."""

    type: Literal["item_removed"] = "item_removed"
    item_id: Id
    """The item."""
    quantity: Quantity = 1
    """How many were taken out."""


class CheckoutStarted(EventBase):
    """The shopper went to pay: from here on we are quiet."""

    type: Literal["checkout_started"] = "checkout_started"


class OrderLine(BaseModel):
    """One line of an order or a return."""

    model_config = EventBase.model_config

    item_id: Id
    """The item."""
    category: Category | None = None
    """The narrowest category that the catalogue has it in; the later word counts."""
    quantity: Quantity = 1
    """How many."""
    price_minor: PriceMinor | None = None
    """Unit price in minor units of the order's currency."""


Lines = Annotated[tuple[OrderLine, ...], Field(min_length=1, max_length=LINES_MAX, strict=False)]


class OrderPlaced(EventBase):
    """The shopper bought."""

    type: Literal["order_placed"] = "order_placed"
    order_id: Id
    """The shop's number of the order."""
    lines: Lines
    """What was bought, 1 to 500 lines."""
    currency: Currency | None = None
    """ISO 4217 code."""


class OrderReturned(EventBase):
    """The shopper sent something back; the session is the one of the order."""

    type: Literal["order_returned"] = "order_returned"
    order_id: Id
    """The shop's number of the order."""
    lines: Lines
    """What came back."""


class PromptShown(EventBase):
    """A prompt was really visible to the shopper: the impression that counts."""

    type: Literal["prompt_shown"] = "prompt_shown"
    receipt: Receipt
    """The prompt's receipt, echoed."""


class PromptClicked(EventBase):
    """The shopper followed a prompt."""

    type: Literal["prompt_clicked"] = "prompt_clicked"
    receipt: Receipt
    """The prompt's receipt, echoed."""
    item_id: Id | None = None
    """Which of its items."""


class PromptDismissed(EventBase):
    """The shopper sent a prompt away."""

    type: Literal["prompt_dismissed"] = "prompt_dismissed"
    receipt: Receipt
    """The prompt's receipt, echoed."""


Event = (
    ItemViewed
    | ItemAdded
    | ItemRemoved
    | CheckoutStarted
    | OrderPlaced
    | OrderReturned
    | PromptShown
    | PromptClicked
    | PromptDismissed
)
EVENTS: tuple[type[Event], ...] = (
    ItemViewed,
    ItemAdded,
    ItemRemoved,
    CheckoutStarted,
    OrderPlaced,
    OrderReturned,
    PromptShown,
    PromptClicked,
    PromptDismissed,
)
ANY_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
_read = ANY_EVENT.validator.validate_json  # without the adapter's own options: on every event's way


def decode(
    key: bytes | None, value: bytes | None, *, timestamp_ms: int, settings: Settings
) -> Event:
    """The event that a record holds; `timestamp_ms` is the record's own, set by broker or sender.

    Raises `InvalidEvent` with a short `reason` and a message for people.

    >>> bread = b'''{"type": "item_added", "event_id": "e1", "session_id": "s1",
    ...              "occurred_at_ms": 1767225600000, "item_id": "bread"}'''
    >>> decode(b"s1", bread, timestamp_ms=1767225600000, settings=Settings()).item_id
    'bread'
    """
    if value is None:
        raise InvalidEvent("null_value", "the record has no value; send the event as JSON")
    if len(value) > settings.event_bytes_max:
        raise InvalidEvent(
            "oversize",
            f"{len(value)} bytes are more than event_bytes_max={settings.event_bytes_max}",
        )
    try:
        event: Event = _read(value)
    except ValidationError as invalid:
        raise InvalidEvent(*_explained(invalid)) from None
    if key is None or key != event.session_id.encode():
        raise InvalidEvent(
            "wrong_key", "the record's key is not the event's session_id: order would be lost"
        )
    if event.occurred_at_ms > timestamp_ms + settings.future_s_max * 1000:
        raise InvalidEvent(
            "future",
            f"occurred_at_ms={event.occurred_at_ms} is more than future_s_max="
            f"{settings.future_s_max:g} s after the record's own time {timestamp_ms}",
        )
    if event.occurred_at_ms > timestamp_ms:  # a clock slightly ahead must not move the watermark
        return event.model_copy(update={"occurred_at_ms": timestamp_ms})
    return event


def encode(event: Event) -> bytes:
    """The event as the JSON that `decode` reads, without the fields that were left out."""
    return event.model_dump_json(exclude_none=True).encode()


def segment_names(settings: Settings) -> frozenset[str]:
    """The merchant's segments that are listed.

    >>> sorted(segment_names(Settings(segments="trade, club")))
    ['club', 'trade']
    """
    return frozenset(filter(None, map(str.strip, settings.segments.split(","))))


TYPES = ", ".join(event.model_fields["type"].default for event in EVENTS)


def _explained(invalid: ValidationError) -> tuple[str, str]:
    """A short reason and a message that repeats no input (it may be large or private)."""
    errors = invalid.errors(include_url=False, include_context=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        return "invalid_json", errors[0]["msg"]
    wrong = [error for error in errors if not _follows(error, errors)]
    return "invalid_event", "; ".join(map(_sentence, wrong[:5]))[:500]


def _follows(error: ErrorDetails, errors: Iterable[ErrorDetails]) -> bool:
    """Whether a list is too short only because what is wrong in it was not counted."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in errors
    )


def _sentence(error: ErrorDetails) -> str:
    """The place and the rule, in JSON's words."""
    if error["type"] == "union_tag_not_found":
        return f"type is missing: one of {TYPES}"
    if error["type"] == "union_tag_invalid":
        return f"type is none of {TYPES}"
    said = error["msg"].replace("Tuple should", "List should").replace(" after validation", "")
    return f"{'.'.join(map(str, error['loc'])) or 'event'}: {said}"
