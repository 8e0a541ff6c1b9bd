"""What one shopper bought, beside a plain list of purchases."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.decay.forward import LATEST_S
from models.decay.tally import tally, times, weight
from models.recommenders.shopper_purchases import (
    NO_PURCHASES,
    SUPPOSED_MAX,
    TIMES_MAX,
    Purchases,
    ShopperPurchases,
)
from tests.leaves import replaced

ITEMS = ("coffee", "milk", "tea")
WEIGHTS = {"coffee": 1 << 20, "milk": 3 << 20, "tea": 7 << 20}
bought = st.tuples(st.sampled_from(ITEMS), st.integers(0, 9))


def one(item: str) -> int:
    """What one purchase of an item adds."""
    return tally(WEIGHTS[item])


class Diary:
    """Every purchase that was not taken back."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, int]] = []

    def times_s(self, item: str) -> list[int]:
        """When an item was bought, in order."""
        return sorted(time_s for name, time_s in self.kept if name == item)


def shopper(*purchases: tuple[str, int]) -> ShopperPurchases:
    """Who made these purchases."""
    made = ShopperPurchases()
    for item, time_s in purchases:
        made.buy(item, one(item), time_s)
    return made


def agree(found: ShopperPurchases, diary: Diary) -> None:
    """How often, how much it weighs, when, and when last: of each item and of all."""
    held = Counter(item for item, _ in diary.kept)
    assert {item: (n, n * WEIGHTS[item]) for item, n in held.items()} == {
        item: (times(total), weight(total)) for item, total in found.tallies.items()
    }
    assert sum(one(item) for item, _ in diary.kept) == found.all
    assert max((time_s for _, time_s in diary.kept), default=0) == found.last_s
    for until_s in range(-1, 11):
        early = sorted(each for each in diary.kept if each[1] <= until_s)
        assert early == sorted(found.up_to(until_s))
    for item in ITEMS:
        later = diary.times_s(item)
        assert later[-1:] == [s for name, s in found.lasts_s.items() if name == item]
        assert later[:-1] == found.earlier_s.get(item, [])
    assert all(found.earlier_s.values())


@given(st.lists(bought, max_size=9), st.lists(st.integers(0, 20), max_size=9))
def test_purchases_are_those_that_were_not_taken_back(
    made: list[tuple[str, int]], gone: list[int]
) -> None:
    """In whichever order they were made, and taken back; and so when they are read again."""
    diary, found = Diary(), ShopperPurchases()
    for item, time_s in made:
        diary.kept.append((item, time_s))
        found.buy(item, one(item), time_s)
        agree(found, diary)
    assert min((time_s for _, time_s in made), default=LATEST_S) == found.first_s
    for at in gone:
        if diary.kept:
            item, time_s = diary.kept.pop(at % len(diary.kept))
            others = bool(diary.times_s(item))
            assert others == found.take_back(item, one(item), time_s)
            agree(found, diary)
    again = ShopperPurchases.from_state(found.state())

    agree(again, diary)
    assert found.state() == again.state()
    assert min((time_s for _, time_s in diary.kept), default=LATEST_S) == again.first_s


def test_what_was_not_bought_cannot_be_taken_back() -> None:
    """Nor more of it than was; nothing changes then."""
    found = shopper(("tea", 5))
    before = found.state()

    assert not found.take_back("coffee", one("coffee"), 5)
    assert not found.take_back("tea", one("tea") + 1, 5)
    assert before == found.state()


def test_a_time_that_nobody_knows_takes_back_a_purchase_and_no_time() -> None:
    """It fell out of the latest 32, or is of before times were kept."""
    found = shopper(("tea", 5), ("tea", 7), ("tea", 7))
    for time_s in (6, 9):
        assert found.take_back("tea", one("tea"), time_s)

    assert (1, 7, [5, 7]) == (
        times(found.tallies["tea"]),
        found.lasts_s["tea"],
        found.earlier_s["tea"],
    )


def test_with_the_last_purchase_all_times_of_an_item_are_gone() -> None:
    """Those as well that were taken back by other times: bought anew, it was bought once."""
    found = shopper(("tea", 5), ("tea", 7))
    for time_s in (6, 9):
        found.take_back("tea", one("tea"), time_s)
    assert ({}, {}, []) == (found.tallies, found.earlier_s, found.up_to(99))
    found.buy("tea", one("tea"), 11)

    assert [("tea", 11)] == found.up_to(99)


def test_of_each_item_the_latest_times_are_kept() -> None:
    """Whichever came first; the tally counts all of them."""
    found = shopper(*(("tea", n * 17 % 101) for n in range(101)))

    assert 101 == times(found.tallies["tea"])
    assert [*range(101 - TIMES_MAX, 101)] == [time_s for _, time_s in found.up_to(1_000)]


