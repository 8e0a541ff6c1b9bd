"""Views as they are read from Redis: a session's current prompts, the board of all workers."""

import time
from typing import Any

import orjson
from pydantic import TypeAdapter

from streams.clients.redis import opened, secured
from streams.contract.prompts import Prompt
from streams.contract.settings import Settings
from streams.views.arm_board import ArmRow, rows
from streams.views.current_prompts import unexpired

KEYS_AT_ONCE = 1000
PROMPTS: TypeAdapter[tuple[Prompt, ...]] = TypeAdapter(tuple[Prompt, ...])


def prompts_key(prefix: str, session_id: str) -> str:
    """Where a session's current prompts are."""
    return f"{prefix}:prompts:{session_id}"


def arms_key(prefix: str) -> str:
    """Where the workers' boards are."""
    return f"{prefix}:arms"


def worker_key(prefix: str, name: str) -> str:
    """Where a worker's telemetry is."""
    return f"{prefix}:worker:{name}"


def current_prompts(settings: Settings, session_id: str) -> tuple[Prompt, ...]:
    """What may be shown to a session now, oldest first; raises `RedisUnreachable`."""
    with opened(secured(settings.redis_url, settings)) as client:
        held = client.get(prompts_key(settings.topic_prefix, session_id))
    return unexpired(PROMPTS.validate_json(held or b"[]"), int(time.time() * 1000))


def worker_telemetry(settings: Settings) -> dict[str, dict[str, Any]]:
    """What each worker that is there counts, by its name; raises `RedisUnreachable`."""
    begin = worker_key(settings.topic_prefix, "")
    with opened(secured(settings.redis_url, settings)) as client:
        keys = sorted(client.scan_iter(match=f"{begin}*", count=KEYS_AT_ONCE))
        held = client.mget(keys) if keys else []
    return {
        key.decode().removeprefix(begin): orjson.loads(said)
        for key, said in zip(keys, held, strict=True)
        if said is not None
    }


def recent_workers(settings: Settings) -> tuple[str, ...]:
    """The workers that have written within the time to live of views, and did not sign off.

    Raises `RedisUnreachable`.
    """
    with opened(secured(settings.redis_url, settings)) as client:
        boards = client.hgetall(arms_key(settings.topic_prefix))
    now_ms = time.time() * 1000
    told = {name.decode(): orjson.loads(board) for name, board in boards.items()}
    recent = (n for n, it in told.items() if now_ms < it["until_ms"] and not it.get("left"))
    return tuple(sorted(recent))


def current_arms(settings: Settings) -> tuple[ArmRow, ...]:
    """The board of all workers, added up, since each one started; raises `RedisUnreachable`."""
    with opened(secured(settings.redis_url, settings)) as client:
        boards = [orjson.loads(board) for board in client.hvals(arms_key(settings.topic_prefix))]
    now_ms = time.time() * 1000
    return rows(board["sums"] for board in boards if now_ms < board["until_ms"])
