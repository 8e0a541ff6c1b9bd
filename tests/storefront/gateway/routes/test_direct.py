"""Plain requests go a shorter way, and nobody can tell by the answer."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.storefront.gateway.access.tokens import SessionOwner
from streams.storefront.gateway.routes import events, stream
from streams.storefront.gateway.routes.asking.direct import DirectRoute
from tests.storefront.gateway.shopfront import (
    KEY,
    NOON_S,
    SHOP,
    Shopfront,
    add,
    bearer,
    offers_butter,
    says_nothing,
)

POST, FOLLOW = events.DIRECT, stream.DIRECT
ODD = "also=1"
"""What no plain request says, and no route asks for: with it a request goes the longer way."""
MORE: dict[str, Any] = {
    "gateway_wait_ms_max": 1,
    "gateway_session_rate": 10,
    "gateway_address_rate": 10,
}
TOKEN = Shopfront(says_nothing).gateway.tokens.mint(SessionOwner(session_id="ann"), NOON_S)

CREDENTIALS = st.sampled_from(
    [
        *({}, bearer(TOKEN), bearer(KEY), bearer("x.y.z"), bearer("")),
        *({"authorization": said} for said in (f"bearer {TOKEN}", f"Basic {KEY}", "Bearer", TOKEN)),
        *(bearer(KEY) | {"origin": SHOP}, bearer(TOKEN) | {"origin": "https://evil.example"}),
    ]
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "accept-language": st.sampled_from(["de-AT, en;q=0.5", "", "*" * 300]),
        "content-type": st.sampled_from(
            ["application/json", "text/plain", "text/html", "application/vnd.ga4+json", ""]
        ),
        "content-encoding": st.sampled_from(["gzip", "identity"]),
        "content-length": st.sampled_from(["999999999", "x"]),
        "user-agent": st.sampled_from(["Googlebot/2.1", "Mozilla/5.0"]),
        "last-event-id": st.sampled_from(["aa.bb", "<b>"]),
        "ce-specversion": st.just("1.0"),
    },
)
BODIES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"[]", b"{", b"7", b"[7]", b'{"events": []}', b"\xef\xbb\xbf[]"]),
    st.lists(
        st.sampled_from([add("e1"), add("e2", item_id=""), {"type": "order_placed"}]), max_size=3
    ).map(lambda said: repr(said).replace("'", '"').encode()),
)
QUERIES = st.sampled_from(["", "wait_ms=0", "wait_ms=1", f"token={TOKEN}", "token=x.y.z"])


def is_plain(route: DirectRoute, method: str, query: str, path: str = "") -> bool:
    """Whether a request goes the shorter way."""
    scope = {
        "type": "http",
        "method": method,
        "path": path or route.path,
        "query_string": query.encode(),
    }
    return route.matches(scope)[1] != {}


@pytest.mark.parametrize(
    "query", ["", "wait_ms=500", "token=aB.c_d-9", "token=aB.c_d-9&wait_ms=500"]
)
def test_a_plain_post_goes_the_shorter_way(query: str) -> None:
    """With a token in its header or its address, and with or without a wait."""
    assert is_plain(POST, "POST", query)
    assert not is_plain(FOLLOW, "POST", query)


@pytest.mark.parametrize(
    "query", ["", "token=aB.c_d-9", "last_event_id=aa.bb", "token=a.b&last_event_id=."]
)
def test_a_plain_stream_goes_the_shorter_way(query: str) -> None:
    """For the first time, and for whoever comes back."""
    assert is_plain(FOLLOW, "GET", query)
    assert not is_plain(FOLLOW, "HEAD", query)


@pytest.mark.parametrize(
    "query",
    [
        *("wait_ms=-1", "wait_ms=soon", "wait_ms=", "wait_ms=1&wait_ms=2", "wait_ms=1234567890"),
        *("source=ga4", "token=", "token=a%2Eb", "token=a&", "wait_ms=1&token=a", "&", "x", ODD),
    ],
)
def test_whatever_is_not_plain_is_the_frameworks(query: str) -> None:
    """It knows what is wrong with it."""
    assert not is_plain(POST, "POST", query)
    assert not is_plain(FOLLOW, "GET", query)


@pytest.mark.parametrize(("query", "direct"), [("", True), (f"token={TOKEN}", True), (ODD, False)])
async def test_the_application_looks_there_first(query: str, direct: bool) -> None:
    """And goes the other way with the rest."""
    front, taken = Shopfront(offers_butter), list[bool]()

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        await front.app(scope, receive, send)
        taken.append(scope["route"] in (POST, FOLLOW))

    front.gateway.closing = True
    asking = httpx.AsyncClient(transport=httpx.ASGITransport(noting), base_url="http://g.example")
    async with asking:
        await asking.post(f"{POST.path}?{query}", json=add(), headers=bearer(TOKEN))
        await asking.get(f"{FOLLOW.path}?{query}", headers=bearer(TOKEN))
    assert [direct, direct] == taken


async def answers(front: Shopfront, method: str, query: str, **said: Any) -> tuple[Any, ...]:
    """What is answered to a request, and what became of it."""
    path = {"POST": POST.path, "GET": FOLLOW.path}[method]
    answer = await front.http.request(method, f"{path}?{query}", **said)
    traffic = front.gateway.traffic
    counted = (traffic.events, traffic.requests, traffic.refusals)
    return answer.status_code, answer.headers, answer.content, front.bus.records, counted


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.tuples(CREDENTIALS, SAID, BODIES, QUERIES), min_size=1, max_size=3))
async def test_posts_are_answered_alike_on_either_way(asked: list[tuple[Any, ...]]) -> None:
    """Whoever asks, whatever is said: the same status, headers, body, records and counts."""
    short, long = Shopfront(offers_butter, **MORE), Shopfront(offers_butter, **MORE)
    for gateway in (short.gateway, long.gateway):
        gateway.addresses.take("127.0.0.1", gateway.clock_ms(), cost=8)
        gateway.sessions.take("ann", gateway.clock_ms(), cost=7)
    for who, said, body, query in asked:
        asking = {"headers": {**said, **who}, "content": body}
        expected = await answers(long, "POST", f"{query}&{ODD}", **asking)

        assert expected == await answers(short, "POST", query, **asking)


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(CREDENTIALS, SAID, st.sampled_from(["", f"token={TOKEN}", "token=x.y.z"]))
async def test_streams_are_refused_alike_on_either_way(
    who: dict[str, str], said: dict[str, str], query: str
) -> None:
    """Of a gateway that closes, where none is opened."""
    short, long = Shopfront(says_nothing), Shopfront(says_nothing)
    for front in (short, long):
        front.gateway.closing = True
    headers = {**said, **who}
    expected = await answers(long, "GET", f"{query}&{ODD}", headers=headers)

    assert expected == await answers(short, "GET", query, headers=headers)
    assert expected[0] in (401, 403, 422, 503)


@pytest.mark.parametrize("query", ["", f"{ODD}"])
async def test_streams_begin_alike_on_either_way(query: str) -> None:
    """With the same headers, and what the reader of before holds is known."""
    front = Shopfront(offers_butter)
    token = await front.token()
    async with front.reading(token, query=query) as reader:
        await front.post(add(), token, f"?{query}")
        await reader.comes_to(lambda: reader.prompts)
        assert {
            "cache-control": "no-store",
            "x-accel-buffering": "no",
            "content-type": "text/event-stream; charset=utf-8",
            "vary": "Origin",
        } == reader.headers
    async with front.reading(token, reader.last_event_id, query) as again:
        await front.post(add("e2"), token, f"?{query}")
        await again.comes_to(lambda: b'"caused_by":"e2"' in again.text)
        assert 1 == len(again.prompts)


async def test_a_token_in_the_address_names_the_reader() -> None:
    """`EventSource` sets no header; nor can it name another session."""
    front = Shopfront(offers_butter)
    answer = await front.http.post(f"/v1/events?token={TOKEN}", json=add())
    assert 200 == answer.status_code
    assert ["ann"] == [event.session_id for event in front.bus.events]
