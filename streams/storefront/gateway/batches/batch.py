"""Events of a request, judged one by one: what is said of them, and what is written.

Who asks with a session token says what happened, and not who it was: session, visitor, shopper,
segment and points are the token's. Nor may a browser say what is another's business: that an order
came back, whom to forget, what an item earns; nor what was ordered, unless that is allowed. Who
asks with the shop's key is believed.

What is written is the event that workers would read, in the contract's own fields and no others.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict

from streams.contract.errors import BadInput, InvalidEvent, RequestRefused
from streams.contract.events import EVENTS, decode, encode
from streams.contract.events.surrogates import has_half
from streams.contract.settings import Settings
from streams.shop.people.context import slots_of
from streams.storefront.gateway.access.tokens import SessionOwner
from streams.storefront.gateway.bus.bus import EventRecord
from streams.storefront.hints import hints

TYPES = tuple(event.model_fields["type"].default for event in EVENTS)
OF_SERVERS = ("order_cancelled", "order_returned", "shopper_forgotten")
"""Whoever may say these can undo what others have done."""
ORDER = "order_placed"
OF_TOKENS = ("session_id", "visitor_id", "shopper_id", "segment", "points_balance")
MARGIN = "margin_minor"
NO_TIME_MS = 0
"""An event is written as it was sent: clocks are set right by who reads it."""


class EventResult(BaseModel):
    """What became of one event of a request."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    index: int
    """Its place among the results, from 0: in a body of our own events, its place there."""
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
    place: str | None = None
    """Where in a body of another format it is, such as `events.3.items.1`; left out: all of it."""


class Batch(NamedTuple):
    """The events of a request."""

    records: list[EventRecord]
    """Those that are to be sent, in order."""
    results: list[EventResult]
    """Of each event, as things stand once the records are sent."""
    asking: dict[tuple[str, str], int]
    """Session and id of those that prompts may answer, in order, and how many: one a slot."""
    ignored: dict[str, int]
    """What of another format is of no use to us, by its own name for it."""

    @property
    def sessions(self) -> set[str]:
        """Whose events may be answered."""
        return {session_id for session_id, _ in self.asking}

    @property
    def entries(self) -> int:
        """How much came of the body: what it is counted as."""
        return len(self.results) + sum(self.ignored.values())

    @classmethod
    def empty(cls) -> "Batch":
        """Nothing yet."""
        return cls([], [], {}, {})

    def accept(self, event: Any, value: bytes, place: str | None = None) -> None:
        """An event that is to be sent."""
        index = len(self.results)
        self.results.append(EventResult(index=index, event_id=event.event_id, place=place))
        self.records.append(EventRecord(event.session_id.encode(), value))
        if slots := slots_of(event):
            self.asking[event.session_id, event.event_id] = len(slots)

    def reject(self, reason: str, message: str, **more: Any) -> None:
        """Something that is left out, and why."""
        index = len(self.results)
        self.results.append(
            EventResult(index=index, status="rejected", reason=reason, message=message, **more)
        )


def judge(
    said: Any,
    visit: SessionOwner | None,
    settings: Settings,
    now_ms: int,
    batch: Batch,
    place: str | None = None,
) -> None:
    """Put an event where it belongs in the batch."""
    try:
        event = _event(said, visit, settings, now_ms)
        value = _encoded(event, settings)
    except (BadInput, RequestRefused) as invalid:
        refuse(said, invalid, batch, place)
        return
    batch.accept(event, value, place)


def refuse(
    said: Any, invalid: BadInput | RequestRefused, batch: Batch, place: str | None = None
) -> None:
    """Put what is no event into the batch, with the reason and what may have been meant."""
    told = said.get("event_id") if isinstance(said, dict) else None
    batch.reject(
        invalid.reason,
        str(invalid),
        event_id=told[:128].encode(errors="replace").decode() if isinstance(told, str) else None,
        hints=(tuple(hints(said, TYPES)) or None) if isinstance(said, dict) else None,
        place=place,
    )


def _event(said: Any, visit: SessionOwner | None, settings: Settings, now_ms: int) -> Any:
    """The event that is meant; raises `InvalidEvent`, `RequestRefused`."""
    if not isinstance(said, dict):
        raise InvalidEvent("invalid_event", "an event is a JSON object")
    if visit is not None:
        said = _by_token(said, visit, settings)
    who = said.get("session_id")
    key = who.encode(errors="surrogatepass") if isinstance(who, str) else b""
    if said.get("occurred_at_ms") in (None, ""):  # as good as left out
        said = {**said, "occurred_at_ms": now_ms, "sent_at_ms": None}  # by our clock, not theirs
    return decode(key, _written(said), timestamp_ms=NO_TIME_MS, settings=settings)


def _written(said: dict[str, Any]) -> bytes:
    """The event as JSON, halves of characters as they were sent; raises `InvalidEvent`."""
    try:
        return orjson.dumps(said)
    except TypeError:
        deep = InvalidEvent("invalid_event", "the event is nested too deeply")
    try:
        value = json.dumps(said).encode()
    except RecursionError:
        raise deep from None
    if not has_half(value):
        raise deep
    return value


def _encoded(event: Any, settings: Settings) -> bytes:
    """As it is written, which says more than was sent; raises `InvalidEvent` beyond the bound."""
    value = encode(event)
    if (size := len(value)) > (most := settings.event_bytes_max):
        raise InvalidEvent("oversize", f"{size} bytes are more than event_bytes_max={most}")
    return value


def _by_token(said: Mapping[str, Any], visit: SessionOwner, settings: Settings) -> dict[str, Any]:
    """What a browser says, of whom the token names; raises `RequestRefused`."""
    if said.get("type") in OF_SERVERS:
        raise RequestRefused(
            403,
            "not_from_a_browser",
            f"{said['type']} is for the shop's server to say, with its key",
        )
    if said.get("type") == ORDER and not settings.gateway_browser_orders:
        raise RequestRefused(
            403,
            "order_from_a_browser",
            "an order is told by the shop's server, with its key, or by a webhook; "
            "GOESWITH_GATEWAY_BROWSER_ORDERS=true believes pages, too",
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
