"""Acceptance of offers by pair: how often who has one item takes another one that is offered.

```
all offers  ->  offers of this class  ->  this item, offered beside that one
SALE_MEAN       CLASS_STRENGTH            PAIR_, LONE_ or AGAIN_STRENGTH       (pseudo-trials)
```

What was bought together tells which items may go along; only offers tell how many who do not take
an item by themselves take it when it is offered. So each pair has a record of its own, shrunk to
that of all offers for which as much speaks (empirical Bayes: G. Casella, "An Introduction to
Empirical Bayes Data Analysis", The American Statistician 39, 1985).

A trial weighs as much as its place is looked at: 1 / log2(rank + 2), the discount of discounted
cumulative gain (K. Jaervelin and J. Kekaelaeinen, "Cumulated Gain-Based Evaluation of IR
Techniques", ACM TOIS 20, 2002). A pair is known by a hash of what an item is offered beside,
and of the item: receipts carry it, so nothing but a receipt is needed to fold.
"""

from collections.abc import Iterable
from math import log2, sqrt
from typing import Any, NamedTuple

from models.decay.eviction import lightest, slab
from models.decay.forward import LATEST_S, ForwardDecay
from models.decay.tally import read, written
from models.limits import at_least_one
from models.snapshot.elements import each
from models.snapshot.snapshot import Snapshotted

SALE_MEAN = 0.1
"""What is expected of an offer before anything is known: hopeful, so that it is tried."""
CLASS_STRENGTH = 20.0
"""Trials that the record of all offers is worth for a class."""
PAIR_STRENGTH = 4.0
"""Trials that the record of its class is worth for a pair: few, for of a class some are companions,
and others met by chance;"""
LONE_STRENGTH = 32.0
"""and where something speaks for the item by itself: what it stands beside seldom changes that."""
AGAIN_STRENGTH = 200.0
"""and where somebody buys it again, for whether others take it says little of them: as far as so
many trials of the class are known, and no more."""
COMPANIONS, LONE = 40, 48
"""Classes of companions are those from 0 on; then come those of what is bought again; from `LONE`
on items stand by themselves."""
PAIRS_MAX = 100_000
"""Pairs that are remembered; then the sixteenth with the fewest trials is forgotten."""
Sums = tuple[int, int]
"""Trials and what was sold of them, faded, in the fixed point of `models.decay.forward`."""
NONE: Sums = (0, 0)


def attention(rank: int) -> float:
    """How much an item is looked at by its place in a prompt, from 0 on.

    >>> [round(attention(rank), 2) for rank in range(3)]
    [1.0, 0.63, 0.5]
    """
    return 1.0 / log2(rank + 2)


class Acceptance(NamedTuple):
    """How probably an offer is taken, and kept."""

    mean: float
    strength: float
    """How many trials it rests on, with those that its class is worth."""

    def hopeful(self, deviations: float) -> float:
        """So many standard deviations above the mean: what is little known is worth a try."""
        spread = self.mean * (1.0 - self.mean) / (self.strength + 1.0)
        return min(1.0, self.mean + deviations * sqrt(spread))

    def at(self, rank: int) -> "Acceptance":
        """The same at a place in a prompt."""
        return Acceptance(self.mean * attention(rank), self.strength)


