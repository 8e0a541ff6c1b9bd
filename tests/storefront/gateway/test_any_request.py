"""Whatever the description allows may be asked, and what it does not allow: no answer is a fault.

Requests are made from the OpenAPI document itself, of all routes, with the key and with a token.
The stream is asked of a gateway that closes: it would not end, and so is refused.
"""

import asyncio
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.storefront.gateway.shopfront import KEY, Shopfront, bearer, offers_butter

EXAMPLES = 40
"""Requests of each route, each way of making them, and each credential."""
RATE = 10**6
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
MORE: dict[str, Any] = {
    "gateway_session_rate": RATE,
    "gateway_address_rate": RATE,
    "gateway_wait_ms_max": 1,
    "shopify_secret": KEY,
}
FRONT, CLOSING = Shopfront(offers_butter, **MORE), Shopfront(offers_butter, **MORE)
CLOSING.gateway.close_streams()
STREAM = "GET /v1/prompts/stream"
API = {
    front: schemathesis.openapi.from_asgi("/openapi.json", front.app) for front in (FRONT, CLOSING)
}
OPERATIONS: dict[str, Any] = {}
"""By method and path; the stream's is that of the gateway that closes, or it would not end."""
for asked in (FRONT, CLOSING):
    for found in API[asked].get_all_operations():
        operation = cast("Ok[Any]", found).ok()  # a description that cannot be read fails here
        if (operation.label == STREAM) == (asked is CLOSING):
            OPERATIONS[operation.label] = operation
MAY_BE_WRONG = (
    "GET /v1/prompts",
    "GET /v1/recommendations/products.json",
    "POST /v1/events",
    "POST /v1/sessions",
    STREAM,
)
"""What is described so that something else can be asked."""


@pytest.fixture(scope="module")
def credentials() -> list[dict[str, str]]:
    """The shop's key, a session's token, and nothing."""
    return [bearer(KEY), bearer(asyncio.run(FRONT.token())), {}]


def ask(operation: Any, mode: schemathesis.GenerationMode, who: list[dict[str, str]]) -> None:
    """Ask in many ways; each answer is one that the description has: status, type and form."""
    checks = CHECKS[1:] if operation.label == STREAM else CHECKS  # 503: there is no room

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode), st.sampled_from(who))
    def asked(case: Any, headers: dict[str, str]) -> None:
        FRONT.gateway.closing = False  # each request is asked of a server that starts and ends
        answer = case.call_and_validate(headers=dict(headers), checks=checks)
        assert 500 != answer.status_code

    asked()


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_the_description_allows_makes_no_fault(
    label: str, credentials: list[dict[str, str]]
) -> None:
    """Of all routes."""
    ask(OPERATIONS[label], POSITIVE, credentials)


@pytest.mark.parametrize("label", MAY_BE_WRONG)
def test_what_the_description_does_not_allow_makes_no_fault(
    label: str, credentials: list[dict[str, str]]
) -> None:
    """Wrong types, missing fields, too much of it."""
    ask(OPERATIONS[label], NEGATIVE, credentials)
