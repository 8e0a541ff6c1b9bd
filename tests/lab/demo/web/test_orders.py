"""The shop's server tells the gateway what was ordered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from streams.contract.settings import Settings
from streams.lab.demo.web.orders import CannotOrder, tell

SETTINGS = Settings(gateway_keys=SecretStr("no secret at all and long enough for one"))


class Gateway(HTTPServer):
    """Takes one order, and keeps what it was told."""

    told: bytes = b""

    class Answering(BaseHTTPRequestHandler):
        """Of each request."""

        server: "Gateway"

        def do_POST(self) -> None:
            """Keep what is told."""
            self.server.told = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), self.Answering)


@contextmanager
def gateway() -> Iterator[tuple[Gateway, str]]:
    """One that answers once, and its address."""
    with Gateway() as server:
        answering = Thread(target=server.handle_request)
        answering.start()
        yield server, f"http://127.0.0.1:{server.server_port}"
        answering.join()


def test_an_order_reaches_the_gateway_whatever_proxy_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The gateway is on this machine: a company's proxy does not find it."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with gateway() as (server, address):
        tell(address, SETTINGS, {"order_id": "order-1"})

    assert [{"order_id": "order-1"}] == json.loads(server.told)


def test_a_gateway_that_is_away_is_an_error_that_the_page_can_show() -> None:
    """The shopper may try again."""
    with pytest.raises(CannotOrder, match="did not take the order"):
        tell("http://127.0.0.1:1", SETTINGS, {})
