"""Bodies in other formats: mapped, and judged as our own are, by the token and the bounds."""

import json
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from streams.contract.errors import RequestRefused
from streams.contract.events import ItemAdded, OrderPlaced, decode
from streams.contract.settings import Settings
from streams.storefront.gateway.access.tokens import SessionOwner
from streams.storefront.gateway.batches.batch import OF_SERVERS
from streams.storefront.gateway.batches.foreign import FOREIGN, read_foreign
from tests.storefront.gateway.shopfront import KEY, NOON_S, Shopfront, bearer, says_nothing
from tests.storefront.intake.mutated import payload
from tests.storefront.intake.samples import (
    BREAD,
    DENIED,
    ORDER,
    SAMPLES,
    SHOPPER,
    cloud_event,
    hit,
    matomo,
    protocol,
    tea,
    track,
)

BATCH = "application/cloudevents-batch+json"


async def post(
    front: Shopfront, body: Any, token: str, source: str = "", **headers: str
) -> httpx.Response:
    """Send a body of another format."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return await front.http.post(
        "/v1/events" + (f"?source={source}" if source else ""),
        content=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"content-type": "application/json"} | bearer(token) | said,
    )


@pytest.mark.parametrize("source", FOREIGN)
async def test_every_format_is_taken_by_its_name_and_by_its_content_type(source: str) -> None:
    """What a sample becomes elsewhere it becomes here; ids and all, so that repeats are repeats."""
    sample = SAMPLES[source][0]
    kind = sample.headers.get("content-type", "application/json")
    by_name, by_type = Shopfront(says_nothing), Shopfront(says_nothing)
    first = await post(by_name, sample.body, KEY, source, **sample.headers)
    headers = {**sample.headers, "content-type": f"application/vnd.{source}+json"}
    again = await post(by_type, sample.body, KEY, **headers)

    assert 200 == first.status_code == again.status_code, (first.text, kind)
    assert by_name.bus.records
    assert by_name.bus.records == by_type.bus.records
    assert len(by_name.bus.records) == first.json()["accepted"]


@pytest.mark.parametrize("source", FOREIGN)
async def test_with_a_token_a_body_speaks_for_its_session_alone(source: str) -> None:
    """Whomever it names: session, visitor and shopper are the token's, and nothing comes back."""
    front = Shopfront(says_nothing, gateway_browser_orders=True)
    token = await front.token("ann", visitor_id="anns", shopper_id=None)
    for sample in SAMPLES[source]:
        await post(front, sample.body, token, source, **sample.headers)

    assert {b"ann"} == {record.key for record in front.bus.records} or not front.bus.records
    for event in front.bus.events:
        assert ("ann", None) == (event.session_id, event.shopper_id)
        assert event.visitor_id == ("anns" if event.consent is not False else None)
        assert event.type not in ("order_cancelled", "order_returned", "shopper_forgotten")
    assert SHOPPER.encode() not in b"".join(record.value for record in front.bus.records)


@pytest.mark.parametrize("source", [name for name in FOREIGN if name in DENIED])
async def test_a_denial_takes_no_id_from_the_token_either(source: str) -> None:
    """Who said no in the body is not told of by whoever minted the token."""
    front = Shopfront(says_nothing, gateway_browser_orders=True)
    token = await front.token("ann", visitor_id="anns", shopper_id="ann-1")
    for sample in DENIED[source]:
        await post(front, sample.body, token, source, **sample.headers)
    said = b"".join(record.value for record in front.bus.records)

    assert front.bus.records
    assert {False} == {event.consent for event in front.bus.events}
    assert b"anns" not in said
    assert b"ann-1" not in said


async def test_results_keep_the_order_of_the_body(front: Shopfront) -> None:
    """An item without an id is told at its place, before the events that its batch goes on with."""
    items = [tea(), {"item_name": "no id"}, tea(item_id="mug")]
    body = protocol(
        hit("page_view"), hit("view_item", items=[tea()]), hit("add_to_cart", items=items), {}
    )
    said = (await post(front, body, await front.token(), "ga4")).json()

    assert (3, 2, {"page_view": 1}) == (said["accepted"], said["rejected"], said["ignored"])
    assert [
        ("events.1", "accepted", None),
        ("events.2.items.1", "rejected", "no_item_id"),
        ("events.2", "accepted", None),
        ("events.2", "accepted", None),
        ("events.3", "rejected", "invalid_event"),
    ] == [(one["place"], one["status"], one.get("reason")) for one in said["results"]]
    assert [0, 1, 2, 3, 4] == [one["index"] for one in said["results"]]
    assert ["tea", "tea", "mug"] == [getattr(event, "item_id", "") for event in front.bus.events]


