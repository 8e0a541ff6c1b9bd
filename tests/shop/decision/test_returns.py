"""Serial returners: who sends nearly all of it back is left alone, and so is what comes back."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.settings import Settings
from streams.shop.checkpoint import packed, read, restored
from streams.shop.memory.answer import Silence
from streams.shop.memory.orders.order import BoughtLine, Order
from streams.shop.memory.orders.orders import Orders
from streams.shop.memory.orders.reward.returned_shares import OFTEN_BACK_MAX, ReturnedShares
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story, Till

ASKED: dict[str, Any] = {"returned_share_max": 0.5, "returned_lines_min": 4}
CLOTHES = ("dress", "skirt", "coat", "shoes")


def boutique(**settings: Any) -> Till:
    """A shop where a hat goes with a bag."""
    shop = Till(**{**ASKED, **settings})
    shop.teach("hat", "bag")
    return shop


def returns(shop: Till, shopper_id: str | None, back: int, *, name: str = "past") -> None:
    """Somebody orders four things, and sends so many of them back."""
    story = Story(f"{name}-{shopper_id}", start_ms=NOON_MS - 9**9, shopper_id=shopper_id)
    shop.serve(story.order(*CLOTHES))
    if back:
        shop.serve(story.send_back(*CLOTHES[:back]))


def said(shop: Till, session: str, **who: Any) -> str:
    """What is offered to somebody who looks at the hat, or why nothing is."""
    answer = shop.serve(Story(session).view("hat", **who))
    if answer.prompt is not None:
        return answer.prompt.items[0].item_id
    assert isinstance(answer.silence, Silence)
    return answer.silence.reason


def test_who_sends_back_nearly_all_that_they_order_is_left_alone() -> None:
    """Three of four is more than half; two of four is not. Who is not known is nobody."""
    shop = boutique()
    returns(shop, "ann", 3)
    returns(shop, "bob", 2)

    assert "returns" == said(shop, "a", shopper_id="ann")
    assert "bag" == said(shop, "b", shopper_id="bob")
    assert "bag" == said(shop, "c", shopper_id="carl")
    assert "bag" == said(shop, "d")


def test_an_order_that_is_told_on_two_partitions_counts_once() -> None:
    """By the browser, and by a webhook that knows whose it is; whichever is forgotten first."""
    for who in permutations(["ann", None]):
        shares = ReturnedShares(0.5, 4)
        browser, webhook = (
            Order("o-1", "s", 0, one, None, {name: BoughtLine(1, None) for name in CLOTHES[:3]})
            for one in who
        )
        for told in (browser, webhook):
            shares.ordered(told)
        for told in (browser, webhook):  # each of them is told what comes back
            told.give_back({"": 1}, away=told is browser)
            shares.gone(told, CLOTHES[:3])
        assert ([3, 3], [1, 1]) == (shares._shoppers["ann"], shares._items["dress"])

        shares.left(browser)
        assert [1, 1] == shares._items["dress"]
        shares.left(webhook)
        assert ({}, {}, {}, {}) == (
            *(shares._shoppers, shares._items),
            *(shares._counted, shares._again),
        )


def test_what_was_said_to_come_back_before_its_order_counts_alike() -> None:
    """The log of another partition may be ahead."""
    shop = boutique()
    story = Story("past-ann", start_ms=NOON_MS - 9**9, shopper_id="ann")
    order = story.order(*CLOTHES)
    shop.serve(story.send_back(*CLOTHES[:3]))
    shop.serve(order)

    assert "returns" == said(shop, "a", shopper_id="ann")


def test_who_keeps_more_again_is_spoken_to_again() -> None:
    """Seven lines, three of them came back."""
    shop = boutique()
    returns(shop, "ann", 3)
    again = Story("again", start_ms=NOON_MS - 9**8, shopper_id="ann")
    shop.serve(again.order("scarf", "belt", "socks"))

    assert "returns" != said(shop, "a", shopper_id="ann")


def test_of_few_lines_nothing_is_concluded_and_by_default_nothing_at_all() -> None:
    """Three of three lines are too few here; without the setting four of four are."""
    few, plain = boutique(returned_lines_min=5), boutique(returned_share_max=1.0)
    for shop in (few, plain):
        returns(shop, "ann", 4)
        assert "bag" == said(shop, "a", shopper_id="ann")
    assert plain.shop.orders.shares is None


def test_who_denies_is_forgotten_here_too() -> None:
    """Nothing is held against somebody whose purchases are not to be used."""
    shop = boutique()
    returns(shop, "ann", 4)
    shop.serve(Story("no").view("tea", shopper_id="ann", consent=False))

    assert "bag" == said(shop, "a", shopper_id="ann")
    assert "dress" in known(shop)._items


def known(shop: Till) -> ReturnedShares:
    """What the shop knows of returns."""
    assert shop.shop.orders.shares is not None
    return shop.shop.orders.shares


def test_what_comes_back_again_and_again_is_offered_to_nobody() -> None:
    """Bags are taken with hats, and sent back by most."""
    shop = boutique()
    assert "bag" == said(shop, "before")
    for number in range(6):
        past = Story(f"past-hat-bag-{number}", start_ms=NOON_MS - 9**8)
        shop.serve(past.send_back("bag", event_id=f"back-{number}"))

    assert {"bag"} == known(shop).often_back
    assert "no_candidate" == said(shop, "after")


def test_nothing_of_it_is_folded() -> None:
    """The same digest with and without; a shop that goes on from a state knows the same."""
    asked, plain = boutique(), boutique(returned_share_max=1.0)
    for shop in (asked, plain):
        returns(shop, "ann", 3)
        returns(shop, "bob", 4)
    assert asked.shop.digest() == plain.shop.digest()

    kept = read(packed(plain.shop, cluster="c", now_ms=1, made_by="w")[1])
    later, now = restored(kept, asked.shop.settings).orders.shares, known(asked)
    assert later is not None
    assert (now._shoppers, now._items) == (later._shoppers, later._items)
    assert now.often_back == later.often_back


@given(
    deeds=st.lists(
        st.tuples(
            st.sampled_from(["order", "back", "forget", "expire"]),
            st.integers(0, 5),
            st.sampled_from(["ann", "bob", None]),
        ),
        max_size=25,
    )
)
def test_what_is_kept_is_what_a_count_of_the_orders_gives(
    deeds: list[tuple[str, int, str | None]],
) -> None:
    """Whatever is ordered, sent back, forgotten or displaced, in whatever order."""
    orders = Orders(orders_max=3)
    orders.returned = shares = ReturnedShares(0.5, 2)
    for number, (deed, which, who) in enumerate(deeds):
        order = orders.get(str(which))
        if deed == "order" and order is None:
            lines = {name: BoughtLine(1, None) for name in CLOTHES[: 1 + which % 3]}
            orders.remember(Order(str(which), "s", 1000 * number, who, None, lines))
        elif deed == "back" and order is not None:
            stood = [item for item, line in order.lines.items() if line.stands]
            order.give_back({CLOTHES[number % 3]: 1}, away=False)
            shares.gone(order, [item for item in stood if not order.lines[item].stands])
        elif deed == "forget" and who is not None:
            orders.forget_shopper(who, number)
        elif deed == "expire":
            orders.forget_shoppers(500 * number)

    shoppers, items = dict[str, list[int]](), dict[str, list[int]]()
    for one in filter(None, map(orders.get, "012345")):
        for item, line in one.lines.items():
            for table, name in ((shoppers, one.shopper_id), (items, item)):
                if name is not None:
                    tally = table.setdefault(name, [0, 0])
                    tally[0] += 1
                    tally[1] += not line.stands
    assert (shoppers, items) == (shares._shoppers, shares._items)
    often = {item for item, (lines, back) in items.items() if lines >= 2 and back > lines / 2}
    assert often == shares.often_back


@pytest.mark.parametrize("at", [0, 1, 2])
def test_of_what_is_left_of_an_order_counts_who_is_known(at: int) -> None:
    """Told by two that know nobody, and by one that does: that counts while it is there."""
    shares = ReturnedShares(0.5, 1)
    named = Order("o", "s", 0, "ann", None, {"bag": BoughtLine(1, None, back=1)})
    first = Order("o", "s", 0, "ann", None, {"bag": BoughtLine(1, None, back=1)})
    copies = [Order("o", "s", 0, None, None, {"bag": BoughtLine(1, None)}) for _ in range(2)]
    copies.insert(at, named)
    for one in (first, *copies):
        shares.ordered(one)
    shares.left(first)
    assert shares.returns_too_much("ann")

    shares.left(named)
    assert not shares.returns_too_much("ann")
    assert {"bag": [1, 0]} == shares._items


def test_what_was_told_of_nobody_counts_again_when_who_is_known_is_forgotten() -> None:
    """An order of the browser gives way to the webhook's, and comes back when that one goes."""
    shares = ReturnedShares(0.5, 1)
    browser, webhook = (
        Order("o", "s", 0, who, None, {"bag": BoughtLine(1, None, back=1)}) for who in (None, "ann")
    )
    shares.ordered(browser)
    shares.ordered(webhook)
    assert shares.returns_too_much("ann")

    shares.left(webhook)
    assert not shares.returns_too_much("ann")
    assert {"bag"} == shares.often_back


