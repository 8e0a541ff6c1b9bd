"""Simulates an experiment many times, by the very bounds and rules of its verdict.

Each repetition draws units (or impressions) day by day from the shop's own rates, looks at the end
of days as somebody would, and stops when the question is decided: `answer.decide` by
`figures.uplift_of`, or by the confidence sequence of arms. What is counted is exact but for chance:
the Monte Carlo error goes with one over the root of the repetitions, and is told.
"""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from models.evaluation.arm_values import ArmSums, arm_sums, sequence
from models.evaluation.uplift import UnitSums
from streams.experiments.arm_estimates import FLOOR_MIN
from streams.experiments.questions.answer import (
    ALPHA,
    Apart,
    Comparison,
    Decision,
    EffectBounds,
    decide,
)
from streams.experiments.questions.compared_sides import UnitsCompared, told_apart
from streams.experiments.questions.planning.rates import ArmRates, UnitRates
from streams.experiments.questions.planning.support import Floats

CHUNK = 50
"""Repetitions that are drawn at once."""
DAILY = 30
"""So long each day is looked at; then whenever so much more time has gone by:"""
LATER = 0.05

GoOn = Callable[[], bool]
Look = Callable[[float, list[int]], Iterable[tuple[int, Comparison]]]
"""Draws so many more days of each repetition, and compares the sides of those asked for."""


class PlayedExperiment(NamedTuple):
    """What became of one repetition."""

    decision: Decision
    """`open`: not by the last day."""
    day: float
    """When it was decided."""


def look_days(days: int) -> list[int]:
    """The days at whose end somebody looks.

    >>> look_days(3), look_days(35)[-4:]
    ([1, 2, 3], [30, 32, 34, 35])
    """
    found, day = [], 0
    while day < days:
        day = min(days, day + max(1, math.ceil(LATER * day) if day >= DAILY else 1))
        found.append(day)
    return found


def simulated(
    rates: UnitRates | ArmRates,
    effect: float,
    least_effect: float,
    days: int,
    repetitions: int,
    rng: np.random.Generator,
    advance: Callable[[int], object] = lambda _: None,
    go_on: GoOn = lambda: True,
) -> list[PlayedExperiment]:
    """What becomes of so many repetitions with this effect; fewer when they may not `go_on`."""
    found: list[PlayedExperiment] = []
    while len(found) < repetitions and (not found or go_on()):
        number = min(CHUNK, repetitions - len(found))
        found += _chunk(rates, effect, least_effect, days, number, rng)
        advance(number)
    return found


def _chunk(
    rates: UnitRates | ArmRates,
    effect: float,
    least_effect: float,
    days: int,
    number: int,
    rng: np.random.Generator,
) -> list[PlayedExperiment]:
    if isinstance(rates, UnitRates):
        look: Look = _UnitsDrawn(rates, effect, number, rng).look
    else:
        look = _ArmsDrawn(rates, effect, least_effect, number, rng).look
    decided, before = dict[int, PlayedExperiment](), 0
    for day in look_days(days):
        left = [n for n in range(number) if n not in decided]
        if not left:
            break
        for n, compared in look(float(day - before), left):
            if (decision := decide(compared, least_effect)) != "open":
                decided[n] = PlayedExperiment(decision, float(day))
        before = day
    return [decided.get(n, PlayedExperiment("open", float(days))) for n in range(number)]


