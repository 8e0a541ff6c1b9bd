"""Slow clients: who does not read what was sent, or does not ask, is hung up, and keeps no place.

What waits for a reader is bounded twice: by the system's buffer and by the transport's, which stops
the response once it is full. Without an end to that, whoever opens streams and never reads them
would hold their places for as long as he likes. So a connection whose full buffer has not become
smaller for `gateway_write_s` is aborted. A reader whose network is gone answers nothing at all:
that is noticed by the system, within the same time (`TCP_USER_TIMEOUT`, RFC 5482).

Who connects, or sends something after a response, has as long to have asked: uvicorn waits for so
little as a first byte, and for the rest of a header, without an end.

Parsed is by llhttp, Node's parser (`httptools`): h11, in Python, took a fifth of what a post costs.
Of two things h11 is kept, or held to. Who asks for an upgrade, such as Java's own client in the
clear (`Upgrade: h2c`), may be ignored (RFC 9110, 7.8), and is: but llhttp leaves the body of such a
request to the next protocol, and where there is none would read it as a request. So h11 serves
these; and what llhttp takes for an upgrade all the same is refused. And a head has a bound.
"""

import asyncio
import re
import socket
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 65_536
"""Of a head that does not end: as h11 has it."""
UPGRADE = re.compile(rb"\r\nupgrade[ \t]*:", re.IGNORECASE)


class Patience(asyncio.Protocol):
    """Of a protocol of uvicorn's: one client may be slow for `write_s` seconds, and no longer."""

    if TYPE_CHECKING:
        cycle: Any
        loop: asyncio.AbstractEventLoop
        transport: asyncio.Transport

    def __init__(self, *args: Any, write_s: float, **more: Any) -> None:
        super().__init__(*args, **more)
        self.write_s = write_s
        self._look: asyncio.TimerHandle | None = None
        self._asked_by: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Serve this client from now on."""
        super().connection_made(transport)
        bound_unanswered(transport.get_extra_info("socket"), self.write_s)
        self._wait_for_a_request()

    def data_received(self, data: bytes) -> None:
        """A piece of a request came, or all of it."""
        super().data_received(data)
        self._wait_for_a_request()

    def pause_writing(self) -> None:
        """The buffer is full: it has so long to become smaller."""
        super().pause_writing()
        self._look_again(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """There is room again."""
        self._stop_looking()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_looking()
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_a_request(self) -> None:
        """Let it come within the time that began with its first piece."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._asked_by is None and not self.transport.is_closing():
            self._asked_by = self.loop.call_later(self.write_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._asked_by is not None:
            self._asked_by.cancel()
            self._asked_by = None

    def _look_again(self, waiting: int) -> None:
        self._look = self.loop.call_later(self.write_s, self._looked, waiting)

    def _looked(self, waited: int) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting < waited:
            self._look_again(waiting)
        else:
            self.transport.abort()

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None


class PatientH11(Patience, H11Protocol):
    """HTTP/1.1 to one client who has asked for another protocol."""


class PatientProtocol(Patience, HttpToolsProtocol):
    """HTTP/1.1 to one client, as all are served."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._in_head = False
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """A piece of a request came, or all of it."""
        if b"pgrade" in data and self._is_idle() and UPGRADE.search(data):
            self._hand_over(data)
            return
        was_in_head = self._in_head
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if was_in_head and self._in_head else 0
        if self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is there; raises `ValueError`, which is 400, for an upgrade."""
        self._in_head = False
        if self.parser.should_upgrade():
            raise ValueError("this is no upgrade that h11 would have been given")
        super().on_headers_complete()

    def _is_idle(self) -> bool:
        """Whether what comes is the beginning of a request, and the only one."""
        return not self._in_head and (self.cycle is None or self.cycle.response_complete)

    def _hand_over(self, data: bytes) -> None:
        """Let h11 serve this connection from now on."""
        self._stop_waiting()
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        other = PatientH11(
            self.config, self.server_state, self.app_state, self.loop, write_s=self.write_s
        )
        other.connection_made(self.transport)
        self.transport.set_protocol(other)
        other.data_received(data)


def bound_unanswered(connection: Any, write_s: float) -> None:
    """Let the system end a connection whose other side is silent for so long, where it can."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, option, int(write_s * 1000))
