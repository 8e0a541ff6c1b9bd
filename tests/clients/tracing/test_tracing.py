"""Whether there is tracing, and where its spans go."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import ValidationError

from streams.clients.tracing.trace_context import trace_context
from streams.clients.tracing.tracing import Tracing, open_tracing
from streams.contract.errors import MissingExtra
from streams.contract.settings import Settings
from tests.clients.tracing.kept_spans import KeptSpans
from tests.clients.tracing.test_trace_context import SAMPLED, UNSAMPLED

TELLS = """
import sys
from streams.clients.tracing.tracing import open_tracing
from streams.contract.settings import Settings
tracing = open_tracing(Settings(trace_share=1, trace_endpoint=sys.argv[1]), "worker", "worker-7")
tracing.spans.begin("bake").end()
"""


class Collector(BaseHTTPRequestHandler):
    """Takes what is sent, and keeps it."""

    bodies: list[bytes]

    def do_POST(self) -> None:
        """Take an export."""
        self.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A collector's address, and what it was sent."""
    bodies: list[bytes] = []
    server = HTTPServer(("127.0.0.1", 0), type("Keeping", (Collector,), {"bodies": bodies}))
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", bodies
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def ends(endpoint: str) -> "subprocess.CompletedProcess[str]":
    """A program that makes a span and ends at once."""
    return subprocess.run(
        [sys.executable, "-c", TELLS, endpoint], capture_output=True, text=True, check=False
    )


def test_a_program_that_ends_sends_what_waits() -> None:
    """With the name of the program and of the instance, by which a trace says who was slow."""
    with collector() as (endpoint, bodies):
        ended = ends(endpoint)
    sent = b"".join(bodies)

    assert (0, "") == (ended.returncode, ended.stderr)
    for said in (b"goeswith-worker", b"worker-7", b"bake"):
        assert said in sent


def test_a_collector_that_is_not_there_fails_nobody() -> None:
    """Its spans are lost, and the log says so."""
    ended = ends("http://127.0.0.1:9/v1/traces")

    assert 0 == ended.returncode
    assert "export" in ended.stderr.lower()


def test_tracing_is_off_unless_it_is_asked_for() -> None:
    """And then there is nothing that anybody could ask."""
    assert open_tracing(Settings(), "worker") is None
    assert open_tracing(Settings(trace_endpoint="http://collector:4318"), "worker") is None


def test_who_lacks_the_packages_is_told_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, by the setting that needs them."""
    monkeypatch.delitem(sys.modules, "streams.clients.tracing.open_telemetry", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delattr("streams.clients.tracing.open_telemetry", raising=False)

    with pytest.raises(MissingExtra, match=r"TRACE_SHARE=0\.1 needs opentele.*'\.\[otel\]'"):
        open_tracing(Settings(trace_share=0.1), "worker")


@pytest.mark.parametrize(
    "endpoint", ["collector:4318", "ftp://x", "http://me:secret@x/", "http://"]
)
def test_an_endpoint_is_an_address_without_a_password(endpoint: str) -> None:
    """It would be in `/state`; OpenTelemetry's own variable for headers is the place."""
    with pytest.raises(ValidationError):
        Settings(trace_endpoint=endpoint)


def test_the_share_is_that_of_events_which_say_nothing() -> None:
    """Those that say something are believed, whatever the share."""
    draws = iter([0.09, 0.1, 0.11])
    tracing = Tracing(KeptSpans().tracing.spans, share=0.1, draw=lambda: next(draws))

    assert [True, False, False] == [tracing.is_sampled(None) for _ in range(3)]
    assert tracing.is_sampled(trace_context([("traceparent", SAMPLED)]))
    assert not tracing.is_sampled(trace_context([("traceparent", UNSAMPLED)]))


def test_where_the_sdk_is_switched_off_nothing_is_said_of_a_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By OpenTelemetry's own variable, which platforms set for all programs."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    spans = KeptSpans().tracing.spans

    assert spans.context(spans.begin("bake")) is None
