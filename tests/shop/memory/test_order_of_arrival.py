"""What is credited, and what is in the basket, whichever event the broker gets first."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event, PromptClicked
from streams.contract.published.prompts import Prompt
from streams.shop.memory.orders.baskets.taken import REMOVALS_MAX, Taken
from streams.shop.memory.session import ORDERS_MAX, Session
from streams.shop.memory.sessions import session_of
from tests.stories import NOON_MS, Story, Till


def offered(**settings: Any) -> tuple[Till, Story, Prompt]:
    """A shop that has just offered butter to somebody who took bread."""
    shop, story = Till(together_min=1, **settings), Story()
    shop.teach("bread", "butter", times=2)
    return shop, story, shop.prompt(story.add("bread"))


def told(shop: Till, *events: Event) -> list[tuple[str, float]]:
    """The stages that these bring, and what each of them changes."""
    return [(o.stage, round(o.reward, 9)) for e in events for o in shop.serve(e).outcomes]


def earned(shop: Till, *events: Event) -> float:
    """What the prompt has earned by these in all."""
    return round(sum(reward for _, reward in told(shop, *events)), 9)


def session(shop: Till) -> Session:
    """The story's session."""
    found = shop.shop.sessions[0].find("s1")
    assert found is not None
    return found


@pytest.mark.parametrize("after_s", [0, 1])
def test_a_cart_that_an_order_has_emptied_takes_nothing_back(after_s: int) -> None:
    """Told in the same second, or later; cancelled .5 stays, and 1 is earned when ordered anew."""
    shop, story, prompt = offered()
    sold = earned(
        shop,
        story.see(prompt),
        story.add("butter", receipt=prompt.receipt),
        story.order("bread", "butter"),
        story.set_basket(after_s=after_s),
    )
    cancelled = sold + earned(shop, story.cancel())
    anew = cancelled + earned(shop, story.order("bread", "butter"))

    assert [1.0, 0.5, 1.0] == [round(each, 9) for each in (sold, cancelled, anew)]


def test_a_removal_that_an_order_has_emptied_before_takes_nothing_back_either() -> None:
    """There was nothing to be removed; of two that were added one is, of one that was bought."""
    for added, rest in ((1, 0.5), (2, 0.5)):
        shop, story, prompt = offered()
        add = story.add("butter", receipt=prompt.receipt, quantity=added)
        earned(shop, story.see(prompt), add, story.order("butter"), story.remove("butter"))
        assert rest == 1.0 + earned(shop, story.cancel())


def test_a_cart_of_more_kinds_than_a_basket_holds_still_has_what_it_has() -> None:
    """Fifty-six kinds, the prompt's item the last."""
    shop, story, prompt = offered()
    kinds = [f"kind-{number}" for number in range(54)]
    adds = [story.add(kind) for kind in kinds]
    earned(shop, *adds)
    assert 0.5 == earned(
        shop,
        story.add("butter", receipt=prompt.receipt),
        story.set_basket("bread", *kinds, "butter"),
    )
    assert -0.5 == earned(shop, story.set_basket("bread", *kinds))


@pytest.mark.parametrize("after_s", [0, 1])
def test_any_order_of_arrival_earns_the_same(after_s: int) -> None:
    """Added before it is told to be seen, bought, the cart emptied, cancelled: all 120 orders."""
    for order in permutations(range(5)):
        shop, story, prompt = offered()
        add = story.add("butter", receipt=prompt.receipt)
        events: list[Event] = [
            add,
            story.see(prompt),
            story.click(prompt),
            story.order("bread", "butter"),
            story.set_basket(after_s=after_s),
        ]
        in_all = earned(shop, *(events[number] for number in order))
        rest = in_all + earned(shop, story.cancel())
        (impression,) = session(shop).impressions.values()

        assert (1.0, 0.5) == (in_all, round(rest, 9)), order
        assert add.occurred_at_ms == impression.shown_ms
        assert {} == session(shop).basket


