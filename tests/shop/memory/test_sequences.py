"""What is added after what: each order counts apart, and by the laws of all that is learned."""

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.shop.memory.learned import after, before
from streams.shop.shop import Shop
from streams.shop.state import left_out, restore
from tests.clients.checkpoints.test_other_terms import switch
from tests.shop.memory.test_orders import ITEMS, histories, interleaved, last_day, log
from tests.stories import Story, Till

WORTH: dict[str, Any] = {"reward": "net", "items_decided": True, "best_worth": True}


def counted(shop: Shop, first: str, then: str) -> tuple[int, int, int, int]:
    """How often one came after the other, how often each was there, and how many baskets."""
    lift: tuple[float, int, int, int, int] = shop.learned.sequences.lift(before(first), after(then))
    return lift[1:]


def test_each_order_counts_apart() -> None:
    """Bread before butter twice, butter before bread once; jam alone."""
    shop = Till(**WORTH)
    for number, items in enumerate((("bread", "butter"), ("bread", "butter"), ("butter", "bread"))):
        story = Story(f"s-{number}")
        for item in items:
            shop.serve(story.add(item))
    shop.serve(Story("alone").add("jam"))

    assert (2, 3, 3, 4) == counted(shop.shop, "bread", "butter")
    assert (1, 3, 3, 4) == counted(shop.shop, "butter", "bread")
    assert (0, 3, 1, 4) == counted(shop.shop, "bread", "jam")


def test_what_stood_apart_is_told_in_the_order_in_which_it_met() -> None:
    """The bread was taken out before jam came, and comes back after it; once for each basket."""
    shop, story = Till(**WORTH), Story()
    told = (story.add("bread"), story.remove("bread"), story.add("jam"), story.add("bread"))
    for event in (*told, story.remove("jam"), story.add("jam")):
        shop.serve(event)

    assert (1, 1, 1, 1) == counted(shop.shop, "jam", "bread")
    assert (0, 1, 1, 1) == counted(shop.shop, "bread", "jam")


def test_items_with_any_name_are_not_taken_for_another_ones_place() -> None:
    """Though somebody calls an item what an item is called here."""
    shop, story = Till(**WORTH), Story()
    for item in ("<bread", ">jam", "jam"):
        shop.serve(story.add(item))

    assert 1 == counted(shop.shop, "<bread", ">jam")[0] == counted(shop.shop, ">jam", "jam")[0]
    assert 0 == counted(shop.shop, "bread", "jam")[0] == counted(shop.shop, ">jam", "<bread")[0]


@given(st.lists(st.lists(st.sampled_from(ITEMS), unique=True, max_size=4), max_size=8))
@settings(max_examples=50, deadline=None)
def test_counts_are_those_of_a_plain_twin(baskets: list[list[str]]) -> None:
    """Of each two items, in each order."""
    events: list[tuple[int, Event]] = []
    for number, items in enumerate(baskets):
        story = Story(f"s-{number}")
        events += [(number % 3, story.add(item)) for item in items]
    shop = log(*events, **WORTH)

    for one, other in combinations(ITEMS, 2):
        for first, then in ((one, other), (other, one)):
            both = [items for items in baskets if {first, then} <= {*items}]
            met = sum(items.index(first) < items.index(then) for items in both)
            assert met == counted(shop, first, then)[0]


@settings(max_examples=100, deadline=None)
@given(histories(), st.lists(st.integers(0, 1), max_size=20), st.lists(st.integers(0, 1)))
def test_an_order_that_all_comes_back_told_nothing_of_what_comes_after_what(
    history: Any, picks: list[int], others: list[int]
) -> None:
    """Whichever came first, on whichever partitions: to the last bit, and after a restart."""
    rest, order = history
    basket = [told for told in rest if told[1].session_id == "ours"]
    rest = [told for told in rest if told[1].session_id != "ours"]
    never = log(*basket, *rest, *last_day(), **WORTH)
    taken_back = log(*basket, *interleaved(rest, order, picks=picks), *last_day(), **WORTH)
    otherwise = log(*basket, *interleaved(rest, order, picks=others), *last_day(), **WORTH)

    said = [shop.digests()["sequences"] for shop in (never, taken_back, otherwise)]
    assert 1 == len({*said})
    restored = never.new(never.settings)
    restore(restored.parts(), taken_back.state())
    assert said[0] == restored.digests()["sequences"]


def test_what_orders_taught_is_left_out_once_a_return_may_have_missed_its_order() -> None:
    """As all that orders teach."""
    shop = log((0, Story().order("bread", "butter")), **WORTH)
    assert "sequences" in shop.digests()
    shop.sessions[0].orders.came_back = shop.sessions[0].orders.forgot = True

    assert "sequences" not in shop.digests()
    assert {"all": 1} == left_out(shop.parts())["sequences"]


def test_without_the_arm_that_asks_nothing_is_counted_and_switched_on_it_is_learned_anew() -> None:
    """From the log, which is away here; and each item has two names: there are twice as many."""
    shop = Till()
    shop.serve(Story().add("bread"))

    assert shop.shop.learned.sequences is None
    assert "sequences" not in shop.shop.parts()
    assert switch(shop, WORTH)["sequences"].startswith("begins with nothing, the log could not")
    table = Till(**WORTH).shop.tables()["sequences.items"]
    assert 2 * Settings().items_max == table.at_most
