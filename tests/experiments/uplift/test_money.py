"""Revenue and margin, net of what came back, reckoned again: piece by piece, and by numpy."""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.confidence_sequences import asymptotic_half_width
from models.evaluation.uplift import Uplift
from streams.contract.published.outcomes import Assigned, Ordered, OutcomeLine, Returned
from streams.experiments.uplift.figures import InCurrency, rows, sums_of
from streams.experiments.uplift.net_orders import (
    CountedLine,
    OrderSeen,
    UnitTotals,
    count,
    lines_of,
    order_seen,
)
from streams.experiments.uplift.sides import ExperimentSeen
from streams.experiments.uplift.tables import Findings, as_values
from streams.experiments.uplift.told_rows import for_people
from streams.experiments.uplift.units import ExperimentTotals, Units
from streams.operations.console.watching.experiments.told import bounds_of
from tests.experiments.uplift.records import assigned, folded, found, ordered, returned
from tests.experiments.uplift.test_groups import words

PRICES = {"bread": 250, "butter": 319, "jam": 599}
MARGINS = {"bread": 80, "butter": -20}
"""Butter is sold at a loss; what jam earns nobody tells."""


class Plain(NamedTuple):
    """What a unit did, piece by piece."""

    orders: int
    pieces: int
    revenue: int
    margin: int


def bought(of: Assigned, name: str, quantities: dict[str, int]) -> Ordered:
    """An order that tells prices, and margins where there are any."""
    lines = tuple(
        OutcomeLine(
            item_id=item,
            quantity=n,
            value_minor=n * PRICES[item],
            margin_minor=n * MARGINS[item] if item in MARGINS else None,
        )
        for item, n in quantities.items()
    )
    return ordered(of, name, **quantities).model_copy(update={"lines": lines})


def shop(chance: random.Random, units: int) -> list[Any]:
    """Orders of some items, of which some come back, in part or whole."""
    records: list[Any] = []
    for number in range(units):
        unit = assigned(number)
        records.append(unit)
        for name in range(chance.choice((0, 0, 1, 2))):
            quantities = {item: chance.randint(1, 4) for item in chance.sample([*PRICES], 2)}
            order = bought(unit, str(name), quantities)
            records.append(order)
            for event in range(chance.choice((0, 0, 1, 2))):
                back = {item: chance.randint(1, 3) for item in chance.sample([*quantities], 1)}
                if chance.random() < 0.2:
                    back = {}
                records.append(returned(order, f"{name} {event}", **back))
    return records


def plainly(records: Sequence[Any], unit: str) -> Plain:
    """Every piece on the table; what comes back is taken off it, one by one."""
    orders = pieces = revenue = margin = 0
    for order in records:
        if not isinstance(order, Ordered) or order.unit != unit:
            continue
        table = [line.item_id for line in order.lines for _ in range(line.quantity)]
        for back in records:
            if not isinstance(back, Returned) or back.order_id != order.order_id:
                continue
            taken = [line.item_id for line in back.lines for _ in range(-line.quantity)]
            for item in taken if back.lines else list(table):
                if item in table:
                    table.remove(item)
        orders += bool(table)
        pieces += len(table)
        revenue += sum(PRICES[item] for item in table)
        margin += sum(MARGINS.get(item, 0) for item in table)
    return Plain(orders, pieces, revenue, margin)


def of_unit(unit: UnitTotals) -> Plain:
    """The same, as the report has it."""
    return Plain(unit.orders, unit.items, unit.revenue.get("EUR", 0), unit.margin.get("EUR", 0))


@given(st.randoms(use_true_random=False))
def test_money_is_that_of_the_pieces_that_were_kept(chance: random.Random) -> None:
    """In whatever order records come, and told twice."""
    records = shop(chance, 12)
    mixed = [*records, *records]
    chance.shuffle(mixed)
    units = folded(mixed)
    totals = units.totals(units.experiments()[-1].id)
    names = sorted(record.unit for record in records if isinstance(record, Assigned))

    assert sorted(plainly(records, name) for name in names) == sorted(
        of_unit(unit) for unit in (*totals.held_out, *totals.may_get)
    )


