"""`goeswith console`: web pages for operators and experimenters, until stopped."""

import asyncio
import os
from logging.config import dictConfig

import click
import uvicorn
from pydantic import ValidationError

from streams.cli.options import with_settings
from streams.cli.process.http_server import (
    INTERRUPTED,
    StoppableServer,
    address_of,
    listening,
    log_config,
    server_config,
)
from streams.cli.unknown_settings import refuse_unknown_settings
from streams.contract.settings import Settings
from streams.contract.wire.console import ConsoleSettings
from streams.operations.console.access import Door
from streams.operations.console.app import create_app
from streams.operations.console.watching.sources import Pollers

END_S_MAX = 3


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

    It reads and describes; operators set controls, too. docs/console.md says who may.
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
    with listening("console", settings.console_host, settings.console_port) as listener:
        dictConfig(log_config(settings.log_level, "kafka"))
        server = StoppableServer(config(app))
        token = f"?token={door.token}" if door.made else ""
        click.echo(f"goeswith console: http://{address_of(listener)}/{token}")
        if door.made:
            acts = f"http://{address_of(listener)}/?token={door.operator_token}"
            click.echo(f"to set controls, too: {acts}")
        await server.serve([listener])
    return server.interrupted


def config(app: object) -> uvicorn.Config:
    """How it is served."""
    return server_config(
        app,
        end_s_max=END_S_MAX,
        proxy_headers=False,  # who the peer is decides whom we believe
    )
