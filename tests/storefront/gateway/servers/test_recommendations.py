"""What goes with a product, asked for as a theme asks Shopify."""

import asyncio
import time
from typing import Any

import pytest

from tests.storefront.gateway.shopfront import (
    KEY,
    Shopfront,
    add,
    bearer,
    offers_butter,
    prompt_for,
    withdrawn,
)

ADDRESS = "/v1/recommendations/products.json"


async def ask(front: Shopfront, token: str, **params: Any) -> Any:
    """What is recommended."""
    asked = {"intent": "complementary", **params}
    return await front.http.get(ADDRESS, params=asked, headers=bearer(token))


async def test_what_goes_with_a_product_has_shopifys_shape() -> None:
    """Its id as a number where it is one, and beside it what feedback and page need; no arm."""

    def answers(event: Any) -> Any:
        yield prompt_for(event, item="44600062")

    front = Shopfront(answers)
    token = await front.token("ann")
    await front.post(add("e1", item_id="42"), token)
    said = (await ask(front, token, product_id=42, limit=4)).json()

    assert ("complementary", [{"id": 44600062}]) == (said["intent"], said["products"])
    assert "2.sealed" == said["receipt"]
    assert {"intent", "products", "prompt_id", "receipt", "reason", "expires_in_ms"} == {*said}


async def test_silence_is_an_empty_list(front: Shopfront) -> None:
    """Nothing was said, it was said of another product, to somebody else, or is over."""
    token = await front.token("ann")
    empty = {"intent": "complementary", "products": []}
    assert empty == (await ask(front, token, product_id="bread")).json()

    await front.post(add("e1", "bread"), token)
    assert [{"id": "butter"}] == (await ask(front, token, product_id="bread")).json()["products"]
    assert empty == (await ask(front, token, product_id="tea")).json()
    assert empty == (await ask(front, await front.token("bob"), product_id="bread")).json()
    front.bus.publish(withdrawn(prompt_for(front.bus.events[0])))
    assert empty == (await ask(front, token, product_id="bread")).json()


async def test_a_server_asks_for_the_session_that_it_names(front: Shopfront) -> None:
    """With its key; a page's word for another session does not count."""
    ann, bob = await front.token("ann"), await front.token("bob")
    await front.post(add("e1", "bread"), ann)

    assert (await ask(front, KEY, product_id="bread", session_id="ann")).json()["products"]
    assert not (await ask(front, bob, product_id="bread", session_id="ann")).json()["products"]
    assert 422 == (await ask(front, KEY, product_id="bread")).status_code


async def test_who_waits_gets_what_comes_meanwhile() -> None:
    """The view was sent by somebody else, a moment ago."""
    front = Shopfront(offers_butter, gateway_wait_ms_max=30_000)
    token = await front.token("ann")
    began = time.monotonic()
    asked = asyncio.create_task(ask(front, token, product_id="bread", wait_ms=30_000))
    await asyncio.sleep(0.05)
    await front.post([add("e1", "tea"), add("e2", "bread")], token)
    said = (await asked).json()

    assert [{"id": "butter"}] == said["products"]
    assert time.monotonic() - began < 15
    assert [] == (await ask(front, token, product_id="x", wait_ms=20)).json()["products"]


@pytest.mark.parametrize(
    "params",
    [
        {"product_id": "bread", "intent": "related"},
        {"product_id": "bread", "limit": 11},
        {"product_id": ""},
        {},
    ],
)
async def test_what_shopify_would_not_answer_is_refused(
    front: Shopfront, params: dict[str, Any]
) -> None:
    """Nor do we have products that replace one another."""
    answer = await ask(front, await front.token(), **params)

    assert (422, "invalid_request") == (answer.status_code, answer.json()["reason"])


async def test_nobody_asks_without_a_token(front: Shopfront) -> None:
    """Nor does a foreign page."""
    foreign = {"origin": "https://evil.example", **bearer(await front.token())}
    asked = {"product_id": "bread"}

    assert 401 == (await front.http.get(ADDRESS, params=asked)).status_code
    assert 403 == (await front.http.get(ADDRESS, params=asked, headers=foreign)).status_code
