"""Discounts of a whole order are taken off its lines: they cost what the shop was paid for them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import BasketUpdated, OrderPlaced, OrderReturned
from streams.contract.settings import Settings
from streams.storefront.intake.drafts import Intake
from streams.storefront.intake.sources.snowplow import ACTION, PRODUCT, TRANSACTION
from streams.storefront.intake.values.discounts import lessened
from tests.storefront.intake.samples import (
    enriched,
    hit,
    matomo,
    protocol,
    track,
    woo_line,
    woo_order,
)
from tests.storefront.intake.test_cases import read

EUR = Settings(intake_currency="EUR")
TEA = {"product_id": "tea", "price": 10, "quantity": 3}


def cost(became: Intake) -> int:
    """What the lines of the order cost."""
    (order,) = became.events
    assert isinstance(order, OrderPlaced)
    return sum(line.quantity * (line.price_minor or 0) for line in order.lines)


def items(became: Intake) -> set[str]:
    """The items of the order, or of the basket."""
    (event,) = became.events
    assert isinstance(event, OrderPlaced | BasketUpdated)
    return {line.item_id for line in event.lines}


def of_segment(**order: Any) -> Intake:
    """Three at 10.00."""
    about = {"order_id": "o-1", "currency": "EUR", "products": [TEA]}
    return read("segment", track("Order Completed", about | order))


@pytest.mark.parametrize(
    ("told", "minor"),
    [
        ({"revenue": 25, "discount": 5}, 2500),
        ({"revenue": "25.00", "discount": "-5.00"}, 2500),
        ({"discount": 5}, 2500),
        (
            {"subtotal": 25, "revenue": 30, "total": 32, "shipping": 5, "tax": 2, "discount": 5},
            2500,
        ),
        ({"total": 31, "shipping": 4, "tax": 2, "discount": 5}, 2500),
        ({"revenue": 29, "shipping": 4, "tax": 2, "discount": 5}, 2500),
        ({"discount": 45}, 0),
        ({"revenue": 30, "discount": 5}, 3000),
        ({"total": 34, "shipping": 4, "discount": 5}, 3000),
        ({"subtotal": 30, "total": 35, "shipping": 5, "discount": 5}, 3000),
        ({"revenue": 30, "tax": 5, "discount": 5}, 3000),
        ({"revenue": 25}, 3000),
        ({"discount": "some", "revenue": 25}, 3000),
        ({"discount": 0, "revenue": 30}, 3000),
    ],
)
def test_a_discount_of_the_order_is_taken_off_unless_prices_have_it(told: Any, minor: int) -> None:
    """By the totals beside it, if there are any; a total alone does not tell a discount."""
    assert cost(of_segment(**told)) == minor


SPECIFIED = {"discount": 2.5, "revenue": 25, "total": 27.5, "shipping": 3, "tax": 2}
"""What Segment's own example of an order says beside `subtotal`."""


def test_a_total_that_is_just_what_lines_cost_comes_before_one_less_carriage_and_tax() -> None:
    """Of Segment's own example 25 less 3 and 2 happens to be what net prices cost less 2.5."""
    net, gross = (TEA | {"price": price} for price in (7.5, "8.33333"))

    assert cost(of_segment(**SPECIFIED, subtotal=22.5, products=[net])) == 2250
    assert cost(of_segment(**SPECIFIED, subtotal=22.5, products=[gross])) == 2250


@pytest.mark.parametrize(
    ("price", "quantity", "told", "minor"),
    [
        (8.33, 3, {"revenue": 25, "discount": 5}, 2499),
        (8.33, 3, {"total": 29, "shipping": 4, "discount": 5}, 2499),
        (8.33, 3, {"revenue": "25.01", "discount": 5}, 1999),
        (9.99, 3, {"revenue": 25, "discount": 5}, 2497),
        (8.33, 3, {"subtotal": 20, "revenue": 25, "discount": 5}, 1999),
        (0.01, 1000, {"revenue": 8, "discount": 2}, 800),
        (0.01, 1000, {"revenue": 10, "discount": 2}, 1000),
        (0.01, 1000, {"revenue": 9.5, "discount": 2}, 1000),
        (0.01, 1000, {"revenue": 9, "discount": 2}, 800),
    ],
)
def test_prices_that_are_rounded_by_the_piece_may_miss_a_total(
    price: float, quantity: int, told: Any, minor: int
) -> None:
    """By half a minor unit a piece: 3 at 8.33 were 25.00, and have their discount already."""
    item = TEA | {"price": price, "quantity": quantity}

    assert cost(of_segment(**told, products=[item])) == minor


