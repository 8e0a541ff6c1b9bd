"""Half a character, as of an emoji that was cut, leaves out as little as it can, of all sources."""

import json
from typing import Any

import pytest

from streams.contract.events import encode
from streams.contract.settings import Settings
from streams.storefront.intake.adapters import adapters
from streams.storefront.intake.drafts import Intake
from streams.storefront.intake.sources.snowplow import ACTION, PRODUCT, TRANSACTION
from tests.storefront.intake.samples import (
    cart,
    cloud_event,
    enriched,
    hit,
    matomo,
    protocol,
    shop_line,
    shop_order,
    tea,
    track,
    woo_line,
    woo_order,
)

HALF = "Toys \ud83c"
EUR = Settings(intake_currency="EUR")


def became(source: str, body: Any, **headers: str) -> Intake:
    """What becomes of a body as it is sent: half a character is one in JSON text alone."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return adapters()[source].read(json.dumps(body).encode(), said, EUR)


def order(source: str, **changes: Any) -> Any:
    """An order of an item with such changes, and of another one."""
    if source == "segment":
        one = {"product_id": "tea", "category": "hot"} | changes
        return track("Order Completed", {"order_id": "o", "products": [one, {"product_id": "mug"}]})
    if source == "ga4":
        names = {"category": "item_category", "product_id": "item_id"}
        one = tea(**{names[name]: value for name, value in changes.items()})
        return protocol(hit("purchase", transaction_id="o", items=[one, tea(item_id="mug")]))
    if source == "snowplow":
        names = {"category": "category", "product_id": "id"}
        one = {"id": "tea"} | {names[name]: value for name, value in changes.items()}
        return enriched(
            "transaction", product=[one, {"id": "mug"}], transaction=[{"transaction_id": "o"}]
        )
    if source == "matomo":
        one = {"product_id": "tea", "category": "hot"} | changes
        rows = [[one["product_id"], "", one["category"], 1, 1], ["mug", "", "", 1, 1]]
        return matomo(idgoal="0", ec_id="o", ec_items=json.dumps(rows))
    if source == "cloudevents":
        names = {"category": "category", "product_id": "item_id"}
        one = {"item_id": "tea"} | {names[name]: value for name, value in changes.items()}
        return cloud_event("order_placed", {"order_id": "o", "lines": [one, {"item_id": "mug"}]})
    if source == "shopify":
        names = {"category": "product_type", "product_id": "product_id"}
        one = shop_line(**{names[name]: value for name, value in changes.items()})
        return shop_order(line_items=[one, shop_line(product_id="mug")])
    return woo_order(line_items=[woo_line(**changes), woo_line(product_id="mug")])


OF_ORDERS = ("segment", "ga4", "snowplow", "matomo", "cloudevents", "shopify", "woocommerce")


@pytest.mark.parametrize("source", OF_ORDERS)
def test_a_category_that_was_cut_costs_no_order(source: str) -> None:
    """It is left out; the lines stay."""
    said = became(source, order(source, category=HALF))

    assert () == said.rejections
    assert 2 == len(said.events[0].model_dump()["lines"])
    assert said.events[0].model_dump()["lines"][0]["category"] is None
    assert encode(said.events[0])


@pytest.mark.parametrize("source", OF_ORDERS)
def test_an_item_id_that_was_cut_costs_its_line_alone(source: str) -> None:
    """And that is said."""
    said = became(source, order(source, product_id=HALF))

    assert ["item_id"] == [one.reason for one in said.rejections]
    assert ["mug"] == [line["item_id"] for line in said.events[0].model_dump()["lines"]]


@pytest.mark.parametrize(
    ("source", "body", "left_out"),
    [
        ("segment", track("Product Viewed", {"product_id": "t", "category": HALF}), {"category"}),
        (
            "segment",
            track("Product Viewed", {"product_id": "t"}, context={"locale": "de\ud83c"}),
            {"locale"},
        ),
        (
            "segment",
            track("Product Added", {"product_id": "t", "goeswith_receipt": HALF}),
            {"receipt"},
        ),
        (
            "segment",
            track("Product Viewed", {"product_id": "t", "currency": HALF, "price": 1}),
            {"currency", "price_minor"},
        ),
        ("ga4", protocol(hit("view_item", language="de\ud83c", items=[tea()])), {"locale"}),
        ("ga4", protocol(hit("prompt_clicked", goeswith_receipt="r", item_id=HALF)), {"item_id"}),
        ("cloudevents", cloud_event("item_viewed", {"item_id": "t", "segment": HALF}), {"segment"}),
        ("cloudevents", cloud_event("item_viewed", {"item_id": "t", "locale": HALF}), {"locale"}),
        (
            "cloudevents",
            cloud_event("item_viewed", {"item_id": "t", "currency": HALF, "price_minor": 5}),
            {"currency", "price_minor"},
        ),
    ],
)
def test_what_may_be_left_out_costs_no_event(source: str, body: Any, left_out: set[str]) -> None:
    """A price whose currency nobody can read goes with it."""
    said = became(source, body)

    assert () == said.rejections
    (event,) = said.events
    assert left_out.isdisjoint(event.model_dump(exclude_none=True))
    assert encode(event)


def test_a_basket_that_comes_whole_is_left_out_whole() -> None:
    """Without one of its items it would say that this item was taken out."""
    lines = [{"item_id": HALF}, {"item_id": "tea"}]
    for said in (
        became("cloudevents", cloud_event("basket_updated", {"lines": lines})),
        became("shopify", cart(shop_line(product_id=HALF)), x_shopify_topic="carts/update"),
    ):
        assert () == said.events
        assert ["item_id", "incomplete"] == [one.reason for one in said.rejections]


def test_a_click_need_not_name_its_item() -> None:
    """So without the id it is one all the same."""
    said = became("cloudevents", cloud_event("prompt_clicked", {"receipt": "1.r", "item_id": HALF}))

    (click,) = said.events
    assert ("prompt_clicked", None) == (click.type, click.model_dump()["item_id"])
    assert ["item_id"] == [one.reason for one in said.rejections]


@pytest.mark.parametrize(("price", "counted"), [({"price_minor": 200}, 1), ({}, 0)])
def test_a_currency_that_is_cut_counts_where_there_is_a_price(price: Any, counted: int) -> None:
    """Of an item, and of lines: what is counted are prices that are left out."""
    tea = {"item_id": "tea", **price}
    for said in (
        became("cloudevents", cloud_event("item_viewed", {"currency": HALF, **tea})),
        became(
            "cloudevents",
            cloud_event("order_placed", {"order_id": "o", "currency": HALF, "lines": [tea]}),
        ),
    ):
        assert 1 == len(said.events)
        assert counted == said.ignored.get("price without a currency that is known", 0)


@pytest.mark.parametrize("first", ["USD", "GBP"])
def test_an_order_is_in_its_own_currency_and_not_in_its_first_products(first: str) -> None:
    """What is in another one has no price there, which is counted."""
    body = enriched(
        "transaction",
        product=[
            {"id": "mug", "price": 7, "currency": first},
            {"id": "tea", "price": 2, "currency": "EUR"},
        ],
        transaction=[{"transaction_id": "o", "currency": "EUR", "revenue": 9}],
    )
    assert {ACTION, PRODUCT, TRANSACTION} <= body.keys()
    said = became("snowplow", body)

    (event,) = said.events
    told = event.model_dump()
    assert ("EUR", [None, 200]) == (told["currency"], [one["price_minor"] for one in told["lines"]])
    assert {"price in another currency": 1} == said.ignored


@pytest.mark.parametrize("currency", ["BGN", "ANG", "euro", "\u20ac", 978, HALF])
def test_a_price_in_a_currency_that_is_not_known_is_counted_as_that(currency: Any) -> None:
    """It names one: that it names none would send its shop looking in the wrong place."""
    body = track("Product Viewed", {"product_id": "tea", "price": 2, "currency": currency})

    assert {"price without a currency that is known": 1} == became("segment", body).ignored
