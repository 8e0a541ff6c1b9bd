"""Uplift by segment or context: of what units asked first, with bounds that hold together."""

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from models.evaluation.uplift import Uplift
from streams.contract.errors import NotEnough
from streams.experiments.uplift.figures import UpliftRow, rows
from streams.experiments.uplift.groups import GROUPS_MAX, grouped
from streams.experiments.uplift.tables import Findings, as_values, report
from streams.experiments.uplift.told_rows import unknown
from tests.experiments.uplift.records import assigned, found, ordered, shown


def shop(units: int, contexts: tuple[str | None, ...]) -> list[Any]:
    """Prompts sell in the first of these contexts alone, where those held out never order."""
    records: list[Any] = []
    for number in range(units):
        context = contexts[number % len(contexts)]
        unit = assigned(number, context=context)
        records.append(unit)
        if (not unit.holdout) if context == contexts[0] else number % 5 == 0:
            records.append(ordered(unit))
    return records


def words(findings: Findings, columns: int = 80) -> str:
    """The report as a terminal has it."""
    text = io.StringIO()
    Console(file=text, width=columns).print(report(findings))
    return text.getvalue()


def test_prompts_that_sell_to_one_segment_are_seen_to_sell_there() -> None:
    """And not in the other one; the placement does not matter to a segment."""
    contexts = "basket/club", "basket/new", "product_page/new"
    said = as_values(found(shop(1_500, contexts), by="segment"))["groups"]
    club, new = sorted(said["told"], key=lambda group: group["segment"])

    assert ("club", "new", 500, 1_000) == (
        *(club["segment"], new["segment"]),
        *(group["held_out"] + group["prompted"] for group in (club, new)),
    )
    assert 0 < club["metrics"][0]["low"] <= 1.0 <= club["metrics"][0]["high"]
    assert new["metrics"][0]["low"] < 0 < new["metrics"][0]["high"]
    assert ["orders", "revenue, minor units of EUR"] == [row["metric"] for row in club["metrics"]]


def test_a_context_is_placement_and_segment() -> None:
    """The same segment in the basket and on a product page are two contexts."""
    contexts = "basket/club", "product_page/club"
    said = as_values(found(shop(400, contexts), by="context"))["groups"]

    assert {"basket/club", "product_page/club"} == {group["context"] for group in said["told"]}


def test_bounds_of_groups_are_wider_as_all_hold_together() -> None:
    """A group of everybody has the same figures as all units, at a twelfth of the error."""
    totals = found(shop(600, ("basket/club",))).totals
    assert totals is not None
    (group,) = grouped(totals, "context").groups
    ours, alone, twelfth = (
        group.rows[0].uplift,
        rows(totals)[0].uplift,
        rows(totals, 0.05 / 12)[0].uplift,
    )

    assert ours is not None
    assert alone is not None
    assert twelfth is not None
    assert ours == twelfth._replace(p=min(1.0, 12 * twelfth.p))
    assert ours.difference == alone.difference
    assert ours.high - ours.low > 1.1 * (alone.high - alone.low)


def test_of_more_than_twelve_groups_each_has_its_part_told_or_not() -> None:
    """Which ones are the largest changes from look to look: the bounds of all hold together."""
    contexts = tuple(f"basket/{number:02}" for number in range(2 * GROUPS_MAX))
    totals = found(shop(200 * len(contexts), contexts)).totals
    assert totals is not None
    groups = grouped(totals, "segment").groups
    sides = [
        [unit for unit in side if unit.context == f"basket/{groups[0].name}"]
        for side in (totals.held_out, totals.may_get)
    ]
    alone = rows(totals._replace(held_out=sides[0], may_get=sides[1]), 0.05 / 24)[0].uplift

    assert GROUPS_MAX == len(groups)
    assert alone is not None
    assert groups[0].rows[0].uplift == alone._replace(p=min(1.0, 24 * alone.p))


@pytest.mark.parametrize("others", [0, 20])
def test_p_of_a_group_is_small_just_where_its_bounds_exclude_zero(others: int) -> None:
    """However many groups there are; whoever reads one column reads the other."""
    seen: set[bool] = set()
    rare = [assigned(10_000 + number, context=f"basket/{number}") for number in range(others)]
    totals = found([*shop(1_200, ("basket/club",)), *rare]).totals
    assert totals is not None
    buyers = [unit for unit in totals.may_get if unit.context == "basket/club"]
    idle = [replace(unit, orders=0) for unit in buyers]
    for number in range(2, 120, 2):
        may_get = [*buyers[:number], *idle[number:]]
        row = grouped(totals._replace(may_get=may_get), "segment").groups[0].rows[0].uplift

        assert row is not None
        assert (row.p < 0.05) == (row.low > 0.0)
        assert 0.0 < row.p <= 1.0
        seen.add(row.low > 0.0)
    assert {True, False} == seen


def test_small_groups_give_no_bounds() -> None:
    """Thirty units of a side, as of all."""
    records = shop(900, ("basket/club", "basket/new"))
    few = [assigned(1_000 + number, context="basket/rare") for number in range(20)]
    said = as_values(found([*records, *few, *map(ordered, few)], by="segment"))["groups"]
    (rare,) = [group for group in said["told"] if group["segment"] == "rare"]

    assert {"metric": "orders"} == rare["metrics"][0]
    shown_ = words(found([*records, *few, *map(ordered, few)], by="segment"), 120)
    sides = f"{rare['held_out']} units held out and {rare['prompted']} that may get prompts"
    assert f"rare: {sides}: too few, or all alike" in shown_
    assert not [line for line in shown_.splitlines() if "│" in line and "rare" in line]


