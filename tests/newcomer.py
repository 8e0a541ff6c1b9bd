"""The way of somebody new, from the one address of the demo: `python -m tests.newcomer [SECONDS]`.

A demo is started as a newcomer starts it, and is some minutes old (`SECONDS`, 150 by itself) when a
real browser comes. It goes by links and buttons alone, and is timed: each step says how many clicks
from the address it is away, and how many seconds it took. What the pages say of one thing is held
against each other, and tables have to fit. Exit code 1 where a step fails or takes too long.
"""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urljoin

from playwright.async_api import Browser, BrowserContext, Error, Page, ViewportSize

from tests.browser import chromium
from tests.lab.demo.web.running import RunningDemo, Visitor, running_demo, visitor
from tests.storefront.gateway.browser.conftest import ARGUMENTS

AGE_S = 150.0
RATE = ("--rate", "150")
DESK: ViewportSize = {"width": 1280, "height": 900}
STAPLES = ("bread", "pasta", "chips", "taco-shells", "printer", "phone")
CLICKS_MAX = 3
LOOKED_UP_S, PAGE_S = 30.0, 10.0
"""A story, or a why; any other page."""
APART = 1.3
"""Rates of the same, told by pages that look at other seconds."""
ROBOT = "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/156.0.0.0"
TABLES = ("/lag", "/prompts", "/operations", "/experiments")


class StepSeen(NamedTuple):
    """A step, and what was found."""

    what: str
    clicks: int
    """From the address on; 0: it is the address."""
    took_s: float
    found: str
    failed: bool


class Newcomer:
    """Somebody who follows links, and remembers how that went."""

    def __init__(self, demo: RunningDemo, who: Visitor, context: BrowserContext) -> None:
        self.demo, self.who, self.context = demo, who, context
        self.steps: list[StepSeen] = []

    async def step(
        self, what: str, clicks: int, most_s: float, does: Callable[[], Awaitable[str]]
    ) -> None:
        """Do it, and note what came of it."""
        began_s = time.monotonic()
        try:
            found, failed = await does(), False
        except (Error, AssertionError) as error:
            found, failed = str(error).strip().splitlines()[0][:200], True
        took_s = time.monotonic() - began_s
        late = took_s > most_s or clicks > CLICKS_MAX
        self.steps.append(StepSeen(what, clicks, took_s, found, failed or late))

    @asynccontextmanager
    async def following(self, link: str) -> AsyncIterator[Page]:
        """The page behind a link of the drawer, which opens beside the shop."""
        async with self.context.expect_page() as opened:
            drawer = self.who.page.locator("#drawer")
            await drawer.get_by_role("link", name=re.compile(f"^{link}")).click()
        page = await opened.value
        page.set_default_timeout(1000 * LOOKED_UP_S)
        try:
            await page.wait_for_selector("h1")
            yield page
        finally:
            await page.close()

    async def prompt(self) -> str:
        """Put something into the basket; a prompt comes, and the drawer says why."""
        await self.who.prompted(*STAPLES)
        (decision, *_) = await self.who.comes("prompt")
        said = self.who.page.locator("#story .decision").first
        await said.wait_for()
        return " ".join((await said.inner_text()).split())[:120] or str(decision)

    async def lag(self) -> str:
        """How far the workers are, and who answers."""
        async with self.following("lag") as page:
            said = await page.locator("p.lead").inner_text()
            rows = await page.locator("tbody tr").count()
            assert 0 == await page.get_by_text("not told", exact=True).count(), "owner: not told"
            return f"{said} {rows} partitions, each with its owner"

    async def arms(self) -> str:
        """Which arm earns what so far, and whether that is a verdict."""
        async with self.following("arms and experiments") as page:
            said = await page.locator("section[data-part=arms] p.lead").inner_text()
            board = page.locator("section[data-part=board] tbody tr")
            assert await board.count() > 1, "no arm has shown anything"
            return said

    async def operations(self) -> str:
        """What runs."""
        async with self.following("operations") as page:
            return " ".join((await page.locator("#scroll-workers tbody").inner_text()).split())

    async def why(self) -> str:
        """Why the newest prompt was what it was."""
        async with self.following("prompts") as page:
            await page.locator("#scroll-prompts a[href^='/prompts/why']").first.click()
            table = page.get_by_role("region", name="Arms, their chances and their candidates")
            await table.wait_for()
            return f"{await table.locator('tbody tr').count()} arms with chances and candidates"

    async def own_story(self) -> str:
        """What became of the newcomer's own events; from there, why not an item."""
        async with self.following("The same in the console") as page:
            await page.get_by_text("Look again").wait_for()
            told = await page.locator(".story li").count()
            assert told, await page.locator("[data-part=looking]").inner_text()
            return f"{told} events told, with their silences"

    async def why_not(self) -> str:
        """Why what is in the basket is not offered."""
        async with self.following("The same in the console") as page:
            await page.get_by_label("not offered the item").fill("bread")
            await page.get_by_role("button", name="Why not?").click()
            verdict = page.locator("p.verdict")
            await verdict.wait_for()
            return await verdict.inner_text()

    async def tables(self) -> str:
        """Whether each table of the console is whole on a screen of 1280 pixels."""
        cut = []
        async with self.following("console") as page:
            for path in TABLES:
                await page.goto(urljoin(page.url, path))
                await page.wait_for_selector("h1")
                for one in await page.locator(".scroll").all():
                    wide, seen = await one.evaluate("e => [e.scrollWidth, e.clientWidth]")
                    if wide > seen + 1:
                        cut.append(f"{path} {await one.get_attribute('id')} {wide - seen} px")
        assert not cut, f"cut at the edge: {', '.join(cut)}"
        return f"those of {', '.join(TABLES)} are whole"

    async def rates(self) -> str:
        """Prompts a second by the shop's drawer, and by the console."""
        told = self.who.page.locator("[data-now=prompts_per_s]")
        async with self.following("console") as page:
            tile = page.locator(".tiles a", has_text="prompts/s").locator(".value")
            pairs = []
            for _ in range(10):
                await page.wait_for_timeout(3_000)
                said = await told.inner_text(), await tile.inner_text()
                pairs.append([float(re.sub(r"[^\d.]", "", one) or "nan") for one in said])
        shop, console = (sum(one[at] for one in pairs) / len(pairs) for at in (0, 1))
        assert 1 / APART < console / shop < APART, f"shop {shop:.0f}/s, console {console:.0f}/s"
        return f"shop {shop:.0f}/s, console {console:.0f}/s, by ten looks in half a minute"


