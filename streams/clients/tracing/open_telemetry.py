"""Spans by OpenTelemetry's SDK, sent to a collector by OTLP over HTTP.

Needs the extra `otel`: `streams/clients/tracing/tracing.py` imports it where tracing is on. The
provider is ours alone and is not made the process' own, so that libraries which trace by themselves
(FastAPI does, with whole addresses) have no place to put their spans.
"""

from importlib.metadata import version
from typing import cast

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from streams.clients.tracing.spans import Attributes, Kind, Span
from streams.clients.tracing.trace_context import TraceContext

EXPORT_S_MAX = 5.0
"""So long one export may take, repeats included; so long, about, the end of a process may wait."""
SPANS_QUEUED_MAX = 2048
"""What comes while so many wait is dropped: a collector that is away costs spans, and no events."""
_PROPAGATOR = TraceContextTextMapPropagator()
_KINDS: dict[Kind, trace.SpanKind] = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "consumer": trace.SpanKind.CONSUMER,
    "producer": trace.SpanKind.PRODUCER,
}


class OpenTelemetrySpans:
    """Makes spans with a provider of the SDK; who asks has drawn already what is sampled."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("goeswith", version("goeswith"))

    def begin(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: TraceContext | Span | None = None,
        start_ns: int | None = None,
        attributes: Attributes | None = None,
    ) -> trace.Span:
        """A span that began at this time, or now; without a parent it begins a trace."""
        context = Context()
        if isinstance(parent, TraceContext):
            context = _PROPAGATOR.extract(parent.carrier(), context)
        elif parent is not None:
            context = trace.set_span_in_context(cast("trace.Span", parent), context)
        return self._tracer.start_span(
            name, context, _KINDS[kind], attributes, start_time=start_ns, record_exception=False
        )

    def context(self, span: Span) -> TraceContext | None:
        """What is said to whoever goes on from this span; None where `OTEL_SDK_DISABLED` is set."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(cast("trace.Span", span), Context()))
        parent, state = carrier.get("traceparent"), carrier.get("tracestate", "")
        return None if parent is None else TraceContext(parent.encode(), state.encode())


def exporting(endpoint: str, service: str, instance: str) -> OpenTelemetrySpans:
    """Spans that go to a collector; the empty endpoint is the one of OpenTelemetry's variables."""
    exporter = OTLPSpanExporter(endpoint=endpoint or None, timeout=EXPORT_S_MAX)
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        resource=Resource.create(
            {
                "service.name": service,
                "service.version": version("goeswith"),
                **({"service.instance.id": instance} if instance else {}),
            }
        ),
    )
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=SPANS_QUEUED_MAX))
    return OpenTelemetrySpans(provider)
