"""Orders count once, and what is sent back was never bought: whichever comes first, and where."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.snapshot.snapshot import SnapshotError
from streams.contract.events import Event, OrderLine, OrderPlaced
from streams.contract.published.outcomes import Unmatched
from streams.contract.settings import Settings
from streams.shop.memory.orders.order import Order, returned_lines
from streams.shop.memory.orders.orders import LINES_MAX, Orders
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from streams.shop.state import left_out, restore
from tests.stories import NOON_MS, OPEN, Story, Till

NOON_S = NOON_MS / 1000
DAY_S = 86_400
TAUGHT = ("baskets", "popularity", "repeats", "policy")
ITEMS = ("bread", "butter", "jam", "milk")


def together(shop: Till, one: str, other: str) -> tuple[int, int, int, int]:
    """How often two items met, how often each was there, and how many baskets there were."""
    lift: tuple[float, int, int, int, int] = shop.shop.learned.baskets.lift(one, other)
    return lift[1:]


def bought_before(shop: Till, shopper_id: str) -> dict[str, int]:
    """What a shopper has bought, and how often."""
    found = shop.shop.learned.repeats.recommend((shopper_id,), 10, time_s=NOON_S)
    return {candidate.item: candidate.together for candidate in found}


def log(*told: tuple[int, Event], **more: Any) -> Shop:
    """A shop that has folded these events, each on its partition."""
    shop = Shop(Settings(**{**OPEN, "together_min": 1, "partitions": 8, **more}))
    for partition, event in told:
        assert "folded" == shop.learn(partition, shop.position.get(partition, 0), event)
    return shop


# An order counts once


def test_an_order_that_is_told_thrice_counts_once() -> None:
    """Under three event ids, and in another session: by its number."""
    shop, story = Till(together_min=1), Story(shopper_id="ann")
    for telling in (story, story, story, Story("thanks", shopper_id="ann")):
        shop.serve(telling.order("bread", "butter", order_id="o-7"))

    assert (1, 1, 1, 1) == together(shop, "bread", "butter")
    assert {"bread": 1, "butter": 1} == bought_before(shop, "ann")


def test_lines_of_one_item_are_one_purchase() -> None:
    """Two lines of one item that was rolled up: no repeat purchase."""
    shop, story = Till(together_min=1), Story(shopper_id="ann")
    shop.serve(story.order("bread", "bread", "butter"))

    order = shop.shop.sessions[0].orders.get("o-s1-1")
    assert order is not None
    assert {"bread": 2, "butter": 1} == {item: line.quantity for item, line in order.lines.items()}
    assert {"bread": 1, "butter": 1} == bought_before(shop, "ann")


def test_an_order_ends_the_basket_of_each_session_that_tells_it() -> None:
    """Both have a copy of the cart."""
    shop = Till()
    for session_id in ("phone", "desk"):
        story = Story(session_id)
        shop.serve(story.add("bread"))
        shop.serve(story.order("bread", order_id="o-7"))

    sessions = [shop.shop.sessions[0].find(name) for name in ("phone", "desk")]
    assert [{}, {}] == [session and session.basket for session in sessions]


def test_an_event_that_comes_again_after_hundreds_counts_once() -> None:
    """Its id is forgotten, its time is not."""
    shop, story = Till(), Story()
    add = story.add("bread")
    shop.serve(add)
    for _ in range(256):
        shop.serve(story.view("tea"))
    again = shop.serve(add)
    later = shop.serve(story.add("bread"))

    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    assert {"bread": 2} == session.basket
    assert again.silence is not None
    assert "duplicate" == again.silence.reason
    assert later.silence is None or "duplicate" != later.silence.reason


def test_an_event_that_is_a_little_late_counts_beside_hundreds() -> None:
    """It came after 32 that happened later."""
    shop, story = Till(lateness_s=1e6), Story()
    for _ in range(100):
        shop.serve(story.view("tea"))
    late = story.add("bread")
    for _ in range(31):
        shop.serve(story.view("tea"))
    shop.serve(late)

    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    assert {"bread": 1} == session.basket


def test_what_a_worker_folded_long_ago_is_answered_when_it_takes_over() -> None:
    """Hundreds of events of its session are folded since: it is no repeat for that."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    add = story.add("bread")
    offset = shop.shop.position[0]
    shop.shop.learn(0, offset, add)
    for number in range(300):
        shop.shop.learn(0, offset + 1 + number, story.view("tea"))

    answer = shop.shop.answer(add, 0, offset, PendingPrompts())
    assert answer.silence is None or "duplicate" != answer.silence.reason


