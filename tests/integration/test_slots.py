"""Slots on a real Kafka: the four touchpoints, upsell apart and before, and the top-up."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from streams.contract.events import Event
from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.published.prompts import Prompt
from streams.contract.wire.shop.offers import FreeShippingOffer
from streams.storefront.reference.topic_log import send
from tests.integration.workers import Staff, staffed
from tests.integration.workers import send as send_events
from tests.stories import Story

GOODS = {"toaster": 3000, "bread": 250, "butter": 900, "jam": 2100, "honey": 2600}
"""What is sold, and for how much, in cents; 50.00 EUR ship for free."""
BETTER = Relation(kind="upgrade_of", item_id="toaster")


class Market:
    """A shop whose worker has learned that its goods go together."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff

    def open(self) -> None:
        """Tell the catalogue, start a worker, and let it learn."""
        settings = self.staff.settings
        said = [
            CatalogItem(item_id=item, price_minor=minor, margin_minor=minor // 4, currency="EUR")
            for item, minor in GOODS.items()
        ]
        oven = CatalogItem(item_id="oven", price_minor=9900, currency="EUR", relations=(BETTER,))
        send(settings, settings.topics.catalog, [*said, oven])
        self.staff.start("ann")
        self.staff.until_at_work("ann")
        now_ms = int(time.time() * 1000) - 60_000
        pasts = [Story(f"past-{number}", start_ms=now_ms) for number in range(6)]
        for past in pasts:
            self.tell([*map(past.add, GOODS), past.order(*GOODS)])
        self.staff.until_answered()

    def tell(self, events: Iterable[Event]) -> None:
        """Send events of shoppers."""
        send_events(self.staff.settings, events)

    def answers(self, *events: Event) -> dict[str, Prompt]:
        """The prompts that the last of these events caused, by slot, in the order of the topic."""
        self.tell(events)
        self.staff.until_answered()
        caused = [
            one
            for one in self.staff.prompts()
            if (one.session_id, one.caused_by) == (events[-1].session_id, events[-1].event_id)
        ]
        return {one.placement: one for one in caused}

    def shopper(self, name: str) -> Story:
        """Somebody who comes in now."""
        return Story(name, start_ms=int(time.time() * 1000) - 20_000)


@pytest.fixture
def market(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Market]:
    """The market, not open yet."""
    more = {"free_shipping": "EUR=5000", "catalog_prices_max": 100, "arm_floor": 0.2}
    with staffed(kafka, topic_prefix, tmp_path, **more) as staff:
        yield Market(staff)


def test_a_visit_is_spoken_to_at_each_touchpoint_that_asks(market: Market) -> None:
    """Product page, upgrade, basket, checkout, after the purchase: one visit, one prompt each."""
    market.open()
    ann = market.shopper("ann")
    priced = {"price_minor": 3000, "currency": "EUR"}
    page = market.answers(ann.view("toaster", slots=("product_page", "upgrade"), **priced))
    assert ["upgrade", "product_page"] == [*page]
    assert ("upsell", ["oven"]) == (
        page["upgrade"].kind,
        [item.item_id for item in page["upgrade"].items],
    )
    assert "oven" not in {item.item_id for item in page["product_page"].items}

    basket = market.answers(ann.add("toaster", slots=("basket",)))
    assert ["basket"] == [*basket]
    quiet = market.answers(ann.check_out())
    assert {} == quiet
    till = market.answers(ann.check_out(slots=("checkout", "basket")))
    assert ["checkout"] == [*till]
    assert "toaster" == till["checkout"].anchor
    after = market.answers(ann.order("toaster", "bread", slots=("post_purchase",)))
    assert ["post_purchase"] == [*after]
    assert {"toaster", "bread"}.isdisjoint(item.item_id for item in after["post_purchase"].items)


def test_a_no_to_the_upgrade_leaves_the_cross_sell_alone(market: Market) -> None:
    """And the basket is topped up to free shipping by what comes closest."""
    market.open()
    priced = {"price_minor": 3000, "currency": "EUR"}
    bob = market.shopper("bob")
    first = market.answers(bob.view("toaster", slots=("upgrade",), **priced))
    market.tell([bob.dismiss(first["upgrade"])])
    again = market.answers(bob.view("toaster", slots=("upgrade", "product_page"), **priced))
    assert ["product_page"] == [*again]

    offers = []
    for number in range(30):
        who = market.shopper(f"carl-{number}")
        prompts = market.answers(who.add("toaster"))
        offers += [one for one in prompts.values() if one.arm == "top_up"]
        if offers:
            break
    assert offers, "the floor lets the arm be drawn in thirty visits"
    assert isinstance(offers[0].offer, FreeShippingOffer)
    assert (2000, "EUR") == (offers[0].offer.missing_minor, offers[0].offer.currency)
    assert ["jam"] == [item.item_id for item in offers[0].items]
