"""Prequential evaluation: a model learns the training log, then is tested before it trains.

```
train   learn_rank (the last examples of it), learn                for each event
data    offer, count  [online: learn_rank, learn]                  for each event
```
Everything in the order of time; what is offered is asked for once, and serves both regimes. Frozen,
a model learns nothing of the data, not even the session that it is asked about.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import thread_time_ns
from typing import Any

from models.evaluation.ranking import DEPTH, Evaluation
from streams.lab.evaluate.logs.sessions import LoggedSession, in_time, moment
from streams.lab.evaluate.models import EvaluatedModel
from streams.lab.quantiles import quantile

REPORT_EVERY = 500
"""Events between two reports of progress."""


@dataclass
class TimeSpent:
    """Nanoseconds of CPU spent on the calls of one kind: what else runs here does not count."""

    each: "array[int]" = field(default_factory=lambda: array("q"))

    def time(self, call: Callable[..., Any], *arguments: object) -> Any:
        """Call, and note how long it took."""
        before = thread_time_ns()
        answer = call(*arguments)
        self.each.append(thread_time_ns() - before)
        return answer

    def mean_us(self) -> float | None:
        """On average; None of no call."""
        return sum(self.each) / len(self.each) / 1000 if self.each else None

    def quantile_us(self, share: float) -> float | None:
        """What this share of the calls did not exceed; None of no call."""
        ns = quantile(self.each, share)
        return None if ns is None else ns / 1000


@dataclass(frozen=True)
class PrequentialRules:
    """How a model is judged."""

    online: bool
    min_prefix: int = 1
    """Items that a session has to have before it makes an example."""
    rank_last: int = 100_000
    """Training examples from which the ranking is learned, the latest ones."""


class PrequentialRun:
    """One model on its way through both logs."""

    def __init__(
        self,
        contestant: EvaluatedModel,
        rules: PrequentialRules,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.contestant = contestant
        self.rules = rules
        self.evaluation = Evaluation()
        self.catalogue: frozenset[str] = frozenset()
        self.learning, self.ranking, self.offering = TimeSpent(), TimeSpent(), TimeSpent()
        self._known: set[str] = set()
        self._advance = advance

    def train(self, log: Sequence[LoggedSession]) -> None:
        """Learn all of a log; its items become the catalogue."""
        left = sum(max(0, len(session.items) - 1) for session in log)  # examples still to come
        for _, session, place in self._told(log):
            self._learn(session, place, rank=place > 0 and left <= self.rules.rank_last)
            left -= place > 0
        self.catalogue = frozenset(self._known)

    def judge(self, log: Sequence[LoggedSession]) -> None:
        """Answer every example of a log; online, learn each event after it."""
        for number, session, place in self._told(log):
            if place >= max(session.judged_from, self.rules.min_prefix):
                self._answer(number, session, place)
            if self.rules.online:
                self._learn(session, place, rank=place > 0)

    def _answer(self, number: int, session: LoggedSession, place: int) -> None:
        before, answer = set(session.items[:place]), session.items[place]
        asked = moment(session, place)
        ranked = self.offering.time(self.contestant.offer, asked, DEPTH + len(before))
        self.evaluation.count(number, before, ranked, answer, known=answer in self._known)

    def _learn(self, session: LoggedSession, place: int, *, rank: bool) -> None:
        told, y, category = moment(session, place), session.items[place], session.category(place)
        if rank and self.contestant.learns_rank:
            self.ranking.time(self.contestant.learn_rank, told, y)
        self.learning.time(self.contestant.learn, told, y, category)
        self._known.add(y)

    def _told(self, log: Sequence[LoggedSession]) -> Iterator[tuple[int, LoggedSession, int]]:
        """Every event in time: number of its session, the session, its place; progress is told."""
        since = 0
        for number, place in in_time(log):
            yield number, log[number], place
            since += 1
            if since == REPORT_EVERY:
                self._advance(since)
                since = 0
        self._advance(since)

    def figures(self, resamples: int = 0, seed: int = 0) -> dict[str, dict[str, Any]]:
        """The figures of each regime; with intervals from so many resamples, if any.

        Times are microseconds of CPU: `learn_us` an event on average, `recommend_us` the median.
        """
        cost = {
            "learn_us": _rounded(self.learning.mean_us(), 2),
            "learn_rank_us": _rounded(self.ranking.mean_us(), 2),
            "recommend_us": _rounded(self.offering.quantile_us(0.5), 1),
            "recommend_us_p99": _rounded(self.offering.quantile_us(0.99), 1),
            "bytes": self.contestant.bytes,
        }
        found: dict[str, dict[str, Any]] = {}
        for name, scores in self.evaluation.regimes.items():
            rates = {rate: _rounded(value, 5) for rate, value in scores.figures().items()}
            covered = {f"coverage@{DEPTH}": _rounded(scores.coverage(self.catalogue), 5)}
            found[name] = rates | covered | cost
            if resamples:
                found[name]["intervals"] = scores.intervals(resamples, seed)
        return found


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
