"""What prompts are worth, in words and figures."""

import io
from typing import Any

import pytest
from rich.console import Console

from models.evaluation.uplift import Uplift
from streams.contract.published.outcomes import AnyOutcome
from streams.experiments.uplift.figures import HoldoutSample, UpliftRow, measure_of, power, rows
from streams.experiments.uplift.groups import Group, Groups
from streams.experiments.uplift.net_orders import UnitTotals
from streams.experiments.uplift.tables import Findings, as_values, sentence, table
from streams.experiments.uplift.told_rows import for_people, group_sentence, too_few
from tests.experiments.uplift.records import assigned, found, ordered, returned, shop, shown


def told(findings: Findings, columns: int = 80) -> str:
    """The table as a terminal has it."""
    text = io.StringIO()
    Console(file=text, width=columns).print(table(findings))
    return text.getvalue()


def words(findings: Findings) -> str:
    """The same, as one line."""
    return " ".join(told(findings).split())


def of_sizes(held: int, others: int, orders: int) -> list[AnyOutcome]:
    """So many of each side, of whom those who may get prompts ordered every second time."""
    sides = [True] * held + [False] * others
    units = [assigned(number, side, share=held / len(sides)) for number, side in enumerate(sides)]
    buyers = [unit for unit in units if not unit.holdout][::2]
    return [*units, *(ordered(unit) for unit in buyers for _ in range(orders))]


def test_prompts_that_sell_are_seen_to_sell() -> None:
    """Bounds at every look exclude nothing gained, and hold the truth; so do those of money."""
    findings = found(shop(1_000))
    assert findings.totals is not None
    by = {row.metric: row.uplift for row in rows(findings.totals)}
    orders, items, money = by["orders"], by["items bought"], by["revenue, minor units of EUR"]

    assert orders is not None
    assert items is not None
    assert money is not None
    assert 0 < orders.low <= 0.5 <= orders.high
    assert pytest.approx(3 * orders.low) == items.low  # an order is of three items
    assert pytest.approx(750 * orders.low) == money.low
    assert by["items an order"] is None  # all orders are alike
    assert "prompts bring more orders: +0." in words(findings)


def test_a_small_p_value_is_not_told_as_nothing() -> None:
    """JSON has 2.5e-07 of it."""
    findings = found(shop(1_000))
    by = {row["metric"]: row for row in as_values(findings)["metrics"]}

    assert 0.0 < by["orders"]["p"] < 0.001
    assert "< 0.001" in words(findings)
    assert "0.000 " not in words(findings)


def test_a_ratio_is_of_sums_with_bounds_of_its_own() -> None:
    """Revenue of an order, where those who get prompts order more at once."""
    records: list[AnyOutcome] = []
    for number in range(2_000):
        unit = assigned(number)
        more = 1 + number % 3 + 2 * (not unit.holdout)
        records += [unit, ordered(unit, bread=more)]
    findings = found(records)
    assert findings.totals is not None
    ratio = dict(rows(findings.totals))["revenue an order, minor units of EUR"]

    assert ratio is not None
    assert ratio.low <= 500.0 <= ratio.high
    assert 0 < ratio.low


def test_what_came_back_is_netted() -> None:
    """Prompts that sell what is sent back earn nothing."""
    records: list[Any] = list(shop(1_000))
    back = [returned(record) for record in records if record.type == "ordered"]
    said = as_values(found([*records, *back]))
    rows_ = {row["metric"]: row for row in said["metrics"]}

    assert {"metric": "orders"} == rows_["orders"]
    assert 0 < rows_["items returned"]["low"]


@pytest.mark.parametrize("columns", [100, 80, 60])
def test_the_table_fits_a_terminal_with_and_without_an_answer(columns: int) -> None:
    """No line is longer than it, and nothing is cut."""
    for units in (10, 200):
        lines = told(found(shop(units)), columns).splitlines()

        assert max(map(len, lines)) <= columns
        assert not any("…" in line for line in lines)
        assert (units == 200) == any("items bought" in line for line in lines)
        assert any("30.0 % planned, p" in line for line in lines)


