"""Who takes part in an experiment: whoever asks in time to be answered, and no history."""

from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event, decode, encode
from streams.contract.published.outcomes import Assigned, Ordered, UnitOutcome
from streams.contract.settings import Settings
from streams.experiments.uplift.units import Units
from streams.lab.chaos.books.compared import compared
from streams.lab.chaos.twin.twin import Twin
from streams.shop.memory.answer import Silence
from tests.stories import NOON_MS, Story, Till

DAY_S = 86_400.0
HALF: dict[str, Any] = {"holdout_share": 0.5}


def read(event: Event, delay_s: float, *, sent: bool = False) -> Event:
    """The event as a worker reads it that its broker got so much later."""
    at_ms = event.occurred_at_ms + round(1000 * delay_s)
    if sent:
        event = event.model_copy(update={"sent_at_ms": at_ms})
    return decode(event.session_id.encode(), encode(event), timestamp_ms=at_ms, settings=Settings())


def history(days: int, **always: Any) -> list[Event]:
    """Forty visits of so many days ago, each with a view, an add and an order."""
    start_ms = NOON_MS - round(days * DAY_S * 1000)
    stories = [Story(f"{days}-{number}", start_ms=start_ms, **always) for number in range(40)]
    visits: list[list[Event]] = [
        [one.view("jam"), one.add("jam"), one.order("jam")] for one in stories
    ]
    return [read(event, days * DAY_S) for event in chain(*visits)]


def told(shop: Till, *events: Event) -> list[UnitOutcome]:
    """What is published of units because of these."""
    return [record for event in events for record in shop.serve(event).unit_outcomes]


def test_history_that_is_sent_on_is_in_no_experiment() -> None:
    """Neither its visits nor its orders: all that is counted is who came since."""
    shop = Till(**HALF)
    live = [Story(f"live-{number}") for number in range(10)]
    first = told(shop, *(read(one.view("jam"), 1.0) for one in live))
    past = told(shop, *history(300), *history(200))
    then = told(shop, *(read(one.order("jam"), 1.0) for one in live))
    units = Units()
    for record in (*first, *past, *then):
        units.add(record)
    (seen,) = units.experiments()
    totals = units.totals(seen.id)

    assert [] == past
    assert (10, NOON_MS + 1_000) == (seen.sessions, seen.first_ms)
    assert [1] * 10 == [unit.orders for unit in (*totals.held_out, *totals.may_get)]


def test_orders_of_history_are_told_as_those_of_who_never_asked() -> None:
    """By the visitor whom they name; who is assigned today had not been by then."""
    shop, today = Till(**HALF), Story("today", schema_version=2, visitor_id="v")
    past = told(shop, *history(200, schema_version=2, visitor_id="v"))
    live = told(shop, read(today.view("jam"), 1.0))
    units = Units()
    for record in (*past, *live):
        units.add(record)
    totals = units.totals(units.experiments()[-1].id)

    assert ["visitor"] * 40 == [one.known_by for one in past if isinstance(one, Ordered)]
    assert ["assigned"] == [one.type for one in live]
    assert 40 == len(past)
    assert [0] == [unit.orders for unit in (*totals.held_out, *totals.may_get)]


def test_who_was_late_is_assigned_by_what_comes_in_time() -> None:
    """With what had been ordered by then, which is of before."""
    shop, story = Till(**HALF), Story()
    late = told(shop, *(read(one, 2 * DAY_S) for one in (story.view("jam"), story.order("jam"))))
    story.now_ms += round(2 * DAY_S * 1000)
    in_time = read(story.view("tea"), 1.0)
    (assigned,) = told(shop, in_time)
    (ordered,) = told(shop, read(story.order("tea"), 3 * DAY_S))

    assert [] == late
    assert isinstance(assigned, Assigned)
    assert (in_time.event_id, 1) == (assigned.caused_by, assigned.orders_before)
    assert isinstance(ordered, Ordered)  # which may come late
    assert (assigned.unit, None) == (ordered.unit, ordered.known_by)


@pytest.mark.parametrize(
    ("sent", "delay_s", "takes_part"),
    [(False, DAY_S, 1), (False, DAY_S + 0.001, 0), (True, 120.0, 1), (True, 120.001, 0)],
)
def test_the_bound_is_that_of_the_answer(sent: bool, delay_s: float, takes_part: int) -> None:
    """A day, as its clock may be slow; where it says when it was sent, two minutes."""
    assert takes_part == len(told(Till(**HALF), read(Story().view("jam"), delay_s, sent=sent)))


