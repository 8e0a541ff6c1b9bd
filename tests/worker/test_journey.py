"""docs/architecture.md tells the journey of an event as it is: held against a recorded run."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from streams.contract.events import ItemAdded
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.views.reader import current_arms, current_prompts
from tests.scenarios.storefront import Storefront, Worker
from tests.stories import OPEN, Story

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()
HEADINGS = "The journey of an add", "The journey of feedback"


class RecordedWorker(Worker):
    """A worker that writes down which files its events passed through."""

    def __init__(self, settings: dict[str, Any], folder: Path) -> None:
        self.target = folder / "journeys.json"
        super().__init__(settings, folder / "worker.log", ["-m", "tests.journey", str(self.target)])

    def journeys(self) -> list[list[str]]:
        """The files that each batch of events passed, in the order of their first call."""
        journeys: list[list[str]] = json.loads(self.target.read_text())
        return journeys


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The journeys of an add that gets a prompt, and of the feedback that the prompt was shown."""
    chosen: dict[str, Any] = {
        **OPEN,
        "partitions": 1,
        "clock_skew_s_max": 1e10,
        "prompt_ttl_s": 3_600.0,
        "kafka_api_version": "2.0",
        "fetch_wait_fixed": True,
    }
    names = Settings(**chosen).topics.declared()
    with EmbeddedBroker(dict.fromkeys(names, 1)) as broker, EmbeddedRedis() as redis:
        chosen |= {"kafka_bootstrap": broker.bootstrap, "redis_url": redis.url}
        worker = RecordedWorker(chosen, tmp_path_factory.mktemp("journey"))
        try:
            with Storefront(Settings(**chosen), worker) as store:
                visit(store)
            assert 0 == worker.stop(), worker.said()
        finally:
            worker.kill()
    return worker.journeys()[-2:]


def visit(store: Storefront) -> None:
    """Ann adds tea, gets a prompt, and sees it; each when all before is delivered and in view.

    Bob and Carl have taught the shop that there is something to offer.
    """
    now_ms = int(time.time() * 1000) - 60_000
    carl, ann = Story("carl", start_ms=now_ms), Story("ann", start_ms=now_ms)
    store.send(Story("bob", start_ms=now_ms).add("bread"))
    asked(store, carl.add("jam"))
    prompt = asked(store, ann.add("tea"))
    store.send(ann.see(prompt))
    store.wait_for(lambda: store.outcomes() or None, "outcome")
    settings = store.settings
    store.wait_for(lambda: any(row.shown for row in current_arms(settings)), "view of arms")


def asked(store: Storefront, event: ItemAdded) -> Prompt:
    """The prompt for an event, once views show it: then its round is acknowledged."""
    store.send(event)
    prompt = store.answer_to(event)
    where = store.settings, event.session_id
    store.wait_for(lambda: current_prompts(*where) or None, "view of prompts")
    return prompt


def told(heading: str) -> list[str]:
    """The files of a numbered list of the page, in order."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\d+\. `(streams/[\w/]+\.py)`", section, re.MULTILINE)


@pytest.mark.parametrize("number", range(len(HEADINGS)))
def test_the_journey_is_told_in_the_order_in_which_it_is_made(
    recorded: list[list[str]], number: int
) -> None:
    """Every file of the list exists, and the recorded run entered them one after the other."""
    files = told(HEADINGS[number])

    assert len(files) > 10
    assert [] == [name for name in files if not (ROOT / name).is_file()]
    assert files == [name for name in recorded[number] if name in files]


def test_every_file_and_folder_that_the_page_names_is_there() -> None:
    """Also beside the lists: a page that names what is gone leads astray."""
    named = set(re.findall(r"`((?:streams|models|tests)/[\w/.-]*)`", PAGE))

    assert [] == sorted(name for name in named if not (ROOT / name).exists())


def test_every_room_is_in_the_table_of_rooms() -> None:
    """Both packages, each room once."""
    rooms = {
        f"`{top}/{room.parent.name}/`"
        for top in ("streams", "models")
        for room in (ROOT / top).glob("*/__init__.py")
    }

    assert rooms == set(re.findall(r"^\| (`(?:streams|models)/\w+/`) \|", PAGE, re.MULTILINE))
