"""What units had ordered before they were assigned takes noise away, and changes nothing else."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from models.evaluation.uplift import Uplift
from streams.experiments.uplift.figures import explained, rows
from streams.experiments.uplift.net_orders import UnitTotals
from streams.experiments.uplift.tables import as_values
from tests.experiments.uplift.records import assigned, found, ordered
from tests.experiments.uplift.test_tables import told, words

EFFECT = 0.5


def shop(seed: int, units: int, *, follows: float, known: bool = True) -> list[Any]:
    """Units order as they did before, to this part; those who may get prompts a half more."""
    rng = np.random.default_rng(seed)
    records: list[Any] = []
    for number in range(units):
        habit, other = rng.gamma(0.5, 2.0, 2)
        before = min(32, int(rng.poisson(habit)))
        unit = assigned(number, orders_before=before if known else 0)
        rate = follows * habit + (1.0 - follows) * other + EFFECT * (not unit.holdout)
        orders = int(rng.poisson(rate))
        records += [unit, *(ordered(unit, str(n)) for n in range(orders))]
    return records


def of_orders(records: list[Any]) -> Uplift:
    """The row of orders, which there is."""
    totals = found(records).totals
    assert totals is not None
    row = rows(totals)[0].uplift
    assert row is not None
    return row


def test_where_orders_follow_earlier_ones_bounds_are_narrower() -> None:
    """By what is explained: a part rho squared of the variance (Deng et al. 2013)."""
    with_, without = (
        of_orders(shop(1, 3_000, follows=1.0, known=known)) for known in (True, False)
    )
    totals = found(shop(1, 3_000, follows=1.0)).totals
    assert totals is not None
    known = explained(totals, rows(totals))

    assert with_.se < 0.85 * without.se
    assert known is not None
    assert pytest.approx(1.0 - (with_.se / without.se) ** 2) == known.part
    assert with_.low <= EFFECT <= with_.high


def test_all_who_had_ordered_before_are_known_and_nobody_else() -> None:
    """Once is enough."""
    records = shop(1, 3_000, follows=1.0)
    totals = found(records).totals
    assert totals is not None
    known = explained(totals, rows(totals))

    assert known is not None
    assert sum(getattr(one, "orders_before", 0) > 0 for one in records) == known.units


def test_where_they_do_not_follow_nothing_is_explained() -> None:
    """Neither narrower nor wider, but for chance, and the difference is the same."""
    with_, without = (
        of_orders(shop(2, 3_000, follows=0.0, known=known)) for known in (True, False)
    )

    assert pytest.approx(without.se, rel=0.005) == with_.se
    assert pytest.approx(without.difference, abs=0.1 * without.se) == with_.difference


def test_where_nobody_had_ordered_before_nothing_changes() -> None:
    """Not a digit, and nothing is said of it."""
    records = shop(3, 600, follows=1.0, known=False)
    bare = [
        record.model_copy(update={"orders_before": 0}) if record.type == "assigned" else record
        for record in records
    ]

    assert as_values(found(records)) == as_values(found(bare))
    assert as_values(found(records))["explained"] is None
    assert "CUPED" not in words(found(records))


def test_the_difference_is_unbiased() -> None:
    """Over 60 shops of 600 units it is the truth, and nearer to it than without (seeds 0 to 59)."""
    with_, without = (
        np.array(
            [of_orders(shop(seed, 600, follows=1.0, known=known)).difference for seed in range(60)]
        )
        for known in (True, False)
    )
    error = with_.std(ddof=1) / np.sqrt(len(with_))

    assert abs(with_.mean() - EFFECT) < 3.0 * error
    assert with_.std() < 0.9 * without.std()


def test_the_adjustment_is_the_regression_on_what_was_before() -> None:
    """By numpy: the difference of means less theta times how far the sides were apart before."""
    records = shop(4, 800, follows=1.0)
    totals = found(records).totals
    assert totals is not None
    held, others = (
        np.array([(unit.orders, unit.before) for unit in side], float)
        for side in (totals.held_out, totals.may_get)
    )
    y, x = np.concatenate([held, others]).T
    theta = np.cov(y, x, ddof=1)[0, 1] / x.var(ddof=1)
    apart = theta * (others[:, 1].mean() - held[:, 1].mean())
    row = of_orders(records)

    assert pytest.approx((held[:, 0].mean(), others[:, 0].mean())) == (row.control, row.treated)
    assert pytest.approx(row.treated - row.control - apart) == row.difference
    assert row.relative == row.difference / row.control
    assert row.adjusted


def bought_nothing(records: list[Any]) -> list[Any]:
    """The same shop, where no unit that is held out orders anything."""
    held = {record.unit for record in records if record.type == "assigned" and record.holdout}
    return [record for record in records if record.type == "assigned" or record.unit not in held]


def test_a_side_is_shown_as_it_was() -> None:
    """Nothing bought is 0.0000 bought, whatever was before; and nothing has no per cent."""
    findings = found(bought_nothing(shop(5, 400, follows=1.0)))
    said = as_values(findings)
    listed = [line.split("│") for line in told(findings, 120).splitlines() if "│" in line]

    for row in said["metrics"]:
        if "control" in row and " an order" not in row["metric"]:
            assert (0.0, None, True) == (row["control"], row["relative"], row["adjusted"])
            assert 0.0 <= row["treated"] != row["difference"]
    assert {(0.0, "-")} == {(float(line[2]), line[7].strip()) for line in listed[:3]}
    assert "held out has ordered: bounds leave room for 3 of them" in words(findings)


def test_it_is_said_where_a_difference_is_adjusted() -> None:
    """In the verdict, in the table's head, and in a note."""
    said = words(found(shop(1, 600, follows=1.0)))
    plain = words(found(shop(1, 600, follows=1.0, known=False)))

    assert "at any look" in said
    assert ", adjusted by what units did before)" in said
    assert "adjusted by what units did before" not in plain
    assert "sides are shown as they were" in said


