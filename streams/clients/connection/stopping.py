"""The end of aiokafka's consumers: one that stops while a fetch waits to try again.

aiokafka cancels that fetch, and passes its cancellation on to whoever stops the consumer: a worker
that ended while Kafka was away, or a token had just run out, left a traceback instead of a line.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heeding_our_cancellation() -> Iterator[None]:
    """For the length of the block, only the cancellation of this task is passed on."""
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
