"""What prompts are worth, reckoned from events alone."""

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from streams.contract.events import Event
from streams.contract.schemas.examples import ITEM_ADDED, ORDER_PLACED, PROMPT_SHOWN
from streams.experiments.holdout import Holdout
from streams.experiments.uplift import alarmed, as_values, table
from streams.shop.assignment import held_out
from streams.shop.memory.session import Session

SHARE, SALT = 0.3, "2026"


def visit(number: int, *, orders: int) -> list[Event]:
    """A shopper who puts bread in the basket and orders so often."""
    who = {"session_id": f"session-{number}", "shopper_id": f"shopper-{number}"}
    added = ITEM_ADDED.model_copy(update={**who, "event_id": f"add-{number}"})
    placed = [
        ORDER_PLACED.model_copy(
            update={**who, "event_id": f"order-{number}-{one}", "order_id": f"{number}-{one}"}
        )
        for one in range(orders)
    ]
    return [added, *placed]


def shop(visits: int) -> list[Event]:
    """Those who may get prompts order every time, those held out every second time."""
    events: list[Event] = []
    for number in range(visits):
        held = held_out(f"shopper-{number}", share=SHARE, salt=SALT)
        events += visit(number, orders=number % 2 if held else 1)
    return events


def folded(events: list[Event], units_max: int = 10_000) -> Holdout:
    """What the events come to."""
    holdout = Holdout(SHARE, SALT, units_max)
    for event in events:
        holdout.add(event)
    return holdout


def test_prompts_that_sell_are_seen_to_sell() -> None:
    """Bounds at every look exclude nothing gained, and hold the truth."""
    orders, items = folded(shop(1_000)).rows()

    assert orders.uplift is not None
    assert items.uplift is not None
    assert 0 < orders.uplift.low <= 0.5 <= orders.uplift.high
    assert pytest.approx(3 * orders.uplift.low) == items.uplift.low  # an order is of three items


@given(st.randoms(use_true_random=False))
def test_order_and_repeats_change_nothing(chance: random.Random) -> None:
    """Partitions interleave, and senders repeat themselves."""
    events = shop(30)
    mixed = [*events, *events]
    chance.shuffle(mixed)

    assert as_values(folded(events)) == as_values(folded(mixed))


def test_who_never_asked_does_not_count() -> None:
    """Nobody could have been prompted there."""
    order = visit(1, orders=1)[1]

    assert (0, 0) == folded([order, PROMPT_SHOWN]).sizes()


def test_a_session_is_its_shoppers_once_that_is_known() -> None:
    """The order comes without the shopper's name."""
    added, order = visit(1, orders=1)
    nameless = order.model_copy(update={"shopper_id": None})

    assert 1 == sum(folded([added, nameless]).sizes())


def test_views_push_no_order_out_of_memory() -> None:
    """Orders alone are remembered by id: whoever views often does not make them count twice."""
    added, order = visit(1, orders=1)
    views = [added.model_copy(update={"event_id": f"add-{n}"}) for n in range(10)]
    holdout = Holdout(SHARE, SALT, orders_max=2)
    for event in (added, order, *views, order):
        holdout.add(event)

    assert [1] == [unit.orders for side in holdout._sides() for unit in side]


def test_units_are_bounded() -> None:
    """Further ones are left out, and counted."""
    holdout = folded([event for n in range(20) for event in visit(n, orders=0)], units_max=5)

    assert (5, 15) == (sum(holdout.sizes()), holdout.left_out)


def shown(holdout: Holdout, columns: int) -> str:
    """The table as a terminal has it."""
    text = io.StringIO()
    Console(file=text, width=columns).print(table(holdout))
    return text.getvalue()


@pytest.mark.parametrize("columns", [100, 80, 60])
def test_the_table_fits_a_terminal_with_and_without_an_answer(columns: int) -> None:
    """No line is longer than it, and nothing is cut."""
    for holdout in (folded([]), folded(shop(200))):
        lines = shown(holdout, columns).splitlines()

        assert max(map(len, lines)) <= columns
        assert not any("…" in line for line in lines)
        assert any("items bought" in line for line in lines)
        assert any("30.0 % planned, p 1.000" in line for line in lines)


def test_the_share_that_is_held_out_is_observed() -> None:
    """Beside the planned one; as drawn, there is no alarm."""
    said = as_values(folded(shop(1_000)))

    assert pytest.approx(0.3, abs=0.03) == said["observed_share"] != said["planned_share"] == 0.3
    assert said["held_out"] / 1_000 == said["observed_share"]
    assert not said["sample_ratio_alarm"]
    assert "prompts earn more orders: +0." in " ".join(shown(folded(shop(1_000)), 80).split())


@pytest.mark.parametrize(("share", "who"), [(0.0, "nobody is held out"), (1.0, "everybody is")])
def test_without_a_holdout_it_is_not_too_early_but_in_vain(share: float, who: str) -> None:
    """No number of shoppers would change that: the setting does, and it is named."""
    holdout = Holdout(share, SALT)
    for number in range(20):
        for event in visit(number, orders=1):
            holdout.add(event)
    told = " ".join(shown(holdout, 100).split())

    assert who in told
    assert f"(GOESWITH_HOLDOUT_SHARE={share:.0f})" in told
    assert "too early" not in told
    assert not alarmed(holdout)


