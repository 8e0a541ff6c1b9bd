"""What programs need of spans: no package of OpenTelemetry has to be there to say so."""

from collections.abc import Mapping
from typing import Literal, Protocol

from streams.clients.tracing.trace_context import TraceContext

Kind = Literal["internal", "server", "consumer", "producer"]
Attributes = Mapping[str, str | int]


class Span(Protocol):
    """A stage that is under way."""

    def end(self, end_time: int | None = None) -> None:
        """It has ended, at this time in nanoseconds since 1970, or now."""

    def set_attributes(self, attributes: Attributes) -> None:
        """What is known of it by now."""


class Spans(Protocol):
    """What makes spans: OpenTelemetry's SDK, by `streams/clients/tracing/open_telemetry.py`."""

    def begin(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: TraceContext | Span | None = None,
        start_ns: int | None = None,
        attributes: Attributes | None = None,
    ) -> Span:
        """A span that began at this time, or now; without a parent it begins a trace."""

    def context(self, span: Span) -> TraceContext | None:
        """What is said to whoever goes on from this span; None: nothing."""
