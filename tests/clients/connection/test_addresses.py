"""Workers' pages are asked for, past any proxy where they are on this machine."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from streams.clients.async_kafka import client_options
from streams.clients.connection.addresses import (
    bootstrap_servers,
    broker_addresses,
    free_port,
    is_loopback,
    open_page,
)
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings

LONG = f"{'a' * 64}:9092"


class Page(BaseHTTPRequestHandler):
    """Says what it was asked for."""

    def do_GET(self) -> None:
        """Answer; a proxy would be asked for a whole URL."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_page_on_the_loopback_is_not_asked_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A proxy elsewhere has a loopback of its own."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        with open_page(f"http://127.0.0.1:{server.server_port}/state", 5.0) as page:
            said = page.read()
        answering.join()

    assert b"/state" == said


def test_other_machines_are_not_the_loopback() -> None:
    """By name or number, whatever they are called."""
    assert is_loopback("http://localhost:6066")
    assert is_loopback("http://[::1]:6066/state")
    assert not is_loopback("http://127.0.0.1.example.com/")
    assert not is_loopback("http://192.0.2.7:6066")


def test_no_free_port_is_given_twice() -> None:
    """A broker's two listeners had one: of five hundred, some four come again by chance."""
    ports = [free_port() for _ in range(500)]

    assert len(set(ports)) == len(ports)


@pytest.mark.parametrize(
    "bootstrap",
    [
        "",
        ",",
        "bread",
        "a..b:9092",
        ":9092",
        "kafka:0",
        "kafka:65536",
        "kafka:٣",
        "ka fka:9092",
        LONG,
        "http://kafka:9092",
        "kafka:9092,PLAINTEXT://kafka:9092",
        "ann@kafka:9092",
        f"kafka:{'1' * 5000}",
    ],
)
def test_what_is_no_address_of_a_broker_is_refused(bootstrap: str) -> None:
    """Before a resolver or a client sees it."""
    with pytest.raises(Misconfigured):
        broker_addresses(bootstrap)


def test_no_client_is_given_an_address_that_is_empty() -> None:
    """kafka-python makes a port of it, without a host; both clients get the same."""
    there = Settings(kafka_bootstrap="127.0.0.1:1,, ,[::1]:2,")
    servers = ["127.0.0.1:1", "[::1]:2"]

    assert servers == bootstrap_servers(there.kafka_bootstrap)
    assert servers == client_options(there)["bootstrap_servers"]


def test_addresses_of_version_six_are_taken() -> None:
    """In their brackets."""
    assert [("[::1]", 9092)] == broker_addresses("[::1]:9092")