def test_the_share_that_is_held_out_is_observed() -> None:
    """Beside the planned one; as drawn, there is no alarm."""
    said = as_values(found(shop(1_000)))

    assert pytest.approx(0.3, abs=0.03) == said["observed_share"] != said["planned_share"] == 0.3
    assert said["held_out"] / 1_000 == said["observed_share"]
    assert not said["sample_ratio_alarm"]


def test_too_many_held_out_are_an_alarm() -> None:
    """200 of 1,000, at 5 %: somebody else decides who is held out."""
    records = [assigned(n, held=n < 200, share=0.05) for n in range(1_000)]
    findings = found([*records, *map(ordered, records)])

    assert findings.alarmed
    assert as_values(findings)["sample_ratio_alarm"]
    assert "sample ratio ALARM" in words(findings)
    assert "held out: 20.0 % observed, 5.0 % planned, p < 0.001" in words(findings)


def test_the_held_out_who_are_prompted_are_an_alarm() -> None:
    """Where that is more than one in ten: nothing follows from such a comparison."""
    units = [assigned(number) for number in range(200)]
    held = [unit for unit in units if unit.holdout]
    few = found([*units, *map(shown, held[:2])])
    many = found([*units, *map(shown, held[:20])])

    assert [False, True] == [few.alarmed, many.alarmed]
    assert "held out were shown prompts, so nothing follows from this" in words(many)
    assert "2 held out were shown prompts" in words(few)


def test_nobody_assigned_is_said() -> None:
    """Nobody is held out, or no worker has answered yet."""
    assert "nobody has been assigned" in words(found([]))
    assert "GOESWITH_HOLDOUT_SHARE" in words(found([]))


def test_two_of_a_side_give_no_verdict() -> None:
    """However different they are; from thirty on there are bounds."""
    few, enough = found(of_sizes(2, 2, 1)), found(of_sizes(30, 30, 1))

    assert "too early to say what prompts bring of orders: 2 units held out and 2 that" in words(
        few
    )
    assert {"metric": "orders"} == as_values(few)["metrics"][0]
    assert "low" in as_values(enough)["metrics"][0]


@pytest.mark.parametrize(("held", "others"), [(2, 100), (100, 2), (29, 30)])
def test_thirty_units_of_each_side_are_wanted(held: int, others: int) -> None:
    """Many of one side do not stand in for few of the other."""
    few = found(of_sizes(held, others, 1))

    assert {"metric": "orders"} == as_values(few)["metrics"][0]
    assert f"{held} units held out and {others} that may get prompts, at least 30" in words(few)


@pytest.mark.parametrize(
    ("low", "high", "what"),
    [
        *((0.1, 0.3, "more orders"), (-0.3, -0.1, "fewer orders"), (-0.1, 0.1, "too early to say")),
        *((0.0, 0.3, "too early to say"), (-0.3, 0.0, "too early to say")),
    ],
)
def test_prompts_earn_something_where_bounds_exclude_nothing(
    low: float, high: float, what: str
) -> None:
    """Of all units and of a group; bounds that end there do not exclude it."""
    row = UpliftRow("orders", Uplift(0.5, 0.6, 0.1, 0.05, low, high, 0.01, 0.2))
    of_all = f"prompts bring {what}" if "orders" in what else f"{what} what prompts bring of orders"

    assert f": {of_all}: +0.1000 orders a unit" in sentence(found(shop(100)), [row])
    assert f"by segment: {what} in club" == group_sentence(
        Groups("segment", [Group("club", 50, 50, [row])], 0)
    )


def test_a_holdout_without_an_order_is_no_proof() -> None:
    """Thirty of them, beside a hundred who ordered every second time: that is said."""
    said = words(found(of_sizes(30, 100, 1)))

    assert "none of 30 held out has ordered: bounds leave room for 3 of them" in said


