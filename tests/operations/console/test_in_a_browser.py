"""The console as its readers have it: in a real browser, wide and narrow, light and dark."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal

import pytest
import uvicorn
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Browser, Page, expect

from streams.contract.events.reference.control import ControlRecord
from streams.contract.schemas.examples import NEW_YEAR_MS
from streams.operations.console.command import config
from streams.operations.console.watching.checkpoints import CheckpointsSeen
from streams.operations.console.watching.lookups.questions import WhyAsked, WhyNotAsked
from streams.operations.console.watching.workers import WorkerSeen
from streams.operations.explanation.story import Story
from tests.experiments.uplift.records import EXPERIMENT, assigned, shop
from tests.operations.console.eyes import (
    ACTING,
    HOSTILE,
    SETTINGS,
    WORD,
    Eyes,
    checkpoint,
    group,
    one,
    prompt,
    trial,
    worker,
)
from tests.operations.console.known_answers import why_bread, why_not_butter

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAIT_MS = 15_000
"""Only a failure takes so long."""
PATHS = (
    *("/", "/lag", "/experiments", "/experiments/plan", "/prompts"),
    *("/prompts?session=session-7", "/prompts?session=nobody", "/operations"),
    *("/prompts/why?prompt=p-7&session=session-7", "/prompts/why-not"),
    "/prompts/why-not?session=session-7&item=butter",
)
PATHS_WIDE_AND_NARROW = (*PATHS, "/nowhere")
TELLS = "addEventListener('securitypolicyviolation', e => (window.told ??= []).push(e.blockedURI))"
QUICK = SETTINGS.model_copy(update={"console_every_s": 0.2})
ASKING = QUICK.model_copy(
    update={
        "experiment": EXPERIMENT.name,
        "holdout_share": EXPERIMENT.share,
        "holdout_salt": EXPERIMENT.salt,
    }
)
RATES = {"popular": 0.2, "bought_together": 0.5, HOSTILE: 0.3}
Scheme = Literal["light", "dark"]


class Served:
    """A console that can be ended and started again at the same address."""

    def __init__(self, eyes: Eyes) -> None:
        self.eyes = eyes
        self.port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; nothing is read but by the test."""
        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        made = config(self.eyes.app)
        made.lifespan = "off"
        self._server = uvicorn.Server(made)
        self._thread = threading.Thread(target=self._server.run, args=([listening],))
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(WAIT_MS / 1000)


def full() -> Eyes:
    """Something of everything, hostile names included."""
    eyes = Eyes(QUICK)
    eyes.lag = group(one(0, 3), one(1), one(2, 42, lag_s=37.0, owner=HOSTILE)._replace(begin=990))
    eyes.workers = (worker(), WorkerSeen("http://worker-2:6066", trouble=HOSTILE))
    eyes.checkpoints = CheckpointsSeen("topic x", (checkpoint(31.0),), listed=True)
    eyes.happen(*trial(300, RATES), *shop(100))
    eyes.happen(*(assigned(n + 1_000, held=True) for n in range(200)))
    eyes.publish(*(prompt(n) for n in range(30)), prompt(99, session_id=HOSTILE, anchor=HOSTILE))
    eyes.bury(HOSTILE.encode(), message=HOSTILE)
    eyes.know("session-7", Story("session-7", (0,), (), 3, (HOSTILE,)))
    eyes.answers[WhyAsked("p-7", "session-7")] = why_bread()
    eyes.answers[WhyNotAsked("session-7", "butter")] = why_not_butter()
    for question in eyes.answers:
        eyes.sources.lookups.ask(question)
        eyes.sources.lookups.look()
    asked = {"metric": "orders", "least_effect": 0.05, "start_ms": NEW_YEAR_MS}
    eyes.operate(
        ControlRecord(
            key="experiments.spring.declared",
            value=asked | {"experiment": EXPERIMENT.id},
            author=HOSTILE,
            reason=HOSTILE,
            at_ms=NEW_YEAR_MS,
        )
    )
    eyes.fold._slice = 100
    for _ in range(12):
        eyes.look()
    return eyes


@pytest.fixture(scope="module")
def whole() -> Iterator[Served]:
    """A console with something of everything."""
    with serving(full()) as served:
        yield served


@contextmanager
def serving(eyes: Eyes) -> Iterator[Served]:
    """The console, for the length of the block."""
    served = Served(eyes)
    served.start()
    try:
        yield served
    finally:
        served.stop()


@asynccontextmanager
async def reader(
    browser: Browser, served: Served, token: str = WORD, **more: Any
) -> AsyncIterator[Page]:
    """Who has come by the address with the token."""
    context = await browser.new_context(**more)
    context.set_default_timeout(WAIT_MS)
    await context.add_init_script(TELLS)
    page = await context.new_page()
    await page.goto(f"{served.address}/?token={token}")
    yield page
    await context.close()


