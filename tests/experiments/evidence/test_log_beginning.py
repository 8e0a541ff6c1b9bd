"""A log that has forgotten its beginning is told as one, of arms as of units."""

from itertools import starmap

import pytest

from streams.clients.log_reader import Partition, RawRecord
from streams.contract.schemas.examples import NEW_YEAR_MS
from streams.contract.settings import Settings
from streams.experiments.arms import BoardReader
from streams.experiments.evidence.log_beginning import EMPTIED, FORGOTTEN, LogBeginning
from streams.experiments.impressions import Trials
from streams.experiments.off_policy.off_policy import trials_of_log
from streams.experiments.off_policy.tables import why_nothing
from streams.experiments.questions.of_arms import ArmsQuestion
from streams.experiments.questions.words import verdict
from streams.experiments.uplift.command import findings
from streams.experiments.uplift.command import read_on as units_of
from streams.experiments.uplift.tables import NOBODY, table
from streams.operations.console.watching.experiments.outcomes import OutcomeFold
from tests.experiments.questions.test_answers import ARMS, DAY_MS, asks, read_on, trials
from tests.experiments.test_arms import shown
from tests.experiments.uplift.records import shop
from tests.operations.console.eyes import NOW_MS, SETTINGS, Log, trial
from tests.operations.console.watching.experiments.test_outcomes import SeveralLogs

RATES = {"popular": 0.1, "bought_together": 0.5}
HERE = [Partition("outcomes", 0), Partition("outcomes", 1)]


def began(
    *records: tuple[int, int], known: int = 0, ends: tuple[int, int] = (9, 9)
) -> LogBeginning:
    """Of two partitions that hold nothing before 5, of which was read: (partition, time)."""
    beginning = LogBeginning()
    upto = dict(zip(HERE, ends, strict=True))
    beginning.look(dict.fromkeys(HERE, 5), dict.fromkeys(HERE, known), upto)
    return read(beginning, *records)


def read(beginning: LogBeginning, *records: tuple[int, int]) -> LogBeginning:
    """The same, after these: (partition, time)."""
    for number, at_ms in records:
        beginning.read(RawRecord(HERE[number], 5, at_ms, None, None, []))
    return beginning


def test_it_begins_where_the_partition_does_that_has_forgotten_most() -> None:
    """Later records of a partition say nothing of it; nor does one that has forgotten nothing."""
    assert 30 == began((0, 10), (1, 30), (0, 90)).at_ms
    assert began((0, 10), (1, 30), known=5).at_ms is None


def test_a_partition_that_holds_nothing_moves_no_beginning() -> None:
    """Nor does what comes there later: what was lost was lost before."""
    beginning = began((0, 90), (0, 120), ends=(9, 5))
    assert 90 == beginning.at_ms
    assert 90 == read(beginning, (1, 121)).at_ms


def test_where_all_that_has_lost_something_is_empty_the_first_record_begins() -> None:
    """Until then it is unknown when, and yet told that something is gone."""
    beginning = began(ends=(5, 5))
    assert 0 == beginning.at_ms
    assert 70 == read(beginning, (1, 70), (0, 80)).at_ms


def test_what_is_read_from_a_time_on_misses_nothing_where_more_was_before() -> None:
    """Only a partition that begins there may have forgotten some of it."""
    begins, since = dict.fromkeys(HERE, 5), dict(zip(HERE, (5, 9), strict=True))
    beginning = LogBeginning()
    beginning.look_since(begins, since, dict.fromkeys(HERE, 12))
    for record in starmap(RawRecord, [(HERE[1], 9, 90, None, None, [])] * 2):
        beginning.read(record)
    beginning.read(RawRecord(HERE[0], 5, 50, None, None, []))

    assert (50, None, 50) == (beginning.at_ms, beginning.after(50), beginning.after(49))


