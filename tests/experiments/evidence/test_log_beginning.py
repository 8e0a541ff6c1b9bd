"""A log that has forgotten its beginning is told as one, of arms as of units."""

from itertools import starmap

import pytest

from streams.clients.log_reader import Partition, RawRecord
from streams.contract.schemas.examples import NEW_YEAR_MS
from streams.contract.settings import Settings
from streams.experiments.arms import BoardReader
from streams.experiments.evidence.log_beginning import FORGOTTEN, LogBeginning
from streams.experiments.impressions import Trials
from streams.experiments.off_policy.off_policy import trials_of_log
from streams.experiments.off_policy.tables import why_nothing
from streams.experiments.questions.of_arms import ArmsQuestion
from streams.experiments.questions.words import verdict
from tests.experiments.questions.test_answers import ARMS, asks, read_on, trials
from tests.experiments.test_arms import shown
from tests.operations.console.eyes import NOW_MS, SETTINGS, Log, trial

RATES = {"popular": 0.1, "bought_together": 0.5}
HERE = [Partition("outcomes", 0), Partition("outcomes", 1)]


def began(*records: tuple[int, int], known: int = 0) -> LogBeginning:
    """Of two partitions that hold nothing before 5, of which was read: (partition, time)."""
    beginning = LogBeginning()
    beginning.look(dict.fromkeys(HERE, 5), dict.fromkeys(HERE, known))
    for number, at_ms in records:
        beginning.read(RawRecord(HERE[number], 5, at_ms, None, None, []))
    return beginning


def test_it_begins_where_the_partition_does_that_has_forgotten_most() -> None:
    """Later records of a partition say nothing of it; nor does one that has forgotten nothing."""
    assert 30 == began((0, 10), (1, 30), (0, 90)).at_ms
    assert began((0, 10), (1, 30), known=5).at_ms is None


def test_of_a_partition_of_which_nothing_is_left_nothing_is_there_up_to_now() -> None:
    """Until something comes, which is its beginning then."""
    beginning = began((0, 10), (0, 90))
    assert 90 == beginning.at_ms
    beginning.read(RawRecord(HERE[1], 5, 40, None, None, []))
    assert 40 == beginning.at_ms


def test_what_is_read_from_a_time_on_misses_nothing_where_more_was_before() -> None:
    """Only a partition that begins there may have forgotten some of it."""
    begins, since = dict.fromkeys(HERE, 5), dict(zip(HERE, (5, 9), strict=True))
    beginning = LogBeginning()
    beginning.look_since(begins, since)
    for record in starmap(RawRecord, [(HERE[1], 9, 90, None, None, [])] * 2):
        beginning.read(record)
    beginning.read(RawRecord(HERE[0], 5, 50, None, None, []))

    assert (50, None, 50) == (beginning.at_ms, beginning.after(50), beginning.after(49))


@pytest.mark.parametrize(("begins_ms", "refused"), [(None, 0), (-1, 0), (0, 0), (1, 1)])
def test_a_question_about_arms_has_no_verdict_where_the_log_begins_after_its_start(
    begins_ms: int | None, refused: int
) -> None:
    """In the words in which one about units has none; `show` ends with 1 then."""
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
