"""Python's search for cycles, often and short: who answers at once must not stand still.

Python searches the young objects once so many more were made than freed. Where shoppers come and
go, as many are freed as made: the count stands still while the young become many, and the search
that comes at last held a worker up for 110 ms, and a gateway with 5,000 streams for 215. Searched
by time, the young are those of a moment: some 3 ms.

What outlives one search is old, and is not searched again: that would take a second and more in a
large shop, and a shop or gateway at work leaves no cycles (tests count them). While Kafka is away
its clients leave some: a few thousand small objects an hour of a worker. How Python does it (3.14
up to 3.14.4 in another way): https://devguide.python.org/internals/garbage-collector/.
"""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager

SEARCH_EVERY_S = 0.05
YOUNG = 1
"""The generations that are searched, this one and younger; what they leave is the oldest one's."""
THRESHOLDS = (50_000, 50, 10**9)
"""So many more made than freed, by generation, have Python search by itself: while a program starts
or is held up. At Python's own (700, 10, 10) a quarter of all time went into it."""


def rarely_by_count() -> None:
    """From now on Python searches by itself only while nobody does it by time."""
    gc.set_threshold(*THRESHOLDS)


@contextmanager
def unsearched() -> Iterator[None]:
    """No search in the block: what is made in it is there to stay, or whoever measures needs it."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


async def by_time() -> None:
    """Search the young again and again, until cancelled."""
    while True:
        await asyncio.sleep(SEARCH_EVERY_S)
        gc.collect(YOUNG)
