"""Bodies that are legal and odd: what is said around a message, not said, or said twice."""

import json
from typing import Any

import pytest

from streams.contract.events import ShopperForgotten
from streams.contract.settings import Settings
from streams.storefront.intake.adapters import adapters
from streams.storefront.intake.drafts import Intake
from tests.storefront.intake.samples import (
    VARIANT,
    cart,
    cloud_event,
    export_row,
    hit,
    matomo,
    pixel,
    protocol,
    shop_line,
    tea,
    track,
    woo_order,
)
from tests.storefront.intake.test_cases import only, read
from tests.stories import Story, Till

EUR = Settings(intake_currency="EUR")
DENIED = {"consent": {"categoryPreferences": {"Advertising": False}}}
GRANTED = {"consent": {"categoryPreferences": {"Advertising": True}}}


def redaction(month: int) -> Any:
    """What Shopify sends when a customer wants to be forgotten."""
    body = {"shop_id": 1, "customer": {"id": 98765}, "orders_to_redact": []}
    at = f"2026-0{month}-02T12:00:00Z"
    headers = {"x_shopify_topic": "customers/redact", "x_shopify_triggered_at": at}
    return only(read("shopify", body, **headers))


def test_whoever_asks_to_be_forgotten_twice_is_forgotten_twice() -> None:
    """The second time in a session of the same name, months later; told again it is one event."""
    till, ann = Till(), Story("ann's", shopper_id="98765", schema_version=2)
    first, second = redaction(1), redaction(3)
    till.serve(ann.order("kettle"))
    till.serve(first)
    till.serve(ann.order("vase", after_s=45 * 86_400))
    till.serve(second)

    assert isinstance(first, ShopperForgotten)
    assert set() == till.shop.learned.repeats.bought_since("98765", 0)
    assert redaction(3).event_id == second.event_id != first.event_id


def test_a_request_to_be_forgotten_leaves_no_name_behind() -> None:
    """Neither in the session that it is told in, nor in anything that is kept of it."""
    till, forgotten = Till(), redaction(1)
    till.serve(Story("ann's", shopper_id="98765", schema_version=2).order("kettle"))
    till.serve(forgotten)

    assert "98765" not in forgotten.session_id + forgotten.event_id
    assert "98765" not in json.dumps(till.shop.state())


@pytest.mark.parametrize(
    ("own", "around", "consent"),
    [
        ({}, DENIED, False),
        (GRANTED, DENIED, False),
        (DENIED, GRANTED, False),
        (GRANTED, {}, True),
        ({}, GRANTED, True),
        ({}, {}, None),
    ],
)
def test_a_denial_around_a_batch_is_one_of_each_message(
    own: Any, around: Any, consent: bool | None
) -> None:
    """One no is a no, wherever it is said; then nobody is named."""
    message = track("Product Added", {"product_id": "tea"}, userId="ann", context=own)
    event = only(read("segment", {"batch": [message], "context": around}))

    assert (consent, consent is False) == (event.consent, event.shopper_id is None)


def test_a_robot_that_is_named_around_a_batch_is_one() -> None:
    """As it is in each message of it."""
    message = track("Product Added", {"product_id": "tea"})
    became = read("segment", {"batch": [message], "context": {"userAgent": "Googlebot/2.1"}})

    assert ((), {"robot": 1}) == (became.events, dict(became.ignored))


@pytest.mark.parametrize("currency", ["HRK", "BTC", "PTS"])
def test_an_amount_of_no_currency_of_ours_is_none_in_another_one(currency: str) -> None:
    """A hundred kuna are no hundred euros, whatever is set for those that name none."""
    order = hit("purchase", currency=currency, transaction_id="T1", items=[tea(price=100)])
    became = only(read("ga4", protocol(order), Settings(intake_currency="EUR")))

    assert (None, None) == (became.lines[0].price_minor, became.currency)


