"""One example of everything that travels, made from the classes themselves: a short story.

Somebody looks at bread and puts it in the basket, is offered butter, takes it, buys both and sends
the bread back; the shop cancels another order, and forgets the shopper.

Ids and times are always the same; the receipts are sealed with `not a secret`.
"""

from streams.contract.events import (
    BasketUpdated,
    CheckoutLeft,
    CheckoutStarted,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderCancelled,
    OrderLine,
    OrderPlaced,
    OrderReturned,
    PromptClicked,
    PromptDismissed,
    PromptShown,
    ShopperForgotten,
)
from streams.contract.published.outcomes import (
    AnyOutcome,
    Assigned,
    Ordered,
    Outcome,
    OutcomeLine,
    Returned,
    UnitOutcome,
    Unmatched,
)
from streams.contract.published.prompts import (
    Evidence,
    Prompt,
    PromptItem,
    PromptWithdrawn,
    Reason,
    prompt_id,
)
from streams.contract.receipts import Receipt, Receipts

NEW_YEAR_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
SECRET = "not a secret"  # noqa: S105  # it says so itself
SESSION = "session-7"
SHOPPER = "shopper-19"
VISITOR = "visitor-5"


def _at(seconds: int) -> int:
    return NEW_YEAR_MS + seconds * 1000


_ARM = "bought_together"
_SEGMENT = "club"
"""One of the merchant's own: `GOESWITH_SEGMENTS=club`."""
_CONTEXT = f"basket/{_SEGMENT}"
_PROMPT_ID = prompt_id("event-2", SESSION, "basket")
RECEIPT = Receipts(SECRET).seal(
    Receipt(_PROMPT_ID, SESSION, _ARM, _CONTEXT, 0.72, 0.05, ("butter",), _at(1), _at(121))
)

ITEM_VIEWED = ItemViewed(
    schema_version=2,
    event_id="event-1",
    visitor_id=VISITOR,
    consent=True,
    sent_at_ms=_at(0) + 40,
    session_id=SESSION,
    shopper_id=SHOPPER,
    occurred_at_ms=_at(0),
    segment=_SEGMENT,
    locale="en-GB",
    item_id="bread",
    category="bakery/bread",
    price_minor=249,
    currency="EUR",
)
ITEM_ADDED = ItemAdded(
    schema_version=2,
    event_id="event-2",
    visitor_id=VISITOR,
    consent=True,
    session_id=SESSION,
    shopper_id=SHOPPER,
    occurred_at_ms=_at(1),
    segment=_SEGMENT,
    locale="en-GB",
    item_id="bread",
    category="bakery/bread",
    price_minor=249,
    currency="EUR",
)
PROMPT = Prompt(
    prompt_id=_PROMPT_ID,
    session_id=SESSION,
    placement="basket",
    anchor="bread",
    items=(
        PromptItem(
            item_id="butter", score=0.72, evidence=Evidence(anchor="bread", together=41, of=57)
        ),
    ),
    arm=_ARM,
    context=_CONTEXT,
    propensity=0.72,
    propensities={"bought_together": 0.72, "viewed_together": 0.23, "popular": 0.05},
    reason=Reason(
        key="bought_together",
        text="Often bought together with bread",
        template="Often bought together with {anchor}",
        anchor="bread",
    ),
    caused_by="event-2",
    occurred_at_ms=_at(1),
    expires_at_ms=_at(121),
    receipt=RECEIPT,
)
PROMPT_SHOWN = PromptShown(
    schema_version=2, event_id="event-3", session_id=SESSION, occurred_at_ms=_at(2), receipt=RECEIPT
)
PROMPT_CLICKED = PromptClicked(
    schema_version=2,
    event_id="event-4",
    session_id=SESSION,
    occurred_at_ms=_at(11),
    receipt=RECEIPT,
    item_id="butter",
)
PROMPT_DISMISSED = PromptDismissed(
    schema_version=2,
    event_id="event-5",
    session_id=SESSION,
    occurred_at_ms=_at(12),
    receipt=RECEIPT,
)
PROMPT_WITHDRAWN = PromptWithdrawn(
    prompt_id=_PROMPT_ID,
    session_id=SESSION,
    because="added",
    caused_by="event-6",
    occurred_at_ms=_at(21),
)
OUTCOME = Outcome(
    prompt_id=_PROMPT_ID,
    session_id=SESSION,
    stage="added",
    arm=_ARM,
    context=_CONTEXT,
    propensity=0.72,
    reward=0.4,
    item_id="butter",
    caused_by="event-6",
    occurred_at_ms=_at(21),
    prompted_at_ms=_at(1),
)
SHOWN = OUTCOME.model_copy(
    update={
        "stage": "shown",
        "reward": 0.0,
        "item_id": None,
        "caused_by": "event-3",
        "occurred_at_ms": _at(2),
        "propensities": PROMPT.propensities,
        "estimates": {"bought_together": 0.05, "viewed_together": 0.04, "popular": 0.03},
    }
)
ITEM_REMOVED = ItemRemoved(
    schema_version=2,
    event_id="event-7",
    session_id=SESSION,
    occurred_at_ms=_at(30),
    item_id="bread",
)
BASKET_UPDATED = BasketUpdated(
    schema_version=2,
    event_id="event-11",
    session_id=SESSION,
    occurred_at_ms=_at(40),
    lines=(OrderLine(item_id="bread"), OrderLine(item_id="butter", quantity=2)),
    currency="EUR",
)
CHECKOUT_STARTED = CheckoutStarted(
    schema_version=2,
    event_id="event-8",
    session_id=SESSION,
    shopper_id=SHOPPER,
    occurred_at_ms=_at(60),
)
CHECKOUT_LEFT = CheckoutLeft(
    schema_version=2, event_id="event-12", session_id=SESSION, occurred_at_ms=_at(70)
)
ORDER_PLACED = OrderPlaced(
    schema_version=2,
    event_id="event-9",
    visitor_id=VISITOR,
    consent=True,
    session_id=SESSION,
    shopper_id=SHOPPER,
    occurred_at_ms=_at(90),
    order_id="order-3",
    lines=(
        OrderLine(item_id="bread", quantity=1, price_minor=249, margin_minor=80),
        OrderLine(item_id="butter", quantity=2, price_minor=319, margin_minor=90),
    ),
    currency="EUR",
)
ORDER_RETURNED = OrderReturned(
    schema_version=2,
    event_id="event-10",
    session_id=SESSION,
    shopper_id=SHOPPER,
    occurred_at_ms=_at(86_400),
    order_id="order-3",
    lines=(OrderLine(item_id="bread", price_minor=249),),
    currency="EUR",
)
ORDER_CANCELLED = OrderCancelled(
    schema_version=2,
    event_id="event-13",
    session_id="office-order-4",
    occurred_at_ms=_at(90_000),
    order_id="order-4",
)
SHOPPER_FORGOTTEN = ShopperForgotten(
    schema_version=2,
    event_id="event-14",
    session_id="office-shopper-19",
    occurred_at_ms=_at(99_000),
    shopper_id=SHOPPER,
)

