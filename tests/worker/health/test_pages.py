"""What a worker's pages say."""

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from aiokafka.errors import KafkaConnectionError

from streams.contract.receipts import Receipts
from streams.contract.schemas.examples import PROMPT
from streams.contract.settings import Settings
from streams.operations.rebuild import summary_of_shop
from streams.shop.memory.receipt_rules import UnknownKeys
from streams.worker.health.pages.pages import Handler, show_health, show_state, unread
from streams.worker.health.watchdog import Health, Watchdog
from streams.worker.replica import Replica
from streams.worker.telemetry import Telemetry
from tests.stories import OPEN, Story, Till

ANOTHER = "another"
"""The secret of a worker that was not given the one of its peers."""


class PagesOf:
    """As much of an app as its pages need, around a shop."""

    def __init__(self, till: Till) -> None:
        self.assigned: frozenset[int] | None = frozenset({0})
        self.settings = Settings(**OPEN)
        self.telemetry = Telemetry()
        self.replica = Replica(self.settings, till.shop, self.telemetry)
        self.watchdog = cast(
            "Watchdog", SimpleNamespace(health=Health(ready=True), loop_late_s=0.0)
        )
        self.handlers: dict[str, Handler] = {}
        show_state(self, self.settings)
        show_health(self, self.watchdog, None, dict, {})

    def page(self, path: str) -> Callable[[Handler], Any]:
        """Keep the handler of a path."""

        def keep(handler: Handler) -> Handler:
            self.handlers[path] = handler
            return handler

        return keep

    def said(self, path: str) -> dict[str, Any]:
        """The JSON of a page."""
        web = SimpleNamespace(json=lambda said, **_: json.dumps(said))
        request = SimpleNamespace(query={})
        answer: dict[str, Any] = json.loads(asyncio.run(self.handlers[path](web, request)))  # type: ignore[arg-type]
        return answer


def test_a_worker_that_lacks_a_secret_says_which_key() -> None:
    """In the notes, as it still answers, and in a counter by key."""
    till, story = Till(receipt_secret=ANOTHER), Story(PROMPT.session_id)
    pages = PagesOf(till)
    assert [] == pages.said("/readyz")["notes"]
    assert {} == pages.said("/state")["telemetry"]["receipt_unknown_key"]
    for _ in range(2):
        till.serve(story.see(PROMPT))
    (key_id,) = Receipts("not a secret").key_ids

    (note,) = pages.said("/readyz")["notes"]
    assert f"2 of key {key_id}" in note
    assert pages.said("/readyz")["ready"]
    assert {key_id: 2} == pages.said("/state")["telemetry"]["receipt_unknown_key"]


def test_a_key_that_comes_again_is_named_before_those_that_somebody_makes_up() -> None:
    """Else sixteen of these hide the id of a secret that is missing."""
    keys = UnknownKeys()
    for key in (*(f"{number:08x}" for number in range(40)), *["ffffffff"] * 300):
        keys.add(key)
    (note,) = unread(keys.by_name())

    assert "300 of key ffffffff, 1 of key 0" in note
    assert note.endswith(", 38 of further ones")


def test_a_worker_tells_how_many_events_of_logs_before_it_knows() -> None:
    """Or who folds its log finds other digests, and no reason."""
    till = Till()
    pages = PagesOf(till)
    till.serve(Story().view("bread"))
    before = pages.said("/state")["carried"]
    till.shop.skipped = -40

    assert (0, 40) == (before, pages.said("/state")["carried"])
    assert 40 == summary_of_shop(till.shop).carried
    assert "not comparable: 40 events" in summary_of_shop(till.shop).apart


class AwayConsumer:
    """One whose broker does not answer."""

    def assignment(self) -> set[int]:
        """It has all partitions."""
        return {0, 1}

    async def end_offsets(self, _partitions: Any) -> Any:
        """As aiokafka says it."""
        raise KafkaConnectionError


class WrongTopics:
    """Topics of which something is wrong."""

    def __init__(self) -> None:
        self.errors = ["events is missing: make it"]
        self.warnings = ["events keeps records for 1 h, not 7 d: configure it"]

    def as_json(self) -> list[dict[str, str]]:
        """The same, by kind."""
        return [{"kind": "missing"}, {"kind": "retention"}]


def test_what_is_wrong_with_topics_is_a_reason_or_a_note() -> None:
    """And on the page of the state."""
    pages, wrong = PagesOf(Till()), WrongTopics()
    show_state(pages, pages.settings, topics=wrong)
    show_health(pages, pages.watchdog, None, dict, {}, wrong)
    said = pages.said("/readyz")

    assert (False, wrong.errors, wrong.warnings) == (said["ready"], said["reasons"], said["notes"])
    assert ["missing", "retention"] == [one["kind"] for one in pages.said("/state")["topics"]]


def test_the_state_is_told_while_kafka_is_away() -> None:
    """It asks the broker nothing: what lags is known as of a second ago, or not at all."""
    pages, ends = PagesOf(Till()), {0: 9, 1: 4}
    pages.replica.shop.position.update({0: 7, 1: 5})
    pages.replica._consumer = AwayConsumer()
    show_state(pages, pages.settings, ends=lambda: ends)
    assert {"0": 2, "1": 0} == pages.said("/state")["lag_events"]

    ends.clear()
    assert {} == pages.said("/state")["lag_events"]
