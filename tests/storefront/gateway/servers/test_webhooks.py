"""Webhooks: taken when they are signed, by the bytes that came, and by no one else."""

import asyncio
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from streams.storefront.gateway.servers.webhooks import (
    BODIES_AT_ONCE_MAX,
    BODIES_OF_ONE_MAX,
    BODY_BYTES_MAX,
)
from tests.storefront.gateway.shopfront import KEY, WAIT_S_MAX, Shopfront, bearer, says_nothing
from tests.storefront.intake.samples import ORDER, shop_line, shop_order, track, woo_order

OLD, NEW = b"the secret before", b"the secret of now"
BOTH = SecretStr(f"{NEW.decode()}, {OLD.decode()}")
SECRETS: dict[str, Any] = {
    **dict.fromkeys(("shopify_secret", "woocommerce_secret", "segment_secret"), BOTH),
    "gateway_browser_orders": True,
}
BODIES = {
    "shopify": shop_order(),
    "woocommerce": woo_order(),
    "segment": track("Order Completed", ORDER),
}
HEADERS = {
    "shopify": "X-Shopify-Hmac-Sha256",
    "woocommerce": "X-WC-Webhook-Signature",
    "segment": "X-Signature",
}


def signature(source: str, body: bytes, secret: bytes = NEW) -> str:
    """As each of them signs, by its documentation."""
    if source == "segment":
        return hmac.new(secret, body, "sha1").hexdigest()
    return b64encode(hmac.new(secret, body, "sha256").digest()).decode()


async def send(
    front: Shopfront, source: str, body: bytes, sign: str | None, **headers: str
) -> httpx.Response:
    """Send a webhook."""
    given = {} if sign is None else {HEADERS.get(source, "X-Signature"): sign}
    return await front.http.post(f"/v1/webhooks/{source}", content=body, headers=given | headers)


def said(source: str, **more: Any) -> bytes:
    """A body, as bytes that no serializer of ours would write."""
    return json.dumps(BODIES[source] | more, indent=3).encode()


@pytest.mark.parametrize("source", BODIES)
@pytest.mark.parametrize("secret", [OLD, NEW])
async def test_a_signed_webhook_is_taken_by_either_secret(source: str, secret: bytes) -> None:
    """Without token or key; the order that it tells is in Kafka when it is answered."""
    front, body = Shopfront(says_nothing, **SECRETS), said(source)
    answer = await send(front, source, body, signature(source, body, secret))

    assert (200, 1) == (answer.status_code, answer.json()["accepted"]), answer.text
    assert ["order_placed"] == [event.type for event in front.bus.events]


@pytest.mark.parametrize("source", BODIES)
async def test_a_webhook_that_comes_again_is_the_same_event(source: str) -> None:
    """Whenever it comes: workers drop it by session and id."""
    front, body = Shopfront(says_nothing, **SECRETS), said(source)
    for _ in range(2):
        await send(front, source, body, signature(source, body))
        front.now_ms += 86_400_000
    first, again = front.bus.events

    assert (first.session_id, first.event_id) == (again.session_id, again.event_id)


@pytest.mark.parametrize("source", BODIES)
async def test_wrong_is_wrong_and_nothing_more_is_said(source: str) -> None:
    """Missing, made up, cut off, of another body or scheme: one answer, byte by byte."""
    front, body = Shopfront(says_nothing, **SECRETS), said(source)
    right = signature(source, body)
    other = "segment" if source != "segment" else "shopify"
    wrong = (None, "", "é", "AAAA", right[:-1], right.swapcase(), signature(source, body + b" "),
             signature(other, body), signature(source, body, b"guess"))  # fmt: skip
    answers = [
        await front.http.post(
            f"/v1/webhooks/{source}",
            content=body,
            headers=[] if sign is None else [(HEADERS[source].encode(), sign.encode())],
        )
        for sign in wrong
    ]
    parsed = await send(front, source, json.dumps(json.loads(body)).encode(), right)

    assert {401} == {answer.status_code for answer in (*answers, parsed)}
    assert 1 == len({answer.content for answer in (*answers, parsed)})
    assert [] == front.bus.records


