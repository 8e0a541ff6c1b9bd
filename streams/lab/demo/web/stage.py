"""The demo's shop while it is open: served beside the simulated shoppers, in their event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from streams.cli.process.http_server import server_config
from streams.lab.demo.overview import Overview
from streams.lab.demo.simulation import Simulation
from streams.lab.demo.web.app import ShopPages
from streams.lab.demo.web.doors import PATIENT, Doors, opened
from streams.lab.demo.web.stories import VisitStories
from streams.lab.embedded.installation import Installation, ProgressCallback

__all__ = ["PATIENT", "Stage", "staged"]

END_S_MAX = 2


class _Server(uvicorn.Server):
    """Leaves signals to the demo, which ends it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Stage:
    """Serves the shop, and is told how everything stands."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        self._pages: ShopPages | None = None

    @property
    def address(self) -> str:
        """The one that has to be known."""
        return f"{self.doors.shop}/"

    @asynccontextmanager
    async def serving(self, simulation: Simulation) -> AsyncIterator[None]:
        """Serve for the length of the block, with what this simulation hears of visitors."""
        judge, settings = simulation.judge, self.doors.settings
        stories = VisitStories(judge.shop, settings, judge.assortment)
        self._pages = ShopPages(judge.assortment, self.doors, stories)
        simulation.onlooker = stories
        server = _Server(server_config(self._pages.app(), end_s_max=END_S_MAX, log_level="error"))
        serving = asyncio.create_task(server.serve([self.doors.listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    def look(self, seen: Overview) -> None:
        """How everything stands now; raises `WorkerFailed` when gateway or console stay away."""
        self.doors.keep()
        if self._pages is not None:
            self._pages.seen = seen


@contextmanager
def staged(here: Installation, port: int, say: ProgressCallback) -> Iterator[Stage]:
    """A stage with its doors open, for the length of the block."""
    with opened(here, port, say) as doors:
        yield Stage(doors)