async def test_a_binary_cloud_event_is_known_by_its_headers(front: Shopfront) -> None:
    """Whatever it calls its data; without a time it happened now."""
    attributes = {"ce_id": "7", "ce_source": "/shop", "ce_type": "shop.item_added"}
    token = await front.token("ann")
    answer = await post(
        front, {"item_id": "tea"}, token, ce_specversion="1.0", content_type="", **attributes
    )

    (event,) = front.bus.events
    assert 200 == answer.status_code, answer.text
    assert isinstance(event, ItemAdded)
    assert ("ann", "/shop#7", NOON_S * 1000) == (
        event.session_id,
        event.event_id,
        event.occurred_at_ms,
    )


async def test_a_batch_of_cloud_events_names_what_cannot_be_used(front: Shopfront) -> None:
    """By its place; a `partitionkey` that is not the token's session does not matter."""
    good = cloud_event("item_viewed", {"item_id": "tea"}, partitionkey="bob")
    body = [{**good, "id": ""}, good, 7]
    said = (await post(front, body, await front.token("ann"), content_type=BATCH)).json()

    assert [("0", "rejected"), ("1", "accepted"), ("2", "rejected")] == [
        (one["place"], one["status"]) for one in said["results"]
    ]
    assert [b"ann"] == [record.key for record in front.bus.records]


async def test_what_is_ignored_is_no_mistake_and_what_is_wrong_is_one(front: Shopfront) -> None:
    """A tracker that is told of an error sends again, for ever."""
    token = await front.token()
    ignored = await post(front, track("Product List Viewed", {}), token, "segment")
    nothing = await post(front, track("Product Added", {}), token, "segment")

    assert (200, {"Product List Viewed": 1}) == (ignored.status_code, ignored.json()["ignored"])
    assert (422, "no_item_id") == (nothing.status_code, nothing.json()["results"][0]["reason"])


@pytest.mark.parametrize(
    ("body", "source", "status", "reason"),
    [
        (b"{", "ga4", 400, "invalid_json"),
        (b"7", "segment", 400, "invalid_body"),
        (b"{}", "google", 422, "unknown_source"),
        (b"{}", "rees46", 422, "unknown_source"),
        (b"[" * 5_000, "cloudevents", 400, "invalid_json"),
        (b" " * 300_000, "ga4", 413, "body_too_large"),
    ],
)
async def test_a_body_that_is_none_of_its_format_is_refused(
    front: Shopfront, body: bytes, source: str, status: int, reason: str
) -> None:
    """As a whole, by a word; nothing is sent."""
    answer = await post(front, body, await front.token(), source)

    assert (status, reason) == (answer.status_code, answer.json()["reason"])
    assert [] == front.bus.records


async def test_bounds_are_of_what_a_body_becomes() -> None:
    """One event of GA4 with many items is many events: of a request, and of a session's minute."""
    front = Shopfront(says_nothing, gateway_batch_max=5, gateway_session_rate=10)
    token = await front.token("ann")

    def adds(many: int) -> Any:
        return protocol(hit("add_to_cart", items=[tea(item_id=f"i{n}") for n in range(many)]))

    large = await post(front, adds(6), await front.token("bob"), "ga4")
    taken = [await post(front, adds(5), token, "ga4") for _ in range(3)]

    assert (413, "too_many_events") == (large.status_code, large.json()["reason"])
    assert [200, 200, 429] == [answer.status_code for answer in taken]
    assert 10 == len(front.bus.records)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("ga4", [{"event": "x"}] * 6),
        ("ga4", [["consent", "default", {f"c{n}": "granted"}] for n in range(6)]),
        ("ga4", {"client_id": "1.2", "events": [{}] * 6}),
        ("ga4", {"client_id": "1.2", "events": [{}] * 3 + [{"name": "x"}] * 3}),
        ("segment", {"batch": [7] * 6}),
        ("cloudevents", [{}] * 6),
    ],
)
async def test_what_is_of_no_use_is_counted_as_events_are(source: str, body: Any) -> None:
    """Reading it costs no less; the shop's server, by its key, may send more of it."""
    front = Shopfront(says_nothing, gateway_batch_max=5, gateway_session_rate=10)
    headers = {"content_type": "application/cloudevents-batch+json"}
    more: Any = headers if source == "cloudevents" else {}
    refused = await post(front, body, await front.token("ann"), source, **more)
    by_server = await post(front, body, KEY, source, **more)

    assert (413, "too_many_events") == (refused.status_code, refused.json()["reason"])
    assert by_server.status_code in (200, 422)


