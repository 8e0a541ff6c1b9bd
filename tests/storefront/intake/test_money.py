"""What an order costs is what its source says: to the minor unit, whatever the quantities."""

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import BasketUpdated, OrderLine, OrderPlaced, OrderReturned
from streams.contract.events.fields import PRICE_MINOR_MAX, QUANTITY_MAX
from streams.contract.settings import Settings
from streams.experiments.uplift.net_orders import (
    CameBack,
    CountedLine,
    OrderSeen,
    UnitTotals,
    count,
)
from streams.shop.memory.orders.order import Order, returned_lines
from tests.storefront.intake.samples import (
    BREAD,
    CHECKOUT,
    ROW,
    VARIANT,
    cart,
    enriched,
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
from tests.storefront.intake.test_cases import read

PLACES = {"EUR": 2, "JPY": 0, "KWD": 3}
SETTINGS = {currency: Settings(intake_currency=currency) for currency in PLACES}


class Line(NamedTuple):
    """A line as a shop has it."""

    item_id: str
    quantity: Decimal
    price: Decimal
    off: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """What it costs, less its discount; never less than nothing."""
        return max(self.price * self.quantity - self.off, Decimal(0))


amounts = st.decimals(min_value=0, max_value=2000, places=4)
quantities = st.one_of(
    st.integers(min_value=1, max_value=2000).map(Decimal),
    st.decimals(min_value=Decimal("0.001"), max_value=50, places=3),
)
lines = st.builds(Line, st.sampled_from(["101", "102", "103"]), quantities, amounts, amounts)
orders = st.lists(lines, min_size=1, max_size=6)
currencies = st.sampled_from(sorted(PLACES))


def ga4(name: str) -> Callable[[list[Line], str], Any]:
    """An event of GA4's, which has prices of one, less discounts."""

    def payload(said: list[Line], currency: str) -> Any:
        items = [
            tea(item_id=one.item_id, quantity=float(one.quantity), price=float(one.price))
            for one in said
        ]
        return protocol(hit(name, items=items, currency=currency, transaction_id="T1"))

    return payload


def segment(said: list[Line], currency: str) -> Any:
    """An order of Segment's."""
    products = [
        BREAD
        | {"product_id": one.item_id, "quantity": float(one.quantity), "price": f"{one.price}"}
        for one in said
    ]
    about = {"order_id": "o-1", "currency": currency, "products": products}
    return track("Order Completed", about)


def snowplow(said: list[Line], currency: str) -> Any:
    """An order of Snowplow's."""
    products = [
        {"id": one.item_id, "quantity": float(one.quantity), "price": float(one.price)}
        for one in said
    ]
    order = {"transaction_id": "o-1", "currency": currency}
    return enriched("transaction", product=products, transaction=[order])


def of_matomo(said: list[Line], _: str) -> Any:
    """An order of Matomo's, whose currency is a setting."""
    rows = [[one.item_id, "", "", float(one.price), float(one.quantity)] for one in said]
    return matomo(idgoal=0, ec_id="o-1", revenue=1, ec_items=json.dumps(rows))


def shopify(said: list[Line], currency: str) -> Any:
    """An order of Shopify's, whose discounts are of a line as a whole."""
    rows = [
        shop_line(
            product_id=int(one.item_id),
            quantity=float(one.quantity),
            price=float(one.price),
            discount_allocations=[{"amount": float(one.off)}, {"amount": 0}],
        )
        for one in said
    ]
    return shop_order(line_items=rows, currency=currency)


def shopify_cart(said: list[Line], currency: str) -> Any:
    """A cart of Shopify's, which has the totals of its lines."""
    rows = [
        shop_line(
            product_id=int(one.item_id),
            quantity=float(one.quantity),
            price=float(one.price),
            line_price=float(one.total),
        )
        for one in said
    ]
    return cart(*rows) | {"currency": currency}


def pixel_order(said: list[Line], currency: str) -> Any:
    """An order of Shopify's pixel: every other line tells its total, the others discounts."""
    rows = []
    for index, one in enumerate(said):
        variant = VARIANT | {
            "product": {"id": one.item_id},
            "price": {"amount": float(one.price), "currencyCode": currency},
        }
        off = [{"amount": {"amount": float(one.off)}}]
        total = {"amount": float(one.total), "currencyCode": currency}
        money = {"finalLinePrice": total} if index % 2 else {"discountAllocations": off}
        rows.append({"quantity": float(one.quantity), "variant": variant} | money)
    checkout = CHECKOUT | {"currencyCode": currency, "lineItems": rows}
    return pixel("checkout_completed", {"checkout": checkout})


def pixel_cart(said: list[Line], currency: str) -> Any:
    """A cart of Shopify's pixel, whose lines have a cost."""
    rows = [
        {
            "quantity": float(one.quantity),
            "merchandise": VARIANT | {"product": {"id": one.item_id}},
            "cost": {"totalAmount": {"amount": float(one.total), "currencyCode": currency}},
        }
        for one in said
    ]
    for row in rows:
        row["merchandise"]["price"] = {"amount": 7, "currencyCode": currency}  # type: ignore[index]
    return pixel("cart_viewed", {"cart": {"lines": rows}})


def woocommerce(said: list[Line], currency: str) -> Any:
    """An order of WooCommerce's: the total of a line, and a price that is rounded."""
    rows = [
        woo_line(
            product_id=int(one.item_id),
            quantity=float(one.quantity),
            total=f"{one.total:f}" + "0" * 4,
            price=round(float(one.total / one.quantity), 2),
        )
        for one in said
    ]
    return woo_order(line_items=rows, currency=currency)


def rees46(said: list[Line], _: str) -> Any:
    """An order of one piece, whose currency is a setting."""
    bought = {"event_type": "purchase", "product_id": said[0].item_id}
    return ROW | bought | {"price": f"{said[0].price:f}0"}


Costs = Callable[[Line], Decimal]
SOURCES: dict[str, tuple[str, Callable[[list[Line], str], Any], Costs]] = {
    "ga4": ("ga4", ga4("purchase"), lambda one: one.price * one.quantity),
    "ga4, a cart": ("ga4", ga4("view_cart"), lambda one: one.price * one.quantity),
    "segment": ("segment", segment, lambda one: one.price * one.quantity),
    "snowplow": ("snowplow", snowplow, lambda one: one.price * one.quantity),
    "matomo": ("matomo", of_matomo, lambda one: one.price * one.quantity),
    "shopify": ("shopify", shopify, lambda one: one.total),
    "shopify, a cart": ("shopify", shopify_cart, lambda one: one.total),
    "shopify-pixel": ("shopify-pixel", pixel_order, lambda one: one.total),
    "shopify-pixel, a cart": ("shopify-pixel", pixel_cart, lambda one: one.total),
    "woocommerce": ("woocommerce", woocommerce, lambda one: one.total),
    "rees46": ("rees46", rees46, lambda one: one.price),
}


def became(source: str, body: Any, currency: str = "EUR") -> tuple[OrderLine, ...]:
    """The lines of the one order, or cart, that a payload becomes; nothing of it is left out."""
    read_of = read(source, body, SETTINGS[currency])
    assert read_of.rejections == ()
    (event,) = read_of.events
    assert isinstance(event, OrderPlaced | BasketUpdated)
    return event.lines


def cost(some: Iterable[OrderLine]) -> int:
    """What lines cost in all, in minor units."""
    return sum(line.quantity * (line.price_minor or 0) for line in some)


def sold(some: Iterable[OrderLine]) -> list[tuple[int, int | None]]:
    """How many at which price."""
    return [(line.quantity, line.price_minor) for line in some]


@pytest.mark.parametrize("name", SOURCES)
@given(said=orders, currency=currencies)
def test_an_order_costs_what_its_lines_cost_to_the_minor_unit(
    name: str, said: list[Line], currency: str
) -> None:
    """Whatever is said of them: here a plain sum of fractions, each line rounded by itself."""
    source, payload, costs = SOURCES[name]
    said = said[:1] if source == "rees46" else said
    got = became(source, payload(said, currency), currency)

    assert cost(got) == sum(round(Fraction(costs(one)) * 10 ** PLACES[currency]) for one in said)


@pytest.mark.parametrize("name", sorted({*SOURCES} - {"rees46"}))
@given(said=orders)
def test_an_order_has_as_many_pieces_as_were_bought_of_each_item(
    name: str, said: list[Line]
) -> None:
    """Whole ones stay as they are; parts of an item are added up, and then made whole."""
    source, payload, _ = SOURCES[name]
    got = became(source, payload(said, "EUR"))

    for item_id in {one.item_id for one in said}:
        exact = sum(one.quantity for one in said if one.item_id == item_id)
        assert sum(line.quantity for line in got if line.item_id == item_id) == ceil(exact)


@given(said=orders, data=st.data())
def test_all_of_an_order_comes_back_however_it_is_split(said: list[Line], data: Any) -> None:
    """Line by line, in halves of lines, in one refund or in many: no piece and no cent is left."""
    (placed,) = read("ga4", ga4("purchase")(said, "EUR"), SETTINGS["EUR"]).events
    assert isinstance(placed, OrderPlaced)
    order = Order.of(placed, None)
    halves = [
        one._replace(quantity=part)
        for one in said
        for share in [data.draw(st.sampled_from([Decimal(0), Decimal("0.5"), Decimal("0.3")]))]
        for part in (one.quantity * share, one.quantity * (1 - share))
        if part
    ]
    parts = data.draw(st.permutations(halves))
    size = data.draw(st.integers(min_value=1, max_value=len(parts)))
    returns = []
    for start in range(0, len(parts), size):
        some = ga4("refund")(parts[start : start + size], "EUR")
        (back,) = read("ga4", some, SETTINGS["EUR"]).events
        assert isinstance(back, OrderReturned)
        returns.append(returned_lines(back.lines))
        order.give_back(returns[-1], away=False)

    assert [line.back for line in order.lines.values()] == [
        line.quantity for line in order.lines.values()
    ]
    assert left_of(order, returns) == (0, 0)


def left_of(order: Order, returns: list[dict[str, int]]) -> tuple[int, int]:
    """Pieces and money of an order that reports count, net of returns."""
    ordered = tuple(
        CountedLine(item, line.quantity, line.value_minor) for item, line in order.lines.items()
    )
    unit, seen = UnitTotals(), OrderSeen((0, ""), "", "", "EUR", ordered)
    count(
        unit, seen, [CameBack(tuple(CountedLine(*one) for one in back.items())) for back in returns]
    )
    return unit.items, unit.revenue["EUR"]


def test_decimal_quantities_of_woocommerce_cost_what_the_shop_says() -> None:
    """Half a kilogram is one piece, two and a half are three: 35.00, as the shop has it."""
    some = [
        woo_line(product_id=1, quantity=0.5, total="10.00", price=20),
        woo_line(product_id=2, quantity=2.5, total="25.00", price=10),
    ]
    got = became("woocommerce", woo_order(line_items=some, currency="EUR"))

    assert sold(got) == [(1, 1000), (1, 834), (2, 833)]
    assert cost(got) == 3500


def test_a_discount_and_a_small_price_are_of_the_line() -> None:
    """Not of a piece, where they would be rounded away."""
    given_away = [{"amount": "1.00"}]
    lamp = shop_line(quantity=300, price="0.05", discount_allocations=given_away)
    thirds = woo_line(quantity=3, total="10.00", price=3.333333)
    tiny = woo_line(quantity=1000, total="4.90", price=0.0049)

    assert cost(became("shopify", shop_order(line_items=[lamp], currency="EUR"))) == 1400
    order = woo_order(line_items=[thirds], currency="EUR")
    assert sold(became("woocommerce", order)) == [(1, 334), (2, 333)]
    order = woo_order(line_items=[tiny], currency="EUR")
    assert sold(became("woocommerce", order)) == [(490, 1), (510, 0)]


@pytest.mark.parametrize("amount", ["free", "1.234", None])
def test_a_discount_that_cannot_be_read_leaves_out_the_price_and_says_so(amount: Any) -> None:
    """The price before it would be too high."""
    line = shop_line(quantity=2, discount_allocations=[{"amount": amount}, {"amount": "1.00"}])
    got = read("shopify", shop_order(line_items=[line], currency="EUR"))

    assert [(one.place, one.reason) for one in got.rejections] == [("line_items.0.price", "price")]
    (event,) = got.events
    assert isinstance(event, OrderPlaced)
    assert sold(event.lines) == [(2, None)]


@pytest.mark.parametrize(
    ("total", "minor"), [("10.000", 999), ("", 999), (None, 999), ("9,96", 996)]
)
def test_a_total_that_cannot_be_read_is_made_up_for_by_the_price(total: Any, minor: int) -> None:
    """A shop may show three decimals, of which nobody can tell what the point is."""
    line = woo_line(quantity=3, total=total, price=3.33)

    assert cost(became("woocommerce", woo_order(line_items=[line], currency="EUR"))) == minor


@pytest.mark.parametrize("more", [{"total": "-9.00"}, {"total": "free", "price": None}])
def test_a_total_that_is_none_leaves_out_the_price(more: dict[str, Any]) -> None:
    """The item is kept."""
    got = read("woocommerce", woo_order(line_items=[woo_line(**more)]))

    assert [one.reason for one in got.rejections] == ["price"]
    assert [line.price_minor for line in got.events[0].lines] == [None]  # type: ignore[union-attr]


def test_parts_of_an_item_are_told_as_one_with_and_without_a_price() -> None:
    """What has no price, or one in another currency, takes no share of what others cost."""
    some = [
        woo_line(product_id=1, quantity=0.5, total="10.00"),
        woo_line(product_id=1, quantity=1, total="2.00"),
        woo_line(product_id=1, quantity=1.2, total=None, price=None),
    ]
    got = became("woocommerce", woo_order(line_items=some, currency="EUR"))

    assert sold(got) == [(2, 600), (1, None)]


def test_more_pieces_than_one_line_has_stay_in_their_lines() -> None:
    """As far as parts of them go: the order counts."""
    some = [
        woo_line(quantity=QUANTITY_MAX, total="1000000.00", price=1),
        woo_line(quantity=0.5, total="1.00", price=2),
    ]
    got = became("woocommerce", woo_order(line_items=some, currency="EUR"))

    assert sold(got) == [(QUANTITY_MAX, 100), (1, 100)]


@pytest.mark.parametrize("price", [PRICE_MINOR_MAX // 100, PRICE_MINOR_MAX // 100 + 1])
def test_no_piece_costs_more_than_anything_does(price: int) -> None:
    """A total is bound by its pieces."""
    line = tea(quantity=0.5, price=2 * price)
    got = read("ga4", protocol(hit("purchase", items=[line], transaction_id="T1")))

    dear = price * 100 > PRICE_MINOR_MAX
    assert [one.reason for one in got.rejections] == ["price"] * dear
