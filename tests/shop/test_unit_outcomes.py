"""What a unit of the experiment did, as it is published: orders and returns, line by line."""

from typing import Any

import pytest

from streams.contract.events import Event, OrderLine
from streams.contract.published.outcomes import Assigned, Ordered, Returned, UnitOutcome, Unmatched
from streams.shop.people.assignment import Experiment
from streams.shop.unit_outcomes import unit_outcomes
from tests.stories import Story, Till

HALF: dict[str, Any] = {"holdout_share": 0.5}
ANN: dict[str, Any] = {"shopper_id": "ann", "consent": True}


def published(till: Till, *events: Any) -> list[UnitOutcome]:
    """All that is told of units because of these events."""
    return [record for event in events for record in till.serve(event).unit_outcomes]


def assigned(**settings: Any) -> tuple[Till, Story, Assigned]:
    """A shop with a session that has asked, and its side."""
    till, story = Till(**{**HALF, **settings}), Story()
    (record,) = published(till, story.view("bread"))
    assert isinstance(record, Assigned)
    return till, story, record


def line(item: str, quantity: int = 1, price: int | None = None) -> OrderLine:
    """A line of an order."""
    return OrderLine(item_id=item, quantity=quantity, price_minor=price)


LINES = (line("jam", 2, 250), line("tea", 3), line("jam", 1, 100), line("tea", 1, 7), line("milk"))


def told(record: Any) -> list[tuple[str, int, int | None]]:
    """By item how many, and what they are worth."""
    return [(each.item_id, each.quantity, each.value_minor) for each in record.lines]


def test_an_order_tells_each_item_once_with_what_its_priced_lines_are_worth() -> None:
    """And in all: how many items, how many pieces, and what is known of their worth."""
    till, story, side = assigned()
    (record,) = published(till, story.order(lines=LINES, currency="EUR"))

    assert isinstance(record, Ordered)
    assert [("jam", 3, 600), ("tea", 4, 7), ("milk", 1, None)] == told(record)
    assert (3, 8, 607, "EUR") == (
        *(record.items, record.quantity, record.value_minor, record.currency),
    )
    assert (side.unit, side.experiment, side.holdout, "o-s1-1") == (
        *(record.unit, record.experiment, record.holdout, record.order_id),
    )
    assert ("s1", story.now_ms) == (record.session_id, record.occurred_at_ms)


def test_a_return_tells_the_same_with_the_other_sign() -> None:
    """Of which it need not know the prices; of an item it tells that of all pieces, or none."""
    till, story, side = assigned()
    till.serve(story.order(lines=LINES))
    back = story.send_back(lines=LINES)
    (record,) = published(till, back)
    (bare,) = published(till, story.send_back("milk"))
    (off,) = published(till, story.cancel())

    assert isinstance(record, Returned)
    assert [("jam", -3, -600), ("tea", -4, None), ("milk", -1, None)] == told(record)
    assert (3, -8, -600, back.event_id) == (
        *(record.items, record.quantity, record.value_minor, record.caused_by),
    )
    assert (side.unit, side.experiment, side.holdout) == (
        *(record.unit, record.experiment, record.holdout),
    )
    assert [(-1, None), (0, None)] == [
        (one.quantity, one.value_minor)  # type: ignore[union-attr]
        for one in (bare, off)
    ]


def test_free_of_charge_is_a_price() -> None:
    """Worth nothing is known; of what has no price nothing is."""
    till, story, _ = assigned()
    free, unpriced = published(
        till, story.order(lines=(line("jam", 2, 0),)), story.order(lines=(line("jam", 2),))
    )

    assert (0, None) == (free.value_minor, unpriced.value_minor)  # type: ignore[union-attr]


def test_an_order_is_told_once_by_the_event_that_brought_it() -> None:
    """Not by a second event with its number, nor by another session that is told it too."""
    till, story, _ = assigned()
    other = Story("s2")
    published(till, other.view("bread"))
    order = story.order("jam", order_id="o-7")
    offset = till.shop.position[0]
    first = published(till, order, story.order("jam", order_id="o-7"))
    elsewhere = published(till, other.order("jam", order_id="o-7"))

    assert ["ordered"] == [record.type for record in first]
    assert [] == elsewhere
    assert tuple(first) == till.ask(order, offset).unit_outcomes


