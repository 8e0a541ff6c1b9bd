"""All adapters, by name: the one table that the command line, a gateway and tests go by."""

from collections.abc import Mapping
from functools import cache

from streams.storefront.intake.adapter import Adapter
from streams.storefront.intake.sources import (
    cloudevents,
    ga4,
    matomo,
    segment,
    session_logs,
    snowplow,
    woocommerce,
)
from streams.storefront.intake.sources.shopify import pixel, webhooks
from streams.storefront.intake.values.signatures import sha1_hex

ADAPTERS = (
    Adapter("ga4", "GA4: Measurement Protocol, data layer, gtag, BigQuery rows", ga4.translate),
    Adapter(
        "segment",
        "Segment, RudderStack: e-commerce spec",
        segment.translate,
        signature="x-signature",
        secret=lambda settings: settings.segment_secret,
        sign=sha1_hex,
    ),
    Adapter(
        "snowplow",
        "Snowplow: enriched e-commerce events, JSON or TSV",
        snowplow.translate,
        snowplow.parse,
    ),
    Adapter("shopify-pixel", "Shopify: events of a web pixel", pixel.translate),
    Adapter(
        "shopify",
        "Shopify: webhooks",
        webhooks.translate,
        signature="x-shopify-hmac-sha256",
        secret=lambda settings: settings.shopify_secret,
    ),
    Adapter(
        "cloudevents",
        "CloudEvents 1.0 around our events",
        cloudevents.translate,
        cloudevents.parse,
        content_types=(cloudevents.STRUCTURED, cloudevents.BATCH),
    ),
    Adapter("matomo", "Matomo: Tracking HTTP API", matomo.translate, matomo.parse),
    Adapter(
        "woocommerce",
        "WooCommerce: webhooks of orders",
        woocommerce.translate,
        woocommerce.parse,
        signature="x-wc-webhook-signature",
        secret=lambda settings: settings.woocommerce_secret,
        ping=woocommerce.PING,
    ),
    Adapter("rees46", "REES46: rows of a public log, CSV", session_logs.rees46, table=True),
    Adapter("otto", "OTTO: sessions of a public log", session_logs.otto),
)


CONTENT_TYPE = "application/vnd.{}+json"
"""Of a source that has none of its own: `application/vnd.ga4+json`."""


@cache
def adapters() -> Mapping[str, Adapter]:
    """Every adapter by its name, and by each content type that is its own.

    >>> adapters()["ga4"].name, adapters()["application/cloudevents+json"].name
    ('ga4', 'cloudevents')
    """
    by_name = {adapter.name: adapter for adapter in ADAPTERS}
    by_type = {CONTENT_TYPE.format(name): adapter for name, adapter in by_name.items()}
    own = {kind: adapter for adapter in ADAPTERS for kind in adapter.content_types}
    return by_name | by_type | own


def of_content_type(said: str) -> Adapter | None:
    """The adapter of a content type, whatever its parameters and letters; None: it is of none.

    >>> of_content_type("Application/CloudEvents+JSON; charset=UTF-8").name
    'cloudevents'
    >>> of_content_type("application/json")
    """
    return adapters().get(said.partition(";")[0].strip().lower())
