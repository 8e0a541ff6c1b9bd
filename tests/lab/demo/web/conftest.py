"""A demo with its shop, and a browser: one of each for all tests of a module."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext

from tests.browser import chromium
from tests.lab.demo.web.running import WAIT_S_MAX, RunningDemo, running_demo
from tests.storefront.gateway.browser.conftest import ARGUMENTS


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    """The grocery, once much is known."""
    with running_demo("--rate", "200") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with chromium(ARGUMENTS) as launched:
        yield launched


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A shopper's own profile, with a wide screen: the drawer stands open."""
    made = await browser.new_context(
        viewport={"width": 1400, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    made.set_default_timeout(WAIT_S_MAX * 1000)
    yield made
    await made.close()
