"""Carts bring and take out items as adds and removals do; a checkout ends by its own time."""

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.published.prompts import Prompt
from streams.lab.chaos.twin.twin import Twin
from streams.shop.memory.answer import Silence
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