def test_an_order_that_the_shop_has_forgotten_is_still_its_sessions() -> None:
    """Thousands of orders later the session knows which event brought it."""
    till, story, _ = assigned()
    till.shop.sessions[0].orders.orders_max = 1
    order = story.order("jam", order_id="o-7")
    offset = till.shop.position[0]
    (first,) = published(till, order)
    published(till, Story("s2").order("soap"))

    assert (first,) == till.ask(order, offset).unit_outcomes


def test_nothing_from_before_the_assignment_is_an_outcome() -> None:
    """Not an order, when the session is assigned by the answer's time; a return may be joined."""
    till, story = Till(**HALF), Story()
    events: list[Event] = [story.order("jam"), story.send_back("jam")]
    events += [story.view("bread"), story.order("tea")]
    for offset, event in enumerate(events):
        till.shop.learn(0, offset, event)
    answers = [till.ask(event, offset).unit_outcomes for offset, event in enumerate(events)]

    assert [[], ["unmatched"], ["assigned"], ["ordered"]] == [
        [record.type for record in answer] for answer in answers
    ]


def test_what_comes_back_of_an_order_from_before_the_assignment_is_nobodys() -> None:
    """Whoever reads outcomes looks for its order, and finds none."""
    till, story = Till(**HALF), Story()
    records = published(till, story.order("jam"), story.view("bread"), story.send_back("jam"))

    assert ["assigned", "unmatched"] == [record.type for record in records]


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_return_that_nobody_can_match_is_told_for_readers_to_join(share: float) -> None:
    """Whether anybody is held out or not: it may be of an order of another partition."""
    till = Till(holdout_share=share)
    records = published(till, Story().send_back("jam"), Story("s2").cancel())

    assert [Unmatched] * 2 == [type(record) for record in records]


def test_a_return_that_came_before_its_order_was_unmatched_and_stays_so() -> None:
    """Also for whoever answers it when the shop is ahead, and knows the order."""
    till, story, _ = assigned()
    back, again = story.send_back("jam", order_id="o-7"), story.cancel(order_id="o-7", after_s=9)
    events: list[Event] = [back, story.order("jam", order_id="o-7"), again]
    offset = till.shop.position[0]
    for ahead, event in enumerate(events):
        till.shop.learn(0, offset + ahead, event)
    early, late = till.ask(back, offset), till.ask(again, offset + 2)

    assert [Unmatched] == [type(record) for record in early.unit_outcomes]
    assert [Returned] == [type(record) for record in late.unit_outcomes]


def test_a_return_is_the_units_though_the_order_was_hundreds_of_events_ago() -> None:
    """The session has forgotten when it saw it, and knows it all the same."""
    till, story, _ = assigned()
    till.serve(story.order("jam", order_id="o-7"))
    for _ in range(256):
        till.serve(story.view("tea"))

    assert [Returned] == [type(one) for one in published(till, story.cancel(order_id="o-7"))]


def test_who_was_never_assigned_tells_what_comes_back_for_readers_to_join() -> None:
    """Also of an order that its own session knows: the shopper's session may have told it, too."""
    till, story = Till(holdout_share=0.0), Story()
    records = published(till, story.order("jam"), story.send_back("jam"))

    assert [Unmatched] == [type(record) for record in records]


@pytest.mark.parametrize("webhook_first", [True, False])
def test_an_order_that_a_webhook_tells_as_well_is_that_of_the_session_that_asked(
    webhook_first: bool,
) -> None:
    """Whichever came first; and what the webhook returns is joined by its number."""
    till, story, _ = assigned()
    office = Story("office", start_ms=story.now_ms)
    orders = [story.order("jam", order_id="o-7"), office.order("jam", order_id="o-7")]
    records = published(till, *(orders[::-1] if webhook_first else orders))
    back = published(till, office.send_back("jam", order_id="o-7"))

    assert [("s1", "o-7")] == [
        (one.session_id, one.order_id) for one in records if isinstance(one, Ordered)
    ]
    assert [Unmatched] == [type(record) for record in back]


