"""GA4: the Measurement Protocol, the data layer, gtag's arguments, and rows exported to BigQuery.

One event in four wrappings. None of them has an id: it is made of what is sent, so the same request
is the same events, and two requests that differ in nothing, not even in their time, are one: send
`timestamp_micros`. In a log two records are two. A session's number is good within its client only.

`https://developers.google.com/analytics/devguides/collection/protocol/ga4`
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from streams.storefront.intake.adapter import Headers
from streams.storefront.intake.drafts import UNSAID, Drafts, Unreadable, Who, placed
from streams.storefront.intake.lines import ItemLine, ItemNames, item_events, read_lines, taken_back
from streams.storefront.intake.orders import basket_event, order_fields
from streams.storefront.intake.sources.ga4_export import exported
from streams.storefront.intake.values.consent import answer, consented, of_google
from streams.storefront.intake.values.identifiers import identifier, item_identifier
from streams.storefront.intake.values.looking import at, first, rows, text
from streams.storefront.intake.values.money import below_zero
from streams.storefront.intake.values.times import When, time_of

ITEM = ItemNames(
    parent=("item_id",), variant_name="item_variant", category=("item_category",), price="price"
)
PER_ITEM = {
    "view_item": "item_viewed",
    "add_to_cart": "item_added",
    "remove_from_cart": "item_removed",
}
FEEDBACK = ("prompt_shown", "prompt_clicked", "prompt_dismissed")
"""Custom events for what was done with a prompt, with its receipt as a parameter."""
RECEIPT = "goeswith_receipt"
STORAGE = ("analytics_storage", "ads_storage")
"""What a row of the export tells of consent; a no to either is one."""


class Hit(NamedTuple):
    """One event, out of its wrapping."""

    name: str
    params: Mapping[str, Any]
    who: Who
    when: When
    place: str
    told: Any
    """What its id is made of."""


def translate(said: Any, headers: Headers, drafts: Drafts) -> None:
    """Say what is in a body, in any of the four wrappings; raises `Unreadable`."""
    if drafts.robot(headers.get("user-agent")):
        return
    for hit in hits(said, drafts):
        _say(hit, drafts)


def hits(said: Any, drafts: Drafts) -> Iterator[Hit]:
    """The events of a body, in its order."""
    if isinstance(said, list) and said and not _is_gtag(said):
        yield from _each(said, drafts)
    elif isinstance(at(said, "events"), list):
        yield from _protocol(said, drafts)
    elif isinstance(said, Mapping) and "event_name" in said:
        yield _exported(said)
    elif gtag := _command("event", said):
        name, params = gtag
        yield _hit(name, params, params, "", said)
    elif text(at(said, "event")):
        params = at(said, "ecommerce")
        yield _hit(said["event"], params if isinstance(params, Mapping) else said, said, "", said)
    elif isinstance(said, Mapping | list):
        drafts.ignore("no event")
    else:
        raise Unreadable(
            "invalid_body", "it is no event of GA4: an object with `events` or `event`"
        )


def _each(said: list[Any], drafts: Drafts) -> Iterator[Hit]:
    """The events of a list, each under the consent that was told before it in the list."""
    told: dict[str, Any] = {}
    for place, one in rows(said):
        if command := _command("consent", one):
            drafts.count()
            told = consented(told, *command)
            continue
        if isinstance(one, list) and not _is_gtag(one):
            drafts.ignore("no event")
            continue
        for hit in hits(one, drafts):
            answers = [hit.who.consent, of_google(told)]
            consent = False if False in answers else any(answers) or None
            who = hit.who._replace(consent=consent)
            yield hit._replace(who=who, place=placed(str(place), hit.place))


def _protocol(said: Mapping[str, Any], drafts: Drafts) -> Iterator[Hit]:
    for index, one in rows(said["events"]):
        place = placed("events", index)
        name, params = text(at(one, "name")), at(one, "params")
        if name is None:
            drafts.reject(place, "invalid_event", "name: it has none")
            continue
        params = params if isinstance(params, Mapping) else {}
        hit = _hit(name, params, said, place, one)
        when = _when(one, said)
        told = [name, params, at(one, "timestamp_micros"), at(said, "timestamp_micros")]
        yield hit._replace(when=when, told=told)


def _hit(name: str, params: Mapping[str, Any], around: Any, place: str, told: Any) -> Hit:
    """An event whose client, user and time may be said in it, or around it."""
    client = first(around, "client_id", "app_instance_id") or first(params, "client_id")
    number = first(params, "session_id", "ga_session_id") or first(around, "session_id")
    user = next((one["user_id"] for one in (params, around) if "user_id" in one), UNSAID)
    consent = of_google(at(around, "consent"))
    if answer(at(around, "non_personalized_ads")):  # how a no was said before there was `consent`
        consent = False
    who = Who(
        session=session_of(client, number),
        visitor=client,
        shopper=user,
        consent=of_google(params.get("consent")) if consent is None else consent,
        locale=first(params, "language") or first(around, "language"),
    )
    when = _when(params, around)
    return Hit(name.strip(), params, who, when, place, told)


def _when(own: Any, around: Any) -> When:
    """The time of an event, else that of what it stands in."""
    says = first(own, "timestamp_micros") not in (None, 0)
    return time_of(own if says else around, "timestamp_micros")


def _exported(said: Mapping[str, Any]) -> Hit:
    """A row of `events_YYYYMMDD`."""
    row, privacy = exported(said), said.get("privacy_info")
    who = Who(
        session=session_of(row.client, row.params.get("ga_session_id")),
        visitor=row.client,
        shopper=said.get("user_id", UNSAID),
        consent=False if False in [answer(at(privacy, name)) for name in STORAGE] else None,
        locale=at(said, "device", "language"),
    )
    return Hit(row.name, row.params, who, row.when, "", row.told)


def session_of(client: Any, number: Any) -> str | None:
    """A visit: the session's number, a time, is good within its client only.

    >>> session_of("55.66", 1767225600), session_of("55.66", None), session_of(None, "v-7")
    ('55.66.1767225600', '55.66', 'v-7')
    >>> session_of(None, 1767225600)
    """
    parts = [one for one in map(identifier, (client, number)) if one]
    return None if len(parts) == 1 and parts[0].isdigit() else ".".join(parts) or None


def _say(hit: Hit, drafts: Drafts) -> None:
    """What an event means to us, or that it means nothing."""
    name, params, who, place = hit.name, hit.params, hit.who, hit.place
    event_id = drafts.made_id(drafts.session(who), hit.told, when=hit.when)
    receipt, items = text(params.get(RECEIPT)), params.get("items")
    if name in FEEDBACK:
        clicked = {"item_id": item_identifier(params.get("item_id"))}
        item = clicked if name == "prompt_clicked" else {}
        drafts.event(place, name, event_id, who, hit.when, receipt=receipt, **item)
        return
    if name == "begin_checkout":
        drafts.event(place, "checkout_started", event_id, who, hit.when)
        return
    if name not in PER_ITEM and name not in ("view_cart", "purchase", "refund"):
        drafts.ignore(name)
        return
    if name == "view_cart":
        where, currency = placed(place, "items"), params.get("currency")
        basket_event(items, ITEM, drafts, place, where, event_id, who, hit.when, currency)
        return
    if name == "purchase" and below_zero(params.get("value")):
        name = "refund"
    if name == "refund":
        items = taken_back(items, ITEM)
    lines = read_lines(items, ITEM, drafts, placed(place, "items"), params.get("currency"))
    if kind := PER_ITEM.get(name):
        if not lines:
            drafts.reject(place, "no_items", f"{name} has no item that can be used")
        item_events(kind, lines, drafts, place, event_id, who, hit.when, receipt)
    elif name == "purchase":
        told = order_fields(lines, drafts, params.get("currency"))
        order_id = identifier(params.get("transaction_id"))
        event_id = f"order-{order_id}"
        drafts.event(place, "order_placed", event_id, who, hit.when, order_id=order_id, **told)
    else:
        _refund(hit, items, lines, event_id, drafts)


def _refund(
    hit: Hit, items: Any, lines: list[tuple[int, ItemLine]], event_id: str, drafts: Drafts
) -> None:
    """What came back: the items that are named; without any, all of the order, as GA4 has it."""
    back = order_fields(lines, drafts, hit.params.get("currency")) if items else {}
    order_id = identifier(hit.params.get("transaction_id"))
    drafts.event(
        hit.place, "order_returned", event_id, hit.who, hit.when, order_id=order_id, **back
    )


def _is_gtag(said: Any) -> bool:
    return isinstance(said, list) and bool(said) and isinstance(said[0], str)


def _command(name: str, said: Any) -> tuple[str, Mapping[str, Any]] | None:
    """What a command of gtag is given, as a list or as the object of its arguments."""
    if isinstance(said, Mapping):
        said = [said.get(str(index)) for index in range(3)]
    if not _is_gtag(said) or said[0] != name:
        return None
    about, params = [*said[1:], None, None][:2]
    told = text(about)
    return (told, params if isinstance(params, Mapping) else {}) if told else None
