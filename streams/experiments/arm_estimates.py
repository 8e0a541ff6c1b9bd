"""Estimates of arms (AIPW), with confidence sequences: bounds that hold whenever one looks.

Trials in, rows out; all of it is sums (`models.evaluation.arm_values`), so it can be kept up to
date for ever.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from models.evaluation.arm_values import (
    ALPHA,
    PROPENSITY_MIN,
    ArmSums,
    Groups,
    Interval,
    ScoreSums,
    added,
    arms_of,
    grouped,
    interval,
    least_propensity,
    of_arm,
    of_difference,
    p_value,
    sequence,
)
from models.evaluation.best_arm import arm_posteriors
from models.evaluation.reward_changes import NO_CHANGE, RewardChanges
from models.evaluation.sample_ratio import ALPHA as SAMPLE_RATIO_ALPHA
from models.evaluation.sample_ratio import sample_ratio_p
from streams.experiments.impressions import Trial

FLOOR_MIN = 0.01
"""Bounds that rest on a smaller floor are too wide to be of use."""
GROUPS_MAX = 4_096
"""Sets of arms on offer that are told apart; trials of further ones are left out, and counted."""
LEFT_OUT_MAX = 0.05
"""Share of an arm's impressions that may be left out before nothing is said of it."""
ALIKE_MIN = 0.99
"""Arms that are on offer in such a share of impressions are judged by the same ones."""
AGAINST = "popular"
"""What arms are compared with, unless told otherwise: what anybody could do."""


class ArmEstimate(NamedTuple):
    """What is known of one arm. Intervals hold at every look; None: nothing is known."""

    arm: str
    trials: int
    """Settled trials in which it was on offer."""
    drawn: int
    """In how many of these it was drawn."""
    estimate: Interval | None
    """Reward of an impression, by AIPW: fair, though luck made the arm be drawn more often."""
    difference: Interval | None
    """The same, less that of the arm compared with; all of these hold together."""
    p: float | None
    """How surprising that is if there is no difference; valid at every look, over all arms."""
    p_best: float
    """How probable it is to be the best."""
    expected_loss: float
    """What choosing it would cost an impression, on average."""
    sample_ratio_p: float
    """How surprising its share of impressions is, given the propensities; valid at every look."""
    changes: int
    """How often it was established that what it earns has changed."""
    changed_s: float | None
    """Since when that is, in seconds since 1970; None: it is not, or not any more."""
    on_offer: float
    """The share of impressions in which it was on offer: of other ones other rewards are earned."""
    left_out: int
    """Impressions in which it was drawn below the floor, which say nothing of it."""

    @property
    def comparable(self) -> bool:
        """Whether its reward is of the same impressions as that of others; differences always."""
        return self.on_offer >= ALIKE_MIN