def test_an_order_that_two_sessions_on_sides_tell_is_that_of_the_first() -> None:
    """And so is what either of them returns: one of them by its own word."""
    till, story, _ = assigned()
    other = Story("s2", start_ms=story.now_ms)
    till.serve(other.view("jam"))
    records = published(
        till, other.order("jam", order_id="o-7"), story.order("jam", order_id="o-7")
    )
    back = published(
        till, story.send_back("jam", order_id="o-7"), other.send_back("jam", order_id="o-7")
    )

    assert ["s2"] == [one.session_id for one in records if isinstance(one, Ordered)]
    assert [Unmatched, Returned] == [type(record) for record in back]


def test_an_assignment_is_told_again_when_its_experiment_is_over() -> None:
    """Without the context, which nobody lists any more."""
    till, story = Till(**HALF), Story()
    event = story.view("bread")
    (record,) = published(till, event)
    session = till.shop.sessions[0].find("s1")
    assert session is not None
    (again,) = unit_outcomes(session, event, 0, None, till.shop.settings)

    assert isinstance(record, Assigned)
    assert isinstance(again, Assigned)
    assert ("product_page/new", None) == (record.context, again.context)
    assert record.unit == again.unit


def test_a_session_that_was_assigned_tells_its_returns_when_the_experiment_is_over() -> None:
    """Also those that match nothing: what was begun is told to its end."""
    till, story, side = assigned()
    order = story.order("jam", **ANN)
    published(till, order)
    after = Till(holdout_share=0.0)
    after.shop.sessions, after.shop.position = till.shop.sessions, till.shop.position
    records = published(
        after, story.order("tea", **ANN), story.send_back("jam"), story.cancel(order_id="o-9")
    )

    assert [Ordered, Returned, Unmatched] == [type(record) for record in records]
    assert side.unit == records[0].unit == records[1].unit  # type: ignore[union-attr]
    assert records[0].shopper is None  # type: ignore[union-attr]


def test_shoppers_are_named_in_the_experiment_of_their_session_alone() -> None:
    """By a name that is good there only, and that the event's own consent allows."""
    till, story, side = assigned()
    experiment = till.shop.experiment
    assert experiment is not None
    name = experiment.named(story.view("bread", **ANN))
    order = story.order("jam", **ANN)
    offset = till.shop.position[0]
    (record,) = published(till, order)
    (unnamed,) = published(till, story.order("tea", shopper_id="ann", consent=None))
    session = till.shop.sessions[0].find("s1")
    assert session is not None
    others = [
        Experiment("summer", experiment.share, experiment.salt),
        Experiment(experiment.name, 0.25, experiment.salt),
        Experiment(experiment.name, experiment.share, "another"),
        None,
    ]

    assert name is not None
    assert (name, None) == (record.shopper, unnamed.shopper)  # type: ignore[union-attr]
    assert [None] * 4 == [
        unit_outcomes(session, order, offset, other, till.shop.settings)[0].shopper  # type: ignore[union-attr]
        for other in others
    ]
    assert side.experiment == experiment.id


def test_whoever_asks_first_with_consent_is_named_in_the_assignment() -> None:
    """As an order names who signs in at the checkout."""
    till, story = Till(**HALF), Story(**ANN)
    event = story.view("bread")
    (record,) = published(till, event)

    assert isinstance(record, Assigned)
    assert till.shop.experiment is not None
    assert record.shopper == till.shop.experiment.named(event) is not None
    assert (event.event_id, event.occurred_at_ms) == (record.caused_by, record.occurred_at_ms)


def test_nothing_else_is_an_outcome_of_a_unit() -> None:
    """Views and adds beside the one that asked first, removals, baskets and checkouts."""
    till, story, _ = assigned()
    quiet = (
        *(story.view("jam"), story.add("jam"), story.remove("jam"), story.set_basket("tea")),
        *(story.check_out(), story.leave_checkout(), story.forget("ann")),
    )

    assert [] == published(till, *quiet)
    assert Experiment.of(till.shop.settings) == till.shop.experiment
