"""Shopify's webhooks: ids, discounts and currencies in the forms that they come in."""

import pytest

from streams.contract.settings import Settings
from tests.storefront.intake.samples import NOON, cart, shop_line, shop_order
from tests.storefront.intake.test_cases import only, read

CREATED = {"x_shopify_topic": "orders/create"}


def test_an_id_of_its_graph_is_the_bare_id() -> None:
    """In customers, products, variants, and in who is to be forgotten."""
    gid = "gid://shopify/{}/7".format
    line = shop_line(product_id=gid("Product"), variant_id=gid("ProductVariant"))
    order = only(
        read("shopify", shop_order(customer={"id": gid("Customer")}, line_items=[line]), **CREATED)
    )
    body = {"customer": {"id": gid("Customer")}, "orders_to_redact": []}
    headers = {"x_shopify_topic": "customers/redact", "x_shopify_triggered_at": NOON}

    assert ("7", "7") == (order.shopper_id, order.lines[0].item_id)
    assert "7" == only(read("shopify", body, **headers)).shopper_id


@pytest.mark.parametrize(
    ("allocated", "price"), [({}, 900), ({"discount_allocations": []}, 900), (None, 800)]
)
def test_a_discount_of_a_line_is_taken_off_once(
    allocated: dict[str, object] | None, price: int
) -> None:
    """By what is allocated to the line, else by its own total."""
    more = {"discount_allocations": [{"amount": "2.00"}]} if allocated is None else allocated
    line = shop_line(price="10.00", total_discount="1.00", **more)
    order = only(read("shopify", shop_order(line_items=[line]), **CREATED))

    assert price == order.lines[0].price_minor


def test_a_cart_has_the_currency_of_its_lines() -> None:
    """Before the one that is set."""
    money = {"shop_money": {"amount": "10.00", "currency_code": "CHF"}}
    body = cart(shop_line(price="10.00", line_price="10.00", price_set=money))
    read_as = Settings(intake_currency="EUR")
    basket = only(read("shopify", body, read_as, x_shopify_topic="carts/update"))

    assert ("CHF", 1000) == (basket.currency, basket.lines[0].price_minor)
