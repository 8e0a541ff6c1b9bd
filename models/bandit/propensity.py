"""Propensities by probability matching: P(best) of each arm by quadrature, with a floor; a draw.

Sampling a posterior and guessing afterwards how probable the choice was gives propensities that
are noisy, or zero. Here the vector comes first, by quadrature, and the arm is drawn from it: what
is logged is the probability with which the arm was chosen, whatever the error of the quadrature.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.limits import within

Floats = npt.NDArray[np.float64]

NODES = np.linspace(-5.0, 5.0, 32)
"""Nodes around the peak of each posterior, in its standard deviations."""
NODES_LEFT, NODES_RIGHT = np.minimum(NODES, 0.0), np.maximum(NODES, 0.0)
VECTORS_KEPT = 1024
TINY = 1e-300
SURE = 0.95
"""How probably an arm has to earn more than who leads it, to be drawn for more than the floor."""
SD_MIN = 1e-9
SHAPE_MIN, SHAPE_MAX = 1e-3, 1e15
"""Parameters of a Beta are within these, so that all integrals stay finite."""
SIZE_MAX = 1e4
"""Means and deviations of a Gaussian are no larger: nodes are told apart by any deviation."""
NODES_MAX = 1024
"""Nodes of the common grid; with more than 32 arms, every second one is taken, every third, ..."""


Posterior = tuple[float, float]
"""The a and b of a Beta distribution, or mean and deviation of a Gaussian one."""


class ShareLimits(NamedTuple):
    """Bounds of the propensities of one decision, beyond what the policy was made with.

    >>> ShareLimits(caps=(("best_fit", 0.2),)).of(["best_fit", "popular"])
    (0.2, 1.0)
    """

    floor: float | None = None
    """Least propensity of an arm on offer; None: the policy's own."""
    caps: tuple[tuple[str, float], ...] = ()
    """Arms, and the most that each of them may have: above 0, and 1 at most."""
    leader: str = ""
    """An arm that has judged what those `led` by it offer, by what was learned of that:"""
    led: tuple[str, ...] = ()
    """each of these has the floor, and no more, till it surely earns more than the leader."""

    def of(self, arms: Iterable[str]) -> tuple[float, ...]:
        """The cap of each of these arms; empty: none has one."""
        if not self.caps:
            return ()
        caps = dict(self.caps)
        return tuple(caps.get(arm, 1.0) for arm in arms)

    def caps_of(
        self, posteriors: Mapping[str, Posterior], floor: float, identify: bool, gaussian: bool
    ) -> tuple[float, ...]:
        """The same, with those that are led held back; nobody is while arms are told apart.

        Held back is who does not earn more than the leader, of these two, with the probability
        `SURE`: what a few dear sales make of a mean is not known, and is tried at the floor. A
        leader that has a cap of its own leads nobody: the others are to have what it leaves.

        >>> limits = ShareLimits(leader="best_worth", led=("popular", "buy_again"))
        >>> known = {"best_worth": (9.0, 91.0), "popular": (2.0, 9.0), "buy_again": (30.0, 70.0)}
        >>> limits.caps_of(known, floor=0.05, identify=False, gaussian=False)
        (1.0, 0.05, 1.0)
        """
        caps, leads = dict(self.caps), posteriors.get(self.leader)
        if leads is None or identify or self.leader in caps:
            return self.of(posteriors)
        for arm in posteriors.keys() & self.led:
            if vector((posteriors[arm], leads), 0.0, False, gaussian)[0] < SURE:
                caps[arm] = min(caps.get(arm, 1.0), max(floor, TINY))
        return tuple(caps.get(arm, 1.0) for arm in posteriors)


NO_LIMITS = ShareLimits()


