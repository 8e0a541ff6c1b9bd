"""Carts bring and take out items as adds and removals do; a checkout ends by its own time."""

import json
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event, OrderLine
from streams.contract.published.prompts import Prompt
from streams.lab.chaos.twin.twin import Twin
from streams.shop.memory.answer import Silence
from streams.shop.memory.orders.baskets.moments import LOST, Moments
from streams.shop.memory.orders.weight import BYTES_MAX, ROOM_BYTES, weight
from streams.shop.memory.session import Session
from tests.stories import NOON_MS, Story, Till

PAYING = Silence("checkout")


def offered() -> tuple[Till, Story, Prompt]:
    """A shop that has just offered butter to somebody who took bread."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    return shop, story, shop.prompt(story.add("bread", after_s=10))


def test_what_a_cart_takes_out_is_not_offered_in_this_visit_but_in_the_next() -> None:
    """As what a removal takes out."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    for cart in ([], ["bread"], ["bread", "butter"], ["bread"]):
        shop.serve(story.set_basket(*cart))

    assert shop.serve(story.view("bread")).prompt is None
    assert shop.serve(story.view("bread", after_s=3600)).prompt


def in_shop(till: Till) -> Session:
    """The session of the story."""
    session = till.shop.sessions[0].find("s1")
    assert session is not None
    return session


def held(till: Till) -> dict[str, int]:
    """What is in the basket."""
    return in_shop(till).basket