# What is sent back was never bought


def test_what_was_sent_back_was_not_bought_before() -> None:
    """A kettle, three days later; the coffee that was kept stays."""
    shop, story = Till(), Story(shopper_id="ann")
    shop.serve(story.order("kettle", "coffee"))
    shop.serve(story.send_back("kettle", after_s=3 * DAY_S))

    assert {"coffee": 1} == bought_before(shop, "ann")


def test_a_lesson_goes_when_all_of_its_quantity_is_back() -> None:
    """Nine of ten loaves are still a loaf."""
    shop, story = Till(together_min=1), Story(shopper_id="ann")
    loaves = OrderLine(item_id="bread", quantity=10)
    shop.serve(story.order(lines=(loaves, OrderLine(item_id="butter"), OrderLine(item_id="jam"))))
    shop.serve(story.send_back(lines=(OrderLine(item_id="bread", quantity=9),)))
    assert (1, 1, 1, 1) == together(shop, "bread", "butter")
    shop.serve(story.send_back("bread"))

    assert (0, 0, 1, 1) == together(shop, "bread", "butter")
    assert (1, 1, 1, 1) == together(shop, "butter", "jam")
    assert {"butter": 1, "jam": 1} == bought_before(shop, "ann")


def test_what_the_basket_had_taught_before_the_order_stays() -> None:
    """The two stood in one basket, whatever became of the order."""
    shop, story = Till(together_min=1), Story()
    for item in ("bread", "butter"):
        shop.serve(story.add(item))
    shop.serve(story.order("bread", "butter", "jam"))
    shop.serve(story.cancel())

    assert (1, 1, 1, 1) == together(shop, "bread", "butter")
    assert (0, 1, 0, 1) == together(shop, "bread", "jam")


def test_an_earlier_purchase_is_the_last_one_when_the_later_is_taken_back() -> None:
    """And the item is no repeat any more."""
    shop, story = Till(), Story(shopper_id="ann")
    shop.serve(story.order("coffee"))
    shop.serve(story.order("coffee", after_s=DAY_S))
    shop.serve(story.send_back("coffee", order_id="o-s1-2"))
    repeats = shop.shop.learned.repeats

    assert {"coffee"} == repeats.bought_since("ann", NOON_S)
    assert set() == repeats.bought_since("ann", NOON_S + DAY_S)
    assert [1, 0] == repeats.state()["all"]


def test_a_return_of_what_nobody_knows_waits_and_is_told() -> None:
    """Until its order comes, which then teaches nothing."""
    shop, story = Till(together_min=1, holdout_share=0.5), Story(shopper_id="ann")
    waiting = shop.serve(story.cancel(order_id="o-7"))
    shop.serve(story.order("bread", "butter", order_id="o-7"))
    again = shop.serve(story.cancel(order_id="o-7"))

    for answer in (waiting, again):  # its session is on no side: another one may have told it
        (told,) = answer.unit_outcomes
        assert isinstance(told, Unmatched)
        assert "o-7" == told.order_id
    assert (0, 0, 0, 0) == together(shop, "bread", "butter")
    assert {} == bought_before(shop, "ann")


# Whichever came first, on whichever partition

