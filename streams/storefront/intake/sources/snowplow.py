"""Snowplow: enriched events of its e-commerce schemas, as JSON or as tab-separated values.

Trackers may repeat an event's id for another event, and send one event twice: an id here is both,
Snowplow's own and what the event says. There is no field for consent: with anonymous tracking, ids
do not come at all.

`https://docs.snowplow.io/docs/events/ootb-data/ecommerce-events/`
"""

from collections.abc import Mapping
from typing import Any

from streams.storefront.intake.adapter import Headers, json_body
from streams.storefront.intake.drafts import UNSAID, Drafts, Unreadable, Who
from streams.storefront.intake.lines import ItemNames, item_events, read_lines, taken_back
from streams.storefront.intake.orders import order_fields
from streams.storefront.intake.sources.snowplow_fields import fields_of
from streams.storefront.intake.values.discounts import discount_of
from streams.storefront.intake.values.identifiers import digest, identifier
from streams.storefront.intake.values.looking import at, first, text
from streams.storefront.intake.values.money import below_zero
from streams.storefront.intake.values.times import When, time_of

_ECOMMERCE = "com_snowplowanalytics_snowplow_ecommerce"
ACTION = f"unstruct_event_{_ECOMMERCE}_snowplow_ecommerce_action_1"
PRODUCT, TRANSACTION, REFUND, STEP = (
    f"contexts_{_ECOMMERCE}_{name}_1"
    for name in ("product", "transaction", "refund", "checkout_step")
)
CLIENT_SESSION = "contexts_com_snowplowanalytics_snowplow_client_session_1"
"""What apps have in place of `domain_sessionid` and `domain_userid`."""
ANONYMOUS = "00000000-0000-0000-0000-000000000000"
"""Every user of an app, where it tracks anonymously."""
ITEM = ItemNames(parent=("id",), variant_name="variant")
PER_ITEM = {
    "product_view": "item_viewed",
    "add_to_cart": "item_added",
    "remove_from_cart": "item_removed",
}


def parse(body: bytes, headers: Headers) -> Any:
    """A line of TSV as enriched JSON has it, or JSON; raises `Unreadable`."""
    if body.lstrip()[:1] in (b"{", b"["):
        return json_body(body, headers)
    try:
        said = fields_of(body.decode())
    except ValueError:
        raise Unreadable("invalid_body", "a field of the line is no UTF-8, or no JSON") from None
    if said is None:
        raise Unreadable("invalid_body", "it is neither JSON nor a line of an enriched event")
    return said


def translate(said: Any, _: Headers, drafts: Drafts) -> None:
    """Say what is in an enriched event; raises `Unreadable`."""
    if not isinstance(said, Mapping):
        raise Unreadable("invalid_body", "it is no enriched event: an object with `event_id`")
    action = text(at(said, ACTION, "type"))
    if action is None:
        drafts.ignore(first(said, "event_name", "event") or "no event")
    elif not drafts.robot(said.get("useragent")):
        _say(action, said, drafts)


def _say(action: str, said: Mapping[str, Any], drafts: Drafts) -> None:
    """What an action means to us, or that it means nothing."""
    who, when = _who(said), _when(said)
    content = [action, *(said.get(name) for name in (PRODUCT, TRANSACTION, REFUND, STEP))]
    event_id = f"{identifier(said.get('event_id')) or drafts.session(who)}.{digest(content)[:8]}"
    if action == "checkout_step":
        if identifier(at(_one(said, STEP), "step")) in ("1", None):
            drafts.event("", "checkout_started", event_id, who, when)
        else:
            drafts.ignore(action)
        return
    if action not in PER_ITEM and action not in ("transaction", "refund"):
        drafts.ignore(action)
        return
    order = _one(said, TRANSACTION if action == "transaction" else REFUND)
    products = said.get(PRODUCT)
    if action == "transaction" and below_zero(at(order, "revenue")):
        action = "refund"
    if action == "refund":
        products = taken_back(products, ITEM)
    lines = read_lines(products, ITEM, drafts, PRODUCT, at(order, "currency"))
    order_id = identifier(at(order, "transaction_id"))
    if kind := PER_ITEM.get(action):
        if not lines:
            drafts.reject("", "no_items", f"{action} has no product that can be used")
        item_events(kind, lines, drafts, "", event_id, who, when)
    elif action == "transaction":
        off = discount_of(order, "discount_amount", ("revenue",), "shipping", "tax")
        fields = order_fields(lines, drafts, at(order, "currency"), off)
        drafts.event(
            "", "order_placed", f"order-{order_id}", who, when, order_id=order_id, **fields
        )
    else:
        back = order_fields(lines, drafts, at(order, "currency")) if products else {}
        drafts.event("", "order_returned", event_id, who, when, order_id=order_id, **back)


def _one(said: Mapping[str, Any], name: str) -> Any:
    """The first entity of a kind."""
    entities = said.get(name)
    return entities[0] if isinstance(entities, list) and entities else entities


def _who(said: Mapping[str, Any]) -> Who:
    mobile = _one(said, CLIENT_SESSION)
    user = at(mobile, "userId")
    user = None if user == ANONYMOUS else user
    return Who(
        session=said.get("domain_sessionid") or at(mobile, "sessionId"),
        visitor=said.get("domain_userid") or user or said.get("network_userid"),
        shopper=said.get("user_id", UNSAID),
        locale=said.get("br_lang"),
        joined=at(_one(said, TRANSACTION) or _one(said, REFUND), "transaction_id"),
    )


def _when(said: Mapping[str, Any]) -> When:
    """`derived_tstamp` is set right by Snowplow, by when it was sent and collected."""
    times = ("true_tstamp", "derived_tstamp", "collector_tstamp")
    read = (time_of(said, name) for name in times)
    return next((when for when in read if when.occurred_at_ms), time_of(said, *times))
