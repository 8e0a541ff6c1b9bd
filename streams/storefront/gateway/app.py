"""The gateway as an ASGI application: routes, refusals, origins."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from streams.cli.process import young_garbage
from streams.clients.tracing.tracing import Tracing
from streams.contract.settings import Settings
from streams.storefront.gateway.access.origins import OriginCheck, Preflight
from streams.storefront.gateway.bus.bus import Bus
from streams.storefront.gateway.bus.traced import TracedBus, TracedRequests
from streams.storefront.gateway.gateway import Gateway
from streams.storefront.gateway.live.mailboxes import ClockMs
from streams.storefront.gateway.routes import (
    events,
    health,
    openapi,
    prompts,
    scripts,
    sessions,
    stream,
)
from streams.storefront.gateway.routes.head import HeadAsGet
from streams.storefront.gateway.routes.refusals import register
from streams.storefront.gateway.servers import metrics, recommendations, webhooks


class GatewayApp(FastAPI):
    """Describes itself with the contract's events."""

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.description(self)
        return self.openapi_schema


def wall_clock_ms() -> int:
    """The time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def create_app(
    settings: Settings,
    bus: Bus,
    *,
    clock_ms: ClockMs = wall_clock_ms,
    tracing: Tracing | None = None,
) -> FastAPI:
    """The application; its `state.gateway` is what its routes share.

    Raises `MissingSecret` without `gateway_keys`.
    """
    bus = bus if tracing is None else TracedBus(bus, tracing)
    gateway = Gateway(settings, bus, clock_ms)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await bus.start()
        beside = [*map(asyncio.create_task, (gateway.shared_rates.run(), young_garbage.by_time()))]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            await gateway.shared_rates.close()
            gateway.close_streams()
            await bus.stop()
            await gateway.view.close()

    app = GatewayApp(
        lifespan=lifespan,
        docs_url=None,  # their scripts come from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # the address to go to would repeat the token
        telemetry={"tracing": False},  # spans would hold addresses, and so tokens
    )
    app.state.gateway = gateway
    _route(app)
    register(app)
    _guard(app, gateway)
    if tracing is not None:
        app.add_middleware(TracedRequests, tracing=tracing, is_key=gateway.tokens.is_key)
    return app


def _route(app: FastAPI) -> None:
    """The routes; plain requests are looked at first."""
    app.router.routes += (events.DIRECT, stream.DIRECT)
    for routes in (events, prompts, stream, sessions, health, scripts):
        app.include_router(routes.router)
    for of_servers in (webhooks, recommendations, metrics):
        app.include_router(of_servers.router)


def _guard(app: FastAPI, gateway: Gateway) -> None:
    """What each request passes before its route: counts, CORS, origins."""
    settings = gateway.settings
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        OriginCheck, allowed=settings.allowed_origins, refusals=gateway.traffic.refusals
    )
    app.add_middleware(
        Preflight, allowed=settings.allowed_origins, refusals=gateway.traffic.refusals
    )
    app.add_middleware(metrics.StatusCount, traffic=gateway.traffic)
