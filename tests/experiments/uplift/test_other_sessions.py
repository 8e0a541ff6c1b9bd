"""Orders of sessions that had not asked: whose they are, from when on, and only once."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.published.outcomes import Ordered
from streams.experiments.uplift.kept_units import KeptUnits, read, write
from streams.experiments.uplift.tables import as_values
from streams.experiments.uplift.units import Units
from tests.experiments.uplift.records import EXPERIMENT, assigned, folded, found, ordered, returned
from tests.experiments.uplift.records import unmatched as sent_back
from tests.experiments.uplift.test_groups import words


def elsewhere(number: int, name: str = "1", *, after_ms: int = 1_000, **more: Any) -> Ordered:
    """An order of a visitor in a session that has not asked, at that time after it asked."""
    order = ordered(assigned(number), name)
    where = {"session_id": f"payment page {number}", "known_by": "visitor"}
    at_ms = order.occurred_at_ms - 1_000 + after_ms
    return order.model_copy(update=where | {"occurred_at_ms": at_ms} | more)


def by_shopper(shopper: str, *, after_ms: int = 1_000) -> Ordered:
    """The same of a shopper alone: the unit is the session's, which nobody knows."""
    unit = EXPERIMENT.draw("payment page 1")[1]
    more = {"known_by": "shopper", "shopper": shopper, "unit": unit}
    return elsewhere(1, after_ms=after_ms, **more)


def orders(records: list[Any]) -> int:
    """How many orders all units have."""
    totals = found(records).totals
    assert totals is not None
    return sum(unit.orders for unit in (*totals.held_out, *totals.may_get))


@pytest.mark.parametrize("held", [True, False])
def test_an_order_of_another_session_is_the_visitors(held: bool) -> None:
    """On the side that was logged for it, whatever the order's own record says."""
    told = found([elsewhere(1, holdout=not held), assigned(1, held)]).totals
    assert told is not None
    (unit,) = told.held_out if held else told.may_get

    assert (1, 3, 0) == (unit.orders, unit.items, told.orders_left_out)


@pytest.mark.parametrize(("after_ms", "counts"), [(-1, 0), (0, 1), (1, 1)])
def test_it_counts_from_the_first_assignment_on(after_ms: int, counts: int) -> None:
    """Of two sessions of the visitor the first one decides."""
    later = assigned(1, session_id="session-9", occurred_at_ms=assigned(1).occurred_at_ms + 5_000)

    assert counts == orders([later, elsewhere(1, after_ms=after_ms), assigned(1)])


def test_of_two_records_of_one_session_the_first_is_right() -> None:
    """One that has forgotten its order may tell it again."""
    told = [elsewhere(1, after_ms=-1), elsewhere(1, after_ms=1, caused_by="again")]

    assert 0 == orders([assigned(1), *told]) == orders([assigned(1), *told[::-1]])


def test_whose_visitor_was_never_assigned_is_in_no_experiment() -> None:
    """No assignment is missing for it: it is nobody's, and counted as such."""
    findings = found([assigned(1), elsewhere(2)])
    said = as_values(findings)

    assert (0, 1, 0) == (
        *(said["orders_left_out"], said["orders_of_nobody"]),
        orders([assigned(1), elsewhere(2)]),
    )
    said_so = words(findings, columns=300)
    assert "1 order left out: of sessions that never asked or asked too late, whose" in said_so
    assert "does the page that tells them name the shop's visitor_id?" in said_so
    assert "never asked" not in words(found([assigned(2), elsewhere(2)]), columns=300)


def test_where_the_log_has_forgotten_assignments_no_page_is_blamed() -> None:
    """They may be theirs, as of an order of the session itself, which says so."""
    records = [assigned(1), elsewhere(2), ordered(assigned(2), "own")]
    said = words(found(records, log_begins_ms=1_767_225_600_000), columns=300)

    assert "1 order left out: of units whose assignment the log has forgotten" in said
    assert "assigned by then, or whose assignment the log has forgotten" in said
    assert "does the page" not in said


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([-90_000, -1, 0, 90_000]), st.booleans()),
        max_size=8,
    ),
    st.sets(st.integers(0, 5), min_size=1),
    st.sampled_from([0, 2, 4]),
)
def test_every_order_is_of_a_unit_or_outside_or_nobodys(
    told: list[tuple[int, int, bool]], there: set[int], since: int
) -> None:
    """Each once, unless it is from before anybody was assigned: reckoned by who was there when."""
    units = {number: assigned(number) for number in there}
    numbered = enumerate(told)
    placed = [
        elsewhere(number, f"{at}", after_ms=after_ms)
        if known
        else elsewhere(number, f"{at}", after_ms=after_ms, unit=f"unknown {number}")
        for at, (number, after_ms, known) in numbered
    ]
    since_ms = assigned(since).occurred_at_ms
    totals = folded([*units.values(), *placed]).totals(EXPERIMENT.id, since_ms)
    first_ms = max(since_ms, min(one.occurred_at_ms for one in units.values()))
    by_unit = {one.unit: one for one in units.values()}
    counted = outside = nobodys = 0
    for order in placed:
        unit = by_unit.get(order.unit)
        if unit is not None and unit.occurred_at_ms <= order.occurred_at_ms:
            counted += unit.occurred_at_ms >= since_ms
            outside += unit.occurred_at_ms < since_ms
        else:
            nobodys += order.occurred_at_ms >= first_ms

    assert (counted, outside, nobodys) == (
        sum(unit.orders for unit in (*totals.held_out, *totals.may_get)),
        *(totals.orders_outside, totals.orders_of_nobody),
    )


