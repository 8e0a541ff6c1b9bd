"""What a session teaches counts once, whatever a storefront sends how often."""

import json
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event, OrderLine
from streams.contract.settings import Settings
from streams.shop.memory.orders.weight import BYTES_MAX, ROOM_BYTES, weight
from streams.shop.memory.session import VERSION, Session
from streams.shop.memory.sessions import Sessions, session_of
from streams.shop.memory.taught import APART_MAX, TAUGHT_MAX, Lesson, Taught
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story, Till

ITEMS = ["bread", "butter", "jam", "milk"]
steps = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "order", "again"]), st.sampled_from(ITEMS)),
    max_size=30,
)


def is_light(till: Till) -> bool:
    """Whether its session is far from what makes it let go what stood apart."""
    session = till.shop.sessions[0].find("s1") if till.shop.sessions else None
    return session is None or weight(session) + 2 * ROOM_BYTES < BYTES_MAX


def counted(shop: Shop, one: str, other: str) -> tuple[int, int]:
    """In how many sessions two items met, of how many that had the first."""
    lift = shop.learned.baskets.lift(one, other)
    return lift.together, lift.of_a


def serve(till: Till, *events: Event) -> None:
    """Fold these events."""
    for event in events:
        till.serve(event)


@given(steps)
def test_a_basket_counts_its_items_and_pairs_once(steps: list[tuple[str, str]]) -> None:
    """Of any adds, removes and orders: what stood together at any time, until all is ordered."""
    till, story, basket = Till(), Story(), list[str]()
    had, met = set[str](), set[frozenset[str]]()
    baskets, counts = 0, Counter[str | frozenset[str]]()
    for what, item in steps:
        if not is_light(till):
            break
        if what == "add":
            till.serve(story.add(item))
            basket += [item] * (item not in basket)
        elif what == "remove" and item in basket:
            till.serve(story.remove(item, quantity=100))
            basket.remove(item)
        elif what in ("order", "again"):
            lines = [item, *(ITEMS if what == "again" else []), item]
            all_there_are = tuple(OrderLine(item_id=line, quantity=100) for line in lines)
            till.serve(story.order(*lines, lines=all_there_are))
            basket += [line for line in dict.fromkeys(lines) if line not in basket]
        had |= {*basket}
        met |= {frozenset(pair) for pair in combinations(basket, 2)}
        if what in ("order", "again"):
            basket = [item for item in basket if item not in lines]
            if not basket:
                counts.update([*had, *met])
                baskets, had, met = baskets + 1, set(), set()
    counts.update([*had, *met])
    baskets += bool(had)

    for one, other in combinations(ITEMS, 2):
        found = till.shop.learned.baskets.lift(one, other)
        together = counts[frozenset((one, other))]
        assert (together, counts[one], counts[other], baskets) == found[1:]


def test_adding_and_removing_ten_times_is_one_session() -> None:
    """Beside bread, butter was in one basket."""
    till, story = Till(), Story()
    till.serve(story.add("bread"))
    for _ in range(10):
        serve(till, story.add("butter"), story.remove("butter"))

    assert (1, 1) == counted(till.shop, "bread", "butter")
    assert (1, 1) == counted(till.shop, "butter", "bread")


def test_an_order_after_a_pause_is_of_the_basket_before_it() -> None:
    """As when a bank transfer arrives."""
    till, story = Till(), Story()
    serve(till, story.add("bread"), story.add("butter"))
    serve(till, story.order("bread", "butter", after_s=31 * 60))

    assert (1, 1) == counted(till.shop, "bread", "butter")


def test_a_visit_after_an_order_is_a_session_of_its_own() -> None:
    """Whoever buys the same again after a pause is counted again."""
    till, story = Till(), Story()
    serve(till, story.add("bread"), story.add("butter"), story.order("bread", "butter"))
    serve(till, story.add("bread", after_s=31 * 60), story.add("butter"))

    assert (2, 2) == counted(till.shop, "bread", "butter")


def test_what_returns_to_the_basket_meets_what_came_meanwhile() -> None:
    """Bread and jam were apart at first, and count once they stand together."""
    till, story = Till(), Story()
    serve(till, story.add("bread"), story.remove("bread"), story.add("jam"))
    assert (0, 1) == counted(till.shop, "bread", "jam")

    serve(till, story.add("bread"), story.remove("jam"), story.add("jam"))
    assert (1, 1) == counted(till.shop, "bread", "jam")
    assert 1 == till.shop.learned.baskets.lift("bread", "jam").sessions


def test_two_lines_of_one_item_are_one() -> None:
    """No pair is counted twice, and no purchase is a repeat of itself."""
    till = Till()
    till.serve(Story(shopper_id="ada", consent=True).order("bread", "butter", "bread"))
    found = till.shop.learned.repeats.recommend(("ada",), 5)

    assert (1, 1) == counted(till.shop, "bread", "butter")
    assert {("bread", 1, 2), ("butter", 1, 2)} == {
        (one.item, one.together, one.of) for one in found
    }


def test_a_view_counts_once_a_visit() -> None:
    """A page that loads itself again 5,000 times neither leads nor goes with anything more."""
    till, loop = Till(), Story("loop")
    for number in range(3):
        story = Story(f"s{number}")
        serve(till, story.view("bread"), story.view("butter"))
    for _ in range(200):
        serve(till, loop.view("toaster"), loop.view("kettle"))

    assert ["bread", "butter"] == till.shop.learned.popularity.top(2)
    assert (1, 1) == till.shop.learned.browsing.lift("toaster", "kettle")[1:3]


