"""A recommender of one's own: what comes after the last item.

It is River-shaped: `learn_one` for each event, `recommend` for a ranked list, `state` as JSON. What
it lacks for a large shop is a bound on its memory: see `models/recommenders/cooccurrence.py`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from models import Candidate, Recommender


class NextItem(Recommender):
    """What was added right after the last item.

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half.

    Examples
    --------
    >>> after = NextItem()
    >>> for items in (["bread", "butter"], ["bread", "butter"], ["bread", "jam"]):
    ...     after.learn_one(items[:1], items[1], time_s=1_767_225_600)
    >>> [(found.item, found.together, found.of) for found in after.recommend(["bread"], k=2)]
    [('butter', 2, 3), ('jam', 1, 3)]
    """

    def __init__(self, half_life_s: float = 30 * 86_400.0) -> None:
        super().__init__(half_life_s)
        self._weights: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def learn_one(self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0) -> None:
        """Weights are whole numbers, so that workers agree whatever order they learn in."""
        if x:
            self._weights[x[-1]][y] += self._weighed(time_s, weight)
            self._counts[x[-1]][y] += 1

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Collection[str] = frozenset(),
        time_s: float | None = None,
    ) -> list[Candidate]:
        """The heaviest first, ties by id; all weights decay alike, so now does not matter."""
        last = x[-1] if x else ""
        weights, counts = self._weights.get(last, Counter()), self._counts.get(last, Counter())
        best = sorted((-weight, item) for item, weight in weights.items() if item not in exclude)
        return [
            Candidate(item, -weight / weights.total(), counts[item], counts.total(), last)
            for weight, item in best[:k]
        ]

    def state(self) -> dict[str, Any]:
        """All that was learned, as JSON."""
        return {
            "params": {"half_life_s": self.half_life_s},
            "weights": {item: dict(after) for item, after in sorted(self._weights.items())},
            "counts": {item: dict(after) for item, after in sorted(self._counts.items())},
        }

    def _restore(self, state: dict[str, Any]) -> None:
        for name, after in state["weights"].items():
            self._weights[name] = Counter(after)
        for name, after in state["counts"].items():
            self._counts[name] = Counter(after)
