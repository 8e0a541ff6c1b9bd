"""Coming back, or coming to another gateway: by the view in Redis, and without it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest
import redis

from streams.contract.published.prompts import Prompt
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.storefront.gateway.routes.stream import LOOK_AGAIN_S
from streams.views.reader import prompts_key
from tests.storefront.gateway.shopfront import (
    WAIT_S_MAX,
    Shopfront,
    bearer,
    prompt_for,
    says_nothing,
)
from tests.storefront.gateway.test_stream import bread

NOBODY_THERE = "redis://127.0.0.1:1/0"


def show(url: str, prompts: Sequence[Prompt]) -> None:
    """Write a session's view, as workers do."""
    text = b"[" + b",".join(prompt.to_json() for prompt in prompts) + b"]"
    with redis.Redis.from_url(url) as client:
        client.set(prompts_key("goeswith", prompts[0].session_id), text)


@pytest.fixture
async def elsewhere(redis_url: str) -> AsyncIterator[Shopfront]:
    """A gateway that has not seen any of the session's prompts."""
    shopfront = Shopfront(says_nothing, redis_url=redis_url)
    yield shopfront
    await shopfront.gateway.view.close()


async def test_another_gateway_goes_on_where_the_first_one_ended(
    elsewhere: Shopfront, redis_url: str
) -> None:
    """What is held is not said again, what is missing is, what is gone is taken back."""
    held, missing, gone, late = (prompt_for(bread(f"e{n}", "ann")) for n in range(4))
    old = prompt_for(bread("e9", "ann"), lives_ms=0)
    show(redis_url, [old, held, missing])
    last = f"{held.prompt_id}.{gone.prompt_id}"
    async with elsewhere.reading(await elsewhere.token("ann"), last) as reader:
        await reader.comes_to(lambda: reader.prompts)
        elsewhere.bus.publish(missing)
        elsewhere.bus.publish(late)
        await reader.comes_to(lambda: reader.withdrawals)

        assert [missing.prompt_id, late.prompt_id] == reader.prompts
        assert [gone.prompt_id] == reader.withdrawals
        assert "no_longer_current" == reader.events[-1][2]["because"]


async def test_what_a_worker_writes_a_moment_late_is_found(
    elsewhere: Shopfront, redis_url: str
) -> None:
    """It went out just before the reader came: its record has passed, its view is not there yet."""
    prompt = prompt_for(bread("e1", "bob"))
    async with elsewhere.reading(await elsewhere.token("bob")) as reader:
        show(redis_url, [prompt])
        await reader.comes_to(lambda: reader.prompts)

        assert [prompt.prompt_id] == reader.prompts


async def test_a_page_is_told_all_that_may_be_shown(elsewhere: Shopfront, redis_url: str) -> None:
    """From the view, and from what came live."""
    first, second = (prompt_for(bread(f"e{n}", "eve")) for n in range(2))
    token = await elsewhere.token("eve")
    elsewhere.gateway.mailboxes.of("eve")
    elsewhere.bus.publish(second)
    show(redis_url, [first])
    said = (await elsewhere.http.get("/v1/prompts", headers=bearer(token))).json()

    assert {first.prompt_id, second.prompt_id} == {p["prompt_id"] for p in said["prompts"]}
    assert said["complete"]


async def test_without_redis_what_comes_live_goes_on() -> None:
    """At once; nothing that a reader holds is taken back on no word at all, and it is said."""
    quiet_s = LOOK_AGAIN_S + 0.2
    front = Shopfront(says_nothing, redis_url=NOBODY_THERE, gateway_heartbeat_s=quiet_s)
    token = await front.token("ann")
    held, new = prompt_for(bread("e1", "ann")), prompt_for(bread("e2", "ann"))
    async with front.reading(token, held.prompt_id) as reader:
        front.bus.publish(new)
        await reader.comes_to(lambda: reader.prompts)
        view = await front.http.get("/v1/prompts", headers=bearer(token))
        ready = await front.http.get("/readyz")
        await reader.comes_to(lambda: b": still here" in reader.text)  # it has looked again

        assert held.prompt_id in reader.last_event_id
        assert [] == reader.withdrawals
    assert ([new.prompt_id], False) == (
        [prompt["prompt_id"] for prompt in view.json()["prompts"]],
        view.json()["complete"],
    )
    assert (200, 1) == (ready.status_code, len(ready.json()["notes"]))
    await front.gateway.view.close()


async def test_a_redis_that_takes_and_says_nothing_keeps_nobody_waiting() -> None:
    """As one does that is stopped by its machine."""
    asked = []

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    front = Shopfront(says_nothing, redis_url=url)
    async with asyncio.timeout(WAIT_S_MAX):
        for _ in range(3):
            assert await front.gateway.view.prompts_of("ann") is None
    assert 1 == len(asked), "and nobody asks again so soon"
    assert front.gateway.view.away
    await front.gateway.view.close()
    server.close()
    await server.wait_closed()


async def test_redis_is_asked_again_once_it_is_back() -> None:
    """After a pause, in which nobody waits for it."""
    prompt = prompt_for(bread("e1", "ann"))
    with EmbeddedRedis() as server:
        front = Shopfront(says_nothing, redis_url=server.url)
        show(server.url, [prompt])
        assert (prompt,) == await front.gateway.view.prompts_of("ann")
    assert await front.gateway.view.prompts_of("ann") is None
    began = time.monotonic()
    for _ in range(100):
        assert await front.gateway.view.prompts_of("ann") is None
    assert time.monotonic() - began < 1
    assert front.gateway.view.away
    server.start()
    try:
        while await front.gateway.view.prompts_of("ann") is None:
            assert time.monotonic() - began < WAIT_S_MAX
            await asyncio.sleep(0.1)
        assert not front.gateway.view.away
    finally:
        await front.gateway.view.close()
        server.stop()


async def test_one_view_that_cannot_be_read_is_that_sessions_alone(
    elsewhere: Shopfront, redis_url: str
) -> None:
    """It is counted and said; Redis has answered, and is asked for others at once."""
    prompt = prompt_for(bread("e1", "kim"))
    show(redis_url, [prompt])
    with redis.Redis.from_url(redis_url) as client:
        client.set(prompts_key("goeswith", "lee"), b"{no view")
    view = elsewhere.gateway.view

    assert await view.prompts_of("lee") is None
    assert (prompt,) == await view.prompts_of("kim")
    assert ("", 1) == (view.away, view.unreadable)
    notes = (await elsewhere.http.get("/readyz")).json()["notes"]
    assert ["1 views in Redis could not be read: something else writes there"] == notes
