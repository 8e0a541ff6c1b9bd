"""Origins: whose pages may ask."""

import json

import pytest
from pydantic import ValidationError

from streams.contract.settings import Settings
from streams.storefront.gateway.access.origins import is_allowed
from tests.storefront.gateway.shopfront import KEY, SHOP, Shopfront, add, bearer, offers_butter


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


async def test_a_script_in_a_sandbox_may_ask_where_the_shop_says_so() -> None:
    """With a token, and never with the key; a page elsewhere, or a shop that says nothing: no."""
    front = Shopfront(offers_butter, gateway_origins=f"{SHOP},null")
    token = await front.token()

    async def asked(origin: str, headers: dict[str, str]) -> tuple[int, str | None, str | None]:
        answer = await front.http.post(
            "/v1/events", content=json.dumps(add()), headers=headers | {"origin": origin}
        )
        said = answer.headers.get("access-control-allow-origin")
        return answer.status_code, said, answer.json().get("reason")

    assert (200, "null", None) == await asked("null", bearer(token))
    assert (401, "null", "token_missing") == await asked("null", {})
    assert (403, "null", "key_in_a_browser") == await asked("null", bearer(KEY))
    assert (403, None, "origin") == await asked("https://evil.example", bearer(token))
    await front.http.aclose()


async def test_a_sandbox_is_foreign_unless_the_shop_says_otherwise(front: Shopfront) -> None:
    """By default: a page of anybody's can make one."""
    token = await front.token()
    answer = await front.http.post(
        "/v1/events", json=add(), headers=bearer(token) | {"origin": "null"}
    )

    assert (403, "origin") == (answer.status_code, answer.json()["reason"])


@pytest.mark.parametrize("origin", ["https://shop.example:443", "http://shop.example:80"])
def test_an_origin_with_the_port_that_browsers_leave_out_is_refused(origin: str) -> None:
    """It would never match, and nobody would know why."""
    with pytest.raises(ValidationError, match="leave out"):
        Settings(gateway_origins=origin)
    Settings(gateway_origins="https://shop.example:80, http://shop.example:443, http://[::1]:8080")
