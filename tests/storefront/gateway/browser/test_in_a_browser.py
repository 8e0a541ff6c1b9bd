"""The element as shoppers have it: in a real browser, under a strict policy, before a gateway."""

import pytest
from playwright.async_api import BrowserContext

from tests.storefront.gateway.browser.shop import ShopWithGateway, offers

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_prompt_is_shown_with_what_the_shop_says_of_its_items(
    shop: ShopWithGateway, context: BrowserContext
) -> None:
    """Titles, prices, pictures; and nothing before there is something to show."""
    shop.bus.answer = offers("butter", "jam")
    async with shop.shopper(context) as ann:
        assert 0 == await ann.prompt.count()
        await ann.add_bread()
        await ann.prompt.wait_for()

        assert "Often bought together with Sourdough bread" in await ann.prompt.inner_text()
        assert ["Butter, salted", "Apricot jam"] == await ann.prompt.locator("a").all_inner_texts()
        assert "€3.19" == await ann.prompt.locator("[part=price]").first.inner_text()
        assert [] == ann.errors
        assert [] == await ann.told("policy")
