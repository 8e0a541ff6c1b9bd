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
from streams.experiments.uplift import as_values, table
from streams.shop.decision.assignment import held_out

SHARE, SALT = 0.3, "2026"


def visit(number: int, *, orders: int) -> list[Event]:
    """A shopper who puts bread in the basket and orders so often."""
    who = {"session_id": f"session-{number}", "shopper_id": f"shopper-{number}"}
    added = ITEM_ADDED.model_copy(update={**who, "event_id": f"add-{number}"})
    placed = [
        ORDER_PLACED.model_copy(update={**who, "event_id": f"order-{number}-{one}"})
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


def test_units_are_bounded() -> None:
    """Further ones are left out, and counted."""
    holdout = folded([event for n in range(20) for event in visit(n, orders=0)], units_max=5)

    assert (5, 15) == (sum(holdout.sizes()), holdout.left_out)


def test_the_table_fits_a_terminal_with_and_without_an_answer() -> None:
    """Of 100 columns."""
    for holdout in (folded([]), folded(shop(200))):
        text = io.StringIO()
        Console(file=text, width=100).print(table(holdout))

        assert "…" not in text.getvalue()
        assert "are held out (30.0%)" in text.getvalue()
