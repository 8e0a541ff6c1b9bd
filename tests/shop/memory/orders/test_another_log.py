"""A session goes on on another log: what it has seen was before all that it is told from there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import ItemViewed
from streams.shop.memory.orders.seen import (
    NAMED_ALL,
    OFFSET_MAX,
    REFUSED,
    SEEN_MAX,
    UNREAD,
    Seen,
)
from tests.shop.memory.orders.test_seen_records import again, many
from tests.stories import Story

MARKS = {"": (), "refused": (REFUSED,), "unread": (UNREAD,), "both": (REFUSED, UNREAD)}
NUMBERS = (3, NAMED_ALL, NAMED_ALL + 1, SEEN_MAX, SEEN_MAX + 20)


def marked(number: int, first_offset: int) -> Seen:
    """So many events, of which each has marks of its own kind."""
    seen = many(number, first_offset)
    for place in range(number):
        for mark in [*MARKS.values()][place % len(MARKS)]:
            seen.mark(f"e{place}", mark)
    return seen


def busy() -> tuple[Seen, ItemViewed]:
    """A session that has forgotten 40 events, at 539 the last, and an event of back then."""
    story, seen = Story(), Seen()
    first = story.view("tea")
    for place in range(SEEN_MAX + 40):
        seen.note(f"e{place}", 500 + place, at_ms=first.occurred_at_ms + place)
    return seen, first


@given(
    st.sampled_from(NUMBERS), st.integers(0, 5) | st.integers(0, OFFSET_MAX - 99), st.integers(0, 9)
)
def test_what_was_seen_later_than_the_new_log_begins_was_seen_just_before_it(
    number: int, first_offset: int, begins: int
) -> None:
    """Named or a record; what was seen earlier stays where it was, and so do all marks."""
    before, seen = marked(number, first_offset), marked(number, first_offset)
    offset = first_offset + begins * number // 9  # from before all of it to behind it
    seen.rebase(offset)

    assert len(before) == len(seen)
    for place in range(number):
        event_id = f"e{place}"
        was = before.get(event_id)
        now = None if was is None else min(was, max(0, offset - 1))
        assert now == seen.get(event_id)
        for mark in (REFUSED, UNREAD):
            assert before.is_marked(event_id, mark) == seen.is_marked(event_id, mark)
    assert [*before.named] == [*seen.named]
    assert seen.state() == again(seen).state()


@pytest.mark.parametrize("number", NUMBERS)
def test_on_a_log_that_begins_anew_all_was_seen_at_its_first_offset(number: int) -> None:
    """No offset is less."""
    seen = marked(number, 1_001)
    seen.rebase(0)

    assert {0} == {seen[f"e{place}"] for place in range(max(0, number - SEEN_MAX), number)}


@pytest.mark.parametrize("offset", [0, 1, 7, 500])
def test_an_event_of_before_that_the_new_log_tells_again_is_in_doubt_from_its_first_offset_on(
    offset: int,
) -> None:
    """Its id is forgotten: what the new log tells of that time may be a repeat, wherever it is."""
    seen, late = busy()
    assert (539, -1) == (seen.first(late, 539), seen.first(late, 540))
    seen.rebase(offset)

    assert [max(0, offset - 1), -1] == [
        seen.first(late, place) if place >= 0 else 0 for place in (offset - 1, offset)
    ]
    assert -1 == seen.first(late, offset + 1)


def test_what_was_forgotten_before_the_new_position_was_folded_itself() -> None:
    """Whoever goes on further along one log doubts no event that the old position had."""
    seen, late = busy()
    seen.rebase(10_000)

    assert [539, -1] == [seen.first(late, 539), seen.first(late, 540)]


def test_where_all_are_named_nothing_is_in_doubt_on_another_log() -> None:
    """A short visit has forgotten nothing."""
    seen, early = many(NAMED_ALL, 500), Story().view("tea")
    seen.rebase(3)

    assert not seen.is_too_late(early)
    assert 3 == seen.first(early, 3)
