"""HTTP/1.1 as it is sent: upgrades that nobody wants, heads and trailers without an end.

On real sockets.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.storefront.gateway.access.test_slow_readers import fronted, served

PATIENCE_S = 20.0
"""Only a failure takes so long."""
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAA\r\n"
"""As Java's own client asks in the clear."""
SHOUTED = b"CONNECTION: UPGRADE\r\nUPGRADE: H2C\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Tells what was asked for, and with which body."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    told = b"%b %b %b;" % (scope["method"].encode(), scope["path"].encode(), body)
    length = (b"content-length", b"%d" % len(told))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": told})


def post(path: str, body: bytes, more: bytes = b"") -> bytes:
    """A request."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n".encode()
    return head + more + b"\r\n" + body


async def told(pieces: Sequence[bytes], answers: int, app: Any = echo) -> bytes:
    """What comes back to these pieces, until so many answers are there, or the connection ends."""
    async with served(app, fronted(write_s=10 * PATIENCE_S)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        came = b""
        try:
            async with asyncio.timeout(PATIENCE_S):
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(0.02)  # so that each is a packet of its own
                while came.count(b";") < answers and (some := await reader.read(65_536)):
                    came += some
        except ConnectionError:  # it was closed while something was still on its way
            pass
        finally:
            writer.close()
        return came


@pytest.mark.parametrize(
    "pieces",
    [
        [post("/a", b"abc", H2C), post("/b", b"de")],
        [post("/a", b"", H2C), b"", post("/b", b"de")],
        [post("/a", b"abc", H2C)[:-3], b"abc", post("/b", b"de")],
        [post("/a", b"abc"), post("/b", b"de", H2C), post("/c", b"f")],
        [post("/a", b'{"slots": ["upgrade"]}'), post("/b", b"Upgrade: no header")],
        [post("/a", b"abc") + post("/b", b"de")],
    ],
    ids=["whole", "empty", "in pieces", "later", "in a body", "pipelined"],
)
async def test_whoever_asks_for_an_upgrade_is_answered_as_if_he_had_not(
    pieces: list[bytes],
) -> None:
    """With the whole body; and what he asks next, too."""
    said = b"".join(pieces)
    answers = said.count(b"POST")
    came = await told(pieces, answers)

    assert answers == came.count(b"HTTP/1.1 200 OK") == came.count(b"POST ")
    for request in said.split(b"POST ")[1:]:
        path, body = request[:2], request.partition(b"\r\n\r\n")[2]
        assert b"POST %b %b;" % (path, body) in came


@pytest.mark.parametrize(
    ("pieces", "answers"),
    [
        ([post("/a", b"POST /b HTTP/1.1\r\n\r\n", SHOUTED)], 1),
        ([post("/a", b"", SHOUTED)[:-2], b"\r\n", post("/b", b"")], 2),
        ([b"POST /a HTTP/1.1\r\nHost: x\r\nUp", post("/a", b"", H2C).partition(b"\r\nUp")[2]], 1),
        ([post("/a", b"abc") + post("/b", b"POST /c HTTP/1.1\r\n\r\n", SHOUTED)], 2),
    ],
    ids=["shouted", "shouted in pieces", "cut in two", "pipelined"],
)
async def test_however_an_upgrade_is_asked_for_a_body_is_no_request(
    pieces: list[bytes], answers: int
) -> None:
    """It is told back with the request that it came with, and nothing else is answered."""
    came = await told([*pieces, post("/last", b"")], answers + 1)

    assert answers + 1 == came.count(b"HTTP/1.1 200 OK")
    assert came.endswith(b"POST /last ;")


async def refuse(_scope: Any, _receive: Any, send: Any) -> None:
    """Answers before the body is there."""
    length = (b"content-length", b"3")
    await send({"type": "http.response.start", "status": 401, "headers": [length]})
    await send({"type": "http.response.body", "body": b"no;"})


@pytest.mark.parametrize("of", [H2C, b"", SHOUTED], ids=["h2c", "plain", "shouted"])
async def test_the_body_of_who_was_refused_before_it_came_is_no_request(of: bytes) -> None:
    """It comes as a packet of its own, and looks like a request that asks for an upgrade."""
    body = b"GET /b HTTP/1.1\r\nHost: x\r\n" + H2C + b"\r\n"
    whole = post("/a", body, of)
    came = await told([whole[: -len(body)], body, post("/last", b"")], answers=2, app=refuse)

    assert came.count(b"HTTP/1.1 ") == came.count(b"HTTP/1.1 401") == came.count(b"no;") == 2


async def test_trailers_without_an_end_are_refused() -> None:
    """They are read by nobody, and take no memory."""
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    trailers = [b"X-%d: " % number + b"x" * 8_000 + b"\r\n" for number in range(30)]
    came = await told([head, *trailers], answers=2)

    assert b"200 OK" not in came


async def test_a_head_without_an_end_is_refused() -> None:
    """A long one is read: cookies, say."""
    line = b"Cookie: " + b"x" * 8_000 + b"\r\n"
    long = post("/a", b"abc", line * 6)
    assert b"POST /a abc;" in await told([long[:9_000], long[9_000:]], answers=1)

    endless = [b"GET /a HTTP/1.1\r\nHost: x\r\n", *([line] * 30)]
    came = await told(endless, answers=1)
    assert b"200 OK" not in came  # a reset may overtake what was said
