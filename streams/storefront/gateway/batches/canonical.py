"""A body of our own events: one, or a list."""

import json
import math
from codecs import BOM_UTF8
from typing import Any

import orjson

from streams.contract.errors import RequestRefused
from streams.contract.events.surrogates import parsed_with_halves
from streams.contract.settings import Settings
from streams.storefront.gateway.access.tokens import SessionOwner
from streams.storefront.gateway.batches.batch import Batch, judge

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**64 - 1
"""Beyond these an integer is read as a float."""


def read_batch(body: bytes, visit: SessionOwner | None, settings: Settings, now_ms: int) -> Batch:
    """The events in a body: one, or a list. `visit` None: the shop says it, of any session.

    Raises `RequestRefused` for what is no JSON, or too long.

    >>> body = b'[{"type": "item_viewed", "event_id": "e1", "item_id": "bread"}, 7]'
    >>> ann = SessionOwner(session_id="session-7")
    >>> batch = read_batch(body, ann, Settings(), now_ms=1_767_225_600_000)
    >>> [(result.index, result.status, result.reason) for result in batch.results]
    [(0, 'accepted', None), (1, 'rejected', 'invalid_event')]
    """
    said = _parsed(body.removeprefix(BOM_UTF8))
    events = said if isinstance(said, list) else [said]
    if len(events) > settings.gateway_batch_max:
        raise RequestRefused(
            413,
            "too_many_events",
            f"{len(events)} events are more than gateway_batch_max={settings.gateway_batch_max}",
        )
    batch = Batch.empty()
    for event in events:
        judge(event, visit, settings, now_ms, batch)
    return batch


def _parsed(body: bytes) -> Any:
    """The JSON of a body; raises `RequestRefused`. Half a character costs its own event at most."""
    try:
        return orjson.loads(body)
    except ValueError as error:
        wrong = error
    try:
        return parsed_with_halves(body, _AS_ORJSON)
    except ValueError:
        raise RequestRefused(400, "invalid_json", f"the body is no JSON: {wrong}") from None


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _integer(said: str) -> int | float:
    """One beyond 64 bits is a float.

    >>> _integer("18446744073709551615"), _integer("18446744073709551616")
    (18446744073709551615, 1.8446744073709552e+19)
    """
    if len(said) <= len(str(INTEGER_MIN)) and INTEGER_MIN <= int(said) <= INTEGER_MAX:
        return int(said)
    return _finite(said)


def _finite(said: str) -> float:
    """A number that is not beyond all floats; raises `ValueError`."""
    number = float(said)
    if math.isinf(number):
        raise ValueError("a number is beyond all floats")
    return number


_AS_ORJSON = json.JSONDecoder(parse_constant=_refused, parse_float=_finite, parse_int=_integer)
"""Half a character beside a number does not change what that number is."""
