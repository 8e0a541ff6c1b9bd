"""Who does not read is hung up; who reads slowly is not. On real sockets, with small buffers."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from streams.storefront.gateway.access.slow_readers import bound_unanswered
from streams.storefront.gateway.command import GatewayServer, config
from tests.storefront.gateway.shopfront import KEY, WAIT_S_MAX, Shopfront, says_nothing

BUFFER = 4096
LARGE = b"x" * 65_536


class Sender:
    """An application that sends without an end, and notes how it ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One endless response."""
        await receive()
        gone = asyncio.create_task(receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done():
            await send({"type": "http.response.body", "body": LARGE, "more_body": True})
            await asyncio.sleep(0)
        self.ended.set()


def served_by(app: Any, front: Shopfront) -> uvicorn.Config:
    """As `goeswith gateway` serves, but for what it starts."""
    made: uvicorn.Config = config(front.settings, app)
    made.lifespan = "off"
    return made


@asynccontextmanager
async def served(app: Any, front: Shopfront) -> AsyncIterator[int]:
    """An application, as `goeswith gateway` serves it; its port."""
    server = GatewayServer(served_by(app, front), front.gateway)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        listening.setblocking(False)
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            await asyncio.wait_for(serving, WAIT_S_MAX)


async def connected(port: int) -> socket.socket:
    """A client with a small buffer, who has asked."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    return client


def fronted(write_s: float) -> Shopfront:
    """A gateway with this patience."""
    return Shopfront(says_nothing, gateway_keys=KEY, gateway_write_s=write_s)


async def test_who_reads_nothing_is_hung_up() -> None:
    """And what was done for him ends: his place is free."""
    sender = Sender()
    async with served(sender, fronted(0.2)) as port:
        with await connected(port):
            await asyncio.wait_for(sender.ended.wait(), WAIT_S_MAX)


async def test_where_the_system_does_not_notice_the_gateway_does(tmp_path: Path) -> None:
    """A socket of this machine's has no time of its own."""
    sender, place = Sender(), str(tmp_path / "socket")
    front = fronted(0.2)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()
        listening.setblocking(False)
        server = GatewayServer(served_by(sender, front), front.gateway)
        serving = asyncio.create_task(server.serve([listening]))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(place)
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await asyncio.wait_for(sender.ended.wait(), WAIT_S_MAX)
        server.should_exit = server.force_exit = True
        await asyncio.wait_for(serving, WAIT_S_MAX)


async def test_who_reads_slowly_is_served_for_as_long_as_he_reads() -> None:
    """A little every now and then, over many times the patience."""
    sender, patience_s = Sender(), 0.5
    loop = asyncio.get_running_loop()
    async with served(sender, fronted(patience_s)) as port:
        with await connected(port) as client:
            for _ in range(30):
                assert await loop.sock_recv(client, BUFFER)
                await asyncio.sleep(patience_s / 10)
            assert not sender.ended.is_set()
        await asyncio.wait_for(sender.ended.wait(), WAIT_S_MAX)


def test_a_reader_whose_network_is_gone_is_noticed_by_the_system() -> None:
    """Where it can: elsewhere after its own time, a quarter of an hour or more."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is None:
        pytest.skip("this system has no such option")
    with socket.socket() as connection:
        bound_unanswered(connection, 1.5)

        assert 1500 == connection.getsockopt(socket.IPPROTO_TCP, option)
