"""Orders that do not stand, and what of one came back, by what a sender says of it, and leaves out.

Of what nobody can know nothing is made up: an order that is taken back whole by mistake teaches
that everything in it was a bad offer.
"""

from typing import Any

import pytest

from streams.contract.events import OrderPlaced, OrderReturned
from streams.contract.settings import Settings
from streams.storefront.intake.drafts import Intake
from streams.storefront.intake.sources.woocommerce import SUB_ORDER
from tests.storefront.intake.samples import (
    NOON,
    NOON_MS,
    hit,
    protocol,
    shop_line,
    shop_order,
    shop_refund,
    tea,
    woo_order,
)
from tests.storefront.intake.test_cases import only, read, types

LATER, LATER_MS = "2026-01-01T14:00:00Z", NOON_MS + 2 * 3_600_000
LAMP, SHADE = shop_line(), shop_line(id=6, product_id=43, variant_id=431)


def refunded(*lines: dict[str, Any]) -> dict[str, Any]:
    """An order of a lamp and a shade, of which these lines were refunded."""
    refund = shop_refund(refund_line_items=list(lines))
    return shop_order(line_items=[LAMP, SHADE], refunds=[refund])


def came_back(became: Intake) -> list[tuple[str, int]]:
    """Items and how many, of an order that was placed before."""
    placed, back = became.events
    assert isinstance(placed, OrderPlaced)
    assert isinstance(back, OrderReturned)
    assert back.lines is not None
    return [(line.item_id, line.quantity) for line in back.lines]


def test_an_order_whose_payment_is_voided_is_off() -> None:
    """It was authorised, and let go: no money comes, and nobody writes `cancelled_at`."""
    voided = shop_order(financial_status="voided", updated_at=LATER, refunds=[shop_refund()])
    became = read("shopify", voided, x_shopify_topic="orders/updated")
    cancelled = shop_order(financial_status="voided", updated_at=LATER, cancelled_at=NOON)
    by_hand = read("shopify", cancelled, x_shopify_topic="orders/cancelled")

    assert ["order_placed", "order_cancelled"] == types(became) == types(by_hand)
    assert LATER_MS == became.events[1].occurred_at_ms
    assert NOON_MS == by_hand.events[1].occurred_at_ms
    assert became.events[1].event_id == by_hand.events[1].event_id


@pytest.mark.parametrize("status", ["authorized", "pending", "paid", "refunded", None, 7])
def test_an_order_of_any_other_payment_stands(status: Any) -> None:
    """What of it was refunded is among its refunds."""
    assert ["order_placed"] == types(read("shopify", shop_order(financial_status=status)))


def test_a_transaction_that_is_voided_is_told_by_its_order() -> None:
    """It may have another one, which is paid; and it knows no session."""
    void = {"id": 3, "order_id": 1001, "kind": "void", "status": "success", "created_at": NOON}
    became = read("shopify", void, x_shopify_topic="order_transactions/create")

    assert ((), {"order_transactions/create": 1}) == (became.events, became.ignored)


def test_a_refund_that_names_the_number_of_a_line_brings_back_that_line() -> None:
    """The order has its lines, whether or not the refund repeats them."""
    became = read("shopify", refunded({"line_item_id": 6, "quantity": 2}))
    unnamed = read("shopify", refunded({"line_item_id": "6", "line_item": {}, "quantity": 2}))

    assert [("43", 2)] == came_back(became)
    assert became == unnamed


def test_what_a_refund_says_of_a_line_itself_comes_first() -> None:
    """A line that was changed since is in the refund as it was."""
    itself = {"line_item_id": 6, "line_item": LAMP, "quantity": 1}

    assert [("42", 1)] == came_back(read("shopify", refunded(itself)))


@pytest.mark.parametrize(("granularity", "item"), [("parent", "43"), ("variant", "431")])
@pytest.mark.parametrize("said", ["product_id", "variant_id"])
def test_what_a_refund_leaves_out_of_a_line_is_as_it_was_bought(
    said: str, granularity: Any, item: str
) -> None:
    """Else what came back would be an item that nobody ordered."""
    line = {"line_item_id": 6, "line_item": {said: SHADE[said]}, "quantity": 1}
    became = read("shopify", refunded(line), Settings(intake_items=granularity))

    assert [(item, 1)] == came_back(became)


def test_a_line_that_is_of_another_variant_is_not_made_up_for_by_the_bought_one() -> None:
    """The product of one is nothing that is known of the other."""
    other = {"line_item_id": 6, "line_item": {"variant_id": 421}, "quantity": 1}

    assert [("421", 1)] == came_back(read("shopify", refunded(other)))


def test_of_lines_that_nobody_knows_what_is_known_comes_back() -> None:
    """The other is told, with its place."""
    became = read(
        "shopify",
        refunded({"line_item_id": 99, "quantity": 1}, {"line_item_id": 5, "quantity": 1}),
    )

    assert [("42", 1)] == came_back(became)
    assert [("refunds.0.refund_line_items.0", "no_item_id")] == [
        (one.place, one.reason) for one in became.rejections
    ]


@pytest.mark.parametrize("unnumbered", [{}, {"line_item_id": None}, {"line_item_id": 99}])
def test_a_refund_of_which_no_line_is_known_brings_nothing_back(unnumbered: Any) -> None:
    """Least of all the whole order, or a line that has no number either."""
    order = refunded({"quantity": 1} | unnumbered)
    order["line_items"].append({"product_id": 44, "quantity": 1})
    became = read("shopify", order)

    assert ["order_placed"] == types(became)
    assert ["no_item_id", "invalid_event"] == [one.reason for one in became.rejections]


@pytest.mark.parametrize("items", [{}, {"items": []}, {"items": None}])
def test_a_refund_without_items_and_value_is_of_the_whole_order(items: Any) -> None:
    """As GA4 has it."""
    for value in ({}, {"value": None}, {"value": ""}):
        refund = only(read("ga4", protocol(hit("refund", transaction_id="o-7", **items, **value))))

        assert ("order_returned", "o-7", None) == (refund.type, refund.order_id, refund.lines)


@pytest.mark.parametrize("name", ["refund", "purchase"])
@pytest.mark.parametrize("items", [{}, {"items": []}])
def test_a_refund_of_an_amount_without_items_is_of_the_whole_order(name: str, items: Any) -> None:
    """So GA4 defines a full refund: number, currency and value; a part names its items."""
    value = -50.0 if name == "purchase" else 50.0
    refund = only(read("ga4", protocol(hit(name, transaction_id="o-7", value=value, **items))))

    assert ("order_returned", "o-7", None) == (refund.type, refund.order_id, refund.lines)


def test_a_refund_with_items_is_of_them_whatever_its_value() -> None:
    """Of the value nothing is read."""
    hits = hit("refund", transaction_id="o-7", value=99, items=[tea(quantity=1)])

    assert [("tea", 1)] == [
        (line.item_id, line.quantity) for line in only(read("ga4", protocol(hits))).lines
    ]


@pytest.mark.parametrize("more", [{}, {"status": "refunded"}, {"status": "cancelled"}])
def test_a_vendors_part_of_an_order_is_no_order(more: dict[str, Any]) -> None:
    """It repeats what its parent has, and would count it twice; 0 is no parent."""
    part, whole = woo_order(id=813, parent_id=812, **more), woo_order(parent_id=0)
    became = read("woocommerce", part, x_wc_webhook_topic="order.created")

    assert ((), {SUB_ORDER: 1}) == (became.events, became.ignored)
    assert ["order_placed"] == types(read("woocommerce", whole))
