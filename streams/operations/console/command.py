"""`goeswith console`: web pages for operators and experimenters, until stopped."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from logging.config import dictConfig
from typing import Any

import click
import uvicorn
from pydantic import ValidationError

from streams.cli.options import with_settings
from streams.cli.unknown_settings import refuse_unknown_settings
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings
from streams.contract.wire.console import ConsoleSettings
from streams.operations.console.access import Door
from streams.operations.console.app import create_app
from streams.operations.console.watching.sources import Pollers

END_S_MAX = 3
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


class ConsoleServer(uvicorn.Server):
    """A server that ends in order at SIGTERM and Ctrl-C."""

    interrupted = False

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
        self.should_exit = True


@click.command()
@with_settings("bootstrap", "prefix", "group", "redis")
@click.option("--host", metavar="ADDRESS", help="Listen there. [env: GOESWITH_CONSOLE_HOST]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Listen there; 0: any free one. [env: GOESWITH_CONSOLE_PORT]",
)
@click.option(
    "--workers",
    metavar="URLS",
    help="The workers' pages, with commas between. [env: GOESWITH_CONSOLE_WORKERS]",
)
def console(settings: Settings, host: str | None, port: int | None, workers: str | None) -> None:
    """Show lag, experiments, prompts and workers on web pages, until stopped.

    It reads and describes alone, and commits nothing: docs/console.md says who may look.
    """
    refuse_unknown_settings(os.environ)
    given = {"console_host": host, "console_port": port, "console_workers": workers}
    checked(workers)
    update = {name: value for name, value in given.items() if value is not None}
    if asyncio.run(serve(settings.model_copy(update=update))):
        raise click.exceptions.Exit(INTERRUPTED)


def checked(pages: str | None) -> None:
    """Raises `BadParameter` for what are no addresses of workers' pages."""
    try:
        ConsoleSettings(console_workers=pages or "")
    except ValidationError as error:
        raise click.BadParameter(error.errors()[0]["msg"], param_hint="--workers") from None


async def serve(settings: Settings) -> bool:
    """Serve until stopped; whether that was by Ctrl-C. Raises what is wrong at the start."""
    door = Door(settings)
    app = create_app(settings, Pollers.of(settings), door)
    with listening(settings.console_host, settings.console_port) as socket_:
        dictConfig(log_config(settings.log_level))
        server = ConsoleServer(config(app))
        host, port = socket_.getsockname()[:2]
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        token = f"?token={door.token}" if door.made else ""
        click.echo(f"goeswith console: http://{where}/{token}")
        await server.serve([socket_])
    return server.interrupted


def config(app: object) -> uvicorn.Config:
    """How it is served: without a log of addresses, which may hold a token."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # it is one
        access_log=False,
        log_config=None,  # there is one by now
        server_header=False,
        ws="none",
        proxy_headers=False,  # who the peer is decides whom we believe
        timeout_graceful_shutdown=END_S_MAX,
    )


def log_config(level: str) -> dict[str, Any]:
    """Logs on standard error; the clients', which repeat themselves, where one looks for them."""
    name = {"warn": "WARNING"}.get(level, level.upper())
    of_clients = name if level in ("debug", "info") else "CRITICAL"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": name, "handlers": ["stderr"]},
        "loggers": {"kafka": {"level": of_clients}, "uvicorn.error": {"level": "ERROR"}},
    }


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there; raises `Misconfigured` where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family)
    except OSError as error:
        raise Misconfigured(
            f"the console cannot listen at {host}, port {port}: {error.strerror or error}; set "
            "GOESWITH_CONSOLE_HOST or GOESWITH_CONSOLE_PORT"
        ) from error
    with made:
        made.setblocking(False)
        yield made
