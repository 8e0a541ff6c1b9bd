"""An alarm rings when its time is up, and not when an earlier one was."""

import asyncio

from streams.storefront.gateway.live.alarm import Alarm

SOON_S, NEVER_S = 0.01, 3600.0


async def waited(alarm: Alarm, event: asyncio.Event, wait_s: float, set_in_s: float) -> bool:
    """Whether the event was set before the alarm rang."""
    event.clear()
    setting = asyncio.get_running_loop().call_later(set_in_s, event.set)
    try:
        return await alarm.set_within(wait_s)
    finally:
        setting.cancel()


async def test_it_rings_when_nothing_comes() -> None:
    """Again and again."""
    event = asyncio.Event()
    alarm = Alarm(event)
    for _ in range(3):
        assert not await waited(alarm, event, SOON_S, NEVER_S)
    alarm.stop()


async def test_it_does_not_ring_for_a_wait_that_is_over() -> None:
    """What was set for an earlier wait looks at the time, and sleeps on; a sooner one is new."""
    event = asyncio.Event()
    alarm = Alarm(event)

    assert await waited(alarm, event, SOON_S, 0)
    assert await waited(alarm, event, NEVER_S, 5 * SOON_S)
    assert not await waited(alarm, event, SOON_S, NEVER_S)
    assert await waited(alarm, event, NEVER_S, 0)
    alarm.stop()


async def test_what_was_set_already_is_not_waited_for() -> None:
    """Whoever waits clears it before, and looks."""
    event = asyncio.Event()
    alarm = Alarm(event)
    event.set()

    assert await alarm.set_within(0)
    alarm.stop()


async def test_one_that_was_stopped_is_quiet() -> None:
    """Nobody is there to be woken."""
    event = asyncio.Event()
    alarm = Alarm(event)
    assert await waited(alarm, event, SOON_S, 0)
    alarm.stop()
    event.clear()
    await asyncio.sleep(5 * SOON_S)

    assert not event.is_set()
