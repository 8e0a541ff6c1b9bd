"""What a shop learns that tells whole baskets (`basket_updated`), and no adds."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event, ItemAdded, ItemRemoved, OrderLine
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.orders.weight import weight
from streams.shop.memory.session import Session
from streams.shop.memory.sessions import session_of
from streams.shop.memory.taught import TAUGHT_MAX
from streams.shop.state import restore
from tests.deep_size import deep_size
from tests.stories import NOON_MS, Story, Till

V: dict[str, Any] = {"schema_version": 2, "visitor_id": "v"}
ANN: dict[str, Any] = {"shopper_id": "ann"}


def served(*events: Event, **settings: Any) -> Till:
    """A shop that has been told of these."""
    till = Till(**settings)
    for event in events:
        till.serve(event)
    return till


def learned(till: Till) -> dict[str, Any]:
    """All that baskets teach: what stands together, what is popular, what follows what."""
    names = ("baskets", "popularity", "fit")
    return {name: part.state() for name in names if (part := till.shop.parts().get(name))}


def pairs(till: Till, *items: str) -> list[int]:
    """In how many baskets each of two items next to each other in this list met."""
    lift = till.shop.learned.baskets.lift
    return [lift(*pair).together for pair in pairwise(items)]


def counts(till: Till, *items: str) -> list[int]:
    """In how many baskets each of these was."""
    return [till.shop.learned.baskets.lift(item, item).of_a for item in items]


def as_carts(events: Iterable[Event]) -> Iterable[Event]:
    """The same story, told by what is in the basket after each change."""
    held: dict[str, int] = {}
    for event in events:
        if not isinstance(event, ItemAdded | ItemRemoved):
            yield event
            continue
        sign = 1 if isinstance(event, ItemAdded) else -1
        held[event.item_id] = held.get(event.item_id, 0) + sign * event.quantity
        held = {item: quantity for item, quantity in held.items() if quantity > 0}
        lines = tuple(OrderLine(item_id=item, quantity=n) for item, n in held.items())
        at_ms = event.occurred_at_ms
        story = Story(event.session_id)
        yield story.set_basket(lines=lines, event_id=event.event_id, occurred_at_ms=at_ms)


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "add", "remove"]), st.sampled_from("abcde")), max_size=20
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.booleans())
def test_carts_teach_what_adds_of_the_same_story_teach(steps: Any, order: bool) -> None:
    """If the first cart is empty: then all that follows is the session's own doing."""
    told = []
    for story in (Story(), Story()):
        changes = [story.set_basket(), *(getattr(story, what)(item) for what, item in steps)]
        told.append([*changes, *([story.order("a", "e")] if order else [])])
    added, carts = told[0], list(as_carts(told[1]))

    assert learned(served(*carts)) == learned(served(*added))


def test_a_hundred_baskets_by_carts_teach_as_many_pairs() -> None:
    """With an order or without; what an order tells, its basket has taught."""
    for order in (False, True):
        till = Till()
        for number in range(100):
            story = Story(f"s{number}")
            for size in range(4):
                till.serve(story.set_basket(*("bread", "butter", "jam")[:size]))
            if order:
                till.serve(story.order("bread", "butter", "jam"))

        assert [100, 100] == pairs(till, "bread", "butter", "jam")
        assert [100] * 3 == counts(till, "bread", "butter", "jam")
        assert 100 == till.shop.learned.baskets.lift("bread", "jam").sessions


def test_what_the_first_cart_of_a_visit_brings_is_not_taught() -> None:
    """Another session may have: neither by itself, nor beside what comes, nor by its order."""
    story = Story()
    till = served(
        story.set_basket("bread", "butter"),
        story.set_basket("bread", "butter", "jam"),
        story.set_basket("bread", "butter", "jam", "tea"),
        story.order("bread", "butter", "jam", "tea"),
    )

    assert [0, 0, 1] == pairs(till, "bread", "butter", "jam", "tea")
    assert [0, 0, 1, 1] == counts(till, "bread", "butter", "jam", "tea")


@pytest.mark.parametrize("said", [{}, ANN, {**ANN, "consent": None}])
@pytest.mark.parametrize("carts", [True, False])
def test_a_basket_that_moves_is_taught_once(said: dict[str, Any], carts: bool) -> None:
    """However the first session told it, and whoever signs in in the next one."""
    before, after = Story("before"), Story("after", **said)
    events: list[Event] = [before.set_basket(), before.add("bread"), before.add("butter")]
    till = served(
        *(as_carts(events) if carts else events),
        after.set_basket("bread", "butter"),
        after.set_basket("bread", "butter", "jam"),
        after.order("bread", "butter", "jam"),
    )

    assert [1, 0] == pairs(till, "bread", "butter", "jam")
    assert [1, 1, 1] == counts(till, "bread", "butter", "jam")


@pytest.mark.parametrize(
    ("first", "then", "taught"),
    [
        ({}, {}, 1),
        ({}, ANN, 0),
        ({}, {**ANN, "consent": False}, 0),
        (ANN, ANN, 1),
        (ANN, {"shopper_id": "bob"}, 0),
        (ANN, {"schema_version": 2, "shopper_id": None}, 0),
        ({**ANN, "consent": False}, {**ANN, "consent": False}, 1),
    ],
)
def test_who_signs_in_may_bring_another_basket(first: Any, then: Any, taught: int) -> None:
    """The one from another device is merged: its other session has taught it."""
    story = Story()
    till = served(
        story.set_basket(**first),
        story.set_basket("bread", "butter", **then),
        story.set_basket("bread", "butter", "jam", "tea", **then),
    )

    assert [taught, taught, 1, 1] == counts(till, "bread", "butter", "jam", "tea")
    assert [taught, taught, 1] == pairs(till, "bread", "butter", "jam", "tea")


