"""`/metrics`: what this gateway counts, in the format of Prometheus or OpenMetrics.

No label holds what a sender names: formats, statuses and reasons are words of ours. Where a route
serves the world, a proxy should not hand this on, as with `/readyz`.
"""

from collections.abc import Awaitable, Callable, Iterator
from itertools import accumulate

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.storefront.gateway.batches.foreign import FOREIGN
from streams.storefront.gateway.gateway import ACKNOWLEDGED_S, Gateway, GatewayTraffic, Here
from streams.storefront.gateway.live.shelf import Shelf

FORMATS = ("goeswith", *FOREIGN)
RESULTS = ("accepted", "rejected", "ignored")

router = APIRouter(tags=["health"])


class GatewayMetrics(Collector):
    """All families of one gateway; `trouble`: why it is not ready, empty where it is."""

    def __init__(self, here: Gateway, trouble: str) -> None:
        self._here = here
        self._ready = not (trouble or here.closing)

    def collect(self) -> Iterator[Metric]:
        """What there is now."""
        here = self._here
        yield from traffic_families(here.traffic)
        boxes = here.mailboxes
        records = CounterMetricFamily(
            "goeswith_gateway_prompt_records",
            "Records of prompts: handed to a session here, dropped undecoded, or not read.",
            labels=["result"],
        )
        for result in ("handed", "dropped", "unreadable"):
            records.add_metric([result], getattr(boxes, result))
        yield records
        yield from shelf_families(here.shelf)
        numbers = {
            "goeswith_gateway_ready": ("1 when it is of use; else see /readyz.", self._ready),
            "goeswith_gateway_streams": ("Streams that are open.", here.streams),
            "goeswith_gateway_streams_limit": (
                "The most that may be.",
                here.settings.gateway_streams_max,
            ),
            "goeswith_gateway_mailboxes": ("Sessions whose prompts are held.", len(boxes)),
            "goeswith_gateway_view_failing": (
                "1 while Redis does not tell what may be shown.",
                bool(here.view.away),
            ),
            "goeswith_gateway_rates_failing": (
                "1 while Redis does not take rates, and each gateway counts for itself.",
                bool(here.shared_rates.away),
            ),
        }
        for name, (said, number) in numbers.items():
            yield GaugeMetricFamily(name, said, value=float(number))


def shelf_families(shelf: Shelf) -> Iterator[Metric]:
    """What is kept of the catalogue, and what was not taken of it."""
    for name, said, number in (
        ("items", "Items of the catalogue whose titles and prices are known.", len(shelf)),
        ("bytes", "Bytes that they take, counted high.", shelf.bytes),
    ):
        yield GaugeMetricFamily(f"goeswith_gateway_catalog_{name}", said, value=float(number))
    refused = CounterMetricFamily(
        "goeswith_gateway_catalog_refused",
        "Records of the catalogue that were not taken, by reason.",
        labels=["reason"],
    )
    for reason, count in sorted(shelf.refused.items()):
        refused.add_metric([reason], count)
    yield refused


def traffic_families(traffic: GatewayTraffic) -> Iterator[Metric]:
    """Events, requests and refusals, and how long Kafka took."""
    events = CounterMetricFamily(
        "goeswith_gateway_events", "Events of requests.", labels=["format", "result"]
    )
    for name in FORMATS:
        for result in RESULTS:
            events.add_metric([name, result], traffic.events[name, result])
    yield events
    for family, said, label, counts in (
        ("goeswith_gateway_requests", "Requests, by status.", "status", traffic.requests),
        ("goeswith_gateway_refusals", "Requests refused, by reason.", "reason", traffic.refusals),
    ):
        counter = CounterMetricFamily(family, said, labels=[label])
        for word, count in sorted(counts.items()):
            counter.add_metric([word], count)
        yield counter
    bounds = [*map(str, ACKNOWLEDGED_S), "+Inf"]
    below = accumulate(traffic.acknowledged)
    yield HistogramMetricFamily(
        "goeswith_gateway_acknowledged_seconds",
        "From a request's events to Kafka's word that it has them.",
        buckets=list(zip(bounds, below, strict=True)),
        sum_value=traffic.acknowledged_s,
    )


class StatusCount:
    """Counts requests by status: ASGI middleware."""

    def __init__(self, app: ASGIApp, traffic: GatewayTraffic) -> None:
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and count what it was answered with; 500 where it failed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, receive, _noting(send, self.traffic))
        except Exception:
            self.traffic.requests["500"] += 1
            raise


def _noting(send: Send, traffic: GatewayTraffic) -> Callable[[Message], Awaitable[None]]:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            traffic.requests[str(message["status"])] += 1
        await send(message)

    return noted


@router.get(
    "/metrics",
    summary="Tell what it has counted",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(request: Request, here: Here) -> Response:
    """All metrics, in the format that is asked for."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(GatewayMetrics(here, await here.bus.trouble()))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"content-type": content_type})
