"""Spans that are kept in memory by OpenTelemetry's own exporter, and who traces by them."""

from collections.abc import Callable

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from streams.clients.tracing.open_telemetry import OpenTelemetrySpans
from streams.clients.tracing.tracing import Tracing


class KeptSpans:
    """What a program that traces would have sent."""

    def __init__(self, share: float = 0.0, draw: Callable[[], float] = lambda: 0.5) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracing = Tracing(OpenTelemetrySpans(provider), share, draw)

    @property
    def spans(self) -> list[ReadableSpan]:
        """Those that have ended, in the order of their ends."""
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> ReadableSpan:
        """The only one of this name."""
        (one,) = [span for span in self.spans if span.name == name]
        return one

    def told(self) -> str:
        """Everything that they hold, as text."""
        return "\n".join(span.to_json() for span in self.spans)


def traceparent(span: ReadableSpan) -> bytes:
    """How who goes on from a span is told of it."""
    context = span.get_span_context()
    assert context is not None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01".encode()


def parent_of(span: ReadableSpan) -> str:
    """The id of the span that one is below; empty where it begins a trace."""
    return "" if span.parent is None else f"{span.parent.span_id:016x}"
