"""What a report of uplift keeps through a restart, leaves out, and says of it."""

import math
from typing import Any

import orjson
import pytest

from models.evaluation.confidence_sequences import asymptotic_half_width
from models.evaluation.uplift import RULE_OF_THREE, UnitSums, Uplift, units_needed, uplift
from streams.contract.schemas.examples import NEW_YEAR_MS
from streams.experiments.uplift.figures import DAY_MS, power, rows
from streams.experiments.uplift.tables import Findings, as_values
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
)
from tests.experiments.uplift.test_tables import words


def busy() -> list[Any]:
    """Units that sign in, order, send back, and are shown prompts."""
    units = [assigned(n, held=n % 3 == 0, shopper=f"shopper-{n % 7}") for n in range(20)]
    orders = [ordered(unit) for unit in units[::2]]
    return [*units, *orders, *map(returned, orders[::2]), *map(shown, units)]


def test_what_was_kept_is_all_there_is() -> None:
    """Shoppers, prompts, returns and what was left out: nothing of it has to be read again."""
    units, again = Units(sessions_max=19), Units(sessions_max=19)
    for record in busy():
        units.add(record)
    again.restore(orjson.loads(orjson.dumps(units.state())))
    seen = units.experiments()[-1].id
    totals = units.totals(seen)

    assert units.state() == again.state()
    assert totals == again.totals(seen)
    assert (1, 0) == (again.left_out, again.unmatched())
    assert 0 < totals.crossed_shoppers
    assert 0 < totals.held_out_shown
    assert 0 < sum(unit.returned for unit in (*totals.held_out, *totals.may_get))
    again.add(assigned(99))
    assert 2 == again.left_out


def test_each_record_that_there_is_no_room_for_is_counted_once() -> None:
    """Of a session, of an order, of what comes back; what is known already has its room."""
    one, other = assigned(1), assigned(2)
    first, second = ordered(one), ordered(one, "2")
    units = Units(sessions_max=1, orders_max=1)
    counted = []
    for record in (one, one, other, first, first, second, returned(first), returned(second)):
        units.add(record)
        counted.append(units.left_out)
    units.add(returned(first, "again", bread=1))
    totals = units.totals(one.experiment)
    (unit,) = (*totals.held_out, *totals.may_get)

    assert [0, 0, 1, 1, 1, 2, 2, 3] == counted
    assert 3 == units.left_out
    assert (0, 3) == (unit.orders, unit.returned)
    assert [first.order_id] == [*units.state()["returns"]]


def test_prompts_are_noted_of_so_many_sessions() -> None:
    """Of those that are noted the later ones are as well."""
    held, other = assigned(1, held=True), assigned(2, held=True)
    units = Units(sessions_max=1)
    for record in (held, shown(held, after_ms=-9), shown(other), shown(held)):
        units.add(record)

    assert [held.session_id] == [*units.state()["shown"]]
    assert 1 == units.totals(held.experiment).held_out_shown


def test_orders_of_another_experiment_are_not_missed_in_this_one() -> None:
    """They are neither counted nor left out here."""
    one = assigned(1)
    other = assigned(2, experiment="summer-1", occurred_at_ms=one.occurred_at_ms - 9)
    units = folded([one, other, ordered(one), ordered(other)])

    assert 0 == units.totals(one.experiment).orders_left_out
    assert 0 == units.totals("summer-1").orders_left_out


def test_what_is_missing_is_said() -> None:
    """Orders whose assignment is gone, records that nobody could read, other experiments."""
    one, other = assigned(1), assigned(2, experiment="summer-1")
    units = folded([one, other])
    others = [seen for seen in units.experiments() if seen.id == "summer-1"]
    said = words(found([one, ordered(one), ordered(assigned(3))], others=others, unreadable=3))

    assert "1 order left out" in said
    assert "3 records unreadable" in said
    assert "other experiments in the log (--experiment NAME): summer-1 (since 2026-01-01" in said


def test_units_of_before_the_start_are_said_to_be_left_out() -> None:
    """Whoever was assigned before it may come back for what they saw then."""
    findings = found([assigned(1)])
    assert findings.totals is not None
    before = findings._replace(totals=findings.totals._replace(units_before=2))

    assert "2 units left out: they were assigned before the start" in words(before)


