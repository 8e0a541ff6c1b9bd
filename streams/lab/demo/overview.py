"""How everything stands: what the shoppers counted, what the worker says, what the broker holds.

Counts of shoppers and arms are at hand at any time. Lag, telemetry, dead letters and the truth have
to be asked for; `refresh` does so, aside of the event loop where a client blocks.
"""

import asyncio
import json
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError

from streams.clients.connection.addresses import open_page
from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import KafkaUnreachable, RedisUnreachable, WorkerFailed
from streams.lab.demo.simulation import Simulation
from streams.lab.demo.truth import TruthFound
from streams.lab.embedded.installation import Installation
from streams.operations.lag.figures import GroupLag
from streams.operations.lag.reading import read_lag
from streams.views.arm_board import ArmRow
from streams.views.reader import worker_telemetry

READY_S_MAX = 60.0
DRAIN_S_MAX = 30.0
POLL_S = 0.1
STATE_S_MAX = 2.0
RATE_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Overview:
    """One look at everything."""

    elapsed_s: float
    events: int
    events_per_s: float
    prompts: int
    prompts_per_s: float
    first_prompt_after_s: float | None
    silences: dict[str, int] | None
    """As the workers count them; None where nobody tells."""
    feedback: dict[str, int]
    arms: tuple[ArmRow, ...]
    latency_ms_p50: int | None
    latency_ms_p99: int | None
    lag_events: int | None
    lag_s: float | None
    dead_letters: int
    truth: TruthFound
    items_foreign: int = 0
    """In prompts for our shoppers, who know nothing of them."""
    unreadable: int = 0

    def to_json(self) -> dict[str, Any]:
        """The report as plain values."""
        arms = {
            row.arm: {"pulls": row.pulls, "share": row.share, "reward_rate": row.reward_rate}
            for row in self.arms
        }
        return {
            "seconds": round(self.elapsed_s, 1),
            "events": self.events,
            "prompts": self.prompts,
            "first_prompt_after_s": _rounded(self.first_prompt_after_s),
            "silences": self.silences,
            "feedback": self.feedback,
            "arms": arms,
            "latency_ms": {"p50": self.latency_ms_p50, "p99": self.latency_ms_p99},
            "lag_events": self.lag_events,
            "lag_seconds": self.lag_s,
            "dead_letters": self.dead_letters,
            "items_foreign": self.items_foreign,
            "unreadable": self.unreadable,
            "truth": self.truth._asdict(),
        }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


