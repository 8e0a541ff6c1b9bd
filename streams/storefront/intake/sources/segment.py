"""Segment and RudderStack: `track` calls of the e-commerce spec, single or in batches.

`https://segment.com/docs/connections/spec/ecommerce/v2/`; version 1 is read, too: its names of
events, under which `id` is that of the product or the order, and in either version `orderId` and
`productId`.
"""

from collections.abc import Mapping
from typing import Any

from streams.storefront.intake.adapter import Headers
from streams.storefront.intake.drafts import UNSAID, Drafts, Unreadable, Who, placed
from streams.storefront.intake.lines import ItemNames, item_events, read_lines, read_one, taken_back
from streams.storefront.intake.orders import basket_event, order_fields
from streams.storefront.intake.values.consent import of_categories
from streams.storefront.intake.values.discounts import discount_of
from streams.storefront.intake.values.identifiers import digest, identifier, item_identifier
from streams.storefront.intake.values.looking import at, first, rows, text
from streams.storefront.intake.values.money import below_zero
from streams.storefront.intake.values.times import When, by_sender

ITEM = ItemNames(parent=("product_id", "productId"), variant=("sku",), variant_name="variant")
ORDER = ("order_id", "orderId")
OF_VERSION_1 = ("viewed product", "added product", "removed product", "completed order")
"""Events in which `id` is that of the product, or of the order, and of no row."""
PER_ITEM = {
    "product viewed": "item_viewed",
    "viewed product": "item_viewed",
    "product added": "item_added",
    "added product": "item_added",
    "product removed": "item_removed",
    "removed product": "item_removed",
}
OF_ORDERS = {
    "order completed": "order_placed",
    "completed order": "order_placed",
    "order refunded": "order_returned",
    "order cancelled": "order_cancelled",
}
FEEDBACK = {
    "prompt shown": "prompt_shown",
    "prompt clicked": "prompt_clicked",
    "prompt dismissed": "prompt_dismissed",
}
RECEIPT = "goeswith_receipt"
TOTALS = ("subtotal", "revenue", "total", "value")
"""What an order came to, beside its `discount`: less it or not, with carriage and tax or not."""


def translate(said: Any, _: Headers, drafts: Drafts) -> None:
    """Say what is in a message, or in a batch of them; raises `Unreadable`."""
    if not isinstance(said, Mapping):
        raise Unreadable("invalid_body", "it is no message of Segment: an object with `type`")
    if not isinstance(said.get("batch"), list):
        _say(said, said, "", drafts)
        return
    for index, one in rows(said["batch"]):
        place = placed("batch", index)
        if isinstance(one, Mapping):
            _say(one, said, place, drafts)
        else:
            drafts.reject(place, "invalid_event", "it is no message: an object with `type`")


def _say(said: Mapping[str, Any], around: Mapping[str, Any], place: str, drafts: Drafts) -> None:
    """What a message means to us, or that it means nothing."""
    name = (text(said.get("event")) or "").lower()
    if said.get("type", "track") != "track" or not name:
        drafts.ignore(text(said.get("type")) if said.get("type") != "track" else "no event")
        return
    if drafts.robot(first(_context(said, around), "userAgent")):
        return
    properties = at(said, "properties")
    properties = dict(properties) if isinstance(properties, Mapping) else {}
    who = _who(said, around, properties, drafts, _order_names(name))
    item = _item_of(name)
    said_id = identifier(said.get("messageId"))
    when = _when(said, around)
    event_id = said_id or drafts.made_id(drafts.session(who), said, when=when)
    if name in PER_ITEM:
        lines = read_one(properties, item, drafts, placed(place, "properties"))
        receipt = text(properties.get(RECEIPT))
        item_events(PER_ITEM[name], lines, drafts, place, event_id, who, when, receipt)
    elif name in OF_ORDERS:
        about = properties | {"order_id": first(properties, *_order_names(name))}
        _order(OF_ORDERS[name], item, about, drafts, place, event_id, who, when)
    elif name == "cart viewed":
        said_of, where = properties.get("products"), placed(place, "properties", "products")
        currency = properties.get("currency")
        basket_event(said_of, ITEM, drafts, place, where, event_id, who, when, currency)
    elif name == "checkout started":
        drafts.event(place, "checkout_started", event_id, who, when)
    elif kind := FEEDBACK.get(name):
        clicked = {"item_id": item_identifier(first(properties, *item.parent))}
        receipt = text(properties.get(RECEIPT))
        about = clicked if "click" in name else {}
        drafts.event(place, kind, event_id, who, when, receipt=receipt, **about)
    else:
        drafts.ignore(text(said.get("event")))