def test_what_nothing_is_known_of_has_no_row_and_is_named() -> None:
    """A row of dashes would say less; where nothing at all is known the title says why."""
    few, alike = found(of_sizes(2, 2, 1)), found(of_sizes(60, 60, 1))
    measured = {row["metric"]: row for row in as_values(alike)["metrics"]}

    assert "─" not in told(few)
    assert "without figures" not in words(few)
    assert {"metric": "items returned"} == measured["items returned"]
    assert "without figures, as all are alike, or a side has none: items returned" in words(alike)
    assert not [
        line for line in told(alike, 200).splitlines() if "│" in line and "returned" in line
    ]
    assert "items bought" in told(alike)


def test_all_alike_is_no_answer() -> None:
    """And no bounds, that would look like certainty."""
    said = words(found(of_sizes(40, 40, 0)))

    assert "40 held out and 40 not, and all have the same number of orders" in said
    assert "+0.0000" not in said
    assert "30 held out and 30 not, and all have" in words(found(of_sizes(30, 30, 0)))


def test_crossovers_are_shown() -> None:
    """Two devices of one shopper, on two sides."""
    records = [assigned(1, held=True, shopper="a"), assigned(2, held=False, shopper="a")]

    assert "crossovers: 1 shopper with units on both sides" in words(found([*records]))


def test_how_small_an_effect_would_be_seen_and_when() -> None:
    """Now, and one of five per cent in so many days at this rate."""
    findings = found(shop(2_000))
    power = as_values(findings)["power"]
    small = findings._replace(effect=0.0001)

    assert 0.0 < power["visible"] < 0.2
    assert pytest.approx(0.05 * 0.5, rel=0.2) == power["effect"]
    assert 1.0 < power["days_needed"] < 100.0
    assert f"smallest effect visible now: {power['visible']:.4f} orders a" in words(findings)
    assert "; 5 % of what the held out do is 0.0" in words(findings)
    assert "more days at this rate" in words(findings)
    assert "visible in more than 10 years" in words(small)


def test_what_is_visible_is_half_of_what_the_bounds_span() -> None:
    """A difference of that is just beyond them; in no time at all nobody knows when."""
    totals = found(shop(500)).totals
    assert totals is not None
    orders = rows(totals)[0].uplift
    assert orders is not None
    at_once = totals._replace(seen=totals.seen._replace(last_ms=totals.seen.first_ms))

    assert power(orders, totals, 0.05).visible == (orders.high - orders.low) / 2
    assert power(orders, totals, 0.05).days_needed is not None
    assert power(orders, at_once, 0.05).days_needed is None
    assert power(orders, totals, 0.0).days_needed is None


def test_a_tenth_of_the_held_out_may_be_shown_prompts() -> None:
    """On other devices; beyond that nothing follows any more."""
    split = HoldoutSample(0.2, 0.2, 1.0, held_out_shown=10, held_out=100)

    assert (False, True) == (split.crossed, split._replace(held_out_shown=11).crossed)
    assert (False, True) == (split.alarm, split._replace(sample_ratio_p=0.0001).alarm)


def test_what_came_back_is_counted_for_each_unit() -> None:
    """Items, whatever they cost."""
    assert (3, 1) == measure_of("returned", "")(UnitTotals(returned=3))


def test_where_something_can_be_said_of_a_group_nothing_else_is() -> None:
    """Nor that it is too small."""
    totals = found(shop(500)).totals
    assert totals is not None

    assert [] == too_few(Group("new", 100, 400, rows(totals)))


def test_what_is_visible_soon_is_not_in_no_days() -> None:
    """Days are rounded up: in less than one it is visible by tomorrow."""
    findings = found(shop(2_000))
    days = as_values(findings)["power"]["days_needed"]
    part = findings.effect
    while days >= 0.4:
        part *= 1.05
        days = as_values(findings._replace(effect=part))["power"]["days_needed"]

    assert 0.0 < days < 0.4
    assert "visible in 1 more day at this rate" in words(findings._replace(effect=part))


