"""A stream that ends is forgotten at once: it leaves no cycle for a search of all that lives."""

import asyncio
import gc
import socket

import uvloop

from streams.lab.bench.gateway.measure import bearer
from tests.storefront.gateway.access.test_slow_readers import served
from tests.storefront.gateway.shopfront import WAIT_S_MAX, Shopfront, add, offers_butter

STREAMS = 100
LEFT_MAX = 100
"""Objects in cycles; less than one a stream."""


def test_streams_that_end_leave_nothing_in_cycles() -> None:
    """Under uvloop, as it is served; a transport of asyncio's own is a cycle of six."""
    gc.collect()
    gc.disable()
    try:
        left = uvloop.run(left_behind())
    finally:
        gc.enable()
    assert left < LEFT_MAX


async def left_behind() -> int:
    """A hundred shoppers come, are told something, and go."""
    front = Shopfront(offers_butter)
    loop = asyncio.get_running_loop()
    async with served(front.app, front) as port:
        clients = [socket.socket() for _ in range(STREAMS)]
        for number, client in enumerate(clients):
            session = f"session-{number}"
            token = await front.token(session)
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", port))
            asked = f"GET /v1/prompts/stream HTTP/1.1\r\nhost: x\r\n{bearer(token)}\r\n"
            await loop.sock_sendall(client, asked.encode())
            assert b"200 OK" in await loop.sock_recv(client, 4096)
            await front.post(add(session_id=session), token)
            async with asyncio.timeout(WAIT_S_MAX):
                while b"butter" not in await loop.sock_recv(client, 4096):
                    pass
        gc.collect()
        for client in clients:
            client.close()
        async with asyncio.timeout(WAIT_S_MAX):
            while front.gateway.streams:
                await asyncio.sleep(0.01)
        return gc.collect()


async def test_a_gateway_searches_for_cycles_by_time_while_it_serves() -> None:
    """From its start to its end: nothing of it is left running."""
    front = Shopfront(offers_butter)
    async with front.app.router.lifespan_context(front.app):
        named = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
    left = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]

    assert {"by_time"} == named & {"by_time"}
    assert "by_time" not in left
