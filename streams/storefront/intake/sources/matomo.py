"""Matomo's Tracking HTTP API: a query, a form, or a batch of queries as JSON.

A cart comes whole (`ec_items` without `ec_id`), an order with its items; one with a revenue below 0
takes an order back. No request has a session: the visitor (`_id`) stands in, and pauses make visits
of it. Nor has one a currency: `GOESWITH_INTAKE_CURRENCY` says it.

`https://developer.matomo.org/api-reference/tracking-api`
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from streams.storefront.intake.adapter import Headers, json_body
from streams.storefront.intake.drafts import UNSAID, Drafts, Unreadable, Who, placed
from streams.storefront.intake.lines import ItemNames, item_events, read_lines, read_one, taken_back
from streams.storefront.intake.orders import basket_event, order_fields
from streams.storefront.intake.values.discounts import discount_of
from streams.storefront.intake.values.identifiers import identifier
from streams.storefront.intake.values.looking import at, first, listed, parsed, rows
from streams.storefront.intake.values.money import below_zero, without_minus
from streams.storefront.intake.values.times import When, time_of

ITEM = ItemNames(parent=("sku",))
COLUMNS = ("sku", "name", "category", "price", "quantity")
"""Of a row of `ec_items`."""
NO_VIEW = ("ping", "link", "download", "e_c")
"""What a request has that is no view of a page; the product of the page may be told with it."""
FIELDS_MAX = 500
"""Parameters of one request."""


def parse(body: bytes, headers: Headers) -> Any:
    """A batch as JSON, or the one query of a request; raises `Unreadable`."""
    if body.lstrip()[:1] in (b"{", b"["):
        return json_body(body, headers)
    return body.decode("utf-8", "replace")


def translate(said: Any, headers: Headers, drafts: Drafts) -> None:
    """Say what is in a request, or in a batch of them; raises `Unreadable`."""
    if drafts.robot(headers.get("user-agent")):
        return
    if not isinstance(said, Mapping | str):
        raise Unreadable("invalid_body", "it is no request of Matomo: a query, or `requests`")
    if isinstance(said, str) or "requests" not in said:
        _say(_query(said), "", drafts)
        return
    for index, one in rows(said["requests"]):
        _say(_query(one), placed("requests", index), drafts)


def _query(said: Any) -> Mapping[str, Any] | None:
    """The parameters of a request; None: they are none."""
    if isinstance(said, Mapping):
        return said
    if not isinstance(said, str):
        return None
    query = said.strip()
    query = query.partition("?")[2] if "?" in query.partition("&")[0] else query
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        return None


def _say(said: Mapping[str, Any] | None, place: str, drafts: Drafts) -> None:
    """What a request means to us, or that it means nothing."""
    if said is None or identifier(said.get("idsite")) is None:
        drafts.reject(place, "invalid_event", "it is no request: idsite is missing")
        return
    if drafts.robot(said.get("ua")):
        return
    who, when = _who(said), time_of(said, "cdt")
    told = {name: value for name, value in said.items() if name != "token_auth"}
    event_id = drafts.made_id(drafts.session(who), told, when=when)
    if first(said, *NO_VIEW) is not None:
        drafts.ignore("ping, link, download or event")
    elif identifier(said.get("idgoal")) == "0":
        _commerce(said, place, event_id, who, when, drafts)
    elif identifier(said.get("_pks")) is not None:
        item = {
            "sku": said["_pks"],
            "category": _listed(said.get("_pkc")),
            "price": said.get("_pkp"),
        }
        item["currency"] = None
        lines = read_one(item, ITEM, drafts, placed(place, "_pks"))
        item_events("item_viewed", lines, drafts, place, event_id, who, when)
    else:
        drafts.ignore("action")


def _commerce(
    said: Mapping[str, Any], place: str, event_id: str, who: Who, when: When, drafts: Drafts
) -> None:
    """A cart, an order, or the return of one."""
    items, where = _listed(said.get("ec_items")), placed(place, "ec_items")
    back = below_zero(first(said, "revenue"))
    told = None if listed(items) is None else list(_items(items))
    order_id = identifier(said.get("ec_id"))
    if order_id is None:
        basket_event(told, ITEM, drafts, place, where, event_id, who, when)
        return
    lines = read_lines(taken_back(told, ITEM) if back else told, ITEM, drafts, where)
    if back:
        fields = order_fields(lines, drafts)
        cut_off = items is None and first(said, "ec_items") is not None
        some = fields if items or cut_off else {}
        drafts.event(place, "order_returned", event_id, who, when, order_id=order_id, **some)
    else:
        event_id = f"order-{order_id}"
        off = discount_of(said, "ec_dt", ("ec_st", "revenue"), "ec_sh", "ec_tx")
        fields = order_fields(lines, drafts, discount=off)
        drafts.event(place, "order_placed", event_id, who, when, order_id=order_id, **fields)


def _items(said: Any) -> Iterator[dict[str, Any]]:
    """The rows of `ec_items`; how many may be told below 0, and a price below 0 is a voucher's."""
    for _, row in rows(said):
        item = {name: _cell(row, place) for place, name in enumerate(COLUMNS)}
        yield item | {"quantity": without_minus(item["quantity"])}


def _cell(row: Any, place: int) -> Any:
    """What a row has in a column; PHP numbers them where it left one out; None: nothing."""
    if isinstance(row, Mapping):
        return row.get(str(place))
    return row[place] if isinstance(row, list | tuple) and place < len(row) else None


def _listed(said: Any) -> Any:
    """What is there as JSON, or as the text of it; a text that is no JSON is itself."""
    if not isinstance(said, str) or said.lstrip()[:1] not in ("[", "{"):
        return said
    try:
        return parsed(said)
    except ValueError:
        return None


def _who(said: Mapping[str, Any]) -> Who:
    return Who(
        visitor=first(said, "cid", "_id"),
        shopper=said.get("uid", UNSAID),
        locale=at(said, "lang"),
        joined=said.get("ec_id"),
    )
