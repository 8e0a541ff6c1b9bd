"""The demo's shop as a visitor has it: everything real, from the click to Kafka and back."""

import asyncio
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Browser, BrowserContext

from streams.lab.demo.shops.assortment import GROCERY, LANGUAGES
from streams.lab.demo.web.page import words
from tests.lab.demo.web.running import WAIT_S_MAX, RunningDemo, Visitor, visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAPLES = ("bread", "pasta", "chips", "taco-shells", "printer", "phone")
CHIPS = {
    "prompts": "Prompts",
    "lag": "Lag",
    "arms and experiments": "Experiments",
    "operations": "Operations",
}
"""What leads from the drawer to which page of the console."""
LINES = """() => [...document.querySelectorAll("[data-line]")].map((line) =>
  [...line.querySelectorAll("button")].map((button) => button.getBoundingClientRect().y))"""
"""Where the buttons of each line of the basket stand."""
UNDER_THE_PROMPT = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  const prompt = document.querySelector("goes-with");
  if (prompt === at || prompt.contains(at) || at === document.body) return [];
  const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const above = middle === prompt || box.bottom > prompt.getBoundingClientRect().top + 1;
  return above ? [at.outerHTML.slice(0, 80)] : [];
}"""
"""What has the focus, where the prompt is over it."""
ISOLATES = dict.fromkeys((0x2068, 0x2069))
ONCE_MORE_S = 1.5
"""So long is waited for what must not come again."""


async def violations(who: Visitor, of: str = "") -> list[str]:
    """What axe-core finds on the page; `of`: by its rules of this kind alone."""
    if not await who.page.evaluate("'axe' in window"):
        await who.page.evaluate(AXE_FILE_PATH.read_text())
    only = f"{{runOnly: ['{of}']}}" if of else ""
    found: dict[str, Any] = await who.page.evaluate(f"axe.run({only})")
    return [f"{each['id']}: {each['nodes'][0]['html'][:90]}" for each in found["violations"]]


async def violations_by_day_and_night(who: Visitor) -> list[str]:
    """What axe-core finds in the light scheme, and of colours in the dark one: the rest is one."""
    found = []
    schemes: dict[Literal["light", "dark"], str] = {"light": "", "dark": "cat.color"}
    for scheme, of in schemes.items():
        await who.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme}: {each}" for each in await violations(who, of)]
    return found


async def test_an_add_is_answered_and_the_drawer_says_why(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """The event with its place in Kafka, the counts, the arm and its chance, the impression."""
    async with visitor(demo, context) as ann:
        await ann.prompted(*STAPLES)
        (decision, *_) = await ann.comes("prompt")
        await ann.comes("outcome", stage="shown", prompt_id=decision["prompt_id"])
        (cause,) = await ann.told("event", event_id=decision["caused_by"])
        story = ann.page.locator("#story")
        await story.locator(".stage", has_text="shown").wait_for()
        said = await story.inner_text()

        assert "added" in said
        assert str(cause["item"]) in said
        assert f"offset {cause['offset']}" in said
        assert f"drew {decision['arm'].replace('_', ' ')}" in said
        assert 1.0 == pytest.approx(sum(decision["propensities"].values()))
        assert decision["propensity"] == decision["propensities"][decision["arm"]]
        assert (
            len(decision["propensities"])
            == await story.locator(".bars").first.locator("li").count()
        )
        assert [] == ann.errors


async def test_what_is_accepted_is_in_the_basket_and_recorded(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """The basket grows by it, the event carries the receipt, and the arm gets its reward."""
    async with visitor(demo, context) as ann:
        await ann.prompted(*STAPLES)
        before = await ann.count()
        title = await ann.prompt.locator("[part=title]").first.inner_text()
        await ann.prompt.locator("[part=add]").first.click()
        (outcome,) = await ann.comes("outcome", stage="added")
        await ann.page.locator("#story .stage.added").wait_for()

        assert before + 1 == await ann.count()
        assert title == GROCERY.items[outcome["item"]].titles["en"]
        assert outcome["reward"] > 0
        assert await ann.told("event", item=outcome["item"], from_prompt=True)
        await ann.go("/basket")
        assert await ann.page.locator(f"[data-line='{outcome['item']}']").is_visible()


async def test_what_is_bought_is_told_by_the_shops_server(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """Checkout, thanks, an empty basket; and the prompt that helped is credited with the sale."""
    async with visitor(demo, context) as ann:
        await ann.prompted(*STAPLES)
        await ann.prompt.locator("[part=add]").first.click()
        await ann.comes("outcome", stage="added")
        await ann.go("/basket")
        await ann.page.click("text=Checkout")
        await ann.comes("event", type="checkout_started")
        await ann.page.click("#buy")
        await ann.page.wait_for_url("**/thanks")
        await ann.comes("event", type="order_placed")
        await ann.comes("outcome", stage="bought")
        await ann.page.wait_for_selector("html[data-ready]")

        assert 0 == await ann.count()
        assert [] == await ann.told("event", type="checkout_left")
        assert [] == ann.errors


async def test_a_prompt_that_is_sent_away_stays_away(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """It goes, that is recorded, and it is on no other page either."""
    async with visitor(demo, context) as ann:
        await ann.prompted(*STAPLES)
        await ann.comes("outcome", stage="shown")
        await ann.prompt.locator("[part=dismiss]").click()
        (sent_away,) = await ann.comes("outcome", stage="dismissed")
        assert await ann.told("prompt", prompt_id=sent_away["prompt_id"])
        assert 0 == await ann.prompt.count()
        await ann.go("/basket")
        await asyncio.sleep(ONCE_MORE_S)

        assert 0 == await ann.prompt.count()


async def test_two_shoppers_never_see_each_others(demo: RunningDemo, browser: Browser) -> None:
    """Neither prompts nor stories, nor baskets."""
    one, other = await browser.new_context(), await browser.new_context()
    for each in (one, other):
        each.set_default_timeout(WAIT_S_MAX * 1000)
    async with visitor(demo, one) as ann, visitor(demo, other) as bob:
        await ann.page.bring_to_front()
        await ann.prompted(*STAPLES)
        await asyncio.sleep(ONCE_MORE_S)
        assert 0 == await bob.prompt.count() == await bob.count()
        assert [] == await bob.story()
        await bob.page.bring_to_front()
        await bob.prompted(*reversed(STAPLES))
        anns = {step["prompt_id"] for step in await ann.comes("prompt")}
        bobs = {step["prompt_id"] for step in await bob.comes("prompt")}

        assert set() == anns & bobs
    for each in (one, other):
        await each.close()


async def test_a_gateway_that_is_killed_loses_nothing_and_shows_nothing_twice(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """What is done meanwhile waits in the browser; what stood on the page stays there."""
    async with visitor(demo, context) as ann:
        await ann.prompted(*STAPLES)
        await ann.comes("outcome", stage="shown")
        before = [step["event_id"] for step in await ann.told("event", type="item_added")]
        killed = demo.kill_gateway()
        assert 1 == await ann.prompt.count()
        for item in ("eggs", "jam", "tent"):
            await ann.add(item)
        await ann.comes("event", len(before) + 3, type="item_added")
        assert killed != demo.gateway_pid()
        await asyncio.sleep(ONCE_MORE_S)
        added = await ann.told("event", type="item_added")
        shown = [step["prompt_id"] for step in await ann.told("outcome", stage="shown")]

        assert ["eggs", "jam", "tent"] == [step["item"] for step in added[len(before) :]]
        assert len(added) == len({step["event_id"] for step in added}) == await ann.count()
        assert len(shown) == len(set(shown))
        assert [] == ann.errors


@pytest.mark.parametrize("lang", ["ur", "fa", "ar"])
async def test_a_language_that_is_read_from_the_right_is_served_from_the_right(
    demo: RunningDemo, context: BrowserContext, lang: str
) -> None:
    """Page and prompt, with the shop's own titles; and the next page keeps the language."""
    async with visitor(demo, context, f"/?lang={lang}") as ann:
        await ann.prompted(*STAPLES)
        (decision, *_) = await ann.comes("prompt")
        offered = GROCERY.items[decision["items"][0]["item"]].titles[lang]
        brand, count = [
            await ann.page.locator(place).evaluate("(e) => e.getBoundingClientRect().x")
            for place in (".brand", "#count")
        ]

        assert brand > count
        assert offered in await ann.prompt.inner_text()
        assert "rtl" == await ann.prompt.evaluate("(s) => getComputedStyle(s).direction")
        why = ann.page.locator("#story .why").first
        assert "rtl" == await why.evaluate("(s) => getComputedStyle(s).direction")
        assert lang == await why.get_attribute("lang")
        await ann.go("/item/bread")
        assert GROCERY.items["bread"].titles[lang] == await ann.page.locator("h1").inner_text()
        assert [] == ann.errors


