"""Events whose ids are not kept any more: their records are found, marked, and read again."""

import json
from typing import Any

import pytest

from streams.shop.memory.orders.arrivals import BLOCK_BEFORE, Arrivals
from streams.shop.memory.orders.seen import (
    NAMED_ALL,
    NAMED_ALONE,
    NAMED_MAX,
    OFFSET_MAX,
    RECORD_BYTES,
    REFUSED,
    SEEN_MAX,
    SHORT,
    TOLD_BYTES,
    UNREAD,
    Seen,
    fingerprint,
    short,
)

NAMED = [[f"n{number}", number] for number in range(NAMED_MAX)]
FILLED = [[f"{number:02x}" * TOLD_BYTES, 4] for number in range(1, 1 + NAMED_ALL)]


def many(number: int, first_offset: int = 0) -> Seen:
    """A session that has seen so many events."""
    seen = Seen()
    for place in range(number):
        seen.note(f"e{place}", first_offset + place, at_ms=place)
    return seen


def again(seen: Seen) -> Seen:
    """The one that is read from its state."""
    named, before = json.loads(json.dumps(seen.state()))
    return Seen.from_state(named, before, seen.marked(REFUSED), seen.marked(UNREAD))


@pytest.mark.parametrize("place", range(1, RECORD_BYTES))
def test_a_fingerprint_within_other_records_is_passed_over(place: int) -> None:
    """Wherever it begins there: it is nobody's, and the event's own record is found behind it."""
    told = fingerprint("e")
    raw = b"\xee" * place + told + b"\xdd" * (2 * RECORD_BYTES - place - TOLD_BYTES)
    halves = raw[:RECORD_BYTES], raw[RECORD_BYTES:]
    across = [[half[:TOLD_BYTES].hex(), int.from_bytes(half[TOLD_BYTES:])] for half in halves]
    without = Seen.from_state(NAMED, across + FILLED, [], [])
    seen = Seen.from_state(NAMED, [*across, [told.hex(), 7 << 2 | UNREAD], *FILLED], [], [])

    assert ("e" in without, without.get("e")) == (False, None)
    assert ("e" in seen, seen.get("e")) == (True, 7)
    assert (seen.is_marked("e", UNREAD), seen.is_marked("e", REFUSED)) == (True, False)


def test_marks_of_events_without_ids_are_theirs_alone() -> None:
    """Put on and taken off; what others were told, and where, stays."""
    for place in range(20):
        seen, event_id = many(20), f"e{place}"
        seen.mark(event_id, UNREAD)
        assert [event_id] == [f"e{n}" for n in range(20) if seen.is_marked(f"e{n}", UNREAD)]
        assert not any(seen.is_marked(f"e{n}", REFUSED) for n in range(20))
        seen.mark(event_id, UNREAD, on=False)

        assert many(20).state() == seen.state()


def test_an_event_that_was_not_seen_cannot_be_marked() -> None:
    """Nothing changes, whether all are named or not."""
    for number in (0, 3, 20):
        seen = many(number)
        for mark in (REFUSED, UNREAD):
            seen.mark("another", mark)

        assert many(number).state() == seen.state()
        assert not seen.is_marked("another", UNREAD)


@pytest.mark.parametrize("first", [0, OFFSET_MAX - 19])
def test_records_are_read_as_they_were_kept(first: int) -> None:
    """From the first offset that there is to the last."""
    seen = many(20, first)
    seen.mark("e0", REFUSED)

    assert seen.state() == again(seen).state()
    assert [first + n for n in range(20)] == [again(seen)[f"e{n}"] for n in range(20)]
    assert again(seen).is_marked("e0", REFUSED)


@pytest.mark.parametrize(
    "wrong", [["00", 4], ["x" * 16, 4], ["00" * 8, -1], ["00" * 8, (OFFSET_MAX + 1) << 2], [7, 4]]
)
def test_one_record_that_is_none_is_refused_among_sound_ones(wrong: list[Any]) -> None:
    """It would be looked up for ever."""
    assert NAMED_MAX + NAMED_ALL == len(Seen.from_state(NAMED, FILLED, [], []))
    with pytest.raises((TypeError, ValueError)):
        Seen.from_state(NAMED, [*FILLED, wrong], [], [])


