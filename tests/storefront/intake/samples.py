"""Records as each source sends them: made up, under the field names of the public specifications.

Every sample of a source tells about one shopper (`SHOPPER`), so that a test can look for the id.
"""

import json
from typing import Any, NamedTuple
from urllib.parse import urlencode

NOON_MS = 1_767_268_800_000
NOON = "2026-01-01T12:00:00.000Z"
SHOPPER = "shopper-19"
BROWSERS = ("browser-1", "11.22", "0123456789abcdef")
"""Ids of browsers, as the sources have them."""
TITLE = "<img src=x onerror=alert(1)>"
GRANTED = {"ad_user_data": "GRANTED", "ad_personalization": "GRANTED"}


class Sample(NamedTuple):
    """One record, as bytes."""

    name: str
    body: bytes
    headers: dict[str, str] = {}  # noqa: RUF012  # never written to


def said(name: str, body: Any, **headers: str) -> Sample:
    """A sample of JSON."""
    return Sample(
        name, json.dumps(body).encode(), {k.replace("_", "-"): headers[k] for k in headers}
    )


def tea(**more: Any) -> dict[str, Any]:
    """An item of GA4."""
    item = {"item_id": "tea", "item_name": TITLE, "item_category": "drinks", "item_variant": "100g"}
    return item | {"price": 2.49, "quantity": 2} | more


def hit(name: str, **params: Any) -> dict[str, Any]:
    """An event of the Measurement Protocol."""
    return {"name": name, "params": {"session_id": 77, "currency": "EUR", **params}}


