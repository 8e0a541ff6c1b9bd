"""The parts of a running gateway, as its routes share them."""

import asyncio
from bisect import bisect_left
from collections import Counter
from typing import Annotated

from fastapi import Depends, Request

from streams.contract.settings import Settings
from streams.storefront.gateway.access.rates import RateLimit
from streams.storefront.gateway.access.shared_rates import SharedRates
from streams.storefront.gateway.access.tokens import SessionTokens
from streams.storefront.gateway.bus.bus import Bus
from streams.storefront.gateway.live.mailboxes import ClockMs, Mailboxes
from streams.storefront.gateway.live.shelf import Shelf
from streams.views.async_reader import CurrentView

ACKNOWLEDGED_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the histogram of how long Kafka took."""


class GatewayTraffic:
    """What a gateway has counted since its start, by words of ours alone."""

    def __init__(self) -> None:
        self.events: Counter[tuple[str, str]] = Counter()
        """By format (`goeswith`, `ga4`, …) and result: `accepted`, `rejected`, `ignored`."""
        self.requests: Counter[str] = Counter()
        """By status; a stream counts when it begins."""
        self.refusals: Counter[str] = Counter()
        """By reason."""
        self.acknowledged = [0] * (len(ACKNOWLEDGED_S) + 1)
        """Requests whose events Kafka has, by how long that took."""
        self.acknowledged_s = 0.0
        """All of that time."""

    def note_acknowledged(self, took_s: float) -> None:
        """Kafka has the events of a request."""
        self.acknowledged[bisect_left(ACKNOWLEDGED_S, took_s)] += 1
        self.acknowledged_s += took_s


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
        self.shelf = Shelf(settings.gateway_catalog_bytes_max)
        self.addresses = RateLimit(settings.gateway_address_rate)
        self.sessions = RateLimit(settings.gateway_session_rate)
        limits = {"addresses": self.addresses, "sessions": self.sessions}
        self.shared_rates = SharedRates(settings, limits, clock_ms)
        self.traffic = GatewayTraffic()
        self.webhook_bodies: Counter[str] = Counter()
        """So many are being read, of nobody knows whom, by network."""
        self.streams = 0
        """How many are open."""
        self.closing = False
        self._streaming: set[asyncio.Event] = set()
        bus.follow(self.mailboxes.receive)
        if settings.gateway_catalog_bytes_max:
            bus.follow_catalog(self.shelf.receive, self.shelf.clear)

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