@pytest.mark.parametrize(("kept", "left"), [(("bread",), 0.0), (("bread", "butter"), 0.5)])
def test_a_cart_that_overtakes_an_add_takes_back_what_it_does_not_have(
    kept: tuple[str, ...], left: float
) -> None:
    """The add is told when the cart is known already: it earns what it would have left."""
    for turns in (1, -1):
        shop, story, prompt = offered()
        shop.serve(story.see(prompt))
        added: Event = story.add("butter", receipt=prompt.receipt)
        events = [added, story.set_basket(*kept)]
        assert left == earned(shop, *events[::turns])
        assert ("butter" in kept) == session(shop).basket.get("butter", 0)


def test_a_click_on_what_was_not_offered_is_none() -> None:
    """It earns nothing, and proves nothing; one that names no item counts."""
    shop, story, prompt = offered()
    click = story.click(prompt)
    wrong = click.model_copy(update={"item_id": "vodka", "event_id": "wrong"})
    assert [] == told(shop, wrong)
    assert {} == session(shop).impressions

    unnamed = PromptClicked.model_validate(click.model_dump() | {"item_id": None})
    assert [("shown", 0.0), ("clicked", 0.1)] == told(shop, unnamed)


@pytest.mark.parametrize("late_s", [-150, 4000])
def test_a_dismissal_counts_once_however_late(late_s: int) -> None:
    """By a clock that is behind, or after the window: and its items are not offered again."""
    shop, story, prompt = offered(session_gap_s=1e6)
    shop.serve(story.see(prompt))
    first = told(shop, story.dismiss(prompt, after_s=late_s))
    again = told(shop, story.dismiss(prompt), story.dismiss(prompt))

    assert ([("dismissed", 0.0)], []) == (first, again)
    assert 1 == session(shop).dismissals
    assert shop.serve(story.view("bread", after_s=5000)).prompt is None


# Baskets


def test_what_happened_before_a_cart_does_not_change_it() -> None:
    """An add, a removal, an order and an older cart, all late; newer ones do."""
    shop, story = Till(), Story()
    early: list[Event] = [
        story.add("bread"),
        story.remove("jam"),
        story.order("jam"),
        story.set_basket("tea"),
    ]
    shop.serve(story.set_basket("bread", "jam"))
    for event in early:
        shop.serve(event)
        assert {"bread": 1, "jam": 1} == session(shop).basket
    shop.serve(story.add("bread"))
    shop.serve(story.remove("jam"))

    assert {"bread": 2} == session(shop).basket
    again = session_of(session(shop).state())
    assert again.moments == session(shop).moments
    assert again.state() == session(shop).state()


def test_the_surplus_of_a_removal_swallows_no_later_adds() -> None:
    """`Remove all` of one; later two, of which one goes; and another one that comes late."""
    shop, story = Till(), Story()
    for event in (
        story.add("bread"),
        story.remove("bread", quantity=999),
        story.add("bread", quantity=2, after_s=60),
        story.remove("bread", after_s=60),
        story.add("bread", after_s=-30),
    ):
        shop.serve(event)
    assert {"bread": 2} == session(shop).basket
    shop.serve(story.add("bread", after_s=-91))

    assert {"bread": 2} == session(shop).basket


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), max_size=REMOVALS_MAX),
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), max_size=4),
)
def test_a_plain_list_of_missing_pieces_agrees(
    removals: list[tuple[int, int]], adds: list[tuple[int, int]]
) -> None:
    """Each missing piece has its own time; an add fills the earliest of those after it."""
    taken, pieces = Taken(0, 0), list[int]()
    for at_ms, missing in removals:
        taken = taken.more(at_ms, missing)
        pieces += [at_ms] * missing
    for at_ms, quantity in adds:
        after = sorted(piece for piece in pieces if piece > at_ms)
        assert len(after) == taken.overtaken(at_ms)
        taken = taken.less(at_ms, quantity)
        for piece in after[:quantity]:
            pieces.remove(piece)
        assert len(pieces) == taken.missing
        assert taken == Taken.from_state(taken.state())


def test_an_order_that_is_told_again_after_many_others_takes_nothing_out() -> None:
    """The session has forgotten its number, the partition has not."""
    shop, story = Till(), Story()
    for number in range(ORDERS_MAX + 1):
        shop.serve(story.order(f"item-{number}", order_id=f"o-{number}"))
    shop.serve(story.add("item-0"))
    again = shop.serve(story.order("item-0", order_id="o-0"))

    assert {"item-0": 1} == session(shop).basket
    assert () == again.withdrawals
    assert NOON_MS < session(shop).last_ms
