"""`goeswith lag`: how far the workers are behind, once or kept up to date."""

import time

import click

from streams.cli.live import EVERY_S_MAX, show, watched
from streams.cli.options import FiniteRange, with_settings
from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.settings import Settings
from streams.operations.lag.figures import GroupLag
from streams.operations.lag.history import History
from streams.operations.lag.reading import read_lag
from streams.operations.lag.status import WINDOW_S
from streams.operations.lag.tables import in_one_line, lag_report

LOOKS_KEPT_MIN = 5
"""Who looks seldom looks back for longer, else a status would never be known."""


@click.command()
@with_settings("bootstrap", "prefix", "group")
@click.option("--watch", is_flag=True, help="Keep the table on the screen, and up to date.")
@click.option(
    "--every",
    "every_s",
    type=FiniteRange(min=0.1, max=EVERY_S_MAX),
    default=2.0,
    show_default=True,
    help="Seconds between looks.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object; with --watch one each time."
)
def lag(settings: Settings, watch: bool, every_s: float, as_json: bool) -> None:
    """Consumer lag of the workers: how far they are behind, in events and seconds.

    Seconds are the age of the oldest event that waits. `no commit` says that the group has never
    acknowledged anything there: all that the log holds waits; or `nothing yet`, if that is nothing.
    The owner is the worker that answers for a partition; one that was killed stays the owner until
    its session timeout is over. With GOESWITH_REDIS_URL, workers that were seen of late and are in
    the group no more are named: one that lives and waits, as where its settings differ from those
    of others, says why at its /readyz.

    Status: OK; WARN, the lag gets no less; STALLED, the committed offset stands still; STOPPED, and
    nobody answers (where nothing waits it is OK); REWIND, it went back; AHEAD, it is beyond the
    end; ERROR, retention took events unanswered. Most of it takes half a minute of looks: --watch
    says it, with rates and the time to catch up. Exit code 1 if the group has committed more than
    the log holds, or there is no such group: nobody is in it, and it has committed nothing.
    """
    history = History(max(WINDOW_S, LOOKS_KEPT_MIN * every_s))
    with open_admin(settings) as admin, open_reader(settings, settings.topics.events) as reader:

        def look() -> GroupLag:
            return history.seen(read_lag(settings, admin, reader), time.monotonic())

        if watch:
            line = GroupLag.as_json if as_json else in_one_line
            watched(
                lambda: lag_report(look()),
                every_s,
                line=lambda: line(look()),
                always_lines=as_json,
            )
            return
        report = look()
    if as_json:
        click.echo(report.as_json())
    else:
        show(lag_report(report))
    if report.wrong:
        raise click.exceptions.Exit(1)
