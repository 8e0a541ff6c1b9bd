"""Origins: whose pages may ask."""

import pytest
from pydantic import ValidationError

from streams.contract.settings import Settings
from streams.storefront.gateway.access.origins import is_allowed
from tests.storefront.gateway.shopfront import Shopfront, add, bearer


@pytest.mark.parametrize(
    ("origin", "scheme", "allowed"),
    [
        ("https://events.example", "https", True),
        ("https://events.example", "http", True),  # TLS ends at a proxy that does not say so
        ("http://events.example", "http", True),
        ("http://events.example", "https", False),
        ("ftp://events.example", "http", False),
        ("chrome-extension://events.example", "https", False),
        ("https://events.example:8443", "https", False),
    ],
)
def test_a_page_of_the_gateways_own_host_came_the_way_it_asks(
    origin: str, scheme: str, allowed: bool
) -> None:
    """A page that came in the clear may be anybody's, and does not ask over TLS."""
    assert allowed == is_allowed(origin, "events.example", [], scheme)


async def test_a_page_in_the_clear_does_not_ask_over_tls(front: Shopfront) -> None:
    """Its beacon would arrive without a question."""
    token = await front.token()
    asked = [
        await front.http.post(
            f"{way}://gateway.example/v1/events",
            json=add(),
            headers=bearer(token) | {"origin": "http://gateway.example"},
        )
        for way in ("https", "http")
    ]

    assert [403, 200] == [answer.status_code for answer in asked]


@pytest.mark.parametrize("origin", ["https://shop.example:443", "http://shop.example:80"])
def test_an_origin_with_the_port_that_browsers_leave_out_is_refused(origin: str) -> None:
    """It would never match, and nobody would know why."""
    with pytest.raises(ValidationError, match="leave out"):
        Settings(gateway_origins=origin)
    Settings(gateway_origins="https://shop.example:80, http://shop.example:443, http://[::1]:8080")
