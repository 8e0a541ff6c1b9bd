"""Who does not read, or ask, is hung up; who reads slowly is not. On real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from streams.cli.process.http_server import StoppableServer
from streams.storefront.gateway.access.slow_readers import bound_unanswered
from streams.storefront.gateway.command import config
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
    server = StoppableServer(served_by(app, front), front.gateway.close_streams)
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
        server = StoppableServer(served_by(sender, front), front.gateway.close_streams)
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


class Greeter:
    """An application that answers at once."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One short response."""
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"hi"})


@pytest.mark.parametrize("half", [b"", b"GET / HTTP/1.1\r\nhost:"])
async def test_who_asks_nothing_or_half_is_hung_up(half: bytes) -> None:
    """A first byte is waited for no longer than the rest of a header."""
    loop = asyncio.get_running_loop()
    async with served(Greeter(), fronted(0.2)) as port:
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, half)
            await hung_up(client)


async def test_who_asks_half_after_an_answer_is_hung_up() -> None:
    """What was answered before keeps no place."""
    loop, answered = asyncio.get_running_loop(), b""
    async with served(Greeter(), fronted(0.2)) as port:
        with await connected(port) as client:
            while not answered.endswith(b"hi"):
                answered += await loop.sock_recv(client, BUFFER)
            await loop.sock_sendall(client, b"GET /")
            await hung_up(client)


async def hung_up(client: socket.socket) -> None:
    """Wait until nothing can come any more."""
    async with asyncio.timeout(WAIT_S_MAX):
        with suppress(ConnectionResetError):
            assert not await asyncio.get_running_loop().sock_recv(client, BUFFER)


async def test_who_has_asked_is_answered_however_long_it_takes() -> None:
    """Patience is with who is to ask, and not with what is asked for."""

    async def thinks(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.6)
        await Greeter()(scope, receive, send)

    async with served(thinks, fronted(0.2)) as port:
        with await connected(port) as client:
            said = await asyncio.get_running_loop().sock_recv(client, BUFFER)

    assert said.startswith(b"HTTP/1.1 200")


def test_a_reader_whose_network_is_gone_is_noticed_by_the_system() -> None:
    """Where it can: elsewhere after its own time, a quarter of an hour or more."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is None:
        pytest.skip("this system has no such option")
    with socket.socket() as connection:
        bound_unanswered(connection, 1.5)

        assert 1500 == connection.getsockopt(socket.IPPROTO_TCP, option)
