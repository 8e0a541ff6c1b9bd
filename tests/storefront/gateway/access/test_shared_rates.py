"""Gateways that share their rates through a real Redis, and go on without it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from streams.contract.settings import Settings
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.storefront.gateway.access.rates import RateLimit
from streams.storefront.gateway.access.shared_rates import SharedRates
from tests.storefront.gateway.shopfront import NOON_S, Shopfront, says_nothing

RATE = 10


class Sharing:
    """What one gateway has of it, under a clock of its own."""

    def __init__(self, redis_url: str, prefix: str, now_ms: int = NOON_S * 1000) -> None:
        self.now_ms = now_ms
        self.limit = RateLimit(RATE)
        settings = Settings(redis_url=redis_url, topic_prefix=prefix)
        self.rates = SharedRates(settings, {"sessions": self.limit}, lambda: self.now_ms)

    def take(self, name: str, times: int) -> list[bool]:
        """Whether each of so many requests may be."""
        return [not self.limit.take(name, self.now_ms) for _ in range(times)]


@asynccontextmanager
async def sharing(url: str, prefix: str, *clocks_ms: int) -> AsyncIterator[list[Any]]:
    """Gateways with these clocks."""
    gateways = [Sharing(url, prefix, now_ms) for now_ms in clocks_ms]
    try:
        yield gateways
    finally:
        for gateway in gateways:
            await gateway.rates.close()


async def test_what_one_gateway_takes_the_others_know_within_a_look(
    redis_url: str, topic_prefix: str
) -> None:
    """Whatever their clocks say; other names, and other installations, have rates of their own."""
    noon_ms = NOON_S * 1000
    async with sharing(redis_url, topic_prefix, noon_ms, noon_ms - 3_600_000) as (first, second):
        assert [True] * 8 == first.take("ann", 8)
        await first.rates.exchange()
        assert [True] == second.take("ann", 1)
        await second.rates.exchange()

        assert [True, False] == second.take("ann", 2)
        assert [True] * RATE == second.take("bob", RATE)
        await second.rates.exchange()
        assert [True] == first.take("ann", 1)
        await first.rates.exchange()
        assert [False] == first.take("ann", 1)
    async with sharing(redis_url, f"{topic_prefix}-other", noon_ms) as (other,):
        assert [True] == other.take("ann", 1)
        await other.rates.exchange()
        assert [True] * 9 == other.take("ann", 9)


async def test_what_is_taken_while_others_are_heard_is_not_forgotten(
    redis_url: str, topic_prefix: str
) -> None:
    """It is added to what they say: neither lost nor counted twice."""
    noon_ms = NOON_S * 1000
    async with sharing(redis_url, topic_prefix, noon_ms) as (gateway,):
        gateway.take("ann", 3)
        await gateway.rates.exchange()
        gateway.take("ann", 3)
        gateway.limit.note_others("ann", noon_ms + 6 * gateway.limit.pause_ms)

        assert [True, False] == gateway.take("ann", 2)
        await gateway.rates.exchange()
        async with Redis.from_url(redis_url) as client:
            (key,) = [key async for key in client.scan_iter(f"{topic_prefix}:rates:*")]
            assert b"ann" not in key
            assert 0 < await client.pttl(key) <= 7 * gateway.limit.pause_ms
            assert 1 == await client.delete(key)


async def test_without_redis_each_gateway_counts_for_itself() -> None:
    """It says so, and takes what it takes; what was not told is not told later."""
    front = Shopfront(says_nothing, redis_url="redis://127.0.0.1:1/0", gateway_session_rate=RATE)
    rates, limit = front.gateway.shared_rates, front.gateway.sessions
    assert not limit.take("ann", front.now_ms, RATE)
    await rates.exchange()

    assert "127.0.0.1:1" in rates.away
    assert limit.take("ann", front.now_ms)
    assert {} == limit.taken_since()
    notes = (await front.http.get("/readyz")).json()["notes"]
    assert ["Redis does not answer: each gateway counts rates for itself"] == notes
    assert "goeswith_gateway_rates_failing 1.0" in (await front.http.get("/metrics")).text
    none = Shopfront(says_nothing)
    none.gateway.sessions.take("ann", none.now_ms)
    assert {} == none.gateway.sessions.taken_since()
    await none.gateway.shared_rates.run()  # there is nothing to do


async def test_a_redis_that_is_well_again_is_found_without_a_request() -> None:
    """It was full for a moment: that is told as refused, and is over once it has room."""
    with EmbeddedRedis() as redis:
        front = Shopfront(says_nothing, redis_url=redis.url, gateway_session_rate=RATE)
        rates = front.gateway.shared_rates

        async def notes() -> list[str]:
            await rates.exchange()
            said: list[str] = (await front.http.get("/readyz")).json()["notes"]
            return said

        async with Redis.from_url(redis.url) as client:
            await client.config_set("maxmemory", "100kb")
            assert [] == await notes()
            front.gateway.sessions.take("ann", front.now_ms)
            refused = ["Redis refuses rates: each gateway counts rates for itself"]
            assert [refused, refused] == [await notes(), await notes()]
            assert "refuses that (" in rates.away
            await client.config_set("maxmemory", "0")
            assert [] == await notes()
            assert "goeswith_gateway_rates_failing 0.0" in (await front.http.get("/metrics")).text
            await asyncio.sleep(0.01)  # of a time of Redis's own
            assert [] == [key async for key in client.scan_iter("*rates*")]
        await rates.close()


async def test_a_wrong_password_is_refused_by_note_and_log_alike() -> None:
    """Else somebody looks for a Redis that is away, while it answers."""
    with EmbeddedRedis() as redis:
        async with Redis.from_url(redis.url) as client:
            await client.config_set("requirepass", "loaf")
        url = redis.url.replace("redis://", "redis://:crumb@")
        front = Shopfront(says_nothing, redis_url=url, gateway_session_rate=RATE)
        front.gateway.sessions.take("ann", front.now_ms)
        await front.gateway.shared_rates.exchange()
        notes = (await front.http.get("/readyz")).json()["notes"]

        assert "refuses the name or the password" in front.gateway.shared_rates.away
        assert "Redis refuses rates: each gateway counts rates for itself" in notes
        await front.gateway.shared_rates.close()