async def violations(page: Page) -> list[str]:
    """What axe-core finds, and what the policy forbade."""
    await page.evaluate(AXE_FILE_PATH.read_text())
    found: dict[str, Any] = await page.evaluate("axe.run()")
    wrong = [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found["violations"]]
    told: list[str] = await page.evaluate("window.told ?? []")
    return wrong + told


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
async def test_every_page_can_be_used_by_everybody(
    browser: Browser, whole: Served, width: int, scheme: Scheme
) -> None:
    """By axe-core; nothing that the policy forbids, and no scrolling aside."""
    dialogs: list[str] = []
    size: Any = {"width": width, "height": 900}
    async with reader(browser, whole, viewport=size, color_scheme=scheme) as page:
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for path in PATHS_WIDE_AND_NARROW:
            await page.goto(f"{whole.address}{path}")
            await page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert [] == await violations(page), path
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert [] == dialogs


async def test_who_does_not_know_the_token_can_type_it(browser: Browser, whole: Served) -> None:
    """No script gets to see the cookie."""
    async with reader(browser, whole) as page:
        await page.context.clear_cookies()
        await page.goto(f"{whole.address}/lag")
        assert [] == await violations(page)
        await page.get_by_label("Token").fill(WORD)
        await page.get_by_role("button", name="Enter").click()
        await expect(page.get_by_role("heading", name="Start", level=1)).to_be_visible()
        assert "" == await page.evaluate("document.cookie")
        assert WORD not in page.url


async def test_a_page_renews_itself_and_what_is_open_stays_open(browser: Browser) -> None:
    """It is not loaded again: what a reader has in hand stays there."""
    with serving(Eyes(QUICK)) as served:
        served.eyes.bury(HOSTILE.encode())
        served.eyes.look()
        async with reader(browser, served) as page:
            await page.goto(f"{served.address}/operations")
            await page.evaluate("window.mine = 1")
            await page.locator("summary").first.click()
            await page.locator("h2").first.click()
            served.eyes.bury(b"{", reason="wrong_key")
            served.eyes.look()
            await expect(page.get_by_text("wrong_key").first).to_be_visible()
            assert 1 == await page.evaluate("window.mine")
            assert 1 == await page.locator("details[open]").count()


async def test_an_operator_turns_an_arm_off_and_the_page_tells_it(browser: Browser) -> None:
    """By the form, with a reason; hostile words are text, and nothing on the way is a fault."""
    with serving(Eyes(QUICK)) as served:
        served.eyes.look()
        async with reader(browser, served, ACTING) as page:
            await page.goto(f"{served.address}/experiments")
            await page.get_by_text("Change how the shop is run").click()
            form = page.get_by_role("form", name="An arm")
            await form.get_by_label("Arm").select_option("popular")
            await form.get_by_label("State").select_option("off")
            await form.get_by_label("Reason").fill(HOSTILE)
            await form.get_by_label("Your name").fill("ann")
            assert [] == await violations(page)
            await form.get_by_role("button", name="Set the state").click()
            await expect(page.get_by_text("Kafka has the change of")).to_be_visible()
            served.eyes.look()
            await expect(page.get_by_role("cell", name=HOSTILE)).to_be_visible()
            assert [] == await violations(page)
    (record,) = served.eyes.controls.records
    assert b"arms.popular.state" == record.key


@pytest.mark.parametrize("width", [390, 1280])
async def test_who_changed_what_and_why_is_seen_without_scrolling_aside(
    browser: Browser, width: int
) -> None:
    """However long the value is: its cell unfolds, and stays so when the page renews itself."""
    eyes = Eyes(QUICK)
    arms = [f"arm_{number}" for number in range(20)]
    asked = {"metric": "orders", "least_effect": 0.05, "start_ms": NEW_YEAR_MS}
    value = asked | {"experiment": EXPERIMENT.id, "arms": arms}
    key = "experiments.spring.declared"
    more = {"reason": "are prompts worth it, all told? " * 4, "at_ms": NEW_YEAR_MS}
    eyes.operate(ControlRecord(key=key, value=value, author="ann of the shop", **more))
    eyes.look()
    size: Any = {"width": width, "height": 900}
    with serving(eyes) as served:
        async with reader(browser, served, viewport=size) as page:
            await page.goto(f"{served.address}/experiments")
            changes = page.get_by_role("region", name="Changes of controls")
            whole = changes.get_by_text("arm_19")
            await expect(whole).to_be_hidden()
            await changes.locator("summary").click()
            await expect(whole).to_be_visible()
            assert await changes.evaluate("box => box.scrollWidth <= box.clientWidth")
            eyes.operate(ControlRecord(key="policy.floor", value=0.01, author="ben", **more))
            eyes.look()
            await page.locator("h2").first.click()  # what has the focus is not renewed
            await expect(changes.get_by_text("ben")).to_be_visible()
            await expect(whole).to_be_visible()
            assert [] == await violations(page)


