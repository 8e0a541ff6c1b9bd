"""Status of groups on a real Kafka: scripted, looked at by a clock of the test's own."""

import contextlib
import socket
import time
import urllib.request
from collections.abc import Iterator

import pytest

from streams.clients.connection.addresses import free_port
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings
from streams.operations.lag.exporter import Board, read_lags, serve
from streams.operations.lag.figures import GroupLag, PartitionLag
from streams.operations.lag.history import History
from tests.integration.operators import ByHand, commit, create, send

AGE_MS = 60_000
PATIENCE_S = 30.0


class Shop:
    """A group on a topic of one partition, and whoever looks at it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.history, self.now_s = History(), 0.0
        create(settings, settings.topics.events, 1, {})

    def send(self, events: int) -> None:
        """Events that a minute ago somebody sent."""
        then_ms = int(time.time() * 1000) - AGE_MS
        records = [ByHand(b"s", b"{}", 0, then_ms) for _ in range(events)]
        send(self.settings, self.settings.topics.events, records)

    def commit(self, offset: int) -> None:
        """What the group acknowledges."""
        commit(self.settings, {0: offset})

    def looks(self, number: int = 1, every_s: float = 20.0) -> PartitionLag:
        """What is told after so many looks."""
        for _ in range(number):
            self.now_s += every_s
            (lag,) = read_lags(self.settings, (), pytest.fail)
            seen = self.history.seen(lag, self.now_s)
        return seen.partitions[0]

    def delete(self) -> None:
        """Delete the topic, and wait until it is gone."""
        with open_admin(self.settings) as admin:
            admin.delete_topics([self.settings.topics.events])
        deadline = time.monotonic() + PATIENCE_S
        while read_lags(self.settings, (), pytest.fail):
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture
def shop(kafka: str, topic_prefix: str) -> Shop:
    """Without events, and nothing is committed."""
    return Shop(Settings(kafka_bootstrap=kafka, topic_prefix=topic_prefix, group_id=topic_prefix))


def test_a_quiet_topic_a_burst_a_rewind_and_a_stop(shop: Shop) -> None:
    """Nobody is in the group here, as commits are made by hand: it is stopped where events wait."""
    quiet = shop.looks(4)
    shop.send(10)
    never = shop.looks()
    shop.commit(4)
    waiting = shop.looks()
    shop.commit(10)
    done = shop.looks()
    shop.commit(3)
    back = shop.looks()

    assert ("OK", None, 0) == (quiet.status, quiet.committed, quiet.lag_events)
    assert ("STOPPED", None, 10) == (never.status, never.committed, never.lag_events)
    assert ("STOPPED", 6) == (waiting.status, waiting.lag_events)
    assert 60 <= (waiting.lag_s or 0) < 60 + PATIENCE_S
    assert ("OK", 0, 0.0) == (done.status, done.lag_events, done.lag_s)
    assert ("REWIND", 7) == (back.status, back.lag_events)


def test_a_topic_that_was_made_anew_and_a_group_that_was_deleted(shop: Shop) -> None:
    """The commits of a group outlive its topic, here by an admin who made it anew."""
    shop.send(10)
    shop.commit(10)
    before = shop.looks()
    shop.delete()
    create(shop.settings, shop.settings.topics.events, 1, {})
    shop.send(3)
    shop.commit(10)
    ahead = shop.looks()
    shop.commit(3)
    anew = shop.looks()
    with open_admin(shop.settings) as admin:
        admin.delete_groups([shop.settings.group_id])
    deleted = shop.looks()

    assert ("OK", "AHEAD", 10, 3) == (before.status, ahead.status, ahead.committed, ahead.end)
    assert "OK" == anew.status
    assert ("STOPPED", None, 3) == (deleted.status, deleted.committed, deleted.lag_events)


@contextlib.contextmanager
def served(board: Board) -> Iterator[str]:
    """The address of a board for the length of a block."""
    port = free_port()
    end = serve(board, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{port}/metrics"
    finally:
        end()


def scraped(url: str) -> str:
    """What Prometheus would read."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:  # noqa: S310
        return str(page.read().decode())


def test_any_group_is_told_and_a_deleted_topic_has_no_series(shop: Shop) -> None:
    """Of another group all topics that it has committed to; ours, though it never committed."""
    other = shop.settings.model_copy(update={"group_id": f"{shop.settings.group_id}-nightly"})
    shop.send(10)
    commit(other, {0: 4})
    board = Board()

    def look() -> list[GroupLag]:
        lags = read_lags(shop.settings, [other.group_id, "nobody-at-all"], pytest.fail)
        board.show(lags)
        return lags

    topic = shop.settings.topics.events
    with served(board) as url:
        ours, theirs = look()
        there = scraped(url)
        shop.delete()
        gone = look()
        after = scraped(url)

    assert [(shop.settings.group_id, None), (other.group_id, 4)] == [
        (lag.group, lag.partitions[0].committed) for lag in (ours, theirs)
    ]
    labels = f'consumergroup="{other.group_id}",partition="0",topic="{topic}"'
    assert f"kafka_consumergroup_lag{{{labels}}} 6.0" in there
    assert f'kafka_topic_partition_current_offset{{partition="0",topic="{topic}"}} 10.0' in there
    assert [] == gone
    assert topic not in after


def test_a_port_that_is_taken_is_said() -> None:
    """In one line, with what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Misconfigured, match=f"port {port} of 127.0.0.1 .*another --port"):
            serve(Board(), "127.0.0.1", port)
