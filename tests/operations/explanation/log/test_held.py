"""A log that is held: the same records as of one that is read each time, and each read once."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.clients.log_reader import Offsets, Partition, RawRecord
from streams.contract.errors import KafkaUnreachable, NotEnough, TopicsWrong
from streams.contract.settings import Settings
from streams.operations.explanation.log.held import IDLE_S, RECORD_BYTES, HeldLog
from tests.operations.explanation.kept_log import KeptLog

SETTINGS = Settings(topic_prefix="shop", partitions=2)
EVENTS, PROMPTS = SETTINGS.topics.events, SETTINGS.topics.prompts


class TimedLog(KeptLog):
    """Tells times of records as a broker does."""

    def first_times_ms(self, begins: Offsets, ends: Offsets) -> dict[Partition, int | None]:
        """Of the record at each offset."""
        return {at: self.records[at][begin].timestamp_ms for at, begin in begins.items()}


def written(number: int, log: TimedLog | None = None) -> TimedLog:
    """So many more events, in turn on two partitions, and as many prompts."""
    log = log or TimedLog(SETTINGS)
    for _ in range(number):
        at_ms = sum(map(len, log.records.values()))
        log.append(EVENTS, at_ms // 2 % 2, b"k", b"%d" % at_ms, at_ms)
        log.append(PROMPTS, 0, b"k", b"%d" % at_ms, at_ms)
    return log


def all_of(held: HeldLog, log: TimedLog) -> list[bytes]:
    """What is read of the whole log, in some order."""
    reader = held.over(log)
    return sorted(r.value or b"" for r in reader.between(log.begins(), log.ends()))


def test_what_was_read_is_read_no_more_and_what_came_since_is() -> None:
    """Of all topics of a reader."""
    held, log = HeldLog(), written(10)
    first = all_of(held, log)
    assert (20, 20) == (len(first), log.read)
    assert first == all_of(held, log)
    assert 20 == log.read
    assert 26 == len(all_of(held, written(3, log)))
    assert 26 == log.read


@given(st.data())
def test_whatever_is_asked_the_same_comes_as_of_a_log_that_is_read(data: st.DataObject) -> None:
    """In the order of each partition, from and to any offset, however far it was read before."""
    held, log = HeldLog(), written(data.draw(st.integers(0, 12)))
    for _ in range(4):
        reader, ends = held.over(log), log.ends()
        offsets = [
            (at, *sorted(data.draw(st.tuples(*[st.integers(0, ends[at])] * 2)))) for at in ends
        ]
        begins, upto = ({row[0]: row[n] for row in offsets} for n in (1, 2))
        told = list(reader.between(begins, upto))
        for at in ends:
            mine = [record.offset for record in told if record.at == at]
            assert mine == [*range(begins[at], upto[at])]
        written(data.draw(st.integers(0, 3)), log)


def test_a_reading_that_is_broken_off_goes_on_where_it_was() -> None:
    """Who cancels a question has not read in vain; nothing is left out."""
    held, log = HeldLog(), written(10)
    reading = held.over(log).between(log.begins(), log.ends())
    for _ in range(4):
        next(reading)
    reading.close()  # type: ignore[attr-defined]  # it is a generator

    assert 20 == len(all_of(held, log))
    assert 20 == log.read


@pytest.mark.parametrize("events", [3, 12], ids=["shorter", "longer"])
def test_of_a_topic_that_was_made_anew_nothing_is_held(events: int) -> None:
    """Other records stand at the same offsets, whether there are fewer of them or more."""
    held = HeldLog()
    all_of(held, written(10))
    anew = written(1, TimedLog(SETTINGS))
    for records in anew.records.values():
        records.clear()
    for number in range(events):
        anew.append(EVENTS, number % 2, b"k", b"new", 5_000 + number)

    assert [b"new"] * events == all_of(held, anew)


def test_what_retention_took_is_not_told_any_more() -> None:
    """Nor is it held."""

    class Shortened(TimedLog):
        def begins(self) -> dict[Partition, int]:
            return {at: 3 if at.topic == EVENTS else 0 for at in self.records}

    held, log = HeldLog(), written(10)
    all_of(held, log)
    shorter = Shortened(SETTINGS)
    shorter.records = log.records

    assert 10 - 6 + 10 == len(all_of(held, shorter))
    assert 14 == sum(map(len, held._records.values()))


def test_other_topics_are_read_along_until_what_is_asked_for_is_there() -> None:
    """Then they need not be waited for; what has not come by then is read when it is asked for."""

    class Mixed(TimedLog):
        """In turn from all partitions, as a broker answers."""

        def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
            most = max((ends[at] - begin for at, begin in begins.items()), default=0)
            for number in range(most):
                for at, begin in begins.items():
                    offset = min(begin + number, ends[at])
                    yield from super().between({at: offset}, {at: min(offset + 1, ends[at])})

    held, log = HeldLog(), Mixed(SETTINGS)
    written(10, log)
    reader = held.over(log)
    asked = {at: end for at, end in log.ends().items() if at.topic == EVENTS}
    told = list(reader.between(dict.fromkeys(asked, 0), asked))
    along = log.read - len(told)
    prompts = Partition(PROMPTS, 0)
    assert [10, True] == [len(told), 0 < along < 10]
    assert 10 == len(list(reader.between({prompts: 0}, {prompts: 10})))
    assert 20 == log.read


def test_a_long_log_is_not_held() -> None:
    """It is read each time; what was held of it goes."""
    held, log = HeldLog(records_max=10), written(10)
    all_of(held, log)
    assert log is held.over(written(1, log))
    assert {} == held._records


def test_a_log_that_takes_too_much_memory_is_not_held() -> None:
    """However few its records are: it is read to its end all the same, then each time."""
    log = written(10)
    for bytes_max in range(0, 20 * RECORD_BYTES, RECORD_BYTES // 2):
        held = HeldLog(bytes_max=bytes_max)
        whole = sorted(r.value or b"" for r in log.between(log.begins(), log.ends()))
        reader = held.over(log)
        for _ in range(2):
            told = reader.between(log.begins(), log.ends())
            assert whole == sorted(record.value or b"" for record in told)
        assert held.too_large
        assert {} == held._records
        assert log is held.over(log)


def test_what_retention_took_takes_no_memory() -> None:
    """A log that goes on for ever is held as long as its living part is small."""

    class Moving(TimedLog):
        gone = 0

        def begins(self) -> dict[Partition, int]:
            return {at: min(self.gone, len(records)) for at, records in self.records.items()}

    log, held = Moving(SETTINGS), HeldLog(bytes_max=60 * RECORD_BYTES)
    for _ in range(20):
        written(10, log)
        log.gone += 10
        all_of(held, log)
    assert not held.too_large


def test_what_nobody_asks_for_any_more_is_dropped() -> None:
    """After some minutes; then also a log that was too large may be a small one."""
    now_s, log = [0.0], written(10)
    held = HeldLog(steady_s=lambda: now_s[0])
    with held.asked():
        all_of(held, log)
    held.too_large = True
    now_s[0] = IDLE_S
    held.rest()
    assert held._records
    now_s[0] = IDLE_S + 1
    held.rest()
    assert ({}, False) == (held._records, held.too_large)


@pytest.mark.parametrize(
    ("error", "read"),
    [(TopicsWrong, 40), (KafkaUnreachable, 20), (NotEnough, 20)],
    ids=["wrong", "away", "no answer"],
)
def test_after_an_error_the_log_is_read_anew(error: type[Exception], read: int) -> None:
    """But not where it merely has no answer, or nobody told one: what was read is as it was."""
    held, log = HeldLog(), written(10)
    all_of(held, log)
    with pytest.raises(error), held.asked():
        raise error
    all_of(held, log)
    assert read == log.read


class Emptied(TimedLog):
    """All records of its first partition of events were aborted: markers alone have offsets."""

    def __init__(self) -> None:
        super().__init__(SETTINGS)
        self.asked: list[Partition] = []

    def ends(self) -> dict[Partition, int]:
        """A partition of markers has an end, too."""
        return super().ends() | {Partition(EVENTS, 0): 4}

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """Notes what is asked for."""
        self.asked += [at for at, begin in begins.items() if begin < ends[at]]
        yield from super().between(begins, ends)


def test_a_partition_that_was_emptied_is_not_asked_again_at_each_look() -> None:
    """Whoever asks it waits, until it is clear that nothing comes."""
    held, log = HeldLog(), Emptied()
    for number in range(6):
        log.append(EVENTS, 1, b"k", b"%d" % number, number)
    for _ in range(3):
        assert 6 == len(all_of(held, log))
    assert [Partition(EVENTS, 0), Partition(EVENTS, 1)] == log.asked
    log.append(EVENTS, 1, b"k", b"6", 6)
    assert 7 == len(all_of(held, log))
    assert [Partition(EVENTS, 1)] == log.asked[2:]


def test_a_topic_of_which_nothing_is_held_is_asked_each_time() -> None:
    """It may have been made anew: nothing that is held could tell."""
    held, log = HeldLog(), Emptied()
    for _ in range(3):
        assert [] == all_of(held, log)
    assert [Partition(EVENTS, 0)] * 3 == log.asked


@pytest.mark.parametrize("begin", [0, 10], ids=["made anew", "and begun anew"])
def test_a_topic_that_was_made_anew_is_known_where_nothing_was_held(begin: int) -> None:
    """Retention had taken all of it: its offsets tell."""

    class Empty(TimedLog):
        def begins(self) -> dict[Partition, int]:
            return dict.fromkeys(self.records, 10)

        def ends(self) -> dict[Partition, int]:
            return dict.fromkeys(self.records, 10)

    held, empty = HeldLog(), Empty(SETTINGS)
    held.over(empty)
    anew = written(12)
    told = list(
        held.over(anew).between({Partition(PROMPTS, 0): begin}, {Partition(PROMPTS, 0): 12})
    )
    assert [*range(begin, 12)] == [record.offset for record in told]


def test_the_log_of_one_question_ends_where_it_ended_when_it_was_opened() -> None:
    """So that what is read along is all that is asked for, however long the question takes."""
    held, log = HeldLog(), written(10)
    reader, ends = held.over(log), log.ends()
    written(3, log)

    assert ends == reader.ends()
    assert 20 == len(list(reader.between(log.begins(), reader.ends())))
    assert log.ends() == held.over(log).ends()