def test_beside_records_the_latest_eight_are_named_and_no_more() -> None:
    """Whoever wrote more of them: so that all workers weigh it alike."""
    named = [[f"n{number}", number] for number in range(12)]
    seen = Seen.from_state(named, FILLED, [], [])

    assert [f"n{number}" for number in range(4, 12)] == [*seen.named]
    assert (12 + NAMED_ALL, 3) == (len(seen), seen["n3"])


@pytest.mark.parametrize("number", [NAMED_ALL, NAMED_ALL + 1])
def test_of_events_of_before_nobody_knows_when_they_came(number: int) -> None:
    """Of as many as are named that is not asked; of more all are taken to be in time."""
    named = [[f"n{place}", place] for place in range(number)]
    seen = Seen.from_state(named, (), [], [])
    seen.arrive(None, NAMED_ALONE)

    assert (None if number == NAMED_ALL else Arrivals.unknown(number)) == seen.arrivals
    assert (NAMED_ALL if number == NAMED_ALL else NAMED_MAX) == len(seen.named)


def test_as_many_events_as_are_named_need_not_tell_when_they_came() -> None:
    """In any version."""
    seen = Seen.from_state([[f"n{place}", place] for place in range(NAMED_ALL)], (), [], [])
    seen.arrive(None, NAMED_ALONE + 1)

    assert (None, NAMED_ALL) == (seen.arrivals, seen.noted)


@pytest.mark.parametrize(
    "wrong",
    [
        [BLOCK_BEFORE, 0, -1, -1, []],
        [BLOCK_BEFORE, 0, -1, -1, [5, 6]],
        [BLOCK_BEFORE, 0, -1, -1, [-1]],
        [BLOCK_BEFORE, 0, -1, -1, ["5"]],
        [BLOCK_BEFORE, 0, -1, -1, [0.5]],
        [float(BLOCK_BEFORE), 0, -1, -1, [5]],
    ],
)
def test_times_of_before_that_are_none_are_refused(wrong: list[Any]) -> None:
    """One for each block of 64, whole and not before 1970."""
    sound = Arrivals.of_version_4([BLOCK_BEFORE, 0, -1, -1, [5]], BLOCK_BEFORE)
    assert [5, 5] == list(sound.blocks_ms)
    with pytest.raises((TypeError, ValueError)):
        Arrivals.of_version_4(wrong, BLOCK_BEFORE)


@pytest.mark.parametrize(
    ("until_ms", "own_ms", "latest_ms"), [(-1, 0, 0), (-1, 5, 5), (100, 50, 100), (50, 100, 100)]
)
def test_of_times_of_before_the_latest_by_then_counts(
    until_ms: int, own_ms: int, latest_ms: int
) -> None:
    """That of what was forgotten before it, too."""
    state = [2 * BLOCK_BEFORE, BLOCK_BEFORE, until_ms, BLOCK_BEFORE - 1, [own_ms]]

    assert [latest_ms] * 2 == list(Arrivals.of_version_4(state, BLOCK_BEFORE).blocks_ms)


def test_no_fewer_than_none_are_forgotten() -> None:
    """Else there would be times of events that never came."""
    assert 3 == Arrivals.from_state([3, 0, -1, -1, []], 3).noted
    with pytest.raises(ValueError, match="-1"):
        Arrivals.from_state([2, -1, -1, -1, [5]], 3)


def test_an_id_of_twelve_characters_is_kept_as_it_is() -> None:
    """A longer one by its fingerprint, which is none of the ids that senders count."""
    assert "x" * SHORT == short("x" * SHORT)
    assert (SHORT, "#") == (len(short("x" * SHORT + "x")), short("x" * SHORT + "x")[0])


def test_as_many_events_as_there_may_be_are_remembered() -> None:
    """And one more forgets the first."""
    seen = many(SEEN_MAX)
    assert (SEEN_MAX, 0) == (len(seen), seen["e0"])
    seen.note("another", 99, at_ms=99)

    assert (SEEN_MAX, None, 1) == (len(seen), seen.get("e0"), seen["e1"])
