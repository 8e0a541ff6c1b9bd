"""What real senders do, by the public reports of those who had to read it."""

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.contract.events import Event, ItemAdded, OrderPlaced, decode, encode
from streams.contract.settings import Settings
from streams.storefront.intake.adapters import adapters
from streams.storefront.intake.drafts import Intake
from tests.storefront.intake.samples import (
    BREAD,
    CHECKOUT,
    MUG,
    NOON,
    NOON_MS,
    ORDER,
    SHOPPER,
    SOAP,
    VARIANT,
    cart,
    cloud_event,
    ec_items,
    enriched,
    enriched_line,
    export_row,
    hit,
    matomo,
    pixel,
    protocol,
    shop_line,
    shop_order,
    shop_refund,
    tea,
    track,
    woo_line,
    woo_order,
)
from tests.stories import Till

HOUR_MS = 3_600_000
SNOWPLOW = "com.snowplowanalytics.snowplow.ecommerce"


def read(source: str, body: Any, settings: Settings | None = None, /, **headers: str) -> Intake:
    """What becomes of a record of JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return adapters()[source].read(json.dumps(body).encode(), named, settings or Settings())


def only(became: Intake) -> Any:
    """The one event that a record became."""
    assert became.rejections == ()
    (event,) = became.events
    return event


def types(became: Intake) -> list[str]:
    """The types of the events that a record became."""
    return [event.type for event in became.events]


def identities(*records: Intake) -> set[str]:
    """What tells the events of these records apart."""
    return {event.identity for became in records for event in became.events}


# GA4


def test_an_item_without_an_id_is_reported_and_the_others_are_kept() -> None:
    """Each under the number that it had: what is mended later does not move the others."""
    items = [tea(), {"item_name": "no id"}, tea(item_id="mug")]
    became = read("ga4", protocol(hit("add_to_cart", items=items)))

    assert [event.item_id for event in became.events if isinstance(event, ItemAdded)] == [
        "tea",
        "mug",
    ]
    assert [event.event_id[-2:] for event in became.events[1:]] == ["#2"]
    assert [(one.place, one.reason) for one in became.rejections] == [
        ("events.0.items.1", "no_item_id")
    ]


@pytest.mark.parametrize(("said", "item"), [(0, "0"), ("0 ", "0"), (44600062.0, "44600062")])
def test_a_number_is_an_items_id(said: Any, item: str) -> None:
    """Zero, too."""
    assert (
        only(read("ga4", protocol(hit("add_to_cart", items=[tea(item_id=said)])))).item_id == item
    )


@pytest.mark.parametrize("unit", [1, 1000])
def test_times_are_known_by_their_size(unit: int) -> None:
    """Microseconds as the protocol has them, or milliseconds as some send them."""
    body = protocol(hit("begin_checkout"), timestamp_micros=(NOON_MS + 5) * unit)

    assert only(read("ga4", body)).occurred_at_ms == NOON_MS + 5


@pytest.mark.parametrize(
    ("price", "currency", "minor"),
    [
        ("249.90", "EUR", 24990),
        (249.9, "eur", 24990),
        (250, "JPY", 250),
        ("1.234", "KWD", 1234),
        (1.2344, "KWD", 1234),
        ("2,49", "EUR", 249),
        (0, "EUR", 0),
        (33.335, "EUR", 3334),
    ],
)
def test_prices_are_in_minor_units_of_their_currency(price: Any, currency: str, minor: int) -> None:
    """By the decimals that ISO 4217 gives it."""
    event = only(
        read("ga4", protocol(hit("view_item", items=[tea(price=price)], currency=currency)))
    )

    assert (event.price_minor, event.currency) == (minor, currency.upper())


@pytest.mark.parametrize("price", ["1,249", "free", -1, True, "1e999", {}, "9" * 500])
def test_a_price_that_is_none_is_reported_and_the_item_kept(price: Any) -> None:
    """A price is of use, an item without one as well."""
    became = read("ga4", protocol(hit("view_item", items=[tea(price=price)])))

    assert [event.model_dump().get("price_minor") for event in became.events] == [None]
    assert [(one.place, one.reason) for one in became.rejections] == [
        ("events.0.items.0.price", "price")
    ]


def test_a_price_without_a_currency_is_left_out_unless_one_is_set() -> None:
    """Nobody can tell what it is in minor units; it is counted."""
    body = protocol({"name": "view_item", "params": {"items": [tea()], "session_id": 7}})
    without = read("ga4", body)

    assert only(without).price_minor is None
    assert without.ignored == {"price without a currency that is known": 1}
    assert only(read("ga4", body, Settings(intake_currency="KWD"))).price_minor == 2490


def test_not_set_is_nothing() -> None:
    """GA4 writes so where it has nothing."""
    nothing = "(not set)"
    body = protocol(
        hit("view_item", items=[tea(item_category=nothing)]),
        hit("add_to_cart", items=[tea(item_id=nothing)]),
        user_id=nothing,
    )
    became = read("ga4", body)

    (viewed,) = became.events
    assert (viewed.category, viewed.shopper_id) == (None, None)  # type: ignore[union-attr]
    assert [one.reason for one in became.rejections] == ["no_item_id", "no_items"]


def test_a_batch_of_25_keeps_its_order_and_its_ids_when_it_is_sent_again() -> None:
    """Also where several of its events are alike in everything."""
    hits = [hit("add_to_cart", items=[tea(item_id=f"i-{number % 20}")]) for number in range(25)]
    first, again = read("ga4", protocol(*hits)), read("ga4", protocol(*hits))

    assert [event.item_id for event in first.events if isinstance(event, ItemAdded)] == [
        f"i-{number % 20}" for number in range(25)
    ]
    assert len(identities(first)) == 25
    assert first == again


def test_what_is_of_no_use_is_ignored_and_counted() -> None:
    """Under the source's own name for it."""
    became = read("ga4", protocol(*[hit("page_view")] * 3, hit("x" * 100)))

    assert became == Intake((), (), {"page_view": 3, "x" * 64: 1})


