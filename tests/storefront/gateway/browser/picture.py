"""Takes the picture of docs: `python -m tests.storefront.gateway.browser.picture FILE`."""

import asyncio
import sys

from playwright.async_api import ViewportSize

from tests.browser import chromium
from tests.storefront.gateway.browser.conftest import ARGUMENTS
from tests.storefront.gateway.browser.shop import ShopWithGateway, offers

SIZE: ViewportSize = {"width": 1000, "height": 600}


async def take(file: str) -> None:
    """The example's page, once bread is in the basket."""
    shop = ShopWithGateway()
    await shop.open()
    shop.bus.answer = offers("butter", "jam", "honey")
    async with chromium(ARGUMENTS) as browser:
        context = await browser.new_context(viewport=SIZE, reduced_motion="reduce")
        async with shop.shopper(context) as ann:
            await ann.add_bread()
            await ann.prompt.wait_for()
            await asyncio.sleep(1)  # its pictures
            await ann.page.screenshot(path=file)
    await shop.close()


if __name__ == "__main__":
    asyncio.run(take(sys.argv[1]))
