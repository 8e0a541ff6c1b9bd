"""A poller: the latest that was seen, what is wrong since, and back by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from streams.contract.errors import KafkaUnreachable
from streams.operations.console.watching.poller import Poller


class Broker:
    """Counts looks; is away when it is told to be."""

    def __init__(self) -> None:
        self.looks = 0
        self.open = 0
        self.opened = 0
        self.away: Exception | None = None

    @contextmanager
    def opening(self) -> Iterator[Callable[[], int]]:
        """Clients."""
        self.open += 1
        self.opened += 1
        try:
            yield self.look
        finally:
            self.open -= 1

    def look(self) -> int:
        """One more."""
        if self.away:
            raise self.away
        self.looks += 1
        return self.looks


def until(found: Callable[[], bool]) -> None:
    """Wait for what must come."""
    deadline = time.monotonic() + 30
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_was_known_stays_while_there_is_trouble() -> None:
    """With the time of the first trouble, not of the latest."""
    broker, times = Broker(), iter([1.0, 2.0, 3.0, 4.0, 5.0])
    poller = Poller("it", broker.opening, 2.0, lambda: next(times))
    poller.look()
    broker.away = KafkaUnreachable("no broker answered")
    poller.look()
    poller.look()

    assert (1, 1.0, "no broker answered", 2.0) == poller.reading
    broker.away = None
    poller.look()
    back = poller.reading
    assert (2, 3.0, "") == back[:3]
    assert 0 == broker.open


def test_a_fault_of_the_program_is_counted_and_ends_nothing() -> None:
    """It is told on the page without what it held."""
    broker = Broker()
    broker.away = ZeroDivisionError("a secret")
    poller = Poller("it", broker.opening, 2.0)
    poller.look()

    assert 1 == poller.faults
    assert "a secret" not in poller.reading.trouble
    assert poller.reading.trouble


def test_a_thread_looks_on_and_opens_anew_after_trouble() -> None:
    """Until it is stopped; then its clients are closed."""
    broker = Broker()
    poller = Poller("it", broker.opening, 0.01)
    poller.start()
    until(lambda: broker.looks > 3)
    broker.away = KafkaUnreachable("away")
    until(lambda: poller.reading.trouble == "away" and not broker.open)
    broker.away = None
    seen = broker.looks
    until(lambda: broker.looks > seen and not poller.reading.trouble)
    poller.stop()
    until(lambda: not broker.open)


def test_who_is_away_is_not_asked_without_a_pause() -> None:
    """A broker that starts has other things to do."""
    broker = Broker()
    broker.away = KafkaUnreachable("away")
    poller = Poller("it", broker.opening, 0.01)
    poller.start()
    until(lambda: poller.reading.trouble == "away")
    time.sleep(0.3)
    poller.stop()

    assert 1 == broker.opened


def test_what_is_left_to_be_read_is_read_at_once() -> None:
    """Without the pause that follows a look."""
    broker = Broker()
    poller = Poller("it", broker.opening, 3_600.0, unfinished=lambda looks: looks < 5)
    poller.start()
    until(lambda: broker.looks == 5)
    poller.stop()

    assert 5 == broker.looks


def test_a_look_that_hangs_holds_up_nobody() -> None:
    """What was seen before can be shown, and is called late."""
    hangs, ends = Event(), Event()

    @contextmanager
    def opening() -> Iterator[Callable[[], bool]]:
        def look() -> bool:
            hangs.set()
            return ends.wait(30)

        yield look

    poller = Poller("it", opening, 2.0)
    poller.start()
    assert hangs.wait(30)

    assert poller.reading.value is None
    assert not poller.late(1e12)
    began_s = time.monotonic()
    poller.stop()
    assert time.monotonic() - began_s < 10
    ends.set()
