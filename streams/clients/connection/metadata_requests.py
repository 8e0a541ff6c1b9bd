"""How often an aiokafka client asks a cluster about itself."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

PAUSE_S = 0.5
"""Between two questions, but for the first."""
ASKED_AT_ONCE = 4
"""Questions that a client may ask as it starts: each of its parts has one, and nobody answers a
shopper before they are answered."""


def limit_metadata_requests(
    client: Any, pause_s: float = PAUSE_S, at_once: int = ASKED_AT_ONCE
) -> None:
    """Let an aiokafka client ask for metadata no more often than once in `pause_s` seconds.

    But for the first `at_once` questions.

    As long as a partition has no leader, its fetcher asks again as soon as it is answered: a
    thousand times a second, of a cluster that has other worries.
    """
    ask, asked_s = client.force_metadata_update, float("-inf")
    waiting: asyncio.Future[bool] | None = None

    def ask_in_time() -> Awaitable[bool]:
        nonlocal asked_s, waiting, at_once
        wait_s = asked_s + pause_s - time.monotonic()
        at_once -= 1
        if wait_s > 0 and at_once < 0:
            if waiting is None or waiting.done():
                waiting = asyncio.ensure_future(ask_later(wait_s))
            return asyncio.shield(waiting)  # all who wait get one answer
        asked_s = time.monotonic()
        answer: Awaitable[bool] = ask()
        return answer

    async def ask_later(wait_s: float) -> bool:
        nonlocal asked_s
        await asyncio.sleep(wait_s)
        asked_s = time.monotonic()
        answer: bool = await ask()
        return answer

    client.force_metadata_update = ask_in_time
