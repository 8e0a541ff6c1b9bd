"""A console with something to show; and a browser, one for all tests of a module."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser import chromium
from tests.operations.console.eyes import Eyes


@pytest.fixture
def eyes() -> Eyes:
    """Nothing has been read yet."""
    return Eyes()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a module."""
    async with chromium() as launched:
        yield launched
