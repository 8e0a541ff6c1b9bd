"""Views as they are read from Redis: a session's current prompts, the board of all workers.

Others may write to a Redis, too. What is no view of ours is an error where that alone was asked
for, and passed over where workers are listed: one of them must not hide the others.
"""

import time
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from streams.clients.redis import opened, secured
from streams.contract.errors import ViewUnreadable
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.views.arm_board import ArmRow, rows
from streams.views.current_prompts import unexpired

KEYS_AT_ONCE = 1000
PROMPTS: TypeAdapter[tuple[Prompt, ...]] = TypeAdapter(tuple[Prompt, ...])


class WorkerBoard(BaseModel):
    """What a worker has written of arms."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    until_ms: float
    """From then on it has not been heard of."""
    sums: dict[str, dict[str, float]]
    """By arm: see `streams.views.arm_board`."""
    left: bool = False
    """Whether it has signed off."""


def prompts_key(prefix: str, session_id: str) -> str:
    """Where a session's current prompts are."""
    return f"{prefix}:prompts:{session_id}"


def arms_key(prefix: str) -> str:
    """Where the workers' boards are."""
    return f"{prefix}:arms"


def worker_key(prefix: str, name: str) -> str:
    """Where a worker's telemetry is."""
    return f"{prefix}:worker:{name}"


def prompts_in(held: bytes) -> tuple[Prompt, ...]:
    """The prompts of a session's view; raises `ViewUnreadable`."""
    try:
        return PROMPTS.validate_json(held)
    except ValidationError as error:
        said = f"{error.error_count()} errors"
        raise ViewUnreadable(f"it holds something else than prompts ({said})") from None


def board_in(held: bytes) -> WorkerBoard | None:
    """The board of a worker; None: it is none."""
    try:
        return WorkerBoard.model_validate_json(held)
    except ValidationError:
        return None


def telemetry_in(held: bytes | None) -> dict[str, Any] | None:
    """The telemetry of a worker; None: it is none, or gone."""
    try:
        said = orjson.loads(held or b"")
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def current_prompts(settings: Settings, session_id: str) -> tuple[Prompt, ...]:
    """What may be shown to a session now, oldest first.

    Raises `RedisUnreachable`, and `ViewUnreadable` where somebody else has written there.
    """
    key = prompts_key(settings.topic_prefix, session_id)
    with opened(secured(settings.redis_url, settings)) as client:
        held = client.get(key)
    try:
        return unexpired(prompts_in(held or b"[]"), int(time.time() * 1000))
    except ViewUnreadable as error:
        raise ViewUnreadable(f"key {key} of Redis is no view of goeswith: {error}") from None


def worker_telemetry(settings: Settings) -> dict[str, dict[str, Any]]:
    """What each worker that is there counts, by its name; raises `RedisUnreachable`."""
    begin = worker_key(settings.topic_prefix, "")
    with opened(secured(settings.redis_url, settings)) as client:
        keys = sorted(client.scan_iter(match=f"{begin}*", count=KEYS_AT_ONCE))
        held = client.mget(keys) if keys else []
    told = zip((_text(key) for key in keys), map(telemetry_in, held), strict=True)
    return {key.removeprefix(begin): said for key, said in told if said is not None}


def recent_workers(settings: Settings) -> tuple[str, ...]:
    """The workers that have written within the time to live of views, and did not sign off.

    Raises `RedisUnreachable`.
    """
    now_ms = time.time() * 1000
    told = _boards(settings).items()
    return tuple(sorted(name for name, it in told if now_ms < it.until_ms and not it.left))


def current_arms(settings: Settings) -> tuple[ArmRow, ...]:
    """The board of all workers, added up, since each one started; raises `RedisUnreachable`."""
    now_ms = time.time() * 1000
    return rows(it.sums for it in _boards(settings).values() if now_ms < it.until_ms)


def _boards(settings: Settings) -> dict[str, WorkerBoard]:
    """By the names of the workers."""
    with opened(secured(settings.redis_url, settings)) as client:
        held = client.hgetall(arms_key(settings.topic_prefix))
    told = ((_text(name), board_in(said)) for name, said in held.items())
    return {name: board for name, board in told if board is not None}


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
