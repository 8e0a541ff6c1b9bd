"""Questions about two arms, answered from settled impressions: as `goeswith arms` is."""

from collections.abc import Collection, Iterable

from models.evaluation.arm_values import sequence
from streams.cli.printable import many
from streams.contract.published.outcomes import AnyOutcome
from streams.contract.settings import Settings
from streams.experiments.arm_estimates import ArmEstimates, sample_ratio_alarms
from streams.experiments.declared.register import DeclaredExperiment
from streams.experiments.evidence.log_beginning import FORGOTTEN
from streams.experiments.impressions import Trial, Trials
from streams.experiments.questions.answer import (
    EffectBounds,
    QuestionAnswer,
    decide,
    with_parts,
)
from streams.experiments.questions.compared_sides import ArmsCompared
from streams.experiments.questions.course import PairCourse
from streams.experiments.uplift.command import UNKNOWN_MS

OPEN_MAX = 100_000
"""Prompts that are held until they are settled; of more the oldest are forgotten, and counted. Of
as many that are settled the ids are remembered: what is told again of older ones is news."""
SWEEPS = 3
"""How often to settle while so many are read. What was news since the last time but one waits, so
a third is left for what really is open."""
RARELY_DRAWN = "one of the arms was drawn below the floor too often: the rest may be unlike it"
"""Why nothing follows from the impressions that are evidence."""


class ArmsQuestion:
    """Folds outcomes for a declared experiment: of prompts that were shown while it ran.

    The bounds are those of one pair, with all of the error: no other pair was asked for.
    """

    def __init__(
        self, one: DeclaredExperiment, settings: Settings, open_max: int = OPEN_MAX
    ) -> None:
        self.one = one
        self.evidence = ArmEstimates(settings.arm_floor)
        in_money = settings.reward == "net"
        settle_ms = one.asked.settle_s * 1000
        self.trials = Trials(settle_ms, open_max, ids_max=open_max, in_money=in_money)
        self.course = PairCourse(one, self.evidence.floor)

    @property
    def sweep_records(self) -> int:
        """`settle` is to be called after so many records at most, or what is settled is lost."""
        return max(1, self.trials.open_max // SWEEPS)

    def see(self, outcome: AnyOutcome, partition: int) -> None:
        """Note an outcome of this partition."""
        self.trials.see(outcome, partition)

    def settle(self, unread: Collection[int]) -> None:
        """Count what is settled; `unread`: partitions of which there is more to read."""
        self.add(self.trials.swept(unread) if unread else self.trials.settled_of_partitions())

    def add(self, trials: Iterable[Trial]) -> None:
        """Count settled trials, of those that were shown while it ran."""
        start_s = self.one.start_ms / 1000
        end_s = float("inf") if self.one.end_ms is None else self.one.end_ms / 1000
        mine = (trial for trial in trials if start_s <= trial.shown_s < end_s)
        counted = sorted(mine, key=lambda trial: trial.shown_s)
        self.evidence.add(counted)
        self.course.add(counted)

    def answer(self) -> QuestionAnswer:
        """What they say by now."""
        bounds, compared = self.bounds(), self._compared()
        trials = int(compared.first.n)
        if why := self._refusal():
            return QuestionAnswer("refused", bounds, why, (trials, 0))
        decision = decide(compared, self.one.asked.least_effect)
        at_ms = None
        if decision != "open":
            at_ms = self.course.decided_ms(decision, self.trials.settled_until_ms)
        lost = self.trials.forgotten
        notes = (many(lost, "impressions forgotten: more than can be held"),) if lost else ()
        why = "" if bounds else "no impression is settled of which both arms were on offer"
        return QuestionAnswer(decision, bounds, why, (trials, 0), (), at_ms, notes)

    def _refusal(self) -> str:
        """Why nothing follows from what was read; empty: something may."""
        if (self.trials.begins_ms or 0) - self.one.start_ms > UNKNOWN_MS:
            return FORGOTTEN
        arms = self._arms
        if alarms := {*sample_ratio_alarms(self.evidence.rows())} & {*arms}:
            return f"sample ratio alarm: {', '.join(sorted(alarms))} not seen as often as drawn"
        if not self.evidence.judges(*arms):
            return RARELY_DRAWN
        return ""

    def bounds(self) -> EffectBounds | None:
        """How much more an impression of the first arm earns; None: nothing is known."""
        return with_parts(self._compared())

    def _compared(self) -> ArmsCompared:
        return ArmsCompared.of(self.evidence.groups, self._arms, sequence(self.evidence.floor))

    @property
    def _arms(self) -> tuple[str, str]:
        return self.one.asked.arms or ("", "")
