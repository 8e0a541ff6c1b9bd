"""What is bought most, of late: the hardest baseline, and the list of staples."""

from bisect import bisect_left, insort
from collections.abc import Container, Iterator, Sequence
from itertools import islice
from typing import Any

from models.forgetting import lightest, slab
from models.limits import at_least_one
from models.recommender import NOTHING, Candidate, Recommender
from models.tally import read, tally, times, weight, written


class Popularity(Recommender):
    """Decayed counts of items, and the exact top of them, kept in order as they change.

    The order is a function of the counts alone: equal ones go by id. A candidate's score is its
    share of all that was counted lately; its evidence, how often it was seen out of how many
    events.

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half: fashions pass.
    top_max
        Length of the list kept in order; `recommend` and `top` never see further.
    items_max
        Items counted; when there are more, the least popular sixteenth is forgotten.

    Examples
    --------
    >>> popular = Popularity(half_life_s=14 * 86_400)
    >>> for item in ["bread", "milk", "bread", "butter", "bread", "milk"]:
    ...     popular.learn_one((), item, time_s=1_767_225_600)
    >>> popular.top(2)
    ['bread', 'milk']
    >>> popular.recommend((), 1, exclude={"bread"})
    [Candidate(item='milk', score=0.333..., together=2, of=6, anchor='', ...)]
    """

    def __init__(
        self,
        half_life_s: float = 14 * 86400.0,
        top_max: int = 512,
        items_max: int = 200_000,
    ) -> None:
        super().__init__(half_life_s)
        at_least_one(top_max=top_max, items_max=items_max)
        self.top_max = top_max
        self.items_max = items_max
        self._tallies: dict[str, int] = {}
        self._all = 0
        self._order: list[tuple[int, str]] = []  # (-weight, item), the top_max smallest

    def learn_one(self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0) -> None:
        """Count `y` once more; what came before is of no interest."""
        more = tally(self._weighed(time_s, weight))
        before = self._tallies.get(y, 0)
        self._tallies[y] = before + more
        self._all += more
        self._rank(y, before, before + more)
        if len(self._tallies) > self.items_max:
            self._forget()

    def _rank(self, item: str, before: int, now: int) -> None:
        """Move an item whose tally grew to its place in the order."""
        order, old, entry = self._order, _entry(before, item), _entry(now, item)
        if before and old <= order[-1]:
            del order[bisect_left(order, old)]
        elif len(order) == self.top_max:
            if entry > order[-1]:
                return
            order.pop()
        insort(order, entry)

    def _forget(self) -> None:
        for item in lightest(self._tallies, slab(self.items_max)):
            del self._tallies[item]
        if not all(item in self._tallies for _, item in self._order):
            self._sort()

    def _sort(self) -> None:
        order = sorted(_entry(tally, item) for item, tally in self._tallies.items())
        self._order = order[: self.top_max]

    def top(self, n: int) -> list[str]:
        """The `n` most popular items (at most `top_max`), the most popular first."""
        return [item for _, item in self._order[: max(n, 0)]]

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Container[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """The most popular items, whatever came before and whatever the time."""
        return list(islice(self._candidates(exclude), max(k, 0)))

    def _candidates(self, exclude: Container[str]) -> Iterator[Candidate]:
        of, in_all = times(self._all), weight(self._all) or 1
        for negative, item in self._order:
            if item not in exclude:
                yield Candidate(item, -negative / in_all, times(self._tallies[item]), of)

    def state(self) -> dict[str, Any]:
        """All tallies; the order follows from them."""
        return {
            "params": self._get_params(),
            "tallies": {item: written(tally) for item, tally in self._tallies.items()},
            "all": written(self._all),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._tallies = {item: read(text) for item, text in state["tallies"].items()}
        self._all = read(state["all"])
        self._sort()


def _entry(tally: int, item: str) -> tuple[int, str]:
    return -weight(tally), item
