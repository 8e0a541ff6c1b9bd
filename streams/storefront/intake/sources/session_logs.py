"""Public session logs: REES46's rows of CSV, OTTO's lines of JSON; to try goeswith with.

`https://rees46.com/en/datasets` and `https://github.com/otto-de/recsys-dataset`
"""

from collections.abc import Mapping
from typing import Any

from streams.storefront.intake.adapter import Headers
from streams.storefront.intake.drafts import UNSAID, Drafts, Unreadable, Who, placed
from streams.storefront.intake.lines import ItemNames, item_events, read_lines, read_one
from streams.storefront.intake.orders import order_fields
from streams.storefront.intake.values.identifiers import identifier
from streams.storefront.intake.values.looking import at, rows
from streams.storefront.intake.values.times import time_of

REES46_ITEM = ItemNames(parent=("product_id",), category=("category_code", "category_id"))
OTTO_ITEM = ItemNames(parent=("aid",))
KINDS = {
    "view": "item_viewed",
    "cart": "item_added",
    "remove_from_cart": "item_removed",
    "clicks": "item_viewed",
    "carts": "item_added",
}


def rees46(said: Any, _: Headers, drafts: Drafts) -> None:
    """Say what is in a row; each bought item is an order of its own. Raises `Unreadable`."""
    if not isinstance(said, Mapping) or "event_type" not in said:
        raise Unreadable("invalid_body", "it is no row with event_time, event_type, product_id, …")
    who = Who(session=said.get("user_session"), shopper=said.get("user_id", UNSAID))
    when = time_of(said, "event_time")
    names = ("event_time", "event_type", "product_id", "user_id", "user_session")
    event_id = drafts.made_id([said.get(name) for name in names])
    kind = said["event_type"]
    lines = read_one(said, REES46_ITEM, drafts, "row")
    if kind == "purchase":
        fields = {"order_id": event_id, **order_fields(lines, drafts)}
        drafts.event("", "order_placed", event_id, who, when, **fields)
    elif isinstance(kind, str) and kind in KINDS:
        item_events(KINDS[kind], lines, drafts, "", event_id, who, when)
    else:
        drafts.ignore(kind)


def otto(said: Any, _: Headers, drafts: Drafts) -> None:
    """Say what is in a session; items ordered at one time are one order. Raises `Unreadable`."""
    if not isinstance(at(said, "events"), list):
        raise Unreadable("invalid_body", "it is no session with events of aid, ts and type")
    who = Who(session=f"otto-{identifier(said.get('session')) or drafts.made_id(said)}")
    ordered: dict[Any, list[Any]] = {}
    for _index, one in rows(said["events"]):
        if at(one, "type") == "orders":
            ordered.setdefault(identifier(at(one, "ts")), []).append(one)
    for index, one in rows(said["events"]):
        place, kind = placed("events", index), at(one, "type")
        when, session = time_of(one, "ts"), drafts.session(who)
        if kind == "orders":
            bought = ordered.pop(identifier(at(one, "ts")), [])
            fields = order_fields(read_lines(bought, OTTO_ITEM, drafts, place), drafts)
            if bought:
                order_id = drafts.made_id(session, bought)
                drafts.event(
                    place, "order_placed", order_id, who, when, order_id=order_id, **fields
                )
        elif isinstance(kind, str) and kind in KINDS:
            lines = read_one(one, OTTO_ITEM, drafts, place)
            event_id = drafts.made_id(session, one)
            item_events(KINDS[kind], lines, drafts, place, event_id, who, when)
        else:
            drafts.ignore(kind)