def test_a_receipt_comes_back_as_it_was() -> None:
    """Through GA4 and Segment; with or without padding it opens."""
    body = hit("add_to_cart", items=[tea()], goeswith_receipt="2.abc-_")
    shown = hit("prompt_shown", goeswith_receipt="2.abc-_")
    added = track("Product Added", BREAD | {"goeswith_receipt": "2.abc-_"})

    assert [event.receipt for event in read("ga4", protocol(body, shown)).events] == ["2.abc-_"] * 2  # type: ignore[union-attr]
    assert only(read("segment", added)).receipt == "2.abc-_"


def test_a_session_number_is_no_session_without_its_client() -> None:
    """It is a time: two visits that began in one second would be one."""
    became = read("ga4", protocol(hit("view_item", items=[tea()]), client_id=None, user_id=None))

    assert [one.reason for one in became.rejections] == ["no_session"]


def test_a_row_that_is_exported_twice_is_one_event() -> None:
    """Within the day and after it, when Google knows more about it."""
    later = export_row() | {"geo": {"country": "France"}, "is_active_user": True}
    other = export_row() | {"batch_event_index": "2"}

    assert len(identities(read("ga4", export_row()), read("ga4", later))) == 1
    assert len(identities(read("ga4", export_row()), read("ga4", other))) == 2


def gtag(name: str, **more: Any) -> list[Any]:
    """A command of a page's, which says no time."""
    return ["event", name, {"client_id": "11.22", "session_id": 77, "items": [tea()], **more}]


def test_what_is_put_in_taken_out_and_put_in_again_is_three_events() -> None:
    """In one list, which has an order; and in a log, which knows when it got each of them."""
    commands = [gtag("add_to_cart"), gtag("remove_from_cart"), gtag("add_to_cart")]

    def logged() -> list[Intake]:
        adapter, settings = adapters()["ga4"], Settings()
        at_ms = [NOON_MS + second * 1000 for second in range(3)]
        return [
            adapter.read(json.dumps(one).encode(), {}, settings, received_at_ms=ms, logged_at_ms=ms)
            for one, ms in zip(commands, at_ms, strict=True)
        ]

    def listed() -> Intake:
        body = json.dumps(commands).encode()
        return adapters()["ga4"].read(body, {}, Settings(), received_at_ms=NOON_MS)

    till = Till()
    for became in logged():
        till.serve(only(became))
    (session,) = till.shop._sessions(0)
    assert len(identities(listed())) == len(identities(*logged())) == 3
    assert (listed(), logged()) == (listed(), logged())
    assert types(listed()) == ["item_added", "item_removed", "item_added"]
    assert session.basket == {"tea": 2}


def test_what_says_its_time_has_the_id_that_it_had_wherever_it_is_read() -> None:
    """In a log as over HTTP, and in a copy of that log with other times."""
    body = json.dumps(protocol(hit("add_to_cart", items=[tea()]))).encode()
    records = [
        adapters()["ga4"].read(body, {}, Settings(), logged_at_ms=at_ms)
        for at_ms in (None, NOON_MS, NOON_MS + 1)
    ]

    assert len(identities(*records)) == 1


@pytest.mark.parametrize(
    ("source", "browser", "yes", "no"),
    [
        (
            "ga4",
            "11.22",
            protocol(hit("view_item", items=[tea()])),
            {"consent": {"ad_user_data": "DENIED"}},
        ),
        (
            "segment",
            "browser-1",
            track("Checkout Started", {}),
            {"context": {"consent": {"categoryPreferences": {"Advertising": False}}}},
        ),
        (
            "segment",
            "browser-1",
            track("Checkout Started", {}, context={"sessionId": 5}),
            {"context": {"sessionId": 5, "consent": {"categoryPreferences": {"A": False}}}},
        ),
        (
            "shopify-pixel",
            "browser-1",
            pixel("product_viewed", {"productVariant": VARIANT}),
            {"customerPrivacy": {"preferencesProcessingAllowed": False}},
        ),
    ],
)
def test_a_denial_is_of_the_session_that_it_is_about_and_names_no_browser(
    source: str, browser: str, yes: dict[str, Any], no: dict[str, Any]
) -> None:
    """So a session that is named after its browser goes by a hash, before and after."""
    allowed, denied = only(read(source, yes)), only(read(source, yes | no))

    assert allowed.session_id == denied.session_id
    assert browser not in encode(denied).decode()
    assert (denied.consent, denied.visitor_id, allowed.visitor_id) == (False, None, browser)


def test_gtags_consent_is_that_of_the_events_behind_it() -> None:
    """As a list or as the object of its arguments, until an update; a hit's own no stays one."""
    who = {"client_id": "11.22", "user_id": SHOPPER, "timestamp_micros": NOON_MS * 1000}
    names = ("ad_personalization", "ad_user_data")
    yes, no = (dict.fromkeys(names, said) for said in ("granted", "denied"))
    no_of_its_own = {"consent": {"ad_user_data": "DENIED"}}
    body = [
        ["event", "begin_checkout", who],
        {"0": "consent", "1": "default", "2": no},
        ["consent", "default", yes],
        {"0": "event", "1": "begin_checkout", "2": who},
        ["consent", "update", yes],
        ["event", "begin_checkout", who],
        ["event", "begin_checkout", who | no_of_its_own],
    ]
    became = read("ga4", body)

    assert became.rejections == ()
    assert [event.consent for event in became.events] == [None, False, True, False]
    assert [event.shopper_id for event in became.events] == [SHOPPER, None, SHOPPER, None]


# Segment


@pytest.mark.parametrize("nobody", ["", "0", "null", "undefined", None, 0.0, "Guest"])
def test_a_user_who_is_nobody_is_nobody(nobody: Any) -> None:
    """Said, and not left open: whoever was signed in is so no more."""
    event = only(read("segment", track("Product Viewed", BREAD | {"price": None}, userId=nobody)))

    assert event.shopper_id is None
    assert event.says_who


