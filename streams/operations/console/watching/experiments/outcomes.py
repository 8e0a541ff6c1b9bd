"""What the outcomes topic tells of arms and of the holdout: folded once, then as it grows.

The folds are those of `goeswith arms` and `goeswith uplift`, fed from one pass over the topic, in
slices: after each of them there is something to show. They are sums, and bounded in memory; where
Kafka went away in the midst of a slice, reading goes on at the very record.

What follows from the sums takes longer the more there are, so it is reckoned seldom enough to take
a twentieth of the time at most.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from pydantic import ValidationError

from streams.clients.log_reader import LogReader, Partition, RawRecord, open_reader
from streams.contract.published.outcomes import ANY_OUTCOME, Outcome
from streams.contract.settings import Settings
from streams.contract.wire.numbers import foretold
from streams.experiments.arm_estimates import ArmEstimate, ArmEstimates
from streams.experiments.arms import board_json, board_table
from streams.experiments.declared.register import Register
from streams.experiments.evidence.arm_tables import evidence_json, evidence_table
from streams.experiments.evidence.conclusion import RewardScale
from streams.experiments.evidence.log_beginning import LogBeginning
from streams.experiments.evidence.quiet_log import NowAndThen, quiet_time
from streams.experiments.evidence.so_far import SoFar
from streams.experiments.impressions import Trials
from streams.experiments.open_prompts import QuietTime
from streams.experiments.questions.answer import QuestionAnswer
from streams.experiments.questions.planning.rates import UnitRates
from streams.experiments.uplift.command import Looked, findings
from streams.experiments.uplift.kept_units import KeptUnits
from streams.experiments.uplift.units import Units
from streams.operations.console.watching.experiments.asked import AskedQuestions
from streams.operations.console.watching.experiments.course import EstimateCourse
from streams.operations.console.watching.experiments.told import (
    ArmsTold,
    UpliftTold,
    unit_rates,
    uplift_told,
)
from streams.operations.console.watching.poller import MadeAnew, Opening
from streams.views.arm_board import ArmBoard

SLICE = 10_000
"""So many records are read before something new is shown, of all partitions together."""
PART_OF_TIME = 0.05
"""So much of the time may go into reckoning what follows."""


class OutcomesSeen(NamedTuple):
    """What is known by now."""

    arms: ArmsTold
    uplift: UpliftTold
    read_share: float
    """How much of the topic has been read: 1 is all."""
    records: int
    """So many were read."""
    answers: Mapping[str, QuestionAnswer]
    """To declared questions, by the experiment's name."""
    rates: Mapping[str, UnitRates]
    """By metric what units do without prompts."""


