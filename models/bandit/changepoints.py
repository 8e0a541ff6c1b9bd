"""Has the world changed? How much of the older evidence is still evidence, by Bayes' rule.

Fading (`models.decay.forward`) copes with slow change, at a price that is paid while nothing
changes. A sudden one, such as a new range or a new price, shows in the records: what arms earned
before and after it differ by more than chance explains. The latest half-lives are cut into epochs,
and for each epoch it is reckoned how probable it is that all arms have been what they are since its
beginning, and not since before:

```
epoch                     1      2      3      4      5      now
best arm: of 100          9      9      9      3      3      3
doubt                     1      1      1      0      0      0      its records count for 1 - doubt
```

A change is one of all arms in all contexts: where one arm is no longer what it was, what is known
of the others is worth asking again. But it is a change of arms relative to one another: a swing
that all of them share, such as a weekend's, says nothing of which one is best, and is taken out
first (`models.bandit.swings`). Each side of a change is given the evidence that it is likely under
a Beta prior of its own for every arm in every context, so that traffic which moves from context to
context is no change.

Records are sums by epoch of the exposure, in whole numbers, and are judged in the order of their
names: any order of events gives the same doubts. Epochs are judged when they are over and their
rewards can come no more; so there is something to reckon once an epoch, not once an event.

Adams and MacKay: Bayesian online changepoint detection. arXiv 0710.3742, 2007.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from models.bandit.shrinkage import ALL, NO_RECORD, Record
from models.bandit.swings import swings
from models.decay.forward import ForwardDecay

EPOCHS = 32
"""So many are told apart; older evidence is doubted as that of the first one is."""
EPOCHS_A_HALF_LIFE = 8
CHANGE = 0.005
"""How probable it is that the world changes from one epoch to the next: about once a year."""
CERTAIN_BITS = 6
CERTAIN = 1 << CERTAIN_BITS
"""Doubts are whole 64ths: one that hardly moves does not move."""

Doubts = Mapping[int, int]
"""How far the evidence of an epoch is doubted, in 64ths; of others not at all. Empty: nowhere."""
Cell = tuple[str, str]
"""An arm in a context."""


class Asked(NamedTuple):
    """What doubts depend on, beside the records."""

    judged: tuple[int, ...]
    """The epochs that are compared."""
    rate: float
    """The mean reward that every Beta prior expects."""


class Changes:
    """The records of arms in contexts by epoch, and how far each epoch is doubted.

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
    >>> changes, monday = Changes(decay, window_s=0.0, strength=20.0), 1_767_225_600
    >>> for n in range(4_000):
    ...     time_s = monday + n * 86  # four days, an epoch each; after two it pays no more
    ...     paid = decay.weight(time_s) if n % 5 == 0 and n < 2_000 else 0
    ...     changes.add("popular", "basket", Record(decay.weight(time_s), paid), time_s)
    >>> tomorrow = time_s + 86_400
    >>> list(changes.doubts(tomorrow, rate=0.1).values())  # in 64ths
    [64, 64, 0, 0]
    """

    def __init__(self, decay: ForwardDecay, window_s: float, strength: float) -> None:
        self.decay = decay
        self.window_s = window_s
        self.strength = strength
        self.epoch_s = decay.half_life_s / EPOCHS_A_HALF_LIFE
        self._latest = 0
        self._seen: set[int] = set()
        self._records: dict[Cell, dict[int, Record]] = {}
        self._kept = _Kept()

    def add(self, arm: str, context: str, more: Record, time_s: float) -> None:
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
        self._kept.touch(cell, epoch)

    def _drop(self, gone: int) -> None:
        """Epochs that are too old are not told apart any more."""
        if any(epoch <= gone for epoch in self._seen):
            self._seen = {epoch for epoch in self._seen if epoch > gone}
            for cell, epochs in [*self._records.items()]:
                kept = {epoch: record for epoch, record in epochs.items() if epoch > gone}
                self._put(cell, kept)
            self._kept.forget()

    def _put(self, cell: Cell, epochs: dict[int, Record]) -> None:
        if epochs:
            self._records[cell] = epochs
        else:
            self._records.pop(cell, None)

    def keep(self, cells: Mapping[str, Mapping[str, Record]]) -> None:
        """Forget arms in contexts that have no record (context -> arm -> record) any more."""
        for arm, context in [*self._records]:
            if arm not in cells.get(context, ()):
                del self._records[arm, context]
        self._look()

    # Reading

    def doubts(self, now_s: float, rate: float) -> Doubts:
        """How far each epoch is doubted, the oldest first.

        `rate` is the mean reward of all arms, to the next eighth of an octave or so.
        """
        over = int((now_s - self.window_s) / self.epoch_s)
        asked = Asked(tuple(epoch for epoch in sorted(self._seen) if epoch < over), rate)
        kept = self._kept
        if kept.asked != asked:
            doubts = self._reckon(asked) if len(asked.judged) > 1 else {}
            if doubts != kept.doubts:
                kept.doubts = doubts
                kept.relieved.clear()
            kept.asked = asked
        return kept.doubts

    def doubted(self, arm: str, context: str, record: Record, doubts: Doubts) -> Record:
        """The record without what is doubted of it (`ALL`: the arm's in all contexts)."""
        most = next(iter(doubts.values()))
        trials, rewards = (
            total - ((total * most - less) >> CERTAIN_BITS)
            for total, less in zip(record, self._relieved((arm, context), doubts), strict=True)
        )
        return Record(trials, rewards)

    def _relieved(self, cell: Cell, doubts: Doubts) -> Record:
        """By how much less than the oldest evidence that of each epoch is doubted, in sum."""
        relieved = self._kept.relieved.get(cell)
        if relieved is None:
            if cell[1] == ALL:
                own = [each for each in self._records if each[0] == cell[0]]
                sums = [self._relieved(each, doubts) for each in own]
            else:
                most = next(iter(doubts.values()))
                told = self._records.get(cell, {}).items()
                sums = [record.times(most - doubts.get(epoch, 0)) for epoch, record in told]
            relieved = Record(sum(one.trials for one in sums), sum(one.rewards for one in sums))
            self._kept.relieved[cell] = relieved
        return relieved

    def _reckon(self, asked: Asked) -> Doubts:
        """Bayes' rule: no change, or one at the beginning of each epoch but the first."""
        likely = [0.0, *(math.log(CHANGE) + each for each in self._likely(asked))]
        most = max(likely)
        since = [math.exp(each - most) for each in likely]
        doubts, later = {}, sum(since)
        for epoch, probability in zip(asked.judged, since, strict=True):
            later -= probability
            doubts[epoch] = round(later / sum(since) * CERTAIN)
        return doubts if any(doubts.values()) else {}

    def _likely(self, asked: Asked) -> list[float]:
        """How much likelier all is with a change at the beginning of each epoch but the first.

        Logarithms. Trials count as at the beginning of their epoch, and for as many as their swing
        makes of them.
        """
        units = {epoch: self.decay.weight(epoch * self.epoch_s) for epoch in asked.judged}
        cells = sorted(self._records, key=lambda cell: (cell[1], cell[0]))
        told = np.array([_faded(self._records[cell], units) for cell in cells])
        trials, rewards = told[..., 0], told[..., 1]
        contexts = sorted({context for _, context in cells})
        numbers = {context: number for number, context in enumerate(contexts)}
        groups = [numbers[context] for _, context in cells]
        swung = trials * swings(trials, rewards, groups, asked.rate, self.strength)
        likely = [
            self._of_cell(tried, won, asked.rate)
            for tried, won in zip(
                swung.cumsum(axis=1).tolist(), rewards.cumsum(axis=1).tolist(), strict=True
            )
        ]
        return [math.fsum(of_epoch) for of_epoch in zip(*likely, strict=True)]

    def _of_cell(self, tried: Sequence[float], won: Sequence[float], rate: float) -> list[float]:
        """The same, of one arm in a context: its trials and rewards until the end of each epoch."""
        *earlier, (trials, rewards) = zip(tried, won, strict=True)
        unchanged = self._evidence(trials, rewards, rate) + self._evidence(0.0, 0.0, rate)
        likely, value, before = [], 0.0, (0.0, 0.0)
        for past in earlier:
            if past != before:
                before, (past_trials, past_rewards) = past, past
                value = self._evidence(past_trials, past_rewards, rate) - unchanged
                value += self._evidence(trials - past_trials, rewards - past_rewards, rate)
            likely.append(value)
        return likely

    def _evidence(self, trials: float, rewards: float, rate: float) -> float:
        """Log likelihood of a record under a Beta prior of its own, but for a constant."""
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
        self._latest = state["latest"]
        self._records = {
            (arm, context): {int(epoch): Record.read(record) for epoch, record in epochs.items()}
            for context, arms in state["epochs"].items()
            for arm, epochs in arms.items()
        }
        self._look()

    def _look(self) -> None:
        """See which epochs have records: what was reckoned may hold no more."""
        self._seen = {epoch for epochs in self._records.values() for epoch in epochs}
        self._kept.forget()


def _faded(epochs: Mapping[int, Record], units: Mapping[int, int]) -> list[tuple[float, float]]:
    """Trials and rewards of each epoch, in trials of its beginning."""
    return [epochs.get(epoch, NO_RECORD).faded(unit) for epoch, unit in units.items()]


class _Kept:
    """What was reckoned since something changed. Copies and pickles leave it out."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Any record may have changed."""
        self.asked: Asked | None = None
        self.doubts: Doubts = {}
        self.relieved: dict[Cell, Record] = {}

    def touch(self, cell: Cell, epoch: int) -> None:
        """The record of an arm in a context has changed in an epoch."""
        if self.asked is not None and epoch in self.asked.judged:
            self.asked = None
        if self.relieved:
            self.relieved.pop(cell, None)
            self.relieved.pop((cell[0], ALL), None)

    def __reduce__(self) -> tuple[type["_Kept"], tuple[()]]:
        return _Kept, ()