def test_of_many_groups_the_largest_are_told() -> None:
    """The others are counted, and so are units whose context was not logged."""
    contexts = tuple(f"basket/{number:02}" for number in range(GROUPS_MAX + 1))
    more = [assigned(5_000, context="basket/00"), assigned(5_001)]
    said = as_values(found([*shop(10 * len(contexts), contexts), *more], by="segment"))["groups"]

    assert GROUPS_MAX == len(said["told"])
    assert "00" == said["told"][0]["segment"]
    assert 10 + 1 == said["other_units"]


@pytest.mark.parametrize("more", [0, 1, 2])
def test_units_of_no_group_are_told_where_there_are_any(more: int) -> None:
    """One is said of one."""
    records = shop(400, ("basket/club",)) + [assigned(5_000 + n) for n in range(more)]
    said = " ".join(words(found(records, by="segment")).split())

    assert (f"{more} unit{'s' * (more > 1)} of other groups, or of none" in said) == (more > 0)
    assert ("of other groups" in said) == (more > 0)


def test_what_nothing_is_known_of_in_a_group_is_named() -> None:
    """Money that nobody in it pays with."""
    records = [
        one.model_copy(update={"currency": "USD"}) if one.type == "ordered" and n % 3 else one
        for n, one in enumerate(shop(600, ("basket/club",)))
    ]
    other = [assigned(n, context="basket/new") for n in range(600, 900)]
    said = " ".join(
        words(found([*records, *other, *map(ordered, other[::3])], by="segment")).split()
    )

    assert "new: without figures, as all are alike, or a side has none: revenue" in said
    assert "club: without figures" not in said


def test_metrics_without_figures_are_named_beside_those_that_have_some() -> None:
    """Where none has any, that is said otherwise."""
    some = UpliftRow("orders", Uplift(0.5, 0.6, 0.1, 0.05, 0.0, 0.2, 0.05, 0.2))
    none = UpliftRow("items", None)

    assert [] == unknown([some]) == unknown([none])
    assert [] == unknown([some, some])
    assert ["without figures, as all are alike, or a side has none: items"] == unknown([some, none])


def test_a_log_that_tells_no_context_is_refused() -> None:
    """Its workers were of an earlier version."""
    with pytest.raises(NotEnough, match="tells its context"):
        as_values(found(shop(100, (None,)), by="segment"))


@pytest.mark.parametrize("columns", [120, 80, 60])
def test_the_report_by_group_fits_a_terminal(columns: int) -> None:
    """Nothing is cut, and each line says of which group it is."""
    said = words(found(shop(400, ("basket/club", "basket/new")), by="segment"), columns)

    assert max(map(len, said.splitlines())) <= columns
    assert "…" not in said
    assert "club: orders" in said
    assert "by segment: more orders in club; too early to say in new" in " ".join(said.split())
    assert "bounds of all groups hold together" in " ".join(said.split())


def test_a_group_in_which_prompts_cost_orders_is_named() -> None:
    """Behind those in which they earn some."""
    records = shop(900, ("basket/club", "basket/new"))
    for number in range(900, 1_500):
        unit = assigned(number, context="basket/trade")
        records += [unit, ordered(unit)] if unit.holdout else [unit]

    assert (
        "by segment: more orders in club; fewer orders in trade; too early to say in new"
        in " ".join(words(found(records, by="segment")).split())
    )


def test_nothing_is_told_by_group_unless_it_is_asked() -> None:
    """The report is as it was."""
    findings = found(shop(400, ("basket/club", "basket/new")))

    assert "groups" not in as_values(findings)
    assert "by segment" not in words(findings)


def sharing(share: float) -> list[Any]:
    """A shop in one context, in which another share was to be held out."""
    return [
        record.model_copy(update={"share": share}) if record.type == "assigned" else record
        for record in shop(400, ("basket/club",))
    ]


def all_held_out() -> list[Any]:
    """A shop in one context, as it was planned: there is nothing to compare with."""
    return [assigned(number, held=True, share=1.0, context="basket/club") for number in range(60)]


def crossing() -> list[Any]:
    """A shop in one context, in which those held out were shown prompts."""
    records = shop(400, ("basket/club",))
    held = [one for one in records if one.type == "assigned" and one.holdout]
    return [*records, *map(shown, held)]


@pytest.mark.parametrize(
    ("records", "log_begins_ms"),
    [
        (shop(400, ("basket/club",)), 1),
        (sharing(0.9), None),
        (all_held_out(), None),
        (crossing(), None),
    ],
    ids=["the start is forgotten", "sample ratio", "all held out", "held out were shown"],
)
def test_where_there_is_no_verdict_of_all_there_is_none_of_a_group(
    records: list[Any], log_begins_ms: int | None
) -> None:
    """The figures are there, as those of all units are; nothing is said to follow."""
    said = " ".join(words(found(records, by="segment", log_begins_ms=log_begins_ms)).split())

    assert "by segment: no verdict, see above" in said
    assert "more orders in" not in said
    assert "club: " in said
