"""What is added after what: each order counts apart, and by the laws of all that is learned."""

from itertools import permutations
from operator import itemgetter
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


OFFERED = st.tuples(st.sampled_from(ITEMS), st.booleans())
"""An item, and whether a prompt brought it."""
UNREAD = "of.another-key"


def added(story: Story, item: str, *, offered: bool) -> Event:
    """An item is added, from a prompt or not: by a receipt that cannot be read here."""
    return story.add(item, **({"receipt": UNREAD} if offered else {}))


@given(st.lists(st.lists(OFFERED, unique_by=itemgetter(0), max_size=4), max_size=8))
@settings(max_examples=50, deadline=None)
def test_counts_are_those_of_a_plain_twin(baskets: list[list[tuple[str, bool]]]) -> None:
    """Of each two items, in each order: what a prompt brought came after nothing."""
    events: list[tuple[int, Event]] = []
    for number, items in enumerate(baskets):
        story = Story(f"s-{number}")
        events += [(number % 3, added(story, item, offered=by)) for item, by in items]
    shop, begun = log(*events, **WORTH), sum(map(bool, baskets))

    for first, then in permutations(ITEMS, 2):
        met = of_first = of_then = 0
        for items in baskets:
            names = [item for item, _ in items]
            of_first += first in names
            if (then, False) in items:
                of_then += 1
                met += first in names[: names.index(then)]
        assert (met, of_first, of_then, begun) == counted(shop, first, then)


def test_what_was_brought_by_a_click_comes_after_nothing_though_the_add_does_not_say_so() -> None:
    """Another item does; and so does the same one, where nobody followed the prompt."""
    shop, clicks, looks = Till(**WORTH), Story("clicks"), Story("looks")
    shop.teach("bread", "butter")
    before_all = counted(shop.shop, "bread", "butter")
    for story in (clicks, looks):
        prompt = shop.prompt(story.add("bread"))
        assert "butter" in [item.item_id for item in prompt.items]
        shop.serve(story.see(prompt))
        if story is clicks:
            shop.serve(story.click(prompt))
        for item in ("jam", "butter"):
            shop.serve(story.add(item))

    met, of_bread, of_butter, baskets = before_all
    assert (met + 1, of_bread + 2, of_butter + 1, baskets + 2) == counted(
        shop.shop, "bread", "butter"
    )
    assert (2, of_bread + 2, 2, baskets + 2) == counted(shop.shop, "bread", "jam")


def test_what_comes_after_something_that_a_prompt_brought_counts() -> None:
    """And it counts itself where it stood apart, and meets another one by itself later."""
    shop, story = Till(**WORTH), Story()
    shop.serve(story.add("bread", receipt=UNREAD))
    shop.serve(story.remove("bread"))
    shop.serve(story.add("jam"))
    shop.serve(story.add("bread"))

    assert (1, 1, 0, 1) == counted(shop.shop, "jam", "bread")
    shop.serve(story.add("tea"))
    assert (1, 1, 1, 1) == counted(shop.shop, "bread", "tea")


def test_who_offers_what_was_bought_together_learns_from_what_prompts_brought_as_ever() -> None:
    """What met is counted whoever brought it: only what comes after what asks."""
    said = []
    for offered in (False, True):
        shop, story = Till(**WORTH), Story()
        shop.serve(story.add("bread"))
        shop.serve(added(story, "butter", offered=offered))
        said.append(shop.shop.digests()["baskets"])

    assert said[0] == said[1]


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
