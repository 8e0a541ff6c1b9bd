"""What pages say where it is not simple: consent that changes, what cannot be sent, who is next."""

import asyncio

import pytest
from playwright.async_api import BrowserContext

from tests.storefront.gateway.browser.shop import ShopWithGateway, offer
from tests.storefront.gateway.browser.test_in_a_browser import now_ms, offered

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = 300
LONG = 120
"""Characters of an item's id: as many events as that are more than a browser takes as beacons."""

BACK_S = 1.5
"""In this time a browser is back at the page before."""


async def test_consent_is_heard_whenever_it_is_given_or_withdrawn(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """By the attribute, the property, or who connects again; who says nothing changes nothing."""
    async with shop.shopper(context) as ann:
        await ann.page.evaluate(
            """async (address) => {
              const { connect } = await import(address);
              const element = document.querySelector("goes-with");
              const say = () => element.client.send({ type: "item_removed", item_id: "bread" });
              say();
              element.setAttribute("consent", "true");
              say();
              element.setAttribute("consent", "false");
              say();
              element.client.consent = true;
              say();
              connect({ consent: false });
              say();
              connect();
              say();
              element.removeAttribute("consent");
              say();
            }""",
            f"{shop.gateway}/v1/goes-with.js",
        )
        await shop.comes_to(lambda: len(shop.said("item_removed")) > 6)

        expected = [None, True, False, True, False, False, None]
        assert expected == [event.consent for event in shop.said("item_removed")]


async def test_what_cannot_be_sent_holds_up_nothing(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """It is refused where it is said; what is said after it comes."""
    async with shop.shopper(context) as ann:
        refused = await ann.page.evaluate(
            """() => {
              const { client } = document.querySelector("goes-with");
              const refused = [];
              client.addEventListener("refused", (event) => refused.push(event.detail.reason));
              const round = { type: "item_removed", item_id: "round" };
              round.round = round;
              client.send(round);
              client.send({ type: "item_removed", item_id: "big", quantity: 1n });
              client.send({ type: "item_removed", item_id: "\u20ac".repeat(25_000) });
              const lines = [{ item_id: "bread" }];
              client.send({ type: "basket_updated", lines });
              lines[0].item_id = 1n; // too late
              return refused;
            }"""
        )
        await shop.comes_to(lambda: shop.said("basket_updated"))

        assert ["cannot_be_sent"] * 3 == refused
        assert [] == shop.said("item_removed")
        assert [] == ann.errors


async def test_what_waits_when_another_shopper_comes_is_sent_or_told(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """As who it was, as much as the browser takes; of the rest the page hears."""
    async with shop.shopper(context) as ann:
        await shop.comes_to(lambda: shop.said("item_viewed"))
        session = await ann.session()
        shop.bus.stuck = "checkout_started"
        await ann.page.evaluate(
            """() => document.querySelector("goes-with").client
            .send({ type: "checkout_started" })"""
        )
        await shop.comes_to(lambda: shop.bus.waiting)
        await context.clear_cookies()
        await ann.page.evaluate(
            """([many, long]) => {
              const { client } = document.querySelector("goes-with");
              window.refused = [];
              client.addEventListener("refused", (e) => refused.push(e.detail.event.item_id));
              for (let at = 0; at < many; at++)
                client.send({ type: "item_removed", item_id: String(at).padStart(long, "0") });
              client.renew();
              client.send({ type: "checkout_left" });
            }""",
            [MANY, LONG],
        )
        await ann.page.wait_for_function("() => refused.length")
        shop.bus.stuck = ""
        await shop.comes_to(lambda: shop.said("checkout_left"))
        refused = await ann.page.evaluate("refused")
        await shop.comes_to(lambda: len(shop.said("item_removed", session)) + len(refused) >= MANY)

        came = {event.item_id for event in shop.said("item_removed", session)}
        assert MANY / 3 < len(came)
        assert MANY == len(came | set(refused)) == len(came) + len(refused)
        assert len(came) == len(shop.said("item_removed")), "none as the other one's"


async def test_a_page_from_the_cache_sends_what_another_page_could_not(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """That one may never be looked at again."""
    async with shop.shopper(context) as ann:
        await shop.comes_to(lambda: shop.said("item_viewed"))
        await ann.page.evaluate(
            """() => addEventListener("pageshow", ({ persisted }) =>
              document.querySelector("goes-with").client
              .send({ type: "item_viewed", item_id: String(persisted) }))"""
        )
        await ann.go("/basket")
        shop.bus.away = "for a while"
        await ann.page.evaluate(
            """() => new Promise((tried) => {
              const { client } = document.querySelector("goes-with");
              client.addEventListener("trouble", tried, { once: true });
              client.send({ type: "item_removed", item_id: "bread" });
            })"""
        )
        await ann.page.evaluate("() => void setTimeout(() => history.back(), 50)")
        await asyncio.sleep(BACK_S)
        shop.bus.away = ""
        await shop.comes_to(lambda: len(shop.said("item_viewed")) > 1)
        await shop.comes_to(lambda: shop.said("item_removed"))

        assert ["bread", "true"] == [event.item_id for event in shop.said("item_viewed")]


async def test_an_element_taken_out_while_it_asks_shows_the_prompt_where_it_is_put(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """It asks again."""
    async with shop.shopper(context) as ann:
        await ann.page.evaluate(
            """() => {
              window.asked = 0;
              document.querySelector("goes-with").resolve = () =>
                ++asked === 1 ? new Promise(() => {}) : { butter: { title: "Butter!" } };
            }"""
        )
        await shop.comes_to(lambda: shop.said("item_viewed"))
        shop.bus.publish(offer(await ann.session(), "e1", now_ms(), "butter"))
        await ann.page.wait_for_function("() => asked === 1")
        await ann.page.evaluate("document.body.append(document.querySelector('goes-with'))")
        await ann.page.wait_for_selector("text=Butter!")


async def test_what_was_offered_before_comes_back_after_an_add(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Once it has been said that something was added."""
    async with shop.shopper(context) as ann:
        await offered(shop, ann, "butter")
        shop.bus.publish(offer(await ann.session(), "e2", now_ms(), "jam"))
        await ann.page.wait_for_selector("text=Apricot jam")
        await ann.prompt.locator("[part=add]").click()
        await ann.page.wait_for_selector("text=Added: Apricot jam")
        await ann.page.wait_for_selector("text=Butter, salted")
