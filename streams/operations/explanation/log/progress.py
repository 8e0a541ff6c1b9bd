"""How far a reading is: told to whoever waits, who may end it by raising."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from streams.clients.log_reader import RawRecord

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]
"""Says what is being done, of so many records; what it gives is told of each of them."""


@contextmanager
def unseen(_what: str, _total: int) -> Iterator[Callable[[int], object]]:
    """A progress that nobody looks at."""
    yield lambda _: None


def told_of(records: Iterable[RawRecord], advance: Callable[[int], object]) -> Iterator[RawRecord]:
    """The same records; `advance` is told of each."""
    for record in records:
        advance(1)
        yield record
