"""Work in a child, on a copy of our memory."""

import asyncio
import os
import signal
import socket
import time

import pytest

from streams.worker.checkpointing.child_work import ChildFailed, in_child


async def test_the_child_sees_the_memory_of_the_moment() -> None:
    """What changes afterwards it does not see, nor we what it changes."""
    basket = ["bread"]

    def work() -> bytes:
        time.sleep(0.05)
        basket.append("jam")
        return ",".join(basket).encode()

    waiting = asyncio.ensure_future(in_child(work, seconds_max=20))
    await asyncio.sleep(0)
    basket.append("butter")

    assert b"bread,jam" == (await waiting).answer
    assert ["bread", "butter"] == basket


async def test_a_long_answer_comes_whole() -> None:
    """Longer than a pipe holds."""
    assert bytes(1_000_000) == (await in_child(lambda: bytes(1_000_000), seconds_max=20)).answer


async def test_what_goes_wrong_in_the_child_is_said_here() -> None:
    """An exception by its words, a death by its signal."""

    def fail() -> bytes:
        raise ValueError("the disk is full")

    def die() -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b""

    with pytest.raises(ChildFailed, match="the disk is full"):
        await in_child(fail, seconds_max=20)
    with pytest.raises(ChildFailed, match="ended with -9"):
        await in_child(die, seconds_max=20)


async def test_a_child_that_takes_too_long_is_ended() -> None:
    """It may hang: Redis may."""

    def hang() -> bytes:
        time.sleep(60)
        return b""

    with pytest.raises(ChildFailed, match=r"more than 0.1 s"):
        await in_child(hang, seconds_max=0.1)


async def test_the_child_does_not_hold_our_sockets() -> None:
    """A successor of ours could not listen on our port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.fileno()

        def work() -> bytes:
            try:
                os.fstat(number)
            except OSError:
                return b"closed"
            return b"open"

        assert b"closed" == (await in_child(work, seconds_max=20)).answer
