"""A consumer that stops while a fetch waits to try again, or a rebalance for an answer."""

import asyncio

import pytest
from aiokafka.consumer.fetcher import Fetcher

from streams.clients.connection.stopping import answered_unless, heeding_our_cancellation


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


async def test_who_asks_somebody_who_ends_meanwhile_waits_no_longer() -> None:
    """And what nobody waits for is cancelled."""
    ended, asked, cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer() -> str:
        asked.set()
        try:
            return await asyncio.sleep(3600, "bread")
        finally:
            cancelled.set()

    asking = asyncio.ensure_future(answered_unless(ended.is_set, answer()))
    await asked.wait()
    ended.set()

    assert await asking is None
    await cancelled.wait()


async def test_an_answer_that_is_an_error_is_raised() -> None:
    """Whoever asked is told."""

    async def answer() -> None:
        raise KeyError("bread")

    with pytest.raises(KeyError, match="bread"):
        await answered_unless(lambda: False, answer())


async def test_who_is_cancelled_while_it_asks_cancels_what_it_asked_for() -> None:
    """No answer is left that nobody reads."""
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def answer() -> None:
        asked.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    asking = asyncio.ensure_future(answered_unless(lambda: False, answer()))
    await asked.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await cancelled.wait()
