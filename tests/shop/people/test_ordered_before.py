"""What a unit had ordered before: before its visitor was in any experiment, and nothing since."""

import json
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.published.outcomes import Assigned, Ordered, UnitOutcome, Unmatched
from tests.stories import Story, Till

FIRST: dict[str, Any] = {"holdout_share": 0.5, "holdout_salt": "one"}
LATER: list[dict[str, Any]] = [
    {"holdout_share": 0.5, "holdout_salt": "another"},
    {"holdout_share": 0.4, "holdout_salt": "one"},
]
"""Another salt; and another share with the same one, so that most are on the side they were on."""
DEEDS = st.tuples(
    st.integers(0, 2), st.sampled_from(["view", "order", "order", "new id", "sign in", "sign out"])
)


def restarted(shop: Till, **settings: Any) -> Till:
    """A worker of other settings, that goes on from a checkpoint."""
    other = Till(**settings)
    for name, part in other.shop.parts().items():
        part.restore(json.loads(json.dumps(shop.shop.parts()[name].state())))
    return other


def told(shop: Till, *events: Event) -> list[UnitOutcome]:
    """What is published of units because of these."""
    return [record for event in events for record in shop.serve(event).unit_outcomes]


def before(records: list[UnitOutcome]) -> list[int]:
    """What assignments tell."""
    return [record.orders_before for record in records if isinstance(record, Assigned)]


def experiments(records: list[UnitOutcome]) -> set[str]:
    """Of which these are."""
    return {record.experiment for record in records if not isinstance(record, Unmatched)}


@pytest.mark.parametrize("settings", LATER)
def test_what_an_earlier_experiment_has_logged_is_not_told_to_the_next(
    settings: dict[str, Any],
) -> None:
    """The same visitors come again: what they had ordered by then may be the first one's doing."""
    shop = Till(**FIRST)
    first = [Story(f"first-{n}", visitor_id=f"v-{n}") for n in range(40)]
    logged = [record for one in first for record in told(shop, one.view("jam"), one.order("jam"))]
    shop = restarted(shop, **settings)
    again = [
        Story(f"again-{n}", visitor_id=f"v-{n}", start_ms=one.now_ms + 60_000)
        for n, one in enumerate(first)
    ]
    then = [record for one in again for record in told(shop, one.view("jam"))]

    assert 40 == sum(isinstance(record, Ordered) for record in logged)
    assert [0] * 40 == before(then)
    assert experiments(logged).isdisjoint(experiments(then))


def test_nor_what_a_page_told_that_never_asked() -> None:
    """Its order is logged as well, by the visitor, who had been assigned by then."""
    shop, who = Till(**FIRST), dict[str, Any](visitor_id="v")
    shop.serve(Story("early", **who).order("tea"))
    (first,) = before(told(shop, Story("s1", **who).view("jam")))
    (paid,) = told(shop, Story("pay", **who).order("jam"))
    shop = restarted(shop, **LATER[0])

    assert isinstance(paid, Ordered)
    assert "visitor" == paid.known_by
    assert [1] == [first] == before(told(shop, Story("s2", **who).view("jam")))


@given(st.lists(DEEDS, max_size=40), st.integers(0, 40), st.sampled_from(LATER))
def test_it_is_what_was_ordered_before_the_first_assignment_of_a_visitor(
    deeds: list[tuple[int, str]], restart: int, settings: dict[str, Any]
) -> None:
    """Counted a second time from events and records: whatever ids, sign-ins and experiments."""
    shop, at_ms = Till(**FIRST), Story().now_ms
    ids, ordered = Counter[int](), Counter[int]()
    fixed, who = dict[int, int](), defaultdict[int, dict[str, Any]](dict)
    for number, (visitor, deed) in enumerate(deeds):
        if number == restart:
            shop = restarted(shop, **settings)
        at_ms += 1_000
        name = f"s-{visitor}-{ids[visitor]}"
        about: dict[str, Any] = {"visitor_id": f"v-{visitor}", "start_ms": at_ms} | who[visitor]
        story = Story(name, **about)
        match deed:
            case "new id":
                ids[visitor] += 1
            case "sign in" | "sign out" if visitor not in fixed:
                continue  # what is another's by then would be left out
            case "sign in" | "sign out":
                ann: dict[str, Any] = {"shopper_id": f"ann-{visitor}", "consent": True}
                who[visitor] = ann if deed == "sign in" else {"shopper_id": None}
            case "order":
                order = story.order("jam", order_id=f"o-{number}")
                shop.serve(order.model_copy(update={"event_id": f"e-{number}"}))
                ordered[visitor] += visitor not in fixed
            case _:
                view = story.view("jam").model_copy(update={"event_id": f"e-{number}"})
                records = told(shop, view)
                for count in before(records):
                    assert min(ordered[visitor], 16) == fixed.setdefault(visitor, count) == count
