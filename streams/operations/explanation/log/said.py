"""What a record says, whoever sent it: as far as it can be read."""

import json
from math import isfinite
from typing import Any


def said_in(value: bytes) -> dict[str, Any]:
    r"""The fields of an event as they were sent; a number that JSON cannot write is none.

    >>> said_in(b'{"item_id": "tea", "price": 1e400, "margin": NaN}')
    {'item_id': 'tea', 'price': None, 'margin': None}
    """
    try:
        said = json.loads(value, parse_float=_finite, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _finite(text: str) -> float | None:
    return number if isfinite(number := float(text)) else None
