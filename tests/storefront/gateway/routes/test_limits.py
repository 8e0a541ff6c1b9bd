"""How much is taken of whom: limits that a request meets before it is served."""

import asyncio
import gzip
from contextlib import AsyncExitStack

from tests.storefront.gateway.shopfront import (
    KEY,
    Reader,
    Shopfront,
    add,
    bearer,
    says_nothing,
)


async def test_the_shops_server_is_not_limited_as_one_address() -> None:
    """It asks for all shoppers; who has no key is limited beside it."""
    front = Shopfront(says_nothing, gateway_address_rate=10)
    said = [add("e1", session_id="ann")]
    answers = [await front.post(said, KEY) for _ in range(12)]
    others = [await front.post(said, "made.up.token") for _ in range(11)]

    assert [200] * 12 == [answer.status_code for answer in answers]
    assert [401] * 10 + [429] == [answer.status_code for answer in others]


async def test_streams_that_are_asked_for_at_once_are_counted_as_they_are() -> None:
    """Also those that have not sent a byte: no burst of requests has more than its share."""
    front = Shopfront(says_nothing, gateway_session_streams_max=2, gateway_streams_max=3)
    ann, bob = await front.token("ann"), await front.token("bob")
    async with AsyncExitStack() as open_:
        asked = [front.reading(token) for token in (*[ann] * 6, *[bob] * 2)]
        readers = await asyncio.gather(*map(open_.enter_async_context, asked))

        assert [200] * 2 + [429] * 4 + [200, 503] == [reader.status for reader in readers]
        assert 3 == front.gateway.streams
    assert 0 == front.gateway.streams == front.gateway.mailboxes.of("ann").streams


async def test_a_stream_that_is_hung_up_before_it_begins_keeps_no_place() -> None:
    """As one is whose page was left while it was asked for."""
    front = Shopfront(says_nothing, gateway_session_streams_max=2)
    token = await front.token("ann")
    for _ in range(5):
        reader = Reader(front.app, "token=", bearer(token))
        await reader.leave()

        assert 0 == front.gateway.streams == front.gateway.mailboxes.of("ann").streams
        assert 0 == len(front.gateway.mailboxes.of("ann").listeners)
    async with front.reading(token) as reader:
        assert 200 == reader.status


async def test_a_batch_that_no_minute_has_room_for_is_too_large_and_not_too_early() -> None:
    """Who is told to come back would be told so for ever."""
    front = Shopfront(says_nothing, gateway_batch_max=1000, gateway_session_rate=10)
    token = await front.token("ann")
    many = [add(f"e{n}") for n in range(11)]
    refused = await front.post(many, token)

    assert (413, "too_many_events") == (refused.status_code, refused.json()["reason"])
    assert "gateway_session_rate=10" in refused.json()["message"]
    assert "retry-after" not in refused.headers
    front.now_ms += 6_000  # it was read
    assert 200 == (await front.post(many[:10], token)).status_code
    assert 200 == (await front.post([{**e, "session_id": "ann"} for e in many], KEY)).status_code


async def test_what_is_refused_when_it_was_read_counts_as_a_request() -> None:
    """Whatever is wrong with it: who sends nothing else is not read for ever."""
    front = Shopfront(says_nothing, gateway_batch_max=2, gateway_session_rate=10)
    token = await front.token("ann")
    answers = [await front.post([add()] * 3, token) for _ in range(12)]

    assert [413] * 10 + [429] * 2 == [answer.status_code for answer in answers]


async def test_a_body_that_is_packed_is_refused_as_that(front: Shopfront) -> None:
    """And not as one that is no JSON; who says that it is as it is may say so."""
    token = await front.token("ann")
    packed = await front.http.post(
        "/v1/events",
        content=gzip.compress(b"{}"),
        headers=bearer(token) | {"content-encoding": "gzip"},
    )
    plain = await front.post(add(), token, headers={"content-encoding": "identity"})

    assert (415, "content_encoding") == (packed.status_code, packed.json()["reason"])
    assert 200 == plain.status_code
