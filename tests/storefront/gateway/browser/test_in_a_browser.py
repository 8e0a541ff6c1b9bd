"""The element as shoppers have it: in a real browser, under a strict policy, before a gateway."""

import asyncio
import time
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Browser, BrowserContext, Route

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import encode_reference
from streams.contract.published.prompts import Prompt
from streams.shop.decision.languages.messages import TEXTS
from tests.storefront.gateway.browser.shop import (
    EXAMPLE,
    Shopper,
    ShopWithGateway,
    offer,
    offers,
    withdrawn,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECOND_S = 1.0
"""So long half of a prompt is to be visible."""
QUIET_S = 0.4
"""So long is waited for what must not come."""
HOSTILE = '<img src=x onerror="hacked=1"><script>hacked=1</script>'
ELSEWHERE = "https://pictures.example"


def now_ms() -> int:
    """The time."""
    return time.time_ns() // 1_000_000


async def offered(shop: ShopWithGateway, ann: Shopper, *items: str, cause: str = "e1") -> Prompt:
    """A prompt for who is on a page, once it is shown."""
    prompt = offer(await ann.session(), cause, now_ms(), *items)
    await shop.comes_to(lambda: shop.said("item_viewed"))  # from then on it has a mailbox
    shop.bus.publish(prompt)
    await ann.prompt.wait_for()
    return prompt


async def violations(ann: Shopper) -> list[str]:
    """What axe-core finds on the page."""
    await ann.page.evaluate(AXE_FILE_PATH.read_text())
    found: dict[str, Any] = await ann.page.evaluate("axe.run()")
    return [f"{each['id']}: {each['nodes'][0]['html'][:80]}" for each in found["violations"]]


async def test_a_prompt_is_shown_with_what_the_shop_says_of_its_items(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Titles, prices, pictures; and nothing before there is something to show."""
    shop.bus.answer = offers("butter", "jam")
    async with shop.shopper(context) as ann:
        element = ann.page.locator("goes-with")
        assert 0 == await ann.prompt.count()
        assert 0 == await element.evaluate("(element) => element.offsetHeight")
        await ann.add_bread()
        await ann.prompt.wait_for()

        assert "Often bought together with Sourdough bread" in await ann.prompt.inner_text()
        assert "In 41 of 57 baskets" == await ann.prompt.locator("[part=evidence]").inner_text()
        assert ["Butter, salted", "Apricot jam"] == await ann.prompt.locator("a").all_inner_texts()
        assert "€3.19" == await ann.prompt.locator("[part=price]").first.inner_text()
        assert 2 == await ann.prompt.locator("img").count()
        assert ["bread"] == [event.item_id for event in shop.said("item_viewed")]
        assert {"en"} == {event.locale for event in shop.bus.events}


async def test_an_impression_is_told_once_however_often_it_is_rendered(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Rendered anew, moved, on the next page, in another tab; and the prompt is still there."""
    async with shop.shopper(context) as ann:
        await offered(shop, ann, "butter")
        await shop.comes_to(lambda: shop.said("prompt_shown"))
        await ann.with_items(butter={"title": "Butter!"})
        await ann.page.wait_for_selector("text=Butter!")
        assert 1 == len(await ann.told("show")), "it is the same one"
        await ann.page.evaluate("document.body.append(document.querySelector('goes-with'))")
        await ann.prompt.wait_for()
        await ann.go("/basket")
        await ann.prompt.wait_for()
        async with shop.shopper(context, "/basket") as other_tab:
            await other_tab.prompt.wait_for()
            await asyncio.sleep(SECOND_S + QUIET_S)

        assert 1 == len(shop.said("prompt_shown"))
        assert [] == await ann.told("shown")


async def test_what_is_below_the_fold_has_not_been_seen(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Nor what passes by; once it stays in sight, it has."""
    async with shop.shopper(context) as ann:
        await ann.page.set_viewport_size({"width": 400, "height": 300})
        await offered(shop, ann, "butter")
        await asyncio.sleep(SECOND_S + QUIET_S)
        await ann.page.evaluate(
            """async () => {
              document.querySelector("goes-with").scrollIntoView({ block: "center" });
              await new Promise((resolve) => setTimeout(resolve, 500));
              scrollTo(0, 0);
            }"""
        )
        await asyncio.sleep(SECOND_S)
        assert [] == shop.said("prompt_shown")
        await ann.prompt.scroll_into_view_if_needed()
        await shop.comes_to(lambda: shop.said("prompt_shown"))


async def test_a_hostile_title_is_text(shop: ShopWithGateway, context: BrowserContext) -> None:
    """And no address is followed that is a script."""
    async with shop.shopper(context) as ann:
        script = "javascript:hacked=1"
        item = {"title": HOSTILE, "price": HOSTILE, "url": script, "image": script}
        await ann.with_items(butter=item, bread={"title": HOSTILE})
        await offered(shop, ann, "butter")

        assert 3 == (await ann.prompt.inner_text()).count(HOSTILE)
        assert 0 == await ann.prompt.locator("img, a, script").count()
        assert "undefined" == await ann.page.evaluate("typeof hacked")
        assert [] == await ann.told("policy")
        assert [] == ann.errors


async def test_an_add_is_in_the_basket_and_told_with_its_receipt(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """By one event, with the price; it is confirmed, and the prompt has done its work."""
    shop.bus.answer = offers("butter", "jam")
    async with shop.shopper(context) as ann:
        butter = {"title": "Butter, salted", "id": 99, "price_minor": 319, "currency": "EUR"}
        await ann.with_items(butter=butter)
        await ann.add_bread()
        await ann.prompt.get_by_role("button", name="Add: Butter, salted").click()
        await shop.comes_to(lambda: len(shop.said("item_added")) > 1)

        _, added = shop.said("item_added")
        assert ("butter", 319, "EUR") == (added.item_id, added.price_minor, added.currency)
        assert added.receipt.startswith("2.")
        assert "2" == await ann.page.locator("#basket").inner_text()
        await asyncio.sleep(QUIET_S)  # the prompt is withdrawn: it has been added
        assert "Added: Butter, salted" in await ann.prompt.inner_text()
        assert ["butter"] == await ann.told("add")
        await ann.go("/basket")
        await asyncio.sleep(QUIET_S)
        assert 0 == await ann.prompt.count(), "nor does it come again"


async def test_an_add_that_the_shop_answers_is_told_when_it_says_so(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Where its basket refuses, the shopper is told, and may try again."""
    async with shop.shopper(context) as ann:
        await ann.page.evaluate(
            """() => document.addEventListener("goes-with:add", (event) =>
            event.detail.respondWith(new Promise((yes, no) => Object.assign(window, {yes, no}))))"""
        )
        await offered(shop, ann, "butter")
        add = ann.prompt.locator("[part=add]")
        await add.click()
        await add.dispatch_event("click")
        await ann.page.evaluate("no(new Error('sold out'))")
        await ann.page.wait_for_selector("text=That did not work")
        await asyncio.sleep(QUIET_S)
        assert [] == shop.said("item_added")
        await add.click()
        await ann.page.evaluate("yes()")
        await shop.comes_to(lambda: shop.said("item_added"))

        assert 2 == len(await ann.told("add")), "while it waits, a button is not pressed twice"


async def test_an_add_that_the_shop_tells_itself_is_told_once(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Its own event, which knows nothing of receipts, carries the prompt's."""
    async with shop.shopper(context) as ann:
        await ann.page.evaluate(
            """() => document.addEventListener("goes-with:add", (event) => {
              event.preventDefault();
              event.target.client.send({ type: "item_added", item_id: event.detail.item_id });
              event.target.client.send({ type: "item_added", item_id: event.detail.item_id });
            })"""
        )
        prompt = await offered(shop, ann, "butter")
        await ann.prompt.locator("[part=add]").click()
        await shop.comes_to(lambda: len(shop.said("item_added")) > 1)
        await asyncio.sleep(QUIET_S)

        assert [prompt.receipt, None] == [event.receipt for event in shop.said("item_added")]
        assert 0 == await ann.prompt.count()


async def test_what_is_sent_away_stays_away(shop: ShopWithGateway, context: BrowserContext) -> None:
    """By the button or by Escape; on the next page and in another tab; focus is not lost."""
    async with shop.shopper(context) as ann, shop.shopper(context) as other_tab:
        await offered(shop, ann, "butter")
        await other_tab.prompt.wait_for()
        await ann.page.bring_to_front()
        await ann.prompt.get_by_role("button", name="No, thanks").focus()
        await ann.page.keyboard.press("Enter")
        await other_tab.prompt.wait_for(state="detached")
        assert 0 == await ann.prompt.count()
        assert await ann.page.evaluate("document.activeElement.localName") == "goes-with"
        await offered(shop, ann, "jam", cause="e2")
        await ann.prompt.locator("a").focus()
        await ann.page.keyboard.press("Escape")
        await shop.comes_to(lambda: len(shop.said("prompt_dismissed")) > 1)
        await ann.go("/basket")
        await asyncio.sleep(QUIET_S)

        assert 0 == await ann.prompt.count()
        assert 2 == len(shop.said("prompt_dismissed"))


async def test_the_keyboard_reaches_everything(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """In the order of reading; nothing takes the focus by itself."""
    async with shop.shopper(context) as ann:
        await ann.page.locator("#add").focus()
        await offered(shop, ann, "butter")
        assert "add" == await ann.page.evaluate("document.activeElement.id")
        reached = []
        for _ in range(3):
            await ann.page.keyboard.press("Tab")
            reached.append(
                await ann.page.evaluate(
                    "document.activeElement.shadowRoot?.activeElement.getAttribute('part')"
                )
            )
        assert ["dismiss", "title", "add"] == reached
        await ann.page.keyboard.press("Enter")
        await shop.comes_to(lambda: shop.said("item_added"))


async def test_what_is_announced_is_said_once_and_politely(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """In a region that was there before."""
    async with shop.shopper(context) as ann:
        status = ann.page.get_by_role("status").nth(1)
        assert "" == await status.inner_text()
        await offered(shop, ann, "butter")
        expected = "Often bought together with Sourdough bread: Butter, salted"
        assert expected == await status.inner_text()
        await ann.page.wait_for_function(
            "() => !document.querySelector('goes-with').shadowRoot.querySelector('.said').innerText"
        )


async def test_a_click_is_told_though_the_page_is_left(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """It goes on without it."""
    async with shop.shopper(context) as ann:
        await offered(shop, ann, "butter")
        await ann.prompt.locator("a").click()
        await ann.page.wait_for_url("**/basket?item=butter")
        await shop.comes_to(lambda: shop.said("prompt_clicked"))

        assert "butter" == shop.said("prompt_clicked")[0].item_id


async def test_what_has_expired_or_was_withdrawn_goes(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """What is newer is shown, what was there before comes back; but not under the pointer."""
    async with shop.shopper(context) as ann:
        await offered(shop, ann, "butter")
        session = await ann.session()
        jam = offer(session, "e2", now_ms(), "jam")
        shop.bus.publish(jam)
        await ann.page.wait_for_selector("text=Apricot jam")
        await ann.prompt.hover()
        shop.bus.publish(offer(session, "e3", now_ms(), "honey", ms=2500))
        await asyncio.sleep(QUIET_S)
        assert "Apricot jam" in await ann.prompt.inner_text()
        await ann.page.mouse.move(0, 0)
        await ann.page.wait_for_selector("text=Forest honey")
        await ann.page.wait_for_selector("text=Apricot jam")
        shop.bus.publish(withdrawn(session, jam.prompt_id))
        await ann.page.wait_for_selector("text=Butter, salted")
        assert 1 == await ann.prompt.count()
        assert [] == ann.errors


async def test_what_the_shop_does_not_know_is_not_shown(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Sold out since, say: the others are; where nothing is left, what was offered before."""
    async with shop.shopper(context) as ann:
        await offered(shop, ann, "gone", "butter")
        assert 1 == await ann.prompt.locator("li").count()
        shop.bus.publish(offer(await ann.session(), "e2", now_ms(), "gone"))
        await asyncio.sleep(QUIET_S)
        assert "Butter, salted" in await ann.prompt.inner_text()
        await ann.page.evaluate(
            """() => {
              const element = document.querySelector("goes-with");
              element.resolve = (ids) => ({ butter: { title: ids[0] } });
            }"""
        )
        await ann.page.wait_for_selector("text=Goes with it")  # bread has no title to be named by


async def test_a_page_may_say_it_in_its_own_words(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Also before the script is there; with a heading, and where the page wants which prompts."""
    async with shop.shopper(context) as ann:
        await ann.page.evaluate(
            """() => {
              const parser = document.implementation.createHTMLDocument("");
              const element = parser.createElement("goes-with");
              element.lang = "sv";
              element.setAttribute("placement", "basket");
              element.resolve = async (ids, { lang }) =>
                Object.fromEntries(ids.map((id) => [id, { title: `${id} (${lang})` }]));
              element.words = {
                add: "Lägg till",
                reasons: { "Often bought together with {anchor}": "Köps ofta med {anchor}" },
              };
              const heading = parser.createElement("h2");
              heading.slot = "heading";
              heading.textContent = "Till brödet";
              element.append(heading);
              document.querySelector("goes-with").replaceWith(element);
            }"""
        )
        heading = ann.page.locator("h2")
        assert not await heading.is_visible()
        basket = await offered(shop, ann, "butter")
        elsewhere = offer(basket.session_id, "e2", now_ms(), "jam")
        shop.bus.publish(elsewhere.model_copy(update={"placement": "product_page"}))
        await asyncio.sleep(QUIET_S)

        said = await ann.prompt.inner_text()
        assert "Köps ofta med bread (sv)" in said
        assert "butter (sv)" in said
        assert "Lägg till" in said
        assert await heading.is_visible()
        assert [] == ann.errors


async def test_a_gateway_that_is_killed_and_comes_back_loses_nothing(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """What is done meanwhile comes in order and once; what is shown stays, and is shown once."""
    shop.bus.answer = offers("butter")
    async with shop.shopper(context) as ann:
        await ann.add_bread()
        await shop.comes_to(lambda: shop.said("prompt_shown"))
        await shop.kill()
        for item in ("milk", "tea", "bread"):
            await ann.page.evaluate(
                "(id) => document.querySelector('goes-with').client"
                ".send({type: 'item_added', item_id: id})",
                item,
            )
            await asyncio.sleep(0.2)
        assert 1 == await ann.prompt.count()
        assert 1 == len(shop.said("item_added"))
        shop.bus.answer = offers("jam")
        await shop.open()
        await ann.page.wait_for_selector("text=Apricot jam")
        await shop.comes_to(lambda: len(shop.said("prompt_shown")) > 1)

        assert ["bread", "milk", "tea", "bread"] == [e.item_id for e in shop.said("item_added")]
        assert 2 == len(shop.said("prompt_shown")) == len(await ann.told("show"))
        assert [] == ann.errors


async def test_what_could_not_be_sent_is_sent_by_the_next_page(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Under the same ids, so that what came all the same counts once."""
    async with shop.shopper(context) as ann:
        await shop.comes_to(lambda: shop.said("item_viewed"))
        shop.bus.away = "for a while"
        await ann.add_bread()
        await asyncio.sleep(QUIET_S)
        await ann.page.goto(shop.url + "/basket")
        assert [] == shop.said("item_added")
        shop.bus.away = ""
        await shop.comes_to(lambda: shop.said("item_added"))
        await asyncio.sleep(QUIET_S)

        assert ["bread"] == [event.item_id for event in shop.said("item_added")]


async def test_what_waits_when_a_page_is_left_goes_out_as_a_beacon(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """It does not wait for the answer to what went before."""
    async with shop.shopper(context) as ann:
        await shop.comes_to(lambda: shop.said("item_viewed"))
        shop.bus.stuck = "item_added"
        await ann.add_bread()
        await shop.comes_to(lambda: shop.bus.waiting)
        await ann.page.evaluate(
            """() => document.querySelector("goes-with").client
            .send({ type: "item_removed", item_id: "bread" })"""
        )
        await ann.page.goto(shop.url + "/shop.css")
        await shop.comes_to(lambda: shop.said("item_removed"))
        assert [] == shop.said("item_added")
        shop.bus.stuck = ""
        await shop.comes_to(lambda: shop.said("item_added"))


async def test_what_one_shopper_could_not_send_is_not_sent_for_another(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Who comes to the same browser next."""
    async with shop.shopper(context) as ann:
        await shop.comes_to(lambda: shop.said("item_viewed"))
        shop.bus.away = "for a while"
        await ann.add_bread()
        await asyncio.sleep(QUIET_S)
        await context.clear_cookies()
        await ann.page.goto(shop.url + "/basket")
        shop.bus.away = ""
        await ann.page.wait_for_function("() => document.querySelector('goes-with')?.client")
        await ann.page.evaluate(
            """() => document.querySelector("goes-with").client
            .send({ type: "item_removed", item_id: "bread" })"""
        )
        await shop.comes_to(lambda: shop.said("item_removed"))
        await asyncio.sleep(QUIET_S)

        assert [] == shop.said("item_added")


async def test_a_page_that_comes_back_from_the_cache_goes_on(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """With the prompt that it had, which is not told as seen again; and hears what is new.

    Playwright loses sight of a page that comes from there: what it does is seen at the gateway.
    """
    async with shop.shopper(context) as ann:
        await offered(shop, ann, "butter")
        await shop.comes_to(lambda: shop.said("prompt_shown"))
        session = await ann.session()
        await ann.page.evaluate(
            """() => addEventListener("pageshow", (event) => {
              const element = document.querySelector("goes-with");
              const shown = element.shadowRoot.querySelectorAll("li").length;
              element.client.send({ type: "item_viewed", item_id: `${event.persisted} ${shown}` });
            })"""
        )
        await ann.page.goto(shop.url + "/shop.css")
        await ann.page.evaluate("() => void setTimeout(() => history.back(), 50)")
        await shop.comes_to(lambda: len(shop.said("item_viewed")) > 1)
        assert ["bread", "true 1"] == [event.item_id for event in shop.said("item_viewed")]
        await asyncio.sleep(SECOND_S + QUIET_S)
        assert 1 == len(shop.said("prompt_shown"))
        shop.bus.publish(offer(session, "e2", now_ms(), "jam"))
        await shop.comes_to(lambda: len(shop.said("prompt_shown")) > 1)

        assert 2 == len({event.receipt for event in shop.said("prompt_shown")})


async def test_two_shoppers_never_see_each_others(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """In two browsers; and in one, when somebody else signs in."""
    browser = context.browser
    assert browser is not None
    other = await browser.new_context()
    async with shop.shopper(context) as ann, shop.shopper(other) as bob:
        await offered(shop, ann, "butter")
        await ann.page.bring_to_front()
        await offered(shop, bob, "jam", cause="e2")
        assert "Butter, salted" in await ann.prompt.inner_text()
        assert "Apricot jam" in await bob.prompt.inner_text()
        assert 1 == await ann.prompt.count() == await bob.prompt.count()

        token = shop.page_server.token("eve")
        await ann.page.evaluate(
            """(token) => {
              const element = document.querySelector("goes-with");
              element.client.send({ type: "item_added", item_id: "tea" });
              element.token = token;
              element.client.send({ type: "item_added", item_id: "milk" });
            }""",
            token,
        )
        await ann.prompt.wait_for(state="detached")
        await shop.comes_to(lambda: len(shop.said("item_added")) > 1)
        anns = await ann.session()

        assert {("tea", anns), ("milk", "eve")} == {
            (event.item_id, event.session_id) for event in shop.said("item_added")
        }
    await other.close()


async def test_another_address_of_tokens_takes_away_at_once_what_was_shown(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Before it has answered; what is said from then on is of whom it names."""
    tokens: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answer(route: Route) -> None:
        await route.fulfill(body=await tokens, content_type="text/plain")

    async with shop.shopper(context) as ann:
        await offered(shop, ann, "butter")
        await ann.page.route("**/zoes-token", answer)
        await ann.page.evaluate(
            "document.querySelector('goes-with').setAttribute('token-url', '/zoes-token')"
        )
        await ann.prompt.wait_for(state="detached")
        await ann.add_bread()
        tokens.set_result(shop.page_server.token("zoe"))
        await shop.comes_to(lambda: shop.said("item_added"))
        shop.bus.publish(offer("zoe", "e2", now_ms(), "jam"))
        await ann.prompt.wait_for()

        assert ["zoe"] == [event.session_id for event in shop.said("item_added")]
        assert "Apricot jam" in await ann.prompt.inner_text()


async def test_what_is_shown_comes_back_where_the_other_address_names_the_same_shopper(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """It was taken away in case it was somebody else's, and is no new impression."""
    async with shop.shopper(context) as ann:
        await offered(shop, ann, "butter")
        await shop.comes_to(lambda: shop.said("prompt_shown"))
        await ann.page.evaluate(
            "document.querySelector('goes-with').setAttribute('token-url', '/session-token?2')"
        )
        assert 0 == await ann.prompt.count()
        await ann.prompt.wait_for()

        assert 1 == len(await ann.told("show"))


async def test_a_token_that_is_refused_is_not_sent_again(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Another one is asked for; where there is none, the gateway is left alone."""
    async with shop.shopper(context) as ann:
        await shop.comes_to(lambda: shop.said("item_viewed"))
        sent: list[str] = []
        ann.page.on("request", lambda asked: sent.append(f"{asked.method} {asked.url}"))
        await ann.page.evaluate(
            """async (gateway) => {
              const { Client } = await import(`${gateway}/v1/client.js`);
              const good = await (await fetch("/session-token")).text();
              const tokens = ["no.token", `${good}x`, good];
              const client = new Client({ gateway, token: async () => tokens.shift() });
              client.send({ type: "item_added", item_id: "bread" });
              new Client({ gateway, token: `${good}y` }).send({ type: "checkout_started" });
            }""",
            shop.gateway,
        )
        await shop.comes_to(lambda: shop.said("item_added"))
        await asyncio.sleep(SECOND_S)

        assert 3 == sent.count(f"POST {shop.gateway}/v1/events")
        assert [] == shop.said("checkout_started")


async def test_a_session_that_ends_is_followed_by_the_next_one(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Which the shop's server begins, and says by the next token alone."""
    async with shop.shopper(context) as ann:
        old, new = shop.page_server.token("ann", 3), shop.page_server.token("ann-2")
        await ann.page.evaluate(
            """([old, renewed]) => {
              const tokens = [old];
              document.querySelector("goes-with").token = () => tokens.pop() ?? renewed;
            }""",
            [old, new],
        )
        await ann.add_bread()
        await shop.comes_to(lambda: shop.said("item_added", "ann"))
        await asyncio.sleep(0.8 * 3)
        await ann.add_bread()
        await ann.add_bread()
        await shop.comes_to(lambda: shop.said("item_added", "ann-2"))
        shop.bus.publish(offer("ann-2", "e1", now_ms(), "butter"))
        await ann.prompt.wait_for()


async def test_an_event_that_is_none_is_told_to_who_builds_the_shop(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """By an event and a line in the console; the others go on."""
    lines: list[str] = []
    async with shop.shopper(context) as ann:
        ann.page.on("console", lambda line: lines.append(line.text))
        reason = await ann.page.evaluate(
            """() => new Promise((resolve) => {
              const { client } = document.querySelector("goes-with");
              client.addEventListener("refused", ({ detail }) => resolve(detail.reason));
              client.send({ type: "item_eaten", item_id: "bread" });
              client.send({ type: "item_added", item_id: "bread" });
            })"""
        )
        await shop.comes_to(lambda: shop.said("item_added"))

        assert reason
        assert [line for line in lines if reason in line]


@pytest.mark.parametrize("lang", ["ur", "fa", "ar"])
async def test_a_page_that_is_read_from_the_right_is_served_from_the_right(
    shop: ShopWithGateway, context: BrowserContext, lang: str
) -> None:
    """In its language; a price stays a price."""
    shop.bus.answer = offers("butter", "jam")
    async with shop.shopper(context, f"/?lang={lang}") as ann:
        await ann.add_bread()
        await ann.prompt.wait_for()
        picture, title, add, dismiss = [
            await ann.prompt.locator(f"[part={part}]").first.evaluate(
                "(element) => element.getBoundingClientRect().x"
            )
            for part in ("image", "title", "add", "dismiss")
        ]

        assert "rtl" == await ann.prompt.evaluate("(s) => getComputedStyle(s).direction")
        assert picture > title > add
        assert dismiss < title
        said = await ann.prompt.inner_text()
        before, after = TEXTS[lang]["bought_together"].split("\u2068{anchor}\u2069")
        assert before.strip() in said
        assert after.strip() in said
        assert "€3.19" in said
        assert "Often" not in said
        assert lang == shop.said("item_added")[0].locale


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_inaccessible(
    shop: ShopWithGateway, context: BrowserContext, scheme: Any
) -> None:
    """By axe-core: with three items, and when one was added."""
    shop.bus.answer = offers("butter", "jam", "honey")
    async with shop.shopper(context) as ann:
        await ann.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await ann.page.set_viewport_size({"width": 400, "height": 800})
        await ann.add_bread()
        await ann.prompt.wait_for()
        assert [] == await violations(ann)
        assert await ann.page.evaluate("document.body.scrollWidth <= innerWidth")
        await ann.prompt.locator("[part=add]").first.click()
        assert [] == await violations(ann)


async def test_a_strict_policy_has_nothing_to_report(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Neither script nor style of ours is inline; what is, is reported."""
    shop.bus.answer = offers("butter")
    async with shop.shopper(context) as ann:
        await ann.add_bread()
        await ann.prompt.locator("[part=add]").click()
        await ann.page.wait_for_selector("text=Added")
        assert [] == await ann.told("policy")
        await ann.page.evaluate("document.body.setAttribute('style', 'color: red')")
        await ann.page.wait_for_function("() => told.some(([type]) => type === 'policy')")


CATALOGUE = (
    CatalogItem(
        item_id="butter",
        titles={"en": "Butter, salted", "de": "Butter, gesalzen", "ur": "نمکین مکھن"},
        price_minor=319,
        currency="EUR",
        image_url=f"{ELSEWHERE}/butter.svg",
        url="https://shop.example/p/butter",
    ),
    CatalogItem(item_id="jam", titles={"en": HOSTILE}, price_minor=450, currency="JPY"),
    CatalogItem(item_id="honey", price_minor=1500, currency="KWD"),
    CatalogItem(item_id="bread", titles={"en": "Sourdough", "de": "Bauernbrot", "ur": "روٹی"}),
)
"""Prices with two decimals, none and three; honey has no title."""


@pytest.mark.parametrize(
    ("lang", "titles", "prices"),
    [
        ("en", ["Butter, salted", HOSTILE, "honey"], ["€3.19", "¥450", "KWD 1.500"]),
        ("de", ["Butter, gesalzen", HOSTILE, "honey"], ["3,19 €", "450 ¥", "1,500 KWD"]),
        ("ur", ["نمکین مکھن", HOSTILE, "honey"], None),
    ],
)
async def test_a_shop_with_a_catalogue_needs_no_address_of_items(
    shop: ShopWithGateway, browser: Browser, lang: str, titles: list[str], prices: list[str] | None
) -> None:
    """Titles, prices, pictures and pages are the catalogue's, in the page's language."""
    for item in CATALOGUE:
        shop.bus.bring_item(item.item_id.encode(), encode_reference(item))
    shop.bus.answer = offers("butter", "jam", "honey")
    context = await browser.new_context(bypass_csp=True)  # the example's has pictures of its own
    picture = (EXAMPLE.parent / "butter.svg").read_text()
    await context.route(
        f"{ELSEWHERE}/*", lambda route: route.fulfill(body=picture, content_type="image/svg+xml")
    )
    async with shop.shopper(context, f"/?lang={lang}") as ann:
        await ann.page.evaluate("document.querySelector('goes-with').removeAttribute('items-url')")
        await ann.add_bread()
        await ann.prompt.wait_for()
        shown = await ann.prompt.locator("[part=title]").all_inner_texts()
        told = await ann.prompt.locator("[part=price]").all_inner_texts()
        await ann.page.wait_for_function(
            "() => document.querySelector('goes-with').shadowRoot.querySelector('img').naturalWidth"
        )
        await ann.prompt.locator("[part=add]").first.click()
        await shop.comes_to(lambda: [one for one in shop.said("item_added") if one.receipt])

        assert titles == shown
        assert 3 == len(told)
        assert prices is None or prices == [price.replace("\xa0", " ") for price in told]
        added = next(one for one in shop.said("item_added") if one.receipt)
        assert ("butter", 319, "EUR") == (added.item_id, added.price_minor, added.currency)
        assert await ann.page.evaluate("() => window.hacked === undefined")
    await context.close()
    for item in CATALOGUE:
        shop.bus.bring_item(item.item_id.encode(), None)
