"""The demo's shop as an ASGI application: pages, pictures, a token for the visit, its story."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from streams.lab.demo.overview import Overview
from streams.lab.demo.shops.assortment import Assortment
from streams.lab.demo.web.doors import HOST, Doors
from streams.lab.demo.web.orders import CannotOrder, order_event, tell
from streams.lab.demo.web.page import (
    ASSETS,
    asset,
    language_of,
    policy,
    render,
    shop_in,
)
from streams.lab.demo.web.pictures import picture
from streams.lab.demo.web.stories import VisitStories
from streams.lab.demo.web.visits import COOKIE, Visits

LANGUAGE_COOKIE = "goeswith-demo-language"
COOKIE_S = 86_400
BODY_BYTES_MAX = 20_000
NUMBER = re.compile(r"[0-9]{1,9}")
PAGES = {
    "/": "home",
    "/item/{item}": "item",
    "/basket": "basket",
    "/checkout": "checkout",
    "/thanks": "thanks",
}
Answer = Callable[[Request], Awaitable[Response]]


class ShopPages:
    """What the pages of a shop ask its server for.

    `seen` is how everything stands, set anew by who looks at it; None: nobody has looked yet.
    """

    def __init__(self, shop: Assortment, doors: Doors, stories: VisitStories) -> None:
        self.shop, self.doors, self.stories = shop, doors, stories
        self.visits = Visits(doors.settings)
        self.seen: Overview | None = None
        self._headers = {
            "Content-Security-Policy": policy(doors.gateway),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }

    def app(self) -> Starlette:
        """The application; it answers to its own address alone, whatever name leads to it."""
        routes = [Route(path, self._page(name)) for path, name in PAGES.items()]
        routes += [
            Route("/assets/{name}", self.assets),
            Route("/pictures/{item}.svg", self.pictures),
            Route("/shop.json", self.data),
            Route("/session-token", self.token),
            Route("/story", self.story),
            Route("/order", self.order, methods=["POST"]),
            Route("/visit/story", self.in_console),
            Route("/visit", self.begin, methods=["POST"]),
        ]
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
        return Starlette(routes=routes, middleware=[hosts])

    def _page(self, name: str) -> Answer:
        async def answer(request: Request) -> Response:
            language = self._language(request)
            item = request.path_params.get("item", "")
            if item and item not in self.shop.items:
                return PlainTextResponse("this shop does not have that", 404, self._headers)
            where = {"page": name, "path": request.url.path, "item": item}
            text = render(self.shop, self.doors, **where, language=language)
            said = Response(text, headers=self._headers, media_type="text/html; charset=utf-8")
            said.set_cookie(LANGUAGE_COOKIE, language, COOKIE_S, samesite="lax", httponly=True)
            if self._visit(request) is None:
                self._enter(said)
            return said

        return answer

    async def assets(self, request: Request) -> Response:
        """A file of the pages."""
        name = request.path_params["name"]
        if name not in ASSETS:
            return PlainTextResponse("no such file", 404, self._headers)
        kind = f"{ASSETS[name]}; charset=utf-8"
        headers = self._headers | {"Cache-Control": "no-cache"}
        return Response(asset(name), media_type=kind, headers=headers)

    async def pictures(self, request: Request) -> Response:
        """An item's picture."""
        item = request.path_params["item"]
        if item not in self.shop.items:
            return PlainTextResponse("no such item", 404, self._headers)
        headers = self._headers | {"Cache-Control": "max-age=3600"}
        return Response(picture(self.shop, item), media_type="image/svg+xml", headers=headers)

    async def data(self, request: Request) -> Response:
        """The shop in a language, and whose basket it is: not the visit itself, which is secret."""
        visit = self._visit(request) or ""
        said = shop_in(self.shop, self._language(request)) | {"visit": visit[-8:]}
        return JSONResponse(said, headers=self._headers)

    async def token(self, request: Request) -> Response:
        """A session token of the visit."""
        visit = self._visit(request)
        if visit is None:
            return PlainTextResponse("there is no visit: load a page first", 403, self._headers)
        self.stories.follow(visit)
        return PlainTextResponse(self.visits.token(visit, time.time()), headers=self._headers)

    async def story(self, request: Request) -> Response:
        """What became of the visit's events after a number, and how everything stands."""
        visit, after = self._visit(request), request.query_params.get("after", "0")
        number = int(after) if NUMBER.fullmatch(after) else 0
        steps = self.stories.since(visit, number) if visit is not None else []
        now = None if self.seen is None else figures(self.seen)
        return JSONResponse({"steps": steps, "now": now}, headers=self._headers)

    async def in_console(self, request: Request) -> Response:
        """The story of the visit, on the console: its session is told to nobody else."""
        visit = self._visit(request)
        if visit is None:
            return RedirectResponse("/", 303, self._headers)
        address = self.doors.console_page("/prompts", session=visit)
        return RedirectResponse(address, 303, self._headers)

    async def order(self, request: Request) -> Response:
        """Buy what is in the basket."""
        visit, body = self._visit(request), await _json_of(request)
        if visit is None or body is None:
            return JSONResponse({"ordered": False}, 400, self._headers)
        try:
            event = order_event(self.shop, visit, body)
            await asyncio.to_thread(tell, self.doors.gateway, self.doors.settings, event)
        except CannotOrder as error:
            return JSONResponse({"ordered": False, "message": str(error)}, 503, self._headers)
        return JSONResponse({"ordered": True, "order_id": event["order_id"]}, headers=self._headers)

    async def begin(self, request: Request) -> Response:
        """Begin a new visit: another session, to which nothing has been said."""
        if await _json_of(request) is None:
            return JSONResponse({"begun": False}, 400, self._headers)
        answer = JSONResponse({"begun": True}, headers=self._headers)
        self._enter(answer)
        return answer

    def _enter(self, answer: Response) -> None:
        visit = self.visits.begin()
        self.stories.follow(visit)
        answer.set_cookie(COOKIE, visit, COOKIE_S, samesite="strict", httponly=True)

    def _visit(self, request: Request) -> str | None:
        cookie = request.cookies.get(COOKIE)
        return cookie if self.visits.known(cookie) else None

    def _language(self, request: Request) -> str:
        return language_of(
            request.query_params.get("lang"),
            request.cookies.get(LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
        )


def figures(seen: Overview) -> dict[str, Any]:
    """How everything stands, as the pages show it."""
    lag_s = "?" if seen.lag_s is None else f"{seen.lag_s:.1f}"
    p50, p99, truth = seen.latency_ms_p50, seen.latency_ms_p99, seen.truth
    return {
        "events": seen.events,
        "events_per_s": f"{seen.events_per_s:.0f}/s",
        "prompts_per_s": f"{seen.prompts_per_s:.0f}/s",
        "lag": "?" if seen.lag_events is None else f"{seen.lag_events} events, {lag_s} s",
        "latency": "?" if p50 is None else f"{p50} ms, p99 {p99}",
        "truth": f"{truth.found} of {truth.of}; mere counting would find {truth.by_counting}",
        "arms": [
            {"arm": row.arm, "shown": row.pulls, "share": row.share, "reward": row.reward_rate}
            for row in seen.arms
        ],
    }


async def _json_of(request: Request) -> bytes | None:
    """A body that no page of others can send unasked (a browser would ask us first); else None."""
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return None
    return body
