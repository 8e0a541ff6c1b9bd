"""Gateways to ask."""

from collections.abc import AsyncIterator

import pytest

from tests.storefront.gateway.shopfront import Shopfront, offers_butter


@pytest.fixture
async def front() -> AsyncIterator[Shopfront]:
    """A gateway before a worker that offers butter to who adds something."""
    shopfront = Shopfront(offers_butter)
    yield shopfront
    await shopfront.http.aclose()
