"""Pairwise association and sequential rules: the plain baselines differ only in what they count."""

import abc
from collections.abc import Collection, Iterable, Sequence
from heapq import nsmallest
from typing import Any

from models.decay.eviction import lightest, slab
from models.decay.tally import read, share, tally, times, weight, written
from models.limits import at_least_one
from models.recommenders.recommender import NOTHING, Candidate, Recommender

FOR_EVER_S = 100 * 365.25 * 86400.0
"""A half-life of a century: plain counts, of which the later wins where two are equal."""


class PairwiseRules(Recommender):
    """What the last item of the context led to, most often first.

    A candidate's score is its share of all that was counted after that item; its evidence, how
    often it was counted out of how many.

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half.
    row_max
        Items remembered after an item; when there are more, the lightest quarter is forgotten.
    items_max
        Items that lead to something; when there are more, the lightest sixteenth is forgotten.
    """

    def __init__(
        self, half_life_s: float = FOR_EVER_S, row_max: int = 256, items_max: int = 200_000
    ) -> None:
        super().__init__(half_life_s)
        at_least_one(row_max=row_max, items_max=items_max)
        self.row_max = row_max
        self.items_max = items_max
        self._led: dict[str, int] = {}  # item -> tally of all that it led to
        self._rows: dict[str, dict[str, int]] = {}  # item -> what it led to -> tally

    @abc.abstractmethod
    def _rules(self, x: Sequence[str], y: str) -> Iterable[tuple[str, str]]:
        """The rules that an event counts: this item leads to that one."""

    def learn_one(self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0) -> None:
        """Count the rules of `y` coming after `x`."""
        more = tally(self._weighed(time_s, weight))
        for item, follower in self._rules(x, y):
            self._led[item] = self._led.get(item, 0) + more
            row = self._rows.setdefault(item, {})
            row[follower] = row.get(follower, 0) + more
            if len(row) > self.row_max:
                self._trim(row)
        if len(self._led) > self.items_max:
            self._forget()

    def _trim(self, row: dict[str, int]) -> None:
        for follower in lightest(row, len(row) - self.row_max + self.row_max // 4):
            del row[follower]

    def _forget(self) -> None:
        surplus = len(self._led) - self.items_max
        for item in lightest(self._led, surplus - 1 + slab(self.items_max)):
            del self._led[item], self._rows[item]

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """What the last item of `x` led to, whatever came before it and whatever the time."""
        anchor = x[-1] if x else ""
        row = self._rows.get(anchor, {})
        led = self._led.get(anchor, 0)
        scored = (
            (-share(weight(together), weight(led)), follower)
            for follower, together in row.items()
            if weight(together) and follower not in exclude
        )
        return [
            Candidate(follower, -negative, times(row[follower]), times(led), anchor)
            for negative, follower in nsmallest(max(k, 0), scored)
        ]

    def state(self) -> dict[str, Any]:
        """All tallies."""
        return {
            "params": self._get_params(),
            "led": {item: written(led) for item, led in self._led.items()},
            "rows": {
                item: {follower: written(together) for follower, together in row.items()}
                for item, row in self._rows.items()
            },
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._led = {item: read(text) for item, text in state["led"].items()}
        self._rows = {
            item: {follower: read(text) for follower, text in row.items()}
            for item, row in state["rows"].items()
        }
        if self._led.keys() != self._rows.keys():
            raise ValueError("items that lead to something, and rows of others")
        for row in self._rows.values():
            if len(row) > self.row_max:
                self._trim(row)
        if len(self._led) > self.items_max:
            self._forget()