class ArmEstimates:
    """Folds trials.

    >>> evidence = ArmEstimates()
    >>> half = {"buy_again": 0.5, "popular": 0.5}
    >>> for n in range(2_000):
    ...     arm = ("buy_again", "popular")[n % 2]
    ...     evidence.add([Trial(arm, "basket/new", half, half, 1.0 if n % 4 == 0 else 0.0)])
    >>> best, other = evidence.rows()
    >>> best.arm, round(best.estimate.value, 2), best.p < 0.05, other.difference
    ('buy_again', 0.5, True, None)
    """

    def __init__(self, floor: float = 0.05, against: str = AGAINST, alpha: float = ALPHA) -> None:
        self.floor = max(floor, FLOOR_MIN)
        self.against = against
        self.alpha = alpha
        self.left_out = 0
        """Trials of sets of arms beyond `GROUPS_MAX`."""
        self.below_floor = 0
        """Trials in which every arm was drawn more rarely than the floor allows: no evidence."""
        self.groups: dict[tuple[str, ...], ArmSums] = {}
        self.rare: Counter[str] = Counter()
        """Trials in which an arm was on offer, and drawn more rarely than the floor allows."""
        self.rare_pairs: Counter[tuple[str, str]] = Counter()
        """The same of two arms, one of them drawn so; in the order of their names."""
        self._shown: Counter[str] = Counter()
        self._rewards: dict[str, float] = {}
        self._changes = RewardChanges()

    def add(self, trials: Iterable[Trial]) -> None:
        """Count settled trials."""
        trials = list(trials)
        self._count(trials)
        least = least_propensity(self.floor)
        for trial in trials:
            chances = trial.propensities.items()
            if rare := {arm for arm, p in chances if PROPENSITY_MIN <= p < least}:
                self._leave_out(rare, {arm for arm, p in chances if p >= PROPENSITY_MIN})
            self._shown[trial.arm] += 1
            self._rewards[trial.arm] = self._rewards.get(trial.arm, 0.0) + trial.reward
            self._changes.add(trial.arm, trial.context, trial.reward, time_s=trial.shown_s)

    def _leave_out(self, rare: set[str], on_offer: set[str]) -> None:
        """Count what says nothing of some arms, nor of how others differ from them."""
        self.rare.update(rare)
        pairs = combinations(sorted(on_offer), 2)
        self.rare_pairs.update(pair for pair in pairs if not rare.isdisjoint(pair))

    def _count(self, trials: Sequence[Trial]) -> Groups:
        """Add trials to the sums by arms on offer; what was added, of groups that are held."""
        decisions = ((t.arm, t.reward, t.propensities, t.estimates) for t in trials)
        known, held = grouped(decisions, self.floor), dict[tuple[str, ...], ArmSums]()
        self.below_floor += len(trials) - int(sum(sums.n for sums in known.values()))
        for arms, sums in known.items():
            if arms in self.groups or len(self.groups) < GROUPS_MAX:
                self.groups = added(self.groups, {arms: sums})
                held[arms] = sums
            else:
                self.left_out += int(sums.n)
        return held

    def rows(self) -> list[ArmEstimate]:
        """The arms, the best first: by differences, and by P(best) where they never met.

        The last are those of which nothing is said.
        """
        arms = arms_of(self.groups)
        if not arms:
            return []
        shown = np.array([float(self._shown[arm]) for arm in arms])
        rewards = np.array([self._rewards.get(arm, 0.0) for arm in arms])
        posterior = dict(zip(arms, arm_posteriors(shown, rewards), strict=True))
        ratio = sample_ratio_p(self.groups)
        comparisons = max(1, len(arms) - 1)
        found = [self._row(arm, comparisons, *posterior[arm], ratio[arm]) for arm in arms]
        more, unknown = self.pairs().items(), self.unknown()
        worse = Counter(pair[1] for pair, by in more if by.low > 0.0)
        ahead = Counter(pair[0] for pair, by in more if by.value > 0.0)
        ahead.subtract(pair[1] for pair, by in more if by.value > 0.0)

        def order(row: ArmEstimate) -> tuple[bool, int, int, float, str]:
            name = row.arm
            return name in unknown, worse[name], -ahead[name], -row.p_best, name

        return sorted(found, key=order)

    def offered(self, arm: str) -> int:
        """In how many trials it was on offer, those included that are left out."""
        return int(of_arm(self.groups, arm).n) + self.rare[arm]

    def unknown(self) -> list[str]:
        """Arms of which nothing is said: what is left out may be unlike the rest."""
        every = sorted({*arms_of(self.groups), *self.rare})
        return [arm for arm in every if self.rare[arm] > LEFT_OUT_MAX * self.offered(arm)]

    def judges(self, one: str, other: str) -> bool:
        """Whether few enough of the trials that had both on offer are left out."""
        return self._difference(one, other) is not None

    def _difference(self, one: str, other: str) -> ScoreSums | None:
        """What is known of an arm less another; None: too much that is unlike it is left out."""
        known = of_difference(self.groups, one, other)
        out = self.rare_pairs[min(one, other), max(one, other)]
        return None if out > LEFT_OUT_MAX * (known.n + out) else known

    def pairs(self) -> dict[tuple[str, str], Interval]:
        """How much more the first earns than the second, of arms that were on offer together.

        None of arms of which nothing is said, nor of two of which one was drawn below the floor in
        too many of the trials in which both were on offer.

        All of these hold together, at every look.
        """
        arms = arms_of(self.groups)
        alpha = self.alpha / max(1, len(arms) * (len(arms) - 1) // 2)
        found, by, unknown = {}, sequence(self.floor), {*self.unknown()}
        for one, other in combinations([arm for arm in arms if arm not in unknown], 2):
            known = self._difference(one, other)
            more = known and interval(known, by, alpha, within=(-1.0, 1.0))
            if more is not None:
                found[one, other] = more
                found[other, one] = Interval(-more.value, -more.high, -more.low)
        return found

    def _row(
        self, arm: str, comparisons: int, p_best: float, loss: float, ratio_p: float
    ) -> ArmEstimate:
        by = sequence(self.floor)
        known = of_arm(self.groups, arm)
        difference, p = None, None
        if arm != self.against and not {arm, self.against} & {*self.unknown()}:
            against = self._difference(arm, self.against)
            if against is not None:
                difference = interval(against, by, self.alpha / comparisons, within=(-1.0, 1.0))
                p = p_value(against, by, comparisons) if difference else None
        change = self._changes.seen().get(arm, NO_CHANGE)
        return ArmEstimate(
            arm=arm,
            trials=int(known.n),
            drawn=self._shown[arm],
            estimate=interval(known, by, self.alpha),
            difference=difference,
            p=p,
            p_best=p_best,
            expected_loss=loss,
            sample_ratio_p=ratio_p,
            changes=change.times,
            changed_s=change.established_s,
            on_offer=known.n / sum(sums.n for sums in self.groups.values()),
            left_out=self.rare[arm],
        )


def sample_ratio_alarms(rows: Iterable[ArmEstimate]) -> list[str]:
    """The arms that are seen more or less often than they were drawn."""
    return [row.arm for row in rows if row.sample_ratio_p < SAMPLE_RATIO_ALPHA]
