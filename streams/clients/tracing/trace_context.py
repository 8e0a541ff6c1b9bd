"""Trace context (W3C, level 1): what a sender says of the trace that an event belongs to.

It travels as the headers `traceparent` and `tracestate`, of HTTP requests and of records alike.
What is not of that form counts as nothing said: a trace is no reason to refuse an event.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
STATE_BYTES_MAX = 512
"""As much as everybody has to hand on (section 3.3.1.5); a longer one is left out."""
_FORM = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_FIRST_VERSION_BYTES = 55
_SAMPLED = 1

Headers = Iterable[tuple[str, bytes | None]]


class TraceContext(NamedTuple):
    """What came with a record: both values as they were sent."""

    parent: bytes
    state: bytes = b""

    @property
    def is_sampled(self) -> bool:
        """Whether the sender keeps spans of this trace.

        >>> TraceContext(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").is_sampled
        True
        """
        return bool(int(self.parent[53:55], 16) & _SAMPLED)

    def headers(self) -> tuple[tuple[str, bytes], ...]:
        """The same as headers of a record."""
        said = ((TRACEPARENT, self.parent), (TRACESTATE, self.state))
        return tuple((name, value) for name, value in said if value)

    def carrier(self) -> Mapping[str, str]:
        """The same as OpenTelemetry's propagators read it."""
        return {name: value.decode("latin-1") for name, value in self.headers()}


def trace_context(headers: Headers) -> TraceContext | None:
    """What these headers say; None where they say nothing of that form.

    Of several headers of one name the last one counts, as everywhere in Kafka.

    >>> trace_context([("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")])
    TraceContext(parent=b'00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', state=b'')
    >>> trace_context([("traceparent", b"00-bread-and-butter-01")]) is None
    True
    """
    parent = state = b""
    for name, value in headers:
        if name == TRACEPARENT:
            parent = value or b""
        elif name == TRACESTATE:
            state = value or b""
    found = _FORM.match(parent)
    if found is None or not _ends_well(parent):
        return None
    return TraceContext(parent[: found.end()], state if len(state) <= STATE_BYTES_MAX else b"")


def unsampled(digits: str) -> TraceContext:
    """A context of a trace of which nothing is kept, by 48 hexadecimal digits of chance.

    >>> unsampled("0af7651916cd43dd8448eb211c80319cb7ad6b7169203331").parent
    b'00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
    """
    return TraceContext(f"00-{digits[:32]}-{digits[32:48]}-00".encode())


def _ends_well(parent: bytes) -> bool:
    """Version 00 has these fields and no more; a later one may add some, behind a dash."""
    rest = parent[_FIRST_VERSION_BYTES:]
    return not rest or (parent[:2] != b"00" and rest[:1] == b"-")
