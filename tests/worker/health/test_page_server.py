"""A worker's pages, asked as nobody should ask them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings
from streams.worker.health.pages.page_server import (
    AT_ONCE_MAX,
    BUSY,
    CONNECTIONS_MAX,
    SILENCE_S_MAX,
    SLOW_MAX,
    PageServer,
)
from streams.worker.topology import create_app
from tests.stand_ins import CountingShop, KeepingDelivery

HALF = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
WHOLE = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Pages:
    """The pages of a worker that has no Kafka, on a port of their own."""

    def __init__(self) -> None:
        settings = Settings()
        self.app: Any = create_app(settings, shop=CountingShop(), delivery=KeepingDelivery())
        self.may_answer = asyncio.Event()
        self.opened: list[Streams] = []

        @self.app.page("/slow")
        async def slow(web: Any, _request: Any) -> Any:
            """An answer that takes its time."""
            await self.may_answer.wait()
            return web.json({"slow": True})

        @self.app.page("/wrong")
        async def wrong(_web: Any, _request: Any) -> Any:
            """One that cannot be given."""
            raise BlockingIOError(11, "Resource temporarily unavailable")

        @self.app.page("/ours")
        async def ours(_web: Any, _request: Any) -> Any:
            """Another one."""
            raise GoeswithError("the child has died")

    async def open(self, said: bytes = b"") -> Streams:
        """A connection, on which this is said."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.app.conf.web_port)
        self.opened.append((reader, writer))
        writer.write(said)
        await writer.drain()
        return reader, writer

    async def ask(self, path: bytes) -> tuple[bytes, bytes]:
        """The status line of a page, and its body; the connection is closed by its server."""
        reader, _ = await self.open(WHOLE % path)
        head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
        return head.split(b"\r\n")[0], body


@pytest.fixture
async def pages() -> AsyncIterator[Pages]:
    """Pages that are served."""
    pages = Pages()
    pages.app.finalize()
    pages.app.web.init_server()
    await pages.app.web.start_server()
    yield pages
    pages.may_answer.set()
    for _, writer in pages.opened:
        writer.close()
    await pages.app.web.stop_server()


async def test_a_probe_is_heard_in_the_midst_of_half_requests(pages: Pages) -> None:
    """Three hundred of them hold no more than there is room for, and the oldest have to go."""
    first, _ = await pages.open(HALF)
    half = await asyncio.gather(*(pages.open(HALF) for _ in range(300)))

    assert (b"HTTP/1.1 200 OK", True) == await _alive(pages)
    staying = {*pages.app.web._handlers.connections} - pages.app.web._leaving

    assert len(staying) <= CONNECTIONS_MAX + AT_ONCE_MAX
    assert b"" == await asyncio.wait_for(first.read(), 3 * SILENCE_S_MAX)
    async with asyncio.timeout(3 * SILENCE_S_MAX):
        while sum(not reader.at_eof() for reader, _ in half) > CONNECTIONS_MAX + AT_ONCE_MAX:
            await asyncio.sleep(0.01)


async def test_who_asks_nothing_is_not_waited_for(pages: Pages) -> None:
    """Neither where the request ends in its midst nor where none begins."""
    silent = [(await pages.open(said))[0] for said in (b"", HALF)]
    async with asyncio.timeout(3 * SILENCE_S_MAX):
        assert [b"", b""] == [await reader.read() for reader in silent]


async def test_where_all_are_being_answered_further_ones_are_refused(pages: Pages) -> None:
    """In a word, and at once; those that are being answered get their answers."""
    pages.app.web.slow_max = CONNECTIONS_MAX
    slow = [await pages.open(WHOLE % b"/slow") for _ in range(CONNECTIONS_MAX)]
    async with asyncio.timeout(5):
        while len(pages.app.web._asking) < CONNECTIONS_MAX:
            await asyncio.sleep(0.01)

    refused, _ = await pages.open()
    assert BUSY == await asyncio.wait_for(refused.read(), 5)

    pages.may_answer.set()
    answers = [await asyncio.wait_for(reader.read(), 5) for reader, _ in slow]
    assert all(answer.endswith(b'{"slow":true}') for answer in answers)
    assert (b"HTTP/1.1 200 OK", True) == await _alive(pages)


async def test_slow_pages_leave_room_for_a_probe(pages: Pages) -> None:
    """However many ask for them: those that there is no room for are told so at once."""
    slow = [await pages.open(WHOLE % b"/slow") for _ in range(CONNECTIONS_MAX)]
    reads = asyncio.as_completed([reader.read() for reader, _ in slow], timeout=5)
    refused = [await next(reads) for _ in range(SLOW_MAX)]

    assert all(answer.startswith(b"HTTP/1.1 503 ") for answer in refused)
    assert (b"HTTP/1.1 200 OK", True) == await _alive(pages)

    pages.may_answer.set()
    assert all([(await read).endswith(b'{"slow":true}') for read in reads])


@pytest.mark.parametrize(
    ("path", "said"),
    [(b"/wrong", "[Errno 11] Resource temporarily unavailable"), (b"/ours", "the child has died")],
)
async def test_a_page_that_fails_is_a_page(pages: Pages, path: bytes, said: str) -> None:
    """As where no child can be forked: nothing but that page fails."""
    status, body = await pages.ask(path)

    assert b"HTTP/1.1 503 Service Unavailable" == status
    assert {"error": said} == json.loads(body)
    assert (b"HTTP/1.1 200 OK", True) == await _alive(pages)


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 70_000,
        b"GET " + b"/x" * 70_000,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\nx",
        b"POST /state HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /healthz?\xff\xfe=%ff HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 50_000 + b"\r\n",
        WHOLE % b"/healthz" * 1000,
        WHOLE % b"/../../etc/passwd",
        WHOLE % b"//[::1/healthz",
    ],
    ids=range(13),
)
async def test_whatever_is_said_the_next_one_is_answered(
    pages: Pages, said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a traceback in the log."""
    reader, _ = await pages.open(said)
    await asyncio.wait_for(_end(reader), 2 * SILENCE_S_MAX)

    assert (b"HTTP/1.1 200 OK", True) == await _alive(pages)
    assert not [record for record in caplog.records if record.exc_info]


async def _end(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass


async def _alive(pages: Pages) -> tuple[bytes, bool]:
    status, body = await pages.ask(b"/healthz")
    return status, bool(json.loads(body)["alive"])


def test_the_worker_has_its_pages_from_there() -> None:
    """And not from Faust's own server."""
    assert isinstance(create_app(Settings(), shop=CountingShop()).web, PageServer)
