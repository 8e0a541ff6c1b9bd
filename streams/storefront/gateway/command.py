"""`goeswith gateway`: events in and prompts out over HTTP, until stopped."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from logging.config import dictConfig
from typing import Any

import click
import uvicorn

from streams.cli.options import with_settings
from streams.cli.unknown_settings import refuse_unknown_settings
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings
from streams.storefront.gateway.access.slow_readers import PatientProtocol
from streams.storefront.gateway.app import create_app
from streams.storefront.gateway.bus.kafka_bus import KafkaBus
from streams.storefront.gateway.gateway import Gateway

END_S_MAX = 5
"""So long requests may take to end; streams end at once."""
BACKLOG = 2048
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


class GatewayServer(uvicorn.Server):
    """A server that ends in order at SIGTERM and Ctrl-C: its streams end first."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self.gateway = gateway
        self.interrupted = False

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
        self.gateway.close_streams()
        self.should_exit = True


@click.command()
@with_settings("bootstrap", "prefix", "redis")
@click.option("--host", metavar="ADDRESS", help="Listen there. [env: GOESWITH_GATEWAY_HOST]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Listen there; 0: any free port. [env: GOESWITH_GATEWAY_PORT]",
)
def gateway(settings: Settings, host: str | None, port: int | None) -> None:
    """Take events and hand on prompts over HTTP, until stopped.

    Needs GOESWITH_GATEWAY_KEYS. Any number may run behind any balancer: none keeps anything.
    """
    refuse_unknown_settings(os.environ)
    given = {"gateway_host": host, "gateway_port": port}
    update = {name: value for name, value in given.items() if value is not None}
    if asyncio.run(serve(settings.model_copy(update=update))):
        raise click.exceptions.Exit(INTERRUPTED)


async def serve(settings: Settings) -> bool:
    """Serve until stopped; whether that was by Ctrl-C. Raises what is wrong at the start."""
    bus = KafkaBus(settings)
    app = create_app(settings, bus)
    with listening(settings.gateway_host, settings.gateway_port) as socket_:
        dictConfig(log_config(settings.log_level))
        try:
            await bus.start()  # here, so that what is wrong is said in one line
            server = GatewayServer(config(settings, app), app.state.gateway)
            host, port = socket_.getsockname()[:2]
            where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            click.echo(f"goeswith gateway: http://{where}, description at /openapi.json")
            await server.serve([socket_])
        finally:
            await bus.stop()
    return server.interrupted


def config(settings: Settings, app: object) -> uvicorn.Config:
    """How it is served: without a log of addresses, which may hold tokens."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # it is one
        http=partial(PatientProtocol, write_s=settings.gateway_write_s),  # type: ignore[arg-type]
        access_log=False,
        log_config=None,  # there is one by now
        server_header=False,
        ws="none",
        proxy_headers=True,
        forwarded_allow_ips=settings.gateway_proxies,
        timeout_graceful_shutdown=END_S_MAX,
    )


def log_config(level: str) -> dict[str, Any]:
    """Logs on standard error; aiokafka, which repeats itself twice a second, where one looks."""
    name = {"warn": "WARNING"}.get(level, level.upper())
    of_aiokafka = name if level in ("debug", "info") else "CRITICAL"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": name, "handlers": ["stderr"]},
        "loggers": {
            "aiokafka": {"level": of_aiokafka},
            "uvicorn.error": {"level": "ERROR"},  # whoever sends what is no HTTP fills no log
        },
    }


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there; raises `Misconfigured` where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Misconfigured(
            f"the gateway cannot listen at {host}, port {port}: {error.strerror or error}; set "
            "GOESWITH_GATEWAY_HOST or GOESWITH_GATEWAY_PORT"
        ) from error
    with made:
        made.setblocking(False)
        yield made
