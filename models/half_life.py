"""States of models under another half-life: what was learned fades otherwise from now on.

A sum of decayed weights (`models.decay.forward`, `models.decay.eras`) does not say when each of its
events was. So what it is worth at one moment is kept, the *pivot*, that of the latest event:

    sum' / weight'(pivot) = sum / weight(pivot)

What the model says at the pivot stays the same; from then on all fades by the new half-life. A
model that had faded so from the first event would weigh what is old otherwise: the result is no
fold of any log, unless the times of events are known, as most of those of purchases are. Where it
is none, taking back may leave a rest, and the model is to be marked (`Snapshotted.approximate`).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.decay.eras import EARLIER, HALVINGS, Eras
from models.decay.forward import ForwardDecay
from models.decay.tally import read, tally, times, weight, written
from models.snapshot.arrays import column, read_column

State = Mapping[str, Any]


class Converted(NamedTuple):
    """A state under another half-life."""

    state: dict[str, Any]
    exact: bool
    """Whether it is what a fold under that half-life would have given."""


class Pivot(NamedTuple):
    """Two half-lives, and the second at which what is worth so much stays worth so much."""

    was: ForwardDecay
    now: ForwardDecay
    at_s: int

    def moved(self, total: int) -> int:
        """A sum of weights, under the half-life of now; what weighs anything keeps doing so."""
        was, now = self.was.weight(self.at_s), self.now.weight(self.at_s)
        return max(1, (total * now + was // 2) // was) if total > 0 else 0


def converted(kind: str, state: State, half_life_s: float, at_s: int) -> Converted:
    """The state of a model of this kind under another half-life.

    `at_s` is the pivot where the state does not know its latest event. Raises `KeyError` for a kind
    that cannot be converted, and what reading a state raises that is none.

    >>> from models.recommenders.popularity import Popularity
    >>> popular, monday = Popularity(half_life_s=86_400), 1_767_225_600
    >>> for day, item in enumerate(["bread", "milk"]):
    ...     popular.learn_one((), item, time_s=monday + 86_400 * day)
    >>> slower = Popularity(half_life_s=7 * 86_400)
    >>> slower.restore(converted("Popularity", popular.state(), 7 * 86_400, monday + 86_400).state)
    >>> [f"{one.item} {one.score:.3f}" for one in slower.recommend((), 2)]
    ['milk 0.667', 'bread 0.333']
    """
    return _KINDS[kind](state, float(state["params"]["half_life_s"]), half_life_s, at_s)


def _popularity(state: State, was_s: float, now_s: float, at_s: int) -> Converted:
    pivot = Pivot(ForwardDecay(was_s), ForwardDecay(now_s), at_s)
    tallies = {item: _moved(text, pivot) for item, text in state["tallies"].items()}
    return Converted({**state, "tallies": tallies, "all": _moved(state["all"], pivot)}, exact=False)


def _moved(text: str, pivot: Pivot) -> str:
    total = read(text)
    return written(tally(pivot.moved(weight(total)), times(total)))


def _repeats(state: State, was_s: float, now_s: float, _at_s: int) -> Converted:
    pivot = Pivot(ForwardDecay(was_s), ForwardDecay(now_s), int(state["latest_s"]))
    shoppers, exact = {}, True
    for name, shopper in state["shoppers"].items():
        bought, left = {}, read(shopper["all"])
        for item, (text, *times_s) in shopper["items"].items():
            known, rest = _bought(read(text), times_s, pivot)
            bought[item] = [written(known + rest), *times_s]
            exact, left = exact and not rest, left - read(text)
        rest = tally(pivot.moved(weight(left)), times(left)) if left > 0 else 0
        in_all = rest + sum(read(text) for text, *_ in bought.values())
        exact = exact and not rest
        shoppers[name] = {**shopper, "all": written(in_all), "items": bought}
    return Converted({**state, "shoppers": shoppers}, exact)


def _bought(total: int, times_s: list[int], pivot: Pivot) -> tuple[int, int]:
    """The tally of purchases whose times are known, and of those before."""
    known = sum(tally(pivot.now.weight(time_s)) for time_s in times_s)
    rest = total - sum(tally(pivot.was.weight(time_s)) for time_s in times_s)
    return known, tally(pivot.moved(weight(rest)), times(rest)) if rest > 0 else 0


def _pairs(state: State, was_s: float, now_s: float, _at_s: int) -> Converted:
    latest_s, pairs = int(state["latest_s"]), state["pairs"]
    was, now = Eras(was_s).unit(latest_s), Eras(now_s).unit(latest_s)
    moved: dict[str, Any] = {"era": now.era}
    for of in ("", "pair_"):
        latest, before = (read_column(pairs[f"{of}{era}"]) for era in ("latest", "before"))
        worth = (latest + before * EARLIER) * (now.weight / was.weight)
        moved |= {f"{of}{era}": column(sums) for era, sums in _by_era(worth).items()}
    return Converted({**state, "pairs": {**pairs, **moved}}, exact=False)


def _by_era(worth: NDArray[np.float64]) -> dict[str, NDArray[np.int64]]:
    """What is worth so much in this era: whole units of it, and the rest in those of the last."""
    latest = np.floor(worth)
    before = np.rint(np.ldexp(worth - latest, HALVINGS))
    return {"latest": latest.astype(np.int64), "before": before.astype(np.int64)}


_KINDS: Mapping[str, Callable[[State, float, float, int], Converted]] = {
    "Popularity": _popularity,
    "Repeats": _repeats,
    "CoOccurrence": _pairs,
}