def test_an_address_is_no_id_of_a_shopper() -> None:
    """It goes on as a hash: events hold pseudonyms."""
    event = only(read("segment", track("Checkout Started", {}, userId="Ann@example.org")))

    assert "@" not in encode(event).decode()
    assert event.shopper_id.startswith("address-")


def test_a_session_is_not_named_after_its_shopper() -> None:
    """An address, or the shopper's id: it goes by a hash, the same before and after a denial."""
    no = {"consent": {"categoryPreferences": {"Advertising": False}}}
    for name in ("ann@example.org", SHOPPER):
        body = track("Checkout Started", {}, anonymousId=name)
        allowed, denied = only(read("segment", body)), only(read("segment", body | {"context": no}))

        assert allowed.session_id == denied.session_id
        assert name not in denied.session_id
        assert "@" not in encode(allowed).decode()
        assert name not in encode(denied).decode()


def test_a_device_five_hours_ahead_is_set_right() -> None:
    """By us where the time of receipt is there; else by the broker, as `sent_at_ms` tells it."""
    ahead = {"originalTimestamp": NOON_MS + 5 * HOUR_MS, "sentAt": NOON_MS + 5 * HOUR_MS + 200}
    there = only(read("segment", track("Checkout Started", {}, **ahead, receivedAt=NOON)))
    later = only(read("segment", track("Checkout Started", {}, **ahead)))
    said = encode(later)
    folded = decode(later.session_id.encode(), said, timestamp_ms=NOON_MS, settings=Settings())

    assert there.occurred_at_ms == NOON_MS - 200
    assert folded.occurred_at_ms == NOON_MS - 200


def test_what_segment_has_set_right_is_not_set_right_twice() -> None:
    """`timestamp` is right already where `receivedAt` is there."""
    ahead = {"originalTimestamp": None, "sentAt": "2026-01-01T17:00:00Z"}
    event = only(
        read("segment", track("Checkout Started", {}, timestamp=NOON, receivedAt=NOON, **ahead))
    )

    assert (event.occurred_at_ms, event.sent_at_ms) == (NOON_MS, None)


def test_a_batch_that_was_held_back_keeps_its_order() -> None:
    """Half a minute in a telephone's queue: all are so much late, and in order."""
    names = ("Product Viewed", "Product Added", "Checkout Started")
    batch = [
        track(name, BREAD, originalTimestamp=NOON_MS + second * 1000, sentAt=None)
        for second, name in enumerate(names)
    ]
    became = read("segment", {"batch": batch, "sentAt": NOON_MS + 30_000})
    said = [(event.session_id.encode(), encode(event)) for event in became.events]
    folded = [decode(k, v, timestamp_ms=NOON_MS + 90_000, settings=Settings()) for k, v in said]

    assert types(became) == ["item_viewed", "item_added", "checkout_started"]
    assert [event.occurred_at_ms - NOON_MS for event in folded] == [60_000, 61_000, 62_000]


def test_without_consent_a_servers_order_has_no_session_of_its_shopper() -> None:
    """The order stands in; with consent it is the shopper's, under a hash."""
    no = {"consent": {"categoryPreferences": {"Advertising": False}}}
    order = track("Order Completed", ORDER, anonymousId=None)

    assert only(read("segment", order | {"context": no})).session_id == "o-7"
    assert only(read("segment", order)).session_id.startswith("shopper-")


def test_only_the_listed_categories_of_consent_count() -> None:
    """All of them, unless the shop lists those that are about history."""
    said = {"consent": {"categoryPreferences": {"Advertising": False, "Analytics": True}}}
    body = track("Checkout Started", {}, context=said)

    assert only(read("segment", body)).consent is False
    assert (
        only(read("segment", body, Settings(intake_consent_categories="Analytics"))).consent is True
    )
    assert only(read("segment", body, Settings(intake_consent_categories="Other"))).consent is None


# Snowplow


def test_one_id_of_two_events_is_two_and_of_one_event_sent_twice_is_one() -> None:
    """Times of collection differ between two copies; what they say does not."""
    red, blue = MUG | {"variant": "red"}, MUG | {"id": "cup"}
    once = read("snowplow", enriched("product_view", product=[red]))
    late = {"collector_tstamp": "2026-01-01 12:10:00", "etl_tstamp": "2026-01-01 12:11:00"}
    again = read("snowplow", enriched("product_view", product=[red]) | late)
    other = read("snowplow", enriched("product_view", product=[blue]))

    assert len(identities(once, again)) == 1
    assert len(identities(once, other)) == 2


def test_a_line_and_json_are_the_same_event() -> None:
    """But for the id that the samples give them."""
    line = adapters()["snowplow"].read(enriched_line("product_view", [MUG]), {}, Settings())
    as_json = read("snowplow", enriched("product_view", product=[MUG]))

    def said(became: Intake) -> dict[str, Any]:
        return only(became).model_dump(exclude={"event_id"})  # type: ignore[no-any-return]

    assert said(line) == said(as_json)


def test_each_field_of_a_line_is_read_from_the_place_that_snowplow_gives_it() -> None:
    """The agent, what an enrichment attached, and the time that the shop says is true."""
    product = {"schema": f"iglu:{SNOWPLOW}/product/jsonschema/1-0-0", "data": MUG}
    attached = {
        "derived_contexts": json.dumps({"data": [product]}),
        "true_tstamp": "2026-01-01 11:00:00.000",
    }

    def line(**fields: str) -> Intake:
        body = enriched_line("product_view", [], **fields)
        return adapters()["snowplow"].read(body, {}, Settings())

    event = only(line(**attached))
    assert (event.item_id, event.occurred_at_ms) == ("mug", NOON_MS - HOUR_MS)
    assert line(**attached, useragent="Googlebot/2.1") == Intake((), (), {"robot": 1})


# Shopify and WooCommerce


def test_an_order_is_one_however_often_and_in_whatever_order_it_is_told() -> None:
    """`orders/updated` before `orders/create`, and that twice."""
    updated = read("shopify", shop_order(note="x"), x_shopify_topic="orders/updated")
    created = read("shopify", shop_order(), x_shopify_topic="orders/create")

    assert len(identities(updated, created, created)) == 1