@pytest.mark.parametrize("late_s", [2, 3_600, 7 * 86_400])
@pytest.mark.parametrize("cart", [[], ["jam"], ["butter", "jam"]])
def test_an_add_stays_in_the_basket_when_a_cart_of_before_it_comes_after_it(
    late_s: int, cart: list[str]
) -> None:
    """It is not offered: a cart tells what was there then, and of what came since nothing."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    shop.serve(story.add("butter"))
    shop.serve(story.set_basket(*cart, after_s=-late_s))
    prompt = shop.serve(story.view("bread", after_s=late_s)).prompt

    assert {"butter", *cart} == {*held(shop)}
    assert prompt is None or "butter" not in {item.item_id for item in prompt.items}


@pytest.mark.parametrize("what", ["remove", "order"])
def test_what_was_taken_out_stays_out_when_a_cart_of_before_that_comes_after_it(what: str) -> None:
    """Whether its add is from before the cart or has not come."""
    for adds in (True, False):
        shop, story = Till(), Story()
        if adds:
            shop.serve(story.add("butter"))
        cart = story.set_basket("butter", "jam")
        shop.serve(getattr(story, what)("butter"))
        shop.serve(cart)

        assert {"jam": 1} == held(shop)


def test_a_cart_of_now_sets_what_was_changed_before_it() -> None:
    """As told last, or at the same moment."""
    shop, story = Till(), Story()
    for event in (story.add("butter"), story.remove("tea"), story.add("jam")):
        shop.serve(event)
    shop.serve(story.set_basket("tea", after_s=0))

    assert {"tea": 1} == held(shop)


@pytest.mark.parametrize(("changes", "believed"), [(4, True), (5, False)])
def test_a_cart_from_before_what_is_forgotten_says_nothing(changes: int, believed: bool) -> None:
    """Of four items it is known when they were changed last; no doubt takes anything out."""
    shop, story = Till(), Story()
    shop.serve(story.add("butter"))
    cart = story.set_basket("bread", after_s=0.5)
    items = [f"item-{number}" for number in range(changes)]
    for item in items:
        shop.serve(story.add(item))
    shop.serve(cart)

    assert {*items, "bread" if believed else "butter"} == {*held(shop)}


def bring(story: Story, *quantities: tuple[str, int], after_s: float) -> Event:
    """A cart of so many of each."""
    lines = tuple(OrderLine(item_id=item, quantity=number) for item, number in quantities)
    return story.set_basket(lines=lines, after_s=after_s)


@pytest.mark.parametrize(
    ("changes", "cart", "left"),
    [
        ([("remove", 1)], 3, 2),
        ([("order", 1)], 3, 2),
        ([("add", 1)], 3, 4),
        ([("remove", 3)], 3, 0),
        ([("remove", 3), ("add", 2)], 1, 2),
        ([("add", 2), ("remove", 1)], 3, 4),
        ([("add", 1), ("add", 1), ("add", 1)], 9, 3),  # too many to know: as it was
    ],
)
def test_what_came_and_went_since_a_late_cart_is_reckoned_on_top_of_it(
    changes: list[tuple[str, int]], cart: int, left: int
) -> None:
    """Whatever of it the session had known; and the rest is not offered."""
    shop, story = Till(), Story()
    shop.teach("bread", "tea")
    shop.serve(story.view("bread"))
    late = bring(story, ("tea", cart), after_s=1)
    for what, number in changes:
        line = {"lines": (OrderLine(item_id="tea", quantity=number),)}
        said = line if what == "order" else {"quantity": number}
        shop.serve(getattr(story, what)("tea", **said))
    shop.serve(late)
    prompt = shop.serve(story.view("bread", after_s=3_600)).prompt

    assert ({"tea": left} if left else {}) == held(shop)
    assert bool(left) == (prompt is None or "tea" not in {one.item_id for one in prompt.items})


def test_what_found_no_room_was_no_change_for_a_late_cart() -> None:
    """The basket is full when tea is added; the cart of before that has it."""
    shop, story = Till(), Story()
    for number in range(54):
        shop.serve(story.add(f"i{number}"))
    late = story.set_basket("tea", "i0")
    shop.serve(story.add("tea"))
    shop.serve(late)

    assert {"tea": 1, "i0": 1} == held(shop)


def test_a_heavy_visit_over_what_changes_the_basket_is_noted_again() -> None:
    """A week later a cart of before an add leaves it; one of before the visit says nothing."""
    for late_s in (1, 8 * 86_400):
        shop, story = Till(basket_ttl_s=30 * 86_400), Story()
        for event in heavy(story):
            shop.serve(event)
        assert in_shop(shop).moments.changed is LOST
        shop.serve(story.view("jam", after_s=7 * 86_400))
        late = story.set_basket("jam", after_s=1 - late_s)
        shop.serve(story.add("tea", after_s=late_s))
        shop.serve(late)

        assert ({"tea", "jam"} if late_s == 1 else {"tea"}) == {*held(shop)}


def heavy(story: Story) -> Iterator[Event]:
    """So many changes that the session lets go of when they were; nothing is left."""
    for number in range(160):
        yield story.add(f"item-{number}")
        yield story.remove(f"item-{number}")
        yield story.view(f"item-{number}")


def test_of_a_basket_kept_without_how_many_came_a_late_cart_leaves_what_was_changed() -> None:
    """As earlier versions kept it: when, and no more."""
    times_ms = [0, 0, 0]
    moments = Moments.from_state([times_ms, [], [["", 5], ["tea", NOON_MS]]])

    assert {"tea": None} == moments.since(NOON_MS - 1)
    assert 5 == moments.unsure_ms


@pytest.mark.parametrize("cart", [True, False])
def test_a_basket_that_was_kept_without_its_changes_is_left_by_a_late_cart(cart: bool) -> None:
    """Nobody knows which of them came after it; a cart of now sets it."""
    shop, story = Till(), Story()
    shop.serve(story.set_basket("bread") if cart else story.view("bread"))
    late = story.set_basket("jam")
    shop.serve(story.add("tea"))
    kept: list[Any] = json.loads(json.dumps(shop.shop.sessions[0].state()))
    (said,) = kept[1]
    said[3][5] = [*said[3][5][:1], *(said[3][5][1:3] if cart else [])]  # as it was once
    again = shop.shop.new(shop.shop.settings)._sessions(0)
    again.restore(kept)
    session = again.find("s1")
    assert session is not None
    session.set_basket(late)
    held_then = {*session.basket}
    session.set_basket(story.set_basket("milk"))

    assert ({"bread", "tea"} if cart else {"tea"}) == held_then
    assert {"milk"} == {*session.basket}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "remove", "order", "set_basket"]),
        st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=3),
        st.sampled_from([0.0, 1.0, 2.0, 5.0, 9.0, 3_600.0]),
    ),
    max_size=14,
)


@given(STEPS)
def test_baskets_of_carts_that_come_late_are_those_of_a_plain_twin(
    steps: list[tuple[str, list[str], float]],
) -> None:
    """As they are when they have been kept, and read again."""
    till, story = Till(), Story()
    twin = Twin(till.shop.settings)
    for number, (what, items, late_s) in enumerate(steps):
        story.now_ms = NOON_MS + 1_000 * number - round(1_000 * late_s)
        if number and weight(in_shop(till)) + 2 * ROOM_BYTES > BYTES_MAX:
            break  # too heavy a session lets go when its basket was changed
        words = items[:1] if what in ("add", "remove") else items
        event = getattr(story, what)(*words)
        till.serve(event)
        twin.see(0, event)
        kept: list[Any] = json.loads(json.dumps(till.shop.sessions[0].state()))
        again = till.shop.new(till.shop.settings)._sessions(0)
        again.restore(kept)

        assert kept == json.loads(json.dumps(again.state()))
    assert (twin.ledger().baskets.get("s1") or {}) == (held(till) if steps else {})


def test_a_cart_that_brings_what_is_offered_withdraws_the_prompt() -> None:
    """One that does not, or that a newer cart has overtaken, does not."""
    shop, story, prompt = offered()
    older = story.set_basket("bread", "butter")
    assert () == shop.serve(story.set_basket("bread", "tea")).withdrawals
    assert () == shop.serve(older).withdrawals
    (withdrawn,) = shop.serve(story.set_basket("bread", "butter")).withdrawals

    assert (prompt.prompt_id, "added") == (withdrawn.prompt_id, withdrawn.because)


def test_an_add_that_its_removal_has_overtaken_withdraws_nothing() -> None:
    """Nothing entered the basket."""
    shop, story, _ = offered()
    shop.serve(story.remove("butter"))
    assert () == shop.serve(story.add("butter", after_s=-0.5)).withdrawals

    assert shop.serve(story.add("butter")).withdrawals


def test_an_add_to_a_full_basket_withdraws_the_prompt() -> None:
    """There is no room to remember it, and it is in the shop's cart."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    for number in range(54):
        shop.serve(story.add(f"kind-{number}"))
    prompt = shop.prompt(story.view("bread"))
    assert "butter" in {item.item_id for item in prompt.items}
    withdrawn = shop.serve(story.add("butter")).withdrawals

    assert prompt.prompt_id in {one.prompt_id for one in withdrawn}


