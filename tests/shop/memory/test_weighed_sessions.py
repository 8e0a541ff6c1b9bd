"""When a session is weighed, and how much it keeps of what: to the last one."""

from collections.abc import Callable

import pytest

from streams.contract.events import OrderLine
from streams.shop.memory.answer import Silence
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.orders.baskets.taken import Taken
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.reached import Reached
from streams.shop.memory.orders.weight import BYTES_MAX, WEIGHED_EVERY, WEIGHED_FROM, weight
from streams.shop.memory.session import (
    LOOKED_MAX,
    ORDERS_MAX,
    VIEWED_MAX,
    Session,
)
from tests.shop.memory.orders.test_earnings import RECEIPT
from tests.stories import NOON_MS, Story, Till

AT_ONCE: dict[str, Callable[[Session, Story], None]] = {
    "a removal": lambda session, story: session.remove(story.remove("soap")),
    "an order": lambda session, story: session.order(story.order("soap")),
    "a cart": lambda session, story: session.set_basket(story.set_basket("soap")),
    "a prompt": lambda session, _: session.remember(
        Impression(RECEIPT, [Reached("shown", "e0", NOON_MS)])
    ),
}


def visit() -> tuple[Story, Session]:
    """A session, and what happens in it."""
    return Story(), Session("s1", NOON_MS, NOON_MS)


def heavy() -> tuple[Story, Session]:
    """One that has come to weigh more than it may."""
    story, session = visit()
    session.taken = {f"taken-{number}": Taken(NOON_MS, 0) for number in range(22)}
    session.bought = {f"bought-{number}": NOON_MS for number in range(40)}
    assert weight(session) > BYTES_MAX
    return story, session


@pytest.mark.parametrize("change", AT_ONCE)
def test_what_makes_a_session_much_heavier_has_it_weighed_at_once(change: str) -> None:
    """It never weighs more than it may, not for an event either."""
    story, session = heavy()
    AT_ONCE[change](session, story)

    assert weight(session) <= BYTES_MAX


def test_a_busy_session_is_weighed_every_fourth_event() -> None:
    """From the twentieth on; a visit of fewer never gets there by looks alone."""
    story, session = heavy()
    for number in range(1, WEIGHED_FROM + WEIGHED_EVERY + 1):
        assert weight(session) > BYTES_MAX
        session.note(story.check_out(), number)
    assert weight(session) <= BYTES_MAX


def test_a_visit_knows_so_many_of_its_looks_and_each_of_them_once() -> None:
    """What it has looked at before teaches nothing, nor does what there is no room for."""
    story, session = visit()
    for number in range(LOOKED_MAX + 5):
        event = story.view(f"item-{number}")
        assert session.looks_first(event.item_id) == (number < LOOKED_MAX)
        session.view(event)
        assert not session.looks_first(event.item_id)

    assert session.looked is not None
    assert (LOOKED_MAX, VIEWED_MAX) == (len(session.looked), len(session.viewed))


def test_the_orders_of_a_session_are_bounded() -> None:
    """The first is forgotten first, and what it was told by."""
    story, session = visit()
    orders = []
    for _ in range(ORDERS_MAX + 1):
        session.add(story.add("bread"))
        orders.append(story.order("bread"))
    for order in orders[:-1]:
        session.order(order)
    assert session.was_ordered_by(orders[0])
    session.order(orders[-1])

    assert [order.order_id for order in orders[1:]] == list(session.orders)
    assert [False] + [True] * ORDERS_MAX == [session.was_ordered_by(order) for order in orders]


def test_a_cart_is_as_full_as_a_basket_and_its_lines_add_up() -> None:
    """Those of further kinds are left out; more of what is there is not."""
    story, session = visit()
    kinds = [*range(BASKET_MAX + 1), 0, BASKET_MAX - 1]
    lines = tuple(OrderLine(item_id=f"item-{number}", quantity=2) for number in kinds)
    session.set_basket(story.set_basket(lines=lines))

    assert [f"item-{number}" for number in range(BASKET_MAX)] == list(session.basket)
    assert [4, 2, 2, 4] == [
        session.basket[f"item-{number}"] for number in (0, 1, BASKET_MAX - 2, BASKET_MAX - 1)
    ]


def test_a_cart_that_is_told_ends_a_checkout() -> None:
    """The shopper is back from paying."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    shop.serve(story.check_out())
    assert Silence("checkout") == shop.serve(story.view("bread")).silence
    shop.serve(story.set_basket("toast"))

    assert shop.serve(story.view("bread")).prompt


def test_a_prompt_that_is_remembered_is_not_forgotten_whatever_was_forgotten_since() -> None:
    """Its feedback counts; that of one as old which is not remembered may have counted before."""
    _, session = visit()
    session.remember(Impression(RECEIPT, [Reached("shown", "e0", NOON_MS)]))
    session.forgotten = (RECEIPT.prompted_at_ms, RECEIPT.prompt_id)
    older, newer = (
        RECEIPT._replace(prompt_id="another", prompted_at_ms=RECEIPT.prompted_at_ms + more_ms)
        for more_ms in (-1, 1)
    )

    assert not session.may_have_forgotten(RECEIPT)
    assert session.may_have_forgotten(older)
    assert not session.may_have_forgotten(newer)
