"""A catalogue on a real Kafka: imported, followed at once, and known before the first answer."""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.clients.sync_kafka import make_topics, open_admin
from streams.contract.events import Event
from streams.contract.events.reference.catalog import CatalogItem
from streams.storefront.reference.topic_log import send
from tests.integration.operators import ByHand, Operator
from tests.integration.operators import send as send_by_hand
from tests.integration.workers import Staff, staffed
from tests.integration.workers import send as send_events
from tests.stories import Story

SEEN_S_MAX = 1.0
"""So soon a change has to be seen by those who answer."""
FEED = """item_id,title,in_stock,variant_of
bread,Bread,yes,
butter,Butter,yes,butters
butter-salted,Salted butter,yes,butters
jam,,,
"""


class Market:
    """A shop with topics and an operator, whose worker has learned that bread goes with butter."""

    def __init__(self, staff: Staff, folder: Path) -> None:
        self.staff, self.settings, self.operator = staff, staff.settings, Operator(staff.settings)
        self.feed = folder / "feed.csv"
        self.feed.write_text(FEED)
        self.topics = self.settings.topics

    def open(self) -> None:
        """Start a worker, and let it learn."""
        self.staff.start("ann")
        self.staff.until_at_work("ann")
        now_ms = int(time.time() * 1000) - 60_000
        pasts = [Story(f"past-{number}", start_ms=now_ms) for number in range(5)]
        self.tell(e for p in pasts for e in (p.add("bread"), p.add("butter"), p.order("bread")))
        self.staff.until_answered()

    def tell(self, events: Iterable[Event]) -> None:
        """Send events of shoppers."""
        send_events(self.settings, events)

    def sells(self, **fields: Any) -> None:
        """Tell of butter, and wait as long as a change may take."""
        send(self.settings, self.topics.catalog, [CatalogItem(item_id="butter", **fields)])
        time.sleep(SEEN_S_MAX)

    def offers(self, session: str) -> list[str]:
        """What somebody is offered who looks at bread now; nothing: silence."""
        asked = Story(session, start_ms=int(time.time() * 1000)).view("bread")
        self.tell([asked])
        self.staff.until_answered()
        return self.offered(asked)

    def offered(self, asked: Event) -> list[str]:
        """What the prompt offers that this event caused."""
        found = [one for one in self.staff.prompts() if one.caused_by == asked.event_id]
        return [item.item_id for one in found for item in one.items]

    def telemetry(self) -> dict[str, Any]:
        """What the worker counted."""
        counted: dict[str, Any] = self.staff.state("ann")["telemetry"]
        return counted


@pytest.fixture
def market(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Market]:
    """The market, not open yet."""
    with staffed(kafka, topic_prefix, tmp_path) as staff:
        yield Market(staff, tmp_path)


def test_what_goes_out_of_stock_is_offered_no_more_within_a_second_until_it_is_back(
    market: Market,
) -> None:
    """Imported, sold out, back; a bad record changes nothing; who starts knows from the start."""
    market.open()
    imported = market.operator.types("catalog", "import", str(market.feed), "--items", "variant")
    assert "line 5: variant_of" not in imported.output
    assert 0 == imported.exit_code, imported.output
    assert "own: 4 items (2 variants), 0 problems; sent 4 to" in imported.output
    assert ["butter"] == market.offers("before")

    market.sells(in_stock=False)
    assert [] == market.offers("sold-out")
    butter = CatalogItem(item_id="butter", in_stock=False)
    assert (
        butter.model_dump(exclude_defaults=True)
        == market.operator.asks("catalog", "get", "butter")["item"]
    )
    assert 1 == market.telemetry()["silences"]["withheld"]
    assert {"out_of_stock": 1} == market.telemetry()["withheld"]

    send_by_hand(market.settings, market.topics.catalog, [ByHand(b"butter", b"{")])
    time.sleep(SEEN_S_MAX)
    assert [] == market.offers("refused")
    assert {"invalid_json": 1} == market.telemetry()["reference_refused"]

    market.sells(in_stock=True)
    assert ["butter"] == market.offers("back")
    knows_the_catalogue_before_its_first_answer(market)