@pytest.mark.parametrize("source", ["shopify", "ga4", "matomo", "nobody", "..%2Fevents"])
async def test_a_source_without_a_secret_is_not_there(source: str, front: Shopfront) -> None:
    """Whether it is off, signs nothing, or is unknown: there is one answer."""
    answer = await send(front, source, b"{}", signature("shopify", b"{}", b""))

    assert 404 == answer.status_code
    assert [] == front.bus.records


async def test_a_webhook_has_a_bound() -> None:
    """Of an order of a thousand lines, which is larger than what pages may send; not of more."""
    front = Shopfront(says_nothing, **SECRETS)
    lines = [shop_line(product_id=n, note="x" * 900) for n in range(1000)]
    whole = said("shopify", line_items=lines)
    taken = await send(front, "shopify", whole, signature("shopify", whole))
    large = b" " * 2_097_153
    refused = await send(front, "shopify", large, signature("shopify", large))

    assert (200, 1) == (taken.status_code, taken.json()["accepted"])
    assert (413, "body_too_large") == (refused.status_code, refused.json()["reason"])
    bound = "the body is larger than a webhook may be: 2097152 bytes"
    assert bound == refused.json()["message"]  # and not a setting, of another value


async def test_what_cannot_be_used_is_told_as_good_news() -> None:
    """A shop system switches off webhooks that fail, and to send it again would not help."""
    front = Shopfront(says_nothing, **SECRETS)
    nothing, ignored = said("shopify", line_items=[]), json.dumps({"x": 1}).encode()
    wrong = await send(front, "shopify", nothing, signature("shopify", nothing))
    unknown = await send(
        front, "shopify", ignored, signature("shopify", ignored), **{"X-Shopify-Topic": "shop/x"}
    )

    assert (200, 1) == (wrong.status_code, wrong.json()["rejected"])
    assert (200, {"shop/x": 1}) == (unknown.status_code, unknown.json()["ignored"])


async def test_a_webhook_is_greeted_when_it_is_made() -> None:
    """WooCommerce asks without a signature, and keeps no webhook that says no."""
    front = Shopfront(says_nothing, **SECRETS)
    greeted = await send(front, "woocommerce", b"webhook_id=12", None)
    longer = await send(front, "woocommerce", b"webhook_id=12" + b" " * 60, None)
    elsewhere = await send(front, "shopify", b"webhook_id=12", None)

    assert (200, 401, 401) == (greeted.status_code, longer.status_code, elsewhere.status_code)
    assert [] == front.bus.records


async def test_nothing_is_answered_before_kafka_has_it() -> None:
    """Kafka away: the shop system sends it again."""
    front, body = Shopfront(says_nothing, **SECRETS), said("shopify")
    front.bus.away = "no broker"
    answer = await send(front, "shopify", body, signature("shopify", body))

    assert (503, "2") == (answer.status_code, answer.headers["retry-after"])


async def test_who_guesses_is_counted_and_who_signs_is_not() -> None:
    """A shop system sends for all shoppers from one address; pages there are counted apart."""
    front = Shopfront(says_nothing, gateway_address_rate=10, **SECRETS)
    body = said("shopify")
    for _ in range(12):
        await front.post([], "made.up.token")
    signed = [await send(front, "shopify", body, signature("shopify", body)) for _ in range(15)]
    guessed = [await send(front, "shopify", body, "guess") for _ in range(12)]
    unread = await send(front, "shopify", body, signature("shopify", body))
    front.now_ms += 60_000
    later = await send(front, "shopify", body, signature("shopify", body))

    assert {200} == {answer.status_code for answer in signed}
    assert [401] * 10 + [429] * 2 == [answer.status_code for answer in guessed]
    assert (429, 200) == (unread.status_code, later.status_code)


