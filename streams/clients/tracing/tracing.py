"""Tracing as programs use it: whether an event is traced, and spans of its stages.

This module is there for everybody, and loads nothing of OpenTelemetry. Where `trace_share` is 0,
`open_tracing` returns None, and a program is put together without any of it: nothing is asked of an
event. What an exporter cannot send is dropped, and told in the log: nobody waits for a trace.

No span holds who somebody is: no ids of sessions, visitors, shoppers or prompts, no addresses. A
record is named by topic, partition and offset, and whoever may read the topic finds it there.
"""

import random
from collections.abc import Callable

from streams.clients.tracing.spans import Spans
from streams.clients.tracing.trace_context import TraceContext
from streams.contract.errors import MissingExtra
from streams.contract.settings import Settings


class Tracing:
    """Which events are traced, and what makes their spans.

    Parameters
    ----------
    spans
        What makes them.
    share
        Of events that come without a trace context, those that begin a trace: from 0 to 1.
    draw
        A number from 0 to 1 for each of these, evenly spread.
    """

    def __init__(
        self, spans: Spans, share: float, draw: Callable[[], float] = random.random
    ) -> None:
        self.spans = spans
        self._share = share
        self._draw = draw

    def is_sampled(self, context: TraceContext | None) -> bool:
        """Whether to trace what came with this: as its sender does, else by draw."""
        return self._draw() < self._share if context is None else context.is_sampled


def open_tracing(settings: Settings, program: str, instance: str = "") -> Tracing | None:
    """What traces a program (`worker`, `gateway`); None where `trace_share` is 0.

    Raises `MissingExtra` where the packages of OpenTelemetry are not installed. What waits to be
    sent when the process ends is sent then, within seconds.
    """
    if not settings.trace_share:
        return None
    try:
        from streams.clients.tracing import open_telemetry  # noqa: PLC0415  # an optional extra
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith("opentelemetry"):
            raise
        raise MissingExtra(
            f"GOESWITH_TRACE_SHARE={settings.trace_share:g} needs {missing.name}, which is not "
            "installed: run `pip install '.[otel]'` in a checkout of goeswith"
        ) from missing
    spans = open_telemetry.exporting(settings.trace_endpoint, f"goeswith-{program}", instance)
    return Tracing(spans, settings.trace_share)
