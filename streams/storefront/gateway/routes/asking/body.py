"""Reads the body of a request within bounds of size and time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from streams.contract.errors import RequestRefused

BODY_S_MAX = 10.0
"""Who takes longer to send a body is not waited for."""


async def body_of(request: Request, bytes_max: int, s_max: float = BODY_S_MAX) -> bytes:
    """The body; raises `RequestRefused`: 413 beyond `bytes_max`, 408 beyond `s_max` seconds."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and len(told) < 20 and int(told) > bytes_max:  # noqa: PLR2004  # 64 bits
        raise _too_large(bytes_max)
    body = bytearray()
    try:
        async with asyncio.timeout(s_max):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise _too_large(bytes_max)
    except TimeoutError:
        raise RequestRefused(408, "body_too_slow", "the body did not come in time") from None
    except ClientDisconnect:
        raise RequestRefused(400, "body_cut_off", "the body is cut off") from None
    return bytes(body)


def _too_large(bytes_max: int) -> RequestRefused:
    return RequestRefused(
        413, "body_too_large", f"the body is larger than gateway_body_bytes_max={bytes_max}"
    )
