"""Has the world changed? How much of the older evidence is still evidence, by Bayes' rule.

Fading (`models.decay`) copes with slow change, at a price that is paid while nothing changes. A
sudden one, such as a new range or a new price, shows in the records: what arms earned before and
after it differ by more than chance explains. The latest half-lives are cut into epochs, and for
each epoch it is reckoned how probable it is that all arms have been what they are since its
beginning, and not since before:

```
epoch                     1      2      3      4      5      now
best arm: of 100          9      9      9      3      3      3
doubt                     1      1      1      0      0      0      its records count for 1 - doubt
```

A change is one of all arms in all contexts: where one arm is no longer what it was, what is known
of the others is worth asking again. Each side of a change is given the evidence that it is likely
under a Beta prior of its own for every arm in every context, so that traffic which moves from
context to context is no change.

Records are sums by epoch of the exposure, in whole numbers: any order gives the same doubts. Epochs
whose rewards may still come are not judged.

Adams and MacKay: Bayesian online changepoint detection. arXiv 0710.3742, 2007.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betaln

from models.backoff import ALL, NO_RECORD, Record
from models.decay import ForwardDecay

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Doubts = tuple[int, ...]

EPOCHS = 32
"""So many are told apart; older evidence is doubted as that of the first one is."""
EPOCHS_A_HALF_LIFE = 8
CHANGE = 0.005
"""How probable it is that the world changes from one epoch to the next: about once a year."""
UNIT = 1 << 20
"""Log likelihoods are kept in whole parts of this size."""
DOUBT_BITS = 6
"""Doubts are whole 64ths: one that hardly moves does not move."""
CERTAIN = 1 << DOUBT_BITS


class Asked(NamedTuple):
    """What doubts depend on, beside the records."""

    judged: int
    """How many of the epochs are complete."""
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
    >>> list(changes.doubts(time_s, rate=0.1)[-4:])  # in 64ths
    [64, 64, 0, 0]
    """

    def __init__(self, decay: ForwardDecay, window_s: float, strength: float) -> None:
        self.decay = decay
        self.window_s = window_s
        self.strength = strength
        self.epoch_s = decay.half_life_s / EPOCHS_A_HALF_LIFE
        self._latest = 0
        self._seen: set[int] = set()
        self._records: dict[str, dict[str, dict[int, Record]]] = {}  # arm -> context -> epoch
        self._kept = _Kept()

    def add(self, arm: str, context: str, more: Record, time_s: float) -> None:
        """Add to the record of an arm in a context."""
        epoch = int(time_s / self.epoch_s)
        if epoch > self._latest:
            self._latest = epoch
            self._drop()
        elif epoch < self._first:
            return
        self._seen.add(epoch)
        contexts = self._records.setdefault(arm, {})
        for name in (context, ALL):
            epochs = contexts.setdefault(name, {})
            epochs[epoch] = epochs.get(epoch, NO_RECORD).plus(more)
        self._kept.touch(arm, context)

    @property
    def _first(self) -> int:
        """The oldest epoch that is told apart."""
        return self._latest - EPOCHS + 1

    def _cells(self) -> Iterator[tuple[str, str]]:
        for arm, contexts in self._records.items():
            for context in contexts:
                if context != ALL:
                    yield arm, context

    def _drop(self) -> None:
        """Epochs that are too old are not told apart any more."""
        self._seen = {epoch for epoch in self._seen if epoch >= self._first}
        for arm, contexts in [*self._records.items()]:
            for context, epochs in [*contexts.items()]:
                for epoch in [epoch for epoch in epochs if epoch < self._first]:
                    del epochs[epoch]
                if not epochs:
                    del contexts[context]
            if not contexts:
                del self._records[arm]
        self._kept.forget()

    def keep(self, cells: Mapping[str, Mapping[str, Record]]) -> None:
        """Forget arms in contexts without a record (context -> arm -> record)."""
        for arm, contexts in [*self._records.items()]:
            for context in [each for each in contexts if each != ALL]:
                if arm not in cells.get(context, ()):
                    del contexts[context]
            if contexts.keys() == {ALL}:
                del self._records[arm]
        self._kept.forget()

    # Reading

    def doubts(self, now_s: float, rate: float) -> Doubts:
        """How far each epoch is doubted, the oldest first, in 64ths; none: `()`.

        `rate` is the mean reward of all arms, to the next eighth of an octave or so.
        """
        complete = self._latest + 1
        if self.window_s:
            complete = min(complete, int((now_s - self.window_s) / self.epoch_s))
        asked = Asked(max(0, complete - self._first), rate)
        kept = self._kept
        if kept.asked != asked:
            kept.clear()
            kept.asked = asked
            kept.touched.update(self._cells())
        if kept.doubts is None:
            compared = sum(epoch < complete for epoch in self._seen) > 1
            kept.doubts = self._reckon(asked) if compared else ()
        return kept.doubts

    def doubted(self, arm: str, context: str, record: Record, doubts: Doubts) -> Record:
        """The record without what is doubted of it (`ALL`: the arm's in all contexts)."""
        key = arm, context
        lacking = self._kept.lacking.get(key)
        if lacking is None:
            lacking = self._kept.lacking[key] = self._relieved(arm, context, doubts)
        trials, rewards = (
            total - ((total * doubts[0] - relieved) >> DOUBT_BITS)
            for total, relieved in zip(record, lacking, strict=True)
        )
        return Record(trials, rewards)

    def _relieved(self, arm: str, context: str, doubts: Doubts) -> Record:
        """By how much less than the oldest evidence that of each epoch is doubted, in sum."""
        first, trials, rewards = self._first, 0, 0
        for epoch, record in self._records.get(arm, {}).get(context, {}).items():
            less = doubts[0] - doubts[epoch - first]
            trials += record.trials * less
            rewards += record.rewards * less
        return Record(trials, rewards)

    def _reckon(self, asked: Asked) -> Doubts:
        kept = self._kept
        stale = sorted(kept.touched)
        kept.touched.clear()
        if stale:
            for key, row in zip(stale, self._rows(stale, asked), strict=True):
                kept.total += row - kept.rows.get(key, 0)
                kept.rows[key] = row
        likely = kept.total / UNIT + math.log(CHANGE)
        likely[: min(self._seen) - self._first + 1] = -math.inf  # nothing is known of before,
        likely[asked.judged :] = -math.inf  # or of after
        likely[0] = 0.0
        since = np.exp(likely - likely.max())
        doubts = np.round((1.0 - np.cumsum(since) / since.sum()) * CERTAIN)
        return tuple(map(int, doubts)) if doubts.any() else ()

    def _rows(self, keys: list[tuple[str, str]], asked: Asked) -> Whole:
        """Log likelihood of the records of arms in contexts, if all is as it is since each epoch.

        More than if it always was; in whole `1 / UNIT`, which add up exactly. Shape: (keys, EPOCHS)
        """
        first = self._first
        table = np.zeros((2, len(keys), EPOCHS))
        units = {epoch: self.decay.weight(epoch * self.epoch_s) for epoch in self._seen}
        for row, (arm, context) in enumerate(keys):
            for epoch, (trials, rewards) in self._records[arm][context].items():
                unit = units[epoch]
                table[:, row, epoch - first] = trials / unit, rewards / unit
        table[:, :, asked.judged :] = 0.0
        to_here = np.cumsum(table, axis=2)
        before = to_here - table
        after = to_here[:, :, -1:] - before
        likely = self._evidence(after, asked.rate) + self._evidence(before, asked.rate)
        return np.rint((likely - likely[:, :1]) * UNIT).astype(np.int64)

    def _evidence(self, records: Floats, rate: float) -> Floats:
        """Log likelihood of records under a Beta prior of their own, but for a constant."""
        trials, rewards = records
        won = np.clip(rewards, 0.0, trials)
        evidence: Floats = betaln(
            self.strength * rate + won, self.strength * (1.0 - rate) + trials - won
        )
        return evidence

    # The state

    def state(self) -> dict[str, Any]:
        """All sums, as JSON."""
        return {
            "latest": self._latest,
            "epochs": {
                arm: {
                    context: {str(epoch): record.written() for epoch, record in epochs.items()}
                    for context, epochs in contexts.items()
                }
                for arm, contexts in self._records.items()
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        self._latest = state["latest"]
        self._records = {
            arm: {
                context: {int(epoch): Record.read(record) for epoch, record in epochs.items()}
                for context, epochs in contexts.items()
            }
            for arm, contexts in state["epochs"].items()
        }
        of_arms = (contexts[ALL] for contexts in self._records.values())
        self._seen = {epoch for epochs in of_arms for epoch in epochs}
        self._kept.forget()


class _Kept:
    """What was reckoned since something changed. Copies and pickles leave it out."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Any record may have changed."""
        self.asked: Asked | None = None
        self.clear()

    def clear(self) -> None:
        """Nothing is reckoned yet."""
        self.rows: dict[tuple[str, str], Whole] = {}
        self.total = np.zeros(EPOCHS, np.int64)
        self.touched: set[tuple[str, str]] = set()
        self.doubts: Doubts | None = None
        self.lacking: dict[tuple[str, str], Record] = {}

    def touch(self, arm: str, context: str) -> None:
        """The record of an arm in a context has changed."""
        self.touched.add((arm, context))
        self.doubts = None
        self.lacking.clear()

    def __reduce__(self) -> tuple[type["_Kept"], tuple[()]]:
        return _Kept, ()