async def robot(browser: Browser, demo: RunningDemo) -> str:
    """What a headless browser is told that says what it is."""
    context = await browser.new_context(user_agent=ROBOT, viewport=DESK)
    async with visitor(demo, context) as bot:
        await bot.add("bread")
        said = bot.page.locator("#main .robot")
        await said.wait_for(timeout=1000 * PAGE_S)
        found = await said.inner_text()
    await context.close()
    return found


async def walked(demo: RunningDemo) -> list[StepSeen]:
    """All steps, in the order in which somebody new would take them."""
    async with chromium(ARGUMENTS) as browser:
        context = await browser.new_context(viewport=DESK, locale="en-GB")
        context.set_default_timeout(1000 * LOOKED_UP_S)
        async with visitor(demo, context) as who:
            one = Newcomer(demo, who, context)
            await one.step("a prompt, and why", 1, PAGE_S, one.prompt)
            await one.step("lag", 1, PAGE_S, one.lag)
            await one.step("arms", 1, PAGE_S, one.arms)
            await one.step("what runs", 1, PAGE_S, one.operations)
            await one.step("why a prompt", 2, LOOKED_UP_S, one.why)
            await one.step("the story of the own visit", 1, LOOKED_UP_S, one.own_story)
            await one.step("why not an item", 2, LOOKED_UP_S, one.why_not)
            await one.step("prompts a second", 1, 5 * PAGE_S, one.rates)
            await one.step("tables", 1, 3 * PAGE_S, one.tables)
            await one.step("a robot", 1, PAGE_S, lambda: robot(browser, demo))
        await context.close()
    return one.steps


def main(age_s: float) -> int:
    """Walk and print; 1 where a step failed, or took too long."""
    with running_demo(*RATE) as demo:
        time.sleep(age_s)
        steps = asyncio.run(walked(demo))
    for one in steps:
        name = f"FAILED {one.what}" if one.failed else one.what
        sys.stdout.write(f"{name}: {one.clicks} clicks, {one.took_s:.1f} s: {one.found}\n")
    return int(any(one.failed for one in steps))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else AGE_S))
