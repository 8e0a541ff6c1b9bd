"""Reads the shop's own rates off the outcomes topic."""

from pathlib import Path

from streams.cli.printable import printable
from streams.contract.errors import NotEnough
from streams.contract.events.reference.declared import SETTLE_S, UnitMetric
from streams.contract.prompts import AnyOutcome
from streams.contract.settings import Settings
from streams.experiments.impressions import Trial, Trials
from streams.experiments.questions.planning.rates import (
    ArmRates,
    UnitRates,
    observed_rates,
    observed_rewards,
)
from streams.experiments.questions.reading import each_outcome
from streams.experiments.uplift.command import look
from streams.experiments.uplift.figures import DAY_MS
from streams.experiments.uplift.units import ExperimentTotals
from streams.shop.people.assignment import Experiment

TRIALS_MIN = 100
"""Impressions of the arm compared with that a distribution is taken from."""


def rates_of_units(
    settings: Settings,
    metric: UnitMetric,
    currency: str,
    share: float,
    keep: Path | None = None,
    *,
    quiet: bool,
) -> UnitRates:
    """What units of the experiment that began last did. Raises `NotEnough`."""
    units = look(settings, keep, quiet=quiet).kept.units
    there = [one.id for one in units.experiments()]
    ours = Experiment.of(settings)
    chosen = ours.id if ours is not None and ours.id in there else (there or [""])[-1]
    found = rates_of_totals(units.totals(chosen), metric, currency, share) if chosen else None
    if found is None:
        raise NotEnough(
            "the outcomes topic tells of too few units that did anything by this metric: say what "
            "to expect (--rate, --units-per-day)"
        )
    return found


def rates_of_totals(
    totals: ExperimentTotals, metric: UnitMetric, currency: str, share: float
) -> UnitRates | None:
    """What these units did, if that is enough to draw from."""
    days = (totals.seen.last_ms - totals.seen.first_ms) / DAY_MS
    return observed_rates(totals.held_out, totals.may_get, metric, currency, days, share)


def rates_of_arms(
    settings: Settings, arms: tuple[str, str], settle_s: float | None, *, quiet: bool
) -> ArmRates:
    """What impressions earned of which both arms were on offer. Raises `NotEnough`."""
    pair = _PairSeen(arms)
    wait_ms = 1000 * (SETTLE_S if settle_s is None else settle_s)
    trials = Trials(wait_ms, in_money=settings.reward == "net")

    def see(outcome: AnyOutcome, partition: int) -> None:
        trials.see(outcome, partition)

    for unread in each_outcome(settings, 0, see, quiet=quiet):
        pair.add(trials.swept(unread))
    pair.add(trials.settled())
    found = pair.rates(settings.arm_floor)
    if found is None:
        named = " and ".join(map(printable, arms))
        raise NotEnough(
            f"fewer than {TRIALS_MIN} impressions of {printable(arms[1])} are settled while both "
            f"{named} were on offer: say what to expect (--rate, --units-per-day)"
        )
    return found


class _PairSeen:
    """Impressions of which two arms were on offer."""

    def __init__(self, arms: tuple[str, str]) -> None:
        self._arms = arms
        self._number = 0
        self._chances = [0.0, 0.0]
        self._rewards: dict[float, int] = {}
        self._first_s, self._last_s = float("inf"), 0.0

    def add(self, trials: list[Trial]) -> None:
        for trial in trials:
            if not all(arm in trial.propensities for arm in self._arms):
                continue
            self._number += 1
            self._first_s = min(self._first_s, trial.shown_s)
            self._last_s = max(self._last_s, trial.shown_s)
            for at, arm in enumerate(self._arms):
                self._chances[at] += trial.propensities[arm]
            if trial.arm == self._arms[1]:
                reward = round(trial.reward, 3)
                self._rewards[reward] = self._rewards.get(reward, 0) + 1

    def rates(self, floor: float) -> ArmRates | None:
        days = (self._last_s - self._first_s) * 1000 / DAY_MS
        if sum(self._rewards.values()) < TRIALS_MIN or days <= 0.0:
            return None
        rewards = [reward for reward, number in self._rewards.items() for _ in range(number)]
        first, second = (chance / self._number for chance in self._chances)
        return observed_rewards(rewards, self._number / days, (first, second), floor)
