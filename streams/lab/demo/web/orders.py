"""Checkout of the demo's shop: its server tells what was ordered, as the gateway wants it.

A page is not believed what was ordered (`order_from_a_browser`): whoever could say that could
decide which arm is worth most. So the shop's server does, with its key.
"""

import json
import secrets
from typing import Annotated, Any
from urllib.error import URLError
from urllib.request import Request

from pydantic import BaseModel, Field, ValidationError

from streams.clients.connection.addresses import opener_for
from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings
from streams.lab.demo.shops.assortment import Assortment

LINES_MAX = 100
ANSWER_S_MAX = 5.0
Quantity = Annotated[int, Field(ge=1, le=99)]


class BasketLines(BaseModel):
    """What a page says when somebody buys."""

    lines: Annotated[dict[str, Quantity], Field(min_length=1, max_length=LINES_MAX)]
    """How many of each item."""


class CannotOrder(GoeswithError):
    """The order is none, or the gateway does not take it: the shopper may try again."""


def order_event(shop: Assortment, visit: str, body: bytes) -> dict[str, Any]:
    """The event that tells an order, with the shop's own prices; raises `CannotOrder`."""
    try:
        lines = BasketLines.model_validate_json(body).lines
        priced = [
            {"item_id": item, "quantity": number, "price_minor": shop.items[item].price_minor}
            for item, number in lines.items()
        ]
    except (ValidationError, KeyError) as wrong:
        raise CannotOrder("that is no basket of this shop") from wrong
    order_id = f"order-{secrets.token_hex(8)}"
    return {
        "type": "order_placed",
        "event_id": order_id,
        "order_id": order_id,
        "session_id": visit,
        "lines": priced,
        "currency": shop.currency,
    }


def tell(gateway: str, settings: Settings, event: dict[str, Any]) -> None:
    """Tell the gateway, with the shop's key; blocks. Raises `CannotOrder`."""
    asked = Request(  # noqa: S310  # our own gateway
        f"{gateway}/v1/events",
        data=json.dumps([event]).encode(),
        headers={
            "Authorization": f"Bearer {settings.shop_keys[0]}",
            "Content-Type": "application/json",
        },
    )
    try:
        with opener_for(gateway).open(asked, timeout=ANSWER_S_MAX) as answer:
            answer.read()
    except (URLError, OSError) as error:
        raise CannotOrder(f"the gateway did not take the order: {error}") from error