def _item_of(name: str) -> ItemNames:
    """What an event calls the fields of an item."""
    return ITEM._replace(parent=(*ITEM.parent, "id")) if name in OF_VERSION_1 else ITEM


def _order_names(name: str) -> tuple[str, ...]:
    """What an event calls the number of an order."""
    return (*ORDER, "id") if name == "completed order" else ORDER


def _order(
    kind: str,
    item: ItemNames,
    properties: Mapping[str, Any],
    drafts: Drafts,
    place: str,
    event_id: str,
    who: Who,
    when: When,
) -> None:
    """An order, or what was taken back of one; a cancellation is of all of it.

    An order that is below 0 in all is none: its products came back.
    """
    order_id = identifier(properties.get("order_id"))
    if kind == "order_placed" and below_zero(first(properties, "revenue", "total", "value")):
        kind = "order_returned"
    if kind == "order_returned":
        properties = {**properties, "products": taken_back(properties.get("products"), item)}
    where, currency = placed(place, "properties", "products"), properties.get("currency")
    lines = read_lines(properties.get("products"), item, drafts, where, currency)
    fields: dict[str, Any] = {}
    if kind == "order_placed":
        event_id = f"order-{order_id}"
        off = discount_of(properties, "discount", TOTALS, "shipping", "tax")
        fields = order_fields(lines, drafts, currency, off)
    elif kind == "order_returned" and properties.get("products"):
        fields = order_fields(lines, drafts, currency)
    drafts.event(place, kind, event_id, who, when, order_id=order_id, **fields)


def _who(
    said: Mapping[str, Any],
    around: Mapping[str, Any],
    properties: Mapping[str, Any],
    drafts: Drafts,
    order: tuple[str, ...],
) -> Who:
    """RudderStack numbers sessions; elsewhere the browser, or what a server knows, stands in."""
    context = _context(said, around)
    shopper = next((one["userId"] for one in (said, around) if "userId" in one), UNSAID)
    listed = drafts.settings.intake_consent_categories
    answers = [
        of_categories(at(one, "context", "consent", "categoryPreferences"), listed)
        for one in (said, around)
    ]
    consent = False if False in answers else any(answers) or None
    browser = first(said, "anonymousId") or first(around, "anonymousId")
    number = identifier(at(context, "sessionId"))
    known = identifier(browser)
    session = f"{known}.{number}" if known and number else _of_number(number, shopper, drafts)
    joined = properties.get("cart_id")
    if joined is None and (consent is False or shopper is UNSAID or not drafts.shopper(shopper)):
        joined = first(properties, "checkout_id", *order)
    return Who(
        session=session,
        visitor=browser,
        shopper=shopper,
        consent=consent,
        locale=at(context, "locale"),
        joined=joined,
    )


def _of_number(number: str | None, shopper: Any, drafts: Drafts) -> str | None:
    """A session that only has a number, a time: it is one of the user's, and none of nobody's."""
    if number is None or not number.isdigit():
        return number
    known = None if shopper is UNSAID else drafts.shopper(shopper)
    return f"shopper-{digest(known, number)}" if known else None


def _context(said: Mapping[str, Any], around: Mapping[str, Any]) -> Mapping[str, Any]:
    """The context of a message, in that of its batch."""
    of_batch, own = at(around, "context"), at(said, "context")
    both = (one for one in (of_batch, own) if isinstance(one, Mapping))
    return {name: value for one in both for name, value in one.items() if value is not None}


def _when(said: Mapping[str, Any], around: Mapping[str, Any]) -> When:
    """Its own clock set right: by Segment (`timestamp`), by us, or later by the broker."""
    occurred = first(said, "originalTimestamp")
    sent = first(said, "sentAt") or first(around, "sentAt")
    received = first(said, "receivedAt") or first(around, "receivedAt")
    if received is not None and first(said, "timestamp") is not None:
        return by_sender(said["timestamp"], name="timestamp")
    if occurred is None:
        return by_sender(first(said, "timestamp"), sent, received, "timestamp")
    return by_sender(occurred, sent, received, "originalTimestamp")
