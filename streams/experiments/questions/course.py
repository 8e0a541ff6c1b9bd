"""When a question about arms was decided: the same of the same log, however it was read.

The time since the start is cut into parts, each a hundredth longer than all before it. What
impressions earned is summed by the part in which they were shown, in fixed point, so that it does
not matter in which order they settle. By each part's end it is looked what follows from all up to
there: bounds hold at every look. A part counts once all that was shown in it is settled; so the
date that is told is a part's end and the time to settle, and moves no more while the log grows.
"""

from bisect import bisect_right
from collections.abc import Iterable
from math import inf

from models.evaluation.arm_values import ScoreSums, least_propensity, scored, sequence
from streams.experiments.declared.register import DeclaredExperiment
from streams.experiments.impressions import Trial
from streams.experiments.questions.answer import Decision, decide
from streams.experiments.questions.compared_sides import ArmsCompared

ENDS_MS = tuple(int(1_000 * 1.01**number) for number in range(3_000))
"""Of parts, since the start: the first is a second, and the last beyond all calendars."""
STEPS = float(1 << 40)
"""Of a sum's unit: sums of whole numbers are the same in any order."""
Sums = tuple[int, ...]
"""How many, and of either arm score and variance process, in steps."""


class PairCourse:
    """Folds settled trials, and tells since when they say what they say."""

    def __init__(self, one: DeclaredExperiment, floor: float) -> None:
        self.looks = 0
        """So often it was looked what follows."""
        self._arms, self._floor = one.asked.arms or ("", ""), floor
        self._start_ms, self._least = one.start_ms, one.asked.least_effect
        self._settle_ms = round(one.asked.settle_s * 1000)
        self._parts: dict[int, Sums] = {}
        self._looked: list[tuple[int, Sums, Decision]] = []
        """By part all up to its end, and what follows; as far as nothing has come since."""

    def add(self, trials: Iterable[Trial]) -> None:
        """Count settled trials of the time from the start."""
        first = len(ENDS_MS)
        for trial in trials:
            if (more := self._scored(trial)) is not None:
                part = bisect_right(ENDS_MS, round(trial.shown_s * 1000) - self._start_ms)
                self._parts[part] = _plus(self._parts.get(part, more[:0]), more)
                first = min(first, part)
        while self._looked and self._looked[-1][0] >= first:
            self._looked.pop()

    def decided_ms(self, decision: Decision, until_ms: float = inf) -> int | None:
        """Since when all said this, of what was shown by then; None: nobody knows yet.

        `until_ms`: all that was shown before this is settled.
        """
        self._look()
        since_ms = None
        for part, _, then in reversed(self._looked):
            end_ms = self._start_ms + ENDS_MS[part]
            if end_ms > until_ms:
                continue
            if then != decision:
                break
            since_ms = end_ms + self._settle_ms
        return since_ms

    def _look(self) -> None:
        by = sequence(self._floor)
        last, known, _ = self._looked[-1] if self._looked else (-1, (), "open")
        for part in sorted(part for part in self._parts if part > last):
            known = _plus(known, self._parts[part])
            n, *sums = known
            mine, theirs = ([one / STEPS for one in two] for two in (sums[:2], sums[2:]))
            compared = ArmsCompared(ScoreSums(n, *mine), ScoreSums(n, *theirs), by)
            self._looked.append((part, known, decide(compared, self._least)))
            self.looks += 1

    def _scored(self, trial: Trial) -> Sums | None:
        """What a trial adds to the sums (AIPW, see `models.evaluation.arm_values`).

        None: not both arms were on offer.
        """
        least = least_propensity(self._floor)
        found: list[float] = []
        for arm in self._arms:
            propensity, expected = trial.propensities.get(arm, 0.0), trial.estimates.get(arm, 0.0)
            if propensity < least:
                return None
            score, error = scored(trial.reward, propensity, expected, drawn=arm == trial.arm)
            found += [score, error * error]
        return (1, *(round(one * STEPS) for one in found))


def _plus(sums: Sums, more: Sums) -> Sums:
    return tuple(a + b for a, b in zip(sums, more, strict=True)) if sums else more