def sender(front: Shopfront, number: int) -> httpx.AsyncClient:
    """Who sends from an address of its own."""
    transport = httpx.ASGITransport(front.app, client=(f"203.0.113.{number}", 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway.example")


@pytest.mark.parametrize(("networks", "many"), [(9, BODIES_AT_ONCE_MAX), (1, BODIES_OF_ONE_MAX)])
async def test_bodies_of_strangers_have_a_bound_together_and_each(networks: int, many: int) -> None:
    """Each may be large, and nobody knows yet who has sent it; one leaves room for others."""
    front, body, going_on = Shopfront(says_nothing, **SECRETS), said("shopify"), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        await going_on.wait()
        yield body

    sign = {HEADERS["shopify"]: signature("shopify", body)}
    senders = [sender(front, number) for number in range(networks)]

    def sent(number: int, content: Any) -> Any:
        by = senders[number % networks]
        return by.post("/v1/webhooks/shopify", content=content, headers=sign)

    tasks = [asyncio.create_task(sent(number, slowly())) for number in range(many)]
    while front.gateway.webhook_bodies.total() < many:
        await asyncio.sleep(0.01)
    refused = await sent(many, body)
    other = await send(front, "shopify", body, sign[HEADERS["shopify"]])
    going_on.set()

    assert (503, "busy", "2") == (
        refused.status_code,
        refused.json()["reason"],
        refused.headers["retry-after"],
    )
    assert (200 if networks == 1 else 503) == other.status_code
    assert {200} == {(await one).status_code for one in tasks}
    assert not front.gateway.webhook_bodies


@pytest.mark.parametrize("source", BODIES)
async def test_who_signs_nothing_is_not_waited_for(source: str) -> None:
    """WooCommerce pings without a signature: it is read as far as a ping goes."""
    front = Shopfront(says_nothing, **SECRETS)

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * 100
        if source != "woocommerce":
            raise AssertionError("it is read")
        await asyncio.Event().wait()

    async with asyncio.timeout(WAIT_S_MAX):
        refused = await front.http.post(f"/v1/webhooks/{source}", content=endless())

    assert (401, "signature") == (refused.status_code, refused.json()["reason"])
    assert not front.gateway.webhook_bodies


async def test_bodies_that_are_too_large_or_cut_off_are_guesses() -> None:
    """Who sends nothing that could be looked at is no shop system either."""
    front = Shopfront(says_nothing, gateway_address_rate=10, **SECRETS)
    large = [await send(front, "shopify", b"x" * (BODY_BYTES_MAX + 1), "guess") for _ in range(10)]
    body = said("shopify")
    unread = await send(front, "shopify", body, signature("shopify", body))

    assert [413] * 10 == [answer.status_code for answer in large]
    assert 429 == unread.status_code


@pytest.mark.parametrize("source", BODIES)
@pytest.mark.parametrize("body", [b"[]", b"7", b"{", b"", b"\xff", b"[" * 100_000])
async def test_what_is_signed_and_cannot_be_read_is_no_failure(source: str, body: bytes) -> None:
    """It would come again, and again, until the shop system switches the webhook off."""
    front = Shopfront(says_nothing, **SECRETS)
    answer = await send(front, source, body, signature(source, body))

    assert 200 == answer.status_code, answer.text
    assert ["rejected"] == [one["status"] for one in answer.json()["results"]]
    assert answer.json()["results"][0]["reason"] in ("invalid_body", "invalid_json")
    assert [] == front.bus.records


async def test_an_order_that_a_page_may_have_said_is_not_believed_for_who_signs_it() -> None:
    """Segment signs whatever comes under a write key, which every page has."""
    front = Shopfront(says_nothing, **SECRETS | {"gateway_browser_orders": False})
    names = ("Order Completed", "Order Refunded", "Order Cancelled", "Checkout Started")
    body = json.dumps({"batch": [track(name, ORDER) for name in names]}).encode()
    answer = await send(front, "segment", body, signature("segment", body))
    order = said("shopify")
    by_shop = await send(front, "shopify", order, signature("shopify", order))
    by_key = await front.http.post(
        "/v1/events?source=segment", content=said("segment"), headers=bearer(KEY)
    )

    assert ["order_from_a_browser", *["not_from_a_browser"] * 2, None] == [
        one.get("reason") for one in answer.json()["results"]
    ]
    assert 200 == answer.status_code
    assert ["checkout_started", "order_placed", "order_placed"] == [
        event.type for event in front.bus.events
    ]
    assert 200 == by_shop.status_code == by_key.status_code


async def test_a_key_opens_no_webhook() -> None:
    """It is the signature that counts; and a page's origin is refused as anywhere."""
    front, body = Shopfront(says_nothing, **SECRETS), said("shopify")
    keyed = await send(front, "shopify", body, None, **bearer(KEY))
    page = await send(
        front, "shopify", body, signature("shopify", body), origin="https://evil.example"
    )

    assert (401, 403) == (keyed.status_code, page.status_code)
