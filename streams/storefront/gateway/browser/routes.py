"""`GET /v1/goes-with.js`, `/v1/client.js` and their types; `GET /v1/scripts`: their hashes.

Whoever may load them: they are the same for all, and hold no secret. Pages of others may not
(`access/origins.py`), for they could not send anything either.
"""

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict

from streams.storefront.gateway.browser.files import NAMES, BrowserFile, browser_file

CACHE = "public, no-cache"
"""Kept, and asked for by its tag each time: a page that names the next release's hash would else be
without its element for as long as a browser keeps the one before."""
NOT_THERE = 404

router = APIRouter(prefix="/v1", include_in_schema=False)


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


@router.get("/scripts")
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


@router.get("/{name}.js")
async def get_script(name: str, request: Request) -> Response:
    """Hand out a script."""
    return _handed_out(f"{name}.js", request)


@router.get("/{name}.d.ts")
async def get_types(name: str, request: Request) -> Response:
    """Hand out the types of a script."""
    return _handed_out(f"{name}.d.ts", request)


def _handed_out(name: str, request: Request) -> Response:
    """A file, packed where that is understood; 304 where the browser has it."""
    if name not in NAMES:
        raise HTTPException(NOT_THERE, f"there is no {name[:40]!r}: {', '.join(NAMES)}")
    file = browser_file(name)
    headers = {
        "Cache-Control": CACHE,
        "ETag": file.etag,
        "Vary": "Accept-Encoding, Origin",
        "X-Content-Type-Options": "nosniff",
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", "").lower():
        return Response(file.text, headers=headers, media_type=file.media_type)
    headers["Content-Encoding"] = "gzip"
    return Response(file.packed, headers=headers, media_type=file.media_type)