@pytest.mark.parametrize("blank", [None, "", "(not set)"])
def test_an_amount_that_names_no_currency_has_the_one_that_is_set(blank: str | None) -> None:
    """Which is what the setting is for."""
    order = hit("purchase", currency=blank, transaction_id="T1", items=[tea(price=100)])
    became = only(read("ga4", protocol(order), Settings(intake_currency="EUR")))

    assert (10_000, "EUR") == (became.lines[0].price_minor, became.currency)


@pytest.mark.parametrize("line", [{"quantity": 2.0}, {"category": ""}, {"price_minor": None}])
def test_our_own_event_in_a_cloud_event_is_mended_as_it_is_alone(line: Any) -> None:
    """2.0 pieces are 2, and an optional field that is empty is none."""
    order = {"order_id": "o", "lines": [{"item_id": "tea", **line}]}
    became = only(read("cloudevents", cloud_event("order_placed", order)))

    assert line.get("quantity", 1) == became.lines[0].quantity


def kinds(became: Intake) -> list[str]:
    """The events, by type."""
    return [event.type for event in became.events]


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        ({"payment_method": "stripe"}, []),
        ({"payment_method": "bacs"}, ["order_placed", "order_cancelled"]),
        ({"payment_method": "cod"}, ["order_placed", "order_cancelled"]),
        ({"transaction_id": "ch_1"}, ["order_placed", "order_cancelled"]),
        ({"date_paid_gmt": "2026-01-01T12:00:40"}, ["order_placed", "order_cancelled"]),
    ],
)
def test_an_order_that_nobody_paid_is_not_placed_by_being_cancelled(
    paid: Any, expected: list[str]
) -> None:
    """It did not empty the basket, and nothing was bought."""
    order = woo_order() | {"status": "cancelled", "payment_method": "", "transaction_id": ""}
    order |= {"date_paid_gmt": None, "date_paid": None}

    assert expected == kinds(read("woocommerce", order | paid, x_wc_webhook_topic="order.updated"))


UNPAID = {"payment_method": "stripe", "transaction_id": "", "date_paid_gmt": None}
PAID = UNPAID | {"transaction_id": "ch_1", "date_paid_gmt": "2026-01-01T12:00:40"}


PAID_BY_THE_SHOPS_CLOCK = {"date_paid": "2026-01-01T13:00:40"}


@pytest.mark.parametrize("paid", [PAID, PAID_BY_THE_SHOPS_CLOCK])
@pytest.mark.parametrize("headers", [{}, {"x_wc_webhook_topic": "order.updated"}])
@pytest.mark.parametrize("status", ["shipped", "wc-shipped", "partially-paid", "versandt ✓"])
def test_an_order_of_a_status_that_the_shop_has_made_up_counts_by_its_payment(
    status: str, headers: dict[str, str], paid: Any
) -> None:
    """From a file, and by webhook: nobody but the shop knows what such a status means."""
    became = read("woocommerce", woo_order(status=status, **UNPAID | paid), **headers)

    assert (["order_placed"], {}) == (kinds(became), became.ignored)


@pytest.mark.parametrize(
    "unsaid",
    [
        UNPAID,
        {},
        {"payment_method": "bacs", "date_paid": None},
        {"payment_method": "cod"},
        {"transaction_id": "ch_1", "date_paid": None, "date_paid_gmt": None},
        {"transaction_id": "0"},
    ],
)
@pytest.mark.parametrize("status", ["quote", "payment-failed", "cancelled-by-shop"])
def test_an_order_of_such_a_status_that_nobody_has_paid_is_none_yet(
    status: str, unsaid: Any
) -> None:
    """Nor is one that awaits its money: it may be an offer, or off, and nothing would undo it."""
    became = read("woocommerce", woo_order(status=status, **unsaid))

    assert ([], {f"order that is {status}, unpaid": 1}) == (kinds(became), became.ignored)


def test_a_transaction_of_number_0_is_none() -> None:
    """Some ways to pay write it where there is no transaction."""
    order = woo_order(status="on-hold", **UNPAID | {"transaction_id": "0"})

    assert [] == kinds(read("woocommerce", order))