def test_a_row_is_what_numpy_makes_of_the_plain_figures() -> None:
    """Means of a unit, ratios by the delta method, and the bounds at every look."""
    records = shop(random.Random(3), 400)
    totals = found(records).totals
    assert totals is not None
    by = {row.metric: row.uplift for row in rows(totals)}
    sides = [
        np.array([plainly(records, r.unit) for r in records if r.type == "assigned" and r.holdout]),
        np.array(
            [plainly(records, r.unit) for r in records if r.type == "assigned" and not r.holdout]
        ),
    ]

    for at, name in enumerate(
        ("orders", "items bought", "revenue, minor units of EUR", "margin, minor units of EUR")
    ):
        row = by[name]
        means, variances = zip(
            *((s[:, at].mean(), s[:, at].var(ddof=1)) for s in sides), strict=True
        )
        error = sum(v / len(s) for v, s in zip(variances, sides, strict=True)) ** 0.5
        half = asymptotic_half_width(error, 400)
        assert row is not None
        assert pytest.approx((*means, means[1] - means[0])) == (
            *(row.control, row.treated, row.difference),
        )
        assert row.high - row.low >= 2.0 * half * (1 - 1e-9)  # a small side may borrow variance
        assert pytest.approx(2.0 * half, rel=0.1) == row.high - row.low

    ratio = by["revenue an order, minor units of EUR"]
    assert ratio is not None
    assert pytest.approx(sides[0][:, 2].sum() / sides[0][:, 0].sum()) == ratio.control


def test_margin_is_told_where_orders_tell_it_alone() -> None:
    """Of a unit and of an order; else there is no row of it."""
    unit = assigned(1)
    without = as_values(found([unit, ordered(unit)]))
    told = as_values(found([unit, bought(unit, "1", {"bread": 2, "jam": 1})]))
    names = [row["metric"] for row in told["metrics"]]

    assert not any("margin" in row["metric"] for row in without["metrics"])
    assert "margin, minor units of EUR" in names
    assert "margin an order, minor units of EUR" in names


@pytest.mark.parametrize(
    ("code", "control"), [("EUR", "7.50"), ("VND", "750"), ("KWD", "0.750"), ("", "750.0")]
)
def test_money_is_told_in_its_currency_to_people(code: str, control: str) -> None:
    """With as many decimals as that has; in minor units where no currency is told."""
    said = f"revenue, {'minor units of ' + code if code else 'minor units, no currency told'}"
    row = Uplift(750.0, 900.0, 150.0, 1.0, 100.0, 200.0, 0.01, 0.2)
    name, *figures = for_people(said, row)

    assert control == figures[0]
    assert name == (f"revenue, {code}" if code else said)


CODES = [f"{one}{two}X" for one in "ABCDEFGHIJKLMNO" for two in "ABCDEFGHIJKLMNO"]
"""More than there are."""


def in_currencies(codes: Sequence[str]) -> list[Any]:
    """Of each currency one order more than of the one before."""
    units = [assigned(number) for number in range(len(codes))]
    orders = [
        ordered(unit, code).model_copy(update={"currency": code})
        for number, code in enumerate(codes)
        for unit in units[: number + 1]
    ]
    return [*units, *orders]


def revenues(findings: Findings) -> list[str]:
    """The currencies that have a row of what a unit brings in."""
    names = [row["metric"] for row in as_values(findings)["metrics"]]
    return [name.split()[-1] for name in names if name.startswith("revenue,")]


def test_money_is_told_in_all_currencies_there_are() -> None:
    """Of 25 currencies none is left out, however few orders it has."""
    findings = found(in_currencies(CODES[:25]))

    assert CODES[:25] == revenues(findings)
    assert {} == as_values(findings)["currencies_left_out"]
    assert "no rows" not in words(findings)


def test_of_more_currencies_than_exist_those_of_the_fewest_orders_are_named() -> None:
    """A page may send any three letters: those of most orders have rows, the rest are counted."""
    findings = found(in_currencies(CODES))
    left_out = as_values(findings)["currencies_left_out"]

    assert CODES[25:] == revenues(findings)
    assert {code: number for number, code in enumerate(CODES[:25], 1)} == left_out
    assert CODES[:25][::-1] == [*left_out]
    said = words(findings, columns=1_000)
    assert "25 currencies of the fewest orders have no rows: BJX (25 orders), BIX" in said
    assert "and 5 others" in said


@given(st.randoms(use_true_random=False))
def test_sums_of_money_are_those_of_every_unit_one_by_one(chance: random.Random) -> None:
    """Also of units that have nothing in a currency, of which nobody is asked."""
    units = [
        UnitTotals(
            revenue={code: chance.randint(0, 900) for code in codes},
            valued={code: chance.randint(0, 2) for code in codes},
            before=chance.randint(0, 3),
        )
        for _ in range(chance.randint(0, 12))
        for codes in [chance.sample(["EUR", "USD", ""], chance.randint(0, 3))]
    ]
    for code in ("EUR", "USD", "", "CHF"):
        for a_unit in (True, False):
            y = [unit.revenue.get(code, 0) for unit in units]
            s = [1 if a_unit else unit.valued.get(code, 0) for unit in units]
            x = [unit.before for unit in units]
            products = [(y, y), (s, s), (x, x), (y, s), (y, x), (s, x)]
            plain = [sum(a * b for a, b in zip(*pair, strict=True)) for pair in products]

            assert (len(units), sum(y), sum(s), sum(x), *plain) == sums_of(
                units, InCurrency(code, a_unit=a_unit)
            )


