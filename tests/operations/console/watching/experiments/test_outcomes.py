"""The fold of outcomes: in slices and after interruptions it knows what the commands know."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from streams.clients.log_reader import LogReader, Offsets, Partition, RawRecord
from streams.contract.errors import KafkaUnreachable
from streams.contract.published.outcomes import AnyOutcome
from streams.contract.schemas.examples import UNMATCHED
from streams.experiments.arms import BoardReader
from streams.experiments.uplift.command import findings, read_on
from streams.experiments.uplift.tables import as_values
from streams.operations.console.watching.experiments.course import EstimateCourse
from streams.operations.console.watching.experiments.outcomes import OutcomeFold, OutcomesSeen
from tests.experiments.uplift.records import shop
from tests.operations.console.eyes import NOW_MS, SETTINGS, Log, earned, shown, trial

RATES = {"popular": 0.1, "bought_together": 0.5}


def log_of(*outcomes: AnyOutcome) -> Log:
    """The topic with these."""
    log = Log("goeswith.outcomes")
    log.say(*(outcome.to_json() for outcome in outcomes))
    return log


def through(fold: OutcomeFold, log: Log) -> OutcomesSeen:
    """Look until all has been read."""
    seen = fold.look(log)
    for _ in range(1_000):
        if seen.read_share == 1.0:
            return seen
        with suppress(KafkaUnreachable):
            seen = fold.look(log)
    raise AssertionError("it never ends")


@pytest.mark.parametrize("slice_records", [37, 250, 100_000])
def test_slices_come_to_what_the_commands_say(slice_records: int) -> None:
    """Figure by figure, but for what a sum of floats rounds."""
    log = log_of(*trial(500, RATES), *shop(200))
    log.say(b"{")
    seen = through(OutcomeFold(SETTINGS, lambda: 0.0, slice_records), log)
    board = BoardReader(SETTINGS, log, None)
    board.catch_up()
    uplift = as_values(findings(SETTINGS, read_on(log, None)))
    told, ours = board.json(), seen.arms.values

    assert told["arms"] == ours["arms"]
    assert 1 == ours["unreadable"] == told["unreadable"]
    for one, other in zip(told["evidence"]["arms"], ours["evidence"]["arms"], strict=True):
        assert (one["arm"], one["drawn"]) == (other["arm"], other["drawn"])
        assert one["estimate"] == pytest.approx(other["estimate"])
    assert uplift == seen.uplift.values


def test_after_kafka_was_away_it_goes_on_at_the_very_record() -> None:
    """Nothing is counted twice, and nothing left out."""
    log = log_of(*trial(300, RATES))
    fold = OutcomeFold(SETTINGS, lambda: 0.0)
    log.breaks_after = 100
    for _ in range(3):
        with pytest.raises(KafkaUnreachable):
            fold.look(log)
    log.breaks_after = None
    seen = through(fold, log)

    assert len(log.records) == seen.records
    assert 0 == seen.arms.values["evidence"]["repeats"]


def test_what_was_still_to_come_and_what_came_back_is_treated_as_the_commands_do() -> None:
    """A record of a later time is none; a return without an order is kept for its order."""
    late = shop(1)[0].model_copy(update={"occurred_at_ms": NOW_MS + 10 * 86_400_000})
    log, fold = log_of(late, UNMATCHED), OutcomeFold(SETTINGS, lambda: 0.0)
    seen = through(fold, log)

    assert 1 == seen.arms.values["unreadable"] == seen.uplift.values["unreadable"]
    assert [UNMATCHED.order_id] == fold.trials.returns.orders


class SeveralLogs(LogReader):
    """One topic of several partitions: a log for each."""

    def __init__(self, *logs: Log) -> None:
        self.logs = {Partition("goeswith.outcomes", n): log for n, log in enumerate(logs)}
        super().__init__(None, list(self.logs), SETTINGS)

    def begins(self) -> dict[Partition, int]:
        """Of each of them."""
        return {at: log.begin for at, log in self.logs.items()}

    def ends(self) -> dict[Partition, int]:
        """Of each of them."""
        return {at: len(log.records) for at, log in self.logs.items()}

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """One partition after the other."""
        for at, log in self.logs.items():
            (own,) = log.partitions
            for record in log.between({own: begins[at]}, {own: ends[at]}):
                yield record._replace(at=at)


def test_a_partition_that_stands_for_a_while_loses_no_click() -> None:
    """Nor did it for the command, which reads all of it afterwards.

    An estimate leans a little on which prompts are settled together.
    """
    arms = list(RATES)
    shows = [shown(1_000 + n, arms[n % 2], arms) for n in range(400)]
    clicks = [earned(1_000 + n, arms[n % 2], 0.5) for n in range(400) if n % 4 == 1]
    behind = log_of(*shows)
    both = SeveralLogs(log_of(*trial(300, RATES)), behind)
    fold = OutcomeFold(SETTINGS, lambda: 0.0)
    fold.look(both)
    behind.say(*(one.to_json() for one in (*clicks, shown(13_001, arms[0], arms))))
    seen = fold._told(fold.look(both).read_share)
    board = BoardReader(SETTINGS, both, None)
    board.catch_up()

    theirs, ours = board.json()["evidence"]["arms"], seen.arms.values["evidence"]["arms"]
    for one, other in zip(theirs, ours, strict=True):
        assert (one["arm"], one["drawn"]) == (other["arm"], other["drawn"])
        assert one["estimate"]["value"] == pytest.approx(other["estimate"]["value"], rel=0.02)


def test_a_topic_that_was_made_anew_is_read_anew() -> None:
    """What the old one held is not known any more."""
    log = log_of(*trial(300, RATES))
    fold = OutcomeFold(SETTINGS, lambda: 0.0)
    through(fold, log)
    log.records = []
    log.say(*(outcome.to_json() for outcome in shop(20)))
    fold.look(log)
    seen = through(fold, log)

    assert not seen.arms.rows
    assert len(log.records) == seen.records


def test_an_end_that_is_too_low_for_one_look_throws_nothing_away() -> None:
    """A new leader tells it, for a moment."""
    log = log_of(*trial(300, RATES))
    fold = OutcomeFold(SETTINGS, lambda: 0.0)
    through(fold, log)
    whole, read, log.records = log.records, log.read, log.records[:200]
    assert len(whole) == fold.look(log).records
    log.records = whole
    assert len(whole) == fold.look(log).records
    assert read == log.read


def test_what_follows_is_reckoned_a_twentieth_of_the_time_at_most() -> None:
    """A look that changes nothing else costs next to nothing."""
    now_s = [0.0]

    def clock_s() -> float:
        now_s[0] += 1.0  # each look at the clock finds a second gone
        return now_s[0]

    log, fold = log_of(*trial(100, RATES)), OutcomeFold(SETTINGS, clock_s)
    first = through(fold, log)
    log.say(*(outcome.to_json() for outcome in trial(300, RATES)))
    assert first.arms is fold.look(log).arms
    now_s[0] += 100.0
    assert first.arms is not fold.look(log).arms


def test_a_course_has_a_bounded_number_of_points() -> None:
    """The first and the last are among them."""
    course = EstimateCourse(points_max=10)
    for settled in range(1, 200):
        course.note(settled, [])

    assert len(course.points) <= 10
    assert (1, 199) == (course.points[0].settled, course.points[-1].settled)


def test_where_the_log_has_forgotten_the_start_there_is_no_verdict() -> None:
    """As the command has it; also where it forgets while it is read."""
    log = log_of(*shop(400))
    whole = through(OutcomeFold(SETTINGS, lambda: 0.0), log)
    assert whole.uplift.values["log_begins_ms"] is None
    log.begin = 5
    fold = OutcomeFold(SETTINGS, lambda: 0.0)
    seen = through(fold, log)

    assert as_values(findings(SETTINGS, read_on(log, None))) == seen.uplift.values
    assert "no verdict, as the log has forgotten the start" in seen.uplift.table.title
    log.begin = 200
    assert seen.records == through(fold, log).records


def test_though_kafka_goes_away_at_once_a_start_that_is_gone_stays_known() -> None:
    """Else there would be a verdict on what is left."""
    log = log_of(*shop(400))
    log.begin = 5
    fold = OutcomeFold(SETTINGS, lambda: 0.0)
    log.breaks_after = 10
    with pytest.raises(KafkaUnreachable):
        fold.look(log)
    log.breaks_after = None
    seen = through(fold, log)

    assert as_values(findings(SETTINGS, read_on(log, None))) == seen.uplift.values
    assert "no verdict, as the log has forgotten the start" in seen.uplift.table.title
