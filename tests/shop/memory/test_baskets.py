"""The basket is the shop's: it outlives visits, and orders take out of it what was ordered."""

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event, OrderLine, OrderPlaced
from streams.shop.memory.orders.baskets.taken import TAKEN_MAX
from streams.shop.memory.session import ORDERS_MAX, Session
from streams.shop.memory.sessions import session_of
from tests.stories import NOON_MS, Story, Till

PAUSE_S = 31 * 60
DAY_S = 86_400


def basket(shop: Till) -> dict[str, int]:
    """What is in the basket of the story's session."""
    return session(shop).basket


def session(shop: Till) -> Session:
    """The story's session."""
    found = shop.shop.sessions[0].find("s1")
    assert found is not None
    return found


def serve(shop: Till, *events: Event) -> None:
    """Fold these events."""
    for event in events:
        shop.serve(event)


def offered(shop: Till, event: Event) -> set[str]:
    """What this event gets offered."""
    prompt = shop.serve(event).prompt
    return set() if prompt is None else {item.item_id for item in prompt.items}


def together(shop: Till, one: str, other: str) -> tuple[int, int]:
    """In how many baskets two items met, of how many with the first."""
    lift = shop.shop.learned.baskets.lift(one, other)
    return lift.together, lift.of_a


def quantities(story: Story, **lines: int) -> OrderPlaced:
    """An order of so many."""
    ordered = tuple(OrderLine(item_id=item, quantity=n) for item, n in lines.items())
    return story.order(*lines, lines=ordered)


# Visits


def test_who_comes_back_finds_the_basket_and_is_not_offered_what_is_in_it() -> None:
    """After half an hour and a minute."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter", "jam")
    serve(shop, story.add("butter"))
    prompted = offered(shop, story.add("bread", after_s=PAUSE_S))

    assert {"butter": 1, "bread": 1} == basket(shop)
    assert {"jam"} == prompted


def test_a_basket_that_nobody_comes_back_to_is_gone_one_day() -> None:
    """Its time to live is counted from the last event of the session."""
    for ttl_s in (DAY_S, 60.0):  # longer and shorter than a visit's pause
        for pause_s, left in ((ttl_s, {"butter": 1, "bread": 1}), (ttl_s + 9, {"bread": 1})):
            shop, story = Till(basket_ttl_s=ttl_s), Story()
            serve(shop, story.add("butter"), story.add("bread", after_s=pause_s))
            assert left == basket(shop)


def test_what_was_bought_or_sent_away_is_not_offered_when_an_unknown_shopper_comes_back() -> None:
    """Nobody knows who she is; the session does."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter", "jam", "tea")
    prompt = shop.prompt(story.add("bread"))
    sent_away = {item.item_id for item in prompt.items}
    serve(shop, story.see(prompt), story.dismiss(prompt), story.order("bread"))

    again = story.view("honey", after_s=PAUSE_S)
    assert offered(shop, again).isdisjoint({"bread", *sent_away})


def test_what_was_bought_may_be_offered_again_after_its_time() -> None:
    """Not after a pause, but after `just_bought_s`."""
    shop, story = Till(just_bought_s=DAY_S), Story()
    shop.teach("bread", "butter")
    serve(shop, story.order("butter"))
    soon = offered(shop, story.view("bread", after_s=PAUSE_S))
    later = offered(shop, story.view("bread", after_s=2 * DAY_S))

    assert (set(), {"butter"}) == (soon, later)


