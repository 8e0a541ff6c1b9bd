"""Shopify's webhooks: orders, refunds, carts, and the redaction of customers.

Topics repeat and overtake each other: `orders/updated` may come before `orders/create`. All of them
hold the whole order, so each says the same events, under the same ids. The session is what the
theme wrote into the cart's attributes (`attributes.py`); else the cart stands in, the same for all
that comes of it. `refunds/create` is ignored: it has no attributes, so it would tell of another
session what `orders/updated` tells of the order's own, and both would count. So is
`order_transactions/…`: that a payment is voided is said by the order (`financial_status`), which
knows of its other ones.

A void is not as sure as `cancelled_at`, which stays. It has no time of its own, so it is dated by
`updated_at`, which moves: later webhooks say it at other times under one id, and the first one that
comes counts. And it can be undone: an order that is paid by another payment later says so, but no
event of ours takes a cancellation back, so it stays off.

`https://shopify.dev/docs/api/webhooks`
"""

from collections.abc import Mapping
from typing import Any

from streams.storefront.intake.adapter import Headers
from streams.storefront.intake.drafts import UNSAID, Drafts, Unreadable, Who, placed
from streams.storefront.intake.lines import ItemNames, read_lines
from streams.storefront.intake.orders import basket_event, order_fields
from streams.storefront.intake.sources.shopify.attributes import CONSENT, SESSION, attribute
from streams.storefront.intake.values.consent import answer
from streams.storefront.intake.values.identifiers import digest, identifier, without_gid
from streams.storefront.intake.values.looking import at, first, listed, number, rows, text
from streams.storefront.intake.values.times import When, said_at, time_of

ITEM = ItemNames(
    parent=("product_id",),
    variant=("variant_id",),
    category=("product_type",),
    discounts="discounts",
)
REFUNDED = ITEM._replace(total="subtotal")
"""What a refund has of a line: its part of what was paid for it, less discounts."""
IN_CART = ITEM._replace(total="line_price", discounts="")
"""`line_price` is less all discounts already, which carts list in another form than orders do."""
TOPIC = "x-shopify-topic"
TRIGGERED_AT = "x-shopify-triggered-at"
ENVELOPE = (
    "it is Amazon EventBridge's envelope of a webhook: send what is in its detail.payload, "
    "with the header X-Shopify-Topic of its detail.metadata"
)
VOIDED = "voided"
"""The `financial_status` of an order whose payment was authorised, and let go before it came."""


def translate(said: Any, headers: Headers, drafts: Drafts) -> None:
    """Say what is in a webhook; raises `Unreadable`."""
    if not isinstance(said, Mapping):
        raise Unreadable("invalid_body", "it is no webhook of Shopify: an object")
    if "detail-type" in said and "detail" in said:
        raise Unreadable("invalid_body", ENVELOPE)
    said = _plain(said)
    topic = headers.get(TOPIC) or _topic_of(said)
    if topic in ("carts/create", "carts/update"):
        _cart(said, headers, drafts)
    elif topic == "customers/redact":
        _redact(said, headers, drafts)
    elif topic.startswith("orders/") and topic not in ("orders/delete", "orders/edited"):
        _order(said, drafts)
    else:
        drafts.ignore(topic)


def _plain(said: Any) -> Any:
    """The same with its ids bare: `gid://shopify/Customer/7` is the customer 7, wherever it is."""
    if isinstance(said, list):
        return [_plain(one) for one in said]
    if not isinstance(said, Mapping):
        return said
    return {
        name: without_gid(one) if name == "id" or name.endswith("_id") else _plain(one)
        for name, one in said.items()
    }


def _topic_of(said: Mapping[str, Any]) -> str:
    """The topic by the look of it, where no header says it."""
    if "refund_line_items" in said:
        return "refunds/create"
    if "orders_to_redact" in said:
        return "customers/redact"
    if "cancelled_at" in said or "order_number" in said:
        return "orders/updated"
    return "carts/update" if "token" in said and "line_items" in said else "no topic"


def _order(said: Mapping[str, Any], drafts: Drafts) -> None:
    """An order, and what of it does not stand: all that is cancelled, or refunds."""
    if said.get("test") is True:
        drafts.ignore("test order")
        return
    order_id = identifier(without_gid(said.get("id")))
    who = _who(said, order_id)
    when = time_of(said, "processed_at", "created_at")
    lines = [_discounted(one) for _, one in rows(said.get("line_items"))]
    read = read_lines(lines, ITEM, drafts, "line_items", said.get("currency"))
    fields = order_fields(read, drafts, said.get("currency"))
    drafts.event("", "order_placed", f"order-{order_id}", who, when, order_id=order_id, **fields)
    if off := _off(said):
        drafts.event("", "order_cancelled", f"cancelled-{order_id}", who, off, order_id=order_id)
        return  # its refunds are of what is off already
    bought = {identifier(at(one, "id")) or "": one for _, one in rows(said.get("line_items"))}
    bought.pop("", None)
    for index, refund in rows(said.get("refunds")):
        of = order_id, said.get("currency")
        _refund(refund, bought, of, placed("refunds", index), who, drafts)