class _UnitsDrawn:
    """Units of some repetitions, as sums."""

    def __init__(
        self, rates: UnitRates, effect: float, number: int, rng: np.random.Generator
    ) -> None:
        self._rates, self._rng = rates, rng
        self._sides = [self._features(rates), self._features(rates.with_effect(effect))]
        self._weights = [rates.weights, rates.with_effect(effect).weights]
        self._sums = [np.zeros((number, 6)) for _ in self._sides]

    def look(self, days: float, left: list[int]) -> Iterable[tuple[int, Comparison]]:
        """Both sides get their units of these days."""
        new = self._rng.poisson(self._rates.units_per_day * days, len(left))
        held = self._rng.binomial(new, self._rates.share)
        for side, units in enumerate((held, new - held)):
            counts = self._rng.multinomial(units, self._weights[side])
            self._sums[side][left] += counts @ self._sides[side]
        held_out, may_get = self._sums
        return ((n, UnitsCompared(_unit_sums(held_out[n]), _unit_sums(may_get[n]))) for n in left)

    @staticmethod
    def _features(rates: UnitRates) -> Floats:
        """What a unit of each value adds to the sums: n, y, x, yy, xx, yx."""
        y, x = rates.values, rates.before
        return np.stack([np.ones(len(y)), y, x, y * y, x * x, y * x], axis=1)


def _unit_sums(sums: Floats) -> UnitSums:
    n, y, x, yy, xx, yx = map(float, sums)
    return UnitSums(n=n, y=y, s=n, x=x, yy=yy, ss=n, xx=xx, ys=y, yx=yx, sx=x)


class _ArmsLooked(NamedTuple):
    """What one look at a repetition says."""

    bounds: EffectBounds | None
    of_least: Apart
    """From what the second earns, and the least effect."""

    def effect(self) -> EffectBounds | None:
        return self.bounds

    def apart(self, part: float) -> Apart:
        return self.of_least


class _ArmsDrawn:
    """Impressions of some repetitions, as sums of scores: a cell for each arm and reward."""

    def __init__(
        self,
        rates: ArmRates,
        effect: float,
        least_effect: float,
        number: int,
        rng: np.random.Generator,
    ) -> None:
        self._rates, self._least, self._rng = rates, least_effect, rng
        raised, (first, second) = rates.with_effect(effect), rates.propensities
        cells = [(0, reward, first * p) for reward, p in _pairs(raised)]
        cells += [(1, reward, second * p) for reward, p in _pairs(rates)]
        cells += [(-1, 0.0, max(0.0, 1.0 - first - second))]
        expected = np.array([[raised.mean, rates.mean]])
        self._weights = np.array([p for *_, p in cells])
        self._weights /= self._weights.sum()
        self._features = np.array(
            [_scores(_cell(arm, reward, (first, second), expected)) for arm, reward, _ in cells]
        )
        self._sums = np.zeros((number, self._features.shape[1]))
        self._by = sequence(max(FLOOR_MIN, rates.floor))

    def look(self, days: float, left: list[int]) -> Iterable[tuple[int, Comparison]]:
        """Impressions of these days."""
        new = self._rng.poisson(self._rates.per_day * days, len(left))
        self._sums[left] += self._rng.multinomial(new, self._weights) @ self._features
        n, first, second, of_first, of_second = self._sums[left].T
        halves = self._by.bound(of_first + of_second, ALPHA / 2.0)
        sides = np.stack([first, of_first], axis=1), np.stack([second, of_second], axis=1)
        least = told_apart(*sides, self._least, self._by)
        for at, repetition in enumerate(left):
            if not n[at]:
                yield repetition, _ArmsLooked(None, 0)
                continue
            more, half = (first[at] - second[at]) / n[at], halves[at] / n[at]
            base = max(0.0, float(second[at] / n[at]))
            bounds = EffectBounds(base, float(more), float(more - half), float(more + half))
            yield repetition, _ArmsLooked(bounds, -1 if least[at] < 0.0 else 0)


def _pairs(rates: ArmRates) -> list[tuple[float, float]]:
    return list(zip(rates.rewards.tolist(), rates.weights.tolist(), strict=True))


def _cell(arm: int, reward: float, propensities: tuple[float, float], expected: Floats) -> ArmSums:
    """The sums of one impression."""
    return arm_sums(np.array([arm]), np.array([reward]), np.array([propensities]), expected)


def _scores(sums: ArmSums) -> list[float]:
    """Impressions, both scores, and the variance process of each."""
    return [sums.n, *map(float, sums.score), *map(float, sums.variance)]
