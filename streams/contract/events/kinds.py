"""The events: one frozen class a kind, told apart by `type`."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from streams.contract.events.fields import (
    AnyLines,
    Category,
    Currency,
    EventBase,
    Id,
    Lines,
    PriceMinor,
    Quantity,
    Receipt,
    TrimmedId,
)
from streams.contract.events.slots import Slots


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
    slots: Slots | None = None
    """Where prompts are asked for: `product_page`, `basket`, `checkout`, `post_purchase`,
    `upgrade`; left out: `product_page`."""


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
    slots: Slots | None = None
    """Where prompts are asked for: `product_page`, `basket`, `checkout`, `post_purchase`,
    `upgrade`; left out: `basket`."""


class ItemRemoved(EventBase):
    """The shopper took an item out of the basket again."""

    type: Literal["item_removed"] = "item_removed"
    item_id: Id
    """The item."""
    quantity: Quantity = 1
    """How many were taken out."""


class CheckoutStarted(EventBase):
    """The shopper went to pay: from here on we are quiet, but where `checkout` is asked for."""

    type: Literal["checkout_started"] = "checkout_started"
    slots: Slots | None = None
    """Where prompts are asked for, such as `checkout`; left out: nowhere."""


class CheckoutLeft(EventBase):
    """The shopper left the checkout without paying: we may speak again."""

    type: Literal["checkout_left"] = "checkout_left"


class BasketUpdated(EventBase):
    """All that is in the basket as of now: for shops that send carts, and for sign-ins."""

    type: Literal["basket_updated"] = "basket_updated"
    lines: AnyLines
    """All lines of the basket, none to 2,000: what is not among them is not in the basket."""
    currency: Currency | None = None
    """ISO 4217 code."""


class OrderPlaced(EventBase):
    """The shopper bought."""

    type: Literal["order_placed"] = "order_placed"
    order_id: TrimmedId
    """The shop's number of the order."""
    lines: Lines
    """What was bought, 1 to 2,000 lines."""
    currency: Currency | None = None
    """ISO 4217 code."""
    slots: Slots | None = None
    """Where prompts are asked for, such as `post_purchase`; left out: nowhere."""


class OrderTakenBack(EventBase):
    """An order, or a part of it, does not stand: in the session of the order, or in any other."""

    type: Literal["order_cancelled", "order_returned"]
    order_id: TrimmedId
    """The shop's number of the order."""
    lines: Lines | None = None
    """What is off, or came back; left out: all of it."""
    currency: Currency | None = None
    """ISO 4217 code of the lines' prices; left out: the order's."""


class OrderCancelled(OrderTakenBack):
    """An order, or a part of it, is off: in the session of the order, or in any other."""

    type: Literal["order_cancelled"] = "order_cancelled"


class OrderReturned(OrderTakenBack):
    """The shopper sent something back: in the session of the order, or in any other."""

    type: Literal["order_returned"] = "order_returned"


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


class ShopperForgotten(EventBase):
    """What is kept by this shopper is to be dropped, and not kept again without consent."""

    type: Literal["shopper_forgotten"] = "shopper_forgotten"
    shopper_id: TrimmedId
    """Who is forgotten. Any session may say so."""


Event = (
    ItemViewed
    | ItemAdded
    | ItemRemoved
    | BasketUpdated
    | CheckoutStarted
    | CheckoutLeft
    | OrderPlaced
    | OrderCancelled
    | OrderReturned
    | PromptShown
    | PromptClicked
    | PromptDismissed
    | ShopperForgotten
)
EVENTS: tuple[type[Event], ...] = (
    ItemViewed,
    ItemAdded,
    ItemRemoved,
    BasketUpdated,
    CheckoutStarted,
    CheckoutLeft,
    OrderPlaced,
    OrderCancelled,
    OrderReturned,
    PromptShown,
    PromptClicked,
    PromptDismissed,
    ShopperForgotten,
)
TOLD_OF_SOMEBODY: frozenset[type[Event]] = frozenset(
    {OrderCancelled, OrderReturned, ShopperForgotten}
)
"""Events that name whose order it was, or who is forgotten: not who is at the device."""
ANY_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
