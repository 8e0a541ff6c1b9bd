"""Origins: pages of others may not ask, though their visitors' browsers would do it for them.

CORS keeps such a page from reading an answer, not from asking: a beacon arrives without a question.
So a request whose `Origin` is neither on the list nor the gateway's own is refused here.

A script in a sandbox, such as Shopify's web pixels, has the origin `null`, whoever's it is. A shop
that has such scripts puts `null` on the list, and gives up this line of defence, not the next: who
asks from there still needs a session's token, which no foreign page has, and no cookie is read.
"""

from collections import Counter
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

ASKED_BY_PAGES = "/v1/"
"""Where what is served begins; whether the gateway lives is no secret of any page's."""
FOREIGN_PAGE = "origin", "this page's origin may not ask"
NOT_FOR_PAGES = (
    "preflight",
    "pages ask by GET, HEAD or POST, with the headers that are allowed here",
)
PREFLIGHT_S = 7200
"""How long a browser remembers that it may ask: as long as Chromium does at most."""
HEADERS_ALLOWED = (
    *("Authorization", "Content-Type", "Last-Event-ID"),
    *("ce-specversion", "ce-type", "ce-source", "ce-id", "ce-time", "ce-partitionkey"),
)
"""Those of a CloudEvent in binary mode among them."""
OK = 200
OF_BODY = ("content-length", "content-type")


class OriginCheck:
    """Lets requests through that no foreign page has made: ASGI middleware."""

    def __init__(
        self, app: ASGIApp, allowed: Collection[str], refusals: Counter[str] | None = None
    ) -> None:
        self.app = app
        self.allowed = allowed
        self.refusals = Counter() if refusals is None else refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it with 403."""
        if scope["type"] == "http" and scope["path"].startswith(ASKED_BY_PAGES):
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and not is_allowed(
                origin, headers.get("host"), self.allowed, scope["scheme"]
            ):
                reason, message = FOREIGN_PAGE
                self.refusals[reason] += 1
                said = {"reason": reason, "message": message}
                await JSONResponse(said, 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Preflight(CORSMiddleware):
    """CORS, whose refusals are told as all others are."""

    def __init__(self, app: ASGIApp, allowed: Collection[str], refusals: Counter[str]) -> None:
        super().__init__(
            app,
            allow_origins=tuple(allowed),
            allow_methods=("GET", "HEAD", "POST"),
            allow_headers=HEADERS_ALLOWED,
            expose_headers=("Retry-After",),
            max_age=PREFLIGHT_S,
        )
        self.refusals = refusals

    def preflight_response(self, request_headers: Headers) -> Response:
        """The leave that a browser asks for before a request, or why there is none: 403."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == OK:
            return answer
        ours = self.is_allowed_origin(request_headers["origin"])
        reason, message = NOT_FOR_PAGES if ours else FOREIGN_PAGE
        self.refusals[reason] += 1
        kept = {name: answer.headers[name] for name in answer.headers if name not in OF_BODY}
        return JSONResponse({"reason": reason, "message": message}, 403, kept)


def is_allowed(
    origin: str, host: str | None, allowed: Collection[str], scheme: str = "http"
) -> bool:
    """Whether a page of this origin may ask the gateway that is called at this host.

    `scheme` is how it is called, as far as is known: `http` may be TLS that ends at a proxy. Over
    TLS no page of its own host asks that came in the clear: whoever is on the way may have made it.

    >>> is_allowed("https://shop.example", "events.example", ["https://shop.example"])
    True
    >>> is_allowed("https://events.example", "events.example", [])
    True
    >>> is_allowed("null", "events.example", []), is_allowed("https://evil.example", None, [])
    (False, False)
    >>> is_allowed("null", "events.example", ["null"])
    True
    """
    if origin.lower() in allowed:
        return True
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    if page.scheme != "https" and (page.scheme, scheme) != ("http", "http"):
        return False
    return bool(page.netloc) and host is not None and page.netloc.lower() == host.lower()