def test_what_was_taken_out_is_not_offered_in_this_visit_but_in_the_next() -> None:
    """She has just put it back; another day is another day."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter", "jam")
    serve(shop, story.add("bread"), story.add("butter"), story.remove("butter"))
    now = offered(shop, story.add("tea"))
    next_time = offered(shop, story.view("bread", after_s=PAUSE_S))

    assert "butter" not in now
    assert "butter" in next_time


# Orders


def test_an_order_of_one_item_leaves_the_other_in_the_basket() -> None:
    """The television is paid for; the butter still waits, and is not offered."""
    shop, story = Till(), Story()
    shop.teach("tv", "butter")
    serve(shop, story.add("butter"), story.add("tv"), story.order("tv"))

    assert {"butter": 1} == basket(shop)
    assert "butter" not in offered(shop, story.view("tv"))


def test_an_order_takes_out_as_many_as_were_ordered() -> None:
    """Three breads, one is bought; two lines of one item are one sum."""
    shop, story = Till(), Story()
    serve(shop, story.add("bread", quantity=4), quantities(story, bread=1))
    assert {"bread": 3} == basket(shop)

    serve(shop, story.order("bread", "bread"))
    assert {"bread": 1} == basket(shop)


def test_an_order_that_is_told_three_times_counts_once() -> None:
    """Whatever its event ids: nothing is learned, bought or credited again."""
    shop, story = Till(), Story(shopper_id="ann", consent=True)
    order = story.order("bread", "butter")
    again = [order.model_copy(update={"event_id": f"again-{n}"}) for n in range(2)]
    serve(shop, order, story.add("jam"), *again)

    assert (1, 1) == together(shop, "bread", "butter")
    assert {"jam": 1} == basket(shop)
    assert [] == [
        one for one in shop.shop.learned.repeats.recommend(("ann",), 5) if one.together > 1
    ]


def test_an_order_after_a_pause_is_of_the_basket_before_it() -> None:
    """As when a bank transfer arrives: one basket, counted once."""
    shop, story = Till(), Story()
    serve(shop, story.add("bread"), story.add("butter"))
    serve(shop, story.order("bread", "butter", after_s=PAUSE_S))

    assert (1, 1) == together(shop, "bread", "butter")
    assert {} == basket(shop)


def test_what_is_left_of_a_basket_goes_on_with_it() -> None:
    """Butter met bread in it, and the order of bread alone does not let them meet again."""
    shop, story = Till(), Story()
    serve(shop, story.add("bread"), story.add("butter"), story.order("bread"))
    serve(shop, story.add("bread"), story.order("bread", "butter"), story.add("bread"))

    assert (1, 2) == together(shop, "bread", "butter")


# Times


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_a_removal_that_overtakes_its_add_wins(order: tuple[int, ...]) -> None:
    """Four were added, three were taken out one way or another, whichever the broker got first."""
    shop, story = Till(), Story()
    events: list[Event] = [
        story.add("bread", quantity=4),
        story.remove("bread", quantity=1),
        story.remove("bread", quantity=1),
        story.order("bread"),
    ]
    serve(shop, story.view("tea"), *(events[number] for number in order))

    assert {"bread": 1} == basket(shop)


def test_an_order_that_overtakes_an_add_is_one_basket() -> None:
    """The till is quicker than the phone: what is bought already neither stays nor counts again."""
    shop, story = Till(), Story()
    bread, butter = story.add("bread"), story.add("butter")
    serve(shop, bread, story.order("bread", "butter"), butter)

    assert {} == basket(shop)
    assert (1, 1) == together(shop, "butter", "bread")
    assert 1 == shop.shop.learned.baskets.lift("butter", "bread").sessions


def test_an_older_order_that_comes_late_does_not_make_a_purchase_older() -> None:
    """Bought yesterday and today is bought today."""
    shop, story = Till(lateness_s=1e9), Story()
    late, now = story.order("bread"), story.order("bread", after_s=DAY_S)
    serve(shop, now, late)

    assert {"bread": now.occurred_at_ms} == session(shop).bought


def test_an_order_that_is_told_again_withdraws_nothing() -> None:
    """What was offered after the order is still to be shown."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter", "jam")
    order = story.order("tea")
    again = order.model_copy(update={"event_id": "webhook", "occurred_at_ms": NOON_MS + 60_000})
    serve(shop, order)
    shop.prompt(story.add("bread"))

    assert () == shop.serve(again).withdrawals


def test_an_add_after_a_removal_is_an_add() -> None:
    """Though more had been taken out than there was."""
    shop, story = Till(), Story()
    serve(shop, story.add("bread"), story.remove("bread", quantity=5), story.add("bread"))

    assert {"bread": 1} == basket(shop)


# The plain twin


changes = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "order"]), st.sampled_from("abc"), st.integers(1, 3)
    ),
    max_size=30,
)


