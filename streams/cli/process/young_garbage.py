"""Python's search for cycles, often and short: who answers at once must not stand still.

Python searches the young objects once so many more were made than freed. Where shoppers come and
go, as many are freed as made: the count stands still while the young become many, and the search
that comes at last held a worker up for 110 ms, and a gateway with 5,000 streams for 215. Searched
by time, the young are those of a moment: some 3 ms.

The old are not searched: that takes a second and more in a large shop, and what lives long leaves
no cycles here (tests count what a shop and a gateway leave). How Python does it:
https://devguide.python.org/internals/garbage-collector/.
"""

import asyncio
import gc

SEARCH_EVERY_S = 0.05
YOUNG = 1
"""The generations that are searched: the youngest, and what outlived one search."""
THRESHOLDS = (50_000, 50, 10**9)
"""So many more made than freed, by generation, have Python search by itself: while a program starts
or is held up. At Python's own (700, 10, 10) a quarter of all time went into it."""


def rarely_by_count() -> None:
    """From now on Python searches by itself only while nobody does it by time."""
    gc.set_threshold(*THRESHOLDS)


async def by_time() -> None:
    """Search the young again and again, until cancelled."""
    while True:
        await asyncio.sleep(SEARCH_EVERY_S)
        gc.collect(YOUNG)
