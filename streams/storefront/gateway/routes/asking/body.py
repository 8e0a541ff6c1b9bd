"""Reads the body of a request within bounds of size and time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from streams.contract.errors import RequestRefused

BODY_S_MAX = 10.0
"""Who takes longer to send a body is not waited for."""


async def body_of(
    request: Request, bytes_max: int, s_max: float = BODY_S_MAX, *, bound: str
) -> bytes:
    """The body; raises `RequestRefused`: 413 beyond `bytes_max`, 408 beyond `s_max` seconds.

    `bound` is what that bound is called: it may be a setting.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and len(told) < 20 and int(told) > bytes_max:  # noqa: PLR2004  # 64 bits
        raise _too_large(bytes_max, bound)
    body = bytearray()
    try:
        async with asyncio.timeout(s_max):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise _too_large(bytes_max, bound)
    except TimeoutError:
        raise RequestRefused(408, "body_too_slow", "the body did not come in time") from None
    except ClientDisconnect:
        raise RequestRefused(400, "body_cut_off", "the body is cut off") from None
    return bytes(body)


def _too_large(bytes_max: int, bound: str) -> RequestRefused:
    return RequestRefused(
        413, "body_too_large", f"the body is larger than {bound}: {bytes_max} bytes"
    )
