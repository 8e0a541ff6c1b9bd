"""An alarm: wakes who waits for something that may not come.

Most waits of a stream end long before their time is over. `asyncio.timeout` makes a timer for each
and leaves it behind, among those of thousands of other streams; an alarm has one, which looks at
the time when it rings, and sleeps on if it is not yet up.
"""

import asyncio


class Alarm:
    """Sets an event once its time is up, unless something else does.

    Parameters
    ----------
    event
        What is waited for; whoever waits clears it before. One at a time waits.
    """

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._until_s = 0.0
        self._has_rung = False

    async def set_within(self, wait_s: float) -> bool:
        """Wait so many seconds at most; whether it was set by others by then."""
        self._until_s, self._has_rung = self._loop.time() + wait_s, False
        if self._timer is None or self._timer.when() > self._until_s:
            self.stop()
            self._timer = self._loop.call_at(self._until_s, self._ring)
        await self._event.wait()
        return not self._has_rung

    def stop(self) -> None:
        """It rings no more, until it is set again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self._loop.time() < self._until_s:
            self._timer = self._loop.call_at(self._until_s, self._ring)
        elif not self._event.is_set():
            self._has_rung = True
            self._event.set()
