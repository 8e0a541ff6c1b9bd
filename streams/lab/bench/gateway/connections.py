"""What asks: readers of streams, and connections that post, on bare sockets.

They share the machine with what is measured, so they do as little as they can: a reader looks for
the id of the event that caused a prompt, and a connection for the length of an answer.
"""

import asyncio
import re
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Self

from streams.contract.errors import WorkerFailed

Came = Callable[[str, float], None]
"""Told of an event's id, and of the time at which its prompt came."""

CAUSE = re.compile(rb'"caused_by":"([^"]+)"')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
OPENED = b"retry:"
"""What a stream begins with."""
TAIL_BYTES = 512
OPENING_AT_ONCE = 100


class StreamReader(asyncio.Protocol):
    """One open stream."""

    def __init__(self, request: bytes, came: Came) -> None:
        self._request = request
        self._came = came
        self._tail = b""
        self.opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note each prompt; a piece may end anywhere."""
        now_s = time.perf_counter()
        text = self._tail + data
        if not self.opened.done() and OPENED in text:
            self.opened.set_result(True)
        end = 0
        for found in CAUSE.finditer(text):
            self._came(found[1].decode(), now_s)
            end = found.end()
        self._tail = text[end:][-TAIL_BYTES:]

    def connection_lost(self, _: Exception | None) -> None:
        """It is over; before it was open that is a failure."""
        self.ended = True
        if not self.opened.done():
            said = self._tail.decode(errors="replace")
            self.opened.set_exception(WorkerFailed(f"no stream was opened: {said}"))


async def open_streams(port: int, requests: list[bytes], came: Came) -> list[StreamReader]:
    """A stream for each request, all of them open; raises `WorkerFailed` for one that is not."""
    loop, readers = asyncio.get_running_loop(), []
    for start in range(0, len(requests), OPENING_AT_ONCE):
        made = [
            loop.create_connection(partial(StreamReader, request, came), "127.0.0.1", port)
            for request in requests[start : start + OPENING_AT_ONCE]
        ]
        some = [reader for _, reader in await asyncio.gather(*made)]
        await asyncio.gather(*(reader.opened for reader in some))
        readers += some
    return readers


class HttpAnswer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class Connection:
    """A connection that is kept, for one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> Self:
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def post(self, address: str, body: bytes, headers: str = "") -> HttpAnswer:
        """Post JSON, and wait for the answer."""
        self._writer.write(
            f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n".encode()
            + body
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        return HttpAnswer(int(head[9:12]), body)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
