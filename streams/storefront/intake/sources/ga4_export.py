"""Rows of GA4's export to BigQuery, as JSON: parameters are lists of keys with typed values.

`https://support.google.com/analytics/answer/7029846`
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from streams.storefront.intake.values.identifiers import identifier
from streams.storefront.intake.values.looking import at, first, rows, text
from streams.storefront.intake.values.times import When, time_of

IDENTITY = (
    *("event_name", "event_timestamp", "user_pseudo_id", "event_bundle_sequence_id"),
    *("batch_page_id", "batch_ordering_id", "batch_event_index"),
)
VALUES = ("string_value", "int_value", "float_value", "double_value")


class Row(NamedTuple):
    """An event of the export, as the other wrappings have it."""

    name: str
    params: Mapping[str, Any]
    client: Any
    when: When
    told: tuple[Any, ...]
    """What tells it from all others: it is exported twice, within the day and after it."""


def exported(row: Mapping[str, Any]) -> Row:
    """A row, with items and order among its parameters.

    >>> number = {"key": "ga_session_id", "value": {"int_value": "7"}}
    >>> exported({"event_name": "view_item", "event_params": [number]}).params["ga_session_id"]
    '7'
    """
    params = {
        key: first(at(one, "value"), *VALUES)
        for _, one in rows(row.get("event_params"))
        if (key := text(at(one, "key")))
    }
    order = at(row, "ecommerce", "transaction_id")
    of_row = {"items": row.get("items"), "transaction_id": order if identifier(order) else None}
    params |= {name: value for name, value in of_row.items() if value is not None}
    return Row(
        text(row.get("event_name")) or "",
        params,
        first(row, "user_pseudo_id"),
        time_of(row, "event_timestamp"),
        (*map(row.get, IDENTITY), params.get("ga_session_id"), row.get("items"), order),
    )
