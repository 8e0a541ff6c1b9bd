"""The worker process: `faust -A streams.worker worker`, or `goeswith worker`.

Settings come from the environment (`GOESWITH_…`). SIGTERM finishes the rounds under way, waits for
the broker to have their answers, commits, and exits with 0. A worker that fails exits with 1, so
that whatever supervises it starts the next one; under the same name, within the session timeout,
the other workers notice nothing. What only an operator can mend exits with 2. Under `faust` nothing
takes name and port beforehand (`streams.worker.running.claims`), nor is there a keeper.
"""

import asyncio
import gc
import logging
import os
import threading
from typing import Any

import click
from faust.worker import Worker

from models.warm import warm
from streams.cli.options import read_settings
from streams.cli.unknown_settings import refuse_unknown_settings
from streams.clients.checkpoints.store import open_store
from streams.contract.errors import Misconfigured
from streams.contract.secret_keys import stretch
from streams.contract.settings import Settings
from streams.views.writer import RedisViews
from streams.worker.running.claims import claim
from streams.worker.running.crash_lines import CrashLines
from streams.worker.telemetry import Telemetry
from streams.worker.topology import App, create_app

EXIT_FAILED = 1
EXIT_MISCONFIGURED = 2
GARBAGE_THRESHOLDS = (50_000, 50, 100)
"""Objects made between collections, by generation. A shop is millions of small objects that live on
and hold no cycles; at Python's own (700, 10, 10) a quarter of all time went into them."""
CLEAN_UP_S_MAX = 30.0
"""So long a worker that has failed may take to end in order."""


class PunctualWorker(Worker):
    """Ends even if something waits for a thread that has died: a zombie would not be replaced."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spinner = None  # it draws into the log, and makes every library build its debug lines

    async def _sentinel_task(self) -> None:
        """What is cancelled gets a turn of the loop to end, not a second: others wait for us."""
        await asyncio.sleep(0)

    def on_setup_root_logger(self, logger: logging.Logger, level: int) -> None:
        """What we have a name for is said in one line."""
        super().on_setup_root_logger(logger, level)
        for handler in logger.handlers:
            handler.addFilter(CrashLines())

    def on_worker_shutdown(self) -> None:
        """The worker has failed, or is done: from here on the clock runs."""
        super().on_worker_shutdown()
        code = EXIT_FAILED if self.crash_reason else 0
        late = threading.Timer(CLEAN_UP_S_MAX, os._exit, (code,))
        late.daemon = True
        late.start()


def worker_app(settings: Settings) -> App:
    """The app with its views and checkpoints, where the settings name a place for them."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    warm(ranker=settings.best_fit)
    stretch(settings.receipt_secret.get_secret_value())
    telemetry = Telemetry()
    views = RedisViews(settings, telemetry.snapshot) if settings.redis_url else None
    store = open_store(settings)
    app = create_app(settings, telemetry=telemetry, views=views, store=store)
    app.conf.Worker = PunctualWorker  # type: ignore[assignment]  # Faust calls it a special form
    return app


def run(settings: Settings) -> int:
    """Run a worker until it is told to stop; returns the exit code of the process.

    Raises `Misconfigured` for what shows before it starts.
    """
    claimed = claim(settings)  # held until this process ends
    try:
        app = worker_app(settings)
        page = f"http://{app.conf.web_host}:{app.conf.web_port}/state"
        click.echo(f"goeswith: {settings.worker_name} has its page: {page}", err=True)
        worker = app.Worker(loglevel=settings.log_level, redirect_stdouts=False)
        worker.execute_from_commandline()
    except SystemExit as ended:
        if isinstance(ended.__context__, Misconfigured):
            return EXIT_MISCONFIGURED
        return int(ended.code or 0)
    finally:
        if claimed is not None:
            claimed.close()


def __getattr__(name: str) -> Any:
    """`app` for `faust -A streams.worker`, made from the environment when it is first asked for."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    refuse_unknown_settings(os.environ)
    globals()["app"] = app = worker_app(read_settings())
    return app