def _off(said: Mapping[str, Any]) -> When | None:
    """When an order was cancelled, or its payment voided: then no money comes. None: it stands."""
    if said.get("cancelled_at"):
        return time_of(said, "cancelled_at")
    if text(said.get("financial_status")) == VOIDED:
        return time_of(said, "updated_at", "processed_at", "created_at")
    return None


def _discounted(line: Any) -> Any:
    """A line with what is taken off its price, discounts of the whole order included.

    `total_discount` is its own alone, and counts where nothing is allocated to it.
    """
    if not isinstance(line, Mapping):
        return line
    given = [at(one, "amount") for _, one in rows(line.get("discount_allocations"))]
    total = line.get("total_discount")
    told_in_all = not given and first(line, "total_discount") is not None and number(total) != 0
    return {**line, "discounts": [total] if told_in_all else given}


def _refund(
    said: Any, bought: Mapping[str, Any], of: tuple[Any, Any], place: str, who: Who, drafts: Drafts
) -> None:
    """What came back `of` an order, by number and currency, and what that had cost.

    Money alone, for shipping or goodwill, brings nothing back.
    """
    order, currency = of
    lines = [_refunded(one, bought) for _, one in rows(at(said, "refund_line_items"))]
    if not lines:
        drafts.ignore("refund of money alone")
        return
    read = read_lines(lines, REFUNDED, drafts, placed(place, "refund_line_items"), currency)
    back = {"order_id": identifier(order), **order_fields(read, drafts, currency)}
    when = time_of(said, "processed_at", "created_at")
    refund_id = identifier(at(said, "id")) or drafts.made_id(said, when=when)
    drafts.event(place, "order_returned", f"refund-{refund_id}", who, when, **back)


def _refunded(said: Any, bought: Mapping[str, Any]) -> dict[str, Any]:
    """What came back of a line: as the refund has it, and else as the order has it by its number.

    What the refund leaves out is the bought line's, unless both name another product or variant:
    an item of the variant alone would match nothing where items are products.
    """
    names = ("product_id", "variant_id")
    itself, of_order = at(said, "line_item"), bought.get(identifier(at(said, "line_item_id")) or "")
    own, ordered = ([identifier(at(one, name)) for name in names] for one in (itself, of_order))
    if all(a == b for a, b in zip(own, ordered, strict=True) if a and b):
        own = [a or b for a, b in zip(own, ordered, strict=True)]
    return dict(zip(names, own, strict=True)) | _cost(said, itself or of_order)


def _cost(said: Any, line: Any) -> dict[str, Any]:
    """How many came back of a line, and what they had cost: as the refund has it.

    Where it does not say, as the order has it: but not what a part of discounts is, which nobody
    knows to the cent.
    """
    quantity, discounted = at(said, "quantity"), _discounted(line)
    told = {"quantity": quantity, "subtotal": at(said, "subtotal")}
    off = [amount for amount in at(discounted, "discounts") or () if amount]
    if told["subtotal"] is None and (not off or quantity == at(line, "quantity")):
        told |= {"price": at(line, "price"), "discounts": off}
    return told


def _cart(said: Mapping[str, Any], headers: Headers, drafts: Drafts) -> None:
    """All that is in a cart: the same cart at the same time is the same event."""
    who = _who(said, None)
    updated = first(said, "updated_at") or headers.get(TRIGGERED_AT)
    items, currency = said.get("line_items"), said.get("currency")
    when = said_at(updated, "updated_at")
    event_id = drafts.made_id(drafts.session(who), updated, items, when=when)
    items = None if listed(items) is None else [_in_cart(one) for _, one in rows(items)]
    basket_event(items, IN_CART, drafts, "", "line_items", event_id, who, when, currency)


def _in_cart(line: Any) -> Any:
    """A line of a cart, in the currency of its sets of prices: a cart itself names none."""
    named = ("line_price_set", "price_set", "original_line_price_set")
    codes = (at(line, name, "shop_money", "currency_code") for name in named)
    code = next(filter(None, codes), None)
    return line if code is None or first(line, "currency") else {**line, "currency": code}


def _redact(said: Mapping[str, Any], headers: Headers, drafts: Drafts) -> None:
    """A customer who is to be forgotten, each time that it is asked for.

    The session's name outlives what is forgotten: so it names nobody.
    """
    customer = drafts.shopper(at(said, "customer", "id"))
    when = When(said_at(headers.get(TRIGGERED_AT)).occurred_at_ms)  # whoever asks is forgotten
    asked = f"redact-{digest(customer, when.occurred_at_ms or drafts.received_at_ms)}"
    who = Who(session=f"redact-{digest(customer)}")
    drafts.event("", "shopper_forgotten", asked, who, when, shopper_id=customer)


def _who(said: Mapping[str, Any], order: Any) -> Who:
    """The session that the theme wrote down, or the cart, the checkout, the order."""
    attributes = first(said, "note_attributes", "attributes")
    tokens = first(said, "cart_token", "checkout_token", "token") if order else said.get("token")
    customer = at(said, "customer")
    return Who(
        session=attribute(attributes, SESSION),
        shopper=at(customer, "id") if customer is not None else UNSAID,
        consent=answer(attribute(attributes, CONSENT)),
        locale=said.get("customer_locale"),
        joined=tokens or (f"order-{identifier(order)}" if identifier(order) else None),
    )
