"""Whole baskets that are told while others sign in and out: shop and twin learn the same."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.lab.chaos.books.compared import ledger_of
from streams.lab.chaos.twin.twin import Twin
from tests.stories import Story, Till

WHO: list[dict[str, Any]] = [
    {},
    {"schema_version": 2, "shopper_id": None, "consent": True},
    {"shopper_id": "ann"},
    {"shopper_id": "bob"},
    {"shopper_id": "ann", "consent": None},
    {"shopper_id": "bob", "consent": False},
]
ANN, BOB = WHO[2:4]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(WHO),
        st.sampled_from(["view", "set_basket", "set_basket", "set_basket", "order"]),
        st.sets(st.sampled_from(["bread", "butter", "jam"]), min_size=1),
        st.sampled_from([1, 1, 1, 3600]),
    ),
    max_size=16,
)
"""Which session, who is there, what is told, of which items, how much later."""


@settings(max_examples=150, deadline=None)
@given(STEPS)
@example([(0, ANN, "set_basket", {"jam"}, 1), (0, BOB, "set_basket", {"jam", "bread"}, 1)])
@example(
    [
        (0, ANN, "set_basket", {"jam"}, 1),
        (0, BOB, "view", {"jam"}, 1),
        (0, ANN, "set_basket", {"jam", "bread"}, 1),
    ]
)
def test_shop_and_twin_learn_the_same_of_whole_baskets(steps: Any) -> None:
    """Whoever signs in or out between two of them, in sessions of one visitor and another."""
    till = Till()
    twin = Twin(till.shop.settings)
    stories = [Story(f"s{n}", schema_version=2, visitor_id="v") for n in range(2)]
    stories.append(Story("s2"))
    for number, who, what, items, after_s in steps:
        story = stories[number]
        story.now_ms = max(one.now_ms for one in stories)
        told = sorted(items)[:1] if what == "view" else sorted(items)
        event = getattr(story, what)(*told, after_s=after_s, **who)
        till.shop.learn(0, till.shop.position.get(0, 0), event)
        twin.see(0, event)
    expected = twin.ledger()
    ours = ledger_of(till.shop, expected.items)

    assert [] == [*ours.differences(expected)]
