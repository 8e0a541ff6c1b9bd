"""A body in another format: GA4's, Segment's, CloudEvents and others, made events of ours.

What it says is mapped first, and then judged as our own events are: by the token, whose session and
visitor these events are whatever the body says, and by the same bounds. An event that denies
consent has neither the browser's id nor the shopper's, from the token as little as from the body.
"""

from collections.abc import Mapping

import orjson

from streams.contract.errors import RequestRefused
from streams.contract.events import encode
from streams.contract.settings import Settings
from streams.storefront.gateway.access.tokens import SessionOwner
from streams.storefront.gateway.batches.batch import OF_SERVERS, ORDER, Batch, judge
from streams.storefront.intake.adapter import WRONG_SOURCE, Adapter
from streams.storefront.intake.adapters import adapters, of_content_type
from streams.storefront.intake.drafts import Intake, PlacedEvent, Rejection, TooManyEntries

PUBLIC_LOGS = ("rees46", "otto")
"""No shop sends these."""
FOREIGN: Mapping[str, Adapter] = {
    name: adapter
    for name, adapter in adapters().items()
    if name == adapter.name and name not in PUBLIC_LOGS
}
"""The formats that a body may have, by name."""
SIGN_FOR_PAGES = ("segment",)
"""What these sign may be what a page has said: its write key is everybody's."""
BINARY = "ce-specversion"
"""The header that makes any body the data of a CloudEvent."""


def format_of(source: str | None, headers: Mapping[str, str]) -> Adapter | None:
    """The format of a body, by name or by its headers; None: it is our own.

    Raises `RequestRefused` for a name that is none, or is not that of the content type.

    >>> format_of("ga4", {}).name, format_of(None, {"content-type": "application/json"})
    ('ga4', None)
    >>> format_of(None, {"content-type": "application/vnd.segment+json"}).name
    'segment'
    """
    found = of_content_type(headers.get("content-type", ""))
    if source is not None:
        if source not in FOREIGN:
            known = ", ".join(FOREIGN)
            raise RequestRefused(422, "unknown_source", f"source is one of {known}")
        if found and found.name != source:
            told = f"the content type is that of {found.name}, and source says {source}"
            raise RequestRefused(422, WRONG_SOURCE, told)
        return FOREIGN[source]
    if found:
        return FOREIGN.get(found.name)
    return FOREIGN["cloudevents"] if BINARY in headers else None


def read_foreign(
    adapter: Adapter,
    body: bytes,
    headers: Mapping[str, str],
    visit: SessionOwner | None,
    settings: Settings,
    now_ms: int,
    *,
    events_max: int,
) -> Batch:
    """The events in a body of another format. `visit` None: the shop says it, of any session.

    Who asked is known by token or key: a signature is not asked for, nor is an agent looked at.
    Raises `RequestRefused` for a body that is none of this format, or has too many events. Of a
    token's also what is rejected or ignored counts, and no more than the bound is looked at.
    """
    entries_max = None if visit is None else events_max
    became = read_record(adapter, body, headers, visit, settings, now_ms, entries_max)
    for one in () if became.events else became.rejections:
        if one.reason == "invalid_json":
            raise RequestRefused(400, "invalid_json", f"{adapter.name}: {one.message}")
        if one.reason == "invalid_body":
            raise RequestRefused(400, "invalid_body", f"{adapter.name}: {one.message}")
        if one.reason == WRONG_SOURCE:
            raise RequestRefused(422, WRONG_SOURCE, one.message)
    if (many := len(became.events)) > events_max:
        raise RequestRefused(413, "too_many_events", f"{many} events are more than {events_max}")
    return judged(became, visit, settings, now_ms)


def read_webhook(
    adapter: Adapter, body: bytes, headers: Mapping[str, str], settings: Settings, now_ms: int
) -> Batch:
    """The events in a body that its signature has shown to be a shop system's.

    What cannot be used is told as rejected, be it all of the body: sending it again would not help.
    So are orders, and what comes back of them, where they may be a page's, which is not believed.
    """
    became = read_record(adapter, body, headers, None, settings, now_ms)
    if adapter.name in SIGN_FOR_PAGES and not settings.gateway_browser_orders:
        became = became._replace(told=tuple(map(_of_a_page, became.told)))
    return judged(became, None, settings, now_ms)


def _of_a_page(one: PlacedEvent | Rejection) -> PlacedEvent | Rejection:
    """The same, unless it is not for pages to say."""
    if isinstance(one, Rejection) or (kind := one.event.type) not in (ORDER, *OF_SERVERS):
        return one
    return Rejection(
        one.place,
        "order_from_a_browser" if kind == ORDER else "not_from_a_browser",
        f"{kind} may be a page's, whoever signs it: the shop's server tells it, with its key; "
        "GOESWITH_GATEWAY_BROWSER_ORDERS=true believes it",
    )


def judged(became: Intake, visit: SessionOwner | None, settings: Settings, now_ms: int) -> Batch:
    """What became of a body, judged as our own events are."""
    batch = Batch.empty()
    batch.ignored.update(became.ignored)
    for one in became.told:
        place = one.place or None
        if isinstance(one, PlacedEvent):
            whose = without_ids(visit) if visit and one.event.consent is False else visit
            judge(orjson.loads(encode(one.event)), whose, settings, now_ms, batch, place)
        else:
            batch.reject(one.reason, one.message, place=place)
    return batch


def read_record(
    adapter: Adapter,
    body: bytes,
    headers: Mapping[str, str],
    visit: SessionOwner | None,
    settings: Settings,
    now_ms: int,
    entries_max: int | None = None,
) -> Intake:
    """What becomes of a body; raises `RequestRefused`, 413, beyond `entries_max`."""
    said = {name: value for name, value in headers.items() if name != "user-agent"}
    try:
        return adapter._replace(secret=None).read(
            body,
            said,
            settings,
            received_at_ms=now_ms,
            session_id=visit.session_id if visit is not None else None,
            entries_max=entries_max,
        )
    except TooManyEntries as error:
        raise RequestRefused(413, error.reason, f"{adapter.name}: {error}") from None


def without_ids(visit: SessionOwner) -> SessionOwner:
    """A visit of which is known that it is one, and not whose.

    >>> without_ids(SessionOwner(session_id="s", visitor_id="v", shopper_id="ann")).visitor_id
    """
    return SessionOwner(session_id=visit.session_id, segment=visit.segment)
