"""Workers' pages as they are: ready, not ready, and what answers there instead."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from streams.operations.console.watching.workers import look_at, worker_looks

STATE = b'{"worker": "worker-1", "telemetry": {"answered": 3}, "assigned": [1], "more": {}}'


class Page(BaseHTTPRequestHandler):
    """Says what it is told to."""

    said: ClassVar[dict[str, tuple[int, bytes]]] = {}

    def do_GET(self) -> None:
        """Answer."""
        status, body = self.said[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not here."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where a worker's page is."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_worker_that_is_not_ready_is_read_all_the_same(address: str) -> None:
    """Its page has a status that is no success."""
    reasons = b'{"ready": false, "reasons": ["folding the log"], "notes": []}'
    Page.said = {"/readyz": (503, reasons), "/state": (200, STATE)}
    seen = look_at(address)

    assert not seen.ready
    assert seen.readiness is not None
    assert ("folding the log",) == seen.readiness.reasons
    assert "worker-1" == seen.name


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"ready": "x"}', b"\xff" * 9])
def test_what_is_no_worker_is_said_to_be_none(address: str, body: bytes) -> None:
    """Whatever it says."""
    Page.said = {"/readyz": (200, body), "/state": (200, body)}

    assert "no worker of goeswith" in look_at(address).trouble


def test_who_does_not_answer_is_named_by_the_address() -> None:
    """Beside those who do."""
    with worker_looks(["http://127.0.0.1:1"])() as look:
        (seen,) = look()

    assert "http://127.0.0.1:1" == seen.name
    assert "it does not answer" in seen.trouble