def test_pixel_and_webhook_tell_of_one_order() -> None:
    """Under one id in one session, which the theme wrote into the cart."""
    of_pixel = read("shopify-pixel", pixel("checkout_completed", {"checkout": CHECKOUT}))
    of_webhook = read("shopify", shop_order(), x_shopify_topic="orders/create")

    assert len(identities(of_pixel, of_webhook)) == 1
    till = Till()
    for became in (of_pixel, of_webhook):
        till.serve(only(became))
    visit = till.shop._sessions(0).find("visit-1")
    assert visit is not None
    assert list(visit.orders) == ["1001"]


def test_the_pixel_tells_the_session_that_the_theme_made() -> None:
    """On every page; at the checkout by the cart's attributes, whatever the cookie says by then."""
    viewed = pixel("product_viewed", {"productVariant": VARIANT}, session_id="visit-9")
    started = pixel("checkout_started", {"checkout": CHECKOUT}, session_id="visit-9")

    assert only(read("shopify-pixel", viewed)).session_id == "visit-9"
    assert only(read("shopify-pixel", started)).session_id == "visit-1"


def test_a_no_in_the_carts_attributes_is_a_no() -> None:
    """Whatever Shopify's own banner was told."""
    no = CHECKOUT | {"attributes": [{"key": "_goeswith_consent", "value": "no"}]}

    assert only(read("shopify-pixel", pixel("checkout_started", {"checkout": no}))).consent is False


def test_without_a_session_the_cart_joins() -> None:
    """Its webhooks and the order's are of one session."""
    of_cart = only(read("shopify", cart(shop_line()), x_shopify_topic="carts/update"))
    of_order = only(read("shopify", shop_order(note_attributes=[]), x_shopify_topic="orders/paid"))
    pixel_ = pixel("checkout_started", {"checkout": CHECKOUT | {"attributes": []}}, clientId=None)

    assert of_cart.session_id == of_order.session_id == "cart-1"
    assert only(read("shopify-pixel", pixel_)).session_id == "checkout-1"


@pytest.mark.parametrize(("granularity", "item"), [("parent", "42"), ("variant", "421")])
def test_items_are_of_one_granularity(granularity: Any, item: str) -> None:
    """In the pixel, which has global ids, and in webhooks, which have numbers."""
    settings = Settings(intake_items=granularity)
    viewed = read("shopify-pixel", pixel("product_viewed", {"productVariant": VARIANT}), settings)
    ordered = read("shopify", shop_order(), settings)

    assert only(viewed).item_id == item
    assert [line.item_id for line in only(ordered).lines] == [item]


@pytest.mark.parametrize(("granularity", "item"), [("parent", "31"), ("variant", "33")])
def test_woocommerce_variations_are_items_where_variants_are(granularity: Any, item: str) -> None:
    """0 is no variation."""
    settings = Settings(intake_items=granularity)
    lines = [woo_line(variation_id=33), woo_line(product_id=50)]
    order = only(read("woocommerce", woo_order(line_items=lines), settings))

    assert [line.item_id for line in order.lines] == [item, "50"]


@pytest.mark.parametrize("waited_for", [{"payment_method": "bacs"}, {"transaction_id": "tr-1"},
                                        {"date_paid_gmt": "2026-01-01T12:01:00"}])  # fmt: skip
def test_an_order_on_hold_whose_money_did_not_come_is_off(waited_for: dict[str, str]) -> None:
    """It counted while it was on hold; and nothing of it comes twice."""
    held = read("woocommerce", woo_order(status="on-hold", **waited_for))
    failed = read("woocommerce", woo_order(status="failed", **waited_for))
    till = Till()
    for became in (held, failed, failed):
        for event in became.events:
            till.serve(event)

    assert (types(held), types(failed)) == (["order_placed"], ["order_placed", "order_cancelled"])
    assert len(identities(held, failed)) == 2
    order = till.shop._sessions(0).orders.get("812")
    assert order is not None
    assert [line.stands for line in order.lines.values()] == [False]


def test_an_order_whose_card_was_declined_counts_once_it_is_paid() -> None:
    """It was none before, so nothing is taken back: the shopper tries again."""
    declined = {"payment_method": "stripe", "transaction_id": "", "date_paid_gmt": None}
    till = Till()
    for status in ("pending", "failed", "processing"):
        for event in read("woocommerce", woo_order(status=status, **declined)).events:
            till.serve(event)

    order = till.shop._sessions(0).orders.get("812")
    assert order is not None
    assert [line.stands for line in order.lines.values()] == [True]


@pytest.mark.parametrize("before", ["on-hold", "pending"])
def test_an_order_that_is_paid_after_it_was_cancelled_unpaid_counts(before: str) -> None:
    """The shop held the stock for an hour; the money came later. It never counted before."""
    unpaid = {"payment_method": "netopia", "transaction_id": "", "date_paid_gmt": None}
    paid = unpaid | {"transaction_id": "tr-1", "date_paid_gmt": "2026-01-01T14:00:00"}
    told = [read("woocommerce", woo_order(status=one, **unpaid)) for one in (before, "cancelled")]
    told.append(read("woocommerce", woo_order(status="processing", **paid)))
    till = Till()
    for became in told:
        for event in became.events:
            till.serve(event)

    assert [types(one) for one in told] == [[], [], ["order_placed"]]
    assert told[1].ignored == {"order that is cancelled, unpaid": 1}
    order = till.shop._sessions(0).orders.get("812")
    assert order is not None
    assert [line.stands for line in order.lines.values()] == [True]


