"""Robots: who comes by with a page's token, and buys nothing."""

import pytest

from tests.storefront.gateway.shopfront import KEY, Shopfront, add

CRAWLER = {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
TELEPHONE = {"user-agent": "Mozilla/5.0 (Linux; Android 9; CUBOT X30) Chrome/120 Mobile Safari"}


async def test_what_robots_view_is_not_learned(front: Shopfront) -> None:
    """A crawler runs the page's script, and views every item there is, one after another."""
    token = await front.token("ann")
    refused = await front.post(add("e1"), token, headers=CRAWLER)

    assert (403, "robot") == (refused.status_code, refused.json()["reason"])
    assert [] == front.bus.records


@pytest.mark.parametrize(("who", "agent"), [("page", TELEPHONE), ("server", CRAWLER)])
async def test_shoppers_and_the_shops_server_are_no_robots(
    front: Shopfront, who: str, agent: dict[str, str]
) -> None:
    """Whatever the server calls itself, it speaks for shoppers that it has looked at."""
    token = await front.token("ann") if who == "page" else KEY
    answer = await front.post(add("e1", session_id="ann"), token, headers=agent)

    assert 200 == answer.status_code
