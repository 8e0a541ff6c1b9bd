"""Plain requests, served without the framework's own way to a route.

Most of what a gateway is asked is one of two things: a batch of events, and a stream. FastAPI
looks for the route of each among all, resolves its parameters one by one, and keeps a stack of
what may have to be closed: more than half of what a small post costs, and a third of the memory
that an open stream holds. So these two are looked at first, where their address says nothing but
what is common. They are read by the same functions that FastAPI is given, in the same order, and
answered by the same route; any other request goes FastAPI's way, and is refused there where it is
wrong. The description (OpenAPI) is FastAPI's alone.
"""

import re
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fastapi import Request, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from streams.storefront.gateway.gateway import Gateway
from streams.storefront.gateway.live.rendered import Wording
from streams.storefront.gateway.routes.asking.caller import (
    BEARER,
    IN_QUERY,
    Caller,
    by_address,
    caller,
)
from streams.storefront.gateway.routes.asking.wording import wording


class DirectRequest(NamedTuple):
    """What a route is given of a plain request."""

    request: Request
    here: Gateway
    asking: Caller
    worded: Wording

    @classmethod
    async def read(cls, scope: Scope, receive: Receive) -> "DirectRequest":
        """Who asks, and how; raises `RequestRefused`."""
        request = Request(scope, receive)
        here: Gateway = scope["app"].state.gateway
        bearer = await BEARER(request)
        await by_address(request, here, bearer)
        token = await IN_QUERY(request) if scope["query_string"] else None
        asking = await caller(request, here, bearer, token)
        languages = request.headers.get("accept-language", "")
        return cls(request, here, asking, await wording(here, languages))


Answer = Callable[[DirectRequest], Awaitable[Response]]
"""Answers a plain request; raises `RequestRefused`, `KafkaUnreachable`."""


class DirectRoute(BaseRoute):
    """The plain requests of a route; it is to stand before FastAPI's.

    Parameters
    ----------
    method, path
        Of the route.
    plain
        What the query of a plain request looks like, as it is sent.
    answer
        The route.
    """

    def __init__(self, method: str, path: str, plain: bytes, answer: Answer) -> None:
        self.method = method
        self.path = path
        self._plain = re.compile(plain)
        self._answer = answer

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is one of them."""
        if (
            scope["type"] == "http"
            and scope["path"] == self.path
            and scope["method"] == self.method
            and self._plain.fullmatch(scope["query_string"])
        ):
            return Match.FULL, {"route": self}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer it; raises what the route does, for which the application has its answers."""
        answer = await self._answer(await DirectRequest.read(scope, receive))
        await answer(scope, receive, send)