def test_a_partition_that_was_empty_at_the_start_has_lost_nothing_since() -> None:
    """All that it had is of before, and is not asked for."""
    begins = dict.fromkeys(HERE, 500)
    beginning = LogBeginning()
    beginning.look_since(begins, begins, begins)
    beginning.look(begins, begins, dict.fromkeys(HERE, 501))

    assert read(beginning, (0, 60_000), (1, 60_000)).at_ms is None


def test_units_of_a_log_of_which_one_partition_is_empty_begin_where_the_other_does() -> None:
    """However long that one stays so; the console folds it as the command does."""
    full, emptied = Log("goeswith.outcomes"), Log("goeswith.outcomes")
    for day in (0, 90, 120):
        full.say(shop(1)[0].to_json(), at_ms=NEW_YEAR_MS + day * DAY_MS)
    full.begin, emptied.begin = 1, 2
    emptied.records = full.records[:2]
    both = SeveralLogs(full, emptied)
    fold = OutcomeFold(SETTINGS, lambda: 0.0)
    fold.look(both)

    assert NEW_YEAR_MS + 90 * DAY_MS == units_of(both, None).kept.begins_ms
    assert NEW_YEAR_MS + 90 * DAY_MS == fold.trials.begins_ms


@pytest.mark.parametrize(
    ("begins_ms", "refused"), [(None, 0), (0, 0), (60_000, 0), (DAY_MS, 0), (DAY_MS + 1, 1)]
)
def test_a_question_about_arms_has_no_verdict_where_the_log_begins_a_day_after_its_start(
    begins_ms: int | None, refused: int
) -> None:
    """In the words in which one about units has none; `show` ends with 1 then.

    Before that it may be a partition on which nothing was for a while, and the first record came.
    """
    asked = asks(arms=list(ARMS), metric="reward")
    question = ArmsQuestion(asked, Settings())
    question.add(trials(4_000, {"bought_together": 0.5, "popular": 0.2}))
    read_on(question)
    question.trials.begins_ms = None if begins_ms is None else NEW_YEAR_MS + begins_ms
    answer = question.answer()

    assert ("more", "refused")[refused] == answer.decision
    assert bool(refused) == (f"no verdict: {FORGOTTEN}" == verdict(asked, answer))


@pytest.mark.parametrize("begin", [0, 100])
def test_arms_and_off_policy_say_that_the_log_has_forgotten_its_beginning(begin: int) -> None:
    """And from when on it is there; a log that has forgotten nothing says nothing."""
    log = Log("goeswith.outcomes")
    log.say(*(one.to_json() for one in trial(300, RATES)))
    log.begin = begin
    board, judged = BoardReader(SETTINGS, log, None), Trials()
    board.catch_up()
    trials_of_log(log, judged)
    said = "the log has forgotten what was before"
    told = board.json()["evidence"]["log_begins_ms"], judged.begins_ms

    assert ((NOW_MS, NOW_MS) if begin else (None, None)) == told
    assert bool(begin) == (said in " ".join(shown(board.table(), 100).split()))
    assert bool(begin) == (said in why_nothing(judged, of_files=False))


def test_a_log_that_was_emptied_is_told_as_one_and_not_as_one_that_is_too_young() -> None:
    """By all that read it; where nothing was ever there, it is too early."""
    emptied, young = Log("goeswith.outcomes"), Log("goeswith.outcomes")
    emptied.say(shop(1)[0].to_json(), at_ms=NEW_YEAR_MS)
    emptied.begin, judged = 1, Trials()
    assert [] == trials_of_log(emptied, judged)
    reader, fresh = BoardReader(SETTINGS, emptied, None), BoardReader(SETTINGS, young, None)
    told = []
    for each in (reader, fresh):
        each.catch_up()
        told.append(" ".join(shown(each.table(), 100).split()))
    found = [findings(SETTINGS, units_of(log, None)) for log in (emptied, young)]

    assert EMPTIED == why_nothing(judged, of_files=False)
    assert [(True, False), (False, True)] == [
        (f"Evidence: {EMPTIED}" in said, "too early" in said) for said in told
    ]
    assert [EMPTIED, NOBODY] == [table(one).title for one in found]
