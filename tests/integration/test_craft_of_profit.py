"""Profit on a real Kafka: what is earned decides, is told as an outcome, and is taken back.

One worker that reckons in money, and decides how many items a prompt has.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from streams.contract.events import Event
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.outcomes import ANY_OUTCOME, Outcome
from streams.contract.published.prompts import Prompt
from streams.storefront.reference.topic_log import send
from tests.integration.operators import Operator
from tests.integration.workers import Staff, staffed
from tests.integration.workers import send as send_events
from tests.stories import Story

MARGINS = {"butter": 150, "jam": 90, "milk": -4, "pebble": 1}
"""What one of each earns, in cents; each costs 4.00 EUR."""
PAST = ((8, "bread", "milk"), (6, "bread", "jam"), (5, "bread", "butter"), (6, "stone", "pebble"))
"""How often these were bought together: milk fits best, and loses money."""
SCALE_MINOR = 2_000
"""What counts as a reward of 1: the default."""


def said(item_id: str, margin: int) -> CatalogItem:
    """An item, as the catalogue has it."""
    return CatalogItem(item_id=item_id, price_minor=400, margin_minor=margin, currency="EUR")


def past() -> Iterator[Event]:
    """What others bought, and some who bought anything else."""
    now_ms = int(time.time() * 1000) - 600_000
    for times, *pair in PAST:
        for number in range(times):
            story = Story(f"past-{'-'.join(pair)}-{number}", start_ms=now_ms)
            yield from map(story.add, pair)
            yield story.order(*pair)
    for number in range(20):
        yield Story(f"other-{number}", start_ms=now_ms).add(f"tea-{number % 5}")


class Market:
    """The shop while its worker is there."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff

    def open(self) -> None:
        """Tell the catalogue, start the worker, and let it learn."""
        self.earns(**MARGINS)
        set_ = ("control", "set", "arms.popular.state", "off")  # it offers to everybody
        typed = Operator(self.staff.settings).types(*set_, "--author", "ann", "--reason", "try")
        assert 0 == typed.exit_code, typed.output
        self.staff.start("ann")
        self.staff.until_at_work("ann")
        self.tell(past())

    def earns(self, **margins: int) -> None:
        """What items earn from now on."""
        topic = self.staff.settings.topics.catalog
        send(self.staff.settings, topic, [said(*each) for each in margins.items()])

    def tell(self, events: Iterable[Event]) -> None:
        """Send events of shoppers, and wait until all is answered."""
        send_events(self.staff.settings, events)
        self.staff.until_answered()

    def answer(self, event: Event) -> Prompt | None:
        """What this event gets; None: silence."""
        self.tell([event])
        asked = event.session_id, event.event_id
        found = [one for one in self.staff.prompts() if (one.session_id, one.caused_by) == asked]
        return found[0] if found else None

    def silences(self) -> dict[str, int]:
        """How often the worker was silent, by reason."""
        told: dict[str, int] = self.staff.state("ann")["telemetry"]["silences"]
        return told

    def earned(self, prompt: Prompt) -> dict[str, float]:
        """What each stage of a prompt changed of its reward, each record once."""
        topic = self.staff.settings.topics.outcomes
        records = [ANY_OUTCOME.validate_json(one.value or b"") for one in self.staff.read(topic)]
        of = {
            one.identity: one
            for one in records
            if isinstance(one, Outcome) and one.prompt_id == prompt.prompt_id
        }
        return {one.stage: one.reward for one in of.values()}


def shopper(name: str) -> Story:
    """Somebody who comes in now."""
    return Story(f"{name}-{uuid4().hex[:6]}", start_ms=int(time.time() * 1000) - 20_000)


@pytest.fixture(scope="module")
def market(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The market, open for all stories."""
    settings: dict[str, Any] = {
        "reward": "net",
        "items_decided": True,
        "items_exploration": 0.0,
        "dismissal_cost_minor": 50,
        "together_min": 1,
    }
    prefix = f"profit-{uuid4().hex[:8]}"
    with staffed(kafka, prefix, tmp_path_factory.mktemp("profit"), **settings) as staff:
        found = Market(staff)
        found.open()
        yield found


def test_what_earns_most_is_offered_first_and_what_loses_not_at_all(market: Market) -> None:
    """Milk fits bread best, and loses four cents a piece."""
    prompt = market.answer(shopper("ann").add("bread"))

    assert prompt is not None
    names = [item.item_id for item in prompt.items]
    assert {*names} <= {"butter", "jam"}
    assert names == sorted(names)  # butter earns more


def test_where_nothing_is_worth_its_room_nothing_is_said(market: Market) -> None:
    """A cent for a pebble is less than what a prompt annoys: the number is decided, and it is 0."""
    before = market.silences().get("not_worth", 0)
    assert market.answer(shopper("ann").add("stone")) is None

    market.staff.until(lambda: market.silences().get("not_worth", 0) > before, "not worth it")


def test_a_sale_earns_the_margin_of_its_offer_and_a_return_takes_it_back(market: Market) -> None:
    """Say butter earned 1.50 EUR when it was offered: what it earns later changes nothing."""
    ann = shopper("ann")
    prompt = market.answer(ann.add("bread"))
    assert prompt is not None
    best = prompt.items[0].item_id
    gain = MARGINS[best] / SCALE_MINOR
    market.earns(**{best: 20})
    added = ann.add(best, receipt=prompt.receipt)
    market.tell([ann.see(prompt), added, ann.order("bread", best)])
    earned = market.earned(prompt)
    assert pytest.approx(gain) == earned["bought"]

    market.tell([ann.send_back(best)])
    market.earns(**{best: MARGINS[best]})
    after = market.earned(prompt)
    assert pytest.approx(-gain) == after["returned"]
    assert pytest.approx(earned["shown"]) == sum(after.values())