class PairOffers(Snapshotted):
    """Trials and sales of each pair, and of each class of pairs.

    All sums are whole numbers: any order of exposures and rewards gives the same state.

    >>> offers = PairOffers()
    >>> for _ in range(84):
    ...     offers.expose(7, fit=3, rank=0, time_s=1_767_225_600)
    >>> offers.reward(7, fit=3, share=1.0, time_s=1_767_225_600)
    >>> round(offers.estimate(7, fit=3).mean, 3), round(offers.estimate(8, fit=3).mean, 3)
    (0.013, 0.029)
    """

    def __init__(self, half_life_s: float = 90 * 86400.0, pairs_max: int = PAIRS_MAX) -> None:
        at_least_one(pairs_max=pairs_max)
        self.half_life_s, self.pairs_max = half_life_s, pairs_max
        self._decay = ForwardDecay(half_life_s)
        self._pairs: dict[int, Sums] = {}
        self._classes: dict[int, Sums] = {}
        self._latest_s, self._full, self._exposures_all = 0, False, 0

    def __len__(self) -> int:
        """How many pairs are remembered."""
        return len(self._pairs)

    def expose(self, pair: int, fit: int, rank: int, *, time_s: float) -> None:
        """An item was shown at a place, from 0 on."""
        weight = self._decay.weight(time_s, attention(rank))
        self._latest_s = max(self._latest_s, int(time_s))
        self._exposures_all += 1
        self._add(self._classes, fit, (weight, 0))
        self._add(self._pairs, pair, (weight, 0))
        if len(self._pairs) > self.pairs_max:
            self._forget()

    def reward(self, pair: int, fit: int, share: float, *, time_s: float) -> None:
        """What of it was sold and kept, in [0, 1]; below 0: taken back."""
        weight = self._decay.weight(time_s, share)
        self._add(self._classes, fit, (0, weight))
        if pair in self._pairs or not self._full:
            self._add(self._pairs, pair, (0, weight))

    def _add(self, to: dict[int, Sums], key: int, more: Sums) -> None:
        trials, sold = to.get(key, NONE)
        to[key] = trials + more[0], sold + more[1]

    def _forget(self) -> None:
        self._full = True
        surplus = len(self._pairs) - self.pairs_max
        named = {str(pair): sums for pair, sums in self._pairs.items()}
        for name in lightest(named, surplus - 1 + slab(self.pairs_max)):
            del self._pairs[int(name)]

    def of_class(self, fit: int) -> Acceptance:
        """How probably an offer of a class is taken where it is looked at first."""
        trials, sold = self._read(self._classes.get(fit, NONE))
        strength = trials + CLASS_STRENGTH
        return Acceptance((sold + CLASS_STRENGTH * SALE_MEAN) / strength, strength)

    def estimate(self, pair: int, fit: int) -> Acceptance:
        """How probably an item is taken where it is looked at first."""
        return self._shrunk(self._pairs.get(pair, NONE), fit, self.of_class(fit))

    def hopes(self, asked: Iterable[tuple[int, int]], deviations: float) -> list[float]:
        """`estimate(pair, fit).hopeful(deviations)` of many; that of a class is read once."""
        classes, found = dict[int, tuple[Acceptance, float]](), list[float]()
        for pair, fit in asked:
            if (known := classes.get(fit)) is None:
                whole = self.of_class(fit)
                known = classes[fit] = whole, self._shrunk(NONE, fit, whole).hopeful(deviations)
            sums = self._pairs.get(pair)
            if sums is None:
                found.append(known[1])
            else:
                found.append(self._shrunk(sums, fit, known[0]).hopeful(deviations))
        return found

    def _shrunk(self, sums: Sums, fit: int, of_class: Acceptance) -> Acceptance:
        """What is known of a pair, leaning on that of its class."""
        trials, sold = self._read(sums)
        if fit < COMPANIONS:
            worth = PAIR_STRENGTH
        elif fit < LONE:
            worth = min(AGAIN_STRENGTH, of_class.strength)
        else:
            worth = LONE_STRENGTH
        strength = trials + worth
        return Acceptance((sold + worth * of_class.mean) / strength, strength)

    def _read(self, sums: Sums) -> tuple[float, float]:
        """In trials of now; none has sold more than it is worth, or less than nothing."""
        if not sums[0]:
            return 0.0, 0.0
        trials = self._decay.value(sums[0], self._latest_s)
        return trials, min(max(self._decay.value(sums[1], self._latest_s), 0.0), trials)

    def state(self) -> dict[str, Any]:
        """All sums."""
        return {
            "params": {"half_life_s": self.half_life_s, "pairs_max": self.pairs_max},
            "latest_s": self._latest_s,
            "exposures_all": self._exposures_all,
            "classes": _written(self._classes),
            "pairs": _written(self._pairs),
            "full": self._full,
        }

    def exact_state(self) -> dict[str, Any]:
        """Without the pairs, once some of them had to be forgotten."""
        return {**self.state(), **({"pairs": None} if self._full else {})}

    def left_out(self) -> dict[str, int]:
        """Pairs, once there were too many of them."""
        return {"pairs": len(self._pairs)} if self._full else {}

    def _restore(self, state: dict[str, Any]) -> None:
        (self._latest_s,) = each(int, [state["latest_s"]], 0, LATEST_S)
        (self._exposures_all,) = each(int, [state["exposures_all"]], 0)
        (self._full,) = each(bool, [state["full"]])
        self._classes = dict(_read(state["classes"].items()))
        self._pairs = dict(_read(state["pairs"].items()))
        if len(self._pairs) > self.pairs_max:
            self._forget()


def _written(sums: dict[int, Sums]) -> dict[str, list[str]]:
    return {str(key): [written(trials), written(sold)] for key, (trials, sold) in sums.items()}


def _read(said: Iterable[tuple[str, list[str]]]) -> Iterable[tuple[int, Sums]]:
    for key, (trials, sold) in said:
        shown = read(trials)
        if shown < 0:
            raise ValueError(f"less than no trial of {key}")
        yield int(key), (shown, read(sold))
