"""The views on a real Redis, which may be flushed, stopped and started again."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.contract.errors import RedisUnreachable
from streams.contract.schemas.examples import OUTCOME, PROMPT, PROMPT_WITHDRAWN
from streams.contract.settings import Settings
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.shop.memory.answer import Answer, OutgoingPrompt
from streams.views.reader import (
    arms_key,
    current_arms,
    current_prompts,
    prompts_key,
    recent_workers,
    worker_key,
    worker_telemetry,
)
from streams.views.writer import RedisViews

WAIT_S_MAX = 20.0


@pytest.fixture
def settings(redis_url: str, topic_prefix: str) -> Settings:
    """Of one worker."""
    return Settings(redis_url=redis_url, topic_prefix=topic_prefix)


def said(number: int, session_id: str = "session-7", expires_in_s: float = 60) -> OutgoingPrompt:
    """A prompt of its own, still to be shown."""
    prompt = PROMPT.model_copy(
        update={
            "prompt_id": f"prompt-{number}",
            "session_id": session_id,
            "expires_at_ms": int((time.time() + expires_in_s) * 1000),
        }
    )
    return OutgoingPrompt.of(prompt)


@asynccontextmanager
async def views_of(settings: Settings) -> AsyncIterator[RedisViews]:
    """A worker's views, running."""
    views = RedisViews(settings, telemetry=lambda: {"answered": 7})
    async with views:
        yield views


async def until(true: Callable[[], object]) -> None:
    """Wait for it, but not for ever; Redis being away counts as not yet."""
    deadline = time.monotonic() + WAIT_S_MAX
    while True:
        try:
            if await asyncio.to_thread(true):
                return
        except RedisUnreachable:
            pass
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.02)


def shown(settings: Settings, session_id: str = "session-7") -> list[str]:
    """The ids of a session's prompts, as a storefront sees them."""
    found = current_prompts(settings, session_id)
    return [prompt.prompt_id for prompt in found]


def held(settings: Settings) -> Any:
    """What is under our keys, with the time that each has left, in seconds."""
    with redis.Redis.from_url(settings.redis_url) as client:
        keys = client.keys(f"{settings.topic_prefix}:*")
        return {key.decode(): client.ttl(key) for key in keys}


async def test_a_storefront_reads_the_current_prompts_of_a_session(settings: Settings) -> None:
    """Withdrawn ones leave, others stay; the command prints the same."""
    gone = PROMPT_WITHDRAWN.model_copy(update={"prompt_id": "prompt-1"})
    async with views_of(settings) as views:
        views.offer([Answer(outgoing_prompt=said(1)), Answer(outgoing_prompt=said(2, "session-8"))])
        await until(lambda: shown(settings) == ["prompt-1"])
        views.offer([Answer(withdrawals=(gone,)), Answer(outgoing_prompt=said(3))])
        await until(lambda: shown(settings) == ["prompt-3"])
        words = ("prompts", "--session", "session-8", "--json")
        env = {
            "GOESWITH_REDIS_URL": settings.redis_url,
            "GOESWITH_TOPIC_PREFIX": settings.topic_prefix,
        }
        printed = await asyncio.to_thread(CliRunner().invoke, goeswith, words, env=env)

    assert ["prompt-2"] == [one["prompt_id"] for one in json.loads(printed.stdout)["prompts"]]


async def test_expired_prompts_are_not_shown(settings: Settings) -> None:
    """Neither written nor, once written, read."""
    async with views_of(settings) as views:
        views.offer(
            [
                Answer(outgoing_prompt=said(1, expires_in_s=-1)),
                Answer(outgoing_prompt=said(2, "other", 1)),
            ]
        )
        await until(lambda: shown(settings, "other") == ["prompt-2"])
        await until(lambda: shown(settings, "other") == [])

    assert [] == shown(settings)


async def test_every_key_expires(settings: Settings) -> None:
    """And a view is never older than it may be."""
    async with views_of(settings) as views:
        views.offer([Answer(outgoing_prompt=said(1))])
        await until(lambda: len(held(settings)) == 3)
        ttl_s = held(settings)

    prefix = settings.topic_prefix
    assert {prompts_key(prefix, "session-7"), arms_key(prefix), worker_key(prefix, "worker-1")} == (
        ttl_s.keys()
    )
    assert all(0 < left_s <= settings.view_ttl_s for left_s in ttl_s.values())


