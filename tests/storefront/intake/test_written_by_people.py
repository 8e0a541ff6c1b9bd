"""Amounts, numbers and times as people and spreadsheets write them: read right, or not at all."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.settings import Settings
from streams.storefront.intake.adapters import adapters
from streams.storefront.intake.values.money import minor_units, written
from tests.storefront.intake.samples import (
    BREAD,
    NOON,
    NOON_MS,
    VARIANT,
    cloud_event,
    enriched,
    export_row,
    hit,
    matomo,
    pixel,
    protocol,
    shop_line,
    shop_order,
    tea,
    track,
    woo_line,
    woo_order,
)
from tests.storefront.intake.test_cases import only, read, types

AMOUNTS = st.integers(0, 10**11)


def grouped(minor: int, group: str, point: str) -> str:
    """An amount of cents with its thousands in groups."""
    return f"{minor // 100:,}".replace(",", group) + f"{point}{minor % 100:02}"


@given(minor=AMOUNTS, group=st.sampled_from(". ,'\u00a0\u202f\u2019"), point=st.sampled_from(".,"))
def test_an_amount_means_the_same_however_its_thousands_are_grouped(
    minor: int, group: str, point: str
) -> None:
    """As shops of all countries write it; what has one separator for both is no amount."""
    said = grouped(minor, group, point)

    if group != point or minor < 100_000:
        assert minor_units(said, "EUR") == minor


@pytest.mark.parametrize("said", ["1.299", "25.000", "1,299", "125,000"])
@pytest.mark.parametrize("currency", ["EUR", "IDR", "VND", "JPY"])
def test_a_text_that_may_be_thousands_as_well_as_decimals_is_no_price(
    said: str, currency: str
) -> None:
    """25.000 is 25 thousand in Jakarta: a thousandth of a price is worse than none."""
    assert minor_units(said, currency) is None


@pytest.mark.parametrize(
    ("said", "currency", "minor"),
    [
        (1.299, "EUR", 130),
        ("1.299", "KWD", 1299),
        ("0.125", "EUR", 12),
        ("0,125", "EUR", 12),
        ("1299.900", "EUR", 129990),
        ("12.5000", "EUR", 1250),
        ("12,5000", "EUR", 1250),
        ("1.299.000", "IDR", 129900000),
        ("1,29,900.00", "INR", 12990000),
    ],
)
def test_what_can_be_read_in_one_way_only_is_a_price(said: Any, currency: str, minor: int) -> None:
    """A number has no groups, nor has what begins with a zero or with four digits."""
    assert minor_units(said, currency) == minor


@pytest.mark.parametrize("said", ["1.2.3", "1,2,3", "1.299.90", "1,,299.0", "12 34", "9 " * 99])
def test_groups_that_are_none_are_no_number(said: str) -> None:
    """Neither guessed at nor cut."""
    assert written(said) is None


def test_a_price_that_is_reckoned_from_a_discount_is_read_as_a_number() -> None:
    """9.00 for eight is 1.125 each: nobody wrote that, and nobody has to read it."""
    line = shop_line(quantity=8, price="1.25", discount_allocations=[{"amount": "1.00"}])
    order = shop_order(line_items=[line], currency="EUR")
    event = read("shopify", order, x_shopify_topic="orders/create").events[0]

    lines = event.model_dump()["lines"]
    assert [(line["quantity"], line["price_minor"]) for line in lines] == [(4, 113), (4, 112)]


@pytest.mark.parametrize(
    ("said", "quantity"), [("2,00", 2), ("2.000", 2), ("1,5", 2), ("0,5", 1), ("1.234,0", 1234)]
)
def test_a_quantity_may_have_a_decimal_comma(said: str, quantity: int) -> None:
    """Or the item would be lost, and with its last item an order."""
    order = hit("purchase", transaction_id="o-7", items=[tea(quantity=said)])

    assert only(read("ga4", protocol(order))).lines[0].quantity == quantity


def of_less_than_nothing(source: str) -> Any:
    """An order that is below 0 in all, of two pieces that came back."""
    item = {"quantity": -2, "price": "-2,50"}
    if source == "ga4":
        sold = hit("purchase", transaction_id="o-7", value="-5,00", items=[tea(**item)])
        return protocol(sold)
    if source == "segment":
        products = [BREAD | item]
        about = {"order_id": "o-7", "currency": "EUR", "revenue": -5, "products": products}
        return track("Order Completed", about)
    order = {"transaction_id": "o-7", "currency": "EUR", "revenue": -5}
    return enriched("transaction", product=[{"id": "mug"} | item], transaction=[order])


@pytest.mark.parametrize("source", ["ga4", "segment", "snowplow"])
def test_an_order_that_is_below_zero_in_all_takes_one_back(source: str) -> None:
    """As a sale it would count what came back as sold once more."""
    event = only(read(source, of_less_than_nothing(source)))

    assert (event.type, event.order_id) == ("order_returned", "o-7")
    assert [(line.quantity, line.price_minor) for line in event.lines] == [(2, 250)]
    assert event.event_id != "order-o-7"


@pytest.mark.parametrize("items", ["parent", "variant"])
def test_products_that_are_deleted_are_not_one_product(items: Any) -> None:
    """WooCommerce calls them all 0: together they would go with everything."""
    lines = [woo_line(product_id=0, variation_id=0), woo_line()]
    became = read("woocommerce", woo_order(line_items=lines), Settings(intake_items=items))

    assert [line["item_id"] for line in became.events[0].model_dump()["lines"]] == ["31"]
    assert [one.reason for one in became.rejections] == ["no_item_id"]


UNREAD = {
    "matomo": matomo(_pks="soap", cdt="01.02.2026 12:00"),
    "shopify-pixel": pixel("product_viewed", {"productVariant": VARIANT}) | {"timestamp": "noon"},
    "shopify": shop_order(processed_at="01.02.2026 12:00"),
    "cloudevents": cloud_event("item_viewed", {"session_id": "s", "item_id": "tea"}, time="noon"),
    "ga4": protocol(hit("view_item", items=[tea()]), timestamp_micros="01.02.2026 12:00"),
    "segment": track("Product Viewed", BREAD, originalTimestamp="1/2/2026 12:00", sentAt=None),
    "snowplow": enriched("product_view", product=[{"id": "mug"}]) | {"derived_tstamp": "noon"},
    "woocommerce": woo_order(date_created_gmt="01.02.2026", date_modified_gmt="01.02.2026"),
}


HEADERS = {"x-shopify-topic": "orders/create"}


def received(source: str, body: Any) -> Any:
    """What becomes of a record that was received at noon."""
    return adapters()[source].read(
        json.dumps(body).encode(), HEADERS, Settings(), received_at_ms=NOON_MS
    )


@pytest.mark.parametrize("source", UNREAD)
def test_a_time_that_cannot_be_read_is_not_now(source: str) -> None:
    """Last year's orders, with their days first, would all have happened today."""
    became = received(source, UNREAD[source])

    assert types(became) == []
    assert {one.reason for one in became.rejections} == {"no_time"}