EVENT_EXAMPLES: tuple[Event, ...] = (
    ITEM_VIEWED,
    ITEM_ADDED,
    ITEM_REMOVED,
    BASKET_UPDATED,
    CHECKOUT_STARTED,
    CHECKOUT_LEFT,
    ORDER_PLACED,
    ORDER_CANCELLED,
    ORDER_RETURNED,
    PROMPT_SHOWN,
    PROMPT_CLICKED,
    PROMPT_DISMISSED,
    SHOPPER_FORGOTTEN,
)
_UNIT = {"session_id": SESSION, "unit": "6f1c2a7be04d93558d21ac70"}
_SIDE = _UNIT | {"experiment": "holdout-5b2f0c91", "holdout": False}
_ONE_BACK = {"items": 1, "quantity": -1, "value_minor": -249, "currency": "EUR"}
_NAMED = "b07e41d2c93f6a5588e1f034"
ASSIGNED = Assigned(
    **_SIDE,
    share=0.05,
    context=f"product_page/{_SEGMENT}",
    shopper=_NAMED,
    caused_by="event-1",
    occurred_at_ms=_at(0),
)
ORDERED = Ordered(
    **_SIDE,
    order_id="order-3",
    items=2,
    quantity=3,
    value_minor=887,
    margin_minor=260,
    currency="EUR",
    lines=(
        OutcomeLine(item_id="bread", quantity=1, value_minor=249, margin_minor=80),
        OutcomeLine(item_id="butter", quantity=2, value_minor=638, margin_minor=180),
    ),
    shopper=_NAMED,
    caused_by="event-9",
    occurred_at_ms=_at(90),
)
RETURNED = Returned(
    **_SIDE,
    **_ONE_BACK,
    order_id="order-3",
    lines=(OutcomeLine(item_id="bread", quantity=-1, value_minor=-249),),
    caused_by="event-10",
    occurred_at_ms=_at(86_400),
)
UNMATCHED = Unmatched(
    **_ONE_BACK,
    session_id=SESSION,
    order_id="order-2",
    lines=(OutcomeLine(item_id="jam", quantity=-1, value_minor=-249),),
    caused_by="event-11",
    occurred_at_ms=_at(86_460),
)
UNIT_OUTCOMES: tuple[UnitOutcome, ...] = (ASSIGNED, ORDERED, RETURNED, UNMATCHED)
EXAMPLES: dict[str, Event | Prompt | PromptWithdrawn | AnyOutcome] = {
    example.type: example
    for example in (*EVENT_EXAMPLES, PROMPT, PROMPT_WITHDRAWN, OUTCOME, *UNIT_OUTCOMES)
}
"""By the name that each carries as `type`."""
