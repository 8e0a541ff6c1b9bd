"""WooCommerce's webhooks: orders, whole each time, whatever has happened to them.

An order counts once it is paid, or is on hold for money that is on its way, or is to be paid on
delivery; cancelled or refunded it is taken back, and so it is where that money did not come
(`failed`). One that nobody has paid is none yet, also where it is cancelled (as WooCommerce does
when stock was held for long enough): its `payment_complete` takes a cancelled order as well, and
what we once cancelled would not come again. A status that is not WooCommerce's own (`shipped`,
`quote`) says nothing of that: there the time at which it was paid (`date_paid`) alone tells that it
counts. Each delivery says the same event, under the same id.
The session is what the shop wrote into the order's meta data (`goeswith_session`); else an order is
a session of its own.

`https://developer.woocommerce.com/docs/apis/rest-api/v3/webhooks/`
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from streams.storefront.intake.adapter import Headers, json_body
from streams.storefront.intake.drafts import Drafts, Unreadable, Who
from streams.storefront.intake.lines import ItemNames, read_lines
from streams.storefront.intake.orders import order_fields
from streams.storefront.intake.sources.shopify.attributes import CONSENT, SESSION, attribute
from streams.storefront.intake.values.consent import answer
from streams.storefront.intake.values.discounts import Discount
from streams.storefront.intake.values.identifiers import identifier
from streams.storefront.intake.values.looking import at, first, rows
from streams.storefront.intake.values.money import written
from streams.storefront.intake.values.times import When, time_of

ITEM = ItemNames(parent=("product_id",), variant=("variation_id",), total="total")
"""A line's `total` is less its discounts; its `price` is that for a piece, rounded."""
TOPIC = "x-wc-webhook-topic"
PLACED = ("processing", "completed", "on-hold", "refunded", "cancelled")
NOT_PLACED = ("pending", "failed", "checkout-draft", "auto-draft", "draft", "new", "trash")
"""What else WooCommerce and WordPress have of their own; all other statuses are the shop's."""
PREFIX = "wc-"
"""What a status begins with where it is stored, and so in some exports."""
AWAITED = ("bacs", "cheque", "cod")
"""Payment methods whose orders count before the money is there: a transfer, a cheque, in cash."""
CREATED = ("date_created_gmt", "date_created")
"""A time in UTC; the shop's own, without a zone, only where there is no other."""
CHANGED = ("date_modified_gmt", "date_modified", *CREATED)
SUB_ORDER = "sub-order, whose lines its parent has"
"""Of a marketplace: one a vendor, beside the order that was paid. Renewals have no parent."""
PING = b"webhook_id="
"""What WooCommerce sends when a webhook is made: it wants an answer, nothing else."""


def parse(body: bytes, headers: Headers) -> Any:
    """The JSON of a webhook; raises `Unreadable`."""
    return {"ping": True} if body.startswith(PING) else json_body(body, headers)


def translate(said: Any, headers: Headers, drafts: Drafts) -> None:
    """Say what is in a webhook; raises `Unreadable`."""
    if not isinstance(said, Mapping):
        raise Unreadable("invalid_body", "it is no webhook of WooCommerce: an object")
    topic = headers.get(TOPIC, "")
    if "ping" in said or (topic and not topic.startswith("order.")):
        drafts.ignore(topic or "ping")
        return
    if identifier(said.get("parent_id"), ("", "0")):
        drafts.ignore(SUB_ORDER)
        return
    order_id = identifier(said.get("id"), ("", "0"))
    who = _who(said, order_id)
    changed = time_of(said, *CHANGED)
    status, unpaid = _standing(said)
    if topic == "order.deleted":
        drafts.event(
            "", "order_cancelled", f"cancelled-{order_id}", who, changed, order_id=order_id
        )
    elif status in (None, *NOT_PLACED) or unpaid:
        drafts.ignore(f"order that is {status}{', unpaid' if unpaid else ''}")
    else:
        _order(said, str(status), order_id, who, changed, drafts)