def test_an_order_on_hold_that_was_tried_with_a_card_is_off_once_it_is_deleted() -> None:
    """Cancelled it looks like one that nobody paid, whose money may come yet."""
    transfer = {"payment_method": "bacs", "transaction_id": "", "date_paid_gmt": None}
    card = transfer | {"payment_method": "stripe"}
    steps = [("on-hold", transfer), ("failed", card), ("cancelled", card)]
    told = [read("woocommerce", woo_order(status=status, **paid)) for status, paid in steps]
    deleted = {"x-wc-webhook-topic": "order.deleted"}
    later_ms = NOON_MS + 3_600_000
    told.append(
        adapters()["woocommerce"].read({"id": 812}, deleted, Settings(), received_at_ms=later_ms)
    )
    till, stands = Till(), []
    for became in told:
        for event in became.events:
            till.serve(event)
        order = till.shop._sessions(0).orders.get("812")
        assert order is not None
        stands.append([line.stands for line in order.lines.values()])

    assert [types(one) for one in told] == [["order_placed"], [], [], ["order_cancelled"]]
    assert stands == [[True], [True], [True], [False]]


def test_an_order_that_was_paid_and_is_cancelled_is_off_wherever_it_came_from() -> None:
    """What was counted is taken back: by the time of its payment, which a shop keeps."""
    paid = {"payment_method": "netopia", "date_paid_gmt": "2026-01-01T14:00:00"}
    off = read("woocommerce", woo_order(status="cancelled", **paid))

    assert types(off) == ["order_placed", "order_cancelled"]


@pytest.mark.parametrize("status", ["pending", "failed", "checkout-draft", None])
def test_an_order_that_is_not_paid_is_none_yet(status: Any) -> None:
    """It comes again when it is."""
    became = read("woocommerce", woo_order(status=status), x_wc_webhook_topic="order.created")

    assert became == Intake((), (), {f"order that is {status}": 1})


def test_a_refund_of_a_part_is_counted_where_nobody_says_of_which() -> None:
    """WooCommerce tells the amount alone."""
    became = read("woocommerce", woo_order(refunds=[{"id": 9, "total": "-1.00"}]))

    assert types(became) == ["order_placed"]
    assert became.ignored == {"refund of a part, which does not say of which": 1}


def test_an_order_that_was_deleted_is_off() -> None:
    """The webhook has nothing but its number."""
    became = read("woocommerce", {"id": 812}, x_wc_webhook_topic="order.deleted")

    assert [one.reason for one in became.rejections] == ["no_time"]
    timed = adapters()["woocommerce"].read(
        {"id": 812}, {"x-wc-webhook-topic": "order.deleted"}, Settings(), received_at_ms=NOON_MS
    )
    assert types(timed) == ["order_cancelled"]


def test_a_refund_is_told_by_its_order_alone() -> None:
    """`refunds/create` knows no session: told there as well, it would be taken back twice."""
    alone = read("shopify", shop_refund(), x_shopify_topic="refunds/create")
    unnamed = read("shopify", shop_refund())
    refunded = shop_order(refunds=[shop_refund()])
    updated = read("shopify", refunded, x_shopify_topic="orders/updated")
    again = read("shopify", refunded, x_shopify_topic="orders/paid")

    assert alone == unnamed == Intake((), (), {"refunds/create": 1})
    assert types(updated) == ["order_placed", "order_returned"]
    assert len({(e.session_id, e.event_id) for e in (*updated.events, *again.events)}) == 2


def test_money_alone_brings_nothing_back() -> None:
    """A refund without lines is of shipping, or goodwill."""
    money = shop_order(refunds=[shop_refund(), shop_refund(id=91, refund_line_items=[])])
    became = read("shopify", money)

    assert types(became) == ["order_placed", "order_returned"]
    assert became.ignored == {"refund of money alone": 1}


def test_refunds_of_a_cancelled_order_are_not_taken_back_twice() -> None:
    """All of it is off already."""
    became = read("shopify", shop_order(cancelled_at=NOON, refunds=[shop_refund()]))

    assert types(became) == ["order_placed", "order_cancelled"]


@pytest.mark.parametrize(
    ("amounts", "minor"),
    [([], 24990), (["49.90"], 22495), (["49.90", 50], 19995), (["600"], 0)],
)
def test_a_price_is_what_was_paid_after_discounts(amounts: list[Any], minor: int) -> None:
    """Shopify gives them on a line as a whole, here one of two pieces."""
    given = [{"amount": amount, "discount_application_index": 0} for amount in amounts]
    line = shop_line(quantity=2, discount_allocations=given)
    order = only(read("shopify", shop_order(line_items=[line])))

    assert order.lines[0].price_minor == minor


@pytest.mark.parametrize(
    ("paid", "minor"),
    [
        ({}, 24990),
        ({"finalLinePrice": {"amount": 399.8, "currencyCode": "EUR"}}, 19990),
        ({"discountAllocations": [{"amount": {"amount": "49.90", "currencyCode": "EUR"}}]}, 22495),
        (
            {
                "discountAllocations": [{"amount": {"amount": 99.8}}],
                "finalLinePrice": {"amount": 499.8, "currencyCode": "EUR"},
            },
            20000,
        ),
        ({"finalLinePrice": {"amount": "free"}, "discountAllocations": []}, 24990),
        ({"finalLinePrice": {"amount": 0, "currencyCode": "EUR"}}, 0),
    ],
)
def test_a_price_of_the_pixel_is_that_of_the_webhook(paid: dict[str, Any], minor: int) -> None:
    """What was paid for a piece, here one of two, after all discounts: an order is told by both."""
    line = {"quantity": 2, "variant": VARIANT, **paid}
    order = only(
        read(
            "shopify-pixel",
            pixel("checkout_completed", {"checkout": CHECKOUT | {"lineItems": [line]}}),
        )
    )

    assert (order.lines[0].price_minor, order.currency) == (minor, "EUR")


def test_test_orders_teach_nothing() -> None:
    """Shopify says which are."""
    assert read("shopify", shop_order(test=True)) == Intake((), (), {"test order": 1})


def test_a_customer_who_is_redacted_is_forgotten() -> None:
    """Shopify asks every app for it."""
    body = {"customer": {"id": SHOPPER, "email": "ann@example.org"}, "orders_to_redact": [1]}
    headers = {"x_shopify_topic": "customers/redact", "x_shopify_triggered_at": NOON}
    event = only(read("shopify", body, **headers))

    assert (event.type, event.shopper_id) == ("shopper_forgotten", SHOPPER)