def test_what_has_counted_goes_on_counting_in_such_a_status() -> None:
    """Cash on delivery counts while it is processed; `shipped` then says nothing new."""
    cod = UNPAID | {"payment_method": "cod"}
    first, then = (
        read("woocommerce", woo_order(status=one, **cod)) for one in ("processing", "shipped")
    )

    assert (["order_placed"], []) == (kinds(first), kinds(then))


@pytest.mark.parametrize("status", ["pending", "checkout-draft", "trash", "wc-pending"])
def test_an_order_of_a_status_of_woocommerce_is_what_it_was_whatever_was_paid(status: str) -> None:
    """Its own statuses say all that has to be known."""
    assert [] == kinds(read("woocommerce", woo_order(status=status, **PAID)))


def test_an_order_counts_once_whatever_status_it_comes_by_and_is_off_once_it_is_cancelled() -> None:
    """It is one by its number: processing, shipped by the shop's own word, completed."""
    steps = ("processing", "shipped", "completed", "shipped")
    told = [read("woocommerce", woo_order(status=one, **PAID)) for one in steps]
    off = read("woocommerce", woo_order(status="wc-cancelled", **PAID))
    till = Till()
    for became in told:
        for event in became.events:
            till.serve(event)
    (order,) = {event.event_id for became in told for event in became.events}
    placed = till.shop._sessions(0).orders.get("812")

    assert "order-812" == order
    assert placed is not None
    assert [(2, True)] == [(line.quantity, line.stands) for line in placed.lines.values()]
    assert ["order_placed", "order_cancelled"] == kinds(off)


@pytest.mark.parametrize("more", ["ping=1", "e_c=video&e_a=play", "link=https://x.example"])
def test_what_a_page_of_a_product_does_later_is_no_other_view_of_it(more: str) -> None:
    """Matomo's page sends its product along with whatever it tells."""
    query = f"idsite=1&rec=1&_id=0123456789abcdef&_pks=tea&{more}"
    became = adapters()["matomo"].read(query.encode(), {}, Settings(), received_at_ms=None)

    assert ((), ()) == (became.events, became.rejections)
    assert {"ping, link, download or event": 1} == dict(became.ignored)


def test_an_order_that_is_not_set_does_not_hide_the_one_that_is() -> None:
    """GA4's export has it in two places."""
    not_set = {"transaction_id": "(not set)"}
    row = export_row() | {"event_name": "refund", "ecommerce": not_set, "items": []}
    row["event_params"] = [
        *row["event_params"],
        {"key": "transaction_id", "value": {"string_value": "T1"}},
    ]

    assert "T1" == only(read("ga4", row)).order_id


def test_no_personal_advertisements_is_a_no() -> None:
    """As the Measurement Protocol said it before it had `consent`."""
    body = protocol(hit("view_item", items=[tea()]), non_personalized_ads=True)
    event = only(read("ga4", body))

    assert (False, None) == (event.consent, event.shopper_id)


@pytest.mark.parametrize("said", [-5, "-6", -1.5e15])
def test_a_time_before_all_clocks_is_none(said: Any) -> None:
    """Zero is a clock that is not set; nobody's goes back beyond it."""
    became = read("ga4", protocol(hit("begin_checkout"), timestamp_micros=said))

    assert ["no_time"] == [one.reason for one in became.rejections]
    assert () == became.events


ONE = {"id": "tea", "sku": "tea-100g", "price": 2.49, "quantity": 2}


@pytest.mark.parametrize("number", ["id", "orderId", "order_id"])
@pytest.mark.parametrize("product", ["id", "productId", "product_id"])
def test_an_order_of_segments_version_1_is_an_order(number: str, product: str) -> None:
    """By its own names of fields."""
    line = {product if name == "id" else name: value for name, value in ONE.items()}
    about = {number: "o-7", "currency": "EUR", "products": [line]}
    order = only(read("segment", track("Completed Order", about)))

    assert ("order_placed", "o-7", "order-o-7") == (order.type, order.order_id, order.event_id)
    assert [("tea", 2, 249)] == [
        (one.item_id, one.quantity, one.price_minor) for one in order.lines
    ]