def probability_best(a: Floats, b: Floats) -> Floats:
    """The probability of each of K independent Beta(a, b) variables to be the largest.

    The integral of f_k * prod_{i != k} F_i for each k, on the log-odds scale, where every Beta
    density is smooth with a single peak, even for a < 1. All arms share one grid: the union of
    each one's own nodes, so that a posterior of ten million trials is resolved beside one of none.
    Within 0.003 of the exact integral (see the tests). Shapes: (K,), (K,) -> (K,), sums to 1.

    >>> probability_best(np.array([2.0, 2.0]), np.array([8.0, 8.0])).round(6).tolist()
    [0.5, 0.5]
    """
    a = np.minimum(np.maximum(a, SHAPE_MIN), SHAPE_MAX)[:, None]
    b = np.minimum(np.maximum(b, SHAPE_MIN), SHAPE_MAX)[:, None]
    peak = np.log(a / b)
    grid = _grid(peak + _spread(a, b) * NODES_LEFT + _spread(b, a) * NODES_RIGHT)
    density = a * (grid - peak)
    density -= (a + b) * (np.logaddexp(0.0, grid) - np.logaddexp(0.0, peak))
    np.exp(density, out=density)
    return _best(_cumulated(density, grid[1:] - grid[:-1], a, b))


def gaussian_best(mean: Floats, sd: Floats) -> Floats:
    """The probability of each of K independent Gaussian variables to be the largest.

    As `probability_best`, on the scale of the variables. Shapes: (K,), (K,) -> (K,), sums to 1.

    >>> gaussian_best(np.array([0.0, 1.0]), np.array([1.0, 1.0])).round(2).tolist()
    [0.24, 0.76]
    """
    mean = np.minimum(np.maximum(mean, -SIZE_MAX), SIZE_MAX)[:, None]
    sd = np.minimum(np.maximum(sd, SD_MIN), SIZE_MAX)[:, None]
    grid = _grid(mean + sd * NODES)
    z = (grid - mean) / sd
    density = np.exp(-0.5 * z * z) / sd
    return _best(_cumulated(density, grid[1:] - grid[:-1], -z[:, :1] / sd, z[:, -1:] / sd))