def test_after_a_pause_a_view_counts_again() -> None:
    """It is another visit."""
    till, story = Till(), Story()
    serve(till, story.view("bread"), story.view("bread"), story.view("bread", after_s=31 * 60))
    (bread,) = till.shop.learned.popularity.recommend((), 1)

    assert 2 == bread.together


def test_a_session_without_an_end_stops_teaching() -> None:
    """Nothing is forgotten, so that nothing counts twice; its memory is bounded."""
    till, robot = Till(), Story()
    for _ in range(2):
        for number in range(TAUGHT_MAX + 20):
            item = f"item-{number}"
            serve(till, robot.view(item), robot.add(item), robot.remove(item))
    learned, session = till.shop.learned, till.shop.sessions[0].find("s1")

    assert session is not None
    assert len(session.taught) <= TAUGHT_MAX
    assert session.looked is None
    assert {1, 2} >= {one.together for one in learned.popularity.recommend((), 500)}
    assert (0, 1, 0) == learned.baskets.lift("item-0", f"item-{TAUGHT_MAX}")[1:4]


@given(st.lists(st.tuples(st.sampled_from(ITEMS), st.lists(st.sampled_from(ITEMS)))))
def test_what_was_taught_outlives_its_state(lessons: list[tuple[str, list[str]]]) -> None:
    """As JSON, and with what stood apart."""
    taught = Taught()
    for number, (item, present) in enumerate(lessons):
        if number == len(lessons) // 2:
            taught = Taught.from_state(json.loads(json.dumps(taught.state())))
        others = [other for other in dict.fromkeys(present) if other != item]
        taught.lesson(item, others)
    again = Taught.from_state(json.loads(json.dumps(taught.state())))

    assert taught.state() == again.state()
    assert len(taught.state()[1]) <= APART_MAX


def test_a_session_of_the_version_before_is_read() -> None:
    """It is taken to have taught what it holds: its order counts nothing twice."""
    till, story = Till(), Story()
    serve(till, story.add("bread"), story.add("butter"), story.view("jam"))
    state = till.shop.state()
    for sessions in state["sessions"].values():
        sessions[1] = [session[:13] for session in sessions[1]]
    woken = Shop(Settings(**OPEN))
    for name, part in woken.parts().items():
        part.restore(state[name])
    woken.learn(0, 3, story.order("bread", "butter"))
    woken.learn(0, 4, story.view("jam"))

    assert (1, 1) == counted(woken, "bread", "butter")
    assert 1 == woken.learned.browsing.lift("jam", "jam").of_a


def test_a_session_of_a_later_version_is_refused() -> None:
    """Rather than read for something else."""
    sessions = Sessions(gap_s=60, basket_ttl_s=60, sessions_max=3)
    state = Session("s1", NOON_MS, NOON_MS).state()
    state[state.index(VERSION)] = VERSION + 1
    with pytest.raises(ValueError, match=f"of version {VERSION + 1}"):
        sessions.restore([0, [state]])


def test_a_session_says_all_it_has_taught() -> None:
    """Its state comes back whole."""
    session = Session("s1", NOON_MS, NOON_MS)
    session.taught.lesson("bread", [])
    session.taught.lesson("jam", [])
    session.view(Story().view("tea"))

    assert session.state() == session_of(session.state()).state()


def test_after_a_pause_what_was_never_ordered_is_not_taught_again() -> None:
    """Whether the basket was emptied before the pause, or holds what came after an order."""
    emptied, full = Till(together_min=1), Till(together_min=1)
    story = Story()
    serve(emptied, story.add("bread"), story.add("butter"))
    serve(emptied, story.remove("bread"), story.remove("butter"))
    serve(emptied, story.add("bread", after_s=1801), story.add("butter"))
    assert (1, 1) == counted(emptied.shop, "bread", "butter")

    story = Story()
    serve(full, story.add("tea"), story.order("tea"))
    serve(full, story.add("bread"), story.add("butter"))
    serve(full, story.order("bread", "butter", after_s=1801))
    assert (1, 1) == counted(full.shop, "bread", "butter")


def test_an_item_meets_those_that_were_counted_and_never_itself() -> None:
    """What stands there uncounted has no count that a pair could be a part of."""
    taught = Taught()

    assert Lesson("bread", [], first=True, begins=True) == taught.lesson("bread", ["bread", "soap"])
    assert Lesson("jam", [], first=True, begins=False) == taught.lesson("jam", ["soap"])
    assert Lesson("bread", ["jam"], first=False, begins=False) == taught.lesson("bread", ["jam"])
    assert taught.lesson("jam", ["bread", "jam", "soap"]) is None


def test_of_items_that_stand_apart_so_many_pairs_are_remembered() -> None:
    """A shopper who takes everything and leaves it again does not fill the memory."""
    taught = Taught()
    for number in range(40):
        taught.lesson(f"item-{number}", [])

    assert APART_MAX == len(taught.state()[1])


def test_a_basket_that_teaches_no_more_has_no_pairs_that_stood_apart() -> None:
    """They were of items that it has forgotten: its state is that of none."""
    taught = Taught()
    for item in ("bread", "butter"):
        taught.lesson(item, [])
    assert 1 == taught.apart
    taught.end()

    assert (0, [None, []]) == (taught.apart, taught.state())
    assert [None, []] == Taught.from_state(json.loads(json.dumps(taught.state()))).state()


def test_pairs_of_a_larger_basket_than_there_are_today_are_let_go() -> None:
    """A checkpoint of before: its items stay, and pairs of those that a byte can tell."""
    items = [f"item-{number}" for number in range(300)]
    taught = Taught.from_state([items, [["item-0", "item-299"], ["item-255", "item-3"]]])

    assert 300 == len(taught)
    assert [["item-3", "item-255"]] == taught.state()[1]