class Watched(UnitTotals):
    """A unit that counts how often anything of it is read."""

    reads = 0

    def __getattribute__(self, name: str) -> Any:
        """As ever, and counted."""
        Watched.reads += 1
        return super().__getattribute__(name)


@pytest.mark.parametrize("told", [rows, bounds_of])
def test_who_bought_nothing_is_read_as_often_in_a_shop_of_one_currency_as_of_hundreds(
    told: Callable[[ExperimentTotals], Any],
) -> None:
    """Anybody may send two hundred codes: a report would take minutes."""
    reads = []
    for codes in (CODES[:1], CODES[:200]):
        bought = [UnitTotals(1, 1, 0, {code: 9}, {code: 1}) for code in codes]
        nothing: list[UnitTotals] = [Watched()]
        seen, Watched.reads = ExperimentSeen("spring", 0.5, 0, 1, 1, 0), 0
        told(ExperimentTotals(seen, nothing, bought, 0, 0, 0, 0))
        reads.append(Watched.reads)

    assert reads[0] == reads[1] > 0


def test_an_order_at_a_loss_has_a_negative_margin_and_none_when_all_comes_back() -> None:
    """Signs are those of the order, not of the return."""
    unit = assigned(1)
    order = bought(unit, "1", {"butter": 3})
    kept, part, nothing = (
        of_unit(only(folded([unit, order, *back])))
        for back in ([], [returned(order, butter=1)], [returned(order)])
    )

    assert [(1, 957, -60), (1, 638, -40), (0, 0, 0)] == [
        (one.orders, one.revenue, one.margin) for one in (kept, part, nothing)
    ]


def only(units: Units) -> UnitTotals:
    """What the only unit did."""
    totals = units.totals(units.experiments()[-1].id)
    (unit,) = (*totals.held_out, *totals.may_get)
    return unit


def test_an_order_that_is_told_with_and_without_a_margin_counts_once() -> None:
    """By a worker of before, and by one of now: whichever is read first."""
    unit = assigned(1)
    now = bought(unit, "1", {"bread": 2})
    lines = tuple(line.model_copy(update={"margin_minor": None}) for line in now.lines)
    before = now.model_copy(update={"lines": lines})
    one, other = (only(folded([unit, *orders])) for orders in ((now, before), (before, now)))

    assert one == other
    assert (1, 500) == (one.orders, one.revenue["EUR"])


def test_what_was_kept_before_there_were_margins_is_read() -> None:
    """Lines of three, sides of four."""
    unit = assigned(1)
    units = folded([unit, ordered(unit)])
    state = orjson.loads(orjson.dumps(units.state()))
    for order in state["orders"].values():
        order[-1] = [line[:3] for line in order[-1]]
    for sides in state["sides"].values():
        for session, side in sides.items():
            sides[session] = side[:4]
    again = Units()
    again.restore(state)

    assert only(units) == only(again)


def test_what_comes_back_is_kept_without_its_sign() -> None:
    """Pieces, worth and what they earned; a loss that comes back is a loss."""
    order = bought(assigned(1), "1", {"bread": 2, "butter": 3})
    lines = tuple(
        OutcomeLine(
            item_id=line.item_id,
            quantity=-line.quantity,
            value_minor=-(line.value_minor or 0),
            margin_minor=-(line.margin_minor or 0),
        )
        for line in order.lines
    )
    back = returned(order, bread=2, butter=3).model_copy(update={"lines": lines})

    assert (
        lines_of(order)
        == lines_of(back)
        == (
            CountedLine("bread", 2, 500, 160),
            CountedLine("butter", 3, 957, -60),
        )
    )


def test_an_order_that_names_no_currency_is_of_none() -> None:
    """It is kept as such, in memory and in a file."""
    order = ordered(assigned(1)).model_copy(update={"currency": None})

    assert "" == order_seen(order).currency


def test_a_line_of_no_pieces_is_left_whole() -> None:
    """Less than half a piece, weighed: nothing can come back of it."""
    order = OrderSeen((0, ""), "", "", "EUR", (CountedLine("saffron", 0, 390),))
    unit = UnitTotals()
    count(unit, order, [])

    assert {"EUR": 390} == unit.revenue
