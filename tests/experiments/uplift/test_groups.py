"""Uplift by segment or context: of what units asked first, with bounds that hold together."""

import io
from typing import Any

import pytest
from rich.console import Console

from streams.contract.errors import NotEnough
from streams.experiments.uplift.figures import rows
from streams.experiments.uplift.groups import GROUPS_MAX, grouped
from streams.experiments.uplift.tables import Findings, as_values, report
from tests.experiments.uplift.records import assigned, found, ordered


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
    assert ours == twelfth
    assert ours.difference == alone.difference
    assert ours.high - ours.low > 1.1 * (alone.high - alone.low)


def test_small_groups_give_no_bounds() -> None:
    """Thirty units of a side, as of all."""
    records = shop(900, ("basket/club", "basket/new"))
    few = [assigned(1_000 + number, context="basket/rare") for number in range(20)]
    said = as_values(found([*records, *few, *map(ordered, few)], by="segment"))["groups"]
    (rare,) = [group for group in said["told"] if group["segment"] == "rare"]

    assert {"metric": "orders"} == rare["metrics"][0]


def test_of_many_groups_the_largest_are_told() -> None:
    """The others are counted, and so are units whose context was not logged."""
    contexts = tuple(f"basket/{number:02}" for number in range(GROUPS_MAX + 1))
    more = [assigned(5_000, context="basket/00"), assigned(5_001)]
    said = as_values(found([*shop(10 * len(contexts), contexts), *more], by="segment"))["groups"]

    assert GROUPS_MAX == len(said["told"])
    assert "00" == said["told"][0]["segment"]
    assert 10 + 1 == said["other_units"]


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