def test_who_comes_back_between_two_carts_may_bring_another_basket() -> None:
    """Somebody else was there meanwhile: her basket may have been elsewhere."""
    story = Story()
    till = served(
        story.set_basket("bread", **ANN),
        story.view("tea", shopper_id="bob"),
        story.set_basket("bread", "jam", **ANN),
        story.set_basket("bread", "jam", "tea", **ANN),
    )

    assert [0, 0, 1] == counts(till, "bread", "jam", "tea")


def test_after_a_pause_the_first_cart_is_one_of_another_visit() -> None:
    """Another device may have changed it since."""
    story = Story()
    till = served(
        story.set_basket(),
        story.set_basket("bread", "butter", after_s=3600),
        story.set_basket("bread", "butter", "jam"),
    )

    assert [0, 0, 1] == counts(till, "bread", "butter", "jam")


def test_a_basket_after_an_order_is_taught_anew() -> None:
    """It is known to be empty then."""
    story = Story()
    told: list[Event] = [story.set_basket()]
    for _ in range(2):
        told += [story.set_basket("bread"), story.set_basket("bread", "jam")]
        told.append(story.order("bread", "jam"))
    till = served(*told)

    assert [2] == pairs(till, "bread", "jam")
    assert [2, 2] == counts(till, "bread", "jam")


def test_a_cart_that_comes_late_teaches_nothing() -> None:
    """The order has ended what it tells, and taken it out of the basket."""
    story = Story()
    empty, cart = story.set_basket(), story.set_basket("bread", "jam")
    till = served(empty, story.order("bread", "jam"), cart)

    assert [1] == pairs(till, "bread", "jam")
    found = till.shop.sessions[0].find("s1")
    assert found is not None
    assert {} == found.basket


def test_a_visitors_next_session_goes_on_with_what_is_known_of_the_basket() -> None:
    """On one partition, where nobody signs in: what is new is its own."""
    before, after = Story("before", **V), Story("after", **V)
    told = [before.set_basket(), before.set_basket("bread")]
    after.now_ms = before.now_ms
    till = served(*told, after.set_basket("bread", "jam"))

    assert [1] == pairs(till, "bread", "jam")


def test_what_left_the_basket_meets_nothing_that_came_since() -> None:
    """One cart takes the bread out, and brings the jam."""
    story = Story()
    till = served(*(story.set_basket(*items) for items in ((), ("bread",), ("jam",))))

    assert [0] == pairs(till, "bread", "jam")
    assert [1, 1] == counts(till, "bread", "jam")


def test_a_huge_cart_teaches_so_many() -> None:
    """What the basket has no room for counts, and meets nothing that has none either."""
    items = [f"item-{number:03d}" for number in range(TAUGHT_MAX + 20)]
    story = Story()
    till = served(story.set_basket(), story.set_basket(*items), pairs_per_item_max=256)
    met = pairs(till, *items)

    assert [1, 0] == counts(till, items[TAUGHT_MAX - 1], items[TAUGHT_MAX])
    assert (BASKET_MAX, 1, 0) == (sum(met), met[BASKET_MAX - 1], met[BASKET_MAX])


def test_the_ranker_learns_from_carts_as_from_adds() -> None:
    """What follows what, by the steps of the session's own."""
    stories = [Story(), Story()]
    told: list[list[Event]] = [
        [s.set_basket(), s.view("tea"), s.add("bread"), s.add("jam")] for s in stories
    ]
    added, carts = served(*told[0], best_fit=True), served(*as_carts(told[1]), best_fit=True)
    paths = [till.shop.sessions[0].find("s1") for till in (added, carts)]

    assert [["tea", "bread", "jam"]] * 2 == [session and session.path for session in paths]


def test_that_a_cart_was_told_is_weighed() -> None:
    """A session takes 8 KB at most, with that as well."""
    till = served(Story().set_basket(**ANN))
    session = till.shop.sessions[0].find("s1")
    assert session is not None
    before, cart = weight(session), session.taught.cart
    session.taught.cart = None

    assert deep_size(cart) <= before - weight(session) <= 100


def test_that_a_cart_was_told_is_kept() -> None:
    """A checkpoint knows it; and of one that was written before nothing is known."""
    story = Story()
    till = served(story.set_basket())
    session = till.shop.sessions[0].find("s1")
    assert session is not None
    again = session_of(session.state())
    assert session.taught.cart == again.taught.cart is not None

    woken = Till()
    restore(woken.shop.parts(), till.shop.state())
    woken.serve(story.set_basket("bread"))
    assert [1] == counts(woken, "bread")

    old = Session("s1", NOON_MS, NOON_MS).state()
    old[old.index(7)] = 6
    assert session_of(old).taught.cart is None
    state = session.state()
    place = state.index(session.taught.state())
    for wrong in (7, None, ["x"]):
        with pytest.raises((TypeError, ValueError)):
            session_of([*state[:place], [*state[place][:2], wrong], *state[place + 1 :]])
