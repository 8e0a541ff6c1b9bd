"""The system's Chromium, for tests of pages."""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It runs as root, and asks nobody outside for anything."""


@asynccontextmanager
async def chromium(arguments: Sequence[str] = (), **more: Any) -> AsyncIterator[Browser]:
    """Launched, for the length of the block; in continuous integration its absence is a failure."""
    program = shutil.which("chromium")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no chromium here")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=program, args=[*arguments, *ARGUMENTS], **more
        )
        yield launched
        await launched.close()
