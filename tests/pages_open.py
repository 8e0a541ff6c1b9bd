"""A busy demo with all pages open: `python -m tests.pages_open [SECONDS [OPTIONS OF THE DEMO]]`.

The demo gets 1,000 events a second, unless its options say another rate. Chromium has its shop and
each page of the console open. What is printed: the worst lag at any look, in seconds; how long each
page went without being renewed, at most; what the console's process took of a core. Exit code 1
where a bound is missed.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from playwright.async_api import Browser, Page, Request, Response

from streams.lab.bench.stage.contenders import cpu_s
from tests.browser import chromium
from tests.lab.demo.web.running import RunningDemo, running_demo
from tests.pictures import console_door
from tests.storefront.gateway.browser.conftest import ARGUMENTS

PAGES = ("/", "/lag", "/operations", "/experiments", "/prompts")
SECONDS = 60.0
SETTLES_S = 10.0
"""Pages open, and the worker is over that."""
LAG_S, RENEWED_S, CORES = 1.0, 4.0, 0.3
"""A page renews itself two seconds after it did so last."""
RATE = ("--rate", "1000")


class Measured(NamedTuple):
    """What was seen, of so many seconds."""

    looks: int
    lag_s: float
    events: int
    """Of the workers' topic, that arrived meanwhile."""
    seconds: float
    renewed_s: dict[str, float]
    cores: float

    @property
    def missed(self) -> bool:
        """Whether any bound is."""
        late = max(self.renewed_s.values()) > RENEWED_S
        return self.lag_s >= LAG_S or late or self.cores >= CORES


class Renewals:
    """When a page was renewed: the longest time in between."""

    def __init__(self, page: Page, now_s: Callable[[], float]) -> None:
        self.worst_s = 0.0
        self._now_s, self._last_s = now_s, now_s()
        page.on("response", self._answered)

    def begins(self) -> None:
        """What was before does not count."""
        self.worst_s, self._last_s = 0.0, self._now_s()

    def ends(self) -> float:
        """The longest, the time since the last included."""
        self.worst_s = max(self.worst_s, self._now_s() - self._last_s)
        return self.worst_s

    def _answered(self, response: Response) -> None:
        if response.ok and _of_a_page(response.request):
            self.ends()
            self._last_s = self._now_s()


def _of_a_page(request: Request) -> bool:
    return request.headers.get("goeswith-part") == "live"


async def opened(
    browser: Browser, demo: RunningDemo, door: str, closing: AsyncExitStack
) -> tuple[Page, dict[str, Renewals]]:
    """The shop and the console's pages, each in a window of its own; the one of lag, to ask by."""
    root = door.partition("/?")[0]
    renewals = {}
    asking: Page | None = None
    for path in (None, *PAGES):
        context = await browser.new_context(reduced_motion="reduce")
        closing.push_async_callback(context.close)
        page = await context.new_page()
        if path is None:
            await page.goto(demo.address)
            continue
        renewals[path] = Renewals(page, time.monotonic)
        await page.goto(door)
        await page.goto(root + path)
        asking = page
    assert asking is not None
    return asking, renewals


async def _lag(page: Page) -> dict[str, Any]:
    said: dict[str, Any] = await page.evaluate("fetch('/api/lag').then((answer) => answer.json())")
    return said


async def measured(demo: RunningDemo, seconds: float) -> Measured:
    """Look on for so long."""
    async with chromium(ARGUMENTS) as browser, AsyncExitStack() as closing:
        door = await console_door(browser, demo)
        page, renewals = await opened(browser, demo, door, closing)
        console = demo.process_id("console")
        await asyncio.sleep(SETTLES_S)
        for one in renewals.values():
            one.begins()
        began_s, cpu_before_s, first = time.monotonic(), cpu_s(console), await _lag(page)
        worst_s, looks, now = 0.0, 0, first
        while time.monotonic() - began_s < seconds:
            now = await _lag(page)
            worst_s = max([worst_s, *(one["lag_s"] or 0.0 for one in now["partitions"])])
            looks += 1
            await asyncio.sleep(1)
        took_s = time.monotonic() - began_s
        ends = [sum(one["end"] for one in said["partitions"]) for said in (first, now)]
        return Measured(
            looks,
            worst_s,
            ends[1] - ends[0],
            took_s,
            {path: one.ends() for path, one in renewals.items()},
            (cpu_s(console) - cpu_before_s) / took_s,
        )


def main(seconds: float, options: tuple[str, ...]) -> int:
    """Measure and print; 1 where a bound is missed."""
    with running_demo(*RATE, *options) as demo:
        seen = asyncio.run(measured(demo, seconds))
    pages = ", ".join(f"{path} {worst_s:.1f}" for path, worst_s in seen.renewed_s.items())
    sys.stdout.write(
        f"{seen.events / seen.seconds:.0f} events/s for {seen.seconds:.0f} s, {seen.looks} looks\n"
        f"lag at most {seen.lag_s:.2f} s (below {LAG_S:g})\n"
        f"renewed after at most, in s: {pages} ({RENEWED_S:g} at most)\n"
        f"the console took {seen.cores:.2f} of a core (below {CORES:g})\n"
    )
    return int(seen.missed)


if __name__ == "__main__":
    asked = sys.argv[1:]
    sys.exit(main(float(asked[0]) if asked else SECONDS, tuple(asked[1:])))
