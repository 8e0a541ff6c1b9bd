"""Bayesian changepoint detection: how far the evidence from before a change is discounted.

Fading (`models.decay.forward`) copes with slow change, at a price that is paid while nothing
changes. A sudden one, such as a new range or a new price, shows in the records: what arms earned
before and after it differ by more than chance explains. The latest half-lives are cut into epochs,
and for each epoch it is inferred how probable it is that all arms have been what they are since its
beginning, and not since before (the posterior of the run length, with a constant hazard rate):

```
epoch                     1      2      3      4      5      now
best arm: of 100          9      9      9      3      3      3
discount                  1      1      1      0      0      0      records count for 1 - discount
```

A change is one of all arms in all contexts: where one arm is no longer what it was, what is known
of the others is worth asking again. But it is a change of arms relative to one another: a swing
that all of them share, such as a weekend's, says nothing of which one is best, and is taken out
first (`models.bandit.swings`). Each side of a change is given its marginal likelihood under a Beta
prior of its own for every arm in every context, so that traffic which moves from context to
context is no change (the ratio of both to no change is a Bayes factor).

Records are sums by epoch of the exposure, in whole numbers, and are judged in the order of their
names: any order of events gives the same discounts. Epochs are judged when they are over and their
rewards can come no more; so there is something to infer once an epoch, not once an event.

Adams and MacKay: Bayesian online changepoint detection. arXiv 0710.3742, 2007.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from models.bandit.shrinkage import ALL, NO_RECORD, ArmRecord
from models.bandit.swings import swings
from models.decay.forward import ForwardDecay
from models.snapshot.elements import each

EPOCHS = 32
"""So many are told apart; older evidence is discounted as that of the first one is."""
EPOCHS_A_HALF_LIFE = 8
HAZARD_RATE = 0.005
"""The probability of a change from one epoch to the next: about one a year."""
DISCOUNT_BITS = 6
FULL_DISCOUNT = 1 << DISCOUNT_BITS
"""Discounts are whole 64ths: one that hardly moves does not move."""

Discounts = Mapping[int, int]
"""By epoch, how far its evidence is discounted, in 64ths; of others not at all. Empty: nowhere."""
Cell = tuple[str, str]
"""An arm in a context."""


class DiscountInputs(NamedTuple):
    """What discounts depend on, beside the records."""

    judged: tuple[int, ...]
    """The epochs that are compared."""
    rate: float
    """The mean reward that every Beta prior expects."""


class Changepoints:
    """The records of arms in contexts by epoch, and how far each epoch is discounted.

    Parameters
    ----------
    decay
        The weights of trials and rewards, which are those of the policy.
    window_s
        Seconds after an exposure in which its reward comes, if it does.
    strength
        Trials that the mean of all arms is worth for an arm after a change.

    Examples
    --------
    >>> decay = ForwardDecay(half_life_s=8 * 86_400)
    >>> changepoints, monday = Changepoints(decay, window_s=0.0, strength=20.0), 1_767_225_600
    >>> for n in range(4_000):
    ...     time_s = monday + n * 86  # four days, an epoch each; after two it pays no more
    ...     paid = decay.weight(time_s) if n % 5 == 0 and n < 2_000 else 0
    ...     changepoints.add("popular", "basket", ArmRecord(decay.weight(time_s), paid), time_s)
    >>> tomorrow = time_s + 86_400
    >>> list(changepoints.discounts(tomorrow, rate=0.1).values())  # in 64ths
    [64, 64, 0, 0]
    """

    def __init__(self, decay: ForwardDecay, window_s: float, strength: float) -> None:
        self.decay = decay
        self.window_s = window_s
        self.strength = strength
        self.epoch_s = decay.half_life_s / EPOCHS_A_HALF_LIFE
        self._latest = 0
        self._seen: set[int] = set()
        self._records: dict[Cell, dict[int, ArmRecord]] = {}
        self._cache = _DiscountCache()

    def add(self, arm: str, context: str, more: ArmRecord, time_s: float) -> None:
        """Add to the record of an arm in a context."""
        epoch = int(time_s / self.epoch_s)
        if epoch > self._latest:
            self._latest = epoch
            self._drop(epoch - EPOCHS)
        elif epoch <= self._latest - EPOCHS:
            return
        cell = arm, context
        epochs = self._records.get(cell)
        if epochs is None:
            epochs = self._records[cell] = {}
        before = epochs.get(epoch)
        epochs[epoch] = more if before is None else before.plus(more)
        self._seen.add(epoch)
        self._cache.invalidate(cell, epoch)

    def _drop(self, gone: int) -> None:
        """Epochs that are too old are not told apart any more."""
        if any(epoch <= gone for epoch in self._seen):
            self._seen = {epoch for epoch in self._seen if epoch > gone}
            for cell, epochs in [*self._records.items()]:
                kept = {epoch: record for epoch, record in epochs.items() if epoch > gone}
                self._put(cell, kept)
            self._cache.forget()

    def _put(self, cell: Cell, epochs: dict[int, ArmRecord]) -> None:
        if epochs:
            self._records[cell] = epochs
        else:
            self._records.pop(cell, None)

    def keep(self, cells: Mapping[str, Mapping[str, ArmRecord]]) -> None:
        """Forget arms in contexts that have no record (context -> arm -> record) any more."""
        for arm, context in [*self._records]:
            if arm not in cells.get(context, ()):
                del self._records[arm, context]
        self._reset()

    # Reading

    def discounts(self, now_s: float, rate: float) -> Discounts:
        """How far each epoch is discounted, the oldest first.

        `rate` is the mean reward of all arms, to the next eighth of an octave or so.
        """
        over = int((now_s - self.window_s) / self.epoch_s)
        inputs = DiscountInputs(tuple(epoch for epoch in sorted(self._seen) if epoch < over), rate)
        cache = self._cache
        if cache.inputs != inputs:
            discounts = self._infer(inputs) if len(inputs.judged) > 1 else {}
            if discounts != cache.discounts:
                cache.discounts = discounts
                cache.retained.clear()
            cache.inputs = inputs
        return cache.discounts

    def discounted(
        self, arm: str, context: str, record: ArmRecord, discounts: Discounts
    ) -> ArmRecord:
        """The record without what is discounted of it (`ALL`: the arm's in all contexts)."""
        most = next(iter(discounts.values()))
        trials, rewards = (
            total - ((total * most - less) >> DISCOUNT_BITS)
            for total, less in zip(record, self._retained((arm, context), discounts), strict=True)
        )
        return ArmRecord(trials, rewards)

    def _retained(self, cell: Cell, discounts: Discounts) -> ArmRecord:
        """By how much less than the oldest evidence that of each epoch is discounted, in sum."""
        retained = self._cache.retained.get(cell)
        if retained is None:
            if cell[1] == ALL:
                own = [each for each in self._records if each[0] == cell[0]]
                sums = [self._retained(each, discounts) for each in own]
            else:
                most = next(iter(discounts.values()))
                by_epoch = self._records.get(cell, {}).items()
                sums = [record.times(most - discounts.get(epoch, 0)) for epoch, record in by_epoch]
            retained = ArmRecord(sum(one.trials for one in sums), sum(one.rewards for one in sums))
            self._cache.retained[cell] = retained
        return retained

    def _infer(self, inputs: DiscountInputs) -> Discounts:
        """By Bayes' rule, from no change and one at the beginning of each epoch but the first."""
        likely = [0.0, *(math.log(HAZARD_RATE) + each for each in self._log_bayes_factors(inputs))]
        most = max(likely)
        since = [math.exp(each - most) for each in likely]
        discounts, later = {}, sum(since)
        for epoch, probability in zip(inputs.judged, since, strict=True):
            later -= probability
            discounts[epoch] = round(later / sum(since) * FULL_DISCOUNT)
        return discounts if any(discounts.values()) else {}

    def _log_bayes_factors(self, inputs: DiscountInputs) -> list[float]:
        """Log Bayes factor of a change at the beginning of each epoch but the first, against none.

        Trials count as at the beginning of their epoch, and for as many as their swing
        makes of them.
        """
        units = {epoch: self.decay.weight(epoch * self.epoch_s) for epoch in inputs.judged}
        cells = sorted(self._records, key=lambda cell: (cell[1], cell[0]))
        by_epoch = np.array([_decayed(self._records[cell], units) for cell in cells])
        trials, rewards = by_epoch[..., 0], by_epoch[..., 1]
        contexts = sorted({context for _, context in cells})
        numbers = {context: number for number, context in enumerate(contexts)}
        groups = [numbers[context] for _, context in cells]
        adjusted_trials = trials * swings(trials, rewards, groups, inputs.rate, self.strength)
        likely = [
            self._cell_log_bayes_factors(tried, won, inputs.rate)
            for tried, won in zip(
                adjusted_trials.cumsum(axis=1).tolist(),
                rewards.cumsum(axis=1).tolist(),
                strict=True,
            )
        ]
        return [math.fsum(of_epoch) for of_epoch in zip(*likely, strict=True)]

    def _cell_log_bayes_factors(
        self, tried: Sequence[float], won: Sequence[float], rate: float
    ) -> list[float]:
        """The same, of one arm in a context: its trials and rewards until the end of each epoch."""
        *earlier, (trials, rewards) = zip(tried, won, strict=True)
        unchanged = self._log_marginal(trials, rewards, rate) + self._log_marginal(0.0, 0.0, rate)
        likely, value, before = [], 0.0, (0.0, 0.0)
        for past in earlier:
            if past != before:
                before, (past_trials, past_rewards) = past, past
                value = self._log_marginal(past_trials, past_rewards, rate) - unchanged
                value += self._log_marginal(trials - past_trials, rewards - past_rewards, rate)
            likely.append(value)
        return likely

    def _log_marginal(self, trials: float, rewards: float, rate: float) -> float:
        """Log marginal likelihood of a record under a Beta prior of its own, but for a constant."""
        won, a = min(max(rewards, 0.0), trials), self.strength * rate
        b, lgamma = self.strength - a + trials - won, math.lgamma
        return lgamma(a + won) + lgamma(b) - lgamma(self.strength + trials)

    # The state

    def state(self) -> dict[str, Any]:
        """All sums, as JSON: by context, by arm, by epoch."""
        by_context: dict[str, dict[str, Any]] = {}
        for (arm, context), epochs in self._records.items():
            by_context.setdefault(context, {})[arm] = {
                str(epoch): record.written() for epoch, record in epochs.items()
            }
        return {"latest": self._latest, "epochs": by_context}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        (self._latest,) = each(int, [state["latest"]], 0)
        self._records = {
            (arm, context): {int(epoch): ArmRecord.read(record) for epoch, record in epochs.items()}
            for context, arms in state["epochs"].items()
            for arm, epochs in arms.items()
        }
        self._reset()

    def _reset(self) -> None:
        """See which epochs have records: what was inferred may hold no more."""
        self._seen = {epoch for epochs in self._records.values() for epoch in epochs}
        self._cache.forget()


def _decayed(
    epochs: Mapping[int, ArmRecord], units: Mapping[int, int]
) -> list[tuple[float, float]]:
    """Trials and rewards of each epoch, in trials of its beginning."""
    return [epochs.get(epoch, NO_RECORD).decayed(unit) for epoch, unit in units.items()]


class _DiscountCache:
    """What was inferred since a record changed. Copies and pickles leave it out."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Any record may have changed."""
        self.inputs: DiscountInputs | None = None
        self.discounts: Discounts = {}
        self.retained: dict[Cell, ArmRecord] = {}

    def invalidate(self, cell: Cell, epoch: int) -> None:
        """The record of an arm in a context has changed in an epoch."""
        if self.inputs is not None and epoch in self.inputs.judged:
            self.inputs = None
        if self.retained:
            self.retained.pop(cell, None)
            self.retained.pop((cell[0], ALL), None)

    def __reduce__(self) -> tuple[type["_DiscountCache"], tuple[()]]:
        return _DiscountCache, ()
