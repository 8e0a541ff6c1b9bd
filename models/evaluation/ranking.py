"""Ranking metrics (hit rate, MRR), prequential, in two regimes side by side.

*Prequential* (Dawid 1984): every example is answered before it is learned from, if it is. An
example is a context, and the item that really came next. Two regimes are counted at once, because
they tell different stories of the same model:

- `published`, as the literature has it: whatever came next counts, and anything may be offered, the
  items of the session among them (a shopper often goes back to one).
- `cross_sell`: items of the session are neither offered, nor are they examples.

Figures of each regime:

- `hr@k` the share of examples whose answer was among the first k offered;
- `mrr@20` the mean of 1 / rank of the answer, 0 where it was not among the first 20;
- `coverage@20` the share of the catalogue that was ever among the first 20;
- `cold_share` the share of examples whose answer nobody had seen before.

Sums are kept by session: sessions, not examples, are drawn again for intervals, since what one
shopper does is of a piece (Field and Welsh: Bootstrapping clustered data. JRSS B 69, 2007).
"""

from collections.abc import Container, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

CUTS = (1, 5, 20)
"""Lengths of list at which hits are counted."""
DEPTH = max(CUTS)
REGIMES = ("published", "cross_sell")
LEVEL = 0.95
"""Of the intervals."""
RATES = (*(f"hr@{cut}" for cut in CUTS), f"mrr@{DEPTH}", "cold_share")
"""What is summed up for each session, after the number of its examples."""


class Scores:
    """The figures of one regime.

    >>> scores = Scores()
    >>> scores.count(1, ["milk", "butter"], "butter", known=True)
    >>> scores.count(1, ["milk", "jam"], "yeast", known=False)
    >>> {name: value for name, value in scores.figures().items() if name != "hr@1"}
    {'examples': 2, 'hr@5': 0.5, 'hr@20': 0.5, 'mrr@20': 0.25, 'cold_share': 0.5}
    >>> scores.coverage({"milk", "butter", "jam", "tea"})
    0.75
    """

    def __init__(self) -> None:
        self._sums: dict[int, list[float]] = {}  # session -> examples, then RATES
        self._offered: set[str] = set()

    def count(self, session: int, offered: Sequence[str], answer: str, *, known: bool) -> None:
        """Count one example; of what was offered, best first, the first `DEPTH` count."""
        offered = offered[:DEPTH]
        self._offered.update(offered)
        rank = offered.index(answer) + 1 if answer in offered else 0
        sums = self._sums.setdefault(session, [0.0] * (1 + len(RATES)))
        sums[0] += 1
        for place, cut in enumerate(CUTS, start=1):
            sums[place] += 0 < rank <= cut
        sums[-2] += 1 / rank if rank else 0.0
        sums[-1] += not known

    def figures(self) -> dict[str, float | None]:
        """Examples, and every rate: None where there is no example."""
        examples, *sums = self._table().sum(axis=0).tolist()
        rates = (total / examples if examples else None for total in sums)
        return {"examples": int(examples), **dict(zip(RATES, rates, strict=True))}

    def coverage(self, catalogue: AbstractSet[str]) -> float | None:
        """The share of the catalogue that was ever offered; None of an empty one."""
        return len(self._offered & catalogue) / len(catalogue) if catalogue else None

    def intervals(self, resamples: int, seed: int) -> dict[str, tuple[float, float]]:
        """Percentile intervals of the rates, from sessions drawn anew so many times.

        Empty when there is no example. The same seed gives the same intervals.
        """
        table = self._table()
        if not len(table):
            return {}
        rng = np.random.default_rng(seed)
        drawn = np.array([_drawn(table, rng) for _ in range(resamples)])
        tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
        low, high = np.quantile(drawn[:, 1:] / drawn[:, :1], tails, axis=0).tolist()
        return dict(zip(RATES, zip(low, high, strict=True), strict=True))

    def _table(self) -> NDArray[np.float64]:
        """The sums, a session a row."""
        return np.array(list(self._sums.values())).reshape(-1, 1 + len(RATES))


class Evaluation:
    """Both regimes, counted from the same examples."""

    def __init__(self) -> None:
        self.regimes = {name: Scores() for name in REGIMES}

    def count(
        self,
        session: int,
        before: Container[str],
        ranked: Sequence[str],
        answer: str,
        *,
        known: bool,
    ) -> None:
        """Count an example: `ranked` is all that was proposed, best first, excluding nothing.

        It has to reach `DEPTH` beyond the items `before`, so that enough are left without them.

        >>> both = Evaluation()
        >>> both.count(1, {"bread"}, ["bread", "butter"], "butter", known=True)
        >>> [scores.figures()["mrr@20"] for scores in both.regimes.values()]
        [0.5, 1.0]
        """
        self.regimes["published"].count(session, ranked, answer, known=known)
        if answer not in before:
            new = [item for item in ranked if item not in before]
            self.regimes["cross_sell"].count(session, new, answer, known=known)


def _drawn(table: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The sums over as many sessions as there are, drawn with replacement."""
    times = np.bincount(rng.integers(len(table), size=len(table)), minlength=len(table))
    return times @ table
