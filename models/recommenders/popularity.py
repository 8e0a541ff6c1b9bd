"""Popularity, exponentially decayed: the hardest baseline, and the list of staples."""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import nsmallest
from typing import Any

from models.decay.eviction import lightest, slab
from models.decay.forward import UNITS_KEPT
from models.decay.tally import LEAST, TIMES_MASK, read, share, tally, times, weight, written
from models.limits import at_least_one
from models.recommenders.recommender import NOTHING, Candidate, Recommender, TableSize
from models.snapshot.elements import each

MOVED_SHARE = 4
"""When more than one in so many items has moved, to sort all of them is cheaper."""


class Popularity(Recommender):
    """Decayed counts of items, and the exact top of them.

    What has changed is put in order when somebody looks. The order is a function of the counts
    alone: equal ones go by id. A candidate's score is its share of all that was counted lately; its
    evidence, how often it was seen out of how many
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
        self._full = False  # whether items ever had to be forgotten
        self._order: list[tuple[int, str]] = []  # (-weight, item), the top_max smallest
        self._placed: dict[str, int] = {}  # the tally with which an item is in the order
        self._moved: set[str] = set()  # items to be put in order
        self._lately: dict[tuple[int, float], int] = {}  # tallies of events, by second and weight

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles leave out the order: looking at it changes nothing."""
        follows = {"_order": [], "_placed": {}, "_moved": set(self._tallies), "_lately": {}}
        return {**vars(self), **follows}

    def learn_one(self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0) -> None:
        """Count `y` once more; what came before is of no interest."""
        more = self._tally(time_s, weight)
        self._tallies[y] = self._tallies.get(y, 0) + more
        self._all += more
        self._moved.add(y)
        if len(self._tallies) > self.items_max:
            self._forget()

    def unlearn_one(self, y: str, *, time_s: float, weight: float = 1.0) -> None:
        """Take back what `learn_one` counted at this time: as if it had never been learned.

        >>> popular = Popularity()
        >>> popular.learn_one((), "bread", time_s=1_767_225_600)
        >>> popular.unlearn_one("bread", time_s=1_767_225_600)
        >>> popular.top(1)
        []
        """
        less = self._tally(time_s, weight)
        left = self._tallies.get(y, 0) - less
        self._all = max(0, self._all - less)
        if y in self._tallies:
            self._tallies[y] = left
            if left <= 0 or not times(left):
                del self._tallies[y]
            self._moved.add(y)

    def _tally(self, time_s: float, weight: float) -> int:
        """The tally of one event, kept for a while: those of a second weigh the same."""
        try:
            return self._lately[int(time_s), weight]
        except (KeyError, OverflowError, ValueError):
            one = tally(self._weighed(time_s, weight))  # or says what is wrong
        if len(self._lately) >= UNITS_KEPT:
            self._lately.clear()
        self._lately[int(time_s), weight] = one
        return one

    def _ordered(self) -> list[tuple[int, str]]:
        """The order, with everything in its place."""
        if len(self._moved) * MOVED_SHARE > len(self._tallies):
            self._sort()
        else:
            for item in self._moved:
                self._place(item)
        self._moved.clear()
        return self._order

    def _place(self, item: str) -> None:
        """Move an item whose tally grew, or was taken back, to its place in the order."""
        order, before = self._order, self._placed.pop(item, None)
        if (now := self._tallies.get(item, 0)) == 0 and before is None:
            return
        entry = _entry(now, item)
        if before is not None:
            del order[bisect_left(order, _entry(before, item))]
            if now < before and (self._makes_way(entry) or not now):
                return
        elif len(order) == self.top_max:
            if entry > order[-1]:
                return
            del self._placed[order.pop()[1]]
        insort(order, entry)
        self._placed[item] = now

    def _makes_way(self, entry: tuple[int, str]) -> bool:
        """Whether one that is not in the order may come before this entry, which was taken out.

        Nobody knows which: so all are put in order.
        """
        order = self._order
        if len(order) < self.top_max - 1 or (order and entry < order[-1]):
            return False
        self._sort()
        return True

    def _forget(self) -> None:
        self._full = True
        surplus = len(self._tallies) - self.items_max
        for item in lightest(self._tallies, surplus - 1 + slab(self.items_max)):
            del self._tallies[item]
        self._sort()
        self._moved.clear()

    def _sort(self) -> None:
        entries = (_entry(tally, item) for item, tally in self._tallies.items())
        self._order = nsmallest(self.top_max, entries)
        self._placed = {item: self._tallies[item] for _, item in self._order}

    def top(self, n: int) -> list[str]:
        """The `n` most popular items (at most `top_max`), the most popular first."""
        return [item for _, item in self._ordered()[:n]] if n > 0 else []

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """The most popular items, whatever came before and whatever the time."""
        left = list[tuple[int, str]]()
        for one in self._ordered() if k > 0 else ():
            if one[1] not in exclude:
                left.append(one)
                if len(left) == k:
                    break
        return [*self._candidates(left)]

    def ranked(
        self, x: Sequence[str], *, time_s: float | None = None, **who: str
    ) -> Iterator[Candidate]:
        """All that are in order, each of them counted when somebody looks at it."""
        return self._candidates(self._ordered())

    def _candidates(self, entries: Iterable[tuple[int, str]]) -> Iterator[Candidate]:
        of, in_all, tallies = times(self._all), weight(self._all) or 1, self._tallies
        new = tuple.__new__  # as `Candidate` does it, at half of what that costs
        for negative, item in entries:
            plainly = -negative / in_all  # as nearly always: no call for each of some hundred items
            score = plainly if plainly >= LEAST else share(-negative, in_all)
            yield new(Candidate, (item, score, tallies[item] & TIMES_MASK, of, "", ""))

    def proposes(
        self,
        x: Sequence[str],
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> bool:
        """Whether any item is not excluded: surely, where there are more than are excluded."""
        if len(exclude) < min(len(self._tallies), self.top_max):
            return True
        for _, item in self._ordered():  # noqa: SIM110  # mostly the first one: no generator for it
            if item not in exclude:
                return True
        return False

    def sizes(self) -> dict[str, TableSize]:
        """Items counted."""
        return {"items": TableSize(len(self._tallies), self.items_max, self._full)}

    def state(self) -> dict[str, Any]:
        """All tallies; the order follows from them."""
        return {
            "params": self._get_params(),
            "tallies": {item: written(tally) for item, tally in self._tallies.items()},
            "all": written(self._all),
            "full": self._full,
        }

    def exact_state(self) -> dict[str, Any]:
        """Once items had to be forgotten, only the sum of all is exact."""
        return {**self.state(), **({"tallies": None} if self._full else {})}

    def left_out(self) -> dict[str, int]:
        """Items, once there were too many of them."""
        return {"items": len(self._tallies)} if self._full else {}

    def _restore(self, state: dict[str, Any]) -> None:
        self._tallies = {item: read(text) for item, text in state["tallies"].items()}
        self._all = read(state["all"])
        (self._full,) = each(bool, [state["full"]])
        self._moved = set(self._tallies)
        if len(self._tallies) > self.items_max:
            self._forget()


def _entry(tally: int, item: str) -> tuple[int, str]:
    return -weight(tally), item