def test_a_cart_that_changes_nothing_leaves_the_checkout_quiet() -> None:
    """It is told on each page; one that changes something ends it."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    for event in (story.add("bread"), story.check_out(), story.set_basket("bread")):
        shop.serve(event)
    assert PAYING == shop.serve(story.view("x")).silence
    shop.serve(story.set_basket("bread", "tea"))

    assert shop.serve(story.view("x")).prompt


@pytest.mark.parametrize("end", ["an order", "a way back", "a removal"])
def test_a_checkout_that_its_end_has_overtaken_silences_nothing(end: str) -> None:
    """Whichever of the two comes first; the next checkout does."""
    for first in permutations(range(2)):
        shop, story = Till(), Story()
        shop.teach("bread", "butter")
        shop.teach("tea", "milk")
        shop.serve(story.add("tea"))
        shop.serve(story.add("toast"))
        checkout = story.check_out()
        ends: dict[str, Event] = {
            "an order": story.order("toast"),
            "a way back": story.leave_checkout(),
            "a removal": story.remove("toast"),
        }
        for place in first:
            shop.serve((checkout, ends[end])[place])
        assert shop.serve(story.view("bread", after_s=60)).prompt
        shop.serve(story.check_out())
        assert PAYING == shop.serve(story.view("bread")).silence
