"""The end of aiokafka's consumers: what is under way when one stops.

A fetch that waits to try again: aiokafka cancels it, and passes its cancellation on to whoever
stops the consumer. A worker that ended while Kafka was away, or a token had just run out, left a
traceback instead of a line. A rebalance that waits for somebody who has ended: it would for ever.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

LOOK_S = 0.1
"""How often is looked whether who should answer has ended."""

Answer = TypeVar("Answer")


@contextmanager
def heeding_our_cancellation() -> Iterator[None]:
    """For the length of the block, only the cancellation of this task is passed on."""
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise


async def answered_unless(
    ended: Callable[[], bool], answer: Coroutine[Any, Any, Answer]
) -> Answer | None:
    """Wait for an answer as long as who should give it has not ended; None if he has.

    Raises what the answer raises.

    >>> asyncio.run(answered_unless(lambda: False, asyncio.sleep(0, "bread")))
    'bread'
    >>> asyncio.run(answered_unless(lambda: True, asyncio.sleep(3600, "bread")))
    """
    answering = asyncio.create_task(answer)
    try:
        while not ended():
            done, _ = await asyncio.wait([answering], timeout=LOOK_S)
            if done:
                return answering.result()
    finally:
        answering.cancel()
    return None
