"""Slow clients: who does not read what was sent, or does not ask, is hung up, and keeps no place.

What waits for a reader is bounded twice: by the system's buffer and by the transport's, which stops
the response once it is full. Without an end to that, whoever opens streams and never reads them
would hold their places for as long as he likes. So a connection whose full buffer has not become
smaller for `gateway_write_s` is aborted. A reader whose network is gone answers nothing at all:
that is noticed by the system, within the same time (`TCP_USER_TIMEOUT`, RFC 5482).

Who connects, or sends something after a response, has as long to have asked: uvicorn waits for so
little as a first byte, and for the rest of a header, without an end.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """HTTP/1.1 to one client, who may be slow to read for `write_s` seconds, and no longer."""

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


def bound_unanswered(connection: Any, write_s: float) -> None:
    """Let the system end a connection whose other side is silent for so long, where it can."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, option, int(write_s * 1000))
