"""A consumer that stops while a fetch waits to try again."""

import asyncio

import pytest
from aiokafka.consumer.fetcher import Fetcher

from streams.clients.connection.stopping import heeding_our_cancellation


class Waiting(Fetcher):  # type: ignore[misc]
    """A fetcher of aiokafka, with one fetch that waits to try again."""

    def __init__(self) -> None:
        self._fetch_task = asyncio.ensure_future(asyncio.sleep(0))
        self._fetch_waiters: set[asyncio.Future[None]] = set()
        self._pending_tasks = {asyncio.ensure_future(asyncio.sleep(3600))}
        self._closed = False


async def test_a_fetch_that_is_cancelled_does_not_cancel_who_stops_it() -> None:
    """As aiokafka alone would do: should it no longer, this can go."""
    fetcher = Waiting()
    await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await fetcher.close()

    other = Waiting()
    await asyncio.sleep(0)
    with heeding_our_cancellation():
        await other.close()

    assert all(fetch.cancelled() for fetch in other._pending_tasks)


async def test_who_is_cancelled_while_it_stops_something_is_cancelled() -> None:
    """Nobody waits for it any more."""

    async def stop() -> None:
        with heeding_our_cancellation():
            await asyncio.sleep(3600)

    stopping = asyncio.ensure_future(stop())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
