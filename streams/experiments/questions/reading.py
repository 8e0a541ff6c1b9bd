"""Answers all declared questions from the outcomes topic, for commands."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from streams.cli.progress import progressed_between
from streams.clients.log_reader import open_reader
from streams.contract.prompts import ANY_OUTCOME, AnyOutcome
from streams.contract.settings import Settings
from streams.contract.wire.numbers import foretold
from streams.experiments.declared.register import DeclaredExperiment, Register
from streams.experiments.impressions import SWEEP_RECORDS
from streams.experiments.questions.answer import QuestionAnswer
from streams.experiments.questions.of_arms import ArmsQuestion
from streams.experiments.questions.of_units import answer_of_units
from streams.experiments.questions.words import AnsweredQuestion
from streams.experiments.uplift.command import look


def answered(
    settings: Settings,
    register: Register,
    ones: Sequence[DeclaredExperiment],
    now_ms: int,
    keep: Path | None = None,
    *,
    quiet: bool = True,
) -> list[AnsweredQuestion]:
    """What follows of these by now, in their order; what has not begun is not looked for.

    Nor what was ended: its answer was kept.
    """
    begun = [one for one in ones if one.start_ms <= now_ms and one.concluded is None]
    found = _of_arms(settings, [one for one in begun if one.asked.arms], quiet=quiet)
    of_units = [one for one in begun if not one.asked.arms]
    if of_units:
        looked = look(settings, keep, quiet=quiet)
        found |= {one.name: answer_of_units(one, looked, now_ms) for one in of_units}
    nothing = QuestionAnswer("open", None)
    return [
        AnsweredQuestion.of(one, found.get(one.name, nothing), register.changes_of(one), now_ms)
        for one in ones
    ]


def _of_arms(
    settings: Settings, ones: Iterable[DeclaredExperiment], *, quiet: bool
) -> dict[str, QuestionAnswer]:
    """By name the answers of those about arms, all from one pass over the topic."""
    asked = [ArmsQuestion(one, settings) for one in ones]
    if not asked:
        return {}

    def see(outcome: AnyOutcome, partition: int) -> None:
        for each in asked:
            each.see(outcome, partition)

    since_ms = min(each.one.start_ms for each in asked)
    for unread in each_outcome(settings, since_ms, see, quiet=quiet):
        for each in asked:
            each.settle(unread)
    for each in asked:
        each.add(each.trials.settled())
    return {each.one.name: each.answer() for each in asked}


def each_outcome(
    settings: Settings,
    since_ms: int,
    see: Callable[[AnyOutcome, int], object],
    *,
    quiet: bool,
) -> Iterator[Collection[int]]:
    """Tell all that the outcomes topic holds since then, with partitions.

    Whenever many were read: the partitions of which there are more.
    """
    topic = settings.topics.outcomes
    with open_reader(settings, topic) as reader:
        begins, ends = reader.since(since_ms) if since_ms else reader.begins(), reader.ends()
        read = reader.between
        records = progressed_between(read, begins, ends, f"reading {topic}", quiet=quiet)
        for number, record in enumerate(records, start=1):
            try:
                outcome = ANY_OUTCOME.validate_json(record.value or b"")
            except ValidationError:
                continue
            if not foretold(outcome.occurred_at_ms, record.timestamp_ms):
                see(outcome, record.at.number)
            if number % SWEEP_RECORDS == 0:
                yield reader.unread()
