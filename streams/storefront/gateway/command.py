"""`goeswith gateway`: events in and prompts out over HTTP, until stopped."""

import os
from functools import partial
from logging.config import dictConfig

import click
import uvicorn
import uvloop

from streams.cli.options import with_settings
from streams.cli.process import young_garbage
from streams.cli.process.http_server import (
    INTERRUPTED,
    StoppableServer,
    address_of,
    listening,
    log_config,
    server_config,
)
from streams.cli.unknown_settings import refuse_unknown_settings
from streams.clients.tracing.tracing import open_tracing
from streams.contract.settings import Settings
from streams.storefront.gateway.access.slow_readers import PatientProtocol
from streams.storefront.gateway.app import create_app
from streams.storefront.gateway.bus.kafka_bus import KafkaBus
from streams.storefront.gateway.bus.traced import handing_over

END_S_MAX = 5
"""So long requests may take to end; streams end at once."""
BACKLOG = 2048


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
    if uvloop.run(serve(settings.model_copy(update=update))):
        raise click.exceptions.Exit(INTERRUPTED)


async def serve(settings: Settings) -> bool:
    """Serve until stopped; whether that was by Ctrl-C. Raises what is wrong at the start."""
    young_garbage.rarely_by_count()
    tracing = open_tracing(settings, "gateway")
    bus = KafkaBus(settings, None if tracing is None else handing_over(tracing))
    app = create_app(settings, bus, tracing=tracing)
    where = (settings.gateway_host, settings.gateway_port)
    with listening("gateway", *where, backlog=BACKLOG) as listener:
        dictConfig(log_config(settings.log_level, "aiokafka"))
        try:
            await bus.start()  # here, so that what is wrong is said in one line
            server = StoppableServer(config(settings, app), app.state.gateway.close_streams)
            said = f"http://{address_of(listener)}, description at /openapi.json"
            click.echo(f"goeswith gateway: {said}")
            await server.serve([listener])
        finally:
            await bus.stop()
    return server.interrupted


def config(settings: Settings, app: object) -> uvicorn.Config:
    """How it is served."""
    return server_config(
        app,
        end_s_max=END_S_MAX,
        http=partial(PatientProtocol, write_s=settings.gateway_write_s),
        proxy_headers=True,
        forwarded_allow_ips=settings.gateway_proxies,
    )
