"""A web server that a command runs until it is stopped: gateway and console, by uvicorn.

Needs an extra that has uvicorn: who imports this is loaded when it is asked for.
"""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from streams.contract.errors import Misconfigured

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


class StoppableServer(uvicorn.Server):
    """A server that ends in order at SIGTERM and Ctrl-C; `ending` is called first."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], object] | None = None) -> None:
        super().__init__(config)
        self.ending = ending
        self.interrupted = False
        """Whether it was Ctrl-C."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals that end it, for the length of the block."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for each in signals:
            loop.add_signal_handler(each, self._end, each)
        try:
            yield
        finally:
            for each in signals:
                loop.remove_signal_handler(each)

    def _end(self, by: signal.Signals) -> None:
        self.interrupted = by == signal.SIGINT
        if self.ending is not None:
            self.ending()
        self.should_exit = True


def server_config(app: object, *, end_s_max: int, **more: Any) -> uvicorn.Config:
    """How it is served: without a log of addresses, which may hold tokens."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # it is one
        access_log=False,
        log_config=None,  # there is one by now
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=end_s_max,
        **more,
    )


def log_config(level: str, client: str) -> dict[str, Any]:
    """Logs on standard error; the Kafka client's, which repeat themselves, where one looks."""
    name = {"warn": "WARNING"}.get(level, level.upper())
    of_client = name if level in ("debug", "info") else "CRITICAL"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": name, "handlers": ["stderr"]},
        "loggers": {
            client: {"level": of_client},
            "uvicorn.error": {"level": "ERROR"},  # whoever sends what is no HTTP fills no log
        },
    }


@contextmanager
def listening(
    program: str, host: str, port: int, backlog: int | None = None
) -> Iterator[socket.socket]:
    """A socket that listens there; raises `Misconfigured` where it cannot.

    What it accepts sends at once (TCP_NODELAY, inherited). asyncio sees to that only for sockets
    that say their protocol, which those of `create_server` do not: an answer in two pieces would
    wait 40 ms for the reader's delayed acknowledgement of the first (RFC 896, RFC 1122 4.2.3.2).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=backlog)
    except OSError as error:
        setting = f"GOESWITH_{program.upper()}"
        raise Misconfigured(
            f"the {program} cannot listen at {host}, port {port}: {error.strerror or error}; set "
            f"{setting}_HOST or {setting}_PORT"
        ) from error
    with made:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setblocking(False)
        yield made


def address_of(listener: socket.socket) -> str:
    """Where it listens, as in a URL."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