quantities = st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 3), min_size=1)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[int, Event]], list[tuple[int, Event]]]:
    """What others do, by partition; and an order with its returns, which bring all of it back."""
    others: list[tuple[int, Event]] = []
    for number in range(draw(st.integers(1, 4))):
        story = Story(f"other-{number}", shopper_id=draw(st.sampled_from(("ann", "bob"))))
        partition = draw(st.integers(0, 2))
        added = draw(st.lists(st.sampled_from(ITEMS), max_size=3))
        pauses = draw(st.lists(st.integers(1, 9_000), min_size=3, max_size=3))
        adds = zip(added, pauses, strict=False)
        others += [(partition, story.add(item, after_s=pause)) for item, pause in adds]
        if draw(st.booleans()):
            others.append((partition, story.order(*draw(st.permutations(ITEMS))[:2])))
    bought = draw(quantities)
    story = Story("ours", shopper_id="ann")
    lines = [OrderLine(item_id=item, quantity=n) for item, n in bought.items()]
    basket = draw(st.lists(st.sampled_from(ITEMS), max_size=2, unique=True))
    ours: list[tuple[int, Event]] = [(0, story.order(lines=tuple(lines), order_id="o-7"))]
    before = Story("ours", shopper_id="ann", start_ms=NOON_MS - 9_000)
    others += [(0, before.add(item, event_id=item)) for item in basket]
    office = Story("office", start_ms=NOON_MS + 60_000)
    where = draw(st.integers(0, 2))
    if draw(st.booleans()):
        ours.append((where, office.cancel(order_id="o-7")))
    else:
        for line in lines:
            first = draw(st.integers(0, line.quantity))
            for part in filter(None, (first, line.quantity - first)):
                back = OrderLine(item_id=line.item_id, quantity=part)
                ours.append((where, office.send_back(lines=(back,), order_id="o-7")))
    return others, draw(st.permutations(ours))


def last_day() -> list[tuple[int, Event]]:
    """Somebody buys the next day: models know what time it is by the latest that they learned."""
    story = Story("last", shopper_id="zoe", start_ms=NOON_MS + DAY_S * 1000)
    return [(0, story.add("tea")), (0, story.order("tea", "milk"))]


def interleaved(*logs: Sequence[tuple[int, Event]], picks: Iterable[int]) -> list[Any]:
    """One log out of several, each in its own order."""
    left = [list(one) for one in logs]
    mixed = [one.pop(0) for pick in picks if (one := left[pick % len(left)])]
    return mixed + [told for one in left for told in one]


@settings(max_examples=150, deadline=None)
@given(histories(), st.lists(st.integers(0, 1), max_size=20), st.lists(st.integers(0, 1)))
def test_an_order_that_all_comes_back_was_never_placed(
    history: Any, picks: list[int], others: list[int]
) -> None:
    """Pairs, popularity, repeats and rewards are those of the log without it, to the last bit.

    The basket of its session teaches nothing further, which the order has ended.
    """
    rest, order = history
    basket = [told for told in rest if told[1].session_id == "ours"]
    rest = [told for told in rest if told[1].session_id != "ours"]
    never = log(*basket, *rest, *last_day())
    taken_back = log(*basket, *interleaved(rest, order, picks=picks), *last_day())
    otherwise = log(*basket, *interleaved(rest, order, picks=others), *last_day())

    for name in TAUGHT:
        assert never.digests()[name] == taken_back.digests()[name] == otherwise.digests()[name]
    restored = never.new(never.settings)
    restore(restored.parts(), taken_back.state())
    assert taken_back.state() == restored.state()


@pytest.mark.parametrize("where", [0, 1])
@pytest.mark.parametrize("parts", [(1.0,), (0.25, 0.75)])
def test_rewards_of_what_comes_back_are_those_of_no_order(
    where: int, parts: tuple[float, ...]
) -> None:
    """Before or after the order, in its session's partition or another one, in parts or at once."""
    states = []
    for order_at in (None, *range(len(parts) + 1)):
        till, story = Till(arm_window_s=7_200.0), Story()
        till.teach("bread", "butter")
        prompt = till.prompt(story.add("bread"))
        till.serve(story.add("butter", quantity=4, receipt=prompt.receipt))
        office, shop = Story("office", start_ms=story.now_ms), till.shop
        line = OrderLine(item_id="butter", quantity=4)
        order = story.order(lines=(line,), order_id="o-7")
        backs = [
            office.send_back(
                lines=(line.model_copy(update={"quantity": int(4 * part)}),), order_id="o-7"
            )
            for part in parts
        ]
        for number, event in enumerate([*backs, None] if order_at is not None else ()):
            if number == order_at:
                shop.learn(0, shop.position[0], order)
            if event is not None:
                shop.learn(where, shop.position.get(where, 0), event)
        states.append(shop.policy.state())

    assert [states[0]] * len(states) == states


def test_a_return_on_another_partition_takes_back_the_same_whichever_is_read_first() -> None:
    """An order on partition 0, its return on partition 1."""
    order = Story("ours", shopper_id="ann").order("bread", "butter", order_id="o-7")
    back = Story("office").cancel(order_id="o-7")
    first, then = log((0, order), (1, back)), log((1, back), (0, order))

    assert first.digests() == then.digests()
    assert first.learned.baskets.lift("bread", "butter")[1:] == (0, 0, 0, 0)


