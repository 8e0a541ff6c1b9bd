"""`goeswith worker`: one worker process, kept alive if asked to."""

import os
from functools import partial

import click

from streams.cli.options import with_settings
from streams.cli.unknown_settings import refuse_unknown_settings
from streams.contract.secrets.secret_keys import stretch
from streams.contract.settings import Settings
from streams.worker.running.keeper import Keeper


@click.command()
@with_settings("bootstrap", "prefix", "group", "name", "redis")
@click.option(
    "--keep", is_flag=True, help="Start it again, at once, whenever it is killed or fails."
)
def worker(settings: Settings, keep: bool) -> None:
    """Answer events with prompts, until stopped.

    Needs GOESWITH_RECEIPT_SECRET. Each worker needs a name of its own, and keeps it: restarted
    under the same name it goes on at once.
    """
    refuse_unknown_settings(os.environ)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a worker is one core: others only spin
    # What is compiled, and Faust, are loaded where a worker runs.
    from models.warm import warm  # noqa: PLC0415
    from streams.worker.running.process import run  # noqa: PLC0415

    warm(ranker=settings.best_fit)  # before a keeper forks: its workers have it all
    stretch(settings.receipt_secret.get_secret_value())
    code = Keeper(partial(run, settings)).run() if keep else run(settings)
    raise click.exceptions.Exit(code)
