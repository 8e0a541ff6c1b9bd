"""Addresses that operators give: of Kafka's brokers, and of workers' pages."""

import socket
from collections import deque
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from urllib.request import BaseHandler, OpenerDirector, ProxyHandler, build_opener

from streams.contract.errors import Misconfigured

PORT_MAX = 65_535
PORT_DIGITS_MAX = 5
OF_URLS = "/@?#"
"""What a URL has beside its host."""

_GIVEN: deque[int] = deque(maxlen=1_000)


def broker_addresses(bootstrap: str) -> list[tuple[str, int]]:
    """Host and port of each server; raises `Misconfigured`.

    >>> broker_addresses("127.0.0.1:9092, kafka:9093")
    [('127.0.0.1', 9092), ('kafka', 9093)]
    """
    addresses = []
    for address in filter(None, map(str.strip, bootstrap.split(","))):
        host, _, port = address.rpartition(":")
        if not (_is_host(host) and _is_port(port)):
            raise Misconfigured(
                f"{address!r} is no Kafka address: write host:port, without a scheme, several with "
                "commas between"
            )
        addresses.append((host, int(port)))
    if not addresses:
        raise Misconfigured("no Kafka address: set GOESWITH_KAFKA_BOOTSTRAP to host:port")
    return addresses


def bootstrap_servers(bootstrap: str) -> list[str]:
    """The same as clients want them: what is empty between commas is no address.

    >>> bootstrap_servers("127.0.0.1:1,,")
    ['127.0.0.1:1']
    """
    return [f"{host}:{port}" for host, port in broker_addresses(bootstrap)]


def free_port(host: str = "127.0.0.1") -> int:
    """A port of ours that is free now: where a zero is not taken, and programs share a machine.

    None is given twice while we run: a system may name a port again before its first taker binds
    it, as it did to a broker's two listeners.
    """
    while (port := _unbound_port(host)) in _GIVEN:
        continue
    _GIVEN.append(port)
    return port


def _unbound_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def open_page(url: str, timeout_s: float) -> Any:
    """A worker's page, open; on the loopback never through a proxy. Raises `OSError`."""
    return opener_for(url).open(url, timeout=timeout_s)


def opener_for(url: str, *handlers: type[BaseHandler]) -> OpenerDirector:
    """What opens a URL with these handlers: on the loopback never through a proxy."""
    return build_opener(*handlers, *([ProxyHandler({})] if is_loopback(url) else []))


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine by its loopback address.

    >>> is_loopback("http://127.0.0.1:6066/state"), is_loopback("http://worker-1:6066")
    (True, False)
    """
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    """Whether a resolver would take it: no empty label, none that is too long, and no URL."""
    try:
        host.strip("[]").encode("idna")
    except UnicodeError:
        return False
    return bool(host.strip("[]")) and not any(
        c.isspace() or not c.isprintable() or c in OF_URLS for c in host
    )


def _is_port(port: str) -> bool:
    return (
        port.isascii()
        and port.isdigit()
        and len(port) <= PORT_DIGITS_MAX
        and 0 < int(port) <= PORT_MAX
    )