def test_orders_of_units_that_are_left_out_are_said_to_be_theirs() -> None:
    """The log has forgotten nothing: it knows when they were assigned, and that this is outside."""
    units = [assigned(number) for number in range(4)]
    lost = assigned(9)
    folded_ = folded([*units, *(ordered(unit) for unit in units), ordered(units[0], "2")])
    folded_.add(ordered(lost))
    start_ms, end_ms = units[2].occurred_at_ms, units[3].occurred_at_ms
    totals = folded_.totals(lost.experiment, start_ms, end_ms)
    said, values = words(Findings(totals)), as_values(Findings(totals))

    assert (4, 1) == (totals.orders_outside, totals.orders_left_out)
    assert (4, 1) == (values["orders_outside"], values["orders_left_out"])
    assert "2 units left out: they were assigned before the start" in said
    assert "4 orders left out: of units that were assigned before the start, or after the" in said
    assert "1 order left out: of units whose assignment the log has forgotten" in said
    assert "assigned before the start, or after the end" not in words(found([assigned(1)]))


def test_what_is_not_missing_is_not_said() -> None:
    """One experiment, and nothing lost; what the held out do is told beside the effect."""
    said = words(found(shop(300)))

    assert "other experiments" not in said
    assert "left out" not in said
    assert "none of" not in said
    assert "of what the held out do is 0." in said


DAYS_200_MS = 200 * DAY_MS


def watched(*wrong_ms: int, of: int = 180, later_ms: int = 0, each_ms: int = 10_000) -> Units:
    """So many units, folded so much later; in their midst some of clocks that are so wrong."""
    units = Units()
    for number in range(of):
        at_ms = NEW_YEAR_MS + number * each_ms
        units.add(assigned(number, occurred_at_ms=at_ms), at_ms + later_ms + 400)
    for number, off_ms in enumerate(wrong_ms, of):
        at_ms = NEW_YEAR_MS + of // 2 * each_ms
        late_ms = at_ms + later_ms + 400
        units.add(assigned(number, occurred_at_ms=at_ms + off_ms), late_ms)
    return units


def lasting(units: Units) -> tuple[int, int]:
    """When it began, and how long it has lasted; the same, however one asks."""
    (seen,) = units.experiments()
    again = Units()
    again.restore(orjson.loads(orjson.dumps(units.state())))

    assert seen == units.totals(seen.id).seen == again.experiments()[0]
    return seen.first_ms, seen.last_ms - seen.first_ms


@pytest.mark.parametrize(
    "wrong_ms",
    [(), (-DAYS_200_MS,), (-DAYS_200_MS,) * 3, (-2 * DAYS_200_MS, -DAYS_200_MS), (DAYS_200_MS,)],
)
@pytest.mark.parametrize("later_ms", [0, 7 * DAY_MS, 300 * DAY_MS])
def test_wrong_clocks_move_neither_start_nor_rate(wrong_ms: tuple[int, ...], later_ms: int) -> None:
    """180 units came in half an hour, also where a backlog was folded long after that."""
    assert (NEW_YEAR_MS, 179 * 10_000) == lasting(watched(*wrong_ms, later_ms=later_ms))


