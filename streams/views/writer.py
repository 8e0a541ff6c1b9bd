"""Views in Redis: what storefronts and dashboards look at. Disposable, and beside the hot path.

    {prefix}:prompts:{session_id}   JSON array, the prompts that may be shown now, oldest first
    {prefix}:arms                   hash, worker -> JSON of its sums; workers add up
    {prefix}:worker:{name}          JSON, what the worker counts, renewed each second

A worker offers its answers and goes on at once. They are folded here and written in pipelines; when
more wait than may, they are dropped and counted. While Redis is away the fold goes on, so what is
current is written as soon as it is back; what was flushed fills again. Every key expires.
"""

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import orjson
from mode import Service
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError, ResponseError

from streams.clients.redis import ANSWER_S_MAX, connect, secured, shown
from streams.contract.settings import Settings
from streams.shop.memory.answer import Answer, OutgoingPrompt
from streams.views.arm_board import ArmBoard
from streams.views.current_prompts import CurrentPrompts
from streams.views.reader import arms_key, prompts_key, worker_key

logger = logging.getLogger(__name__)

ANSWERS_AT_ONCE_MAX = 256
SESSIONS_AT_ONCE_MAX = 32
"""Folded, and written, in one go: both hold the worker's loop for about a millisecond."""
REST_S_MIN = 0.005
"""Between writes: company for the next one."""
REST_PER_WRITE = 4
"""A rest is so many times as long as the write before it: a fifth of the loop's time is enough."""
RENEW_S = 1.0
"""How often the board and the telemetry are written."""
WORKER_TTL_S = 10
"""A worker that has said nothing for so long is gone."""
BACK_OFF_S_MIN = 0.1
BACK_OFF_S_MAX = 5.0
COMPLAINT_S_MIN = 10.0
"""At most one line of log in this time."""


def _together(prompts: Iterable[OutgoingPrompt]) -> bytes:
    """Prompts as one JSON array."""
    return b"[" + b",".join(prompt.to_json() for prompt in prompts) + b"]"