@given(changes, st.sets(st.integers(0, 29)))
def test_baskets_are_what_plain_arithmetic_says(
    steps: list[tuple[str, str, int]], pauses: set[int]
) -> None:
    """Adds less removes less orders, never below zero, whatever the pauses and repeats."""
    shop, story, plain = Till(), Story(), dict[str, int]()
    serve(shop, story.view("a"))
    for number, (what, item, n) in enumerate(steps):
        after_s = PAUSE_S if number in pauses else 1
        if what == "order":
            event: Event = quantities(story, **{item: n})
        else:
            event = getattr(story, what)(item, quantity=n, after_s=after_s)
        serve(shop, event, event)
        plain[item] = max(0, plain.get(item, 0) + (n if what == "add" else -n))

    assert {item: n for item, n in plain.items() if n} == basket(shop)


def test_what_a_session_remembers_of_removals_and_orders_is_bounded() -> None:
    """A session that never ends does not grow."""
    shop, story = Till(), Story()
    for number in range(TAKEN_MAX + 5):
        serve(shop, story.remove(f"item-{number}"))
    assert f"item-{TAKEN_MAX + 4}" in session(shop).taken
    assert TAKEN_MAX == len(session(shop).taken)
    for _ in range(ORDERS_MAX + 5):
        serve(shop, story.order("bread"))
    found = session(shop)

    assert 1 <= len(found.taken) <= TAKEN_MAX
    assert 1 <= len(found.orders) <= ORDERS_MAX


# Sessions from before


VERSION_2 = json.loads("""
["s1", 0, 7, "ann", [["honey", 1]], ["tea"], [], ["bread", "butter"], false, [0, 0, 0],
 [["s1-1", 0], ["s1-4", 3]], [], [], 2, [["bread", "butter", "jam", "honey"], []], ["tea"]]
""")


def test_a_session_that_an_earlier_release_wrote_is_read() -> None:
    """What it had bought is taken to be bought last; nothing was removed, no order is known."""
    seen = session_of(VERSION_2)

    assert ({"honey": 1}, {"bread": 7, "butter": 7}) == (seen.basket, seen.bought)
    assert ({}, {}) == (seen.taken, seen.orders)
    assert "jam" in seen.taught
    assert seen.state() == session_of(json.loads(json.dumps(seen.state()))).state()


def test_what_a_session_remembers_comes_back_whole() -> None:
    """Baskets, removals and orders, after JSON."""
    shop, story = Till(), Story()
    serve(shop, story.add("bread", quantity=3), story.remove("tea"), story.order("bread"))
    said = session(shop).state()

    again = session_of(json.loads(json.dumps(said)))
    assert json.dumps(said) == json.dumps(again.state())
    assert (session(shop).basket, session(shop).taken) == (again.basket, again.taken)


# What is told apart in a session's times


def test_a_visit_may_last_longer_than_a_pause() -> None:
    """Each event is a minute after the last one; the pause is counted from that."""
    shop, story = Till(session_gap_s=90.0), Story()
    serve(shop, *(story.view(f"item-{n}", after_s=60) for n in range(5)))

    assert 5 == len(session(shop).viewed)


def test_an_event_that_comes_late_does_not_make_the_latest_one_older() -> None:
    """Bread was looked at before tea, and is told of after it: no pause has begun since."""
    shop, story = Till(session_gap_s=90.0, lateness_s=1e9), Story()
    bread, tea = story.view("bread"), story.view("tea", after_s=60)
    serve(shop, tea, bread, story.view("jam", after_s=60))

    assert ["tea", "bread", "jam"] == session(shop).viewed


def test_what_a_removal_has_overtaken_is_taken_out_once() -> None:
    """Two late adds of one bread each, one of which was removed before it came."""
    shop, story = Till(), Story()
    first, second, removal = story.add("bread"), story.add("bread"), story.remove("bread")
    serve(shop, story.view("tea"), removal, first, second)

    assert {"bread": 1} == basket(shop)


def test_a_basket_that_was_left_behind_teaches_no_more() -> None:
    """Bread and butter of the next basket meet anew."""
    shop, story = Till(basket_ttl_s=DAY_S), Story()
    serve(shop, story.add("bread"), story.add("butter"))
    serve(shop, story.add("bread", after_s=2 * DAY_S), story.add("butter"))

    assert (2, 2) == together(shop, "bread", "butter")


def test_an_older_removal_that_comes_late_is_still_of_this_visit() -> None:
    """The latest time counts, whichever came last."""
    shop, story = Till(), Story()
    serve(shop, story.add("bread", quantity=3))
    late, now = story.remove("bread"), story.remove("bread", after_s=9)
    serve(shop, now, late)

    assert now.occurred_at_ms == session(shop).taken["bread"].at_ms
