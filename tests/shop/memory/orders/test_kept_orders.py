"""Orders as they are kept: read again as they were, or refused rather than learned on with."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple
from itertools import permutations
from typing import Any

import pytest

from streams.contract.events import OrderLine
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.memory.orders.impression import AMOUNT_MAX, Impression
from streams.shop.memory.orders.order import ALL_OF_IT, BoughtLine, Order, returned_lines
from streams.shop.memory.orders.orders import LINES_MAX, Orders
from streams.shop.memory.session import IMPRESSIONS_MAX
from streams.shop.memory.taught import Lesson
from streams.shop.state import restore
from tests.leaves import leaf, replaced
from tests.stories import NOON_MS, Story, Till


def busy() -> Any:
    """The memory of a shop with an order that a prompt sold, and of returns that wait."""
    till, story = Till(), Story(shopper_id="ann")
    till.teach("bread", "butter", times=3)
    prompt = till.prompt(story.view("bread"))
    till.serve(story.see(prompt))
    till.serve(story.add("tea"))
    till.serve(story.add("butter", quantity=4, receipt=prompt.receipt))
    lines = (
        OrderLine(item_id="butter", quantity=4, price_minor=250),
        OrderLine(item_id="jam"),
        OrderLine(item_id="milk", price_minor=100),
    )
    till.serve(story.order(lines=lines, currency="EUR", order_id="o-7"))
    till.serve(story.send_back("butter", order_id="o-7"))
    till.serve(story.send_back("jam", order_id="o-8"))
    state = json.loads(json.dumps(till.shop.sessions[0].orders.state()))
    state[0] = state[0][-1:]
    return state


STATE = busy()
ORDER = (0, 0)


def nowhere(_prompt_id: str) -> Impression | None:
    """No session remembers a prompt."""
    return None


def again(state: Any) -> Orders:
    """The memory that goes on from a state."""
    orders = Orders()
    orders.restore(state, nowhere)
    return orders


def test_an_order_of_before_is_of_its_own_session_and_nothing_of_it_is_back() -> None:
    """Kept when that was not told: the session that told it was the one whose unit has it."""
    state = json.loads(json.dumps(STATE))
    state[0][0] = state[0][0][:9]
    order = again(state).get("o-7")

    assert order is not None
    assert ("s1", {}) == (order.told_for, order.told_back)


def test_orders_are_read_as_they_were_kept() -> None:
    """With what they taught, whom they are credited to, and what is back of them already."""
    order = again(STATE).get("o-7")

    assert STATE == json.loads(json.dumps(again(STATE).state()))
    assert order is not None
    assert ("s1", "ann", "EUR") == (order.session_id, order.shopper_id, order.currency)
    assert [(4, 1_000, 1), (1, None, 0), (1, 100, 0)] == [
        (line.quantity, line.value_minor, line.back) for line in order.lines.values()
    ]
    assert {"jam": {"tea", "butter"}, "milk": {"tea", "butter", "jam"}} == {
        lesson.item_id: {*lesson.others} for lesson in order.lessons
    }
    assert 1 == len(order.credited)


def margins(margin_minor: Any, back: int = 0, away: int = 0) -> Any:
    """The state of an order whose butter earns so much, with what came back of it."""
    order = again(STATE).get("o-7")
    assert order is not None
    order.lines["butter"] = BoughtLine(4, 1_000, back, away, margin_minor)
    return json.loads(json.dumps([order.state(whole=whole) for whole in (True, False)]))


@pytest.mark.parametrize("margin", [None, 0, 240, -50, AMOUNT_MAX, -AMOUNT_MAX])
@pytest.mark.parametrize("back", [(0, 0), (1, 0), (0, 2), (1, 2)], ids=str)
def test_what_a_line_earns_is_kept_with_what_came_back_of_it(
    margin: int | None, back: tuple[int, int]
) -> None:
    """Wherever that was told; without a margin nothing is kept of one."""
    whole, own = margins(margin, *back)

    line = Order.from_state(whole, nowhere).lines["butter"]
    assert (4, 1_000, *back, margin, None) == astuple(line)
    assert [4, 1_000, 0, *([] if margin is None else [0, margin])] == own[5][0][1:]
    assert (margin is None and not back[1]) == (len(whole[5][0]) == 4)


@pytest.mark.parametrize("margin", ["240", 0.5, AMOUNT_MAX + 1, -AMOUNT_MAX - 1])
def test_a_margin_that_is_none_is_refused(margin: Any) -> None:
    """It would be counted as money."""
    whole, _ = margins(margin)
    with pytest.raises((TypeError, ValueError)):
        Order.from_state(whole, nowhere)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*ORDER, 0), 7),
        ((*ORDER, 1), 7),
        ((*ORDER, 2), None),
        ((*ORDER, 2), -1),
        ((*ORDER, 2), YEAR_2100_MS + 1),
        ((*ORDER, 3), 7),
        ((*ORDER, 4), 7),
        ((*ORDER, 5, 0, 0), 7),
        ((*ORDER, 5, 0, 1), 0),
        ((*ORDER, 5, 0, 1), "4"),
        ((*ORDER, 5, 0, 2), -1),
        ((*ORDER, 5, 0, 2), "1000"),
        ((*ORDER, 5, 0, 3), -1),
        ((*ORDER, 5, 0, 3), None),
        ((*ORDER, 6, 0), 7),
        ((*ORDER, 7, 0, 0), 7),
        ((*ORDER, 7, 0, 1), "-1"),
        ((*ORDER, 7, 0, 1), "8"),
        ((*ORDER, 7, 0, 2), 1),
        ((*ORDER, 7, 0, 3), None),
        ((*ORDER, 9), 7),
        ((*ORDER, 10, 0, 0), 7),
        ((*ORDER, 10, 0, 1), 0),
        ((*ORDER, 10, 0, 1), ALL_OF_IT + 1),
        ((*ORDER, 10, 0, 1), "1"),
        ((1, 0, 0), 7),
        ((1, 0, 1, 0), 7),
        ((1, 0, 1, 1), 0),
        ((1, 0, 1, 1), ALL_OF_IT + 1),
        ((1, 0, 1, 1), "1"),
        ((2,), 0),
        ((3,), None),
    ],
)
def test_a_memory_with_something_else_in_it_is_refused(path: tuple[Any, ...], value: Any) -> None:
    """The next return would raise, or take back what never was, on every worker."""
    before = leaf(STATE, path)
    assert (type(value), value) != (type(before), before)
    with pytest.raises((TypeError, ValueError)):
        again(replaced(STATE, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*ORDER, 2), 0),
        ((*ORDER, 2), YEAR_2100_MS),
        ((*ORDER, 3), None),
        ((*ORDER, 5, 0, 1), 1),
        ((*ORDER, 5, 0, 2), 0),
        ((*ORDER, 5, 0, 3), 0),
        ((*ORDER, 9), "s2"),
        ((*ORDER, 10, 0, 1), 1),
        ((*ORDER, 10, 0, 1), ALL_OF_IT),
        ((1, 0, 1, 1), 1),
        ((1, 0, 1, 1), ALL_OF_IT),
        ((2,), True),
        ((3,), False),
    ],
)
def test_the_least_and_the_most_that_may_be_is_sound(path: tuple[Any, ...], value: Any) -> None:
    """A gift that costs nothing, an order of 1970, a return of everything."""
    assert value == leaf(json.loads(json.dumps(again(replaced(STATE, path, value)).state())), path)


def test_an_order_goes_on_with_the_impression_that_its_session_remembers() -> None:
    """A prompt has earned what it has earned once, wherever it is looked at."""
    ((_, kept),) = again(STATE).get("o-7").credited.items()  # type: ignore[union-attr]
    orders = Orders()
    orders.restore(STATE, lambda prompt_id: kept if prompt_id == kept.receipt.prompt_id else None)

    assert kept is orders.get("o-7").credited[kept.receipt.prompt_id]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "state",
    [
        [STATE[0], [], False, False],
        [[], STATE[1], False, False],
        [[], [], True, False],
        [[], [], False, True],
    ],
    ids=["an order", "a return", "it has forgotten", "one waited"],
)
def test_there_is_something_to_keep_if_there_ever_was_an_order_or_a_return(state: Any) -> None:
    """That one was forgotten, or had to wait, is known after a restart as well."""
    assert not Orders()
    assert again(state)


# What is kept of an order


def priced(*prices: int | None) -> Order:
    """An order of so many lines of bread, two in each, at these prices."""
    lines = tuple(OrderLine(item_id="bread", quantity=2, price_minor=price) for price in prices)
    return Order.of(Story().order(lines=lines, currency="EUR"), "ann")


@pytest.mark.parametrize(
    ("prices", "worth"),
    [
        ((100,), 200),
        ((100, 30), 260),
        ((100, 0), 200),
        ((0, 100, 5), 210),
        ((0,), 0),
        ((None,), None),
        ((None, None), None),
        ((100, None), 200),
        ((None, 100), 200),
        ((None, 100, 30), 260),
    ],
)
def test_lines_of_one_item_are_worth_the_sum_of_those_that_have_a_price(
    prices: tuple[int | None, ...], worth: int | None
) -> None:
    """One that has none says nothing of the others."""
    (line,) = priced(*prices).lines.values()

    assert (2 * len(prices), worth) == (line.quantity, line.value_minor)


@pytest.mark.parametrize(
    ("margins", "earned"), [((90,), 180), ((90, -20), 140), ((90, None), 180), ((None, 90), 180)]
)
def test_lines_of_one_item_earn_the_sum_of_those_that_tell_a_margin(
    margins: tuple[int | None, ...], earned: int | None
) -> None:
    """Where margins are asked for, and else nothing of them is kept."""
    said = [OrderLine(item_id="jam", quantity=2, margin_minor=margin) for margin in margins]
    event = Story().order(lines=tuple(said), currency="EUR")

    assert earned == Order.of(event, None, margins=True).lines["jam"].margin_minor
    assert Order.of(event, None).lines["jam"].margin_minor is None


def test_a_part_of_an_item_has_its_part_of_the_value() -> None:
    """In whole minor units, rounded down; of what has no price nobody knows."""
    bread = priced(50, 1).lines["bread"]

    assert [0, 25, 51, 76, 102] == [bread.value_of(n) for n in range(5)]
    assert priced(None).lines["bread"].value_of(1) is None


def test_no_more_comes_back_than_was_bought() -> None:
    """By item, or of all of it; what is told twice comes back once."""
    order = Order.of(Story().order("jam", "bread", "bread"), None)

    assert {"bread": 1} == order.give_back({"bread": 1, "tea": 3}, away=False)
    assert {"jam": 1, "bread": 1} == order.give_back(returned_lines(None), away=False)
    assert {} == order.give_back({"bread": 1}, away=False)
    assert [False, False] == [line.stands for line in order.lines.values()]


def holding(order: Order, standing: set[str]) -> Counter[tuple[str, ...]]:
    """What an order has taught that holds while these of its lines stand."""
    held = Counter[tuple[str, ...]]()
    for lesson in order.lessons:
        if lesson.item_id in standing:
            held[lesson.item_id,] += 1
            for other in lesson.others:
                if other in standing or other not in order.lines:
                    held[lesson.item_id, other] += 1
    return held


@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("groups", [(1, 1, 1), (2, 1), (1, 2), (3,)])
def test_what_is_unlearned_is_what_holds_no_more_each_of_it_once(
    groups: tuple[int, ...], begins: bool
) -> None:
    """In whichever order they come back; a pair goes with its first item, a basket with its last.

    The bread was in the basket, and in no line: what met it holds as long as it stands itself.
    """
    basket = [] if begins else ["bread"]
    for items in permutations(("butter", "jam", "tea")):
        order = Order.of(Story().order("butter", "jam", "tea"), None)
        order.lessons = (
            Lesson("butter", basket, first=True, begins=begins),
            Lesson("jam", [*basket, "butter"], first=True, begins=False),
            Lesson("tea", [*basket, "butter", "jam"], first=True, begins=False),
        )
        standing, ended, left = {*order.lines}, [], list(items)
        for number in groups:
            gone, left = left[:number], left[number:]
            before = holding(order, standing)
            order.give_back(dict.fromkeys(gone, 1), away=False)
            standing -= {*gone}
            unlearned = list(order.unlearned(gone))
            taken = Counter[tuple[str, ...]]()
            for lesson in unlearned:
                taken.update([(lesson.item_id,)] * lesson.first)
                for other in lesson.others:
                    pair = lesson.item_id, other
                    taken[pair if pair in before else pair[::-1]] += 1
            ended += [lesson.begins for lesson in unlearned]

            assert before - holding(order, standing) == taken
        assert [begins] == ended[-1:]
        assert sum(ended) == begins


def test_what_came_back_is_noted_with_its_order_however_much_it_is() -> None:
    """For orders of this number on other partitions; what those were told is not."""
    orders = Orders()
    orders.remember(Order.of(Story().order("bread", order_id="o-7"), None))
    order = orders.get("o-7")
    assert order is not None
    orders.note_back("o-7", {"bread": 1})
    orders.note_back("o-7", {"bread": 3, "tea": 1})
    order.give_back({"bread": 5}, away=True)

    assert {"bread": 4, "tea": 1} == orders.told_back("o-7")
    assert {"bread": 4, "tea": 1} == again(json.loads(json.dumps(orders.state()))).told_back("o-7")


def test_what_came_back_of_an_order_that_is_known_waits_for_none() -> None:
    """It takes the place of no return that does."""
    orders = Orders()
    orders.remember(Order.of(Story().order("bread", order_id="o-7"), None))
    orders.note_back("o-7", {"bread": 1})
    orders.note_back("o-8", {"bread": 1})

    assert {"bread": 1} == orders.told_back("o-7")
    assert [["o-8", ("bread", 1)]] == orders.state()[1]


# What is bounded


def remembered(orders: Orders, *numbers: int, lines: int = 1) -> list[str]:
    """Which orders are known, when these were remembered one after the other."""
    for number in numbers:
        items = {f"item-{n}": BoughtLine(1, None) for n in range(lines)}
        orders.remember(Order(f"o-{number}", f"s-{number}", NOON_MS, None, None, items))
    return [state[0] for state in orders.state()[0]]


def test_as_many_orders_as_there_is_room_for_are_remembered() -> None:
    """And nothing is forgotten before that."""
    orders = Orders(orders_max=3)

    assert ["o-1", "o-2", "o-3"] == remembered(orders, 1, 2, 3)
    assert (3, False) == (len(orders), orders.forgot)
    assert ["o-2", "o-3", "o-4"] == remembered(orders, 4)
    assert orders.forgot


def test_lines_of_what_is_forgotten_make_room_for_others() -> None:
    """As many as there may be, and not one more, however often some had to leave."""
    orders, half = Orders(), LINES_MAX // 2

    assert ["o-1", "o-2"] == remembered(orders, 1, 2, lines=half)
    assert not orders.forgot
    assert ["o-2", "o-3"] == remembered(orders, 3)
    assert ["o-2", "o-3", "o-4"] == remembered(orders, 4, lines=half - 1)
    assert ["o-3", "o-4", "o-5"] == remembered(orders, 5, lines=half)


def test_returns_that_wait_add_up_and_that_they_waited_is_noted() -> None:
    """Up to all of it; workers may then differ in what returns took back, once one is forgotten."""
    orders = Orders(waiting_max=2)
    assert (False, False) == (orders.came_back, bool(orders))
    for back in ({"jam": 1}, {"jam": 2, "tea": 1}):
        orders.note_back("o-1", back)
    assert ({"jam": 3, "tea": 1}, True, False) == (
        *(orders.told_back("o-1"), orders.came_back, orders.forgot),
    )
    orders.note_back("o-2", returned_lines(None))
    orders.note_back("o-2", returned_lines(None))
    assert returned_lines(None) == orders.told_back("o-2")
    assert not orders.forgot
    orders.note_back("o-3", {"jam": 1})

    assert (None, True) == (orders.told_back("o-1"), orders.forgot)


def test_lines_of_returns_that_wait_are_bounded_each_of_them_counted_once() -> None:
    """An item that comes back twice is one line; the oldest return leaves, and no other."""
    orders = Orders()
    half = {f"item-{n}": 1 for n in range(LINES_MAX // 2)}
    for order_id in ("o-1", "o-1", "o-2"):
        orders.note_back(order_id, half)
    assert (dict.fromkeys(half, 2), False) == (orders.told_back("o-1"), orders.forgot)
    orders.note_back("o-3", {"jam": 1})

    assert (None, half, True) == (orders.told_back("o-1"), orders.told_back("o-2"), orders.forgot)


@pytest.mark.parametrize("bought_s", [0, 59])
def test_who_bought_is_forgotten_up_to_a_second(bought_s: int) -> None:
    """By name, or by age, to the millisecond; nobody else is, and what is later stays."""
    until_s = NOON_MS // 1000 + 30
    for by_name in (True, False):
        orders = Orders()
        for who in ("ann", "bob"):
            story = Story(who, start_ms=NOON_MS + 1_000 * bought_s + 999)
            event = story.order("bread", order_id=who, after_s=0, consent=True)
            orders.remember(Order.of(event, who))
        if by_name:
            orders.forget_shopper("ann", until_s)
        else:
            orders.forget_shoppers(1_000.0 * until_s)

        assert [None if bought_s == 0 else "ann", "bob" if by_name or bought_s else None] == [
            orders.get(who).shopper_id  # type: ignore[union-attr]
            for who in ("ann", "bob")
        ]


def test_what_is_denied_is_what_was_bought_in_that_second_or_before() -> None:
    """And by age, what is as old as the bound."""
    orders = Orders()
    at_ms = NOON_MS + 999
    event = Story(start_ms=at_ms).order("bread", order_id="o-1", after_s=0, consent=True)
    forgetting: list[Callable[[], object]] = [
        lambda: orders.forget_shopper("ann", at_ms // 1000 - 1),
        lambda: orders.forget_shoppers(at_ms - 1),
    ]
    for forget in forgetting:
        orders.remember(Order.of(event, "ann"))
        forget()
        assert "ann" == orders.get("o-1").shopper_id  # type: ignore[union-attr]
    orders.forget_shopper("ann", at_ms // 1000)
    assert orders.get("o-1").shopper_id is None  # type: ignore[union-attr]
    orders.remember(Order.of(event, "ann"))
    orders.forget_shoppers(at_ms)

    assert orders.get("o-1").shopper_id is None  # type: ignore[union-attr]


def test_of_whom_it_is_supposed_nothing_is_kept_from_a_denial_on() -> None:
    """However much later that was bought; and it is known after a restart that it was supposed."""
    before, orders = Orders(), Orders()
    for number, consent in enumerate((None, True)):
        event = Story().order("bread", order_id=f"o-{number}", consent=consent, shopper_id="ann")
        before.remember(Order.of(event, "ann"))
    orders.restore(json.loads(json.dumps(before.state())), lambda *_: None)
    assert before.state() == orders.state()
    orders.forget_shopper("ann", NOON_MS // 1000 - 60)

    assert [None, "ann"] == [order[3] for order in orders.state()[0]]


def test_an_order_of_which_ever_more_is_said_to_have_come_back_takes_no_more_than_others() -> None:
    """Made-up items count as lines: with too many of them the oldest orders leave."""
    orders = Orders()
    orders.remember(Order.of(Story().order("bread", order_id="o-7"), None))
    for number in range(20):
        orders.note_back("o-7", {f"item-{number}-{n}": 1 for n in range(2_000)})
        kept = orders.get("o-7") or Order.of(Story().order("bread", order_id="o-7"), None)
        assert kept.size <= LINES_MAX

    assert (0, True) == (len(orders), orders.forgot)


def test_what_comes_back_is_noted_for_other_partitions_whose_order_it_is_as_well() -> None:
    """Workers that forget differently then know that they may differ."""
    orders = Orders()
    orders.remember(Order.of(Story().order("bread", order_id="o-7"), None))
    assert not orders.came_back
    orders.note_back("o-7", {"bread": 1})

    assert orders.came_back


@pytest.mark.parametrize("reward", ["stages", "net"])
def test_what_two_orders_bought_of_a_forgotten_prompt_comes_back_the_same_after_a_restart(
    reward: str,
) -> None:
    """It is one prompt to both: what is told of one order is known when the other comes back."""
    ends = []
    for restarted in (False, True):
        till, story = Till(together_min=1, reward=reward, reward_scale_minor=1000), Story()
        for number in range(IMPRESSIONS_MAX + 2):
            till.teach(f"a{number}", f"b{number}")
        prompt = till.prompt(story.add("a0"))
        item_id = prompt.items[0].item_id
        till.serve(story.see(prompt))
        till.serve(story.add(item_id, quantity=2, receipt=prompt.receipt))
        line = (OrderLine(item_id=item_id, price_minor=3000),)
        for order_id in ("o-1", "o-2"):
            till.serve(story.order(order_id=order_id, lines=line))
        for number in range(1, IMPRESSIONS_MAX + 2):
            till.serve(story.see(till.prompt(story.view(f"a{number}", after_s=100))))
        assert prompt.prompt_id not in {
            name for session in till.shop.sessions[0] for name in session.impressions
        }
        if restarted:
            again = till.shop.new(till.shop.settings)
            restore(again.parts(), json.loads(json.dumps(till.shop.state())))
            till.shop = again
        told = [till.serve(story.cancel(order_id=name)).outcomes for name in ("o-1", "o-2")]
        ends.append((told, till.shop.digest()))

    assert ends[0] == ends[1]
