"""The demo as anybody starts it, with its shop in a browser; and shoppers who visit it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.async_api import BrowserContext, Page

START_S_MAX = 120.0
WAIT_S_MAX = 30.0
"""Only a failure takes so long."""
KNOWN_EVENTS = 3_000
"""By then staples have found their complements."""
OPEN = re.compile(r"open (http://\S+?)/ in a browser")


class RunningDemo:
    """A demo that runs, and the address that it has printed."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    def gateway_pid(self) -> int:
        """The process id of its gateway, which is started again when it ends."""
        return self.process_id("gateway")

    def process_id(self, word: str) -> int:
        """The id of its process with this word in the command, which is waited for."""
        deadline_s = time.monotonic() + WAIT_S_MAX
        while time.monotonic() < deadline_s:
            for entry in Path("/proc").iterdir():
                if entry.name.isdecimal() and self._is(word, entry):
                    return int(entry.name)
            time.sleep(0.05)
        raise AssertionError(f"the demo has no {word}")

    def settings_of(self, word: str) -> list[bytes]:
        """The environment that its process of this name was started with."""
        return Path(f"/proc/{self.process_id(word)}/environ").read_bytes().split(b"\0")

    def kill_gateway(self) -> int:
        """Kill it, as a crash would; its process id."""
        pid = self.gateway_pid()
        os.kill(pid, signal.SIGKILL)
        return pid

    def _is(self, word: str, entry: Path) -> bool:
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            return False
        return parent == self.process.pid and word.encode() in words


@contextmanager
def running_demo(*options: str, learned: int = KNOWN_EVENTS) -> Iterator[RunningDemo]:
    """A demo for the length of the block, once its workers have learned from so many events."""
    command = [sys.executable, "-m", "streams", "demo", "--web", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    draining = threading.Thread(target=_drain, args=(process,), daemon=True)
    try:
        address = _address(process)
        draining.start()
        _learned(address, learned)
        yield RunningDemo(process, address)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(WAIT_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if draining.is_alive():
            draining.join()
        if process.stdout is not None:
            process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said: list[str] = []
    bound = threading.Timer(START_S_MAX, process.kill)
    bound.start()
    for line in process.stdout:
        said.append(line)
        if found := OPEN.search(line):
            bound.cancel()
            return found[1]
    raise AssertionError("the demo ended before it was open: " + "".join(said))


def _drain(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for _ in process.stdout:
        pass


def _learned(address: str, events: int) -> None:
    deadline_s = time.monotonic() + START_S_MAX
    while time.monotonic() < deadline_s:
        with urlopen(f"{address}/story", timeout=WAIT_S_MAX) as answer:  # noqa: S310  # loopback
            now = json.load(answer)["now"]
        if now is not None and now["events"] >= events:
            return
        time.sleep(0.25)
    raise AssertionError("the demo's shoppers have said too little")


class Visitor:
    """Somebody who looks at the shop."""

    def __init__(self, demo: RunningDemo, page: Page) -> None:
        self.demo = demo
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda line: self.errors.append(line.text) if "Content Security" in line.text else None,
        )
        self.prompt = page.locator("goes-with section[part=prompt]")

    async def go(self, path: str) -> None:
        """Open a page, and wait until it is alive."""
        await self.page.goto(self.demo.address + path)
        await self.page.wait_for_selector("html[data-ready]")

    async def add(self, item: str) -> None:
        """Put something into the basket."""
        await self.page.locator(f"[data-add='{item}']").first.click()

    async def prompted(self, *items: str) -> None:
        """Add these, until a prompt is shown: some events get silence, by chance."""
        for item in items:
            await self.add(item)
            try:
                await self.prompt.locator("[part=add]").first.wait_for(timeout=3000)
            except Exception:  # noqa: BLE001, S112  # the next one, then
                continue
            return
        raise AssertionError(f"no prompt for any of {items}: {await self.story()}")

    async def count(self) -> int:
        """How many things the basket holds, by the page's own word."""
        return int(await self.page.locator("#count").inner_text())

    async def story(self) -> list[dict[str, Any]]:
        """All that is told of this visit."""
        said = await self.page.evaluate("fetch('/story?after=0').then((answer) => answer.json())")
        steps: list[dict[str, Any]] = said["steps"]
        return steps

    async def told(self, kind: str, **like: Any) -> list[dict[str, Any]]:
        """The steps of a kind that are like this."""
        return [
            step
            for step in await self.story()
            if step["kind"] == kind and like.items() <= step.items()
        ]

    async def comes(self, kind: str, number: int = 1, **like: Any) -> list[dict[str, Any]]:
        """The same, once there are so many."""
        deadline_s = time.monotonic() + WAIT_S_MAX
        while len(found := await self.told(kind, **like)) < number:
            assert time.monotonic() < deadline_s, (kind, like, await self.story())
            await self.page.wait_for_timeout(50)
        return found


@asynccontextmanager
async def visitor(
    demo: RunningDemo, context: BrowserContext, path: str = "/"
) -> AsyncIterator[Visitor]:
    """A visitor on a page."""
    who = Visitor(demo, await context.new_page())
    await who.go(path)
    try:
        yield who
    finally:
        await who.page.close()
