"""What shoppers did: the events that everything else is a fold of.

One frozen class an event, told apart by `type`. Unknown fields are ignored, so that senders may
say more; an unknown `schema_version` or a value outside its limits makes the record a dead letter.
The record's key must be the session id: it keeps a session's events in order, on one partition.
"""

from streams.contract.events.codec import TYPES, decode, encode, segment_names
from streams.contract.events.fields import LINES_MAX, EventBase, OrderLine, identity_of
from streams.contract.events.kinds import (
    ANY_EVENT,
    EVENTS,
    TOLD_OF_SOMEBODY,
    BasketUpdated,
    CheckoutLeft,
    CheckoutStarted,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderCancelled,
    OrderPlaced,
    OrderReturned,
    OrderTakenBack,
    PromptClicked,
    PromptDismissed,
    PromptShown,
    ShopperForgotten,
)

__all__ = [
    "ANY_EVENT",
    "EVENTS",
    "LINES_MAX",
    "TOLD_OF_SOMEBODY",
    "TYPES",
    "BasketUpdated",
    "CheckoutLeft",
    "CheckoutStarted",
    "Event",
    "EventBase",
    "ItemAdded",
    "ItemRemoved",
    "ItemViewed",
    "OrderCancelled",
    "OrderLine",
    "OrderPlaced",
    "OrderReturned",
    "OrderTakenBack",
    "PromptClicked",
    "PromptDismissed",
    "PromptShown",
    "ShopperForgotten",
    "decode",
    "encode",
    "identity_of",
    "segment_names",
]