def test_a_backlog_that_is_folded_at_once_has_come_at_its_own_pace() -> None:
    """1,000 units of one day, written in 50 seconds a week later: they came in a day."""
    units = Units()
    for number in range(1_000):
        at_ms = NEW_YEAR_MS + number * DAY_MS // 1_000
        units.add(assigned(number, occurred_at_ms=at_ms), NEW_YEAR_MS + 7 * DAY_MS + number * 50)

    assert (NEW_YEAR_MS, 999 * DAY_MS // 1_000) == lasting(units)


def test_one_visitor_whose_clock_is_wrong_is_one_unit_however_many_sessions_there_are() -> None:
    """They are of one device, and each of them is as wrong."""
    units = watched()
    for number in range(90):
        at_ms = NEW_YEAR_MS - DAYS_200_MS + number
        other = assigned(999, session_id=f"of wrong {number}", occurred_at_ms=at_ms)
        units.add(other, NEW_YEAR_MS + number * 10_000)

    assert (NEW_YEAR_MS, 179 * 10_000) == lasting(units)


def test_nobody_was_assigned_later_than_the_broker_got_it() -> None:
    """A clock that is ahead, by less than what would be unreadable, does not lengthen it."""
    assert (NEW_YEAR_MS, 179 * 10_000) == lasting(watched(DAY_MS // 2))


@pytest.mark.parametrize("each_ms", [DAY_MS // 2, 3 * DAY_MS])
def test_of_a_small_shop_one_in_twenty_at_most_is_taken_for_a_wrong_clock(each_ms: int) -> None:
    """Whoever comes soon before the next is none; two units have no middle."""
    began_ms, lasted_ms = lasting(watched(of=60, each_ms=each_ms))
    left_out = 3 * (each_ms > DAY_MS)

    assert (NEW_YEAR_MS + left_out * each_ms, (59 - 2 * left_out) * each_ms) == (
        began_ms,
        lasted_ms,
    )
    assert (NEW_YEAR_MS, each_ms) == lasting(watched(of=2, each_ms=each_ms))


def test_somebody_alone_may_be_of_before_the_log_all_the_same() -> None:
    """By the broker's time: who is left out of the pace as a wrong clock is known to have come."""
    units = watched()
    early = assigned(999, occurred_at_ms=NEW_YEAR_MS - 2 * DAY_MS)
    units.add(early, early.occurred_at_ms)
    (seen,) = units.experiments()

    assert (NEW_YEAR_MS, NEW_YEAR_MS - 2 * DAY_MS) == (seen.first_ms, seen.known_ms)


def test_an_assignment_that_is_told_again_was_known_when_it_was_told_first() -> None:
    """After a restart, say; in whichever order the records are read."""
    one = assigned(1, occurred_at_ms=NEW_YEAR_MS)
    for times in ((5_000, 9_000), (9_000, 5_000)):
        units = Units()
        for written_ms in times:
            units.add(one, NEW_YEAR_MS + written_ms)
        assert NEW_YEAR_MS + 5_000 == units.experiments()[0].logged_ms


def test_where_the_log_has_no_times_the_records_tell_theirs() -> None:
    """As files do that were kept by an earlier version."""
    units = Units()
    units.add(assigned(1), -1)

    assert assigned(1).occurred_at_ms == units.experiments()[0].first_ms


def test_everybody_held_out_is_said() -> None:
    """There is nobody to compare with."""
    assert "everybody is held out" in words(found([assigned(1, held=True, share=1.0)]))
    assert [] == as_values(found([]))["metrics"]


def test_of_nobody_all_is_told_as_nothing() -> None:
    """No figure, no alarm, no group, and no verdict."""
    nobody = found([], by="segment")

    assert (False, True, None) == (nobody.alarmed, nobody.refused, nobody.groups)
    assert as_values(nobody) == {
        "experiment": None,
        "held_out": 0,
        "prompted": 0,
        "metrics": [],
        "sample_ratio_alarm": False,
        "held_out_shown_alarm": False,
        "both_sides_alarm": False,
        "unmatched": 0,
        "left_out": 0,
        "unreadable": 0,
    }


def test_in_so_many_days_the_bounds_are_as_narrow_as_the_effect() -> None:
    """If units keep coming at this rate, and vary as they do."""
    totals = found(shop(2_000)).totals
    assert totals is not None
    row = rows(totals)[0].uplift
    assert row is not None
    said = power(row, totals, 0.05)
    assert said.days_needed is not None
    n = 2_000 * (1.0 + said.days_needed * DAY_MS / (1_999 * EACH_MS))

    assert pytest.approx(said.effect) == (asymptotic_half_width(row.se * math.sqrt(2_000 / n), n))


HELD = UnitSums(n=100.0, y=2.0, s=100.0, yy=2.0, ss=100.0, ys=2.0)
OTHERS = UnitSums(n=900.0, y=90.0, s=900.0, yy=90.0, ss=900.0, ys=90.0)


def test_a_small_side_of_few_orders_borrows_what_varies_on_the_other() -> None:
    """Its bounds are wider than by what it has seen itself."""
    alone, borrowing = uplift(HELD, OTHERS), uplift(HELD, OTHERS, borrowed=RULE_OF_THREE)

    assert alone is not None
    assert borrowing is not None
    assert alone.difference == borrowing.difference
    assert alone.se < borrowing.se


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_sums_that_are_no_numbers_are_refused(wrong: float) -> None:
    """As is an error that is none, and an effect of nothing."""
    with pytest.raises(ValueError, match="no numbers"):
        uplift(HELD._replace(y=wrong), OTHERS)
    for alpha in (0.0, 1.0, wrong):
        with pytest.raises(ValueError, match="alpha"):
            uplift(HELD, OTHERS, alpha=alpha)
    some = Uplift(0.05, 0.05, 0.0, 0.01, -0.04, 0.04, 1.0, 0.0)
    for effect in (0.0, -1.0, wrong):
        with pytest.raises(ValueError, match="effect"):
            units_needed(some, 1_000.0, effect)
