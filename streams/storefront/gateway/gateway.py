"""The parts of a running gateway, as its routes share them."""

import asyncio
from typing import Annotated

from fastapi import Depends, Request

from streams.contract.settings import Settings
from streams.storefront.gateway.access.rates import RateLimit
from streams.storefront.gateway.access.tokens import SessionTokens
from streams.storefront.gateway.bus.bus import Bus
from streams.storefront.gateway.live.mailboxes import ClockMs, Mailboxes
from streams.views.async_reader import CurrentView


class Gateway:
    """What the routes share. Raises `MissingSecret` without a key of the shop's."""

    def __init__(self, settings: Settings, bus: Bus, clock_ms: ClockMs) -> None:
        self.settings = settings
        self.bus = bus
        self.clock_ms = clock_ms
        self.tokens = SessionTokens(
            settings.shop_keys, settings.topic_prefix, life_s=settings.gateway_token_s
        )
        self.mailboxes = Mailboxes(clock_ms)
        self.view = CurrentView(settings)
        self.addresses = RateLimit(settings.gateway_address_rate)
        self.sessions = RateLimit(settings.gateway_session_rate)
        self.streams = 0
        """How many are open."""
        self.closing = False
        self._streaming: set[asyncio.Event] = set()
        bus.follow(self.mailboxes.receive)

    def close_streams(self) -> None:
        """Let every stream end: its reader comes back, to whichever gateway is there then."""
        self.closing = True
        for wake in self._streaming:
            wake.set()

    def stream_opened(self, wake: asyncio.Event) -> None:
        """Count a stream, which is woken when the gateway closes."""
        self.streams += 1
        self._streaming.add(wake)

    def stream_closed(self, wake: asyncio.Event) -> None:
        """It is no more."""
        self.streams -= 1
        self._streaming.discard(wake)


async def gateway_of(request: Request) -> Gateway:
    """The gateway that serves a request."""
    gateway: Gateway = request.app.state.gateway
    return gateway


Here = Annotated[Gateway, Depends(gateway_of)]
"""A route's gateway."""
