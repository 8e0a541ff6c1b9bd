"""`GET /v1/goes-with.js`, `/v1/client.js` and their types; `GET /v1/scripts`: their hashes.

Whoever may load them: they are the same for all, and hold no secret. Pages of others may not
(`access/origins.py`), for they could not send anything either.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from streams.storefront.gateway.browser.files import NAMES, BrowserFile, browser_file
from streams.storefront.gateway.routes.asking.weights import liked
from streams.storefront.gateway.routes.refusals import refusals

CACHE = "public, no-cache"
"""Kept, and asked for by its tag each time: a page that names the next release's hash would else be
without its element for as long as a browser keeps the one before."""

router = APIRouter(prefix="/v1", tags=["browser"])


class ServedScript(BaseModel):
    """A file for browsers."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    path: str
    """Where it is."""
    integrity: str
    """For the page's `integrity`."""
    size_bytes: int
    """Its size."""
    packed_bytes: int
    """What goes over the wire."""


@router.get("/scripts", summary="Get the hashes of the files", responses=refusals(403))
async def get_scripts() -> dict[str, ServedScript]:
    """Tell by which hashes a page may name the files."""
    return {name: _told(browser_file(name)) for name in NAMES}


def _told(file: BrowserFile) -> ServedScript:
    return ServedScript(
        path=f"{router.prefix}/{file.name}",
        integrity=file.integrity,
        size_bytes=len(file.text),
        packed_bytes=len(file.packed),
    )


def _handing_out(name: str) -> Callable[[Request], Awaitable[Response]]:
    """The route of a file."""

    async def get_file(request: Request) -> Response:
        return _handed_out(browser_file(name), request)

    return get_file


for _name in NAMES:
    router.add_api_route(
        f"/{_name}",
        _handing_out(_name),
        summary=f"Get {_name}",
        description="A file for browsers, packed where that is understood.",
        response_class=Response,
        responses={
            200: {"content": {browser_file(_name).media_type: {"schema": {"type": "string"}}}},
            304: {"description": "The browser has it."},
            **refusals(403),
        },
    )


def _handed_out(file: BrowserFile, request: Request) -> Response:
    """A file, packed where that is understood; 304 where the browser has it."""
    headers = {
        "Cache-Control": CACHE,
        "ETag": file.etag,
        "Vary": "Accept-Encoding, Origin",
        "X-Content-Type-Options": "nosniff",
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" not in liked(request.headers.get("accept-encoding", "").lower()):
        return Response(file.text, headers=headers, media_type=file.media_type)
    headers["Content-Encoding"] = "gzip"
    return Response(file.packed, headers=headers, media_type=file.media_type)