def copies(*who: str | None, back: int = 0) -> list[Order]:
    """The same order, a bag, told by so many."""
    return [Order("o", "s", 0, one, None, {"bag": BoughtLine(1, None, back=back)}) for one in who]


@pytest.mark.parametrize("who", [("ann", "ann"), (None, None)], ids=["known", "nobody"])
def test_of_what_is_told_twice_of_the_same_shopper_the_first_counts(
    who: tuple[str | None, str | None],
) -> None:
    """What comes back is told of each; of the other one it says nothing, forgotten or not."""
    shares, (first, second) = ReturnedShares(0.5, 1), copies(*who)
    shares.ordered(first)
    shares.ordered(second)
    shares.gone(second, ["bag"])
    shares.nobodys(second)
    assert ([1, 0], {"ann": [1, 0]} if who[0] else {}) == (shares._items["bag"], shares._shoppers)

    shares.gone(first, ["bag"])
    assert [1, 1] == shares._items["bag"]


def test_of_several_that_know_nobody_the_latest_takes_the_place_of_what_is_forgotten() -> None:
    """As it is by then."""
    shares, (first, kept) = ReturnedShares(0.5, 1), copies(None, None)
    (back,) = copies(None, back=1)
    for one in (first, kept, back):
        shares.ordered(one)
    shares.left(first)

    assert {"bag": [1, 1]} == shares._items