async def test_the_worker_keeps_upgrades_from_their_bases(demo: RunningDemo) -> None:
    """By the catalogue's relations, which a worker heeds where it is told to."""
    assert b"GOESWITH_CATALOG_RELATIONS=guards" in demo.settings_of("worker")


async def test_choosing_a_language_opens_the_page_in_it(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """By the select in the header, on the page where one is."""
    async with visitor(demo, context, "/item/bread") as ann:
        await ann.page.select_option("#lang", "de")
        await ann.page.wait_for_selector("h1:has-text('Brot')")

        assert "/item/bread" in ann.page.url


@pytest.mark.parametrize(("lang", "two"), [("en", "2"), ("ur", "2"), ("fa", "۲"), ("bn", "২")])
async def test_a_line_of_the_basket_stands_together_on_a_telephone(
    demo: RunningDemo, context: BrowserContext, lang: str, two: str
) -> None:
    """Its three buttons beside each other, and its number in the digits of its price."""
    async with visitor(demo, context, f"/?lang={lang}") as ann:
        await ann.page.set_viewport_size({"width": 390, "height": 900})
        for item in ("printer", "bread", "bread"):
            await ann.add(item)
        await ann.go("/basket")
        places = await ann.page.evaluate(LINES)

        assert [1, 1] == [len(set(line)) for line in places]
        said = await ann.page.locator("[data-line=bread] .quantity").inner_text()
        assert said.startswith(f"{two} ")
        assert 3 == await ann.count()


async def test_what_has_the_focus_is_not_under_the_prompt(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """On a telephone, card by card; and the offer is one key behind what asked for it."""
    async with visitor(demo, context) as ann:
        await ann.page.set_viewport_size({"width": 390, "height": 844})
        if await ann.page.locator("#drawer").is_visible():
            await ann.page.click("#close")
        await ann.prompted(*STAPLES)
        await ann.page.wait_for_selector(".to-offer", state="attached")
        await ann.page.keyboard.press("Tab")
        assert words("en")["to_offer"] == await ann.page.locator(":focus").inner_text()
        await ann.page.keyboard.press("Enter")
        assert "GOES-WITH" == await ann.page.evaluate("document.activeElement.tagName")
        await ann.page.evaluate("document.querySelector('[data-add]').focus()")
        hidden = []
        for _ in range(24):
            await ann.page.keyboard.press("Tab")
            hidden += await ann.page.evaluate(UNDER_THE_PROMPT)

        assert [] == hidden


async def test_a_prompt_on_the_page_of_an_item_is_seen_on_a_low_screen(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """What is said twice as large has half of the height: it is not below the fold."""
    async with visitor(demo, context, "/item/bread") as ann:
        await ann.page.set_viewport_size({"width": 720, "height": 450})
        if await ann.page.locator("#drawer").is_visible():
            await ann.page.click("#close")
        await ann.prompted("bread", "bread", "bread")
        await ann.page.evaluate("scrollTo(0, 0)")
        box = await ann.prompt.bounding_box()

        assert box is not None
        assert box["y"] + box["height"] <= 450


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_first_screen_says_what_this_is(
    demo: RunningDemo, context: BrowserContext, lang: str
) -> None:
    """In a sentence, above what is sold, on a telephone; and the button says what it opens."""
    async with visitor(demo, context, f"/?lang={lang}") as ann:
        await ann.page.set_viewport_size({"width": 390, "height": 844})
        intro, first = (ann.page.locator(place).first for place in (".intro", ".card"))
        said, shelf = await intro.bounding_box(), await first.bounding_box()
        assert said is not None
        assert shelf is not None

        assert "goeswith" in await intro.inner_text()
        assert said["y"] + said["height"] <= min(844, shelf["y"])
        assert words(lang)["decided"] == await ann.page.inner_text("#behind")
        assert await ann.page.evaluate("document.body.scrollWidth <= innerWidth")


async def test_an_open_prompt_keeps_its_language_when_another_one_is_chosen(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """The reason stays as it was worded, title included, and says in which language it is."""
    async with visitor(demo, context, "/?lang=ur") as ann:
        await ann.prompted(*STAPLES)
        reason = ann.page.locator("goes-with [part=reason]")
        worded = await reason.inner_text()
        await ann.go("/?lang=de")
        await reason.wait_for()

        assert worded.translate(ISOLATES) == (await reason.inner_text()).translate(ISOLATES)
        assert "ur" == await reason.get_attribute("lang")
        assert "rtl" == await reason.get_attribute("dir")


@pytest.mark.parametrize("width", [400, 1400])
async def test_no_page_is_inaccessible(
    demo: RunningDemo, context: BrowserContext, width: int
) -> None:
    """By axe-core, on a telephone and a desk, with the drawer open; none is too wide."""
    async with visitor(demo, context) as ann:
        await ann.page.set_viewport_size({"width": width, "height": 900})
        await ann.prompted(*STAPLES)
        assert [] == await violations_by_day_and_night(ann)
        for path in ("/item/bread", "/basket", "/checkout", "/thanks", "/?lang=ur"):
            await ann.go(path)
            assert [] == await violations_by_day_and_night(ann), path
            assert await ann.page.evaluate("document.body.scrollWidth <= innerWidth"), path
        if width == 400:
            await ann.go("/?lang=en")
            await ann.page.click(
                "#behind" if await ann.page.locator("#drawer").is_hidden() else "#close"
            )
            assert [] == await violations_by_day_and_night(ann)


async def test_from_the_one_address_prompts_lag_and_arms_are_one_click_away(
    demo: RunningDemo, context: BrowserContext
) -> None:
    """The drawer leads to the console, and lets its reader in."""
    async with visitor(demo, context) as ann:
        for name, heading in CHIPS.items():
            async with context.expect_page() as opened:
                await ann.page.locator("#drawer nav").get_by_text(name, exact=True).click()
            page = await opened.value
            await page.wait_for_selector(f"h1:has-text('{heading}')")
            assert "token" not in page.url
            await page.close()


async def test_a_robot_is_told_why_nothing_happens(demo: RunningDemo, browser: Browser) -> None:
    """In the words of the page's language: nothing that it does is learned from."""
    robot = "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/156.0.0.0"
    for language in LANGUAGES:
        made = await browser.new_context(
            user_agent=robot, viewport={"width": 1400, "height": 900}, reduced_motion="reduce"
        )
        async with visitor(demo, made, f"/?lang={language}") as bot:
            await bot.add("bread")
            said = bot.page.locator("#main .robot")
            await said.wait_for()
            assert words(language)["robot"] == await said.inner_text()
            assert words(language)["robot"] == await bot.page.inner_text("#drawer .robot")
            assert not await bot.page.is_visible("#nothing")
            if language in ("en", "ar"):
                assert [] == await violations(bot)
        await made.close()


async def test_a_new_visit_is_another_session(demo: RunningDemo, context: BrowserContext) -> None:
    """With an empty basket, and a story that has not begun."""
    async with visitor(demo, context) as ann:
        await ann.add("bread")
        await ann.comes("event", type="item_added")
        async with ann.page.expect_navigation():  # the old page is as ready as the new one
            await ann.page.click("#anew")
        await ann.page.wait_for_selector("html[data-ready]")
        await ann.page.wait_for_selector("#nothing")

        assert 0 == await ann.count()
        assert [] == await ann.told("event", type="item_added")