class RedisViews(Service):
    """Writes what one worker answered. `telemetry` is asked each second for what it counts."""

    def __init__(
        self, settings: Settings, telemetry: Callable[[], Mapping[str, Any]], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.written = self.dropped = self.errors = 0
        self._settings = settings
        self._telemetry = telemetry
        self._redis = connect(AsyncRedis, secured(settings.redis_url, settings))
        self._queue: deque[Answer] = deque()
        self._offered, self._ended = asyncio.Event(), asyncio.Event()
        self._current = CurrentPrompts()
        self._board = ArmBoard()
        self._changed: OrderedDict[str, None] = OrderedDict()  # sessions to be written
        self._renew_at = self._retry_at = self._complain_at = 0.0
        self._back_off_s = BACK_OFF_S_MIN

    def offer(self, answers: Sequence[Answer]) -> None:
        """Take answers to be shown. Never blocks: what there is no room for is dropped."""
        telling = [a for a in answers if a.outgoing_prompt or a.withdrawals or a.outcomes]
        room = self._settings.views_queued_max - len(self._queue)
        self._queue.extend(telling[:room])
        self.dropped += max(0, len(telling) - room)
        if telling:
            self._offered.set()

    def counts(self) -> dict[str, int]:
        """Sessions written, answers dropped, errors of Redis, and what waits."""
        waiting = len(self._queue) + len(self._changed)
        counted = {"written": self.written, "dropped": self.dropped, "errors": self.errors}
        return {**counted, "waiting": waiting}

    @property
    def failing(self) -> bool:
        """Whether Redis did not take what was written last."""
        return self._back_off_s > BACK_OFF_S_MIN

    async def on_stop(self) -> None:
        """Let the writer sign off, and write what waits, while Redis answers, and for so long."""
        self._renew_at = 0.0
        self._offered.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), ANSWER_S_MAX)

    @Service.task
    async def _write(self) -> None:
        async with self._redis:
            while not self.should_stop:
                began = time.monotonic()
                self._fold()
                if began >= self._retry_at:
                    await self._try_to_write()
                await self._rest(REST_PER_WRITE * (time.monotonic() - began))
            self._fold()
            while await self._try_to_write() and (self._queue or self._changed):
                self._fold()
        self._ended.set()

    async def _try_to_write(self) -> bool:
        try:
            await self._write_once(int(time.time() * 1000))
        except (RedisError, OSError) as error:
            self._retry_at = time.monotonic() + self._back_off_s
            self._back_off_s = min(2 * self._back_off_s, BACK_OFF_S_MAX)
            await self._complain(error)
            return False
        if self.failing:
            self._back_off_s = BACK_OFF_S_MIN
            where = shown(self._settings.redis_url)
            logger.warning("views are written again: Redis at %s; %s", where, self.counts())
        return True

    async def _write_once(self, now_ms: int) -> None:
        """Some of the sessions that changed, and the board when it is due, in one pipeline."""
        sessions = list(islice(self._changed, SESSIONS_AT_ONCE_MAX))
        due = time.monotonic() >= self._renew_at
        if not (sessions or due):
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for session_id in sessions:
                self._put_prompts(pipeline, session_id, now_ms)
            if due:
                self._put_worker(pipeline, now_ms)
            await pipeline.execute()
        for session_id in sessions:
            del self._changed[session_id]
        self.written += len(sessions)
        if due:
            self._renew_at = time.monotonic() + RENEW_S

    def _put_prompts(self, pipeline: Any, session_id: str, now_ms: int) -> None:
        key = prompts_key(self._settings.topic_prefix, session_id)
        prompts = self._current.of(session_id, now_ms)
        if prompts:
            left_ms = max(prompt.expires_at_ms for prompt in prompts) - now_ms
            ttl_ms = min(left_ms, self._settings.view_ttl_s * 1000)
            pipeline.set(key, _together(prompts), px=ttl_ms)
        else:
            pipeline.delete(key)

    def _put_worker(self, pipeline: Any, now_ms: int) -> None:
        prefix, name = self._settings.topic_prefix, self._settings.worker_name
        ttl_s = self._settings.view_ttl_s
        until_ms, left = now_ms + ttl_s * 1000, self.should_stop
        board = {"until_ms": until_ms, "sums": self._board.sums, "left": left}
        pipeline.hset(arms_key(prefix), name, orjson.dumps(board))
        pipeline.expire(arms_key(prefix), ttl_s)
        told = {"at_ms": now_ms, **self._telemetry(), "views": self.counts()}
        said = orjson.dumps(told, default=str, option=orjson.OPT_NON_STR_KEYS)
        pipeline.set(worker_key(prefix, name), said, ex=WORKER_TTL_S)

    async def _rest(self, rest_s: float) -> None:
        """For so long at least, and until there is something to do."""
        await asyncio.sleep(min(max(rest_s, REST_S_MIN), RENEW_S))
        if self._queue or self.should_stop:
            return
        self._offered.clear()
        due = self._renew_at if not self._changed else 0.0
        wait_s = max(due, self._retry_at) - time.monotonic()
        if wait_s > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._offered.wait(), wait_s)

    def _fold(self) -> None:
        """Take the next answers in: whose prompts changed, and what the arms did."""
        for _ in range(min(ANSWERS_AT_ONCE_MAX, len(self._queue))):
            answer = self._queue.popleft()
            for prompt in answer.outgoing_prompts:
                self._board.add(prompt)
            for outcome in answer.outcomes:
                self._board.add(outcome)
            if session_id := self._current.add(answer):
                self._changed[session_id] = None
        while len(self._changed) > self._current.sessions_max:
            self._changed.popitem(last=False)
            self.dropped += 1

    async def _complain(self, error: Exception) -> None:
        self.errors += 1
        if time.monotonic() >= self._complain_at:
            self._complain_at = time.monotonic() + COMPLAINT_S_MIN
            where = shown(self._settings.redis_url)
            why = await self._foreign(error) or type(error).__name__
            logger.warning("views are not written: %s at %s; %s", why, where, self.counts())

    async def _foreign(self, error: Exception) -> str:
        """Whose key is in the way, if it is that; all others are set, whatever was there before."""
        key = arms_key(self._settings.topic_prefix)
        if not isinstance(error, ResponseError):
            return ""
        with suppress(RedisError, OSError):
            kind = (await self._redis.type(key)).decode()
            if kind not in {"hash", "none"}:
                return f"{key} is a {kind}, not ours: delete it, or name another database;"
        return ""