def _grid(nodes: Floats) -> Floats:
    """One grid for all arms; raises `ValueError` when a node is no number."""
    if not math.isfinite(nodes.sum()):
        raise ValueError("posteriors that are no distributions: is a parameter NaN?")
    grid = nodes.ravel()
    grid.sort()
    step = -(-len(grid) // NODES_MAX)
    return grid if step <= 1 else np.concatenate([grid[:-1:step], grid[-1:]])


def _best(below: Floats) -> Floats:
    """The integral of dF_k * prod_{i != k} F_i for each k, from all F at the nodes."""
    others = below.prod(axis=0) / below
    best = ((others[:, 1:] + others[:, :-1]) * (below[:, 1:] - below[:, :-1])).sum(axis=1)
    scaled: Floats = best / best.sum()
    return scaled


def top_two(best: Floats) -> Floats:
    """The probability that each arm is drawn by top-two Thompson sampling, given P(best).

    Half of the draws go to the best of a sample of the posterior, half to the first other arm that
    is best in a later sample: the challenger of arm j is arm i with probability
    `best[i] / (1 - best[j])`. What separates the two is learned fastest (Russo: Simple Bayesian
    algorithms for best-arm identification. Operations Research 68, 2020).

    >>> top_two(np.array([0.98, 0.01, 0.01])).round(3).tolist()
    [0.5, 0.25, 0.25]
    """
    if len(best) == 1:
        return best
    best = np.maximum(best, TINY)
    others = best.sum() - best
    leader = best.argmax()
    others[leader] = best[:leader].sum() + best[leader + 1 :].sum()  # exact, however small
    by_leader = best / others
    drawn: Floats = 0.5 * best + 0.5 * best * (by_leader.sum() - by_leader)
    drawn[leader] = 1.0 - (drawn[:leader].sum() + drawn[leader + 1 :].sum())
    return drawn


@lru_cache(VECTORS_KEPT)
def vector(
    posteriors: tuple[tuple[float, float], ...],
    floor: float,
    identify: bool = False,
    gaussian: bool = False,
    caps: tuple[float, ...] = (),
) -> tuple[float, ...]:
    """The propensities of arms with these posteriors, in their order.

    A posterior is the a and b of a Beta distribution, or mean and deviation of a Gaussian one.
    `identify`: by top-two Thompson sampling, to tell the best two apart. `caps`: the most that
    each of them may have, if any is bounded.

    Posteriors change with feedback only, and most decisions come in between: the last vectors are
    kept, which changes nothing but the time it takes.
    """
    if caps:
        return within_caps(vector(posteriors, floor, identify, gaussian), caps)
    if floor * len(posteriors) >= 1.0:
        return (1.0 / len(posteriors),) * len(posteriors)
    best = (gaussian_best if gaussian else probability_best)(*np.array(posteriors).T)
    return tuple(with_floor(top_two(best) if identify else best, floor))


def _spread(a: Floats, b: Floats) -> Floats:
    """The width of Beta(a, b) on the log-odds scale, to the left of its peak.

    The variance is trigamma(a) + trigamma(b); trigamma(z) is about 1/z**2 + 1/(z + 1/2). To the
    left a decides, where a small a makes a long tail.
    """
    spread: Floats = np.sqrt(1.0 / (a * a) + 1.0 / (a + 0.5) + 1.0 / (b + 0.5))
    return spread


def _cumulated(density: Floats, widths: Floats, a: Floats, b: Floats) -> Floats:
    """Cumulative distributions at the nodes: trapezoids, and exponential tails outside them.

    `a` and `b` are the rates at which the density falls to the left and to the right.
    """
    below = np.empty_like(density)
    below[:, :1] = density[:, :1] / a
    np.add(density[:, 1:], density[:, :-1], out=below[:, 1:])
    below[:, 1:] *= 0.5 * widths
    np.add.accumulate(below, axis=1, out=below)
    below /= below[:, -1:] + density[:, -1:] / b
    np.maximum(below, TINY, out=below)
    return below


def with_floor(best: Floats, floor: float) -> list[float]:
    """Every arm gets at least the floor (never more than an equal share), the rest as before.

    >>> with_floor(np.array([0.9, 0.1]), floor=0.05)
    [0.86, 0.14]
    """
    within(0.0, 1.0, floor=floor)
    arms = len(best)
    floor = min(floor, 1.0 / arms)
    rest = max(0.0, 1.0 - arms * floor)
    return [floor + rest * share for share in best.tolist()]


def within_caps(shares: Sequence[float], caps: Sequence[float]) -> tuple[float, ...]:
    """The shares with none above its cap; what is cut off goes to the others, in proportion.

    So no share falls but those that are cut, and a floor stays one for all others. Caps that are
    less than 1 together leave no such shares: those are as the caps are to each other.
    Shapes: (K,), (K,) -> (K,), sums to 1.

    >>> within_caps([0.7, 0.2, 0.1], caps=[0.4, 1.0, 1.0])
    (0.4, 0.4, 0.2)
    >>> within_caps([0.7, 0.3], caps=[0.1, 0.3])
    (0.25, 0.75)
    """
    within(TINY, 1.0, cap=min(caps))
    if (room := math.fsum(caps)) <= 1.0:
        return tuple([cap / room for cap in caps])
    weights, found, cut = [max(share, TINY) for share in shares], [*shares], set[int]()
    while over := {k for k, cap in enumerate(caps) if k not in cut and found[k] > cap}:
        cut |= over
        rest = 1.0 - math.fsum(caps[k] for k in cut)
        of_all = math.fsum(weight for k, weight in enumerate(weights) if k not in cut)
        found = [caps[k] if k in cut else rest * w / of_all for k, w in enumerate(weights)]
    return tuple(found)


def draw(propensities: Mapping[str, float], seed: bytes) -> str:
    """One of the arms, with exactly these probabilities, as the seed decides.

    The seed is hashed to 53 bits, a number in [0, 1): no generator is built. Raises `ValueError`
    when no arm has a chance.

    >>> draw({"popular": 0.3, "curated": 0.7}, b"event-17")
    'popular'
    """
    point = int.from_bytes(blake2b(seed, digest_size=8).digest()) >> 11
    left = point * 2.0**-53
    last = None
    for arm, propensity in propensities.items():
        if left < propensity:
            return arm
        left -= propensity
        if propensity > 0.0:
            last = arm
    if last is None:
        raise ValueError(f"no arm has a chance: {propensities}")
    return last  # rounding left the sum a little below one
