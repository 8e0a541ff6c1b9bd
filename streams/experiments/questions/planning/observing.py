"""Reads the shop's own rates off the outcomes topic."""

from collections.abc import Iterable
from pathlib import Path

from models.evaluation.arm_values import PROPENSITY_MIN
from streams.cli.printable import printable
from streams.contract.errors import NotEnough
from streams.contract.events.reference.declared import SETTLE_S, UnitMetric
from streams.contract.published.outcomes import AnyOutcome
from streams.contract.settings import Settings
from streams.experiments.arm_estimates import FLOOR_MIN
from streams.experiments.evidence.quiet_log import quiet_time
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
    pair = PairSeen(arms, settings.arm_floor)
    wait_ms = 1000 * (SETTLE_S if settle_s is None else settle_s)
    trials = Trials(wait_ms, in_money=settings.reward == "net")

    def see(outcome: AnyOutcome, partition: int) -> None:
        trials.see(outcome, partition)

    trials.quiet = quiet_time(settings)
    for unread in each_outcome(settings, 0, see, quiet=quiet):
        pair.add(trials.swept(unread))
    pair.add(trials.settled())
    found = pair.rates()
    if found is None:
        named = " and ".join(map(printable, arms))
        raise NotEnough(
            f"fewer than {TRIALS_MIN} impressions of {printable(arms[1])} are settled while both "
            f"{named} were on offer, each with the floor ({settings.arm_floor:.3g}) at least, or "
            "none of them earned anything: say what to expect (--rate, --units-per-day)"
        )
    return found


class PairSeen:
    """Impressions of which two arms were on offer, as the verdict counts them.

    An arm that was drawn less often than the floor was not on offer, as in
    `models.evaluation.arm_values.grouped`. The noise of a score goes with one over the propensity,
    so what a day of impressions tells goes by the harmonic mean: a bandit that draws either arm
    with 5 % or 95 % in turn draws both with a half on average, and tells a fifth as much.

    Parameters
    ----------
    arms
        The first, and the second, that it is compared with.
    floor
        Of propensities, by the settings.
    """

    def __init__(self, arms: tuple[str, str], floor: float) -> None:
        self._arms, self._floor = arms, floor
        self._least = max(PROPENSITY_MIN, max(floor, FLOOR_MIN) * (1.0 - 1e-9))
        self._number = 0
        self._inverses = [0.0, 0.0]
        self._rewards: dict[float, int] = {}
        self._first_s, self._last_s = float("inf"), 0.0

    def add(self, trials: Iterable[Trial]) -> None:
        """Count settled trials."""
        for trial in trials:
            chances = [trial.propensities.get(arm, 0.0) for arm in self._arms]
            if min(chances) < self._least:
                continue
            self._number += 1
            self._first_s = min(self._first_s, trial.shown_s)
            self._last_s = max(self._last_s, trial.shown_s)
            for at, chance in enumerate(chances):
                self._inverses[at] += 1.0 / chance
            if trial.arm == self._arms[1]:
                reward = round(trial.reward, 3)
                self._rewards[reward] = self._rewards.get(reward, 0) + 1

    def rates(self) -> ArmRates | None:
        """What they earned, and how often; None: too few are known, or none earned anything."""
        days = (self._last_s - self._first_s) * 1000 / DAY_MS
        if sum(self._rewards.values()) < TRIALS_MIN or days <= 0.0:
            return None
        rewards = [reward for reward, number in self._rewards.items() for _ in range(number)]
        first, second = (self._number / inverse for inverse in self._inverses)
        found = observed_rewards(rewards, self._number / days, (first, second), self._floor)
        return None if found is None else found._replace(days=days)
