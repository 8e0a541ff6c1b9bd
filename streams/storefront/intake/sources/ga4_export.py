"""Rows of GA4's export to BigQuery, as JSON: parameters are lists of keys with typed values.

`https://support.google.com/analytics/answer/7029846`
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from streams.storefront.intake.values.looking import at, first, rows, text
from streams.storefront.intake.values.times import milliseconds

VALUES = ("string_value", "int_value", "float_value", "double_value")


class Row(NamedTuple):
    """An event of the export, as the other wrappings have it."""

    name: str
    params: Mapping[str, Any]
    client: Any
    at_ms: int | None


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
    of_row = {
        "items": row.get("items"),
        "transaction_id": at(row, "ecommerce", "transaction_id"),
    }
    params |= {name: value for name, value in of_row.items() if value is not None}
    return Row(
        text(row.get("event_name")) or "",
        params,
        first(row, "user_pseudo_id"),
        milliseconds(row.get("event_timestamp")),
    )
