"""Takes the pictures of the handbooks from a demo: `python -m tests.pictures docs/pictures`.

One demo is started, its shoppers buy for a while, and Chromium looks at the console's pages as an
operator and a storefront would. An experiment takes days: that of the picture is made up, as for
`goeswith bench watched`, and shown by the same console. Each picture has 150 KB at most.
"""

import asyncio
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import uvicorn
from playwright.async_api import Browser, Page, ViewportSize

from streams.lab.bench.console.asked import TOKEN, AskedConsole
from streams.lab.bench.console.made_outcomes import MadeShop
from streams.operations.console.command import config
from tests.browser import chromium
from tests.lab.demo.web.running import RunningDemo, running_demo, visitor
from tests.storefront.gateway.browser.conftest import ARGUMENTS

DESK: ViewportSize = {"width": 1280, "height": 760}
TALL: ViewportSize = {"width": 1280, "height": 1400}
TELEPHONE: ViewportSize = {"width": 400, "height": 760}
KNOWN_EVENTS = 10_000
"""By then something is known of most items."""
EXPERIMENT = MadeShop(
    impressions=6_000,
    days=6,
    rates={"bought_together": 0.3, "viewed_together": 0.22, "popular": 0.12},
    held_out=0.1,
)
RECORDS_A_LOOK = 400
BYTES_MAX = 150_000
STORY_MS_MAX = 60_000
"""A story is read from the topic."""
SETTLES_MS = 3_000
"""A page renews itself every two seconds."""


class Picture(NamedTuple):
    """A page of the console, and how it is looked at."""

    name: str
    path: str
    size: ViewportSize = DESK
    scheme: str = "light"


PICTURES = (
    Picture("start", "/"),
    Picture("start-telephone", "/", TELEPHONE, "dark"),
    Picture("lag", "/lag"),
    Picture("operations", "/operations"),
    Picture("prompts", "/prompts"),
)


async def take(demo: RunningDemo, folder: Path) -> None:
    """All of them."""
    async with chromium(ARGUMENTS) as browser:
        door = await console_door(browser, demo)
        for picture in PICTURES:
            await _page(browser, door, picture, folder)
        await _story(browser, door, folder)
        await _why(browser, door, folder)


async def console_door(browser: Browser, demo: RunningDemo) -> str:
    """The console's address with its token, as the shop's page links to it."""
    context = await browser.new_context()
    async with visitor(demo, context, "/") as somebody:
        found = await somebody.page.locator("a", has_text=re.compile("^console$")).get_attribute(
            "href"
        )
    await context.close()
    assert found is not None
    return found


async def _open(browser: Browser, door: str, picture: Picture) -> Page:
    context = await browser.new_context(
        viewport=picture.size,
        color_scheme="dark" if picture.scheme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = await context.new_page()
    await page.goto(door)
    await page.goto(door.partition("/?")[0] + picture.path)
    await page.wait_for_timeout(SETTLES_MS)
    return page


async def _page(browser: Browser, door: str, picture: Picture, folder: Path) -> None:
    page = await _open(browser, door, picture)
    await _kept(page, folder / f"{picture.name}.png")


async def _story(browser: Browser, door: str, folder: Path) -> None:
    """The story of the newest session that was prompted."""
    page = await _open(browser, door, Picture("story", "/prompts"))
    await page.locator("main a[href^='/prompts?session=']").first.click()
    await page.get_by_text("Look again").wait_for(timeout=STORY_MS_MAX)
    await _kept(page, folder / "story.png")


async def _why(browser: Browser, door: str, folder: Path) -> None:
    """Why the newest prompt was what it was."""
    page = await _open(browser, door, Picture("why", "/prompts"))
    await page.locator("main a[href^='/prompts/why']").first.click()
    table = page.get_by_role("region", name="Arms, their chances and their candidates")
    await table.wait_for(timeout=STORY_MS_MAX)
    await _kept(page, folder / "why.png")


async def _kept(page: Page, file: Path) -> None:
    size = len(await page.screenshot(path=file))
    assert size <= BYTES_MAX, f"{file} has {size:,} bytes, and may have {BYTES_MAX:,}"
    await page.context.close()


async def take_experiment(folder: Path) -> None:
    """The page of an experiment that has a winner."""
    console = AskedConsole(EXPERIMENT, np.random.default_rng(7), always=True)
    while console.log.write(RECORDS_A_LOOK):
        console.look()
    with served(console) as door:
        async with chromium(ARGUMENTS) as browser:
            picture = Picture("experiments", "/experiments", TALL)
            await _page(browser, door, picture, folder)


@contextmanager
def served(console: AskedConsole) -> Iterator[str]:
    """The console at an address of its own, with its token; nothing more is read."""
    listening = socket.create_server(("127.0.0.1", 0))
    made = config(console.app)
    made.lifespan = "off"
    server = uvicorn.Server(made)
    serving = threading.Thread(target=server.run, args=([listening],))
    serving.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/?token={quote(TOKEN)}"
    server.should_exit = True
    serving.join()


def main(folder: Path) -> None:
    """Run a demo, and take them."""
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(take_experiment(folder))
    with running_demo("--rate", "200", learned=KNOWN_EVENTS) as demo:
        asyncio.run(take(demo, folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
