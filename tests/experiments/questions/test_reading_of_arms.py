"""A question about arms, read from a log that is longer than what is held at once."""

from collections.abc import Iterator

import pytest

from streams.clients.log_reader import Partition, RawRecord
from streams.contract.schemas.examples import NEW_YEAR_MS, SHOWN
from streams.contract.settings import Settings
from streams.experiments.impressions import SWEEP_RECORDS
from streams.experiments.questions.of_arms import OPEN_MAX, RARELY_DRAWN, ArmsQuestion
from streams.experiments.questions.reading import See, Sweeps, fold, outcomes_told
from tests.experiments.questions.test_answers import ARMS, asks

EVEN = dict.fromkeys(ARMS, 0.5)
RARE = {ARMS[0]: 0.001, ARMS[1]: 0.999}


def records(number: int, each_ms: int, rare_each: int = 0) -> Iterator[RawRecord]:
    """Impressions in turn, on two partitions, one after the other by event time.

    One of `rare_each` drew the first arm below the floor; none, if that is 0.
    """
    for n in range(number):
        at_ms = NEW_YEAR_MS + n * each_ms
        update = {
            "prompt_id": f"prompt-{n}",
            "session_id": f"session-{n}",
            "arm": ARMS[n // 2 % 2],
            "propensities": RARE if rare_each and not n % rare_each else EVEN,
            "estimates": None,
            "occurred_at_ms": at_ms,
            "prompted_at_ms": at_ms,
        }
        value = SHOWN.model_copy(update=update).to_json()
        yield RawRecord(Partition("outcomes", n % 2), n // 2, at_ms, None, value, [])


def read(question: ArmsQuestion, told: Iterator[RawRecord]) -> None:
    """As the command does."""

    def sweeps(see: See, often: int) -> Sweeps:
        return outcomes_told(told, lambda: {0, 1}, see, often)

    fold([question], sweeps)


def test_what_event_time_has_settled_long_ago_is_not_forgotten() -> None:
    """However long the log is: an impression a second, each settled ten minutes later."""
    question = ArmsQuestion(asks(arms=list(ARMS), metric="reward"), Settings(), open_max=3_000)
    read(question, records(12_000, each_ms=1_000))
    answer = question.answer()

    assert ((), 0) == (answer.notes, question.trials.forgotten)
    assert 12_000 - 600 - 1 <= answer.sides[0] <= 12_000


def test_looks_get_rarer_the_longer_it_runs() -> None:
    """Each weighs all that is known: one by each second at first, then by a hundredth more of time.

    Of 11,400 seconds that are a hundred, and some 480 from there on.
    """
    question = ArmsQuestion(asks(arms=list(ARMS), metric="reward"), Settings())
    read(question, records(12_000, each_ms=1_000))
    question.course.decided_ms("more")
    looks = question.course.looks
    question.course.decided_ms("more")

    assert 500 < looks < 620
    assert looks == question.course.looks


def test_what_really_is_open_beyond_what_is_held_is_forgotten_and_said() -> None:
    """Of impressions that all are of the same ten minutes."""
    question = ArmsQuestion(asks(arms=list(ARMS), metric="reward"), Settings(), open_max=300)
    read(question, records(900, each_ms=1))

    assert ("600 impressions forgotten: more than can be held",) == question.answer().notes


def test_what_is_told_again_counts_once_as_long_as_its_id_is_remembered() -> None:
    """Of as many as are held: no question remembers half a million ids."""
    question = ArmsQuestion(asks(arms=list(ARMS), metric="reward"), Settings(), open_max=3_000)
    told = [*records(6_000, each_ms=1_000)]
    read(question, iter([*told, *told[-2_000:]]))

    assert 2_000 == question.trials.repeats
    assert 6_000 - 600 - 1 <= question.answer().sides[0] <= 6_000
    assert question.trials.ids_max == question.trials.open_max


@pytest.mark.parametrize("open_max", [OPEN_MAX, 2])
def test_a_question_says_how_often_it_has_to_settle(open_max: int) -> None:
    """So that what waits for the sweep after next leaves room for what is open."""
    often = ArmsQuestion(asks(arms=list(ARMS), metric="reward"), Settings(), open_max).sweep_records

    assert 1 <= often <= max(1, open_max // 3)
    assert often < SWEEP_RECORDS


@pytest.mark.parametrize(("rare_each", "refused"), [(0, False), (25, False), (16, True)])
def test_two_arms_are_not_judged_by_what_is_left_of_many_that_were_drawn_rarely(
    rare_each: int, refused: bool
) -> None:
    """A twentieth may be left out: an arm is drawn rarely where it is thought to be bad."""
    question = ArmsQuestion(asks(arms=list(ARMS), metric="reward"), Settings())
    read(question, records(4_000, each_ms=1_000, rare_each=rare_each))
    answer = question.answer()

    assert refused == (answer.why == RARELY_DRAWN)
    assert refused == (answer.decision == "refused")
    assert answer.bounds is not None