async def test_what_is_ignored_is_of_a_sessions_minute() -> None:
    """As much of it as there is."""
    front = Shopfront(says_nothing, gateway_session_rate=10)
    token, views = await front.token("ann"), [{"event": "page_view"}] * 5
    answers = [await post(front, views, token, "ga4") for _ in range(3)]

    assert [200, 200, 429] == [answer.status_code for answer in answers]


async def test_an_event_that_became_too_large_is_rejected() -> None:
    """By the bound that workers have."""
    front = Shopfront(says_nothing, event_bytes_max=1024)
    products = [BREAD | {"product_id": f"item-{n}"} for n in range(40)]
    answer = await post(front, track("Order Completed", ORDER | {"products": products}), KEY,
                        "segment")  # fmt: skip

    assert (422, "oversize") == (answer.status_code, answer.json()["results"][0]["reason"])
    assert [] == front.bus.records


async def test_a_form_is_taken_where_its_format_is_named(front: Shopfront) -> None:
    """Matomo's own tracker sends one; a page without a token does not."""
    body = httpx.QueryParams(matomo(_pks="soap")).__str__().encode()
    form = "application/x-www-form-urlencoded"
    taken = await post(front, body, await front.token(), "matomo", content_type=form)
    refused = await front.http.post(
        "/v1/events?source=matomo", content=body, headers={"content-type": form}
    )

    assert (200, 401) == (taken.status_code, refused.status_code)
    assert ["item_viewed"] == [event.type for event in front.bus.events]


async def test_the_agent_of_the_shops_server_is_not_its_shoppers(front: Shopfront) -> None:
    """With the key it speaks for whom it has looked at; with a token it is the browser's."""
    crawler, body = {"user_agent": "Googlebot/2.1"}, protocol(hit("view_item", items=[tea()]))
    by_server = await post(front, body, KEY, "ga4", **crawler)
    by_page = await post(front, body, await front.token(), "ga4", **crawler)

    assert (200, 1) == (by_server.status_code, by_server.json()["accepted"])
    assert (403, "robot") == (by_page.status_code, by_page.json()["reason"])


async def test_the_shops_server_need_not_sign_what_it_sends_with_its_key() -> None:
    """A signature is for who has no key."""
    front = Shopfront(says_nothing, segment_secret=SecretStr("secret"))
    answer = await post(front, track("Checkout Started", {}), KEY, "segment")

    assert (200, 1) == (answer.status_code, answer.json()["accepted"])


async def test_an_order_is_not_believed_of_a_page(front: Shopfront) -> None:
    """It is told by the shop's server or by a webhook, unless the shop says otherwise."""
    order = {"type": "order_placed", "event_id": "e1", "order_id": "o1",
             "lines": [{"item_id": "bread"}]}  # fmt: skip
    view = {"type": "item_viewed", "event_id": "e2", "item_id": "bread"}
    token = await front.token("ann")
    own = (await front.post([order, view], token)).json()["results"]
    foreign = await post(front, track("Order Completed", ORDER), token, "segment")
    by_server = await front.post({**order, "session_id": "ann"}, KEY)
    believing = Shopfront(says_nothing, gateway_browser_orders=True)
    by_page = await believing.post(order, await believing.token("ann"))

    assert [("rejected", "order_from_a_browser"), ("accepted", None)] == [
        (one["status"], one.get("reason")) for one in own
    ]
    assert "GOESWITH_GATEWAY_BROWSER_ORDERS" in own[0]["message"]
    assert "order_from_a_browser" == foreign.json()["results"][0]["reason"]
    assert 200 == by_server.status_code == by_page.status_code
    assert isinstance(believing.bus.events[0], OrderPlaced)


@pytest.mark.parametrize("source", FOREIGN)
def test_whatever_is_sent_speaks_for_the_tokens_session_or_is_refused(source: str) -> None:
    """Payloads with faults in them; as in `tests.storefront.intake.mutated`, which runs longer."""
    random, ann = Random(20260101), SessionOwner(session_id="ann", visitor_id="anns")
    settings, taken = Settings(event_bytes_max=600), 0
    for _ in range(300):
        body, headers = payload(source, random)
        try:
            batch = read_foreign(
                FOREIGN[source], body, headers, ann, settings, NOON_S * 1000, events_max=100
            )
        except RequestRefused:
            continue
        taken += len(batch.records)
        assert [*range(len(batch.results))] == [result.index for result in batch.results]
        for record in batch.records:
            event = decode(b"ann", record.value, timestamp_ms=NOON_S * 1000, settings=settings)
            assert (b"ann", "ann", None) == (record.key, event.session_id, event.shopper_id)
            assert event.visitor_id in ("anns", None)
            assert event.type not in (*OF_SERVERS, "order_placed")
    assert taken > 20 or source in ("shopify", "woocommerce")
