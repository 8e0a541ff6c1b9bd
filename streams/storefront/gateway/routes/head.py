"""`HEAD`, wherever there is `GET` (RFC 9110, 9.3.2): the same answer, without what it says.

Balancers and monitors ask so whether a gateway lives. A stream is not asked so: it has no end.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STREAM = "/v1/prompts/stream"


class HeadAsGet:
    """Answers `HEAD` as `GET`: ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; of what is asked by `HEAD`, status and headers alone."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"] == STREAM:
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"}, receive, without_body)