def test_a_discount_is_shared_by_what_lines_cost() -> None:
    """Three for 20.01 and one for 9.99, less a third."""
    products = [TEA | {"price": "6.67"}, {"product_id": "cup", "price": 9.99}]
    (order,) = of_segment(products=products, discount=10).events

    assert isinstance(order, OrderPlaced)
    by_item = {
        item: sum(
            one.quantity * (one.price_minor or 0) for one in order.lines if one.item_id == item
        )
        for item in ("tea", "cup")
    }
    assert by_item == {"tea": 1334, "cup": 666}


def test_a_discount_of_a_transaction_of_snowplow_is_taken_off() -> None:
    """As of any other."""
    product = {"id": "tea", "price": 10, "quantity": 3, "currency": "EUR"}
    order = {"transaction_id": "o-1", "revenue": 25, "discount_amount": 5, "currency": "EUR"}
    said = {
        "event_id": "e-1",
        "domain_sessionid": "s-1",
        "derived_tstamp": "2026-01-01T12:00:00Z",
        ACTION: {"type": "transaction"},
        PRODUCT: [product],
        TRANSACTION: [order],
    }

    assert cost(read("snowplow", said)) == 2500


@pytest.mark.parametrize(
    ("told", "minor"),
    [
        ({"revenue": 32, "ec_st": 25, "ec_sh": 5, "ec_tx": 2, "ec_dt": 5}, 2500),
        ({"revenue": 30, "ec_dt": "0"}, 3000),
        ({"revenue": 30, "ec_dt": "false"}, 3000),
    ],
)
def test_a_discount_of_matomo_is_taken_off(told: Any, minor: int) -> None:
    """`ec_dt`, beside the sub-total."""
    rows = json.dumps([["tea", "Tea", [], 10, 3]])

    assert cost(read("matomo", matomo(idgoal=0, ec_id="o-1", ec_items=rows, **told), EUR)) == minor


def test_a_fee_below_zero_is_a_discount() -> None:
    """WooCommerce takes off the whole by fees alone; one that is to be paid is no item's."""
    fees = [{"name": "Voucher", "total": "-2.00"}, {"name": "Gift wrap", "total": "1.50"}]
    order = woo_order(currency="EUR", line_items=[woo_line(total="10.00")], fee_lines=fees)

    assert cost(read("woocommerce", order)) == 800


def test_a_voucher_among_the_items_is_none_of_them() -> None:
    """It takes its amount off them, whatever it is called, and if it is called nothing."""
    tea, off = {"item_id": "tea", "price": 10, "quantity": 3}, {"price": -2.5, "quantity": 2}
    about = {"currency": "EUR", "value": 25, "transaction_id": "o-1"}
    for voucher in (off, off | {"item_id": "voucher"}):
        became = read("ga4", protocol(hit("purchase", **about, items=[tea, voucher])))
        basket = read("ga4", protocol(hit("view_cart", currency="EUR", items=[voucher, tea])))

        assert (cost(became), items(became), became.rejections) == (2500, {"tea"}, ())
        assert (items(basket), basket.rejections) == ({"tea"}, ())


OFF = {"product_id": "off", "price": -5}


