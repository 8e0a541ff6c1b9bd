"""The shop's own rates: what units and impressions do, as a distribution to draw from.

A metric is rarely normal: most units order nothing, few order much. So a simulation draws from what
was observed: all different values where there are few, else the largest one by one, and the rest by
strata (`support`). An effect is told as more units that do something, not as units that do more:
that is how prompts work. Where that would be more than all of them, values are scaled.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from streams.contract.events.reference.declared import UnitMetric
from streams.experiments.questions.planning.support import Floats, support
from streams.experiments.uplift.figures import UNITS_MIN, measure_of
from streams.experiments.uplift.net_orders import UnitTotals

OWN_MIN = 200
"""Held out units from which on their values alone are drawn from; of fewer those of all units."""
POISSON_MAX = 12
LIKE = 0.05
"""Rates that differ by less make the same plan, but for the error of its simulation."""


class UnitRates(NamedTuple):
    """What units do without prompts. Shapes (K,)."""

    values: Floats
    """Of the metric."""
    before: Floats
    """What such a unit had ordered before: it explains some of the noise (CUPED)."""
    weights: Floats
    """How probable each is; together 1."""
    units_per_day: float
    """New ones: whoever comes again is the same unit."""
    share: float
    """Held out."""
    units: int = 0
    """So many were observed; 0: the rate was typed."""
    days: float = 0.0
    """The pace is that of so many days; 0: it was typed."""

    @property
    def mean(self) -> float:
        """What a unit does on average."""
        return float(self.values @ self.weights)

    def with_effect(self, effect: float) -> "UnitRates":
        """The same where so much more is done, whatever was before.

        >>> raised = typed_rate(0.1, 100.0, 0.2).with_effect(0.5)
        >>> raised.values.tolist(), raised.weights.round(3).tolist()
        ([0.0, 1.0], [0.85, 0.15])
        """
        values, weights = self.values.copy(), self.weights.copy()
        for before in np.unique(self.before):
            mine = self.before == before
            some, none = mine & (self.values != 0.0), mine & (self.values == 0.0)
            more = effect * self.weights[some].sum()
            if more > self.weights[none].sum():  # all the same, where so much was before
                values[some] *= 1.0 + effect
                continue
            weights[some] *= 1.0 + effect
            if none.any():
                weights[none] *= 1.0 - more / self.weights[none].sum()
        return self._replace(values=values, weights=weights)

    def like(self, other: "UnitRates") -> bool:
        """Whether the other makes the same plan: pace, share and all moments that noise goes by.

        >>> rates = typed_rate(0.1, 100.0, 0.2)
        >>> rates.like(typed_rate(0.101, 102.0, 0.2)), rates.like(typed_rate(0.1, 110.0, 0.2))
        (True, False)
        """
        return bool(np.allclose(self.moments(), other.moments(), rtol=LIKE, atol=0.0))

    def moments(self) -> list[float]:
        """Pace and share, and of a unit y, x, y², x² and yx: y by the metric, x before."""
        y, x = self.values, self.before
        each = [y, x, y * y, x * x, y * x]
        return [self.units_per_day, self.share, *(float(one @ self.weights) for one in each)]


class ArmRates(NamedTuple):
    """What impressions of the arm compared with earn, and how often both arms are drawn."""

    rewards: Floats
    """From 0 to 1. Shape (K,)."""
    weights: Floats
    """How probable each is; together 1."""
    per_day: float
    """Impressions of which both arms were on offer, each at least as often as the floor."""
    propensities: tuple[float, float]
    """Of the first arm, and of the second, that it is compared with: harmonic means, as the noise
    of a score goes with one over the propensity."""
    floor: float
    """Of propensities, by the settings: the bounds of the verdict rest on it."""
    observed: int = 0
    """Impressions; 0: the rate was typed."""
    days: float = 0.0
    """The pace is that of so many days; 0: it was typed."""

    @property
    def mean(self) -> float:
        """What an impression earns on average."""
        return float(self.rewards @ self.weights)

    def with_effect(self, effect: float) -> "ArmRates":
        """The same where so much more is earned."""
        some = self.rewards > 0.0
        weights = np.where(some, self.weights * (1.0 + effect), self.weights)
        rest = 1.0 - weights[some].sum()
        if rest < 0.0 or some.all():
            return self._replace(rewards=np.minimum(1.0, self.rewards * (1.0 + effect)))
        weights[~some] *= rest / weights[~some].sum()
        return self._replace(weights=weights)


def typed_rate(rate: float, units_per_day: float, share: float) -> UnitRates:
    """Units that order with this probability; more than .5: so many on average (Poisson).

    >>> round(typed_rate(1.5, 100.0, 0.2).mean, 3)
    1.5
    """
    if rate <= 0.5:  # noqa: PLR2004  # few order twice
        values = np.array([0.0, 1.0])
        weights = np.array([1.0 - rate, rate])
    else:
        values = np.arange(max(POISSON_MAX, int(rate + 8.0 * np.sqrt(rate))) + 1.0)
        logs = values * np.log(rate) - np.concatenate([[0.0], np.cumsum(np.log(values[1:]))])
        weights = np.exp(logs - rate)
        weights /= weights.sum()
    return UnitRates(values, np.zeros(len(values)), weights, units_per_day, share)


def observed_rates(
    held_out: Sequence[UnitTotals],
    may_get: Sequence[UnitTotals],
    metric: UnitMetric,
    currency: str,
    days: float,
    share: float,
) -> UnitRates | None:
    """What units did in so many days; None: too few are known, or none of them did anything."""
    units = held_out if len(held_out) >= OWN_MIN else [*held_out, *may_get]
    if len(units) < UNITS_MIN or days <= 0.0 or not 0.0 < share < 1.0:
        return None
    measure = measure_of(metric, currency)
    told = Counter((float(measure(unit)[0]), float(unit.before)) for unit in units)
    if not any(value for value, _ in told):
        return None
    values, before, weights = support(told)
    per_day = (len(held_out) + len(may_get)) / days
    return UnitRates(values, before, weights, per_day, share, len(units), days)


def observed_rewards(
    rewards: Iterable[float], per_day: float, propensities: tuple[float, float], floor: float
) -> ArmRates | None:
    """What impressions of an arm earned; None: none of them earned anything."""
    told = Counter((min(1.0, max(0.0, reward)), 0.0) for reward in rewards)
    if not any(value for value, _ in told):
        return None
    values, _, weights = support(told)
    return ArmRates(values, weights, per_day, propensities, floor, sum(told.values()))
