"""First sales: one a unit and arm, and whether any of it came back, whoever tells that and when."""

from itertools import permutations

import pytest

from streams.contract.published.outcomes import Outcome, OutcomeLine, Unmatched
from streams.contract.schemas.examples import ASSIGNED, SHOWN
from streams.storefront.reference.guardrails.first_impressions import FirstImpressions
from streams.storefront.reference.guardrails.first_sales import (
    ITEMS_OF_ORDER_MAX,
    FirstSales,
    Sales,
)

ARM = SHOWN.arm


def outcome(stage: str, order: str = "o-1", session: str = "ann", item: str = "coat") -> Outcome:
    """A stage of the prompt of a session, as the outcomes topic has it."""
    of = {"prompt_id": f"prompt of {session}", "session_id": session, "stage": stage}
    return SHOWN.model_copy(update=of | {"order_id": order, "item_id": item})


def unmatched(*items: str, order: str = "o-1") -> bytes:
    """Something came back on another partition; of no items named: all of the order."""
    lines = tuple(OutcomeLine(item_id=item, quantity=-1) for item in items)
    told = Unmatched(
        session_id="webhook",
        caused_by="event-1",
        occurred_at_ms=SHOWN.occurred_at_ms,
        order_id=order,
        items=len(lines),
        quantity=-len(lines),
        lines=lines,
    )
    return told.to_json()


def test_of_a_unit_the_first_sale_of_an_arm_counts_and_no_further_one() -> None:
    """Though it comes back: whoever sends one back mostly sends the next one back, too."""
    sales = FirstSales(FirstImpressions())
    for order, back in (("o-1", True), ("o-2", True), ("o-3", False)):
        sales.count(outcome("bought", order))
        if back:
            sales.count(outcome("returned", order))
            sales.count(outcome("returned", order))
    assert {ARM: Sales(1, 1)} == sales.by_arm

    sales.count(outcome("bought", "o-4", session="bob"))
    sales.count(outcome("returned", "o-4", session="bob", item="hat"))
    sales.count(outcome("returned", "o-9", session="bob"))
    assert {ARM: Sales(2, 1)} == sales.by_arm


def test_the_sessions_of_a_visitor_are_one_unit_of_sales() -> None:
    """As they are one of impressions: an experiment tells whose they are."""
    units = FirstImpressions()
    sales = FirstSales(units)
    for session in ("monday", "tuesday"):
        units.read(ASSIGNED.model_copy(update={"session_id": session}).to_json())
        sales.count(outcome("bought", f"o-{session}", session=session))

    assert {ARM: Sales(1, 0)} == sales.by_arm


@pytest.mark.parametrize(
    ("told", "came_back"),
    [
        ([unmatched("coat")], 1),
        ([unmatched()], 1),
        ([unmatched("hat")], 0),
        ([unmatched("hat"), unmatched("coat")], 1),
        ([unmatched("hat"), unmatched()], 1),
        ([unmatched(order="o-2")], 0),
        ([b"{}", b'{"type":"unmatched"}', SHOWN.to_json()], 0),
    ],
    ids=["item", "all", "another", "by-and-by", "in-the-end", "other-order", "none"],
)
def test_what_came_back_elsewhere_counts_before_and_after_the_sale(
    told: list[bytes], came_back: int
) -> None:
    """Partitions are read in any order."""
    counts = set()
    for order in permutations([*told, None]):
        sales = FirstSales(FirstImpressions())
        for record in order:
            if record is None:
                sales.count(outcome("bought"))
            sales.read(record)
        counts.add(sales.by_arm[ARM])

    assert {Sales(1, came_back)} == counts


def test_what_is_remembered_of_returns_is_bounded() -> None:
    """The oldest order is forgotten: what it sold later counts as kept."""
    sales = FirstSales(FirstImpressions(), backs_max=1)
    for order in ("o-1", "o-2"):
        sales.read(unmatched(order=order))
    for order in ("o-1", "o-2"):
        sales.count(outcome("bought", order, session=order))
    assert {ARM: Sales(2, 1)} == sales.by_arm

    few = FirstSales(FirstImpressions(open_max=1))
    for order in ("o-1", "o-2"):
        few.count(outcome("bought", order, session=order))
    few.count(outcome("bought", "o-3", session="o-2"))  # no first sale takes no room
    for order in ("o-1", "o-2"):
        few.read(unmatched(order=order))
    assert {ARM: Sales(2, 1)} == few.by_arm


def test_what_is_remembered_of_one_order_is_bounded() -> None:
    """Whoever tells more of one number has it counted as kept: what came first is remembered."""
    sales, most = FirstSales(FirstImpressions()), ITEMS_OF_ORDER_MAX
    for number in range(most + 5):
        sales.count(outcome("bought", session=f"visitor {number}"))
    sales.read(unmatched())
    assert {ARM: Sales(most + 5, most)} == sales.by_arm

    before = FirstSales(FirstImpressions())
    before.read(unmatched(*(f"item {number}" for number in range(most))))
    before.read(unmatched("coat"))
    for item in ("coat", "item 0"):
        before.count(outcome("bought", session=f"of the {item}", item=item))
    assert {ARM: Sales(2, 1)} == before.by_arm


def test_an_order_that_bought_from_prompts_of_two_arms_comes_back_for_both() -> None:
    """Each arm has its first sale."""
    sales = FirstSales(FirstImpressions())
    for arm, item in (("popular", "coat"), ("curated", "hat")):
        sales.count(outcome("bought", item=item).model_copy(update={"arm": arm}))
    sales.read(unmatched())

    assert {"popular": Sales(1, 1), "curated": Sales(1, 1)} == sales.by_arm


def test_what_names_no_item_or_no_order_is_no_sale() -> None:
    """Nor is a click, nor what cannot be true; each is counted once, however often it is read."""
    sales = FirstSales(FirstImpressions())
    unknown = outcome("bought", session="bob").model_copy(update={"order_id": None})
    untrue = outcome("bought", session="eve").model_copy(update={"reward": 2.0})
    told = [*map(outcome, ("shown", "bought", "returned", "clicked")), unknown, untrue]
    for one in told * 2:
        sales.read(one.to_json())

    assert {ARM: Sales(1, 1)} == sales.by_arm
