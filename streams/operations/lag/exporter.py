"""`goeswith exporter`: the lag of groups for Prometheus, by reading alone.

It looks every so often, from clients that it opens anew, and a scrape is told of the latest look.
So a topic that was deleted, and a group that is gone, have no series any more; and while Kafka is
away there is none but `goeswith_exporter_up`, which is 0.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import click
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.cli.live import EVERY_S_MAX, sigterm_unwinds, trying_again
from streams.cli.options import FiniteRange, with_settings
from streams.cli.printable import printable
from streams.clients.log_reader import LogReader, Partition, committed_topics
from streams.clients.sync_kafka import (
    open_admin,
    open_consumer,
    partition_counts,
    translating_errors,
)
from streams.contract.errors import GoeswithError, Misconfigured, NotAuthorized
from streams.contract.settings import Settings
from streams.contract.wire.watching.page import LOOPBACK
from streams.operations.lag.families import lag_families
from streams.operations.lag.figures import GroupLag
from streams.operations.lag.history import History
from streams.operations.lag.reading import read_lag
from streams.operations.lag.status import WINDOW_S

LOOKS_KEPT_MIN = 5
DEFAULT_PORT = 9308
"""That of kafka_exporter, whose names these are."""


class Board(Collector):
    """The latest look, for whoever scrapes. Replaced whole, so no lock is needed."""

    def __init__(self) -> None:
        self._lags: Sequence[GroupLag] | None = None

    def show(self, lags: Sequence[GroupLag] | None) -> None:
        """Tell of these from now on; None: nobody knows."""
        self._lags = lags

    def collect(self) -> Iterator[Metric]:
        """The series of the latest look."""
        lags = self._lags
        up = "1 while Kafka answers; 0: there are no other series."
        yield GaugeMetricFamily("goeswith_exporter_up", up, value=float(lags is not None))
        yield from lag_families(lags or ())


def read_lags(
    settings: Settings, also: Sequence[str], say: Callable[[str], None]
) -> list[GroupLag]:
    """The lag of the workers' group, and of other groups on all topics that they have committed to.

    A topic that is not there is passed over. So is another group that we may not describe, and
    that is said; raises `NotAuthorized` for that of the workers.
    """
    with open_admin(settings) as admin, open_consumer(settings) as consumer:

        def lags_of(group: str, topics: Sequence[str]) -> list[GroupLag]:
            there = settings.model_copy(update={"group_id": group})
            with translating_errors(there):
                counts = partition_counts(admin, topics) if topics else {}
            lags = []
            for topic in filter(counts.__contains__, topics):
                partitions = [Partition(topic, number) for number in range(counts[topic])]
                reader = LogReader(consumer, partitions, there)
                lags.append(read_lag(there, admin, reader, topic))
            return lags

        def all_of(group: str) -> list[GroupLag]:
            return lags_of(group, committed_topics(settings, admin, group))

        ours = lags_of(settings.group_id, [settings.topics.events])
        return only_once([*ours, *unless_refused(also, all_of, say)])


def unless_refused(
    groups: Iterable[str],
    lags_of: Callable[[str], Iterable[GroupLag]],
    say: Callable[[str], None],
) -> Iterator[GroupLag]:
    """The lags of these groups; of one that we may not describe is said why it has none."""
    for group in groups:
        try:
            yield from lags_of(group)
        except NotAuthorized as error:
            say(f"no lag of {printable(group)}: {error}")


def only_once(lags: Iterable[GroupLag]) -> list[GroupLag]:
    """A group on a topic has its series once, however often it was asked for."""
    return [*{(lag.group, lag.topic): lag for lag in lags}.values()]


def serve(board: Board, bind: str, port: int) -> Callable[[], None]:
    """Answer scrapes from now on, in a thread; returns what ends that. Raises `Misconfigured`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(board)
    try:
        server, thread = start_http_server(port, bind, registry=registry)
    except OSError as error:
        raise Misconfigured(
            f"nobody can listen at port {port} of {bind} ({error.strerror}): another --port or "
            "--bind"
        ) from error

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


@click.command()
@with_settings("bootstrap", "prefix", "group")
@click.option(
    "--also",
    metavar="GROUP",
    multiple=True,
    help="Another group, on the topics that it has committed to; may be given again.",
)
@click.option(
    "--bind", metavar="ADDRESS", default=LOOPBACK, show_default=True, help="Where to listen."
)
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The port for Prometheus.",
)
@click.option(
    "--every",
    "every_s",
    type=FiniteRange(min=0.1, max=EVERY_S_MAX),
    default=5.0,
    show_default=True,
    help="Seconds between looks.",
)
def exporter(
    settings: Settings, also: tuple[str, ...], bind: str, port: int, every_s: float
) -> None:
    """Exporter: consumer lag for Prometheus, of the workers and of any other group.

    Names are kafka_exporter's where it has one; besides seconds, status, and the share of retention
    that waits. It reads and describes, as `goeswith lag`, and commits nothing.
    """
    history, board = History(max(WINDOW_S, LOOKS_KEPT_MIN * every_s)), Board()
    end = serve(board, bind, port)
    click.echo(f"goeswith: metrics of consumer lag: http://{bind}:{port}/metrics", err=True)
    complaints: list[str] = []
    try:
        with sigterm_unwinds():
            while True:
                now_s, said = time.monotonic(), list[str]()
                try:
                    lags = read_lags(settings, also, said.append)
                    board.show([history.seen(lag, now_s) for lag in lags])
                    history.keep(now_s)
                except Misconfigured:
                    raise
                except GoeswithError as error:
                    board.show(None)
                    said = [trying_again(error)]
                for line in [one for one in said if one not in complaints]:
                    click.echo(f"goeswith: {line}", err=True)
                complaints = said
                time.sleep(every_s)
    finally:
        end()