@pytest.mark.parametrize(
    ("said", "minor", "ignored", "rejected"),
    [
        ({"currency": "PTS"}, 3000, {"price without a currency that is known": 1}, []),
        ({"price": "-1,249"}, 3000, {}, ["price"]),
        ({"price": -1e99}, 3000, {}, ["price"]),
        ({"quantity": 0}, 3000, {}, ["quantity"]),
        ({"currency": "USD"}, 3000, {"price in another currency": 1}, []),
        ({"currency": "EUR"}, 2500, {}, []),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_voucher_whose_worth_nobody_can_tell_is_no_item(
    first: bool, said: Any, minor: int, ignored: Any, rejected: list[str]
) -> None:
    """As an item it would teach what goes with it; as the first one its currency is not theirs."""
    products = [OFF | said, TEA] if first else [TEA, OFF | said]
    became = of_segment(products=products)
    cart = read("segment", track("Cart Viewed", {"currency": "EUR", "products": products}))

    assert (cost(became), items(became), became.ignored) == (minor, {"tea"}, ignored)
    assert items(cart) == {"tea"}
    assert [one.reason for one in became.rejections] == rejected


def test_a_voucher_without_a_currency_is_no_item() -> None:
    """Matomo never says one, others need not."""
    products, rows = [TEA, OFF], json.dumps([["tea", "Tea", [], 10, 3], ["off", "", [], -5, 1]])
    for became in (
        read("segment", track("Order Completed", {"order_id": "o-1", "products": products})),
        read("segment", track("Cart Viewed", {"products": products})),
        read("matomo", matomo(idgoal=0, ec_id="o-1", ec_items=rows)),
        read("matomo", matomo(idgoal=0, ec_items=rows)),
    ):
        assert (items(became), became.rejections) == ({"tea"}, ())
        assert became.ignored == {"price without a currency that is known": 2}


def test_a_dash_is_no_amount_and_its_item_no_voucher() -> None:
    """So tables have it where nobody has written a price; nor is an order below 0 by it."""
    cup = {"product_id": "cup", "price": "-"}
    became = of_segment(products=[TEA, cup], revenue="-")

    assert (cost(became), items(became)) == (3000, {"tea", "cup"})
    assert [one.reason for one in became.rejections] == ["price"]


def test_a_voucher_in_a_line_of_woocommerce_is_taken_off() -> None:
    """Some plugins sell vouchers as products, and redeem them as lines below 0."""
    lines = [woo_line(total="20.00"), woo_line(product_id=99, quantity=1, total="-5.00")]
    became = read("woocommerce", woo_order(currency="EUR", line_items=lines))

    assert (cost(became), items(became), became.rejections) == (1500, {"31"}, ())


def test_a_voucher_in_a_row_of_matomo_is_taken_off() -> None:
    """It was one more piece, at what it took off."""
    rows = json.dumps([["tea", "Tea", [], 10, 3], ["off", "Voucher", [], -5, 1]])
    became = read("matomo", matomo(idgoal=0, ec_id="o-1", revenue=25, ec_items=rows), EUR)

    assert (cost(became), items(became)) == (2500, {"tea"})


@pytest.mark.parametrize("currency", [None, "EUR"])
@pytest.mark.parametrize(
    "signs", [{"price": -10}, {"quantity": -2}, {"price": "-10,00", "quantity": "-2"}]
)
def test_what_came_back_may_be_told_below_zero_and_is_no_voucher(currency: Any, signs: Any) -> None:
    """Of a return every item is one that came back, beside a gift that was free as well."""
    tea = {"item_id": "tea", "id": "tea", "price": 10, "quantity": 2} | signs
    gift = {"item_id": "gift", "id": "gift", "price": 0}
    back = [one | {"product_id": one["item_id"]} for one in (tea, gift)]
    about = {"order_id": "o-1", "transaction_id": "o-1", "currency": currency}
    for became in (
        read("ga4", protocol(hit("refund", **about, items=back))),
        read("segment", track("Order Refunded", about | {"products": back})),
        read("snowplow", enriched("refund", product=back, refund=[about])),
    ):
        (event,) = became.events
        assert isinstance(event, OrderReturned)
        assert became.rejections == ()
        told = [(line.item_id, line.quantity, line.price_minor) for line in event.lines or ()]
        of_tea, of_gift = (1000, 0) if currency else (None, None)
        assert told == [("tea", 2, of_tea), ("gift", 1, of_gift)]


@pytest.mark.parametrize(("off", "signs"), [(5, 1), (30, 1), (5, -1)])
def test_a_voucher_of_a_return_is_none_of_its_items(off: int, signs: int) -> None:
    """A return that repeats the order costs what the order did: 30.00 less the voucher."""
    tea, voucher = {"price": 10 * signs, "quantity": 3}, {"price": -off * signs}
    items = [{"product_id": "tea", "item_id": "tea"} | tea, {"item_id": "off"} | voucher]
    about = {"order_id": "o-1", "transaction_id": "o-1", "currency": "EUR"}
    said = [
        read("ga4", protocol(hit("refund", **about, items=items))),
        read("segment", track("Order Refunded", about | {"products": items})),
        read("segment", track("Order Completed", about | {"revenue": -25, "products": items})),
    ]
    rows = json.dumps([["tea", "", [], 10 * signs, 3], ["off", "", [], -off * signs, 1]])
    said.append(read("matomo", matomo(idgoal=0, ec_id="o-1", revenue=-25, ec_items=rows), EUR))
    for became in said:
        (event,) = became.events
        assert isinstance(event, OrderReturned)
        assert {line.item_id for line in event.lines or ()} == {"tea"}
        cost = sum(line.quantity * (line.price_minor or 0) for line in event.lines or ())
        assert (cost, became.rejections) == (3000 - 100 * off, ())


@pytest.mark.parametrize("items", ["tea", {"item": "tea"}, 7])
def test_a_return_of_items_that_are_no_list_is_not_one_of_the_whole_order(items: Any) -> None:
    """Nobody knows what came back; so too where the order is below 0 in all."""
    about = {"order_id": "o-1", "transaction_id": "o-1", "currency": "EUR"}
    for became in (
        read("ga4", protocol(hit("refund", **about, items=items))),
        read("ga4", protocol(hit("purchase", **about, items=items, value=-5))),
        read("segment", track("Order Refunded", about | {"products": items})),
        read("segment", track("Order Completed", about | {"products": items, "revenue": -5})),
    ):
        assert [one.reason for one in became.rejections] == ["invalid_event"]
        assert became.events == ()


@given(st.lists(st.integers(0, 10**12), max_size=20), st.integers(0, 10**12))
def test_what_is_taken_off_is_taken_off_to_the_minor_unit(totals: list[int], off: int) -> None:
    """None costs less than nothing, nor more than before; what is free stays free."""
    paid = lessened(totals, off)

    assert sum(paid) == max(sum(totals) - off, 0)
    assert all(0 <= now <= before for now, before in zip(paid, totals, strict=True))


@pytest.mark.parametrize("off", [{"discount": 10, "revenue": 52}, {}])
def test_a_discount_is_not_shared_where_a_line_is_in_another_currency(off: Any) -> None:
    """All of it fell on those that keep their price; a voucher is no other than a `discount`."""
    products = [
        {"product_id": "a", "price": 30, "currency": "EUR"},
        {"product_id": "b", "price": 8},
        *([] if off else [OFF]),
    ]
    became = of_segment(currency="USD", products=products, **off)

    assert (cost(became), items(became)) == (800, {"a", "b"})
    assert became.ignored == {
        "price in another currency": 1,
        "discount of an order with prices in other currencies": 1,
    }


def test_a_discount_in_points_is_none_in_euro() -> None:
    """Nor is it none of an order that tells no discount, or one of nothing."""
    tea = {"id": "tea", "price": 30, "currency": "EUR"}
    paid = {"transaction_id": "o-1", "currency": "PTS", "discount_amount": 10}
    for became in (
        of_segment(currency="PTS", discount=10, products=[TEA | {"currency": "EUR"}]),
        read("snowplow", enriched("transaction", product=[tea], transaction=[paid])),
    ):
        assert cost(became) == 3000
        assert became.ignored == {"discount without a currency that is known": 1}
    nothing = of_segment(currency="PTS", discount=0, products=[TEA | {"currency": "EUR"}])
    assert (cost(nothing), nothing.ignored) == (3000, {})
