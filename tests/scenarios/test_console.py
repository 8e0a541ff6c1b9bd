"""An operator opens the console beside a running worker, and sees what goes on."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.contract.published.prompts import Prompt
from tests.scenarios.storefront import PATIENCE_S, Storefront, Worker
from tests.stories import Story

WORD = "no secret at all and long enough for one"
GOESWITH_CONSOLE = "-m", "streams", "console"
ADDRESS = re.compile(r"goeswith console: (http://[\d.:]+)")
MS = 1000


@pytest.fixture
def console(street: dict[str, Any], tmp_path: Path) -> Iterator[Worker]:
    """A running console beside the worker."""
    settings = {**street, "console_token": WORD, "console_port": 0, "console_every_s": 0.5}
    process = Worker(settings, tmp_path / "console.log", GOESWITH_CONSOLE)
    yield process
    process.kill()


def until(console: Worker, found: Callable[[], Any]) -> Any:
    """Wait for what must come."""
    deadline = time.monotonic() + PATIENCE_S
    while not (result := found()):
        assert time.monotonic() < deadline, console.said()
        assert console.alive, console.said()
        time.sleep(0.1)
    return result


@pytest.mark.parametrize("street", ["kafka"], indirect=True)
@pytest.mark.integration
def test_what_goes_on_is_seen_on_the_pages(
    storefront: Storefront, console: Worker, street: dict[str, Any], now_ms: int
) -> None:
    """Lag and who answers, a prompt, its story and its why, its outcome, and a dead letter."""
    address = until(console, lambda: ADDRESS.search(console.said()))[1]
    ann = Story("ann", start_ms=now_ms)
    for number in range(10):
        past = Story(f"past-{number}", start_ms=now_ms - 60 * MS)
        storefront.send(past.add("bread"), past.add("butter"), past.order("bread", "butter"))
    bread = ann.add("bread")
    storefront.send(bread)
    prompt = storefront.answer_to(bread)
    storefront.send(ann.see(prompt))
    storefront.send_raw(b"bob", b"<script>")

    with httpx.Client(base_url=address, headers={"authorization": f"Bearer {WORD}"}) as http:

        def of(what: str, **asked: str) -> dict[str, Any]:
            return dict(http.get(f"/api/{what}", params=asked).json())

        lag = until(console, lambda: (said := of("lag")).get("lag_events") == 0 and said)
        assert {street["worker_name"]} == {one["owner"] for one in lag["partitions"]}
        prompts = until(console, lambda: of("prompts")["prompts"])
        assert prompt.prompt_id in {one["prompt_id"] for one in prompts}
        arms = until(console, lambda: (of("experiments")["arms"] or {}).get("arms"))
        assert [(prompt.arm, 1)] == [(arm["arm"], arm["shown"]) for arm in arms]
        kinds = until(console, lambda: (of("operations")["dead_letters"] or {}).get("kinds"))
        assert [("invalid_json", 1)] == [(kind["reason"], kind["count"]) for kind in kinds]
        story = until(console, lambda: of("prompts", session="ann")["events"])
        assert ["prompt", "learned"] == [event["became"] for event in story]
        _ask_why(console, of, prompt)
        assert of("start")["sentence"].startswith("Look at this soon: 1 dead letter")
        for path in ("/", "/lag", "/experiments", "/prompts", "/prompts?session=ann"):
            assert 200 == http.get(path).status_code
        assert "<script>" not in http.get("/operations").text.partition("<body>")[2]
    assert 0 == console.stop(), console.said()


def _ask_why(console: Worker, of: Callable[..., dict[str, Any]], prompt: Prompt) -> None:
    """Why it was that, found by its session, and by its id alone; and why bread was not in it."""

    def ask(what: str, **asked: str) -> dict[str, Any]:
        found: dict[str, Any] = until(console, lambda: told(of(f"prompts/{what}", **asked)))
        return found

    by_session = ask("why", prompt=prompt.prompt_id, session="ann")
    by_id = ask("why", prompt=prompt.prompt_id)
    other = ask("why", prompt="nobody's", session="ann")
    refused = ask("why-not", session="ann", item="bread")["why_not"]

    assert by_session["why"] == by_id["why"]
    assert prompt.prompt_id == by_id["why"]["prompt"]["prompt_id"]
    assert by_id["why"]["agrees"]
    assert [item.item_id for item in prompt.items] == [
        item["item_id"] for item in by_id["why"]["items"]
    ]
    assert "has no prompt" in other["trouble"]
    assert ("refused", {"in_basket", "asked"}) == (refused["verdict"], {*refused["refusals"]})


def told(said: dict[str, Any]) -> dict[str, Any] | None:
    """What is said, once nothing is done about it any more."""
    return None if said["doing"] else said