@pytest.mark.parametrize("said", [{"$date": "2020-01-01"}, ["2020-01-01"], True, False, {}, []])
def test_a_time_that_is_neither_text_nor_number_is_not_now(said: Any) -> None:
    """It is there, so it did not happen when it was received; the field is named."""
    for source, field, body in (
        ("ga4", "timestamp_micros", protocol(hit("view_item", items=[tea()]))),
        ("shopify-pixel", "timestamp", pixel("checkout_started", {})),
        ("segment", "originalTimestamp", track("Checkout Started", {})),
        ("shopify", "processed_at", shop_order()),
    ):
        (wrong,) = received(source, body | {field: said}).rejections
        assert ("no_time", True) == (wrong.reason, wrong.message.startswith(f"{field}: "))


def test_a_time_that_a_client_of_bigquery_has_wrapped_is_read() -> None:
    """Its client for Node.js writes an object around it."""
    row = export_row() | {"event_timestamp": {"value": NOON}}
    assert only(received("ga4", row)).occurred_at_ms == NOON_MS


def test_an_order_of_before_2015_is_told_by_its_field_and_the_bound() -> None:
    """Whoever imports history sees why."""
    (wrong,) = received("shopify", shop_order(processed_at="2014-05-06T00:00:00Z")).rejections
    assert 'processed_at: "2014-05-06T00:00:00Z" is no time of 2015 to 2100' in wrong.message


@pytest.mark.parametrize("said", [None, "", 0])
def test_what_says_no_time_happened_when_it_was_received(said: Any) -> None:
    """Nor does a clock that is not set say one."""
    body = protocol(hit("view_item", items=[tea()]), timestamp_micros=said)

    assert only(received("ga4", body)).occurred_at_ms == NOON_MS


def test_whoever_asks_to_be_forgotten_is_whenever_that_was() -> None:
    """A time that cannot be read is no reason to remember."""
    headers = {"X-Shopify-Topic": "customers/redact", "X-Shopify-Triggered-At": "01.02.2026"}
    body = json.dumps({"customer": {"id": 98765}}).encode()
    became = adapters()["shopify"].read(body, headers, Settings(), received_at_ms=NOON_MS)

    assert only(became).type == "shopper_forgotten"


def test_a_time_as_e_mails_have_it_is_one() -> None:
    """`Date.toUTCString()` of a browser writes it so."""
    said = "Thu, 01 Jan 2026 12:00:00 GMT"
    body = track("Product Viewed", BREAD, originalTimestamp=said, sentAt=None)

    assert only(received("segment", body)).occurred_at_ms == NOON_MS
