"""Peeking (continuous monitoring) in simulated shops: how often do we say what is not so?

One run is a bandit of some arms whose clicks have fixed rates: the product's own policy, its own
propensities and expectations, the product's own sums. The posterior is refreshed every
`REFRESH` decisions, as when rewards come in batches; each look sees what an operator would see.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models import ThompsonSampling
from models.bandit.shrinkage import ArmRecord
from models.decay.forward import LANDMARK_S
from models.evaluation.arm_values import ALPHA, ArmSums, arm_sums, sequence
from models.evaluation.sample_ratio import ALPHA as SAMPLE_RATIO_ALPHA
from models.evaluation.sample_ratio import sample_ratio_p
from streams.lab.bench.figures.in_processes import in_processes

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

HORIZON = 20_000
LOOK_EVERY = 100
REFRESH = 50
FLOOR = 0.05
NAIVE_FROM = 500
"""Decisions before which even the naive do not look."""
Z95 = 1.959963984540054
CHUNK = 10
CONTEXT = "bench"


@dataclass(frozen=True)
class SimulatedShop:
    """Arms with these rates, and so many runs of them."""

    name: str
    rates: tuple[float, ...]
    runs: int
    horizon: int = HORIZON
    floor: float = FLOOR


class SimulatedRun(NamedTuple):
    """What one run came to; arrays have one number an arm."""

    covered: Flags
    """Whether the arm's bounds held the truth at every look."""
    rejected: bool
    """Whether any arm was said to differ from the first, wrongly, at some look."""
    naive_rejected: bool
    """The same, by z tests of the means of each arm's own impressions."""
    sample_ratio_alarm: bool
    aipw: Floats
    """The estimates at the end."""
    naive: Floats
    """The means of each arm's own impressions at the end."""


Work = tuple[int, SimulatedShop, list[tuple[int, ...]]]
"""The number of a shop, the shop, and the seeds of some runs."""


class EstimatePath(NamedTuple):
    """Sums at every look; (looks, arms)."""

    n: Floats
    score: Floats
    variance: Floats
    drawn: Floats
    won: Floats


class Batched(ThompsonSampling):
    """The product's policy, told of many trials at once: the same sums in a tenth of the time."""

    def learn(self, arm: str, trials: int, rewards: int) -> None:
        """So many exposures of an arm, and so many of them with a reward of one."""
        weight = self._decay.weight(LANDMARK_S)
        self._add(arm, CONTEXT, ArmRecord(trials * weight, rewards * weight), LANDMARK_S)


def play(shop: SimulatedShop, rng: np.random.Generator) -> tuple[EstimatePath, ArmSums]:
    """Let the policy run: the sums at every look, and those of the end."""
    rates = np.array(shop.rates)
    arms = [f"arm-{number}" for number in range(len(rates))]
    policy = Batched(floor=shop.floor)
    sums, won, looks = None, np.zeros(len(rates)), []
    for decided in range(REFRESH, shop.horizon + 1, REFRESH):
        choice = policy.choose(arms, CONTEXT, seed=0)
        propensities = np.array([choice.propensities[arm] for arm in arms])
        expected = np.array([choice.estimates[arm] for arm in arms])
        drawn = rng.choice(len(arms), REFRESH, p=propensities / propensities.sum())
        rewards = (rng.random(REFRESH) < rates[drawn]).astype(np.float64)
        shown = np.bincount(drawn, minlength=len(arms))
        earned = np.bincount(drawn, rewards, len(arms))
        for arm, trials, gained in zip(arms, shown.tolist(), earned.tolist(), strict=True):
            policy.learn(arm, trials, int(gained))
        every = (REFRESH, len(arms))
        more = arm_sums(
            drawn, rewards, np.broadcast_to(propensities, every), np.broadcast_to(expected, every)
        )
        sums = more if sums is None else sums.plus(more)
        won = won + earned
        if decided % LOOK_EVERY == 0:
            looks.append((sums.n * np.ones(len(arms)), sums.score, sums.variance, sums.drawn, won))
    if sums is None:
        raise ValueError(f"a shop of {shop.horizon} decisions: there must be at least {REFRESH}")
    return EstimatePath(*np.array(looks).transpose(1, 0, 2)), sums


def judge(shop: SimulatedShop, course: EstimatePath, sums: ArmSums) -> SimulatedRun:
    """What somebody would have said who looked each time."""
    rates = np.array(shop.rates)
    by, comparisons = sequence(shop.floor), len(rates) - 1
    off = np.abs(course.score - course.n * rates)
    misses = by.log_e_value(off, course.variance) > np.log(2.0 / ALPHA)
    differences = course.score[:, 1:] - course.score[:, :1]
    truth = course.n[:, 1:] * (rates[1:] - rates[0])
    variance = course.variance[:, 1:] + course.variance[:, :1]
    rejects = by.log_e_value(np.abs(differences - truth), variance) > np.log(
        2.0 * comparisons / ALPHA
    )
    arms = tuple(map(str, range(len(rates))))
    return SimulatedRun(
        covered=~misses.any(axis=0),
        rejected=bool(rejects.any()),
        naive_rejected=naive_rejects(course, rates),
        sample_ratio_alarm=min(sample_ratio_p({arms: sums}).values()) < SAMPLE_RATIO_ALPHA,
        aipw=sums.score / sums.n,
        naive=course.won[-1] / np.maximum(course.drawn[-1], 1.0),
    )


def naive_rejects(course: EstimatePath, rates: Floats) -> bool:
    """Whether a z test of plain means denies a true difference from the first arm at some look."""
    drawn = np.maximum(course.drawn, 1.0)
    mean = course.won / drawn
    se2 = np.maximum(mean * (1.0 - mean), 1e-6) / drawn
    off = (mean[:, 1:] - mean[:, :1]) - (rates[1:] - rates[0])
    wrong = np.abs(off) > Z95 * np.sqrt(se2[:, 1:] + se2[:, :1])
    return bool(wrong[course.n[:, 0] >= NAIVE_FROM].any())


def run(shop: SimulatedShop, seed: tuple[int, ...]) -> SimulatedRun:
    """One run, from its seed alone."""
    return judge(shop, *play(shop, np.random.default_rng(seed)))


def runs(
    shops: Iterable[SimulatedShop], seed: int, jobs: int
) -> Iterator[tuple[int, list[SimulatedRun]]]:
    """All runs of all shops, as they are done: the number of the shop, and some runs of it."""
    work: list[Work] = [
        (number, shop, [(seed, number, one) for one in range(first, min(first + CHUNK, shop.runs))])
        for number, shop in enumerate(shops)
        for first in range(0, shop.runs, CHUNK)
    ]
    return in_processes(_some, work, jobs)


def _some(work: Work) -> tuple[int, list[SimulatedRun]]:
    number, shop, seeds = work
    return number, [run(shop, seed) for seed in seeds]