@pytest.mark.parametrize("name", ["Viewed Product", "Added Product", "Removed Product"])
def test_an_item_of_segments_version_1_is_that_item(name: str) -> None:
    """Its `id` is the product's."""
    assert "tea" == only(read("segment", track(name, ONE))).item_id


def test_an_id_of_version_2_is_no_products() -> None:
    """It may be a row's."""
    assert "tea-100g" == only(read("segment", track("Product Added", ONE))).item_id
    about = {"id": "row-1", "orderId": "o-7", "products": [ONE | {"productId": "tea"}]}
    order = only(read("segment", track("Order Completed", about, anonymousId=None, userId=None)))
    assert ("o-7", "o-7", "tea") == (order.order_id, order.session_id, order.lines[0].item_id)


@pytest.mark.parametrize("number", ["id", "orderId", "order_id"])
def test_an_order_of_a_server_is_a_session_of_its_own(number: str) -> None:
    """Where nobody says whose it is."""
    about = {number: "o-7", "products": [ONE]}
    nobodys = track("Completed Order", about, anonymousId=None, userId=None)

    assert "o-7" == only(read("segment", nobodys)).session_id


@pytest.mark.parametrize("name", ["Viewed Product", "Added Product", "Removed Product"])
@pytest.mark.parametrize(
    "who", [{}, {"userId": None}, {"userId": "ann", "context": DENIED}], ids=["", "out", "denied"]
)
def test_nobody_is_in_a_session_that_is_named_after_a_product(name: str, who: Any) -> None:
    """Under `id` version 1 has the product: all who look at it would be one visit."""
    message = {"type": "track", "event": name, "messageId": "m", "timestamp": "2026-01-01T12:00Z"}
    became = read("segment", message | {"properties": {"id": "tea"}} | who)

    assert ((), ["no_session"]) == (became.events, [one.reason for one in became.rejections])


def test_an_order_of_version_1_stands_in_for_its_session() -> None:
    """There `id` is the order's."""
    about = {"id": "o-7", "products": [{"id": "tea"}]}
    event = only(read("segment", track("Completed Order", about, anonymousId=None, userId=None)))

    assert ("o-7", "o-7", "tea") == (event.session_id, event.order_id, event.lines[0].item_id)


@pytest.mark.parametrize(
    ("quantity", "pieces", "minor"),
    [(0.5, 1, 1000), (1.5, 2, 1500), ("0,25", 1, 500), (2, 2, 2000)],
)
def test_an_add_of_parts_costs_what_a_cart_of_them_does(
    quantity: Any, pieces: int, minor: int
) -> None:
    """Half a kilogram at 20.00 is one piece of 10.00 in both."""
    items = [tea(quantity=quantity, price=20)]
    added = only(read("ga4", protocol(hit("add_to_cart", items=items))))
    viewed = only(read("ga4", protocol(hit("view_cart", items=items))))

    (line,) = viewed.lines
    assert (pieces, minor) == (added.quantity, added.price_minor)
    assert (pieces, minor) == (line.quantity, line.price_minor)


def test_what_is_viewed_costs_what_one_of_it_does() -> None:
    """However much of it is meant."""
    viewed = hit("view_item", items=[tea(quantity=0.5, price=20)])

    assert only(read("ga4", protocol(viewed))).price_minor == 2000


def test_a_cart_that_lists_discounts_in_words_of_its_own_has_prices() -> None:
    """They are objects there, and off `line_price` where that is told."""
    line = shop_line(discounts=[{"amount": "20.00"}])
    became = read("shopify", cart(line), Settings(intake_currency="EUR"))

    assert (24_990, ()) == (only(became).lines[0].price_minor, became.rejections)