@pytest.mark.parametrize("visitor", [None, "v"])
def test_an_order_of_before_its_session_was_assigned_is_in_no_experiment(
    visitor: str | None,
) -> None:
    """History that keeps a living session's id is sent on; nor does its return count."""
    shop, story = Till(**HALF), Story(schema_version=2, visitor_id=visitor)
    order = read(story.order("jam", after_s=-30 * DAY_S), 30 * DAY_S)
    side = told(shop, read(story.view("jam", after_s=30 * DAY_S), 1.0))
    past = told(shop, order)
    back = told(shop, read(story.cancel(), 1.0))
    since = told(shop, read(story.order("tea"), 3 * DAY_S))
    units = Units()
    for record in (*side, *past, *back, *since):
        units.add(record)
    totals = units.totals(units.experiments()[-1].id)

    assert ([] if visitor is None else ["ordered"]) == [one.type for one in past]
    assert ["unmatched"] == [one.type for one in back]
    assert ["ordered"] == [one.type for one in since]
    assert [(1, 0)] == [(u.orders, u.before) for u in (*totals.held_out, *totals.may_get)]


@pytest.mark.parametrize(
    ("earlier_s", "delay_s", "sent", "counts"),
    [
        (DAY_S - 60, DAY_S, False, True),
        (DAY_S + 60, DAY_S + 61, False, False),
        (119.0, 2 * DAY_S, False, True),
        (121.0, 2 * DAY_S, False, False),
        (121.0, 119.0, True, True),
        (121.0, 122.0, True, False),
    ],
)
def test_a_clock_that_is_somewhat_wrong_loses_no_order(
    earlier_s: float, delay_s: float, sent: bool, counts: bool
) -> None:
    """By its own time before the assignment: it counts if it was in time, or by less than that."""
    shop, story = Till(**HALF), Story()
    side = told(shop, read(story.view("jam"), 1.0))
    order = story.order("jam", after_s=-earlier_s)
    past = told(shop, read(order, delay_s, sent=sent))

    assert ["assigned"] == [one.type for one in side]
    assert counts == (["ordered"] == [one.type for one in past])


AGES = st.sampled_from([0.0, 60.0, 3_600.0, 2 * DAY_S, 40 * DAY_S])


@given(
    st.lists(st.tuples(AGES, st.sampled_from(["view", "order", "cancel"]), st.sampled_from("ab")))
)
def test_orders_of_any_age_are_told_as_a_plain_twin_tells_them(
    steps: list[tuple[float, str, str]],
) -> None:
    """In two sessions of one visitor, whichever of them asks, orders and cancels when."""
    shop = Till(**HALF)
    stories = {who: Story(who, schema_version=2, visitor_id="v") for who in "ab"}
    twin, outcomes = Twin(shop.shop.settings), list[UnitOutcome]()
    for number, (age_s, what, who) in enumerate(steps):
        story = stories[who]
        story.now_ms = NOON_MS + 1_000 * number - round(1_000 * age_s)
        event = read(getattr(story, what)(*([] if what == "cancel" else ["jam"])), age_s)
        outcomes += told(shop, event)
        twin.see(0, event)

    assert [] == compared(shop.shop, outcomes, twin).sentences


DELAYS = st.sampled_from([0.0, 5.0, 119.0, 121.0, 3_600.0, DAY_S - 1, DAY_S + 1, 300 * DAY_S])


@given(st.lists(st.tuples(DELAYS, st.booleans(), st.sampled_from("ab")), max_size=8))
def test_nobody_is_assigned_by_what_is_silenced_as_late(
    steps: list[tuple[float, bool, str]],
) -> None:
    """And whoever is answered is assigned by then; a plain twin says the same."""
    shop, stories = Till(**HALF), {who: Story(who) for who in "ab"}
    twin, outcomes = Twin(shop.shop.settings), list[UnitOutcome]()
    sided = set[str]()
    for delay_s, sent, who in steps:
        event = read(stories[who].add("jam"), delay_s, sent=sent)
        answer = shop.serve(event)
        twin.see(0, event)
        outcomes += answer.unit_outcomes
        is_late = answer.silence == Silence("late")
        assigned = [one.session_id for one in answer.unit_outcomes if one.type == "assigned"]

        assert assigned == ([] if is_late or who in sided else [who])
        sided.update(assigned)

    assert [] == compared(shop.shop, outcomes, twin).sentences


@pytest.mark.parametrize("forgot", [False, True])
def test_what_comes_back_of_history_is_the_sessions_when_the_order_is_forgotten(
    forgot: bool,
) -> None:
    """By its number alone nobody can say any more that it was placed before."""
    shop, story = Till(**HALF), Story("s", schema_version=2, visitor_id="v")
    told(shop, read(story.view("jam"), 1.0))
    told(shop, read(story.order("jam", after_s=-40 * DAY_S), 40 * DAY_S))
    if forgot:
        shop.shop.sessions[0].orders.orders_max = 1
        told(shop, read(Story("other").order("tea"), 1.0))
    (back,) = told(shop, read(story.send_back("jam", after_s=41 * DAY_S), 1.0))

    assert ("returned" if forgot else "unmatched") == back.type
