"""Takes the pictures of the handbooks from a demo: `python -m tests.pictures docs/pictures`.

One demo is started, its shoppers buy for a while, and Chromium looks at the console's pages as an
operator and a storefront would. Each picture has 150 KB at most.
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Page, ViewportSize

from tests.browser import chromium
from tests.lab.demo.web.running import RunningDemo, running_demo, visitor
from tests.storefront.gateway.browser.conftest import ARGUMENTS

DESK: ViewportSize = {"width": 1100, "height": 760}
TELEPHONE: ViewportSize = {"width": 400, "height": 760}
KNOWN_EVENTS = 20_000
"""By then something is known of most items."""
BYTES_MAX = 150_000
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
        door = await _door(browser, demo)
        for picture in PICTURES:
            await _page(browser, door, picture, folder)


async def _door(browser: Browser, demo: RunningDemo) -> str:
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


async def _kept(page: Page, file: Path) -> None:
    size = len(await page.screenshot(path=file))
    assert size <= BYTES_MAX, f"{file} has {size:,} bytes, and may have {BYTES_MAX:,}"
    await page.context.close()


def main(folder: Path) -> None:
    """Run a demo, and take them."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_demo("--rate", "200", learned=KNOWN_EVENTS) as demo:
        asyncio.run(take(demo, folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
