"""What units did, from outcomes alone: in any order, told more than once, net of returns."""

import random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.experiments.uplift.net_orders import UnitTotals
from streams.experiments.uplift.tables import as_values
from streams.experiments.uplift.units import Units
from tests.experiments.uplift.records import (
    EACH_MS,
    assigned,
    folded,
    found,
    ordered,
    returned,
    shop,
    shown,
    unmatched,
)


def only(records: list[Any]) -> UnitTotals:
    """What the only unit did."""
    units = folded(records)
    totals = units.totals(units.experiments()[-1].id)
    (unit,) = (*totals.held_out, *totals.may_get)
    return unit


def full(units: int) -> list[Any]:
    """A shop with returns and prompts."""
    records: list[Any] = list(shop(units))
    orders = [record for record in records if record.type == "ordered"]
    back = [returned(order, bread=1) for order in orders[::3]]
    seen = [shown(record) for record in records if record.type == "assigned"][::2]
    return [*records, *back, *seen]


@given(st.randoms(use_true_random=False))
def test_order_and_repeats_change_nothing(chance: random.Random) -> None:
    """Partitions interleave, and workers repeat themselves."""
    records = full(60)
    mixed = [*records, *records]
    chance.shuffle(mixed)

    assert as_values(found(records)) == as_values(found(mixed))


def test_the_side_is_what_was_logged() -> None:
    """No hash is reckoned: settings of the shell cannot change it."""
    for held in (True, False):
        said = as_values(found([assigned(7, held)]))

        assert (int(held), int(not held)) == (said["held_out"], said["prompted"])


def test_who_was_never_assigned_does_not_count() -> None:
    """Nobody could have been prompted there; it is counted where something is missing."""
    one, other = assigned(1), assigned(2)
    said = as_values(found([one, ordered(one), ordered(other)]))

    assert 1 == said["held_out"] + said["prompted"]
    assert 1 == said["orders_left_out"]


def test_an_order_that_is_told_three_times_counts_once() -> None:
    """By its number, whatever its event ids, and also in another session of the visitor."""
    one = assigned(1)
    order = ordered(one)
    again = order.model_copy(update={"caused_by": "again"})
    elsewhere = order.model_copy(update={"caused_by": "thrice", "session_id": "session-9"})

    assert (1, 3) == (only([one, elsewhere, again, order]).orders, only([one, order]).items)


def test_what_came_back_is_no_order_whichever_came_first() -> None:
    """Ten thousand pieces, sent back twelve minutes later."""
    one = assigned(1)
    order = ordered(one, bread=10_000)
    back = returned(order, bread=10_000)
    for records in ([one, order, back], [one, back, order], [one, order, returned(order)]):
        unit = only(records)

        assert (0, 0, {"EUR": 0}, 10_000) == (
            *(unit.orders, unit.items, unit.revenue, unit.returned),
        )


def test_a_return_takes_back_its_part() -> None:
    """One of ten butters, and no more than there were however often it is told."""
    one = assigned(1)
    order = ordered(one, butter=10, jam=1)
    tenth = only([one, order, returned(order, butter=1)])
    twice = only([one, order, returned(order, "a", butter=7), returned(order, "b", butter=7)])
    foreign = only([one, order, returned(order, tea=5)])

    assert (1, 10, {"EUR": 2_500}) == (tenth.orders, tenth.items, tenth.revenue)
    assert (1, 1, {"EUR": 250}) == (twice.orders, twice.items, twice.revenue)
    assert (1, 11, 0) == (foreign.orders, foreign.items, foreign.returned)


def test_a_return_in_another_session_finds_its_order() -> None:
    """By the order's number; one that finds none is counted."""
    one = assigned(1)
    order = ordered(one)
    records = [unmatched(order, "session-8", bread=3), one, order]

    assert 0 == only(records).orders
    assert 0 == as_values(found(records))["unmatched"]
    assert 1 == as_values(found(records[:2]))["unmatched"]


def test_a_shopper_on_both_sides_is_a_crossover() -> None:
    """Two devices of one person, one of them held out; a shopper of one side is none."""
    ann = [assigned(1, held=True, shopper="ann"), assigned(2, held=False, shopper="ann")]
    bob = [assigned(3, held=True, shopper="bob"), assigned(4, held=True, shopper="bob")]
    said = as_values(found([*ann, *bob]))

    assert (1, 0) == (said["crossovers"], said["crossed_units"])


def test_a_shopper_who_signs_in_at_the_checkout_is_a_crossover_too() -> None:
    """The order tells who it was."""
    one, other = assigned(1, held=True), assigned(2, held=False)
    orders = [ordered(unit).model_copy(update={"shopper": "ann"}) for unit in (one, other)]

    assert 1 == as_values(found([one, other, *orders]))["crossovers"]


def test_a_unit_on_both_sides_is_counted_and_is_on_the_first() -> None:
    """No draw does that: workers differed."""
    one = assigned(1, held=True)
    other = one.model_copy(
        update={"holdout": False, "session_id": "s2", "occurred_at_ms": one.occurred_at_ms + 1}
    )
    said = as_values(found([other, one]))

    assert (1, 1, 0) == (said["crossed_units"], said["held_out"], said["prompted"])


def test_the_held_out_who_were_shown_prompts_are_counted() -> None:
    """Unless that was before they were assigned."""
    held, late, free = assigned(1, held=True), assigned(2, held=True), assigned(3, held=False)
    records = [held, late, free, shown(held), shown(late, after_ms=-1), shown(free)]

    assert 1 == as_values(found(records))["held_out_shown"]


