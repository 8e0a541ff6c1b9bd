"""Rates that gateways share: what each has taken is added up in Redis, once a second.

No request waits for that. Each gateway judges by what it knows, says once a second what it took of
whose bucket, and is told when those buckets would be empty again, by what all have taken. So a name
has its rate, however many gateways there are; but for what it sends within one second to several
that have not heard of each other: that is counted, and paid off before there is more.

Times in Redis are of its own clock, so those of the gateways need not agree. It holds no address
and no session's name, but a hash of each, for as long as its bucket is not empty. Without Redis
each gateway counts for itself.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from hashlib import blake2b
from itertools import islice

from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from streams.clients.redis import connect, in_words, secured
from streams.contract.settings import Settings
from streams.storefront.gateway.access.rates import RateLimit

logger = logging.getLogger(__name__)

EVERY_S = 1.0
ANSWER_S_MAX = 0.5
AT_ONCE_MAX = 1000
"""Names of one call: Redis serves nobody else meanwhile."""
NOBODY = ""
"""The name of nothing: its key lives for a millisecond."""
ADD = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left = {}
for i, key in ipairs(KEYS) do
  local empty = math.max(now, tonumber(redis.call('GET', key) or '0')) + tonumber(ARGV[i])
  redis.call('SET', key, string.format('%.3f', empty), 'PX', math.max(1, math.ceil(empty - now)))
  left[i] = string.format('%.3f', empty - now)
end
return left
"""
"""Fills buckets, and tells in how many milliseconds each would be empty again."""


class SharedRates:
    """Shares what these limits take, by name of the limit; without a Redis it does nothing."""

    def __init__(
        self, settings: Settings, limits: Mapping[str, RateLimit], clock_ms: Callable[[], int]
    ) -> None:
        self.away = ""
        """Why nothing is shared; empty: it is, or there is no Redis."""
        self.refused = False
        """Whether Redis answers, and does not take it: it is full, or lets us not."""
        self._settings = settings
        self._limits = limits
        self._clock_ms = clock_ms
        url = secured(settings.redis_url, settings)
        self._redis = connect(AsyncRedis, url) if settings.redis_url else None
        for limit in limits.values() if self._redis is not None else ():
            limit.notes_taken = True

    async def run(self) -> None:
        """Share for as long as nobody cancels this."""
        while self._redis is not None:
            await asyncio.sleep(EVERY_S)
            await self.exchange()

    async def exchange(self) -> None:
        """Say what was taken since the last time, and learn what others took of the same names.

        While that fails Redis is asked without a request, too: it may be well, and nobody come.
        """
        if self._redis is None:
            return
        failed: Exception | None = None
        told = {kind: limit.taken_since() for kind, limit in self._limits.items()}
        for kind, taken in told.items():
            if taken or self.away:
                failed = await self._failure(self._redis, kind, taken) or failed
        if failed is not None:
            self._note_away(failed)
        elif self.away:
            logger.warning("rates are shared again")
            self.away, self.refused = "", False

    async def _failure(
        self, redis: AsyncRedis, kind: str, taken: Mapping[str, float]
    ) -> Exception | None:
        """Why something could not be told; where there is nothing, a word of a moment is tried."""
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                if taken:
                    await self._add(redis, kind, self._limits[kind], taken)
                else:
                    await redis.eval(ADD, 1, self._key(kind, NOBODY), "0")
        except (RedisError, OSError) as error:
            return error
        return None

    async def _add(
        self, redis: AsyncRedis, kind: str, limit: RateLimit, taken: Mapping[str, float]
    ) -> None:
        left = iter(taken.items())
        while some := dict(islice(left, AT_ONCE_MAX)):
            keys = [self._key(kind, name) for name in some]
            told = await redis.eval(ADD, len(keys), *keys, *map(str, some.values()))
            now_ms = self._clock_ms()
            for name, left_ms in zip(some, told, strict=True):
                limit.note_others(name, now_ms + float(left_ms))

    def _key(self, kind: str, name: str) -> str:
        prefix = self._settings.topic_prefix
        hashed = blake2b(name.encode("utf-8", "replace"), digest_size=16, person=b"rates")
        return f"{prefix}:rates:{kind}:{hashed.hexdigest()}"

    def _note_away(self, error: Exception) -> None:
        said = in_words(error, self._settings.redis_url)
        if not self.away:
            logger.warning("%s; rates are counted by each gateway for itself", said)
        self.away, self.refused = said, isinstance(error, ResponseError | AuthenticationError)

    async def close(self) -> None:
        """Close the connections."""
        if self._redis is not None:
            await self._redis.aclose()