def test_what_weighs_least_is_forgotten_with_its_times() -> None:
    """And for good it is known that something was."""
    found = shopper(("tea", 1), ("tea", 2), ("coffee", 3), ("coffee", 4), ("milk", 5))
    assert not found.full
    found.forget(1)

    assert found.full
    assert {"tea", "milk"} == {*found.tallies} == {*found.lasts_s}
    assert {"tea"} == {*found.earlier_s}
    assert 2 * one("tea") + 2 * one("coffee") + one("milk") == found.all
    assert found.state() == ShopperPurchases.from_state(found.state()).state()


STATE = shopper(("tea", 1), ("tea", 2), ("milk", LATEST_S)).state()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("all",), "-1"),
        (("all",), None),
        (("last_s",), -1),
        (("last_s",), LATEST_S + 1),
        (("last_s",), "2"),
        (("full",), 1),
        (("items", "tea", 0), "-1"),
        (("items", "tea", 0), 7.0),
        (("items", "tea", 1), -1),
        (("items", "tea", 1), LATEST_S + 1),
        (("items", "tea", 1), None),
        (("items", "tea", 2), -1),
        (("items", "tea", 2), LATEST_S + 1),
        (("items", "tea", 2), "1"),
    ],
)
def test_purchases_that_are_none_are_refused(path: tuple[Any, ...], value: Any) -> None:
    """Rather than learned on with."""
    with pytest.raises((TypeError, ValueError)):
        ShopperPurchases.from_state(replaced(STATE, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("all",), "0"),
        (("last_s",), 0),
        (("last_s",), LATEST_S),
        (("full",), True),
        (("items", "tea", 0), "0"),
        (("items", "tea", 1), 0),
        (("items", "tea", 1), LATEST_S),
        (("items", "tea", 2), 0),
        (("items", "milk", 1), 0),
    ],
)
def test_the_least_and_the_latest_that_may_be_is_sound(path: tuple[Any, ...], value: Any) -> None:
    """As it stands there."""
    state = replaced(STATE, path, value)

    assert state == ShopperPurchases.from_state(state).state()


# What is supposed


def supposing(*purchases: tuple[str, int]) -> ShopperPurchases:
    """A shopper all of whose purchases are supposed."""
    made = shopper(*purchases)
    for item, time_s in purchases:
        made.suppose(item, time_s)
    return made


def test_what_is_let_go_is_what_was_early_and_if_so_asked_what_was_supposed() -> None:
    """Each once, that of the last second as well; and it is supposed no more."""
    for supposed, later in ((False, []), (True, [("milk", 6), ("tea", 8)])):
        found = supposing(("tea", 8), ("tea", 2), ("milk", 6), ("coffee", 5))
        found.buy("tea", one("tea"), 8)

        assert [("tea", 2), ("coffee", 5), *later] == found.let_go(5, supposed=supposed)
        assert ([] if supposed else [(6, "milk"), (8, "tea")]) == found.supposed
        assert 6 == found.first_s


def test_of_equal_purchases_one_is_taken_back() -> None:
    """And nothing where none was supposed."""
    found = supposing(("tea", 5), ("tea", 5), ("milk", 5))
    for item, time_s in (("tea", 5), ("tea", 4), ("jam", 5)):
        found.unsuppose(item, time_s)

    assert [(5, "milk"), (5, "tea")] == found.supposed


def test_what_is_supposed_is_kept_and_forgotten_with_its_item() -> None:
    """In order, whichever came first; and where nothing is, nothing is said."""
    found = supposing(("tea", 5), ("milk", 4), ("milk", 7))
    again = ShopperPurchases.from_state(found.state())
    assert [(4, "milk"), (5, "tea"), (7, "milk")] == again.supposed
    assert found.state() == again.state()
    assert "supposed" not in shopper(("tea", 5)).state()
    found.forget(1)

    assert [(5, "tea")] == found.supposed


def test_of_too_many_that_are_supposed_the_oldest_are_taken_for_sure() -> None:
    """That it had to forget is known then."""
    found = supposing(*(("tea", n * 17 % SUPPOSED_MAX) for n in range(SUPPOSED_MAX)))
    assert not found.full
    found.suppose("tea", SUPPOSED_MAX)

    assert found.full
    assert [*range(1, SUPPOSED_MAX + 1)] == [time_s for time_s, _ in found.supposed]


@pytest.mark.parametrize(
    "supposed", [[[-1, "tea"]], [["1", "tea"]], [[1, "jam"]], [[LATEST_S + 1, "tea"]], [[1]], 7]
)
def test_what_cannot_be_supposed_is_refused(supposed: Any) -> None:
    """Rather than taken back."""
    with pytest.raises((TypeError, ValueError)):
        ShopperPurchases.from_state({**STATE, "supposed": supposed})


def test_earlier_times_are_read_in_order() -> None:
    """Whoever wrote them."""
    state = replaced(STATE, ("items", "tea"), [*STATE["items"]["tea"], 0])

    assert [0, 1] == ShopperPurchases.from_state(state).earlier_s["tea"]


def test_purchases_add_up() -> None:
    """In all, and of those who had bought it before."""
    assert Purchases(3, 1) == NO_PURCHASES.plus(2, 1).plus(1, 0)