def test_units_count_from_the_start_that_was_declared() -> None:
    """Those who were assigned before it are of another time."""
    records = shop(100)
    units = folded(records)
    (seen,) = units.experiments()
    half = units.totals(seen.id, assigned(50).occurred_at_ms)

    assert 50 == len(half.held_out) + len(half.may_get)


def test_units_count_up_to_the_end_that_was_declared_and_not_from_it_on() -> None:
    """Of the first of a hundred to the forty-ninth; what is told of the experiment is of these."""
    units = folded(shop(100))
    (seen,) = units.experiments()
    start_ms, end_ms = (assigned(number).occurred_at_ms for number in (10, 50))
    part = units.totals(seen.id, start_ms, end_ms)

    assert 40 == len(part.held_out) + len(part.may_get)
    assert (start_ms, assigned(49).occurred_at_ms, 40) == part.seen[2:5]


def test_a_time_in_which_nobody_was_assigned_has_no_units_and_is_of_the_experiment() -> None:
    """A start that was declared for tomorrow: the share is known."""
    units = folded(shop(20))
    (seen,) = units.experiments()
    later = units.totals(seen.id, assigned(99).occurred_at_ms)

    assert seen == later.seen
    assert ([], [], 20) == (later.held_out, later.may_get, later.units_before)


def test_who_was_assigned_before_the_start_and_comes_back_is_left_out() -> None:
    """In another session: that may be the doing of a prompt."""
    one = assigned(1)
    again = assigned(1, session_id="later", occurred_at_ms=one.occurred_at_ms + 2 * EACH_MS)
    units = folded([one, assigned(2), again])
    totals = units.totals(one.experiment, one.occurred_at_ms + 1)

    assert 1 == len(totals.held_out) + len(totals.may_get)
    assert 1 == totals.units_before


def test_a_session_that_is_told_twice_is_on_the_side_that_was_first() -> None:
    """Two workers that differ, whichever is read first."""
    one = assigned(1, held=True)
    other = one.model_copy(
        update={"holdout": False, "occurred_at_ms": one.occurred_at_ms + EACH_MS}
    )
    for records in ([one, other], [other, one]):
        said = as_values(found(records))

        assert (1, 0) == (said["held_out"], said["prompted"])
        assert one.occurred_at_ms == said["since_ms"]


def test_a_unit_that_was_never_assigned_makes_nobody_a_crossover() -> None:
    """Who signed in with an order of one is on the sides of their other units."""
    ann, bob = (
        [assigned(number, held=held, shopper=who) for number, held in sides]
        for who, sides in (("ann", [(1, True), (2, False)]), ("bob", [(3, False)]))
    )
    unknown = [
        ordered(assigned(number)).model_copy(update={"shopper": who})
        for number, who in ((8, "ann"), (9, "bob"))
    ]

    assert 1 == as_values(found([*ann, *bob, *unknown]))["crossovers"]
    assert 0 == as_values(found([*bob, *unknown]))["crossovers"]


def test_an_order_of_another_experiment_is_none_of_this_one() -> None:
    """Though its unit has the same name there."""
    one = assigned(1)
    other = ordered(one).model_copy(update={"experiment": "summer-1"})

    assert 0 == only([one, other]).orders
    assert 0 == as_values(found([one, other]))["orders_left_out"]


def test_of_prompts_that_a_session_was_shown_the_latest_counts() -> None:
    """In whatever order they are told; one of the moment of the assignment is one of after it."""
    held = assigned(1, held=True)
    for times in ((-9, 0), (0, -9), (0,)):
        records = [held, *(shown(held, after_ms=after) for after in times)]

        assert 1 == as_values(found(records))["held_out_shown"]


@given(st.randoms(use_true_random=False))
def test_as_of_a_time_units_are_those_of_the_records_up_to_then(
    chance: random.Random,
) -> None:
    """Who had been assigned, ordered and sent back what; sign-ins and prompts are as of now."""
    records = [*full(40), assigned(41, shopper="ann")]
    chance.shuffle(records)
    units = folded(records)
    state = units.state()
    for kind in ("assigned", "ordered", "returned"):
        at_ms = chance.choice([one.occurred_at_ms for one in records if one.type == kind])
        then = units.as_of(at_ms)
        early = folded(record for record in records if record.occurred_at_ms <= at_ms)
        known, told = then.state(), early.state()

        for part in ("sides", "orders", "others"):
            assert told[part] == known[part]
        assert told["returns"] == {of: lines for of, lines in known["returns"].items() if lines}
        assert early.unmatched() == then.unmatched()
        assert (state["shown"], state["shoppers"]) == (known["shown"], known["shoppers"])
        assert (units.sessions_max, units.orders_max) == (then.sessions_max, then.orders_max)


def test_what_there_is_no_room_for_is_counted() -> None:
    """Of sessions, and of orders."""
    units = Units(sessions_max=10, orders_max=3)
    for record in shop(30):
        units.add(record)
    (seen,) = units.experiments()

    assert 10 == seen.sessions
    assert 20 < units.left_out


def test_what_is_kept_goes_on_as_if_nothing_had_been() -> None:
    """Through JSON, and with repeats of what was folded before."""
    records = full(60)
    units = folded(records[:70])
    restored = Units()
    restored.restore(orjson.loads(orjson.dumps(units.state())))
    for record in records[30:]:
        units.add(record)
        restored.add(record)

    assert orjson.dumps(units.state()) == orjson.dumps(restored.state())
    assert units.totals(units.experiments()[0].id) == restored.totals(units.experiments()[0].id)


@pytest.mark.parametrize("state", [{}, {"left_out": 0, "sides": []}, []])
def test_a_state_that_is_none_is_refused(state: Any) -> None:
    """With an error that the command explains."""
    with pytest.raises((TypeError, ValueError, KeyError, AttributeError)):
        Units().restore(state)