def test_too_many_held_out_are_an_alarm() -> None:
    """200 of 1,000, at 5 %: somebody else decides who is held out."""
    holdout, sides = Holdout(0.05, SALT), {True: 200, False: 800}
    for number in range(20_000):
        held = held_out(f"shopper-{number}", share=0.05, salt=SALT)
        if sides[held]:
            sides[held] -= 1
            for event in visit(number, orders=1):
                holdout.add(event)
    said = as_values(holdout)

    assert (200, 800, 0.2, True) == (
        said["held_out"],
        said["prompted"],
        said["observed_share"],
        said["sample_ratio_alarm"],
    )
    told = " ".join(shown(holdout, 80).split())
    assert alarmed(holdout)
    assert "sample ratio ALARM" in told
    assert "held out: 20.0 % observed, 5.0 % planned, p 0.000" in told


def test_another_salt_than_the_workers_is_noticed() -> None:
    """By those who are held out by it, and yet say what they were shown."""
    events: list[Event] = []
    for number in range(200):
        who = {"session_id": f"session-{number}", "shopper_id": f"shopper-{number}"}
        events += visit(number, orders=1)
        if not held_out(f"shopper-{number}", share=SHARE, salt="the workers'"):
            events.append(PROMPT_SHOWN.model_copy(update={**who, "event_id": f"shown-{number}"}))
    right = Holdout(SHARE, "the workers'")
    for event in events:
        right.add(event)

    assert 20 < as_values(folded(events))["held_out_shown"]
    assert 0 == as_values(right)["held_out_shown"]
    assert as_values(folded(events))["held_out_shown_alarm"]
    assert [True, False] == [alarmed(folded(events)), alarmed(right)]
    told = " ".join(shown(folded(events), 80).split())
    assert "held out were shown prompts, so nothing follows from this" in told
    assert "share or salt differ from those of the workers" in told


def test_who_gives_no_consent_is_drawn_by_the_session() -> None:
    """As workers draw: 2,000 sessions that name their shopper are all on the worker's side."""
    holdout, drawn = Holdout(SHARE, SALT), {True: 0, False: 0}
    for number in range(2_000):
        added, order = (e.model_copy(update={"consent": False}) for e in visit(number, orders=1))
        session = Session(added.session_id, added.occurred_at_ms, added.occurred_at_ms)
        session.note(added, number, late=False)
        held = held_out(session.shopper_id or session.session_id, share=SHARE, salt=SALT)
        drawn[held] += 1
        who = {"session_id": added.session_id, "shopper_id": added.shopper_id, "consent": False}
        shown = PROMPT_SHOWN.model_copy(update={**who, "event_id": f"shown-{number}"})
        for event in (added, order) if held else (added, shown, order):
            holdout.add(event)
    said = as_values(holdout)

    assert (drawn[True], drawn[False]) == (said["held_out"], said["prompted"])
    assert 0 == said["held_out_shown"]


@pytest.mark.parametrize("consent", [True, False])
def test_consent_that_is_withdrawn_makes_the_shopper_unknown(consent: bool) -> None:
    """From then on the session is drawn by its own id."""
    added, order = visit(1, orders=1)
    later = order.model_copy(update={"shopper_id": None, "event_id": "later", "order_id": "2"})
    events = [added, order.model_copy(update={"consent": consent}), later]
    units = folded(events)._units

    by = ["shopper-1"] if consent else ["shopper-1", "session-1"]
    assert by == [*units]
    assert 2 == units[by[-1]].orders


def test_an_order_that_is_told_three_times_counts_once() -> None:
    """By its number, whatever its event ids; another shopper's may have the same one."""
    again = [
        event.model_copy(update={"event_id": f"{event.event_id}-{n}", "order_id": "7"})
        for number in (1, 2)
        for n, event in enumerate((visit(number, orders=1)[0], *3 * visit(number, orders=1)[1:]))
    ]
    (orders,) = (unit for unit in [folded(again)._units])

    assert [1, 1] == [unit.orders for unit in orders.values()]


def of_sizes(held: int, prompted: int, *, orders: int) -> Holdout:
    """So many of each side, of whom those who were prompted ordered so often each."""
    holdout, sides = Holdout(SHARE, SALT), {True: held, False: prompted}
    for number in range(10 * (held + prompted)):
        who = held_out(f"shopper-{number}", share=SHARE, salt=SALT)
        if sides[who]:
            sides[who] -= 1
            for event in visit(number, orders=0 if who else orders * (number % 2)):
                holdout.add(event)
    return holdout


@pytest.mark.parametrize(
    ("held", "prompted", "missing"),
    [
        (1, 30, "1 shoppers held out and 30 prompted, at least 2 of each are wanted"),
        (2, 30, "2 held out and 30 prompted, and all have the same number of orders"),
    ],
)
def test_what_is_missing_is_said_where_nothing_can_be_said(
    held: int, prompted: int, missing: str
) -> None:
    """And no bounds, that would look like certainty."""
    holdout = of_sizes(held, prompted, orders=0)
    told = " ".join(shown(holdout, 80).split())

    assert f"too early to say what prompts are worth: {missing}" in told
    assert "+0.0000" not in told
    assert [{"metric": "orders"}, {"metric": "items bought"}] == as_values(holdout)["metrics"]


def test_a_holdout_without_an_order_is_no_proof() -> None:
    """Two of them, beside thirty who ordered every second time: it is early, and that is said."""
    holdout = of_sizes(2, 30, orders=1)
    told = " ".join(shown(holdout, 80).split())

    assert "too early to say what prompts are worth: +0." in told
    assert "none of 2 held out has ordered: bounds leave room for 3 of them" in told