@pytest.mark.parametrize("given", [[{}], [{}, {"amount": {"amount": 20}}], [None]])
def test_a_discount_that_says_nothing_leaves_the_price_that_is_paid(given: list[Any]) -> None:
    """Without that one nobody knows what the line cost."""
    line = {"variant": VARIANT, "quantity": 1, "discountAllocations": given}
    paid = line | {"finalLinePrice": {"amount": 229.9, "currencyCode": "EUR"}}
    checkouts = [{"token": "c", "lineItems": [one]} for one in (paid, line)]
    became = [
        read("shopify-pixel", pixel("checkout_completed", {"checkout": one})) for one in checkouts
    ]
    prices = [one.events[0].model_dump()["lines"][0]["price_minor"] for one in became]

    assert ([22_990, None], [0, 1]) == (prices, [len(one.rejections) for one in became])


def test_a_quantity_that_is_none_is_told_what_would_be_one() -> None:
    """A part of one would."""
    (wrong, *_) = read("ga4", protocol(hit("add_to_cart", items=[tea(quantity=0)]))).rejections

    assert wrong.message.startswith("its quantity is none above 0 and up to ")


def test_a_list_that_php_wrote_as_an_object_is_a_list() -> None:
    """`json_encode` does so where a row was taken out; its keys are numbers."""
    tea, cup = ({"product_id": one, "price": 3, "quantity": 1} for one in ("tea", "cup"))
    about = {"order_id": "o-1", "currency": "EUR"}
    placed = read("segment", track("Order Completed", about | {"products": {"0": tea, "2": cup}}))
    basket = read("segment", track("Cart Viewed", about | {"products": {"1": tea}}))

    assert ["tea", "cup"] == [line.item_id for line in only(placed).lines]
    assert ["tea"] == [line.item_id for line in only(basket).lines]


@pytest.mark.parametrize("encoded", [json.dumps, dict])
def test_lists_of_matomo_that_php_wrote_as_objects_are_lists(encoded: Any) -> None:
    """The items, the columns of one of them, of which some are left out, and its categories."""
    columns = {"0": "cup", "2": {"1": "kitchen"}, "3": "2.50", "4": "-2"}
    items = encoded({"0": ["tea", "Tea", [], 10, 3], "2": columns})
    said = {"idgoal": 0, "ec_items": items}
    became = [
        read("matomo", matomo(**said), EUR),
        read("matomo", matomo(**said, ec_id="o-1", revenue=35), EUR),
        read("matomo", matomo(**said, ec_id="o-1", revenue=-35), EUR),
    ]

    for one in became:
        assert [("tea", 3, 1000, None), ("cup", 2, 250, "kitchen")] == [
            (line.item_id, line.quantity, line.price_minor, line.category)
            for line in only(one).lines
        ]


def test_an_order_without_items_is_refused_in_words_of_json() -> None:
    """A list, and no tuple."""
    (wrong,) = read("segment", track("Order Completed", {"order_id": "o-1"})).rejections

    assert "lines: List should have at least 1 item, not 0" == wrong.message


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"product_id": True}, "its product_id is no text or number that is an id"),
        ({"name": "Tea"}, "it has none of product_id, productId, sku"),
        ({"product_id": "tea", "quantity": 0}, "its quantity is none above 0"),
        ({"product_id": "t" * 129}, "its id is longer than 128 characters"),
    ],
)
def test_an_order_of_unusable_items_names_the_first_and_why(line: Any, why: str) -> None:
    """It did send items; another order's are not named for it."""
    about = {"order_id": "o-1", "products": [line, {}]}
    lost, empty = track("Order Completed", about), track("Order Completed", {"order_id": "o-2"})
    became = read("segment", {"batch": [lost, empty]})
    of_order, of_empty = [one for one in became.rejections if one.reason == "invalid_event"]

    assert of_order.message.startswith(
        f"lines: none can be used; batch.0.properties.products.0: {why}"
    )
    assert "lines: List should have at least 1 item, not 0" == of_empty.message
