"""Carts bring and take out items as adds and removals do; a checkout ends by its own time."""

from itertools import permutations

import pytest

from streams.contract.events import Event
from streams.contract.published.prompts import Prompt
from streams.shop.memory.answer import Silence
from tests.stories import Story, Till

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
