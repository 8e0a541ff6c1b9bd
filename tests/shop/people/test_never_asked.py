"""Orders of sessions that never asked: told with the side of whom they name, wherever that is."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.published.outcomes import Assigned, Ordered, UnitOutcome, Unmatched
from streams.experiments.uplift.units import Units
from streams.lab.chaos.books.compared import compared
from streams.lab.chaos.twin.twin import Twin
from streams.shop.memory.session import IMPRESSIONS_MAX
from streams.shop.memory.taught import APART_MAX
from streams.shop.shop import Shop
from tests.stories import NOON_MS, Story, Till

HALF: dict[str, Any] = {"holdout_share": 0.5, "partitions": 2}
V: dict[str, Any] = {"schema_version": 2, "visitor_id": "v"}
ANN: dict[str, Any] = {"shopper_id": "ann", "consent": True}
BROWSER, PAGE = 0, 1
"""Partitions."""


class Market:
    """A shop of two partitions, and who reads its outcomes."""

    def __init__(self, **settings: Any) -> None:
        self.till, self.told = Till(**{**HALF, **settings}), list[UnitOutcome]()

    @property
    def shop(self) -> Shop:
        """The fold."""
        return self.till.shop

    def serve(self, partition: int, *events: Event) -> list[UnitOutcome]:
        """Fold and answer them."""
        told = list[UnitOutcome]()
        for event in events:
            offset = self.shop.position.get(partition, 0)
            self.shop.learn(partition, offset, event)
            told += self.shop.answer(event, partition, offset, self.till.pending).unit_outcomes
        self.told += told
        return told

    def orders(self) -> int:
        """Of all units."""
        units = Units()
        for record in self.told:
            units.add(record)
        totals = units.totals(units.experiments()[-1].id)
        return sum(unit.orders for unit in (*totals.held_out, *totals.may_get))


@pytest.mark.parametrize("partition", [BROWSER, PAGE])
@pytest.mark.parametrize("visitor", [f"v{number}" for number in range(6)])
def test_an_order_of_a_payment_page_is_of_its_visitors_unit(partition: int, visitor: str) -> None:
    """On the same side, held out or not; the session is not assigned by it."""
    market, said = Market(), {**V, "visitor_id": visitor}
    shopper = Story("s1", **said)
    (side,) = market.serve(BROWSER, shopper.view("jam"))
    page = Story("payment", start_ms=shopper.now_ms, **said)
    (told,) = market.serve(partition, page.order("jam"))

    assert isinstance(side, Assigned)
    assert isinstance(told, Ordered)
    assert (side.unit, side.experiment, side.holdout, "visitor") == (
        *(told.unit, told.experiment, told.holdout, told.known_by),
    )
    assert 1 == market.orders()
    session = market.shop.sessions[partition].find("payment")
    assert session is not None
    assert session.assignment is None


def test_who_answers_late_tells_the_same() -> None:
    """Also when the session has asked since."""
    market, page = Market(), Story("payment", **V)
    order = page.order("jam")
    early = market.serve(PAGE, order)
    (side,) = market.serve(PAGE, page.view("tea"))
    late = market.shop.answer(order, PAGE, 0, market.till.pending).unit_outcomes

    assert tuple(early) == late
    assert isinstance(side, Assigned)
    assert 0 == market.orders()  # it was before


def test_a_shopper_is_known_by_consent_alone() -> None:
    """Who names nobody tells nothing, nor who may not be remembered."""
    market, shopper = Market(), Story("s1", **V, **ANN)
    market.serve(BROWSER, shopper.view("jam"))
    office = Story("office", start_ms=shopper.now_ms)
    silent = market.serve(
        PAGE, office.order("jam"), office.order("jam", shopper_id="ann", consent=None)
    )
    assert [] == silent
    assert 0 == market.orders()

    (told,) = market.serve(PAGE, office.order("jam", **ANN))
    assert isinstance(told, Ordered)
    assert "shopper" == told.known_by
    assert 1 == market.orders()


def test_it_counts_once_with_what_the_shoppers_own_session_tells() -> None:
    """Whichever came first; and what comes back is joined."""
    for page_first in (True, False):
        market, shopper = Market(), Story("s1", **V)
        market.serve(BROWSER, shopper.view("jam"))
        page = Story("payment", start_ms=shopper.now_ms, **V)
        told = [
            (PAGE, page.order("jam", order_id="o-7")),
            (BROWSER, shopper.order("jam", order_id="o-7")),
        ]
        for partition, event in told if page_first else told[::-1]:
            market.serve(partition, event)
        assert 1 == market.orders()

        (back,) = market.serve(PAGE, page.cancel(order_id="o-7"))
        assert isinstance(back, Unmatched)
        assert 0 == market.orders()


def test_an_order_that_its_session_tells_twice_is_told_once() -> None:
    """By the event that brought it."""
    market, page = Market(), Story("payment", **V)
    orders = [page.order("jam", order_id="o-7"), page.order("jam", order_id="o-7")]

    assert [1, 0] == [len(market.serve(PAGE, order)) for order in orders]


def test_what_a_session_told_before_it_asked_is_not_of_its_unit_by_being_told_again() -> None:
    """Whether it was the first to tell it or not: it was ordered before."""
    for others_first in (True, False):
        market, shopper = Market(), Story("s1", **V)
        beside = Story("beside", start_ms=shopper.now_ms - 10_000, **V)
        if others_first:
            market.serve(BROWSER, beside.order("jam", order_id="o-7"))
        market.serve(BROWSER, shopper.order("jam", order_id="o-7"), shopper.view("tea"))
        again = shopper.order("jam", order_id="o-7")

        assert [] == market.serve(BROWSER, again)
        assert 0 == market.orders()


def test_before_the_experiment_and_without_one_nothing_is_told() -> None:
    """No side can be known."""
    page = Story("payment", **V)
    order = page.order("jam")

    assert [] == Market(holdout_share=0.0).serve(PAGE, order)
    start_s = order.occurred_at_ms / 1000
    assert [] == Market(experiment_start_s=start_s + 1).serve(PAGE, order)
    assert 1 == len(Market(experiment_start_s=start_s).serve(PAGE, order))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["shopper", "page beside", "page elsewhere", "office"]),
        st.sampled_from(["view", "order", "order", "set_basket", "send_back"]),
        st.sampled_from(["o-1", "o-2"]),
    ),
    max_size=12,
)


def told_by(steps: list[tuple[str, str, str]]) -> list[tuple[int, Event]]:
    """A shopper, whose orders are told on pages and by an office, too; with their partitions."""
    voices = {
        "shopper": (0, Story("s1", **V)),
        "page beside": (0, Story("beside", **V)),
        "page elsewhere": (1, Story("elsewhere", **V)),
        "office": (1, Story("office", **ANN)),
    }
    told, now_ms = list[tuple[int, Event]](), NOON_MS
    for who, what, number in steps:
        partition, story = voices[who]
        now_ms = story.now_ms = now_ms + 1_000
        more = {"order_id": number} if what in ("order", "send_back") else {}
        told.append((partition, getattr(story, what)("jam", **more)))
    return told


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_whoever_tells_an_order_a_plain_twin_tells_the_same(
    steps: list[tuple[str, str, str]],
) -> None:
    """In whichever order partitions are read; and a late answer is that of before."""
    told = told_by(steps)
    for reading in (told, sorted(told, key=lambda one: one[0]), sorted(told, key=lambda t: -t[0])):
        market = Market()
        twin = Twin(market.shop.settings, IMPRESSIONS_MAX, APART_MAX)
        for partition, event in reading:
            market.serve(partition, event)
        for partition, event in told:
            twin.see(partition, event)
        late = [
            record
            for partition in (0, 1)
            for offset, (_, event) in enumerate(one for one in reading if one[0] == partition)
            for record in market.shop.answer(
                event, partition, offset, market.till.pending
            ).unit_outcomes
        ]

        assert [] == compared(market.shop, market.told, twin).sentences
        assert {one.to_json() for one in late} == {one.to_json() for one in market.told}
