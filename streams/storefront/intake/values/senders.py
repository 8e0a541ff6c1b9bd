"""Whose record it is, by fields that no other source has: for who named another source."""

from collections.abc import Mapping
from typing import Any

from streams.storefront.intake.values.looking import at, rows, text

CALLS = ("track", "identify", "page", "screen", "group", "alias")
"""What a message of Segment's is."""
MARKS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "cloudevents": (("specversion", "type", "source"),),
    "ga4": (("client_id", "events"), ("app_instance_id", "events"), ("event_name", "event_params")),
    "snowplow": (("event_id", "collector_tstamp"), ("event_id", "etl_tstamp")),
    "shopify-pixel": (("name", "clientId", "context"), ("name", "clientId", "data")),
    "shopify": (("line_items", "admin_graphql_api_id"), ("line_items", "financial_status")),
    "woocommerce": (("line_items", "order_key"), ("line_items", "date_created_gmt")),
    "matomo": (("idsite", "rec"), ("idsite", "action_name"), ("idsite", "idgoal")),
}
"""Fields that stand side by side in each record of a source, and in those of no other one."""
OF_CALLS = ("messageId", "anonymousId", "userId", "properties")


def sender_of(said: Any) -> str | None:
    """The source whose record it is; None: nobody can tell.

    >>> sender_of({"client_id": "1.2", "events": []}), sender_of({"event": "purchase"})
    ('ga4', None)
    >>> sender_of({"type": "track", "event": "Order Completed", "userId": "ann"})
    'segment'
    """
    if not isinstance(said, Mapping):
        return None
    if _is_call(said) or any(_is_call(one) for _, one in rows(said.get("batch"))):
        return "segment"
    found = (name for name, some in MARKS.items() if any(_has(said, marks) for marks in some))
    return next(found, None)


def other_sender(said: Any, source: str) -> str | None:
    """Whose records these are, where none is of this source; None: nobody can tell.

    >>> other_sender([{"client_id": "1.2", "events": []}], "segment"), other_sender([7], "ga4")
    ('ga4', None)
    """
    records = said if isinstance(said, list) else [said]
    senders = [one for one in map(sender_of, records) if one]
    return senders[0] if senders and source not in senders else None


def _is_call(said: Any) -> bool:
    return text(at(said, "type")) in CALLS and any(name in said for name in OF_CALLS)


def _has(said: Mapping[str, Any], marks: tuple[str, ...]) -> bool:
    return all(name in said for name in marks)
