"""`goeswith demo`, a whole shop on this machine, and `goeswith simulate`, its shoppers alone."""

import asyncio
import importlib
import json
import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from streams.cli.options import FiniteRange, with_settings
from streams.clients.sync_kafka import open_admin, partition_count
from streams.contract.errors import GoeswithError, MissingExtra
from streams.contract.settings import Settings
from streams.lab.demo.run import DRAINED_NOT, Ended, SimulationOptions, run
from streams.lab.demo.shops.assortment import SHOPS, assortment
from streams.lab.demo.shops.catalogue import RELATED, catalog_records
from streams.lab.demo.view import View, summary
from streams.lab.embedded.installation import Installation, installed

OPTIONS = (
    click.option(
        "--rate",
        "rate_per_s",
        type=FiniteRange(1, 5_000),
        default=150.0,
        show_default=True,
        metavar="N",
        help="Events in a second, feedback included.",
    ),
    click.option(
        "--shoppers",
        type=click.IntRange(0, 100_000),
        default=400,
        show_default=True,
        help="How many come again and again.",
    ),
    click.option(
        "--shop",
        "shop_name",
        type=click.Choice(SHOPS),
        default=SHOPS[0],
        show_default=True,
        help="What is sold, and what goes with what.",
    ),
    click.option("--seed", default=1, show_default=True, help="Other shoppers for another seed."),
    click.option("--seconds", type=FiniteRange(min=1), help="Stop after so long."),
    click.option("--json", "as_json", is_flag=True, help="End with one JSON object."),
)


logging.getLogger("aiokafka").addHandler(logging.NullHandler())
# No lines of log across a screen that lives: what matters is raised, and said in one line.


def about_shoppers(command: Callable[..., None]) -> Callable[..., None]:
    """The options about the shoppers, which both commands take."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command()
@about_shoppers
@click.option("--bootstrap", metavar="HOST:PORT", help="A real Kafka instead of the embedded one.")
@click.option("--web", is_flag=True, help="Open the shop in a browser, with gateway and console.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any free one",
    help="With --web: where the shop listens, on the loopback.",
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the last screen to it, as SVG.",
)
def demo(
    bootstrap: str | None, web: bool, port: int, picture: Path | None, as_json: bool, **options: Any
) -> None:
    """A whole shop on this machine: broker, Redis, a worker, and shoppers with a known truth.

    Ctrl-C ends it. With --bootstrap topics and group are the demo's own (goeswith-demo.*).
    """
    view = View(Console(stderr=as_json))
    asked = SimulationOptions(**options)
    catalogue = catalog_records(assortment(asked.shop_name))
    pages = _pages() if web else None
    more = RELATED | ({} if pages is None else pages.PATIENT)
    with ExitStack() as stack:
        here = stack.enter_context(installed(bootstrap, view.say, catalogue, more))
        stage = None
        if pages is not None:
            stage = stack.enter_context(pages.staged(here, port, view.say))
        else:
            view.say("to see the shop in a browser: goeswith demo --web")
        ended = asyncio.run(run(here, asked, view, stage))
    if picture is not None:
        picture.write_text(view.picture())
    _tell(ended, view, as_json)


@click.command()
@with_settings("bootstrap", "prefix", "group")
@about_shoppers
def simulate(settings: Settings, as_json: bool, **options: Any) -> None:
    """Shoppers with a known truth, sent to a Kafka where goeswith runs.

    They act on the prompts that come back. The topics must be there (`goeswith topics create`).
    """
    view = View(Console(stderr=as_json))
    view.say(f"sending shoppers to {settings.topics.events} at {settings.kafka_bootstrap}")
    with open_admin(settings) as admin:
        partitions = partition_count(admin, settings.topics.events, settings)
    here = Installation(settings.model_copy(update={"partitions": partitions}), worker=None)
    _tell(asyncio.run(run(here, SimulationOptions(**options), view)), view, as_json)


def _pages() -> Any:
    """What serves the shop; raises `MissingExtra` where its packages are not installed."""
    try:
        return importlib.import_module("streams.lab.demo.web.stage")
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] in ("streams", "models"):
            raise
        raise MissingExtra(
            f"`goeswith demo --web` needs {missing.name}, which is not installed: "
            "run `pip install '.[demo,gateway,console]'` in a checkout of goeswith"
        ) from missing


def _tell(ended: Ended, view: View, as_json: bool) -> None:
    """The end of the story; raises `GoeswithError` when events were left unanswered."""
    view.say(summary(ended.overview))
    if as_json:
        click.echo(json.dumps(ended.overview.to_json()))
    if not ended.drained:
        raise GoeswithError(DRAINED_NOT)
