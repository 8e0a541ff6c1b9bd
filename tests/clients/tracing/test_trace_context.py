"""Trace context as the W3C writes it, and whatever else comes under its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.clients.tracing.trace_context import STATE_BYTES_MAX, TraceContext, trace_context

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{SPAN}-01".encode()
UNSAMPLED = f"00-{TRACE}-{SPAN}-00".encode()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(None, id="no value"),
        pytest.param(b"", id="an empty one"),
        pytest.param(SAMPLED[:-1], id="too short"),
        pytest.param(SAMPLED + b"0", id="too long"),
        pytest.param(SAMPLED + b"-what", id="more than version 00 has"),
        pytest.param(SAMPLED.upper(), id="capitals"),
        pytest.param(b"ff" + SAMPLED[2:], id="no version"),
        pytest.param(f"00-{'0' * 32}-{SPAN}-01".encode(), id="no trace"),
        pytest.param(f"00-{TRACE}-{'0' * 16}-01".encode(), id="no span"),
        pytest.param(SAMPLED.replace(b"-", b"_"), id="other dashes"),
    ],
)
def test_what_is_no_trace_context_says_nothing(said: bytes | None) -> None:
    """An event is not refused for it."""
    assert trace_context([("traceparent", said), ("tracestate", b"bakery=1")]) is None


def test_a_later_version_may_say_more_and_is_read_as_far_as_it_is_known() -> None:
    """Section 4.3: its first four fields mean what they mean now."""
    later = b"cc" + SAMPLED[2:]

    assert TraceContext(later) == trace_context([("traceparent", later + b"-more")])


def test_flags_beside_the_one_that_says_sampled_do_not_matter() -> None:
    """Of eight bits the last one counts."""
    flags = {b"00": False, b"01": True, b"02": False, b"03": True, b"fe": False, b"ff": True}
    told = {flag: trace_context([("traceparent", SAMPLED[:-2] + flag)]) for flag in flags}

    assert flags == {flag: context.is_sampled for flag, context in told.items() if context}


def test_the_last_header_of_a_name_counts_and_a_state_that_is_too_long_is_left_out() -> None:
    """As of everything else in the headers of a record."""
    both = [("traceparent", UNSAMPLED), ("tracestate", b"a=1"), ("traceparent", SAMPLED)]
    long = [("traceparent", SAMPLED), ("tracestate", b"a" * (STATE_BYTES_MAX + 1))]

    assert TraceContext(SAMPLED, b"a=1") == trace_context(both)
    assert TraceContext(SAMPLED) == trace_context(long)


@given(st.lists(st.tuples(st.sampled_from(["traceparent", "tracestate", "x"]), st.binary())))
def test_whatever_comes_is_read_and_what_is_handed_on_is_read_as_the_same(
    headers: list[tuple[str, bytes]],
) -> None:
    """No header of anybody's ends a worker."""
    context = trace_context([*headers, ("traceparent", SAMPLED)])

    assert context is not None
    assert context == trace_context(context.headers())
    assert trace_context(headers) in (None, trace_context(headers))
