"""A browser, one for all tests of a module: Debian's Chromium."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext

from tests.browser import chromium
from tests.storefront.gateway.browser.shop import WAIT_S_MAX, ShopWithGateway

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
"""A headless browser says that it is one, and events of robots are not taken."""
ARGUMENTS = (f"--user-agent={AGENT}",)
"""Playwright's own way leaves out beacons."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a module, which keeps pages for its Back button."""
    kept = ["--disable-back-forward-cache"]
    async with chromium(ARGUMENTS, ignore_default_args=kept) as launched:
        yield launched


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[ShopWithGateway]:
    """A shop with its gateway."""
    shop = ShopWithGateway()
    await shop.open()
    yield shop
    await shop.close()


@pytest_asyncio.fixture(loop_scope="module")
async def shop(running: ShopWithGateway) -> ShopWithGateway:
    """The same, with nothing in it."""
    running.empty()
    return running


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser's profile of its own: a shopper's."""
    made = await browser.new_context()
    made.set_default_timeout(WAIT_S_MAX * 1000)
    yield made
    await made.close()
