"""Shopify's web pixel: standard events, as a custom pixel sends them on.

The pixel knows no session: the browser's `clientId` stands in, unless the shop says one in an
attribute of the cart, which the checkout has as well. Beside the event it sends `customerPrivacy`
and `customer`, as `init` gives them: docs/intake.md has the pixel.

`https://shopify.dev/docs/api/web-pixels-api/standard-events`
"""

from collections.abc import Mapping
from typing import Any

from streams.storefront.intake.adapter import Headers
from streams.storefront.intake.drafts import UNSAID, Drafts, Unreadable, Who
from streams.storefront.intake.lines import ItemNames, item_events, read_lines, read_one
from streams.storefront.intake.orders import basket_event, order_fields
from streams.storefront.intake.sources.shopify.attributes import CONSENT, SESSION, attribute
from streams.storefront.intake.values.consent import answer, every
from streams.storefront.intake.values.identifiers import identifier, without_gid
from streams.storefront.intake.values.looking import at, first, rows, text
from streams.storefront.intake.values.times import time_of

ITEM = ItemNames(parent=("product",), variant=("variant",), total="total", discounts="discounts")
PER_ITEM = {
    "product_viewed": "item_viewed",
    "product_added_to_cart": "item_added",
    "product_removed_from_cart": "item_removed",
}
HISTORY = ("analyticsProcessingAllowed", "preferencesProcessingAllowed")
"""What has to be allowed for a shopper's history to be used."""


def translate(said: Any, headers: Headers, drafts: Drafts) -> None:
    """Say what is in an event of the pixel; raises `Unreadable`."""
    if not isinstance(said, Mapping) or text(said.get("name")) is None:
        raise Unreadable("invalid_body", "it is no event of a web pixel: an object with `name`")
    agent = at(said, "context", "navigator", "userAgent")
    if drafts.robot(agent) or drafts.robot(headers.get("user-agent")):
        return
    _say(said["name"].strip(), said, drafts)


def _say(name: str, said: Mapping[str, Any], drafts: Drafts) -> None:
    """What an event means to us, or that it means nothing."""
    who, when = _who(said), time_of(said, "timestamp")
    event_id = identifier(said.get("id")) or drafts.made_id(drafts.session(who), said, when=when)
    checkout = at(said, "data", "checkout")
    if name == "checkout_started":
        drafts.event("", "checkout_started", event_id, who, when)
    elif name == "checkout_completed":
        lines = [_paid(one) for _, one in rows(at(checkout, "lineItems"))]
        currency = at(checkout, "currencyCode")
        read = read_lines(lines, ITEM, drafts, "data.checkout.lineItems", currency)
        number = without_gid(at(checkout, "order", "id"))
        order_id = identifier(number) or identifier(at(checkout, "token"))
        fields = order_fields(read, drafts, currency)
        drafts.event(
            "", "order_placed", f"order-{order_id}", who, when, order_id=order_id, **fields
        )
    elif name == "cart_viewed":
        listed = at(said, "data", "cart", "lines")
        flat = [_flat(one) for one in listed] if isinstance(listed, list) else None
        basket_event(flat, ITEM, drafts, "", "data.cart.lines", event_id, who, when)
    elif kind := PER_ITEM.get(name):
        read = read_one(_item(said), ITEM, drafts, "data")
        item_events(kind, read, drafts, "", event_id, who, when)
    else:
        drafts.ignore(name)


def _item(said: Mapping[str, Any]) -> dict[str, Any]:
    """The variant that was viewed, or the line of the cart; either may be null."""
    variant = at(said, "data", "productVariant")
    return _flat({"variant": variant} if variant is not None else at(said, "data", "cartLine"))


def _flat(line: Any) -> dict[str, Any]:
    """A line with its product, variant and money side by side."""
    variant = first(line, "merchandise", "variant")
    product, whole = at(variant, "product"), at(line, "cost", "totalAmount")
    return {
        "product": without_gid(at(product, "id")),
        "variant": without_gid(at(variant, "id")),
        "category": at(product, "type"),
        "quantity": at(line, "quantity"),
        "price": at(variant, "price", "amount"),
        "total": at(whole, "amount"),
        "currency": at(variant, "price", "currencyCode") or at(whole, "currencyCode"),
    }


def _paid(line: Any) -> dict[str, Any]:
    """A line of a checkout with what is paid for it, as webhooks have it.

    Discounts that are not all told are made up for by the price in the end, where there is one.
    """
    flat = _flat(line)
    given = [at(one, "amount", "amount") for _, one in rows(at(line, "discountAllocations"))]
    paid = at(line, "finalLinePrice")
    if (given and None not in given) or at(paid, "amount") is None:
        return flat | {"discounts": given}
    currency = at(paid, "currencyCode") or flat["currency"]
    return flat | {"total": at(paid, "amount"), "currency": currency}


def _who(said: Mapping[str, Any]) -> Who:
    checkout, cart = at(said, "data", "checkout"), at(said, "data", "cart")
    attributes = at(checkout, "attributes") or at(cart, "attributes")
    allowed = at(said, "customerPrivacy")
    denied = answer(attribute(attributes, CONSENT)) is False
    customer = first(said, "customer") or at(checkout, "order", "customer")
    signed_in = "customer" in said or customer is not None
    return Who(
        session=attribute(attributes, SESSION) or said.get("session_id"),
        visitor=said.get("clientId"),
        shopper=without_gid(at(customer, "id")) if signed_in else UNSAID,
        consent=False if denied else every(answer(at(allowed, name)) for name in HISTORY),
        locale=at(said, "context", "navigator", "language"),
        joined=first(checkout, "token") or without_gid(first(cart, "id")),
    )