def test_an_order_that_was_counted_on_two_partitions_comes_back_from_both() -> None:
    """One number, told by two sessions that share no partition."""
    orders = [Story(name).order("bread", "butter", order_id="o-7") for name in ("a", "b")]
    back = Story("office").cancel(order_id="o-7")
    shop = log((0, orders[0]), (2, back), (1, orders[1]))

    assert (0, 0, 0, 0) == shop.learned.baskets.lift("bread", "butter")[1:]


# What is bounded


def placed(number: int, *items: str) -> OrderPlaced:
    """An order of its own session."""
    return Story(f"s-{number}").order(*items or ("bread",), order_id=f"o-{number}")


def test_of_too_many_orders_the_oldest_can_be_returned_no_more() -> None:
    """In the order of the log of its partition."""
    memory = Orders(orders_max=2)
    for number in range(3):
        memory.remember(Order.of(placed(number), None))

    assert (False, True, True) == tuple(f"o-{number}" in memory for number in range(3))
    assert memory.forgot


def test_orders_are_bounded_by_their_lines_as_well() -> None:
    """Many small ones, or a few large ones."""
    memory = Orders()
    items = [f"item-{n}" for n in range(500)]
    for number in range(100):
        memory.remember(Order.of(placed(number, *items), None))

    assert LINES_MAX // 500 == len(memory)


def test_of_too_many_returns_that_wait_the_oldest_is_forgotten() -> None:
    """Whoever makes up numbers fills no memory."""
    memory = Orders(waiting_max=2)
    for number in range(3):
        memory.note_back(f"o-{number}", returned_lines(None))

    assert memory.told_back("o-0") is None
    assert memory.told_back("o-2") == returned_lines(None)


def test_what_orders_teach_is_left_out_when_a_return_may_have_come_too_late() -> None:
    """Some order is forgotten, and some return has waited: workers may differ."""
    shop = log((0, placed(1)))
    memory = shop.sessions[0].orders
    memory.came_back = True
    assert {*TAUGHT} <= shop.digests().keys()
    memory.forgot = True

    assert not {*TAUGHT} & shop.digests().keys()
    assert {"all": 1} == left_out(shop.parts())["baskets"]


def test_a_memory_of_orders_goes_on_from_its_state() -> None:
    """A return after the restart takes back what was taught before it."""
    order = Story("ours", shopper_id="ann").order("bread", "butter", order_id="o-7")
    before = log((0, order), (1, Story("x").cancel(order_id="o-8")))
    after = before.new(before.settings)
    restore(after.parts(), before.state())
    after.learn(0, 1, Story("office").cancel(order_id="o-7"))
    before.learn(0, 1, Story("office").cancel(order_id="o-7"))

    assert before.digests() == after.digests()
    assert before.state() == after.state()
    assert (0, 0, 0, 0) == after.learned.baskets.lift("bread", "butter")[1:]


@pytest.mark.parametrize(
    "wrong",
    [
        [[["o-7"]], [], False, False],
        [[], [["o-7", ["bread", 0]]], False, False],
        [[], [], 1, False],
        [
            [
                [
                    "o",
                    "s",
                    1,
                    None,
                    None,
                    [["bread", 1, None, 0]],
                    [],
                    [["bread", "1", True, True]],
                    [],
                ]
            ],
            [],
            False,
            False,
        ],
    ],
)
def test_a_memory_that_is_none_is_refused(wrong: list[Any]) -> None:
    """Rather than learned on with."""
    shop = log()
    state = {**shop.state(), "sessions": {"0": [0, [], [0, ""], wrong]}}

    with pytest.raises(SnapshotError):
        restore(shop.new(shop.settings).parts(), state)


def test_nothing_is_kept_of_who_bought_when_a_shopper_is_forgotten() -> None:
    """What the order has taught can still be taken back, but for the shopper's own."""
    memory = Orders()
    memory.remember(Order.of(placed(1), "ann"))
    memory.forget_shopper("ann", NOON_MS)
    order = memory.get("o-1")

    assert order is not None
    assert order.shopper_id is None