def protocol(*hits: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request of the Measurement Protocol."""
    around = {"client_id": "11.22", "user_id": SHOPPER, "timestamp_micros": NOON_MS * 1000}
    return around | {"events": list(hits)} | more


def export_row() -> dict[str, Any]:
    """A row of GA4's export to BigQuery, as JSON has its numbers."""
    return {
        "event_date": "20260101",
        "event_timestamp": str(NOON_MS * 1000),
        "event_name": "add_to_cart",
        "event_params": [
            {"key": "ga_session_id", "value": {"int_value": "77"}},
            {"key": "currency", "value": {"string_value": "EUR"}},
            {"key": "page_title", "value": {"string_value": TITLE}},
        ],
        "user_id": SHOPPER,
        "user_pseudo_id": "11.22",
        "privacy_info": {"analytics_storage": "Yes", "ads_storage": "Yes"},
        "items": [
            {"item_id": "tea", "price": "2.49", "quantity": "2", "item_category": "(not set)"}
        ],
    }


def track(event: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A call of Segment's."""
    message = {
        "type": "track",
        "event": event,
        "messageId": f"m-{event}",
        "anonymousId": "browser-1",
        "userId": SHOPPER,
        "originalTimestamp": NOON,
        "sentAt": "2026-01-01T12:00:01.000Z",
        "context": {"locale": "en-GB", "page": {"title": TITLE}},
        "properties": properties,
    }
    return message | more


BREAD = {"product_id": "bread", "sku": "bread-500", "category": "bakery", "name": TITLE, "price": 3}
ORDER = {"order_id": "o-7", "currency": "usd", "products": [BREAD | {"quantity": 2}]}
_ECOMMERCE = "com_snowplowanalytics_snowplow_ecommerce"
_IGLU = "iglu:com.snowplowanalytics.snowplow.ecommerce"


def enriched(action: str, **entities: list[dict[str, Any]]) -> dict[str, Any]:
    """An enriched event of Snowplow's as JSON."""
    event = {
        "event_id": f"e-{action}",
        "event_name": "snowplow_ecommerce_action",
        "domain_userid": "browser-1",
        "domain_sessionid": "visit-1",
        "user_id": SHOPPER,
        "derived_tstamp": NOON,
        "page_title": TITLE,
        f"unstruct_event_{_ECOMMERCE}_snowplow_ecommerce_action_1": {"type": action, "name": TITLE},
    }
    return event | {f"contexts_{_ECOMMERCE}_{name}_1": one for name, one in entities.items()}


MUG = {"id": "mug", "name": TITLE, "category": "kitchen", "price": 7.5, "currency": "EUR"}


ENRICHED_FIELDS = """
app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id
name_tracker v_tracker v_collector v_etl user_id user_ipaddress user_fingerprint domain_userid
domain_sessionidx network_userid geo_country geo_region geo_city geo_zipcode geo_latitude
geo_longitude geo_region_name ip_isp ip_organization ip_domain ip_netspeed page_url page_title
page_referrer page_urlscheme page_urlhost page_urlport page_urlpath page_urlquery
page_urlfragment refr_urlscheme refr_urlhost refr_urlport refr_urlpath refr_urlquery
refr_urlfragment refr_medium refr_source refr_term mkt_medium mkt_source mkt_term mkt_content
mkt_campaign contexts se_category se_action se_label se_property se_value unstruct_event
tr_orderid tr_affiliation tr_total tr_tax tr_shipping tr_city tr_state tr_country ti_orderid
ti_sku ti_name ti_category ti_price ti_quantity pp_xoffset_min pp_xoffset_max pp_yoffset_min
pp_yoffset_max useragent br_name br_family br_version br_type br_renderengine br_lang
br_features_pdf br_features_flash br_features_java br_features_director br_features_quicktime
br_features_realplayer br_features_windowsmedia br_features_gears br_features_silverlight
br_cookies br_colordepth br_viewwidth br_viewheight os_name os_family os_manufacturer
os_timezone dvce_type dvce_ismobile dvce_screenwidth dvce_screenheight doc_charset doc_width
doc_height tr_currency tr_total_base tr_tax_base tr_shipping_base ti_currency ti_price_base
base_currency geo_timezone mkt_clickid mkt_network etl_tags dvce_sent_tstamp refr_domain_userid
refr_dvce_tstamp derived_contexts domain_sessionid derived_tstamp event_vendor event_name
event_format event_version event_fingerprint true_tstamp
""".split()  # noqa: SIM905  # a line each would be half of this file
"""All fields of an enriched event, in the order that lines have them."""


def enriched_line(action: str, products: list[dict[str, Any]], **fields: str) -> bytes:
    """The same as a line of tab-separated values."""
    schema = f"{_IGLU}/snowplow_ecommerce_action/jsonschema/1-0-2"
    event = {"schema": schema, "data": {"type": action}}
    entities = [{"schema": f"{_IGLU}/product/jsonschema/1-0-0", "data": one} for one in products]
    cells = {
        "event": "unstruct",
        "event_id": f"t-{action}",
        "user_id": SHOPPER,
        "domain_userid": "browser-1",
        "unstruct_event": json.dumps({"schema": "iglu:x/y/jsonschema/1-0-0", "data": event}),
        "contexts": json.dumps({"schema": "iglu:x/contexts/jsonschema/1-0-1", "data": entities}),
        "domain_sessionid": "visit-1",
        "derived_tstamp": "2026-01-01 12:00:00.000",
        "event_name": "snowplow_ecommerce_action",
    }
    return "\t".join((cells | fields).get(name, "") for name in ENRICHED_FIELDS).encode()


VARIANT = {
    "id": "gid://shopify/ProductVariant/421",
    "title": TITLE,
    "price": {"amount": 249.9, "currencyCode": "EUR"},
    "product": {"id": "gid://shopify/Product/42", "title": TITLE, "type": "lamps"},
}
ALLOWED = {
    "analyticsProcessingAllowed": True,
    "marketingAllowed": True,
    "preferencesProcessingAllowed": True,
    "saleOfDataAllowed": True,
}


def pixel(name: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An event of a web pixel, as the pixel of docs/intake.md sends it on."""
    event = {
        "id": f"sh-{name}",
        "name": name,
        "clientId": "browser-1",
        "timestamp": NOON,
        "type": "standard",
        "context": {"navigator": {"language": "fr-FR", "userAgent": "Mozilla/5.0"}},
        "customerPrivacy": ALLOWED,
        "customer": {"id": SHOPPER},
        "data": data,
    }
    return event | more


CHECKOUT = {
    "token": "checkout-1",
    "currencyCode": "EUR",
    "order": {"id": "gid://shopify/OrderIdentity/1001", "customer": {"id": SHOPPER}},
    "attributes": [{"key": "_goeswith_session", "value": "visit-1"}],
    "lineItems": [{"quantity": 1, "title": TITLE, "variant": VARIANT}],
}


def shop_order(**more: Any) -> dict[str, Any]:
    """The order of the same checkout, as a webhook has it."""
    order = {
        "id": 1001,
        "order_number": 7,
        "cart_token": "cart-1",
        "checkout_token": "checkout-1",
        "currency": "EUR",
        "created_at": "2026-01-01T13:00:00+01:00",
        "cancelled_at": None,
        "customer_locale": "fr",
        "customer": {"id": SHOPPER, "first_name": TITLE},
        "note_attributes": [{"name": "_goeswith_session", "value": "visit-1"}],
        "line_items": [shop_line()],
        "refunds": [],
    }
    return order | more


def shop_line(**more: Any) -> dict[str, Any]:
    """A line of an order of Shopify's."""
    line = {"id": 5, "product_id": 42, "variant_id": 421, "title": TITLE, "quantity": 1}
    return line | {"price": "249.90", "sku": "LAMP-1"} | more


def shop_refund(**more: Any) -> dict[str, Any]:
    """A refund of one line."""
    lines = [{"line_item_id": 5, "quantity": 1, "line_item": shop_line()}]
    refund = {"id": 90, "order_id": 1001, "created_at": NOON, "refund_line_items": lines}
    return refund | more


def cart(*lines: dict[str, Any], updated: str = NOON) -> dict[str, Any]:
    """A cart of Shopify's."""
    return {"id": "cart-1", "token": "cart-1", "line_items": list(lines), "updated_at": updated}


def matomo(**params: Any) -> dict[str, Any]:
    """A request of Matomo's."""
    who = {"idsite": 1, "rec": 1, "_id": "0123456789abcdef", "uid": SHOPPER, "rand": "5"}
    return who | {"cdt": "2026-01-01 12:00:00", "action_name": TITLE} | params


def ec_items(*items: list[Any]) -> str:
    """Items as Matomo has them."""
    return json.dumps(items)


SOAP = ["soap", TITLE, ["bath", "care"], 1.99, 2]


def woo_order(**more: Any) -> dict[str, Any]:
    """An order of WooCommerce's."""
    order = {
        "id": 812,
        "status": "processing",
        "currency": "KWD",
        "date_created_gmt": "2026-01-01T12:00:00",
        "date_modified_gmt": "2026-01-01T12:05:00",
        "customer_id": SHOPPER,
        "billing": {"first_name": TITLE},
        "meta_data": [{"id": 1, "key": "goeswith_session", "value": "visit-1"}],
        "line_items": [woo_line()],
        "refunds": [],
    }
    return order | more


def woo_line(**more: Any) -> dict[str, Any]:
    """A line of it."""
    line = {"id": 3, "name": TITLE, "product_id": 31, "variation_id": 0, "quantity": 2}
    return line | {"price": 1.234, "total": "2.468"} | more


def cloud_event(kind: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A CloudEvent in the JSON format."""
    event = {
        "specversion": "1.0",
        "id": f"ce-{kind}",
        "source": "/shop/web",
        "type": f"com.example.{kind}",
        "time": NOON,
        "datacontenttype": "application/json",
        "data": {"session_id": "visit-1", "shopper_id": SHOPPER, "title": TITLE, **data},
    }
    return event | more


ROW = {
    "event_time": "2026-01-01 12:00:00 UTC",
    "event_type": "cart",
    "product_id": "44600062",
    "category_id": "2103807459595387724",
    "category_code": "",
    "brand": TITLE,
    "price": "35.79",
    "user_id": SHOPPER,
    "user_session": "visit-1",
}

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "ga4": (
        said(
            "protocol",
            protocol(
                hit("view_item", items=[tea()]),
                hit("add_to_cart", items=[tea(), tea(item_id="mug", price="249.90", quantity=1)]),
                hit("remove_from_cart", items=[tea()]),
                hit("view_cart", items=[tea()]),
                hit("begin_checkout", items=[tea()]),
                hit("purchase", transaction_id="o-7", items=[tea()]),
                hit("refund", transaction_id="o-7", items=[tea(quantity=1)]),
                hit("page_view", page_title=TITLE),
                consent=GRANTED,
            ),
        ),
        said(
            "data layer",
            {
                "event": "add_to_cart",
                "client_id": "11.22",
                "session_id": 77,
                "user_id": SHOPPER,
                "timestamp_micros": NOON_MS * 1000,
                "ecommerce": {"currency": "JPY", "items": [tea(price=250)]},
            },
        ),
        said(
            "gtag",
            [
                "event",
                "view_item",
                {
                    "client_id": "11.22",
                    "session_id": 77,
                    "user_id": SHOPPER,
                    "currency": "EUR",
                    "timestamp_micros": NOON_MS * 1000,
                    "items": [tea()],
                },
            ],
        ),
        said("export", export_row()),
    ),
    "segment": (
        said(
            "batch",
            {
                "sentAt": "2026-01-01T12:00:01.000Z",
                "batch": [
                    track("Product Viewed", BREAD | {"currency": "USD"}),
                    track("Product Added", BREAD | {"currency": "USD", "quantity": 2}),
                    track("Product Removed", BREAD),
                    track("Cart Viewed", {"products": [BREAD]}),
                    track("Checkout Started", ORDER),
                    track("Order Completed", ORDER),
                    track("Order Refunded", ORDER),
                    track("Order Cancelled", {"order_id": "o-8"}),
                    track("Product List Viewed", {"products": [BREAD]}),
                ],
            },
        ),
        said(
            "rudderstack",
            track(
                "Product Added",
                BREAD,
                context={"sessionId": 1767268800, "locale": "de-DE"},
            ),
        ),
    ),
    "snowplow": (
        said("added", enriched("add_to_cart", product=[MUG | {"quantity": 2, "variant": "red"}])),
        said(
            "transaction",
            enriched(
                "transaction",
                product=[MUG],
                transaction=[{"transaction_id": "o-7", "currency": "EUR"}],
            ),
        ),
        said("refund", enriched("refund", product=[MUG], refund=[{"transaction_id": "o-7"}])),
        said("checkout", enriched("checkout_step", checkout_step=[{"step": 1}])),
        Sample("line", enriched_line("product_view", [MUG])),
    ),
    "shopify-pixel": (
        said("viewed", pixel("product_viewed", {"productVariant": VARIANT})),
        said(
            "added",
            pixel(
                "product_added_to_cart",
                {
                    "cartLine": {"merchandise": VARIANT, "quantity": 2},
                },
            ),
        ),
        said(
            "removed",
            pixel(
                "product_removed_from_cart",
                {
                    "cartLine": {"merchandise": VARIANT, "quantity": 1},
                },
            ),
        ),
        said(
            "cart",
            pixel(
                "cart_viewed",
                {
                    "cart": {
                        "id": "gid://shopify/Cart/cart-1?key=1",
                        "lines": [{"merchandise": VARIANT, "quantity": 1}],
                    }
                },
            ),
        ),
        said("started", pixel("checkout_started", {"checkout": CHECKOUT})),
        said("completed", pixel("checkout_completed", {"checkout": CHECKOUT})),
    ),
    "shopify": (
        said("order", shop_order(), x_shopify_topic="orders/create"),
        said("refunded", shop_order(refunds=[shop_refund()]), x_shopify_topic="orders/updated"),
        said("cancelled", shop_order(cancelled_at=NOON), x_shopify_topic="orders/cancelled"),
        said("refund", shop_refund(), x_shopify_topic="refunds/create"),
        said("cart", cart(shop_line()), x_shopify_topic="carts/update"),
    ),
    "cloudevents": (
        said(
            "structured",
            cloud_event("item_added", {"item_id": "tea", "quantity": 2}),
            content_type="application/cloudevents+json; charset=UTF-8",
        ),
        said(
            "batch",
            [
                cloud_event("item_viewed", {"item_id": "tea"}),
                cloud_event("order_placed.v1", {"order_id": "o-7", "lines": [{"item_id": "tea"}]}),
            ],
            content_type="application/cloudevents-batch+json",
        ),
        said("forgotten", cloud_event("shopper_forgotten", {})),
        said(
            "binary",
            {"session_id": "visit-1", "shopper_id": SHOPPER, "item_id": "tea"},
            ce_specversion="1.0",
            ce_id="7",
            ce_source="/shop",
            ce_type="item_viewed",
            ce_time=NOON,
        ),
    ),
    "matomo": (
        said(
            "batch",
            {
                "requests": [
                    "?" + urlencode(matomo(_pks="soap", _pkn=TITLE, _pkc='["bath"]', _pkp=1.99)),
                    matomo(idgoal=0, ec_items=ec_items(SOAP), revenue=3.98),
                    matomo(idgoal=0, ec_id="o-7", ec_items=ec_items(SOAP), revenue=3.98),
                    matomo(idgoal=0, ec_id="o-7", ec_items=ec_items(SOAP), revenue=-3.98),
                    matomo(url="https://shop.example/"),
                ],
                "token_auth": "secret",
            },
        ),
        Sample("query", urlencode(matomo(_pks="soap")).encode()),
    ),
    "woocommerce": (
        said("order", woo_order(), x_wc_webhook_topic="order.created"),
        said("refunded", woo_order(status="refunded"), x_wc_webhook_topic="order.updated"),
        said("cancelled", woo_order(status="cancelled"), x_wc_webhook_topic="order.updated"),
        Sample("ping", b"webhook_id=12"),
    ),
    "rees46": (said("row", ROW), said("purchase", ROW | {"event_type": "purchase"})),
    "otto": (
        said(
            "session",
            {
                "session": 0,
                "events": [
                    {"aid": 15, "ts": NOON_MS, "type": "clicks"},
                    {"aid": 16, "ts": NOON_MS + 1, "type": "carts"},
                    {"aid": 15, "ts": NOON_MS + 2, "type": "orders"},
                    {"aid": 16, "ts": NOON_MS + 2, "type": "orders"},
                ],
            },
        ),
    ),
}

DENIED: dict[str, tuple[Sample, ...]] = {
    "ga4": (
        said(
            "protocol",
            protocol(
                hit("add_to_cart", items=[tea()]),
                consent={
                    "ad_user_data": "DENIED",
                    "ad_personalization": "DENIED",
                },
            ),
        ),
        said("export", export_row() | {"privacy_info": {"analytics_storage": "No"}}),
        said(
            "client named after the user",
            protocol(
                hit("view_item", items=[tea()]),
                client_id=SHOPPER,
                consent={"ad_user_data": "DENIED"},
            ),
        ),
        said(
            "export without advertising",
            export_row() | {"privacy_info": {"analytics_storage": "Yes", "ads_storage": "No"}},
        ),
        said(
            "gtag",
            [
                ["consent", "default", {"ad_storage": "denied", "ad_user_data": "denied"}],
                [
                    "event",
                    "view_item",
                    {
                        "client_id": "11.22",
                        "session_id": 77,
                        "user_id": SHOPPER,
                        "timestamp_micros": NOON_MS * 1000,
                        "items": [tea(price=None)],
                    },
                ],
            ],
        ),
        said(
            "no client",
            protocol(
                hit("view_item", items=[tea()]),
                client_id=None,
                consent={
                    "ad_personalization": "DENIED",
                },
            ),
        ),
    ),
    "segment": (
        said(
            "denied",
            track(
                "Product Added",
                BREAD,
                context={
                    "consent": {"categoryPreferences": {"Advertising": False, "Analytics": True}},
                },
            ),
        ),
        said(
            "of a server",
            track(
                "Order Completed",
                ORDER,
                anonymousId=None,
                context={
                    "consent": {"categoryPreferences": {"Advertising": False}},
                },
            ),
        ),
    ),
    "shopify-pixel": (
        said(
            "denied",
            pixel(
                "product_viewed",
                {"productVariant": VARIANT},
                customerPrivacy={
                    **ALLOWED,
                    "preferencesProcessingAllowed": False,
                },
            ),
        ),
    ),
    "shopify": (
        said("denied", shop_order(note_attributes=[{"name": "goeswith_consent", "value": "no"}])),
    ),
    "woocommerce": (
        said("denied", woo_order(meta_data=[{"key": "goeswith_consent", "value": "no"}])),
    ),
    "cloudevents": (
        said("denied", cloud_event("item_viewed", {"item_id": "t", "consent": False})),
        said(
            "keyed by shopper",
            cloud_event(
                "item_viewed",
                {"session_id": None, "item_id": "t", "consent": False},
                partitionkey=SHOPPER,
            ),
        ),
    ),
}
"""The same where consent is denied, of the sources that can say so."""