def test_it_is_said_what_earlier_orders_explain() -> None:
    """How many units had any, and how much of the noise it is."""
    findings = found(shop(1, 600, follows=1.0))
    said, part = words(findings), as_values(findings)["explained"]["part"]

    assert 0.1 < part < 1.0
    assert f"that explains {100 * part:.0f} % of the noise" in said
    assert "units had ordered before they were assigned: that explains" in said
    assert (
        "of the noise of orders, and is taken off the difference, its bounds and p (CUPED)" in said
    )


def test_what_explains_less_than_nothing_is_said_to_explain_nothing() -> None:
    """A small holdout that went the other way by chance; bounds are wider for it."""
    records: list[Any] = []
    for number in range(640):
        held, before = number % 20 == 0, number % 3
        unit = assigned(number, held, share=0.05, orders_before=before)
        records += [unit, *(ordered(unit, str(n)) for n in range(2 - before if held else before))]
    findings = found(records)

    assert as_values(findings)["explained"]["part"] < 0.0
    assert "that explains 0 % of the noise of orders" in words(findings)


def test_where_all_is_explained_nothing_is_said() -> None:
    """Everybody orders as before: without noise there are neither bounds nor a part of it."""
    records: list[Any] = []
    for number in range(200):
        unit = assigned(number, orders_before=number % 3)
        records += [unit, *(ordered(unit, str(n)) for n in range(number % 3))]
    said = as_values(found(records))

    assert {"metric": "orders"} == said["metrics"][0]
    assert said["explained"] is None


def test_of_a_unit_with_several_sessions_the_first_one_tells() -> None:
    """What later ones had ordered may be the prompts' doing."""
    first = assigned(1, orders_before=1)
    more: dict[str, Any] = {"session_id": "later", "orders_before": 7}
    later = first.model_copy(update=more | {"occurred_at_ms": first.occurred_at_ms + 1})
    for records in ([first, later], [later, first]):
        totals = found(records).totals
        assert totals is not None
        assert [1] == [unit.before for unit in (*totals.held_out, *totals.may_get)]


class Walked(list[UnitTotals]):
    """Units of a side, and how often somebody went through them."""

    times = 0

    def __iter__(self) -> Iterator[UnitTotals]:
        self.times += 1
        return super().__iter__()


@pytest.mark.parametrize(("known", "times"), [(False, 1), (True, 2)])
def test_where_nobody_had_ordered_before_that_is_all_that_is_looked_at(
    *, known: bool, times: int
) -> None:
    """Half a million units are not added up again for nothing; and the adjusted row is there."""
    totals = found(shop(1, 600, follows=1.0, known=known)).totals
    assert totals is not None
    measured = rows(totals)
    held, others = Walked(totals.held_out), Walked(totals.may_get)

    assert known == (
        explained(totals._replace(held_out=held, may_get=others), measured) is not None
    )
    assert (times, times) == (held.times, others.times)
