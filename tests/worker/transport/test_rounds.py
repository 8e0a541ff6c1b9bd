"""The next offset: what is handed over, left out, or asked for again."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.worker.transport.rounds import FetchPositions, NextOffset, cut, slices


@dataclass
class Loaf:
    """A record with nothing but an offset."""

    offset: int
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: Any = ()


def loaves(*offsets: int) -> list[Loaf]:
    """Records at these offsets."""
    return [Loaf(offset) for offset in offsets]


def offsets(batch: Any) -> list[int]:
    """The offsets of a batch."""
    return [loaf.offset for loaf in batch]


def sift(counter: NextOffset[str], *there: int, since: int) -> tuple[list[int], int | None]:
    """The offsets that are handed over of a batch of bread, and the hole."""
    fresh, hole = counter.sift("bread", loaves(*there), since)
    return offsets(fresh), hole


def counting_from(offset: int) -> NextOffset[str]:
    """The rule, with bread to go on at this offset."""
    counter: NextOffset[str] = NextOffset()
    counter.start({"bread": offset})
    return counter


def test_what_was_handed_over_is_left_out_when_it_comes_again() -> None:
    """Below the next offset everything is a repeat."""
    assert sift(counting_from(5), 3, 4, 5, 6, since=3) == ([5, 6], None)


def test_a_batch_of_repeats_hands_nothing_over() -> None:
    """A fetch may bring nothing new at all."""
    assert sift(counting_from(5), 1, 2, since=1) == ([], None)


def test_a_hole_is_asked_for_again() -> None:
    """What was read from further on than the next offset lacks something."""
    assert sift(counting_from(5), 7, 8, since=7) == ([], 5)


def test_what_the_log_does_not_hold_is_not_asked_for() -> None:
    """The batch was read from the next offset on: there was nothing before 7."""
    assert sift(counting_from(5), 7, 8, since=5) == ([7, 8], None)


def test_where_nobody_knows_from_where_a_batch_was_read_there_is_a_hole() -> None:
    """To ask once too often costs a fetch; to ask too seldom costs an answer."""
    assert counting_from(5).sift("bread", loaves(7), since=None) == ([], 5)


def test_a_hole_that_was_asked_for_is_real() -> None:
    """The log begins at 7 by now, and the answer to what was asked did, too."""
    counter = counting_from(5)
    counter.asked({"bread": 5})

    assert sift(counter, 7, 8, since=7) == ([7, 8], None)


def test_a_hole_that_could_not_be_asked_for_is_asked_for_next_time() -> None:
    """As long as nobody said that it was asked, it is not taken for real."""
    counter = counting_from(5)
    sift(counter, 7, 8, since=7)

    assert sift(counter, 9, since=9) == ([], 5)


def test_a_hole_whose_answer_was_dropped_is_asked_for_again() -> None:
    """It came, was dropped on its way to the agent, and what follows shows the hole anew."""
    counter = counting_from(5)
    counter.asked({"bread": 5})
    sift(counter, 5, 6, since=5)

    assert sift(counter, 7, 8, since=7) == ([], 5)


def test_a_hole_whose_answer_was_lost_unseen_is_asked_for_again() -> None:
    """A fetch that was cancelled may have been the answer."""
    counter = counting_from(5)
    counter.asked({"bread": 5})
    counter.ask_anew()

    assert sift(counter, 7, 8, since=7) == ([], 5)


def test_each_hole_is_asked_for() -> None:
    """That one hole was real says nothing about the next."""
    counter = counting_from(5)
    counter.asked({"bread": 5})
    counter.handed("bread", loaves(7))

    assert sift(counter, 9, since=9) == ([], 8)


def test_after_a_rebalance_the_same_hole_is_asked_for_anew() -> None:
    """To start again forgets what was asked."""
    counter = counting_from(5)
    counter.asked({"bread": 5})
    counter.start({"bread": 5})

    assert sift(counter, 7, since=7) == ([], 5)


def test_an_unknown_partition_is_handed_over_from_where_it_begins() -> None:
    """Nothing is known about it: whatever comes first is next."""
    assert sift(NextOffset(), 40, 41, since=40) == ([40, 41], None)


def reads(*steps: tuple[int, list[int], int]) -> list[int]:
    """From where each read was, given its position before, what it brought, and after."""
    reading: FetchPositions[str] = FetchPositions()
    since = []
    for before, brought, after in steps:
        reading.begins({"bread": before})
        since.append(reading.since["bread"])
        reading.ended({"bread": after}, {"bread": loaves(*brought)} if brought else {})
    return since


def test_a_batch_behind_a_marker_was_read_from_the_last_record_on() -> None:
    """The reader passed the marker at 7 together with the records before it."""
    assert reads((5, [5, 6], 8), (8, [8], 9)) == [5, 7]


def test_a_read_that_brings_nothing_is_continued_by_the_next() -> None:
    """It passed the markers at 7 and 8, one after the other."""
    assert reads((5, [5, 6], 7), (7, [], 8), (8, [], 9), (9, [9], 10)) == [5, 7, 7, 7]


def test_a_reader_that_was_sent_elsewhere_reads_from_there() -> None:
    """Whatever it had passed before."""
    assert reads((5, [5, 6], 8), (3, [3], 4)) == [5, 3]


@given(
    st.sets(st.integers(0, 59)),
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 60)), max_size=40),
)
def test_however_fetches_are_dropped_everything_is_handed_over_once_and_in_order(
    log: set[int], fetches: list[tuple[bool, bool, int]]
) -> None:
    """A log with gaps, and fetches that are dropped: when one more event comes, all have come."""
    counter, position, arrived = counting_from(0), 0, list[int]()
    log.add(60)
    calm = [(True, True, 61)] * 3
    for comes, arrives, until in [*fetches, *calm]:
        since, batch = position, loaves(*sorted(n for n in log if position <= n < until))
        if not batch:
            continue
        position = batch[-1].offset + 1
        if not comes:
            counter.ask_anew()  # the fetch was cancelled: nobody has seen what it brought
            continue
        fresh, hole = counter.sift("bread", batch, since)
        if hole is not None:
            counter.asked({"bread": hole})
            position = hole
        elif fresh and arrives:
            counter.handed("bread", fresh)
            arrived += offsets(fresh)

    assert arrived == sorted(log)


@given(
    st.dictionaries(st.integers(0, 5), st.lists(st.integers(), min_size=1, max_size=30)),
    st.integers(1, 10),
)
def test_rounds_lose_nothing_and_stay_small(batches: dict[Any, list[Any]], most: int) -> None:
    """However it is cut, each partition's records come in order, no more than allowed at once."""
    rounds = list(cut(batches, most))

    joined: dict[Any, list[Any]] = {}
    for round_ in rounds:
        for tp, part in round_:
            assert 0 < len(part) <= most
            joined.setdefault(tp, []).extend(part)
    assert joined == batches