def _standing(said: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The status of an order, and whether it would count, but nobody has paid it.

    What failed and had counted is cancelled. A status of the shop's own tells nothing of the
    payment, nor takes back what has counted: there money that is awaited, or was tried for
    (`payment-failed`), does not do. WooCommerce's own count where nothing is said.
    """
    status = (identifier(said.get("status")) or "").removeprefix(PREFIX) or None
    if status == "failed" and _was_placed(said):
        status = "cancelled"
    if status in ("on-hold", "cancelled"):
        return status, _never_paid(said)
    own = status in (None, *PLACED, *NOT_PLACED)
    return status, not (own or _is_paid(said))


def _is_paid(said: Mapping[str, Any]) -> bool:
    """Whether an order says when it was paid, which WooCommerce notes once the money is there."""
    return first(said, "date_paid_gmt", "date_paid") is not None


def _was_placed(said: Mapping[str, Any]) -> bool:
    """Whether an order that is on hold, failed, or cancelled counts, or did.

    One whose card was declined never did, and is tried again under the same number: taken back it
    would not come again. Nothing tells the two apart but a method that waits for the money, or a
    payment that is on its way or did not arrive. An order tells its present method alone: one that
    counted on hold, and was tried with a card since, looks like one that never did.
    """
    waits = identifier(said.get("payment_method")) in AWAITED
    tried = identifier(said.get("transaction_id"), ("", "0")) is not None
    return waits or tried or _is_paid(said)


def _never_paid(said: Mapping[str, Any]) -> bool:
    """Whether an order says that nobody has paid it, nor was awaited to: it has a time for that."""
    return ("date_paid" in said or "date_paid_gmt" in said) and not _was_placed(said)


def _order(
    said: Mapping[str, Any],
    status: str,
    order_id: str | None,
    who: Who,
    changed: When,
    drafts: Drafts,
) -> None:
    """An order, and that it does not stand where it is cancelled or refunded as a whole."""
    created = time_of(said, *CREATED)
    placed_at = changed if created.occurred_at_ms is None else created
    lines = [_item(one) for _, one in rows(said.get("line_items"))]
    read = read_lines(lines, ITEM, drafts, "line_items", said.get("currency"))
    fields = order_fields(read, drafts, said.get("currency"), Discount(_fees_below_zero(said)))
    event_id = f"order-{order_id}"
    drafts.event("", "order_placed", event_id, who, placed_at, order_id=order_id, **fields)
    if status == "cancelled":
        drafts.event(
            "", "order_cancelled", f"cancelled-{order_id}", who, changed, order_id=order_id
        )
    elif status == "refunded":
        drafts.event("", "order_returned", f"refunded-{order_id}", who, changed, order_id=order_id)
    elif said.get("refunds"):
        drafts.ignore("refund of a part, which does not say of which")


def _fees_below_zero(said: Mapping[str, Any]) -> Decimal | None:
    """What fees take off the order: WooCommerce has no other discount than these beside lines."""
    fees = [written(at(one, "total")) for _, one in rows(said.get("fee_lines"))]
    off = [fee for fee in fees if fee is not None and fee < 0]
    return -sum(off, Decimal(0)) if off else None


def _item(said: Any) -> dict[str, Any]:
    """A line, whose variation is 0 where there is none, and its product once that is deleted."""
    ids = {name: identifier(at(said, name), ("", "0")) for name in ("product_id", "variation_id")}
    return {name: at(said, name) for name in ("quantity", "price", "total")} | ids


def _who(said: Mapping[str, Any], order_id: str | None) -> Who:
    attributes = said.get("meta_data")
    return Who(
        session=attribute(attributes, SESSION),
        shopper=said.get("customer_id"),
        consent=answer(attribute(attributes, CONSENT)),
        joined=f"order-{order_id}" if order_id else None,
    )
