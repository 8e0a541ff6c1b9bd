"""Lines of one item that do not say as much as each other: each earns what it says itself."""

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import OrderLine
from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.memory.orders.impression import AMOUNT_MAX, Impression
from streams.shop.memory.orders.order import BoughtLine, Order
from streams.shop.memory.orders.reward.net_reward import MICRO, NetReward
from streams.shop.memory.orders.reward.reached import Reached
from streams.shop.memory.orders.reward.untold import counts_of
from tests.stories import NOON_MS, Story

CASE = ItemWorth(800, 2_000, "EUR")
BY = NetReward.of(Settings(reward="net", margin_share=0.3, return_cost_share=0.1))
ABOUT = "p1", "s1", "popular", "basket/new", 0.5, 0.1


def line(price: int | None = None, margin: int | None = None, quantity: int = 1) -> OrderLine:
    """Some cases."""
    return OrderLine(item_id="case", quantity=quantity, price_minor=price, margin_minor=margin)


def bought(lines: Sequence[OrderLine]) -> BoughtLine:
    """What an order has of them."""
    event = Story().order(lines=tuple(lines), currency="EUR")
    return Order.of(event, None, margins=True).lines["case"]


def prompt(lines: Sequence[OrderLine], worth: ItemWorth = CASE, back: int = 0) -> Impression:
    """One from which all of them were added, and that so many came back of."""
    one = bought(lines)
    at_ms, order_id = NOON_MS + 2, "o-1"
    said = "case", one.quantity, order_id, one.value_minor, "EUR", one.margin_minor, None
    facts = [
        Reached("shown", "e0", NOON_MS),
        Reached("added", "e1", NOON_MS + 1, 0.0, "case", one.quantity),
        Reached("bought", "e2", at_ms, 0.0, *said, one.untold),
    ]
    if back:
        facts.append(Reached("returned", "e3", at_ms + 1, 0.0, "case", back, order_id))
    receipt = Receipt(*ABOUT, ("case",), NOON_MS)._replace(worths=(worth,))
    return Impression(receipt, facts)


def minor(lines: Sequence[OrderLine], worth: ItemWorth = CASE, back: int = 0) -> int:
    """What it earns."""
    return BY.minor(prompt(lines, worth, back))


@pytest.mark.parametrize(
    ("lines", "earned"),
    [
        ((line(2_000, -3_000), line()), -2_600),
        ((line(100), line()), -510),
        ((line(1_000), line()), 300),
        ((line(2_000, 900), line(1_000)), 400),
        ((line(2_000, 900), line(2_000)), 1_300),
        ((line(None, 900), line()), 1_300),
        ((line(2_500), line(1_500)), 1_200),
    ],
)
def test_a_line_that_says_less_takes_nothing_of_what_another_says(
    lines: tuple[OrderLine, ...], earned: int
) -> None:
    """Nor does it matter which of them is first; of prices alone it is the average that counts."""
    assert {earned} == {minor(way) for way in permutations(lines)}


def test_what_comes_back_is_an_equal_part_of_what_all_lines_earn() -> None:
    """Nobody knows which of the pieces it was."""
    lines = line(2_000, 900), line(1_000)

    assert (400, 200, 0) == tuple(minor(lines, back=back) for back in range(3))


def test_without_a_catalogue_a_line_without_a_price_earns_nothing_and_the_other_its_share() -> None:
    """As a line that stands alone does."""
    assert 200 == minor((line(1_000), line()), ItemWorth())
    assert 650 == minor((line(1_000), line(1_000, 550)), ItemWorth())


def test_a_promised_discount_is_taken_off_once_of_whatever_lines() -> None:
    """Told by one that has a price, or by one that has a margin, it is not taken off the other."""
    promised = CASE._replace(discount_minor=300)

    assert 2 * 800 - 300 - 370 == minor((line(1_700), line()), promised)
    assert 2 * 800 - 300 - 370 == minor((line(1_900), line()), promised)
    assert 2 * 800 - 300 - 370 == minor((line(), line()), promised)
    assert 500 + 800 - 370 == minor((line(1_700, 500), line(2_000)), promised)
    assert 500 + 800 - 400 == minor((line(2_000, 500), line(2_000)), promised)
    assert 800 + 800 - 300 - 370 == minor((line(2_000, 800), line(1_700)), promised)


