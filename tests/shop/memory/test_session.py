"""What a session remembers."""

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.shop.memory.orders.seen import SEEN_MAX
from streams.shop.memory.session import VIEWED_MAX, Session
from streams.shop.memory.sessions import Sessions
from tests.stories import NOON_MS, Story


def sessions(sessions_max: int = 10) -> Sessions:
    """The sessions of one partition, with a gap of half an hour."""
    return Sessions(gap_s=1800, basket_ttl_s=86_400, sessions_max=sessions_max)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.integers(1, 5))))
def test_a_basket_never_goes_negative(steps: list[tuple[bool, str, int]]) -> None:
    """Whatever is added and removed, quantities are positive and equal the obvious arithmetic."""
    story, session, expected = Story(), Session("s1", NOON_MS, NOON_MS), dict[str, int]()
    for added, item, quantity in steps:
        if added:
            session.add(story.add(item, quantity=quantity))
            expected[item] = expected.get(item, 0) + quantity
        else:
            session.remove(story.remove(item, quantity=quantity))
            expected[item] = max(0, expected.get(item, 0) - quantity)

    assert {item: n for item, n in expected.items() if n} == session.basket


def test_an_order_empties_the_basket() -> None:
    """What was ordered is bought, and no longer in the basket."""
    story, session = Story(), Session("s1", NOON_MS, NOON_MS)
    session.add(story.add("bread"))
    session.add(story.add("butter"))
    session.order(story.order("bread", "butter"))

    assert {} == session.basket
    assert ["bread", "butter"] == list(session.bought)


def test_after_a_pause_the_visit_is_new_and_the_basket_is_not() -> None:
    """Views are gone, the basket and the ids of seen events are not."""
    story, of = Story(), sessions()
    seen, first = story.view("tea"), story.add("bread")
    before = of.of(seen)
    before.view(seen)
    before.note(first, 0)
    before.add(first)
    after = of.of(story.add("jam", after_s=1801))

    assert ([], {"bread": 1}) == (after.viewed, after.basket)
    assert (1, 0) == (len(after.seen), after.seen[first.event_id])


def test_within_the_gap_the_session_goes_on() -> None:
    """A pause of exactly the gap is no break."""
    story, of = Story(), sessions()

    assert of.of(story.view("bread")) is of.of(story.view("jam", after_s=1800))


def test_the_session_idle_longest_leaves_first() -> None:
    """The number of sessions is bounded."""
    of = sessions(sessions_max=2)
    stories = [Story(f"s{number}") for number in range(3)]
    for story in (*stories[:2], stories[0], stories[2]):
        of.of(story.view("bread"))

    assert 2 == len(of)
    assert of.find("s1") is None
    assert of.find("s0") is not None


def test_views_and_seen_ids_are_bounded() -> None:
    """A session that never ends does not grow."""
    story, session = Story(), Session("s1", NOON_MS, NOON_MS)
    for number in range(2 * SEEN_MAX):
        event = story.view(f"item-{number}")
        session.note(event, number)
        session.view(event)

    assert VIEWED_MAX == len(session.viewed)
    assert SEEN_MAX == len(session.seen)


def test_what_a_partition_has_forgotten_comes_back() -> None:
    """So that a prompt of a session that left is not counted anew after a restart."""
    of, again = sessions(), sessions()
    of.forgotten = (NOON_MS, "prompt-1")
    again.restore(json.loads(json.dumps(of.state())))

    assert (NOON_MS, "prompt-1") == again.forgotten
    assert not again.forgot
