"""A body of our own events: one, or a list."""

import json
import math
from codecs import BOM_UTF8
from typing import Any

import orjson

from streams.contract.errors import InvalidEvent, RequestRefused
from streams.contract.events.surrogates import has_half
from streams.contract.settings import Settings
from streams.storefront.gateway.access.tokens import SessionOwner
from streams.storefront.gateway.batches.batch import Batch, judge, refuse

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**64 - 1
"""Beyond these an integer is read as a float."""
PLACES_MAX, NAME_CHARS_MAX = 8, 64
"""So much of where a number is, is told."""


def read_batch(body: bytes, visit: SessionOwner | None, settings: Settings, now_ms: int) -> Batch:
    """The events in a body: one, or a list. `visit` None: the shop says it, of any session.

    Raises `RequestRefused` for what is no JSON, or too long.

    >>> body = b'[{"type": "item_viewed", "event_id": "e1", "item_id": "bread"}, 7]'
    >>> ann = SessionOwner(session_id="session-7")
    >>> batch = read_batch(body, ann, Settings(), now_ms=1_767_225_600_000)
    >>> [(result.index, result.status, result.reason) for result in batch.results]
    [(0, 'accepted', None), (1, 'rejected', 'invalid_event')]
    """
    said, is_odd = _parsed(body.removeprefix(BOM_UTF8))
    events = said if isinstance(said, list) else [said]
    if len(events) > settings.gateway_batch_max:
        raise RequestRefused(
            413,
            "too_many_events",
            f"{len(events)} events are more than gateway_batch_max={settings.gateway_batch_max}",
        )
    batch = Batch.empty()
    for event in events:
        if is_odd and (place := infinite(event)) is not None:
            lacks = InvalidEvent("invalid_event", f"{place or 'it'}: a number beyond all floats")
            refuse(event, lacks, batch)
        else:
            judge(event, visit, settings, now_ms, batch)
    return batch


def infinite(said: Any) -> str | None:
    """Where the first number is that is beyond all floats; None: nowhere.

    >>> infinite({"lines": [{"price_minor": 7}, {"price_minor": float("inf")}]}), infinite([7])
    ('lines.1.price_minor', None)
    """
    left: list[tuple[Any, Any]] = [((), said)]  # no recursion: it may be nested deeply
    while left:
        path, one = left.pop()
        if isinstance(one, float) and math.isinf(one):
            return _told(path)
        pairs = enumerate(one) if isinstance(one, list) else ()
        more = one.items() if isinstance(one, dict) else pairs
        left += [((path, name), held) for name, held in more][::-1]
    return None


def _told(path: Any) -> str:
    """A place in short: pairs of what is around it and a name, written only once it is found."""
    names: list[str] = []
    while path and len(names) < PLACES_MAX:
        path, name = path
        names.append(str(name)[:NAME_CHARS_MAX].encode(errors="replace").decode())
    return ".".join(reversed(names))


def _parsed(body: bytes) -> tuple[Any, bool]:
    """The JSON of a body, and whether there is what orjson refuses; raises `RequestRefused`.

    Half a character, or a number beyond all floats: either costs its own event at most.
    """
    try:
        return orjson.loads(body), False
    except ValueError as error:
        wrong = error
    try:
        said = _AS_ORJSON.decode(body.decode())
    except (ValueError, RecursionError):
        said = None
    if said is None or not (has_half(body) or infinite(said) is not None):
        raise RequestRefused(400, "invalid_json", f"the body is no JSON: {wrong}")
    return said, True


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _integer(said: str) -> int | float:
    """One beyond 64 bits is a float.

    >>> _integer("18446744073709551615"), _integer("18446744073709551616")
    (18446744073709551615, 1.8446744073709552e+19)
    """
    if len(said) <= len(str(INTEGER_MIN)) and INTEGER_MIN <= int(said) <= INTEGER_MAX:
        return int(said)
    return float(said)


_AS_ORJSON = json.JSONDecoder(parse_constant=_refused, parse_int=_integer)
"""What is odd beside a number does not change what that number is; one too large is infinite."""
