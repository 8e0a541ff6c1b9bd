"""CloudEvents 1.0 around our own events: binary, structured, or a batch, over HTTP or Kafka.

`data` has the fields of our event, its `type` among them; what is not in `data` comes from the
attributes: `type`, which ends in the type of an event then (`com.shop.item_added`, with a version
behind it or not), `time`, and `partitionkey` for a session that nobody else says. `source`
with `id` makes a CloudEvent one, and is the event's id, whatever `data` says. The type in `data`
counts whatever the envelope is called: copies, such as an audit's, are to be kept away from here.

`https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md`
"""

from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from streams.contract.events import EVENTS
from streams.contract.events.surrogates import is_cut
from streams.storefront.intake.adapter import Headers, json_body
from streams.storefront.intake.drafts import UNSAID, Drafts, Unreadable, Who, placed
from streams.storefront.intake.lines import NO_CURRENCY
from streams.storefront.intake.values.consent import answer
from streams.storefront.intake.values.identifiers import identifier
from streams.storefront.intake.values.looking import at, first, parsed, rows, text
from streams.storefront.intake.values.times import by_sender, milliseconds, time_of

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
OF_HTTP, OF_KAFKA = "ce-", "ce_"
"""What attributes begin with in headers; those of HTTP are percent-encoded."""
CLICK = "prompt_clicked"
CUT_ID = "its id has half a character"
REQUIRED = ("specversion", "type", "source", "id")
FIELDS = {
    event.model_fields["type"].default: frozenset(event.model_fields)
    - {"type", "schema_version", "event_id", "session_id", "visitor_id", "shopper_id"}
    - {"occurred_at_ms", "sent_at_ms", "consent", "locale"}
    for event in EVENTS
}
"""What of `data` goes on as it is, by type: all but what is read here."""


def parse(body: bytes, headers: Headers) -> Any:
    """One event, or a list of them, as the JSON format has them; raises `Unreadable`."""
    attributes = {
        name[3:]: unquote(value) if name.startswith(OF_HTTP) else value
        for name, value in headers.items()
        if name.startswith((OF_HTTP, OF_KAFKA))
    }
    said = json_body(body, headers) if body.strip() else None
    if "specversion" in attributes and not _is_wrapped(headers):
        return {**attributes, "data": said}
    return said


def translate(said: Any, headers: Headers, drafts: Drafts) -> None:
    """Say what is in a CloudEvent, or in a batch of them; raises `Unreadable`."""
    if drafts.robot(headers.get("user-agent")):
        return
    if isinstance(said, list):
        for index, one in rows(said):
            _say(one, str(index), drafts)
    elif isinstance(said, Mapping):
        _say(said, "", drafts)
    else:
        raise Unreadable("invalid_body", "it is no CloudEvent: attributes, or an object with them")


def _say(said: Any, place: str, drafts: Drafts) -> None:
    lacks = [name for name in REQUIRED if identifier(at(said, name)) is None]
    if lacks:
        drafts.reject(place, "invalid_event", f"it has no {', '.join(lacks)}")
        return
    if not str(said["specversion"]).startswith("1."):
        drafts.reject(place, "invalid_event", "specversion: 1.0 is wanted")
        return
    data = _data(said)
    kind = _own_kind(data) or _kind(said["type"])
    if kind is None:
        drafts.ignore(said["type"])
        return
    if not isinstance(data, Mapping):
        drafts.reject(placed(place, "data"), "invalid_event", "data: an object is wanted")
        return
    event_id = f"{identifier(said['source'])}#{identifier(said['id'])}"
    occurred, sent = milliseconds(data.get("occurred_at_ms")), data.get("sent_at_ms")
    when = (
        by_sender(occurred, sent)
        if occurred
        else time_of(said, "time")
        if first(said, "time") is not None
        else time_of(data, "occurred_at_ms")
    )
    fields = {name: data[name] for name in FIELDS[kind] if data.get(name) not in (None, "")}
    if kind == "shopper_forgotten":
        fields["shopper_id"] = drafts.shopper(data.get("shopper_id"))
    if kind == CLICK and _is_cut(fields.get("item_id")):  # it need not name its item
        drafts.reject(placed(place, "data", "item_id"), "item_id", CUT_ID)
        del fields["item_id"]
    cut = _leave_out_halves(fields, placed(place, "data"), drafts)
    if cut and kind == "basket_updated":
        drafts.reject(place, "incomplete", f"{cut:,} of its items cannot be used")
        return
    drafts.event(place, kind, event_id, _who(said, data), when, **fields)


def _leave_out_halves(fields: dict[str, Any], place: str, drafts: Drafts) -> int:
    """Leave out lines whose id has half a character, and a currency with the prices in it.

    How many lines these are. Other texts with half a character are left out for all sources alike.
    """
    lines, left = fields.get("lines"), []
    for index, line in rows(lines):
        if _is_cut(at(line, "item_id")):
            drafts.reject(placed(place, "lines", index), "item_id", CUT_ID)
        else:
            left.append(line)
    if _is_cut(fields.get("currency")):
        if any(at(one, "price_minor") is not None for one in (fields, *left)):
            drafts.ignore(NO_CURRENCY)
        del fields["currency"]
        fields.pop("price_minor", None)
        left = [_without_price(line) for line in left]
    if not isinstance(lines, list):
        return 0
    fields["lines"] = left
    return len(lines) - len(left)


def _is_cut(said: Any) -> bool:
    return isinstance(said, str) and is_cut(said)


def _without_price(line: Any) -> Any:
    if not isinstance(line, Mapping):
        return line
    return {k: v for k, v in line.items() if k not in ("price_minor", "margin_minor")}


def _who(said: Mapping[str, Any], data: Mapping[str, Any]) -> Who:
    """What `data` says counts; `partitionkey` is good for order, and stands in for the session.

    An event of version 1 that names no shopper says that nobody is signed in.
    """
    unnamed = None if data.get("schema_version") == 1 else UNSAID
    return Who(
        session=first(data, "session_id") or first(said, "sessionid", "partitionkey"),
        visitor=data.get("visitor_id"),
        shopper=data.get("shopper_id", unnamed),
        consent=answer(data.get("consent")),
        locale=data.get("locale"),
    )


def _own_kind(data: Any) -> str | None:
    """The type that our event says itself; None: none, or another's word under the same name."""
    said = text(at(data, "type"))
    return said if said in FIELDS else None


def _kind(said: Any) -> str | None:
    """The type of our event that this type names; None: it names none."""
    words = (text(said) or "").replace("/", ".").split(".")
    return next((word for word in reversed(words) if word in FIELDS), None)


def _data(said: Mapping[str, Any]) -> Any:
    """The data; of text and of base64, the JSON in it. None: there is none."""
    held = said.get("data")
    try:
        if held is None and isinstance(said.get("data_base64"), str):
            held = b64decode(said["data_base64"], validate=True).decode()
        return parsed(held) if isinstance(held, str) else held
    except (NoBase64, ValueError):
        return None


def _is_wrapped(headers: Headers) -> bool:
    """Whether the body is a whole CloudEvent, or several."""
    return headers.get("content-type", "").lower().startswith("application/cloudevents")