@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
async def test_no_key_is_broken_in_a_word_and_no_label_is_torn(
    browser: Browser, width: int
) -> None:
    """A key of a control is broken after its points alone; a label stands in one line."""
    eyes = Eyes(QUICK)
    for arm in ("popular", "bought_together"):
        reason = "too many are sent away, and nobody buys what it offers; " * 3
        said = {"key": f"arms.{arm}.state", "value": "off", "author": "ann of the shop"}
        eyes.operate(ControlRecord.model_validate(said | {"reason": reason, "at_ms": NEW_YEAR_MS}))
    eyes.look()
    size: Any = {"width": width, "height": 900}
    with serving(eyes) as served:
        async with reader(browser, served, ACTING, viewport=size) as page:
            await page.goto(f"{served.address}/experiments")
            for forms in ("Change how the shop is run", "Declare or end an experiment"):
                await page.get_by_text(forms).click()
            lines = """nodes => nodes.flatMap(node => [...node.childNodes])
                .filter(node => node.nodeType === Node.TEXT_NODE)
                .map(node => { const range = document.createRange(); range.selectNode(node);
                    return range.getClientRects().length; })"""
            for of in ("#scroll-trail tbody th", ".forms label"):
                told = await page.locator(of).evaluate_all(lines)
                assert {1} == {*told}, of


async def test_an_operator_asks_a_question_and_the_page_answers_it(browser: Browser) -> None:
    """By the form; the verdict comes by itself, in words."""
    eyes = Eyes(ASKING, now_s=NEW_YEAR_MS / 1000)
    eyes.look()
    with serving(eyes) as served:
        async with reader(browser, served, ACTING) as page:
            await page.goto(f"{served.address}/experiments")
            await page.get_by_text("Declare or end an experiment").click()
            form = page.get_by_role("form", name="Declare an experiment")
            await form.get_by_label("Name", exact=True).fill("spring")
            await form.get_by_label("Guardrails").fill("returned:10")
            await form.get_by_label("Reason").fill(HOSTILE)
            await form.get_by_label("Your name").fill("ann")
            assert [] == await violations(page)
            await form.get_by_role("button", name="Declare").click()
            await expect(page.get_by_text("Kafka has experiments.spring.declared")).to_be_visible()
            eyes.happen(*shop(800))
            eyes.now_s += 86_400
            eyes.look()
            eyes.look()
            await expect(page.get_by_text("yes, more orders a unit")).to_be_visible()
            assert [] == await violations(page)
    (record,) = eyes.controls.records
    assert b"experiments.spring.declared" == record.key


async def test_what_is_typed_stays_while_the_page_renews_itself(browser: Browser) -> None:
    """Forms are no part of what is renewed."""
    with serving(Eyes(QUICK)) as served:
        served.eyes.look()
        async with reader(browser, served, ACTING) as page:
            await page.goto(f"{served.address}/experiments")
            await page.get_by_text("Change how the shop is run").click()
            reason = page.get_by_role("form", name="An arm").get_by_label("Reason")
            await reason.fill("half a sentence")
            served.eyes.happen(*trial(30, RATES))
            served.eyes.look()
            await expect(page.get_by_role("heading", name="Arms", exact=True)).to_be_visible()
            assert "half a sentence" == await reason.input_value()


async def test_who_asks_why_not_waits_cancels_and_asks_again(browser: Browser) -> None:
    """By the keyboard alone, from a prompt of the list; the answer comes by itself."""
    eyes = Eyes(QUICK)
    eyes.publish(prompt(7))
    eyes.look()
    eyes.answers[WhyNotAsked("session-7", "butter")] = why_not_butter()
    with serving(eyes) as served:
        async with reader(browser, served) as page:
            await page.goto(f"{served.address}/prompts")
            await page.get_by_role("link", name="p-7").press("Enter")
            await expect(page.get_by_label("Why was session")).to_have_value("session-7")
            await page.get_by_label("not offered the item").fill("butter")
            await page.get_by_label("not offered the item").press("Enter")
            await expect(page.get_by_text("2 questions have their turn first")).to_be_hidden()
            await expect(page.get_by_text("1 question has its turn first")).to_be_visible()
            await page.get_by_role("button", name="Cancel").press("Enter")
            await expect(page.get_by_text("It was cancelled")).to_be_visible()
            await page.get_by_role("link", name="Look again").press("Enter")
            for _ in range(2):
                eyes.sources.lookups.look()
            await expect(page.get_by_text("It is in the basket")).to_be_visible()
            assert [] == await violations(page)


async def test_a_console_that_is_away_is_said_and_comes_back(browser: Browser) -> None:
    """The figures stay, and are said to be old."""
    with serving(Eyes(QUICK)) as served:
        async with reader(browser, served) as page:
            away = page.get_by_text("has not answered since")
            await expect(away).to_be_hidden()
            served.stop()
            await expect(away).to_be_visible()
            served.start()
            await expect(away).to_be_hidden()