def test_who_is_forgotten_takes_along_what_came_back_of_that_order_alone() -> None:
    """One of two orders came back; so it is when it is remembered no longer."""
    shares, lines = ReturnedShares(0.5, 1), {"bag": BoughtLine(1, None, back=1)}
    back = Order("o-1", "s", 0, "ann", None, lines)
    kept = Order("o-2", "s", 0, "ann", None, {"bag": BoughtLine(1, None)})
    for one in (back, kept):
        shares.ordered(one)
    shares.nobodys(back)
    assert {"ann": [1, 0]} == shares._shoppers

    back.shopper_id = None
    shares.left(back)
    assert ({"bag": [1, 0]}, {"ann": [1, 0]}) == (shares._items, shares._shoppers)


def test_what_is_kept_by_others_again_is_offered_again() -> None:
    """As soon as it is no more than the share of what was ordered; and what nobody orders is."""
    shares = ReturnedShares(0.5, 1)
    back, kept = (
        Order(number, "s", 0, None, None, {"bag": BoughtLine(1, None, back=gone)})
        for number, gone in (("o-1", 1), ("o-2", 0))
    )
    shares.ordered(back)
    assert {"bag"} == shares.often_back

    shares.ordered(kept)
    assert set() == shares.often_back

    shares.left(kept)
    assert {"bag"} == shares.often_back

    shares.left(back)
    assert set() == shares.often_back


def test_no_more_items_are_withheld_than_a_decision_can_carry() -> None:
    """Of a shop where everything comes back most is offered."""
    shares = ReturnedShares(0.0, 1)
    lines = {f"item-{number}": BoughtLine(1, None, back=1) for number in range(OFTEN_BACK_MAX + 9)}
    shares.ordered(Order("o", "s", 0, None, None, lines))

    assert OFTEN_BACK_MAX == len(shares.often_back)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    """When the worker starts."""
    with pytest.raises(ValueError, match="returned_share_max"):
        Shop(Settings(**OPEN, returned_share_max=share))
