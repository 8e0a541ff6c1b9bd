"""How fast the replay may go."""

import asyncio
import time


class Pacing:
    """Grants turns at a steady rate; `events_per_s` of 0 grants each at once.

    A stall is not made up for: the schedule moves on with it.
    """

    def __init__(self, events_per_s: float) -> None:
        self._step_s = 1 / events_per_s if events_per_s else 0.0
        self._next_s = 0.0

    async def turn(self) -> None:
        """Return when the next event may be sent."""
        if not self._step_s:
            return
        now_s = time.monotonic()
        self._next_s = max(self._next_s + self._step_s, now_s)
        await asyncio.sleep(self._next_s - now_s)