class Rate:
    """A rate over the last seconds.

    >>> rate = Rate()
    >>> for second in range(4):
    ...     rate.seen(150 * second, now_s=float(second))
    >>> rate.per_s
    150.0
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def seen(self, total: int, now_s: float) -> None:
        """So many there have been by now."""
        self._seen.append((now_s, total))
        while now_s - self._seen[0][0] > RATE_WINDOW_S:
            self._seen.popleft()

    @property
    def per_s(self) -> float:
        """How many there were in a second; 0 before two looks."""
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0


class Lookout:
    """Looks at an installation and its shoppers, for the length of an `async with` block."""

    def __init__(self, here: Installation, simulation: Simulation) -> None:
        self._here = here
        self._simulation = simulation
        self._started_s = time.monotonic()
        self._events, self._prompts = Rate(), Rate()
        self._lag: GroupLag | None = None
        self._silences: Counter[str] | None = None
        self._silences_before: Counter[str] | None = None
        self._dead_letters = 0
        self._verdict = simulation.judge.verdict(time.time())
        self._thread = ThreadPoolExecutor(1, "lookout")
        self._clients = ExitStack()

    async def __aenter__(self) -> Self:
        await self._aside(self._connect)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._aside(self._clients.close)
        self._thread.shutdown()

    async def ready(self) -> None:
        """Return when the worker answers for all partitions; raises WorkerFailed."""
        deadline_s = time.monotonic() + READY_S_MAX
        while not await self._aside(self._is_ready):
            self._check()
            if time.monotonic() > deadline_s:
                raise WorkerFailed(
                    f"the worker did not join its group within {READY_S_MAX:g} s: is the machine "
                    "very busy? Try again, or start one by hand: `goeswith worker`"
                )
            await asyncio.sleep(POLL_S)
        self._started_s = time.monotonic()

    async def refresh(self) -> None:
        """Ask for what has to be asked for; raises WorkerFailed when the worker is gone."""
        self._check()
        self._dead_letters = await self._simulation.dead_letters()
        self._verdict = self._simulation.judge.verdict(time.time())
        await self._aside(self._ask)

    async def drained(self) -> bool:
        """Wait, within a bound, until the worker has acknowledged every event; whether it has."""
        deadline_s = time.monotonic() + DRAIN_S_MAX
        while True:
            await self.refresh()
            if self._lag is not None and self._lag.lag_events == 0:
                return True
            if time.monotonic() > deadline_s:
                return False
            await asyncio.sleep(POLL_S)

    def overview(self) -> Overview:
        """How everything stands now, as far as it is known."""
        now_s, tally = time.monotonic(), self._simulation.tally
        self._events.seen(tally.events, now_s)
        self._prompts.seen(tally.prompts, now_s)
        return Overview(
            elapsed_s=now_s - self._started_s,
            events=tally.events,
            events_per_s=self._events.per_s,
            prompts=tally.prompts,
            prompts_per_s=self._prompts.per_s,
            first_prompt_after_s=tally.first_prompt_after_s,
            silences=None if self._silences is None else dict(self._silences.most_common()),
            feedback=dict(tally.feedback.most_common()),
            arms=self._simulation.board.rows(),
            latency_ms_p50=tally.quantile_ms(0.5),
            latency_ms_p99=tally.quantile_ms(0.99),
            lag_events=self._lag.lag_events if self._lag else None,
            lag_s=self._lag.lag_s_max if self._lag else None,
            dead_letters=self._dead_letters,
            truth=self._verdict,
            items_foreign=self._simulation.traffic.items_foreign,
            unreadable=tally.unreadable,
        )

    def _check(self) -> None:
        if self._here.worker is not None:
            self._here.worker.check()

    async def _aside(self, blocking: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, blocking)

    def _connect(self) -> None:
        settings = self._here.settings
        self._admin = self._clients.enter_context(open_admin(settings))
        self._reader = self._clients.enter_context(open_reader(settings, settings.topics.events))

    def _ask(self) -> None:
        try:
            self._lag = read_lag(self._here.settings, self._admin, self._reader)
        except KafkaUnreachable:
            self._lag = None  # shown as unknown, and asked again
        if (counted := self._counted()) is not None:
            if self._silences_before is None:  # ours has said nothing before us
                self._silences_before = Counter() if self._here.worker is not None else counted
            self._silences = counted - self._silences_before

    def _counted(self) -> Counter[str] | None:
        """The silences that our worker, or the workers of others, have counted; None: untold."""
        if state := self._state():
            return Counter(state["telemetry"]["silences"])
        if self._here.worker is not None or not self._here.settings.redis_url:
            return None
        settings = self._here.settings
        try:
            workers = worker_telemetry(settings)
        except RedisUnreachable:
            return None
        return sum((Counter(said.get("silences", {})) for said in workers.values()), Counter[str]())

    def _is_ready(self) -> bool:
        state = self._state()
        return state is not None and len(state["assigned"]) == self._here.settings.partitions

    def _state(self) -> dict[str, Any] | None:
        """What the worker's own page says; None while there is none."""
        if self._here.worker is None:
            return None
        address = f"{self._here.settings.page_url}/state"
        try:
            with open_page(address, STATE_S_MAX) as page:
                state: dict[str, Any] = json.load(page)
        except (URLError, OSError, ValueError):
            return None
        return state