@pytest.mark.parametrize(("source", "header"), [
    ("shopify", "X-Shopify-Hmac-Sha256"), ("woocommerce", "X-WC-Webhook-Signature"),
])  # fmt: skip
@pytest.mark.parametrize("secret", [b"old", b"new"])
def test_a_signed_webhook_is_read_while_its_secret_is_rotated(
    source: str, header: str, secret: bytes
) -> None:
    """Either of two secrets signs; the body has to be the one that was signed."""
    both = SecretStr("new, old")
    settings = Settings(shopify_secret=both, woocommerce_secret=both)
    body = json.dumps(shop_order() if source == "shopify" else woo_order()).encode()
    sign = b64encode(hmac.new(secret, body, sha256).digest()).decode()
    adapter = adapters()[source]

    assert types(adapter.read(body, {header: sign}, settings)) == ["order_placed"]
    assert adapter.read(body + b" ", {header: sign}, settings).events == ()
    assert adapter.read(json.loads(body), {header: sign}, settings).events == ()


def test_a_quantity_that_goes_down_and_up_again_makes_no_new_pair() -> None:
    """A cart that is sent whole says what is in it, not what was added."""
    till = Till()
    for number in range(5):
        lamp, bulb = shop_line(), shop_line(product_id=43, quantity=2)
        for second, many in enumerate((2, 1, 2)):
            lines = (lamp, bulb | {"quantity": many})
            sent = cart(*lines, updated=f"2026-01-01T12:00:0{second}Z") | {"token": f"c{number}"}
            till.serve(only(read("shopify", sent, x_shopify_topic="carts/update")))

    assert till.shop.learned.baskets.recommend(["42"], 3) == []
    visit = till.shop._sessions(0).find("c0")
    assert visit is not None
    assert visit.basket == {"42": 1, "43": 2}


# Matomo


def test_a_revenue_below_zero_takes_the_order_back() -> None:
    """All of it, or the items that it names, however their numbers are signed."""
    back = [SOAP[0], SOAP[1], SOAP[2], -1.99, -2]
    some = only(
        read("matomo", matomo(idgoal=0, ec_id="o-7", revenue=-3.98, ec_items=ec_items(back)))
    )
    whole = only(read("matomo", matomo(idgoal="0", ec_id="o-7", revenue="-3.98")))

    assert (some.type, some.lines[0].quantity) == ("order_returned", 2)
    assert (whole.type, whole.lines) == ("order_returned", None)


@pytest.mark.parametrize("revenue", ["-25,00", "-1,249.00", " -25 "])
def test_a_revenue_below_zero_is_one_however_it_is_written(revenue: str) -> None:
    """Read as no number it would make an order of what came back."""
    back = ec_items(["soap", "", "", "-2,49", -1])
    body = matomo(idgoal=0, ec_id="o-7", revenue=revenue, ec_items=back)
    event = only(read("matomo", body, Settings(intake_currency="EUR")))

    assert event.type == "order_returned"
    assert event.lines[0].price_minor == 249


def test_a_price_of_what_came_back_is_a_price() -> None:
    """Below 0 or not."""
    back = ec_items(["soap", "", "", -1.99, -2])
    body = matomo(idgoal=0, ec_id="o-7", revenue=-3.98, ec_items=back)

    assert only(read("matomo", body, Settings(intake_currency="EUR"))).lines[0].price_minor == 199


def test_a_token_of_access_tells_no_requests_apart() -> None:
    """It may be another one when the same is sent again; and no id is made of a secret."""
    once, again = (read("matomo", matomo(_pks="soap", token_auth=token)) for token in "ab")

    assert len(identities(once, again)) == 1


def test_a_cart_comes_whole() -> None:
    """An empty one, too."""
    full = only(read("matomo", matomo(idgoal=0, ec_items=ec_items(SOAP))))
    empty = only(read("matomo", matomo(idgoal=0, ec_items="[]")))

    assert [line.quantity for line in full.lines] == [2]
    assert (empty.type, empty.lines) == ("basket_updated", ())


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("ga4", protocol(hit("view_cart"))),
        ("ga4", protocol(hit("view_cart", items="tea"))),
        ("segment", track("Cart Viewed", {})),
        ("shopify-pixel", pixel("cart_viewed", {"cart": None})),
        ("matomo", matomo(idgoal=0, ec_items='[["soap","",["ba')),
        ("matomo", matomo(idgoal=0)),
        ("shopify", {"token": "cart-1", "updated_at": NOON, "line_items": None}),
    ],
)
def test_what_lists_no_items_says_nothing_of_the_basket(source: str, body: Any) -> None:
    """It is not emptied by a page that was viewed."""
    assert read(source, body) == Intake((), (), {"basket without items": 1})


@pytest.mark.parametrize(
    ("source", "body", "empty"),
    [
        (
            "ga4",
            protocol(hit("view_cart", items=[tea(), {"item_name": "no id"}])),
            protocol(hit("view_cart", items=[])),
        ),
        (
            "segment",
            track("Cart Viewed", {"products": [BREAD, {"name": "no id"}]}),
            track("Cart Viewed", {"products": []}),
        ),
        (
            "shopify-pixel",
            pixel("cart_viewed", {"cart": {"lines": [{"merchandise": VARIANT}, None]}}),
            pixel("cart_viewed", {"cart": {"lines": []}}),
        ),
        (
            "matomo",
            matomo(idgoal=0, ec_items=ec_items(SOAP, ["", "no id"])),
            matomo(idgoal=0, ec_items="[]"),
        ),
        ("shopify", cart(shop_line(), {"title": "no id"}), cart()),
    ],
)
def test_a_basket_of_which_an_item_cannot_be_used_is_left_out_whole(
    source: str, body: Any, empty: Any
) -> None:
    """It would take that item out; a list without any item empties the basket, as it says."""
    became = read(source, body)

    assert became.events == ()
    assert [one.reason for one in became.rejections] == ["no_item_id", "incomplete"]
    assert only(read(source, empty)).lines == ()


