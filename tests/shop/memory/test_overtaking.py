"""A removal may come before the adds that it took out: the basket is right all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.shop.memory.session import Session
from tests.stories import NOON_MS, Story, Till

QUANTITIES = st.lists(st.integers(1, 5), min_size=1, max_size=5)


def after(*events: Event) -> Session:
    """The session of a shop that folded these, after a first look."""
    shop = Till()
    for event in (Story(start_ms=NOON_MS - 60_000).view("tea", event_id="first"), *events):
        shop.serve(event)
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    return session


@given(QUANTITIES, QUANTITIES, st.data())
def test_adds_and_the_removals_after_them_may_come_in_any_order(
    added: list[int], removed: list[int], data: st.DataObject
) -> None:
    """What is left is the difference; what is missing takes further late adds."""
    story = Story()
    events: list[Event] = [story.add("bread", quantity=quantity) for quantity in added]
    later = story.add("bread", quantity=2)
    events += [story.remove("bread", quantity=quantity) for quantity in removed]
    session = after(*data.draw(st.permutations(events)))
    left = sum(added) - sum(removed)

    assert max(0, left) == session.basket.get("bread", 0)
    assert max(0, -left) == session.taken["bread"].missing
    assert max(0, 2 + min(0, left)) == session.entering(later)


@pytest.mark.parametrize(("removed_s", "left"), [(0, {}), (1, {"bread": 1}), (2, {"bread": 1})])
def test_only_what_is_older_than_a_removal_is_overtaken(
    removed_s: int, left: dict[str, int]
) -> None:
    """An add of the same moment, or a later one, is new: who is in doubt keeps her bread."""
    removal, add = Story().remove("bread", after_s=2), Story().add("bread", after_s=1 + removed_s)

    assert left == after(removal, add.model_copy(update={"event_id": "add"})).basket