def knows_the_catalogue_before_its_first_answer(market: Market) -> None:
    """What was asked while no worker was there is answered by one who has read all of it."""
    assert 0 == market.staff.workers["ann"].stop()
    items = [CatalogItem(item_id=f"item-{number}") for number in range(2000)]
    hidden = CatalogItem(item_id="butter", hidden=True)
    send(market.settings, market.topics.catalog, [*items, hidden])
    asked = Story("early", start_ms=int(time.time() * 1000)).view("bread")
    market.tell([asked])

    market.staff.start("ann")
    market.staff.until_at_work("ann")
    market.staff.until_answered()

    assert [] == market.offered(asked)
    assert {"hidden": 1} == market.telemetry()["withheld"]
    assert market.telemetry()["reference_records"] > len(items)
    kept = {"withheld": 1, "variants": 1, "upgrades": 0, "relations": 0, "categories": 0}
    kept |= {"categories_ignored": 0, "controls": 0}  # butter is a variant no more
    assert kept == market.staff.state("ann")["reference"]


def test_a_shop_without_a_catalogue_goes_on_and_follows_one_that_is_made_later(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    """As installations of before: that the topics are missing is said once, and no difference."""
    staff = Staff(kafka, topic_prefix, tmp_path, partitions=2)
    operator = Operator(staff.settings)
    with open_admin(staff.settings) as admin:
        assert [] == make_topics(admin, staff.settings.topics.declared(), staff.settings)
    market = Market(staff, tmp_path)
    try:
        market.open()
        assert ["butter"] == market.offers("as-ever")
        said, checked = staff.workers["ann"].said(), operator.types("topics", "check")
        assert 1 == said.count(f"no topic {staff.settings.topics.catalog}")
        assert 0 == checked.exit_code
        assert "not there, and not needed" in checked.output
        refused = operator.types("catalog", "import", str(market.feed))
        assert "there is no topic" in refused.output

        assert {"created": [*staff.settings.topics.reference()]} == operator.asks(
            "topics", "create"
        )
        market.sells(hidden=True)
        staff.until(lambda: bool(market.telemetry()["reference_records"]), "the new topic")
        assert [] == market.offers("later")
    finally:
        staff.go_home()


def test_controls_are_set_told_and_applied_with_who_and_why(market: Market) -> None:
    """Each change is a record; what is unset is told as such, and what differs is set by a file."""
    asks, types = market.operator.asks, market.operator.types
    who = ("--author", "ann", "--reason")
    types("control", "set", "till.floor", "0.1", *who, "try it")
    types("control", "set", "arms.popular.state", "shadow", *who, "a week without")
    types("control", "set", "till.floor", "null", *who, "enough")
    file = market.feed.with_suffix(".json")
    file.write_text(json.dumps({"arms.popular.state": "shadow", "slots": ["basket"]}))

    tried = types("control", "apply", str(file), *who, "as planned", "--dry-run")
    assert "1 of 2 controls would change" in tried.output
    applied = asks("control", "apply", str(file), *who, "as planned")
    assert {"changed": {"slots": ["basket"]}, "sent": 1} == applied
    assert asks("control", "apply", str(file), *who, "as planned")["changed"] == {}

    floor = [
        json.loads(line)
        for line in types("control", "history", "till.floor", "--json").stdout.splitlines()
    ]
    assert [(0.1, "ann", "try it"), (None, "ann", "enough")] == [
        (one["value"], one["author"], one["reason"]) for one in floor
    ]
    assert (1, 0) == (
        types("control", "get", "till.floor").exit_code,
        types("control", "get", "slots").exit_code,
    )
    exported = json.loads(types("control", "export").stdout)
    assert {"arms.popular.state": "shadow", "slots": ["basket"]} == exported
    wrong = types("control", "set", "Floor", "1", *who, "x")
    assert 2 == wrong.exit_code
    assert "control Floor: key" in wrong.output
