"""How the element stands in the room that it has: no price and no word is broken without need."""

from typing import Any

import pytest
from playwright.async_api import BrowserContext

from tests.storefront.gateway.browser.shop import ShopWithGateway
from tests.storefront.gateway.browser.test_in_a_browser import offered

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmütze"
ITEMS: dict[str, Any] = {
    "washer": {"title": "Hochdruckreiniger", "price": "329,00\xa0€", "image": "/butter.svg"},
    "drills": {"title": "Bohrerset, dreizehnteilig", "price": "€ 1.329.00", "image": "/jam.svg"},
    "cap": {"title": WORD, "price": "ab 3,19 €"},
}
SENTENCE = "between three and four euros, as the weight of what is delivered turns out to be"
BROKEN = """() => {
  const root = document.querySelector("goes-with").shadowRoot;
  const lines = (node, begin, end) => {
    const range = document.createRange();
    range.setStart(node, begin);
    range.setEnd(node, end);
    return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
  };
  const broken = [];
  for (const said of root.querySelectorAll("[part=title] bdi, [part=price] bdi, [part=reason]")) {
    const node = said.firstChild;
    const whole = said.parentNode.getAttribute("part") === "price";
    for (const { 0: word, index } of node.data.matchAll(whole ? /.+/g : /\\S+/g)) {
      if (lines(node, index, index + word.length) > 1) broken.push(word);
    }
  }
  return broken;
}"""
OUTSIDE = """() => {
  const root = document.querySelector("goes-with").shadowRoot;
  const { left, right } = root.querySelector("section").getBoundingClientRect();
  return [...root.querySelectorAll("section :not(slot)")].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.left < left - 1 || box.right > right + 1;
  }).map((each) => each.getAttribute("part") ?? each.localName);
}"""
PLACE = "(e) => { const { x, y, height } = e.getBoundingClientRect(); return [x, y, height]; }"


@pytest.mark.parametrize("lang", ["de", "ur"])
@pytest.mark.parametrize("width", [320, 390, 640, 1000])
async def test_no_price_is_broken_and_a_word_only_where_no_line_holds_it(
    shop: ShopWithGateway, context: BrowserContext, width: int, lang: str
) -> None:
    """Beside a wide button, in one column or three, from the left or from the right."""
    async with shop.shopper(context, f"/?lang={lang}") as ann:
        await ann.page.set_viewport_size({"width": width, "height": 900})
        await ann.with_items(**ITEMS, bread={"title": "Brot"})
        await offered(shop, ann, *ITEMS)

        assert [WORD] == await ann.page.evaluate(BROKEN)
        assert [] == await ann.page.evaluate(OUTSIDE)


@pytest.mark.parametrize(("width", "below"), [(640, True), (500, False)])
async def test_a_button_goes_below_where_there_is_no_room_beside_the_text(
    shop: ShopWithGateway, context: BrowserContext, width: int, below: bool
) -> None:
    """Two columns leave none beside a long word; one column does."""
    async with shop.shopper(context, "/?lang=de") as ann:
        await ann.page.emulate_media(reduced_motion="reduce")  # or it moves meanwhile
        await ann.page.set_viewport_size({"width": width, "height": 900})
        await ann.with_items(**ITEMS)
        await offered(shop, ann, "washer", "drills")
        text_x, text_y, text_height = await ann.prompt.locator("[part=text]").first.evaluate(PLACE)
        add_x, add_y, _ = await ann.prompt.locator("[part=add]").first.evaluate(PLACE)

        assert below == (add_y >= text_y + text_height)
        assert below == (add_x == text_x)


async def test_a_sentence_in_the_place_of_a_price_is_not_cut_off(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """It is no price to be kept on one line."""
    async with shop.shopper(context) as ann:
        await ann.page.set_viewport_size({"width": 320, "height": 900})
        await ann.with_items(cap={"title": WORD, "price": SENTENCE})
        await offered(shop, ann, "cap")

        assert [] == await ann.page.evaluate(OUTSIDE)
        assert await ann.page.evaluate("document.body.scrollWidth <= innerWidth")