async def test_boards_of_several_workers_add_up(settings: Settings) -> None:
    """Each one counts what it has answered itself."""
    other = settings.model_copy(update={"worker_name": "worker-2"})
    shown_ = OUTCOME.model_copy(update={"stage": "shown", "reward": 0.0})
    async with views_of(settings) as one, views_of(other) as two:
        one.offer([Answer(outgoing_prompt=said(1)), Answer(outcomes=(shown_, OUTCOME))])
        two.offer([Answer(outgoing_prompt=said(2)), Answer(outgoing_prompt=said(3))])
        await until(lambda: sum(r.pulls for r in board(settings)) == 3 and board(settings)[0].added)
        recent = recent_workers(settings)

    assert [("bought_together", 3, 1, 1)] == [
        (row.arm, row.pulls, row.shown, row.added) for row in board(settings)
    ]
    assert tuple(sorted((settings.worker_name, "worker-2"))) == recent
    assert () == recent_workers(settings)  # both have signed off


def board(settings: Settings) -> Any:
    """The arms, as a dashboard sees them."""
    return current_arms(settings)


async def test_telemetry_is_renewed_with_what_became_of_the_answers(settings: Settings) -> None:
    """For the page of the worker."""

    def telemetry() -> Any:
        with redis.Redis.from_url(settings.redis_url) as client:
            told = client.get(worker_key(settings.topic_prefix, settings.worker_name))
            return json.loads(told or b"{}")

    async with views_of(settings) as views:
        views.offer([Answer(outgoing_prompt=said(1))])
        await until(lambda: telemetry().get("views", {}).get("written") == 1)

    views_told = telemetry()["views"]
    others = worker_telemetry(settings)
    assert {settings.worker_name: 7} == {name: one["answered"] for name, one in others.items()}
    assert (7, 0, 0) == (telemetry()["answered"], views_told["dropped"], views_told["errors"])


async def test_views_fill_again_after_a_flush(settings: Settings) -> None:
    """The board within a second, prompts with the session's next one."""
    with EmbeddedRedis() as server:
        here = settings.model_copy(update={"redis_url": server.url})
        async with views_of(here) as views:
            views.offer([Answer(outgoing_prompt=said(1))])
            await until(lambda: shown(here) == ["prompt-1"] and board(here))
            with redis.Redis.from_url(server.url) as client:
                client.flushall()
            await until(lambda: board(here))
            views.offer([Answer(outgoing_prompt=said(2))])
            await until(lambda: shown(here) == ["prompt-1", "prompt-2"])


async def test_views_outlive_a_redis_that_goes_away(settings: Settings) -> None:
    """Nothing blocks, errors are counted, and what is current is written when Redis is back."""
    server = EmbeddedRedis()
    here = settings.model_copy(update={"redis_url": server.url})
    try:
        async with views_of(here) as views:
            views.offer([Answer(outgoing_prompt=said(1))])
            await until(lambda: views.errors > 0)
            server.start()
            await until(lambda: shown(here) == ["prompt-1"])
            server.stop()
            views.offer([Answer(outgoing_prompt=said(2))])
            errors = views.errors
            await until(lambda: views.errors > errors)
            server.start()
            await until(lambda: shown(here) == ["prompt-1", "prompt-2"])

            assert 0 == views.dropped
    finally:
        server.stop()


async def test_what_there_is_no_room_for_is_dropped_and_counted(settings: Settings) -> None:
    """Before the writer has had a turn, as when Redis hangs."""
    views = RedisViews(settings.model_copy(update={"views_queued_max": 3}), telemetry=dict)
    views.offer([Answer(), Answer()])
    views.offer([Answer(outgoing_prompt=said(number)) for number in range(5)])
    views.offer([Answer(outgoing_prompt=said(9))])

    assert (3, 3) == (views.counts()["waiting"], views.dropped)


async def test_what_was_offered_last_is_written_before_the_end(settings: Settings) -> None:
    """A worker that stops in order leaves nothing behind."""
    async with views_of(settings) as views:
        views.offer([Answer(outgoing_prompt=said(1))])

    assert ["prompt-1"] == shown(settings)


async def test_a_key_of_somebody_else_is_named_with_its_type(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """So that whoever reads the line knows what to delete; then views are written again."""
    key = arms_key(settings.topic_prefix)
    with redis.Redis.from_url(settings.redis_url) as client:
        client.lpush(key, "x")
        async with views_of(settings) as views:
            await until(lambda: "views are not written" in caplog.text)
            assert f"views are not written: {key} is a list, not ours: delete it" in caplog.text
            client.delete(key)
            await until(lambda: not views.failing and recent_workers(settings))
