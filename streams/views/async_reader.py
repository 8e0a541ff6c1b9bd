"""The view of current prompts in Redis, for who comes back, or comes to another gateway.

It is a help and no more: while Redis is away it says that it does not know, at once, and what comes
live goes on.
"""

import asyncio
import logging
import time

from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from streams.clients.redis import connect, in_words, secured
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.views.reader import PROMPTS, prompts_key

logger = logging.getLogger(__name__)

ANSWER_S_MAX = 0.5
"""A page is not kept waiting any longer: what came live is better than what comes late."""
AWAY_S = 2.0
"""So long Redis is not asked again once it did not answer."""


class CurrentView:
    """What a session may be shown, as the workers have written it."""

    def __init__(self, settings: Settings) -> None:
        self.away = ""
        """Why it knows nothing; empty: it was asked, and answered, or has not been asked."""
        self.unreadable = 0
        """How often a view was found that is none."""
        self._settings = settings
        self._again_s = float("-inf")
        url = secured(settings.redis_url, settings)
        self._redis = connect(AsyncRedis, url) if settings.redis_url else None

    async def prompts_of(self, session_id: str) -> tuple[Prompt, ...] | None:
        """A session's prompts, oldest first, expired ones among them; None: it is not known."""
        if self._redis is None or time.monotonic() < self._again_s:
            return None
        key = prompts_key(self._settings.topic_prefix, session_id)
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                held = await self._redis.get(key)
        except (RedisError, OSError) as error:
            self._note_away(error)
            return None
        self.away = ""
        try:
            return PROMPTS.validate_json(held or b"[]")
        except ValueError:
            self._note_unreadable(key)
            return None

    async def close(self) -> None:
        """Close the connections."""
        if self._redis is not None:
            await self._redis.aclose()

    def _note_unreadable(self, key: str) -> None:
        if not self.unreadable:
            logger.warning("%s in Redis is no view of prompts; those that follow are counted", key)
        self.unreadable += 1

    def _note_away(self, error: Exception) -> None:
        said = in_words(error, self._settings.redis_url)
        if not self.away:
            logger.warning("%s; prompts go on live", said)
        self.away, self._again_s = said, time.monotonic() + AWAY_S