def test_a_return_whose_items_are_cut_off_is_not_one_of_the_whole_order() -> None:
    """Nobody can tell what came back."""
    body = matomo(idgoal=0, ec_id="o-7", revenue=-3.98, ec_items='[["soap","",["ba')

    assert read("matomo", body).events == ()


def test_two_requests_that_differ_in_nothing_but_their_number_are_two() -> None:
    """`rand` is new in each request, and the same when one is sent again."""
    once = read("matomo", matomo(_pks="soap", rand=1))
    again = read("matomo", matomo(_pks="soap", rand=1))
    more = read("matomo", matomo(_pks="soap", rand=2))

    assert len(identities(once, again)) == 1
    assert len(identities(once, more)) == 2


# CloudEvents

CE = ("specversion", "id", "source", "type", "time")
BINARY = {"ce_specversion": "1.0", "ce_id": "7", "ce_source": "/shop", "ce_type": "x.item_viewed"}


def test_a_binary_cloud_event_needs_no_content_type() -> None:
    """Attributes in headers are enough; over HTTP they are percent-encoded."""
    data = {"session_id": "s-1", "item_id": "tea"}
    event = only(read("cloudevents", data, ce_time=NOON, **(BINARY | {"ce_source": "/caf%C3%A9"})))

    assert (event.type, event.event_id, event.occurred_at_ms) == ("item_viewed", "/café#7", NOON_MS)


def test_the_content_type_says_that_a_cloud_event_is_whole() -> None:
    """Some send its attributes as headers as well."""
    body = cloud_event("item_viewed", {"item_id": "tea"})
    headers = BINARY | {"content_type": "Application/CloudEvents+JSON"}

    assert only(read("cloudevents", body, **headers)).event_id == "/shop/web#ce-item_viewed"


def test_a_cloud_event_without_a_time_has_that_of_its_receipt() -> None:
    """Or is rejected, where nobody knows that either."""
    body = cloud_event("item_viewed", {"item_id": "tea"})
    del body["time"]
    adapter = adapters()["cloudevents"]
    timed = adapter.read(body, {}, Settings(), received_at_ms=NOON_MS)

    assert only(timed).occurred_at_ms == NOON_MS
    assert [one.reason for one in adapter.read(body, {}, Settings()).rejections] == ["no_time"]


def test_a_partition_key_is_no_session_where_there_is_one() -> None:
    """It stands in where nobody says one."""
    of_data = cloud_event("item_viewed", {"item_id": "t"}, partitionkey="p-9")
    without = cloud_event("item_viewed", {"item_id": "t", "session_id": None}, partitionkey="p-9")

    assert only(read("cloudevents", of_data)).session_id == "visit-1"
    assert only(read("cloudevents", without)).session_id == "p-9"


AUDIT = "com.shop.audit.rejected"


@pytest.mark.parametrize(
    "around", ["com.shop.cart.v1", "com.shop.item_viewed", "item_removed", AUDIT]
)
def test_the_type_that_our_event_says_itself_counts_before_that_of_its_envelope(
    around: str,
) -> None:
    """As its other fields do: whoever sends all kinds under one type of its own is read."""
    data = {"type": "item_added", "schema_version": 2, "session_id": "s1", "item_id": "a"}
    structured = cloud_event("item_viewed", data, type=around)
    kafka, http = ({f"ce{c}{at}": structured[at] for at in CE} for c in "_-")

    assert "item_added" == only(read("cloudevents", structured)).type
    for headers in (kafka, http):
        assert "item_added" == only(read("cloudevents", data, **headers)).type


def test_it_is_said_that_copies_have_to_be_filtered_out_before() -> None:
    """Nothing in an event tells what is kept of it from what happened."""
    page = Path(__file__).parents[3] / "docs" / "intake.md"
    said = " ".join(page.read_text(encoding="utf-8").split())

    assert f"whatever the envelope says: `{AUDIT}` around an `order_placed` is an order." in said
    assert "Have copies (audits, dead letters, replays) filtered out before they come here" in said


@pytest.mark.parametrize("word", [None, "", "gift", 7, ["item_added"], {"item_added": 1}])
def test_a_type_in_data_that_is_none_of_ours_leaves_it_to_the_envelope(word: Any) -> None:
    """It may be the sender's own word for something else."""
    said = cloud_event("item_viewed", {"item_id": "tea", "type": word})
    nobodys = cloud_event("cart", {"item_id": "tea", "type": word})

    assert "item_viewed" == only(read("cloudevents", said)).type
    assert {"com.example.cart": 1} == read("cloudevents", nobodys).ignored


def test_a_batch_names_the_cloud_events_that_are_rejected() -> None:
    """The others are taken."""
    good = cloud_event("item_viewed", {"item_id": "tea"})
    bad = [{**good, "id": ""}, {**good, "specversion": "0.3"}, {**good, "data": 7}, 7]
    priced = cloud_event("item_viewed", {"item_id": "tea", "price_minor": 2.49}, id="p")
    became = read("cloudevents", [*bad, good, priced])

    assert types(became) == ["item_viewed"]
    assert [one.place for one in became.rejections] == ["0", "1", "2.data", "3", "5"]


@pytest.mark.parametrize("consent", [True, False, None])
def test_a_cloud_event_says_who_is_to_be_forgotten(consent: bool | None) -> None:
    """Whatever the consent: it is what the event is about. Nobody cannot be forgotten."""
    event = only(read("cloudevents", cloud_event("shopper_forgotten", {"consent": consent})))
    nobody = read("cloudevents", cloud_event("shopper_forgotten", {"shopper_id": "0"}))

    assert (event.type, event.shopper_id) == ("shopper_forgotten", SHOPPER)
    assert [one.reason for one in nobody.rejections] == ["invalid_event"]


