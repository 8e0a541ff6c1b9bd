"""Bodies: bounded in size and in time, and cut off by who hangs up."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from streams.contract.errors import RequestRefused
from streams.storefront.gateway.routes.asking.body import body_of


def request(*messages: dict[str, Any], told: str | None = None) -> Request:
    """One whose body comes in these messages; then nothing comes any more."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    headers = [] if told is None else [(b"content-length", told.encode())]
    return Request({"type": "http", "headers": headers}, receive)


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    """A piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_comes_in_pieces() -> None:
    """As large as it may be, and no larger."""
    pieces = part(b"bread", more=True), part(b"butter", more=False)
    assert b"breadbutter" == await body_of(request(*pieces), 11, bound="it may be")


@pytest.mark.parametrize(
    ("messages", "told", "status"),
    [
        ([part(b"bread", more=True)], None, 408),
        ([part(b"bread", more=True), {"type": "http.disconnect"}], None, 400),
        ([part(b"bread", more=True), part(b"butter", more=True)], None, 413),
        ([], "11", 413),
        ([], "9" * 5000, 408),  # no server hands that on; nor is it reckoned with
    ],
)
async def test_who_sends_too_slowly_too_much_or_half_of_it_is_refused(
    messages: list[dict[str, Any]], told: str | None, status: int
) -> None:
    """Nothing is waited for without end, nor kept beyond the bound."""
    with pytest.raises(RequestRefused) as refused:
        await body_of(request(*messages, told=told), 10, s_max=0.05, bound="it may be")
    assert status == refused.value.status
