"""Takes the pictures of the demo's shop: `python -m tests.lab.demo.web.picture FOLDER [SHOP]`.

`demo-shop.jpg` is the one of the handbook; the others are to be looked at.
"""

import asyncio
import sys
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, ViewportSize

from tests.browser import chromium
from tests.lab.demo.web.running import RunningDemo, running_demo, visitor
from tests.storefront.gateway.browser.conftest import ARGUMENTS

DESK: ViewportSize = {"width": 1280, "height": 800}
TELEPHONE: ViewportSize = {"width": 400, "height": 800}
VISITS_MAX = 12
LOOK_MS = 2_500
"""The impression, and its way through Kafka into the drawer."""
ADDED = {
    "grocery": ("bread", "pasta", "chips"),
    "electronics": ("camera", "phone", "laptop"),
    "fashion": ("coat", "suit", "jeans"),
    "machines": ("drill", "chainsaw", "welder"),
    "bank": ("current-account", "mortgage", "car-loan"),
    "insurance": ("car", "travel", "dog"),
    "health": ("glucose-meter", "contact-lenses", "electric-toothbrush"),
    "software": ("web-shop", "cloud-server", "accounting"),
}


async def take(demo: RunningDemo, folder: Path, shop: str) -> None:
    """All of them."""
    first = ADDED[shop][0]
    async with chromium(ARGUMENTS) as browser:
        for _ in range(VISITS_MAX):  # until one is drawn that says most
            arm = await _one(browser, demo, folder / "demo-shop.jpg", f"/item/{first}", shop, DESK)
            if arm == "bought_together":
                break
        await _one(browser, demo, folder / "home-dark.png", "/", shop, DESK, scheme="dark")
        await _one(browser, demo, folder / "urdu.png", f"/item/{first}?lang=ur", shop, DESK)
        await _one(browser, demo, folder / "telephone.png", "/", shop, TELEPHONE)
        await _pages(browser, demo, folder, shop)


async def _one(
    browser: Browser,
    demo: RunningDemo,
    file: Path,
    path: str,
    shop: str,
    size: ViewportSize,
    scheme: Literal["light", "dark"] = "light",
) -> str:
    """A page, once its visitor has added something and was prompted; the arm that was drawn."""
    context = await browser.new_context(
        viewport=size, reduced_motion="reduce", color_scheme=scheme, locale="en-GB"
    )
    async with visitor(demo, context, path) as ann:
        seen = [
            item for item in ADDED[shop] if await ann.page.locator(f"[data-add='{item}']").count()
        ]
        if "/item/" in path:
            await ann.prompt.wait_for()  # for looking at it; the pause after that is not over yet
        else:
            await ann.prompted(*seen, *seen)
        await ann.page.wait_for_timeout(LOOK_MS)
        drawn = await ann.comes("prompt")
        quality = 82 if file.suffix == ".jpg" else None
        kind: Literal["jpeg", "png"] = "png" if quality is None else "jpeg"
        await ann.page.screenshot(path=file, type=kind, quality=quality)
    await context.close()
    return str(drawn[0]["arm"])


async def _pages(browser: Browser, demo: RunningDemo, folder: Path, shop: str) -> None:
    """Basket, checkout, thanks, and the drawer on a telephone, of one visit."""
    context = await browser.new_context(viewport=DESK, reduced_motion="reduce", locale="en-GB")
    async with visitor(demo, context, "/") as ann:
        await ann.prompted(*ADDED[shop])
        await ann.prompt.locator("[part=add]").first.click()
        await ann.comes("outcome", stage="added")
        await ann.go("/basket")
        await ann.page.wait_for_timeout(1500)
        await ann.page.screenshot(path=folder / "basket.png")
        await ann.go("/checkout")
        await ann.page.wait_for_timeout(1000)
        await ann.page.screenshot(path=folder / "checkout.png")
        await ann.page.click("#buy")
        await ann.page.wait_for_url("**/thanks")
        await ann.comes("outcome", stage="bought")
        await ann.page.wait_for_timeout(1000)
        await ann.page.screenshot(path=folder / "thanks.png")
        await ann.page.set_viewport_size(TELEPHONE)
        await ann.page.screenshot(path=folder / "drawer-telephone.png")
    await context.close()


def main(folder: Path, shop: str) -> None:
    """Run a demo of that shop, and take them."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_demo("--shop", shop, "--rate", "100") as demo:
        asyncio.run(take(demo, folder, shop))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "grocery")
