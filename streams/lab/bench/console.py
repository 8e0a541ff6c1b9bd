"""What benchmarks on a broker of one's own have in common in the terminal."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console

bootstrap_option = click.option(
    "--bootstrap",
    metavar="HOST:PORT",
    default="127.0.0.1:9092",
    show_default=True,
    envvar="GOESWITH_KAFKA_BOOTSTRAP",
    help="A real Kafka; topics of their own are made there, and deleted afterwards.",
)


@contextmanager
def saying() -> Iterator[Callable[[str], None]]:
    """Says on standard error what is being measured."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics elect; errors are raised
    console = Console(stderr=True, highlight=False)
    with console.status("starting") as status:

        def say(what: str) -> None:
            status.update(what)
            console.print(f"measuring: {what}")

        yield say