class OutcomeFold:
    """Folds the topic; `look` reads one slice of it on."""

    def __init__(
        self,
        settings: Settings,
        clock_s: Callable[[], float] = time.monotonic,
        slice_records: int = SLICE,
        register: Callable[[], Register | None] = lambda: None,
        now_s: Callable[[], float] = time.time,
        quiet: Callable[[], QuietTime] = QuietTime,
    ) -> None:
        self._quiet = NowAndThen(quiet, clock_s)
        self._settings = settings
        self._now_s = now_s
        self.asked = AskedQuestions(settings, register)
        self._clock_s = clock_s
        self._slice = slice_records
        self._scale = RewardScale.of(settings)
        self._anew = MadeAnew()
        self._begin()

    def _begin(self) -> None:
        """Nothing has been read."""
        self.board = ArmBoard()
        self.trials = Trials(in_money=self._settings.reward == "net")
        self.so_far = SoFar(self.trials)
        self.evidence = ArmEstimates(self._settings.arm_floor)
        self.units = Units()
        self.course = EstimateCourse()
        self.asked.begin()
        self._unreadable = 0
        self._records = 0
        self._settled = 0
        self._next: dict[Partition, int] = {}
        self._beginning = LogBeginning()
        self._seen: OutcomesSeen | None = None
        self._due_s = 0.0

    def look(self, reader: LogReader) -> OutcomesSeen:
        """Read on, and say what is known; nothing is read twice, whatever happened before."""
        quiet, records = self._asked_quiet(), self._records
        begins, ends = reader.begins(), reader.ends()
        if self._anew.told(self._next, ends) or self.asked.outdated():
            self._begin()
        self.asked.follow()
        left = self._read(reader, begins, ends)
        self._settle(left, quiet if self._records == records else QuietTime())
        total = sum(ends[at] - begins[at] for at in ends)
        share = 1.0 - sum(left.values()) / total if total and left else 1.0
        now_s = self._clock_s()
        if self._seen is None or now_s >= self._due_s or (share == 1.0 > self._seen.read_share):
            self._seen = self._told(share)
            took_s = self._clock_s() - now_s
            self._due_s = self._clock_s() + took_s / PART_OF_TIME
        self._seen = self._seen._replace(read_share=share, records=self._records)
        return self._seen

    def _read(
        self, reader: LogReader, begins: Mapping[Partition, int], ends: Mapping[Partition, int]
    ) -> dict[Partition, int]:
        """Read a slice; what is left of each partition."""
        starts = {at: max(begin, self._next.get(at, 0)) for at, begin in begins.items()}
        each = max(1, self._slice // max(1, len(starts)))
        upto = {at: min(ends[at], start + each) for at, start in starts.items()}
        self._beginning.look(begins, self._next, ends)  # now: Kafka may go away in the midst of it
        for record in reader.between(starts, upto):
            self._beginning.read(record)
            self._fold(record)
            self._next[record.at] = record.offset + 1
        self._next |= {at: max(end, starts[at]) for at, end in upto.items()}
        return {at: ends[at] - self._next[at] for at in ends if ends[at] > self._next[at]}

    def _fold(self, record: RawRecord) -> None:
        self._records += 1
        try:
            outcome = ANY_OUTCOME.validate_json(record.value or b"")
        except ValidationError:
            self._unreadable += 1
            return
        if foretold(outcome.occurred_at_ms, record.timestamp_ms):
            self._unreadable += 1
            return
        self.units.add(outcome, record.timestamp_ms)
        if self.trials.see(outcome, record.at.number) and isinstance(outcome, Outcome):
            self.so_far.count(outcome, self.board, record.at.number)
        self.asked.see(outcome, record.at.number)

    def _asked_quiet(self) -> QuietTime:
        """How long nothing has come, asked now and then, and where something waits for it."""
        all_is_read = self._seen is not None and self._seen.read_share == 1.0
        return self._quiet() if all_is_read else QuietTime()

    def _settle(self, left: Mapping[Partition, int], quiet: QuietTime) -> None:
        self.trials.quiet = quiet
        unread = [at.number for at in left]
        trials = self.trials.swept(unread) if unread else self.trials.settled_of_partitions()
        self.evidence.add(trials)
        self.asked.settle(unread, quiet)
        self._settled += len(trials)
        if self.course.due(self._settled):
            self.course.note(self._settled, self.evidence.rows())

    def _told(self, share: float) -> OutcomesSeen:
        rows = self.evidence.rows()
        self.trials.unreadable = self._unreadable
        following = {at.number: offset for at, offset in self._next.items()}
        begins_ms = self.trials.begins_ms = self._beginning.at_ms
        looked = Looked(KeptUnits(self.units, following, begins_ms), self._unreadable)
        register, now_ms = self.asked.register, int(self._now_s() * 1000)
        found = findings(self._settings, looked, declared=register, now_ms=now_ms)
        answers = self.asked.answers(looked, now_ms)
        told = self._arms_told(rows), uplift_told(found)
        return OutcomesSeen(*told, share, self._records, answers, unit_rates(found.totals))

    def _arms_told(self, rows: list[ArmEstimate]) -> ArmsTold:
        board = self.board.rows(), self._unreadable, self.board.others, self.so_far.left_out
        values = board_json(*board)
        return ArmsTold(
            evidence_table(self.evidence, self.trials, self._scale),
            board_table(*board),
            tuple(rows),
            self.course.points,
            self.evidence.against,
            values | {"evidence": evidence_json(self.evidence, self.trials, self._scale)},
        )


def outcome_looks(
    settings: Settings, register: Callable[[], Register | None] = lambda: None
) -> Opening[OutcomesSeen]:
    """What opens looks at the outcomes topic; what was folded outlives the clients."""
    fold = OutcomeFold(settings, register=register, quiet=partial(quiet_time, settings))

    @contextmanager
    def opening() -> Iterator[Callable[[], OutcomesSeen]]:
        with open_reader(settings, settings.topics.outcomes) as reader:
            yield lambda: fold.look(reader)

    return opening
