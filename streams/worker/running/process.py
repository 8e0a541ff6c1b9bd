"""The worker process: `faust -A streams.worker worker`, or `goeswith worker`.

Settings come from the environment (`GOESWITH_…`). SIGTERM finishes the rounds under way, waits for
the broker to have their answers, commits, and exits with 0. A worker that fails exits with 1, so
that whatever supervises it starts the next one; under the same name, within the session timeout,
the other workers notice nothing. What only an operator can mend is one line, and exits with 2. Both
ways take name and port beforehand (`streams.worker.running.claims`); under `faust` there is no
keeper.
"""

import asyncio
import logging
import os
import threading
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NoReturn, cast

import click
from faust.worker import Worker

from models.warm import warm
from streams.cli.options import read_settings
from streams.cli.process import young_garbage
from streams.cli.root import Failed
from streams.cli.unknown_settings import refuse_unknown_settings
from streams.clients.checkpoints.store import open_store
from streams.clients.tracing.tracing import open_tracing
from streams.contract.errors import GoeswithError, Misconfigured
from streams.contract.secrets.secret_keys import stretch
from streams.contract.settings import Settings
from streams.shop.checkpoint import keys_of
from streams.views.writer import RedisViews
from streams.worker.health.metrics.page import show_metrics
from streams.worker.running.claims import claim
from streams.worker.running.crash_lines import CrashLines
from streams.worker.running.start_checks import check_start
from streams.worker.telemetry import Telemetry
from streams.worker.topology import App, create_app
from streams.worker.transport.transport import Transport

EXIT_FAILED = 1
EXIT_MISCONFIGURED = 2
CLEAN_UP_S_MAX = 30.0
"""So long a worker that has failed may take to end in order."""


class PunctualWorker(Worker):
    """Ends even if something waits for a thread that has died: a zombie would not be replaced.

    `claiming`: the settings by which it takes name and port itself, where nobody has done so.
    """

    def __init__(self, *args: Any, claiming: Settings | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._claiming = claiming
        self.spinner = None  # it draws into the log, and makes every library build its debug lines

    async def _sentinel_task(self) -> None:
        """What is cancelled gets a turn of the loop to end, not a second: others wait for us."""
        await asyncio.sleep(0)

    def on_setup_root_logger(self, logger: logging.Logger, level: int) -> None:
        """What we have a name for is said in one line."""
        super().on_setup_root_logger(logger, level)
        for handler in logger.handlers:
            handler.addFilter(CrashLines())

    def execute_from_commandline(self) -> NoReturn:
        """Run to the exit code of the process."""
        try:
            with self._claimed():
                super().execute_from_commandline()
        except SystemExit as ended:
            wrong = isinstance(ended.__context__, Misconfigured)
            raise SystemExit(EXIT_MISCONFIGURED if wrong else ended.code) from None

    def _claimed(self) -> AbstractContextManager[object]:
        """Name and port, held until the block ends; the port may be an option of `faust worker`."""
        if self._claiming is None:
            return nullcontext()
        conf = self.app.conf
        port = conf.web_port if conf.web_enabled else 0
        try:
            return claim(self._claiming.model_copy(update={"web_port": port})) or nullcontext()
        except Misconfigured as error:
            failed = Failed(error)  # raised, it would be a traceback of mode's
            failed.show()
            raise SystemExit(failed.exit_code) from None

    def _code(self) -> int:
        """The exit code, by why it ends."""
        if isinstance(self.crash_reason, Misconfigured):
            return EXIT_MISCONFIGURED
        return EXIT_FAILED if self.crash_reason else 0

    def on_worker_shutdown(self) -> None:
        """The worker has failed, or is done: from here on the clock runs."""
        super().on_worker_shutdown()
        late = threading.Timer(CLEAN_UP_S_MAX, os._exit, (self._code(),))
        late.daemon = True
        late.start()


def worker_app(settings: Settings) -> App:
    """The app with its views and checkpoints, where the settings name a place for them."""
    check_start(settings)
    young_garbage.rarely_by_count()
    warm(ranker=settings.best_fit)
    stretch(settings.receipt_secret.get_secret_value())
    keys_of(settings)  # stretched here, for the child that writes checkpoints
    telemetry = Telemetry()
    views = RedisViews(settings, telemetry.snapshot) if settings.redis_url else None
    store = open_store(settings)
    tracing = open_tracing(settings, "worker", settings.worker_name)
    app = create_app(settings, telemetry=telemetry, views=views, store=store, tracing=tracing)
    answered = cast("Transport", app.transport).answered
    show_metrics(app, settings, app.watchdog, views, answered)
    app.task(young_garbage.by_time)
    app.conf.Worker = PunctualWorker  # type: ignore[assignment]  # Faust calls it a special form
    return app


def run(settings: Settings) -> int:
    """Run a worker until it is told to stop; returns the exit code of the process.

    Raises `Misconfigured` for what shows before it starts.
    """
    claimed = claim(settings)  # held until this process ends
    try:
        app = worker_app(settings)
        page = settings.model_copy(update={"web_port": app.conf.web_port}).page_url
        click.echo(f"goeswith: {settings.worker_name} has its page: {page}/state", err=True)
        worker = app.Worker(loglevel=settings.log_level, redirect_stdouts=False)
        worker.execute_from_commandline()
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        if claimed is not None:
            claimed.close()


def __getattr__(name: str) -> Any:
    """`app` for `faust -A streams.worker`, made from the environment when it is first asked for.

    Faust is a program of click's: `Failed` is one line there.
    """
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        refuse_unknown_settings(os.environ)
        settings = read_settings()
        globals()["app"] = app = worker_app(settings)
    except GoeswithError as error:
        raise Failed(error) from error
    app.conf.Worker = partial(PunctualWorker, claiming=settings)  # type: ignore[assignment]
    return app
