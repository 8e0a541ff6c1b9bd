"""The description for machines; and a walk through it with whatever may come."""

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from streams.contract.events import EVENTS
from streams.contract.schemas.examples import EXAMPLES
from streams.storefront.gateway.browser.files import NAMES
from tests.storefront.gateway.shopfront import KEY, SHOP, Shopfront, offers_butter

EXAMPLES_OF_EVENTS = [
    EXAMPLES[event.model_fields["type"].default].model_dump(mode="json", exclude_none=True)
    for event in EVENTS
]
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=9,
)
FIELDS = sorted({name for event in EVENTS for name in event.model_fields})


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """An example of an event, with some of its fields gone or another value in them."""
    said = dict(draw(st.sampled_from(EXAMPLES_OF_EVENTS)))
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=4)):
        if draw(st.booleans()):
            said.pop(name, None)
        else:
            said[name] = draw(JSON)
    return said


BODIES = st.one_of(
    st.binary(max_size=99),
    JSON.map(lambda said: json.dumps(said).encode()),
    st.lists(mutated(), max_size=3).map(lambda said: json.dumps(said).encode()),
    mutated().map(lambda said: json.dumps(said).encode()),
)
WORDS = st.text(max_size=40)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["content-type", "origin", "last-event-id", "content-length", "authorization", "host"]
    ),
    st.one_of(
        st.sampled_from(["application/json", "text/plain", SHOP, "Bearer", f"Bearer {KEY}", "-1"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30),
    ).map(lambda text: text.encode("latin-1")),
    max_size=3,
)
FOR_ANYBODY = {"/v1/scripts", *(f"/v1/{name}" for name in NAMES)}
QUERY = st.dictionaries(
    st.sampled_from(
        [
            "token",
            "session_id",
            "last_event_id",
            "wait_ms",
            "other",
            "source",
            "product_id",
            "limit",
            "intent",
        ]
    ),
    WORDS | st.sampled_from(["1", "-1", "1e9", "99999999999999999999", "null", "ga4", "segment"]),
    max_size=3,
)


def references(said: Any) -> Iterator[str]:
    """Every `$ref` in a description."""
    if isinstance(said, dict):
        for name, value in said.items():
            if name == "$ref":
                yield value
            yield from references(value)
    elif isinstance(said, list):
        for value in said:
            yield from references(value)


@cache
def asked() -> Shopfront:
    """A gateway that may be asked as often as one likes: making one takes longer than asking it."""
    more: dict[str, Any] = dict.fromkeys(("gateway_address_rate", "gateway_session_rate"), 10**9)
    return Shopfront(offers_butter, gateway_wait_ms_max=1, segment_secret=SecretStr("s"), **more)


def description() -> dict[str, Any]:
    """What a gateway says of itself."""
    said: dict[str, Any] = asked().app.openapi()
    return said


def test_the_description_is_whole() -> None:
    """What it refers to is there; each operation says who may ask, and what comes of it."""
    said = description()
    schemas = said["components"]["schemas"]

    assert {f"#/components/schemas/{name}" for name in schemas} >= {*references(said)}
    assert {
        ("/v1/events", "post"),
        ("/v1/prompts", "get"),
        ("/v1/prompts/stream", "get"),
        ("/v1/sessions", "post"),
        ("/v1/webhooks/{source}", "post"),
        ("/v1/recommendations/products.json", "get"),
        *((f"/v1/{name}", "get") for name in ("scripts", *NAMES)),
        ("/healthz", "get"),
        ("/readyz", "get"),
        ("/metrics", "get"),
    } == {(path, method) for path, of in said["paths"].items() for method in of}
    for path, of in said["paths"].items():
        for operation in of.values():
            assert operation["summary"]
            assert operation["description"]
            asks_who = path.startswith("/v1/") and path not in FOR_ANYBODY
            assert asks_who == ("security" in operation)
            assert asks_who == ("429" in operation["responses"])
    assert "HTTPValidationError" not in schemas
    assert (
        "text/event-stream"
        in said["paths"]["/v1/prompts/stream"]["get"]["responses"]["200"]["content"]
    )


def test_the_description_says_how_what_is_not_there_is_refused() -> None:
    """And that more is taken than it has."""
    said = description()["info"]["description"]

    for word in ("`not_found` (404)", "`method` (405)", "`consent`", "`shopper_id`"):
        assert word in said


def test_the_description_has_every_event_without_what_the_token_says() -> None:
    """A page need not say whose its events are, nor when now is."""
    schemas = description()["components"]["schemas"]
    for event in EVENTS:
        assert {"event_id", "type"} <= {*schemas[event.__name__]["required"]}
        assert {"session_id", "occurred_at_ms"}.isdisjoint(schemas[event.__name__]["required"])
    assert "item_id" in schemas["ItemAdded"]["required"]


@example("/readyz", "GET", {}, {"origin": b"https://evil.example"}, b"", "nothing")
@given(
    st.sampled_from(
        [
            *("/v1/events", "/v1/prompts", "/v1/sessions", "/readyz", "/metrics", "/v1/x"),
            *("/v1/webhooks/segment", "/v1/webhooks/x", "/v1/recommendations/products.json"),
        ]
    ),
    st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD", "DELETE"]),
    QUERY,
    HEADERS,
    BODIES,
    st.sampled_from(["token", "key", "nothing"]),
)
def test_whatever_is_asked_is_answered_in_order(
    path: str,
    method: str,
    query: dict[str, str],
    headers: dict[str, bytes],
    body: bytes,
    who: str,
) -> None:
    """Nothing fails in it: there is a status that the description has, and a reason."""

    async def ask() -> None:
        front = asked()
        given_ = {name.encode(): value for name, value in headers.items()}
        if who != "nothing":
            given_[b"authorization"] = (
                f"Bearer {KEY if who == 'key' else await front.token()}".encode()
            )
        answer = await front.http.request(method, path, params=query, headers=given_, content=body)
        assert answer.status_code < 500, answer.text
        operation = description()["paths"].get(path, {}).get(method.lower())
        if operation and method != "OPTIONS":
            assert str(answer.status_code) in operation["responses"], answer.text
        if answer.status_code >= 400 and method not in ("HEAD", "OPTIONS"):
            assert {"reason", "message"} == answer.json().keys() or "results" in answer.json()

    asyncio.run(ask())


@given(QUERY, HEADERS, st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_a_stream_is_opened_or_refused(
    query: dict[str, str], headers: dict[str, bytes], last: str
) -> None:
    """Whatever a reader brings along."""

    async def ask() -> None:
        front = asked()
        given_ = {
            name.encode(): value
            for name, value in headers.items()
            if name not in ("authorization", "content-length")
        }
        address = "/v1/prompts/stream"
        refused = await front.http.get(address, params=query, headers=given_)
        assert refused.status_code in (401, 403, 422)
        async with front.reading(await front.token(), last) as reader:
            assert 200 == reader.status

    asyncio.run(ask())