@pytest.mark.parametrize(("version", "says_who"), [(1, True), (2, False)])
def test_an_event_of_version_1_without_a_shopper_says_nobody(version: int, says_who: bool) -> None:
    """Whoever was signed in is so no more; version 2 leaves it open."""
    body = cloud_event("item_viewed", {"item_id": "t", "schema_version": version})
    del body["data"]["shopper_id"]
    event = only(read("cloudevents", body))

    assert (event.shopper_id, event.says_who) == (None, says_who)


def test_data_in_base64_is_data() -> None:
    """As the JSON format allows it."""
    body = cloud_event("item_viewed", {})
    del body["data"]
    said = b64encode(b'{"session_id": "s-1", "item_id": "tea"}').decode()

    assert only(read("cloudevents", body | {"data_base64": said})).item_id == "tea"
    assert read("cloudevents", body | {"data_base64": "?"}).events == ()


# Robots

CRAWLER = "Mozilla/5.0 (compatible; bingbot/2.0)"


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("segment", track("Product Viewed", BREAD, context={"userAgent": CRAWLER})),
        ("snowplow", enriched("product_view", product=[MUG]) | {"useragent": CRAWLER}),
        ("matomo", matomo(_pks="soap", ua=CRAWLER)),
        (
            "shopify-pixel",
            pixel("cart_viewed", {}, context={"navigator": {"userAgent": CRAWLER}}),
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_robot_is_one_by_the_agent_that_its_record_tells(source: str, body: Any) -> None:
    """Where servers send what browsers did, the agent of the request is theirs."""
    assert read(source, body) == Intake((), (), {"robot": 1})


# Limits


@pytest.mark.parametrize(("said", "quantity"), [("2", 2), (0.5, 1), (1.5, 2), (None, 1), ("", 1)])
def test_a_quantity_is_a_whole_number(said: Any, quantity: int) -> None:
    """A part of one counts as one."""
    event = only(read("segment", track("Product Added", BREAD | {"quantity": said, "price": None})))

    assert event.quantity == quantity


@pytest.mark.parametrize("said", [0, -1, "many", 1e12, True, []])
def test_a_quantity_that_is_none_leaves_out_its_item(said: Any) -> None:
    """Nobody can tell what was meant."""
    became = read("segment", track("Product Added", BREAD | {"quantity": said}))

    assert became.events == ()
    assert [one.reason for one in became.rejections] == ["quantity"]


def test_a_line_that_is_left_out_leaves_the_order_and_none_leaves_no_order() -> None:
    """Nor does a refund of nothing that could be read become one of everything."""
    bad = {"name": "no id"}
    some = track("Order Completed", ORDER | {"products": [bad, BREAD]})
    none = track("Order Completed", ORDER | {"products": [bad]})
    back = track("Order Refunded", ORDER | {"products": [bad]})

    assert [len(e.lines) for e in read("segment", some).events if isinstance(e, OrderPlaced)] == [1]
    assert read("segment", none).events == read("segment", back).events == ()
    assert read("ga4", protocol(hit("refund", transaction_id="o", items=[bad]))).events == ()
    refund = enriched("refund", product=[bad], refund=[{"transaction_id": "o-7"}])
    assert read("snowplow", refund).events == ()
    assert read("matomo", matomo(idgoal=0, ec_id="o", revenue=-1, ec_items="[[]]")).events == ()
    assert types(read("segment", track("Order Refunded", {"order_id": "o-7"}))) == [
        "order_returned"
    ]


def test_an_order_in_two_currencies_has_prices_in_one() -> None:
    """Never a sum of two."""
    lines = [BREAD | {"currency": "EUR"}, BREAD | {"product_id": "tea", "currency": "USD"}]
    order: Event = read(
        "segment", track("Order Completed", {"order_id": 7, "products": lines})
    ).events[0]

    assert isinstance(order, OrderPlaced)
    assert (order.currency, [line.price_minor for line in order.lines]) == ("EUR", [300, None])


def test_ids_that_are_too_long_are_cut_and_still_apart() -> None:
    """Of events and sessions; an item is rejected, as it would be another one."""
    long = "x" * 500
    said = [{"messageId": long + end, "anonymousId": long + end} for end in "ab"]
    ends = [only(read("segment", track("Checkout Started", {}, **ids))) for ids in said]

    assert len({event.event_id for event in ends}) == len({event.session_id for event in ends}) == 2
    became = read("segment", track("Product Added", {"product_id": long}))
    assert [one.reason for one in became.rejections] == ["item_id"]


def test_a_record_has_bounds_of_its_own() -> None:
    """Of what it becomes, and of what is told of it."""
    many = [hit("begin_checkout") for _ in range(5_001)]
    nothing = [{"name": None}] * 1_000
    became, refused = read("ga4", protocol(*many)), read("ga4", protocol(*nothing))
    order = track("Order Completed", {"order_id": 7, "products": [BREAD] * 3_000})

    assert len(became.events) == 5_000
    assert [one.reason for one in became.rejections] == ["too_many"]
    assert len(refused.rejections) == 101
    assert refused.rejections[-1].message == "900 more of it is left out"
    assert [one.reason for one in read("segment", order).rejections] == ["invalid_event"]


def test_a_number_beyond_all_numbers_is_none() -> None:
    """Of what somebody has parsed already: JSON has none so large."""
    body = track("Product Added", {"product_id": 10**5000, "price": 10**5000, "sku": "s"})
    event = only(
        adapters()["segment"]
        .read(body, {}, Settings(intake_currency="EUR"))
        ._replace(rejections=())
    )

    assert event.item_id == "s"


def test_words_that_are_too_long_are_left_out_and_the_event_is_kept() -> None:
    """They are extras: a category, a language."""
    body = track("Product Added", BREAD | {"category": "x" * 129}, context={"locale": "x" * 17})
    event = only(read("segment", body))

    assert (event.item_id, event.category, event.locale) == ("bread", None, None)


def test_no_control_character_is_in_a_session() -> None:
    """A line of events is to stay a line."""
    said = only(
        read("segment", track("Checkout Started", {}, anonymousId="a\tb\n\x1b[31m"))
    ).session_id

    assert said.isprintable()
