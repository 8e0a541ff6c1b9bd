"""Answers all declared questions from the outcomes topic, for commands."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from streams.cli.progress import progressed_between
from streams.clients.log_reader import RawRecord, open_reader
from streams.contract.published.outcomes import ANY_OUTCOME, AnyOutcome
from streams.contract.settings import Settings
from streams.contract.wire.numbers import foretold
from streams.experiments.declared.register import DeclaredExperiment, Register
from streams.experiments.evidence.log_beginning import LogBeginning
from streams.experiments.evidence.quiet_log import quiet_time
from streams.experiments.impressions import SWEEP_RECORDS
from streams.experiments.questions.answer import QuestionAnswer
from streams.experiments.questions.of_arms import ArmsQuestion
from streams.experiments.questions.of_units import answer_of_units
from streams.experiments.questions.words import AnsweredQuestion
from streams.experiments.uplift.command import look

See = Callable[[AnyOutcome, int], object]
"""What an outcome and the number of its partition are told to."""
Sweeps = Iterator[Collection[int]]
"""Partitions of which there is more to read, again and again."""


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
    since_ms, since_last = min(each.one.start_ms for each in asked), quiet_time(settings)
    for each in asked:
        each.trials.quiet = since_last
    beginning = LogBeginning()
    fold(asked, partial(each_outcome, settings, since_ms, beginning=beginning, quiet=quiet))
    for each in asked:
        each.trials.begins_ms = beginning.at_ms
    return {each.one.name: each.answer() for each in asked}


def fold(asked: Collection[ArmsQuestion], told: Callable[[See, int], Sweeps]) -> None:
    """Read for all of them, as often settling what is settled as the smallest has to.

    `told` tells outcomes to a function, and after so many records of which partitions more is to
    come.
    """

    def see(outcome: AnyOutcome, partition: int) -> None:
        for each in asked:
            each.see(outcome, partition)

    for unread in told(see, min(each.sweep_records for each in asked)):
        for each in asked:
            each.settle(unread)
    for each in asked:
        each.settle(())


def each_outcome(
    settings: Settings,
    since_ms: int,
    see: See,
    sweep_records: int = SWEEP_RECORDS,
    *,
    beginning: LogBeginning | None = None,
    quiet: bool,
) -> Sweeps:
    """Tell all that the outcomes topic holds since then, with partitions.

    Whenever so many were read: the partitions of which there are more.
    """
    topic = settings.topics.outcomes
    with open_reader(settings, topic) as reader:
        there, ends = reader.begins(), reader.ends()
        begins = reader.since(since_ms) if since_ms else there
        beginning = beginning or LogBeginning()
        beginning.look_since(there, begins, ends)
        read = reader.between
        records = progressed_between(read, begins, ends, f"reading {topic}", quiet=quiet)
        noted = _noted(records, beginning)
        yield from outcomes_told(noted, reader.unread, see, sweep_records)


def _noted(records: Iterable[RawRecord], beginning: LogBeginning) -> Iterator[RawRecord]:
    for record in records:
        beginning.read(record)
        yield record


def outcomes_told(
    records: Iterable[RawRecord],
    unread: Callable[[], Collection[int]],
    see: See,
    sweep_records: int,
) -> Sweeps:
    """The same of records, left out what is none, or is said to be of the future."""
    for number, record in enumerate(records, start=1):
        try:
            outcome = ANY_OUTCOME.validate_json(record.value or b"")
        except ValidationError:
            outcome = None
        if outcome is not None and not foretold(outcome.occurred_at_ms, record.timestamp_ms):
            see(outcome, record.at.number)
        if number % sweep_records == 0:
            yield unread()
