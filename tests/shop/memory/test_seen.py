"""The events that a session has seen: ids for a while, then fingerprints, and never both."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.shop.memory.orders.arrivals import BLOCK, BLOCK_BEFORE, Arrivals
from streams.shop.memory.orders.seen import (
    NAMED_ALL,
    NAMED_MAX,
    REFUSED,
    SEEN_MAX,
    TIED_MAX,
    UNREAD,
    Seen,
    fingerprint,
)
from streams.shop.memory.session import VERSION
from streams.shop.memory.sessions import session_of
from tests.stories import Story, Till

IDS = st.text(min_size=1, max_size=12)


@given(st.lists(IDS, unique=True, max_size=SEEN_MAX + 40), IDS)
def test_it_answers_as_a_dictionary_would(ids: list[str], other: str) -> None:
    """Whichever ids, those of one letter and of zeros included; of too many the latest."""
    seen, plain = Seen(), dict[str, int]()
    for number, event_id in enumerate(ids):
        assert (number >= NAMED_ALL) == seen.note(event_id, 1000 * number, at_ms=number)
        plain[event_id] = 1000 * number
        assert number + 1 == seen.noted
    for event_id in [*plain][:-SEEN_MAX]:
        del plain[event_id]

    assert len(plain) == len(seen)
    for event_id in {*ids, other}:
        assert plain.get(event_id) == seen.get(event_id)
        assert (event_id in plain) == (event_id in seen)


@given(st.lists(IDS, unique=True, min_size=1, max_size=20), st.data())
def test_marks_stay_with_their_event(ids: list[str], data: st.DataObject) -> None:
    """When it has its id no more, and after a restart."""
    marked = {mark: data.draw(st.sets(st.sampled_from(ids))) for mark in (REFUSED, UNREAD)}
    seen = Seen()
    for event_id in ids:
        seen.note(event_id, 7, at_ms=0)
        for mark, those in marked.items():
            if event_id in those:
                seen.mark(event_id, mark)
    named, before = json.loads(json.dumps(seen.state()))
    again = Seen.from_state(named, before, seen.marked(REFUSED), seen.marked(UNREAD))

    for mark, those in marked.items():
        assert those == {event_id for event_id in ids if again.is_marked(event_id, mark)}
        for event_id in those:
            again.mark(event_id, mark, on=False)
            assert not again.is_marked(event_id, mark)
    assert {7} == {again[event_id] for event_id in ids}


def test_what_was_not_seen_has_no_mark_and_no_offset() -> None:
    """To mark it changes nothing."""
    seen = Seen()
    seen.mark("e1", UNREAD)

    assert not seen.is_marked("e1", UNREAD)
    with pytest.raises(KeyError):
        seen["e1"]


def test_a_fingerprint_that_stands_across_two_records_is_no_event() -> None:
    """Only whole records count."""
    told = fingerprint("e")
    before = [["00" * 4 + told[:4].hex(), int.from_bytes(told[4:] + b"\0\0")], ["ff" * 8, 4]]
    before[0] = ["00" * 8, int.from_bytes(b"\0\0" + told[:4])]
    before[1] = [told[4:].hex() + "00" * 4, 4]
    before += [[f"{number:016x}", 4] for number in range(NAMED_MAX)]
    named = [[f"n{number}", 1] for number in range(NAMED_MAX)]
    seen = Seen.from_state(named, before, [], [])
    seen.arrive([len(seen), 0, -1, -1, []], VERSION)

    assert "e" not in seen
    seen.note("e", 9, at_ms=0)
    for number in range(NAMED_MAX):
        seen.note(f"e{number}", 10, at_ms=0)
    assert 9 == seen["e"]


@pytest.mark.parametrize("before", [[["00", 4]], [["x" * 16, 4]], [["00" * 8, -1]], [[7, 4]], [7]])
def test_records_that_are_none_are_refused(before: list[Any]) -> None:
    """Rather than looked up for ever."""
    with pytest.raises((TypeError, ValueError)):
        Seen.from_state([[f"n{number}", 1] for number in range(NAMED_MAX)], before, [], [])


def test_events_without_their_ids_are_older_than_those_that_have_them() -> None:
    """A session that named fewer than it may would count wrongly from then on."""
    before = [[f"{number:016x}", 4] for number in range(NAMED_ALL)]
    named = [[f"n{number}", 1] for number in range(NAMED_MAX)]
    assert NAMED_ALL + NAMED_MAX == len(Seen.from_state(named, before, [], []))
    for too_few in ((named[1:], before), (named, before[:NAMED_MAX])):
        with pytest.raises(ValueError, match="without"):
            Seen.from_state(*too_few, [], [])


def test_many_events_without_when_they_came_are_refused() -> None:
    """Their session would not know what is in doubt."""
    seen = Seen.from_state([[f"n{number}", 1] for number in range(NAMED_ALL + 1)], [], [], [])
    with pytest.raises(ValueError, match="not when"):
        seen.arrive(None, VERSION)


def before_version_5(state: list[Any], ids: list[str]) -> list[Any]:
    """A session's state as it was when all ids were kept, and times in blocks of 64."""
    noted, forgotten, *rest, _ = state[22]
    held = -(-noted // BLOCK_BEFORE) - forgotten // BLOCK_BEFORE
    blocks = [state[2]] * held
    offsets = [[event_id, place] for place, event_id in enumerate(ids)]
    return [
        *state[:10],
        offsets,
        [],
        state[12],
        4,
        *state[14:22],
        [noted, forgotten, *rest, blocks],
    ]


@pytest.mark.parametrize("events", [3, 40, 64, 95, 96, 97, 130, 200, 256])
def test_a_session_of_version_4_goes_on(events: int) -> None:
    """It remembered 256 ids; what is too many today is forgotten, and is in doubt from then on."""
    shop, story = Till(), Story()
    told = [story.check_out() for _ in range(events)]
    shop.serve(told[0])
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    state = json.loads(json.dumps(session.state()))
    state[2] = told[-1].occurred_at_ms
    state[22] = [events, 0, -1, -1, []]
    again = session_of(before_version_5(state, [event.event_id for event in told]))

    assert min(events, TIED_MAX) == len(again.seen)  # all at the time of the last
    assert all(event.event_id in again.seen for event in told[-TIED_MAX:])
    assert events - 1 == again.seen[told[-1].event_id]
    stranger = story.check_out()
    late = stranger.model_copy(update={"occurred_at_ms": told[0].occurred_at_ms})
    doubted = again.seen.first(late, offset=events) == -1
    assert doubted == again.seen.is_too_late(late)
    assert (events > TIED_MAX) == doubted
    assert json.loads(json.dumps(again.state())) == json.loads(
        json.dumps(session_of(json.loads(json.dumps(again.state()))).state())
    )


@pytest.mark.parametrize(("noted", "forgotten"), [(100, 0), (300, 70), (300, 100), (128, 64)])
def test_times_in_larger_blocks_are_those_of_their_parts(noted: int, forgotten: int) -> None:
    """Each of two parts has the latest of both: more is in doubt then, never less."""
    held = -(-noted // BLOCK_BEFORE) - forgotten // BLOCK_BEFORE
    first = forgotten // BLOCK_BEFORE
    blocks = [100 * (first + place + 1) for place in range(held)]
    state = [noted, forgotten, 5, 6, blocks]
    arrivals = Arrivals.of_version_4(state, noted - forgotten)
    again = Arrivals.from_state(arrivals.state(), noted - forgotten)

    assert arrivals == again
    while arrivals.forgotten < noted // BLOCK * BLOCK:
        place = arrivals.forgotten
        arrivals.forget(offset=place)
        assert 100 * (place // BLOCK_BEFORE + 1) == arrivals.until_ms
