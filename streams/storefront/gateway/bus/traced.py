"""A gateway that traces: a span of each sampled request that sends events, and what follows of it.

```
POST /v1/events ── send (to Kafka's acknowledgement)        hand_over (from the append of a prompt)
```

The records of the events say of which trace they are, and workers go on in it; a prompt that comes
back says so, too. Who asks with the shop's key is believed what it says of its trace; who does not
begins a trace of our own, or none: else any page could have all of its requests kept.

A gateway without tracing has none of this. Spans hold the route and never the address, which may
hold a token.
"""

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from secrets import token_hex
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Scope, Send
from starlette.types import Receive as Body

from streams.clients.tracing.spans import Span
from streams.clients.tracing.trace_context import TraceContext, trace_context, unsampled
from streams.clients.tracing.tracing import Tracing
from streams.storefront.gateway.bus.bus import Bus, EventRecord, Forget, Receive

NS_PER_MS = 1_000_000
ERRORS_FROM = 500

_of_request: ContextVar[Span | TraceContext | None] = ContextVar("_of_request", default=None)
"""The span of the request that is being served, or what an unsampled one said of its trace."""


class TracedRequests:
    """ASGI middleware: the span of a request that sends something.

    Parameters
    ----------
    app
        What serves it.
    tracing
        Which requests are traced.
    is_key
        Whether a bearer's credentials are the shop's.
    """

    def __init__(self, app: ASGIApp, tracing: Tracing, is_key: Callable[[str], bool]) -> None:
        self.app = app
        self.tracing = tracing
        self.is_key = is_key

    async def __call__(self, scope: Scope, receive: Body, send: Send) -> None:
        """Serve a request within its span."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        context = self._believed(Headers(scope=scope))
        if not self.tracing.is_sampled(context):  # nor is it to be drawn again by who reads it
            await self._within(context or unsampled(token_hex(24)), scope, receive, send)
            return
        span = self.tracing.spans.begin(
            "POST", "server", parent=context, attributes={"http.request.method": "POST"}
        )
        status = ERRORS_FROM

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._within(span, scope, receive, noting)
        finally:
            span.set_attributes(_became(scope, status))
            span.end()

    async def _within(
        self, current: Span | TraceContext | None, scope: Scope, receive: Body, send: Send
    ) -> None:
        before = _of_request.set(current)
        try:
            await self.app(scope, receive, send)
        finally:
            _of_request.reset(before)

    def _believed(self, headers: Headers) -> TraceContext | None:
        kind, _, credentials = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not self.is_key(credentials.strip()):
            return None
        return trace_context((name, value.encode("latin-1")) for name, value in headers.items())


def _became(scope: Scope, status: int) -> dict[str, str | int]:
    """What a request asked for, by its route, and how it was answered."""
    told: dict[str, str | int] = {"http.response.status_code": status}
    if route := getattr(scope.get("route"), "path", ""):
        told["http.route"] = route
    if status >= ERRORS_FROM:
        told["error.type"] = str(status)
    return told


class TracedBus:
    """A bus whose records say of which trace they are; `bus` is what takes them."""

    def __init__(self, bus: Bus, tracing: Tracing) -> None:
        self._bus = bus
        self._spans = tracing.spans

    def follow(self, receive: Receive) -> None:
        """As the bus."""
        self._bus.follow(receive)

    def follow_catalog(self, receive: Receive, forget: Forget) -> None:
        """As the bus."""
        self._bus.follow_catalog(receive, forget)

    async def start(self) -> None:
        """As the bus."""
        await self._bus.start()

    async def stop(self) -> None:
        """As the bus."""
        await self._bus.stop()

    async def trouble(self) -> str:
        """As the bus."""
        return await self._bus.trouble()

    async def send(self, records: Sequence[EventRecord]) -> None:
        """Return when all of these events are kept; raises `KafkaUnreachable`."""
        current = _of_request.get()
        if current is None:
            await self._bus.send(records)
        elif isinstance(current, TraceContext):
            await self._bus.send(_saying(records, current))
        else:
            told: dict[str, str | int] = {
                "messaging.system": "kafka",
                "messaging.operation.type": "send",
                "messaging.batch.message_count": len(records),
            }
            span = self._spans.begin("send", "producer", parent=current, attributes=told)
            try:
                context = self._spans.context(span)
                await self._bus.send(_saying(records, context) if context else records)
            finally:
                span.end()


def _saying(records: Sequence[EventRecord], context: TraceContext) -> list[EventRecord]:
    headers = context.headers()
    return [record._replace(headers=headers) for record in records]


def handing_over(
    tracing: Tracing, clock_ns: Callable[[], int] = time.time_ns
) -> Callable[[Receive, Any], None]:
    """Hands a record of the prompts topic on, with a span where somebody here waits for it."""

    def hand_over(receive: Receive, record: Any) -> None:
        handed = receive(record.key, record.value)
        context = trace_context(record.headers) if handed else None
        if context is not None and context.is_sampled:
            now_ns = clock_ns()
            appended_ns = min(record.timestamp * NS_PER_MS, now_ns)
            tracing.spans.begin("hand_over", "consumer", parent=context, start_ns=appended_ns).end(
                now_ns
            )

    return hand_over