def test_a_pace_of_less_than_a_day_is_told_to_be_one() -> None:
    """As a plan does; not where days are whole, nor where it is visible by now."""
    findings, alone = found(shop(2_000)), "alone, and a whole day may have another one"
    assert findings.totals is not None
    seen = findings.totals.seen
    short = seen._replace(first_ms=seen.last_ms - 5 * 60_000)
    long = seen._replace(first_ms=seen.last_ms - 86_400_000)
    minutes, day = (
        findings._replace(totals=findings.totals._replace(seen=one)) for one in (short, long)
    )

    assert f"the pace is that of 5 min {alone}" in words(minutes)
    assert "at this rate" in words(day)
    assert alone not in words(day)
    assert alone not in words(minutes._replace(effect=1_000.0))


def test_a_log_that_has_forgotten_the_start_gives_no_verdict() -> None:
    """A look a day at what is left would find something in the end, though there is nothing."""
    findings = found(shop(1_000), log_begins_ms=1_767_225_600_000)

    assert "no verdict, as the log has forgotten the start" in words(findings)
    assert "the log begins 2026-01-01 00:00 UTC" in words(findings)
    assert "--keep FILE" in words(findings)


def test_orders_that_cost_margin_are_told_with_what_they_cost() -> None:
    """More orders and less margin; or margin alone is decided."""
    more = UpliftRow("orders", Uplift(0.5, 0.6, 0.1, 0.05, 0.05, 0.3, 0.01, 0.2))
    open_yet = UpliftRow("orders", Uplift(0.5, 0.6, 0.1, 0.05, -0.1, 0.3, 0.4, 0.2))
    lost = Uplift(100.0, -15.0, -115.0, 20.0, -160.0, -70.0, 0.001, -1.15)
    margin = UpliftRow("margin, minor units of EUR", lost)
    shopped = found(shop(100))

    assert "prompts bring more orders: " in sentence(shopped, [more, margin])
    for orders in (more, open_yet):
        assert sentence(shopped, [orders, margin]).endswith("; and lose margin, EUR: -115.0%")
    same = UpliftRow("revenue, minor units of EUR", more.uplift)
    assert "revenue" not in sentence(shopped, [more, same])
    forgot = shopped._replace(log_begins_ms=5)
    assert "lose" not in sentence(forgot, [more, margin])


def test_too_many_units_on_both_sides_are_an_alarm_and_no_verdict() -> None:
    """More than one in a hundred: a unit keeps its side for life."""
    findings = found(shop(1_000))
    assert findings.totals is not None
    n = len(findings.totals.held_out) + len(findings.totals.may_get)
    few, several = (
        findings._replace(totals=findings.totals._replace(crossed_units=crossed))
        for crossed in (n // 100, n // 100 + 1)
    )

    assert (False, True) == (few.alarmed, several.alarmed)
    assert "ALARM" not in words(few)
    assert f"ALARM: {n // 100 + 1} of {n:,} units are on both sides" in words(several)
    assert (False, True) == tuple(as_values(one)["both_sides_alarm"] for one in (few, several))


def test_money_is_told_as_exactly_as_its_bounds_are() -> None:
    """Cents, where bounds are euros apart; more, where they are a few cents apart."""
    wide = Uplift(1_234.5, 1_300.0, 65.5, 300.0, -534.0, 665.0, 0.9, 0.05)
    narrow = wide._replace(low=65.4, high=65.6)

    assert "+0.66" in for_people("revenue, minor units of EUR", wide)
    assert "-5.34 to +6.65" in for_people("revenue, minor units of EUR", wide)
    assert "+0.6540 to +0.6560" in for_people("revenue, minor units of EUR", narrow)