LINES = st.lists(
    st.builds(
        line,
        st.none() | st.integers(0, 3_000),
        st.none() | st.integers(-900, 900),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=5,
)
WORTHS = st.sampled_from(
    (CASE, CASE._replace(margin_minor=-300), CASE._replace(margin_minor=None), ItemWorth())
)


def line_by_line(lines: Sequence[OrderLine], worth: ItemWorth) -> float:
    """The rules, line by line, without a rounding; the average price is of lines alike."""
    total, listed, of_list = 0.0, 0, worth.price_minor or 0
    for one in lines:
        price = of_list if one.price_minor is None else one.price_minor
        total -= one.quantity * price * BY.return_micro / MICRO
        if one.margin_minor is not None:
            total += one.quantity * one.margin_minor
        elif worth.margin_minor is None:
            total += one.quantity * price * BY.margin_micro / MICRO
        else:
            total += one.quantity * worth.margin_minor
            listed += one.quantity * (of_list - price)
    return total - max(0, listed)


@settings(max_examples=300)
@given(LINES, WORTHS)
def test_what_an_item_earns_is_what_a_plain_reckoning_of_its_lines_says(
    lines: list[OrderLine], worth: ItemWorth
) -> None:
    """But for whole minor units."""
    assert minor(lines, worth) == pytest.approx(line_by_line(lines, worth), abs=3)


@settings(max_examples=200)
@given(LINES)
def test_what_is_not_told_is_kept_where_anything_is_told_and_read_as_it_was(
    lines: list[OrderLine],
) -> None:
    """Of an order as of a prompt; of lines that say alike nothing more is kept than ever."""
    told = {(one.price_minor is None, one.margin_minor is None) for one in lines}
    one, sold = bought(lines), prompt(lines)

    assert (one.untold is None) == (len(told) == 1)
    assert one == BoughtLine.from_state(
        *json.loads(json.dumps([one.quantity, one.value_minor, *one.kept(whole=True)]))
    )
    assert sold == Impression.from_state(json.loads(json.dumps(sold.state())))
    assert len(sold.state()[1][2]) <= (12 if one.untold else 10)


@pytest.mark.parametrize(
    "wrong",
    [
        (3, 0, 0, 0),
        (0, 3, 0, 0),
        (1, 2, 2, 0),
        (2, 1, 2, 0),
        (-1, 0, 0, 0),
        (0, 0, 0, AMOUNT_MAX + 1),
        (1, 1, 1),
        (1, 1, 1, 0, 0),
        ("1", 1, 1, 0),
        (1.0, 1, 1, 0),
        "1110",
        7,
    ],
    ids=str,
)
def test_counts_that_are_none_are_refused(wrong: Any) -> None:
    """They would be counted as money."""
    with pytest.raises((TypeError, ValueError)):
        counts_of(wrong, 2, AMOUNT_MAX)
    with pytest.raises((TypeError, ValueError)):
        BoughtLine.from_state(2, 100, 0, 0, None, wrong)
    fact = ["bought", "e2", NOON_MS, 0.0, "case", 2, "o-1", 100, "EUR", None, None, wrong]
    receipt, (shown, *_) = prompt([line()]).state()
    with pytest.raises((TypeError, ValueError)):
        Impression.from_state([receipt, [shown, fact]])


def test_the_most_that_may_not_be_told_is_sound() -> None:
    """All pieces, and all that an order may cost."""
    assert (2, 2, 2, AMOUNT_MAX) == counts_of([2, 2, 2, AMOUNT_MAX], 2, AMOUNT_MAX)
    with pytest.raises((TypeError, ValueError)):
        BoughtLine.from_state(2, 100, 0, 0, None)
    with pytest.raises((TypeError, ValueError)):
        BoughtLine.from_state(2, 100, 0, 0, None, [1, 1, 1, 0], 0)
