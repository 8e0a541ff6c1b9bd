"""What is asked by `HEAD`, or by a method or under an address that there is not."""

import pytest

from streams.storefront.gateway.browser.files import NAMES
from tests.storefront.gateway.shopfront import Shopfront, bearer

GOTTEN = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/prompts", "/v1/scripts")


@pytest.mark.parametrize("path", [*GOTTEN, *(f"/v1/{name}" for name in NAMES)])
async def test_head_is_answered_as_get_without_what_it_says(path: str, front: Shopfront) -> None:
    """As balancers and monitors ask."""
    who = bearer(await front.token())
    head, get = await front.http.head(path, headers=who), await front.http.get(path, headers=who)

    assert (get.status_code, b"") == (head.status_code, head.content)
    assert get.headers["content-type"] == head.headers["content-type"]
    assert "content-length" in head.headers


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("HEAD", "/v1/prompts/stream", "GET"),
        ("HEAD", "/v1/events", "POST"),
        ("GET", "/v1/events", "POST"),
        ("PUT", "/v1/events", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("OPTIONS", "/v1/prompts", "GET, HEAD"),
        ("POST", "/v1/prompts/stream", "GET"),
    ],
)
async def test_another_method_is_refused_as_that(
    method: str, path: str, allow: str, front: Shopfront
) -> None:
    """And it is said which one is taken."""
    answer = await front.http.request(method, path, headers=bearer(await front.token()))

    assert (405, allow) == (answer.status_code, answer.headers["allow"])
    if method != "HEAD":
        assert "method" == answer.json()["reason"]
    assert {"method": 1} == front.gateway.traffic.refusals


@pytest.mark.parametrize("path", ["/", "/v1/nowhere", "/v1/other.js"])
async def test_what_is_not_there_is_said_in_a_word_of_its_own(path: str, front: Shopfront) -> None:
    """`http` said nothing."""
    answer = await front.http.get(path)

    assert (404, "not_found") == (answer.status_code, answer.json()["reason"])
