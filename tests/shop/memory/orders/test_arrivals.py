"""Which events are in doubt, beside a list of all that ever came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.shop.memory.orders.arrivals import BLOCK, Arrivals
from streams.shop.memory.orders.seen import Seen
from tests.stories import NOON_MS, Story

LATEST = 4 * BLOCK
"""What a session remembers."""


class Diary:
    """Every time there was, in the order of arrival."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.times_ms: list[int] = []
        self.forgotten = 0

    def note(self, at_ms: int) -> None:
        """An event came; of more than a session remembers, the oldest is forgotten."""
        self.times_ms.append(at_ms)
        self.arrivals.note(max(self.times_ms))
        if len(self.times_ms) - self.forgotten > LATEST:
            self.arrivals.forget(offset=self.forgotten)
            self.forgotten += 1

    def until_ms(self) -> int:
        """The latest time of the blocks of which something is forgotten."""
        blocks = -(-self.forgotten // BLOCK)
        return max(self.times_ms[: blocks * BLOCK], default=-1)


hours = st.lists(st.integers(0, 9), min_size=7, max_size=7)
"""By block the hour of its events: they go on and back as they like."""


def kept(number: int, hours_of: list[int]) -> Diary:
    """So many events."""
    diary = Diary()
    for n in range(number):
        hour, minute = hours_of[n // BLOCK], n * 37 % BLOCK
        diary.note(NOON_MS + 3_600_000 * hour + 60_000 * minute)
    return diary


@given(st.integers(0, 7 * BLOCK), hours)
def test_in_doubt_is_what_is_no_later_than_the_blocks_that_were_forgotten(
    number: int, hours_of: list[int]
) -> None:
    """To the millisecond; what was folded itself, and is forgotten since, is no repeat."""
    diary = kept(number, hours_of)
    arrivals, until_ms = diary.arrivals, diary.until_ms()

    assert (until_ms, diary.forgotten - 1) == (arrivals.until_ms, arrivals.until_offset)
    assert arrivals.in_doubt(until_ms, offset=diary.forgotten)
    assert not arrivals.in_doubt(until_ms + 1, offset=number)
    assert not arrivals.in_doubt(until_ms, offset=diary.forgotten - 1)


@given(st.integers(0, 7 * BLOCK), hours)
def test_arrivals_go_on_from_their_state(number: int, hours_of: list[int]) -> None:
    """As if there had been no restart, whatever is noted and forgotten then."""
    diary = kept(number, hours_of)
    seen = number - diary.forgotten
    again = Arrivals.from_state(diary.arrivals.state(), seen)
    assert again == diary.arrivals
    for n in range(BLOCK + 1):
        for arrivals in (again, diary.arrivals):
            arrivals.note(max([*diary.times_ms, NOON_MS + n]))
            if seen + n >= LATEST:
                arrivals.forget(offset=number + n)

    assert again == diary.arrivals


def test_only_what_a_session_does_not_know_may_be_in_doubt() -> None:
    """What it remembers was seen where that was; the rest is now, or was before anything known."""
    seen, story = Seen(), Story()
    known, early, late = story.view("bread", after_s=0), story.view("tea"), story.view("jam")
    seen.note(known.event_id, 2, known.occurred_at_ms)
    assert 9 == seen.first(early, 9)
    assert not seen.is_too_late(early)
    seen.arrivals = Arrivals(until_ms=NOON_MS + 1_000, until_offset=4)
    seen.latest_ms = late.occurred_at_ms

    assert [2, -1, 4, 9] == [
        seen.first(known, 9),
        seen.first(early, 9),
        seen.first(early, 4),
        seen.first(late, 9),
    ]
    assert [True, False] == [seen.is_too_late(early), seen.is_too_late(late)]


@pytest.mark.parametrize("number", [0, 1, BLOCK, BLOCK + 1, LATEST])
def test_what_was_remembered_without_its_times_is_never_in_doubt(number: int) -> None:
    """A session of a checkpoint of before: it has as many blocks as it needs."""
    arrivals = Arrivals.unknown(number)
    assert Arrivals.from_state(arrivals.state(), number) == arrivals
    for offset in range(number // BLOCK * BLOCK):
        arrivals.forget(offset)

    assert not arrivals.in_doubt(1, offset=number)
    assert [] == list(arrivals.blocks_ms)


@pytest.mark.parametrize(
    ("wrong", "seen"),
    [
        ([-1, 0, -1, -1, []], -1),
        ([0, -1, -1, -1, []], 1),
        ([32, 0, -2, -1, [0]], 32),
        ([32, 0, -1, -2, [0]], 32),
        ([32, 0, -1, -1, [-1]], 32),
        ([32, 0, -1, -1, [None]], 32),
        ([32, 0, -1, None, [0]], 32),
        ([32, 0, -1, -1, [0]], 33),
        ([32, 0, -1, -1, [0, 0]], 32),
        ([65, 64, -1, -1, [0]], 1),
        ([64, 0, -1, -1, [2, 1]], 64),
        ([64, 31, 3, 9, [2, 4]], 33),
    ],
)
def test_arrivals_that_do_not_add_up_are_refused(wrong: list[object], seen: int) -> None:
    """What a session notes next would go wrong, and on all workers."""
    with pytest.raises((TypeError, ValueError)):
        Arrivals.from_state(wrong, seen)


@pytest.mark.parametrize("sound", [[0, 0, -1, -1, []], [95, 63, 7, 0, [7]], [64, 64, 0, 0, []]])
def test_arrivals_at_the_border_of_a_block_are_sound(sound: list[int]) -> None:
    """Everything of it forgotten, or nothing noted yet."""
    assert sound == Arrivals.from_state(sound, sound[0] - sound[1]).state()
