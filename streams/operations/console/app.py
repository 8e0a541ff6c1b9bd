"""The console as an ASGI application: who may look, what browsers may do, and the pages."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from streams.contract.settings import Settings
from streams.operations.console.access import Door
from streams.operations.console.pages import lag, operations, prompts, start, why
from streams.operations.console.pages.experiments import controls, declared, exports, page, planned
from streams.operations.console.pages.rendering import Clock, Console, Operate, form_of, rendered
from streams.operations.console.watching.sources import Pollers
from streams.storefront.reference.control_changes import make

ASSETS = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with none, a form would not say where it was sent from
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OPEN_PATHS = ("/healthz", *(f"/assets/{name}" for name in ASSETS))
"""What anybody may ask for: it tells nothing of the shop."""
FORM_BYTES_MAX = 2_000
Next = Callable[[Request], Awaitable[Response]]


def create_app(
    settings: Settings,
    sources: Pollers,
    door: Door,
    clock_s: Clock = time.time,
    operate: Operate | None = None,
) -> FastAPI:
    """The application; while it runs, its sources are read. `operate` sends changes of controls."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sources.start()
        try:
            yield
        finally:
            sources.stop()

    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,  # their scripts come from elsewhere
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False},  # spans would hold addresses
    )
    app.state.console = Console(settings, sources, clock_s, operate or partial(make, settings))
    experiments = page, exports, controls, declared, planned
    for routes in (start, lag, *experiments, prompts, why, operations):
        app.include_router(routes.router)
    _serve_what_is_open(app, door)
    app.add_exception_handler(HTTPException, _of_http)

    @app.middleware("http")
    async def guarded(request: Request, call_next: Next) -> Response:
        answer = await _admitted(door, request, call_next)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    return app


async def _admitted(door: Door, request: Request, call_next: Next) -> Response:
    """The answer to whom we know; a page that asks for the token to everybody else."""
    given = request.query_params.get("token")
    if given is not None and request.method == "GET" and door.knows(given):
        return door.entered(request, given)
    if request.url.path in (*OPEN_PATHS, "/enter"):
        return await call_next(request)
    visitor = door.visitor(request)
    if visitor is not None:
        request.state.visitor, request.state.entered = visitor, door.has_entered(request)
        return await call_next(request)
    return _refused(request, wrong=given is not None)


def _refused(request: Request, *, wrong: bool) -> Response:
    if request.url.path.startswith("/api/"):
        said = {"reason": "token", "message": "Authorization: Bearer … is needed, with the token"}
        return JSONResponse(said, 401, {"WWW-Authenticate": "Bearer"})
    return rendered(request, "refused.html", status=401, wrong=wrong)


def _serve_what_is_open(app: FastAPI, door: Door) -> None:
    """Assets, the form with the token, and whether the console lives."""

    @app.get("/healthz")
    async def healthz() -> dict[str, bool]:
        """An event loop that turns says so."""
        return {"alive": True}

    @app.get("/assets/{name}")
    async def asset(name: str) -> Response:
        """A file of ours, which a browser keeps for a while."""
        if name not in ASSETS:
            raise HTTPException(404)
        body = files("streams.operations.console").joinpath("assets", name).read_bytes()
        return Response(body, media_type=ASSETS[name], headers={"Cache-Control": "max-age=300"})

    @app.post("/enter")
    async def enter(request: Request) -> Response:
        """The token, from the form."""
        given = (await form_of(request, FORM_BYTES_MAX)).get("token", "").strip()
        if door.knows(given):
            return door.entered(request, given)
        return _refused(request, wrong=True)


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these
    if request.url.path.startswith("/api/"):
        return JSONResponse({"reason": "http", "message": str(error.detail)}, error.status_code)
    return rendered(request, "missing.html", status=error.status_code, detail=str(error.detail))