def test_slices_bound_what_is_done_without_a_pause() -> None:
    """A slice is of one partition, and never longer than said."""

    @dataclass(frozen=True)
    class Shelf:
        topic: str
        partition: int

    pieces = list(slices([(Shelf("bread", 2), loaves(*range(130)))], 64))

    assert [(number, len(piece)) for number, piece in pieces] == [(2, 64), (2, 64), (2, 2)]


@given(
    st.sets(st.integers(0, 59)),
    st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=40),
)
def test_only_what_was_dropped_is_asked_for_again(
    log: set[int], fetches: list[tuple[bool, int]]
) -> None:
    """Not what was aborted: a reader passes it, also where a read brings nothing else."""
    counter, reading, position, arrived = counting_from(0), FetchPositions[str](), 0, list[int]()
    log.add(60)
    dropped = False
    told = [(arrives, length, 60) for arrives, length in fetches]
    for arrives, length, end in [*told, *[(True, 61, 61)] * 3]:  # one more comes in the end
        upto = min(end, position + length)
        batch = loaves(*sorted(n for n in log if position <= n < upto))
        reading.begins({"bread": position})
        position = upto
        reading.ended({"bread": position}, {"bread": batch} if batch else {})
        if not arrives:
            counter.ask_anew()
            dropped |= bool(batch)
        elif batch:
            fresh, hole = counter.sift("bread", batch, reading.since["bread"])
            if hole is not None:
                assert dropped
                counter.asked({"bread": hole})
                position = hole
            elif fresh:
                counter.handed("bread", fresh)
                arrived += [loaf.offset for loaf in fresh]

    assert arrived == sorted(log)