def test_orders_of_before_anybody_was_assigned_are_not_missed() -> None:
    """Of history that is sent on, and names visitors: no wiring is broken."""
    past = [elsewhere(1, f"{day}", after_ms=-day * 86_400_000) for day in range(1, 40)]

    assert 0 == as_values(found([assigned(1), *past]))["orders_of_nobody"]


@given(st.randoms(use_true_random=False))
def test_an_order_counts_once_whoever_tells_it_in_any_order(chance: random.Random) -> None:
    """The session that had been assigned is right, though others told it before and otherwise."""
    mine = ordered(assigned(1), bread=2)
    same: dict[str, Any] = {"order_id": mine.order_id}
    records = [
        *(assigned(1), assigned(2), mine, elsewhere(2, after_ms=-5, **same)),
        *(elsewhere(1, **same), elsewhere(3, **same), elsewhere(1, caused_by="again", **same)),
    ]
    mixed = records * 2
    chance.shuffle(mixed)
    units = folded(mixed)
    totals = units.totals(EXPERIMENT.id)
    done = sorted((unit.orders, unit.items) for unit in (*totals.held_out, *totals.may_get))

    assert [(0, 0), (1, 2)] == done
    assert folded(records).totals(EXPERIMENT.id) == totals


def test_of_several_that_had_not_asked_the_first_that_is_known_is_right() -> None:
    """A till with an id of its own does not take an order away from the visitor."""
    till = elsewhere(3, order_id="o-7", after_ms=0)
    early = elsewhere(1, order_id="o-7", after_ms=120_000)
    late = elsewhere(2, order_id="o-7", after_ms=120_000)
    one, other = assigned(1, True), assigned(2, False)
    for told in ([late, till, early], [early, till, late]):
        totals = folded([one, other, *told]).totals(EXPERIMENT.id)
        assert ([1], [0]) == tuple(
            [unit.orders for unit in side] for side in (totals.held_out, totals.may_get)
        )

    assert 1 == orders([other, late, till, early])
    assert 0 == orders([one, till])


def test_what_comes_back_of_it_is_joined() -> None:
    """By its number: nothing is unmatched."""
    order = elsewhere(1)
    back = sent_back(order, order.session_id)

    assert 0 == orders([assigned(1), order, back])
    assert 0 == folded([assigned(1), order, back]).unmatched()
    assert 1 == folded([assigned(1), back]).unmatched()
    assert 0 == orders([assigned(1), order, returned(order)])


def test_a_shopper_alone_is_whose_first_assignment_named_them() -> None:
    """Not one of later: who signs in later may do so because of a prompt."""
    named: dict[str, Any] = {"shopper": "ann"}
    first, at_ms = assigned(1), assigned(1).occurred_at_ms
    later = assigned(1, session_id="session-9", occurred_at_ms=at_ms + 5_000, **named)

    assert 1 == orders([assigned(1, **named), by_shopper("ann")])
    assert 0 == orders([assigned(1, **named), by_shopper("ann", after_ms=-1)])
    assert 0 == orders([assigned(1, **named), by_shopper("bob")])
    assert 0 == orders([first, later, by_shopper("ann", after_ms=9_000)])


def test_of_two_units_of_a_shopper_it_is_the_one_that_was_assigned_first() -> None:
    """Whatever side it is on."""
    one, other = assigned(1, True, shopper="ann"), assigned(2, False, shopper="ann")
    totals = found([other, by_shopper("ann", after_ms=10**6), one]).totals
    assert totals is not None

    assert ([1], [0]) == ([u.orders for u in totals.held_out], [u.orders for u in totals.may_get])


def test_as_of_a_time_later_orders_are_not_known_and_earlier_ones_are() -> None:
    """When a question was decided is looked up so: what came later must not speak for it."""
    at_ms = elsewhere(1).occurred_at_ms
    later = elsewhere(1, "2", after_ms=5_000)
    units = folded([assigned(1), elsewhere(1), later])
    known = {
        then_ms - at_ms: sum(
            unit.orders for side in units.as_of(then_ms).totals(EXPERIMENT.id)[1:3] for unit in side
        )
        for then_ms in (at_ms - 1, at_ms, at_ms + 3_999, later.occurred_at_ms)
    }

    assert {-1: 0, 0: 1, 3_999: 1, 4_000: 2} == known


def test_of_another_experiment_nothing_is_counted() -> None:
    """A unit has another name there; a shopper, too."""
    assert 0 == orders([assigned(1), elsewhere(1, experiment="another-1")])


def test_there_is_room_for_so_many(tmp_path: Path) -> None:
    """What there is no room for is counted; what was kept is read again, of earlier files too."""
    units = Units(orders_max=1)
    for record in (assigned(1), elsewhere(1), elsewhere(1, "2"), elsewhere(1)):
        units.add(record)
    for number in range(20):
        units.add(elsewhere(1, session_id=f"till {number}"))
    assert 1 + 13 == units.left_out

    path = tmp_path / "units"
    write(path, "outcomes", KeptUnits(units, {}))
    again = read(path, "outcomes")
    assert again is not None
    assert again.units.totals(EXPERIMENT.id) == units.totals(EXPERIMENT.id)
    before = units.state()
    del before["others"]
    before["sides"] = {
        name: {s: side[:6] for s, side in of.items()} for name, of in before["sides"].items()
    }
    old = Units()
    old.restore(before)
    assert [0] == [
        unit.orders
        for unit in (*old.totals(EXPERIMENT.id).held_out, *old.totals(EXPERIMENT.id).may_get)
    ]
