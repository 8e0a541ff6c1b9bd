"""The sockets that gateway and console listen on."""

import socket

from streams.cli.process.http_server import address_of, listening


def test_what_is_accepted_sends_at_once() -> None:
    """An answer in two pieces would wait for the reader's delayed acknowledgement: 40 ms."""
    with listening("gateway", "127.0.0.1", 0) as listener:
        listener.setblocking(True)
        host, _, port = address_of(listener).rpartition(":")
        with socket.create_connection((host, int(port))):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
