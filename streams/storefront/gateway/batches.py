"""A body of events, judged one by one: bytes in, records and results out.

Who asks with a session token says what happened, and not who it was: session, visitor, shopper and
segment are the token's. Nor may a browser say what is another's business: that an order came back,
whom to forget, what an item earns. Who asks with the shop's key is believed.

What is written is the event that workers would read, in the contract's own fields and no others.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict

from streams.contract.errors import BadInput, InvalidEvent, RequestRefused
from streams.contract.events import EVENTS, decode, encode
from streams.contract.settings import Settings
from streams.storefront.gateway.access.tokens import SessionOwner
from streams.storefront.gateway.bus.bus import EventRecord
from streams.storefront.hints import hints

TYPES = tuple(event.model_fields["type"].default for event in EVENTS)
OF_SERVERS = ("order_cancelled", "order_returned", "shopper_forgotten")
"""Whoever may say these can undo what others have done."""
ASKING = ("item_viewed", "item_added")
"""Events that a prompt may answer."""
OF_TOKENS = ("session_id", "visitor_id", "shopper_id", "segment")
MARGIN = "margin_minor"
BOM = b"\xef\xbb\xbf"
NO_TIME_MS = 0
"""An event is written as it was sent: clocks are set right by who reads it."""


class EventResult(BaseModel):
    """What became of one event of a request."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    index: int
    """Its place in the request, from 0."""
    event_id: str | None = None
    """Its id, if it says one."""
    status: Literal["accepted", "rejected"] = "accepted"
    """`accepted`: Kafka has it. `rejected`: nobody has, and sending it again would not help."""
    reason: str | None = None
    """Why it was rejected, as a short, stable word."""
    message: str | None = None
    """The same for people."""
    hints: tuple[str, ...] | None = None
    """What may have been meant."""


class Batch(NamedTuple):
    """The events of a request."""

    records: list[EventRecord]
    """Those that are to be sent, in order."""
    results: list[EventResult]
    """Of each event, as things stand once the records are sent."""
    asking: list[tuple[str, str]]
    """Session and id of those that a prompt may answer, in order."""

    @property
    def sessions(self) -> set[str]:
        """Whose events may be answered."""
        return {session_id for session_id, _ in self.asking}


def read_batch(body: bytes, visit: SessionOwner | None, settings: Settings, now_ms: int) -> Batch:
    """The events in a body: one, or a list. `visit` None: the shop says it, of any session.

    Raises `RequestRefused` for what is no JSON, or too long.

    >>> body = b'[{"type": "item_viewed", "event_id": "e1", "item_id": "bread"}, 7]'
    >>> ann = SessionOwner(session_id="session-7")
    >>> batch = read_batch(body, ann, Settings(), now_ms=1_767_225_600_000)
    >>> [(result.index, result.status, result.reason) for result in batch.results]
    [(0, 'accepted', None), (1, 'rejected', 'invalid_event')]
    """
    try:
        said = orjson.loads(body.removeprefix(BOM))
    except ValueError as error:
        raise RequestRefused(400, "invalid_json", f"the body is no JSON: {error}") from None
    events = said if isinstance(said, list) else [said]
    if len(events) > settings.gateway_batch_max:
        raise RequestRefused(
            413,
            "too_many_events",
            f"{len(events)} events are more than gateway_batch_max={settings.gateway_batch_max}",
        )
    batch = Batch([], [], [])
    for index, event in enumerate(events):
        _judge(index, event, visit, settings, now_ms, batch)
    return batch


def _judge(
    index: int, said: Any, visit: SessionOwner | None, settings: Settings, now_ms: int, batch: Batch
) -> None:
    """Put an event where it belongs in the batch."""
    told = said.get("event_id") if isinstance(said, dict) else None
    event_id = told[:128] if isinstance(told, str) else None
    try:
        event = _event(said, visit, settings, now_ms)
        value = _encoded(event, settings)
    except (BadInput, RequestRefused) as invalid:
        batch.results.append(
            EventResult(
                index=index,
                event_id=event_id,
                status="rejected",
                reason=invalid.reason,
                message=str(invalid),
                hints=(tuple(hints(said, TYPES)) or None) if isinstance(said, dict) else None,
            )
        )
        return
    batch.results.append(EventResult(index=index, event_id=event_id))
    batch.records.append(EventRecord(event.session_id.encode(), value))
    if event.type in ASKING:
        batch.asking.append((event.session_id, event.event_id))


def _event(said: Any, visit: SessionOwner | None, settings: Settings, now_ms: int) -> Any:
    """The event that is meant; raises `InvalidEvent`, `RequestRefused`."""
    if not isinstance(said, dict):
        raise InvalidEvent("invalid_event", "an event is a JSON object")
    if visit is not None:
        said = _by_token(said, visit)
    who = said.get("session_id")
    key = who.encode() if isinstance(who, str) else b""
    try:
        value = orjson.dumps({"occurred_at_ms": now_ms, **said})
    except TypeError:
        raise InvalidEvent("invalid_event", "the event is nested too deeply") from None
    return decode(key, value, timestamp_ms=NO_TIME_MS, settings=settings)


def _encoded(event: Any, settings: Settings) -> bytes:
    """As it is written, which says more than was sent; raises `InvalidEvent` beyond the bound."""
    value = encode(event)
    if (size := len(value)) > (most := settings.event_bytes_max):
        raise InvalidEvent("oversize", f"{size} bytes are more than event_bytes_max={most}")
    return value


def _by_token(said: Mapping[str, Any], visit: SessionOwner) -> dict[str, Any]:
    """What a browser says, of whom the token names; raises `RequestRefused`."""
    if said.get("type") in OF_SERVERS:
        raise RequestRefused(
            403,
            "not_from_a_browser",
            f"{said['type']} is for the shop's server to say, with its key",
        )
    event = {name: value for name, value in said.items() if name not in (*OF_TOKENS, MARGIN)}
    event |= visit.model_dump(include=set(OF_TOKENS), exclude_unset=True)
    if type(version := event.get("schema_version", 1)) is int and version == 1:
        event["schema_version"] = 2  # in which an event need not say who is signed in
    if isinstance(lines := event.get("lines"), list):
        event["lines"] = [_without_margin(line) for line in lines]
    return event


def _without_margin(line: Any) -> Any:
    if not isinstance(line, dict):
        return line
    return {name: value for name, value in line.items() if name != MARGIN}
