"""Our policies as players of the worlds, and the textbook's and River's that they are held against.

Our own players look at the log every `ROUND` decisions, as a worker does that decides for a round
of records before it folds the next: their policy is the product's, asked for propensities and told
of exposures and rewards; the arm is drawn from what it says, by the product's `draw`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models import LinearThompsonSampling, ThompsonSampling
from models.bandit.propensity import draw
from streams.lab.bench.regret.worlds import EIGHT_ARMS, HORIZON, Lateness

START_S = 1_767_225_600
ROUND = 10
"""Decisions between two looks at the log."""


class PolicyPlayer:
    """A policy of goeswith; a decision takes `pace_s` seconds."""

    def __init__(self, policy: ThompsonSampling, arms: int, seed: int, pace_s: float = 1.0) -> None:
        self.policy = policy
        self.arms = [f"{arm:02}" for arm in range(arms)]
        self.seed = seed
        self.pace_s = pace_s
        self._decisions = self._paid = 0
        self._told: list[tuple[str, str, bool, float]] = []
        self._drawn: dict[str, dict[str, float]] = {}

    def choose(self, context: Sequence[int]) -> int:
        """Draw an arm by the propensities as of the latest look at the log."""
        name = "/".join(map(str, context))
        propensities = self._drawn.get(name)
        if propensities is None:
            propensities = self._drawn[name] = self.policy.propensities(self.arms, name)
        self._decisions += 1
        return int(draw(propensities, f"{self.seed}/{self._decisions}".encode()))

    def paid(self, context: Sequence[int], arm: int, reward: bool) -> None:
        """Note it for the next look."""
        time_s = START_S + self._paid * self.pace_s
        self._paid += 1
        self._told.append((self.arms[arm], "/".join(map(str, context)), reward, time_s))
        if len(self._told) == ROUND:
            self._look()

    def _look(self) -> None:
        for arm, context, reward, time_s in self._told:
            self.policy.expose(arm, context, time_s=time_s)
            if reward:
                self.policy.reward(arm, context, 1.0, time_s=time_s, at_s=time_s)
        self._told.clear()
        self._drawn.clear()


def plain_policy(**arguments: float) -> ThompsonSampling:
    """The policy of the worker, without a floor: regret is to be of its choices alone."""
    return ThompsonSampling(floor=0.0, **arguments)  # type: ignore[arg-type]


def factor_policy() -> LinearThompsonSampling:
    """The policy for contexts of many factors, without a floor."""
    return LinearThompsonSampling(floor=0.0)


class Textbook:
    """Thompson sampling as in the textbook: Beta(1, 1), no context, a sample a decision."""

    def __init__(self, arms: int, seed: int) -> None:
        self._random = np.random.default_rng((seed, 4))
        self._won, self._lost = np.ones(arms), np.ones(arms)

    def choose(self, context: Sequence[int]) -> int:
        """The best of a sample."""
        return int(self._random.beta(self._won, self._lost).argmax())

    def paid(self, context: Sequence[int], arm: int, reward: bool) -> None:
        """Count it."""
        (self._won if reward else self._lost)[arm] += 1


class River:
    """River's Thompson sampling, Beta(1, 20), which takes no context."""

    def __init__(self, arms: int, seed: int) -> None:
        from river import bandit, proba  # noqa: PLC0415  # three seconds, for this peer alone

        self._policy: Any = bandit.ThompsonSampling(reward_obj=proba.Beta(1, 20), seed=seed)
        self._arms = list(range(arms))

    def choose(self, context: Sequence[int]) -> int:
        """Pull."""
        return int(self._policy.pull(self._arms))

    def paid(self, context: Sequence[int], arm: int, reward: bool) -> None:
        """Update."""
        self._policy.update(arm, reward)


def regret_when_late(
    lateness: Lateness, seed: int, horizon: int = HORIZON, *, strict: bool
) -> float:
    """The regret of our policy where conversions come late or never.

    Strictly, an impression and what it earned is told of at the end of its window, when all is
    known; otherwise at once, and a conversion when it comes. Regret is of what is earned within
    the window.
    """
    window, values = lateness.window, lateness.values(EIGHT_ARMS)
    policy = plain_policy(window_s=0.0 if strict else float(window))
    arms = [f"{arm:02}" for arm in range(len(values))]
    moods = np.random.default_rng(seed).random(horizon).tolist()
    delays = lateness.drawn(seed, horizon).tolist()
    inbox: list[list[tuple[int, int, bool]]] = [[] for _ in range(horizon + window + 2)]
    propensities: dict[str, float] = {}
    regret = 0.0
    for n in range(horizon):
        if n % ROUND == 0:
            now_s = START_S + n
            propensities = policy.propensities(arms, "", time_s=now_s)
        arm = int(draw(propensities, f"{seed}/{n}".encode()))
        regret += max(values) - values[arm]
        delay = int(np.ceil(delays[n] * lateness.means[arm]))
        converts = moods[n] < EIGHT_ARMS[arm] and delay <= window
        if strict:
            inbox[n + window].append((n, arm, converts))
        else:
            policy.expose(arms[arm], "", time_s=START_S + n)
            if converts:
                inbox[n + delay].append((n, arm, True))
        for at, which, reward in inbox[n]:
            if strict:
                policy.expose(arms[which], "", time_s=START_S + at)
            if reward:
                policy.reward(arms[which], "", 1.0, time_s=START_S + at, at_s=START_S + n)
    return regret
