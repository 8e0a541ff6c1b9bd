"""Worlds whose truth is known, for policies to play in: what each arm pays, and when.

Every draw of a world comes from its seed alone and none depends on the arm: whoever plays the same
seed meets the same shoppers, in the same mood. Numpy suffices, so that other libraries' policies
can play here from an environment of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HORIZON = 20_000
"""Decisions in a game."""
TEN_ARMS = (0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3)
"""Garivier and Cappe: The KL-UCB algorithm for bounded stochastic bandits. COLT 2011."""
EIGHT_ARMS = (0.04, 0.045, 0.05, 0.055, 0.06, 0.065, 0.07, 0.09)
FLIPPED = (0.09, *EIGHT_ARMS[1:-1], 0.03)
"""What was worst is best, and what was best is worst."""
DAY, WEEK = 500, 3_500
"""Decisions in a day and in a week, where days matter."""
SWING = 0.4
SIZES = (4, 4, 8, 3)
"""Placements, segments, categories, sizes of the basket: 384 contexts."""
BASE_RATE = 0.04
SPREADS = (0.15, 0.45, 0.45, 0.2)
"""How much each of these factors moves an arm, on the log-odds scale."""


class Player(Protocol):
    """Whoever plays: arms are numbered, a context is the level of each factor."""

    def choose(self, context: Sequence[int]) -> int:
        """The arm for this decision."""

    def paid(self, context: Sequence[int], arm: int, reward: bool) -> None:
        """Take note of what a decision earned: told in the order of the decisions."""


@dataclass(frozen=True)
class World:
    """A world: what arms pay at each decision, in which context, and the mood of the shopper."""

    rates: Floats
    """Shape: (decisions or 1, arms)."""
    contexts: npt.NDArray[np.int64]
    """Shape: (decisions, factors)."""
    moods: Floats
    """An arm pays when its rate is above the mood. Shape: (decisions,)."""

    def play(self, player: Player, delay: int = 0) -> float:
        """The regret of a player who is told of each reward `delay` decisions late."""
        regret, told = 0.0, []
        moods, contexts = self.moods.tolist(), list(map(tuple, self.contexts.tolist()))
        rates = np.broadcast_to(self.rates, (len(moods), self.rates.shape[1])).tolist()
        for n, (mood, context, pays) in enumerate(zip(moods, contexts, rates, strict=True)):
            arm = player.choose(context)
            told.append((context, arm, mood < pays[arm]))
            if n >= delay:
                player.paid(*told[n - delay])
            regret += max(pays) - pays[arm]
        return regret


def plain(rates: Sequence[float], seed: int, horizon: int = HORIZON) -> World:
    """One context, and nothing changes."""
    moods = np.random.default_rng(seed).random(horizon)
    return World(np.array([rates]), np.zeros((horizon, 0), np.int64), moods)


def flipping(seed: int, horizon: int = HORIZON) -> World:
    """At half time the best arm becomes the worst, and the worst the best."""
    moods = np.random.default_rng(seed).random(horizon)
    half = horizon // 2
    rates = np.array([EIGHT_ARMS] * half + [FLIPPED] * (horizon - half))
    return World(rates, np.zeros((horizon, 0), np.int64), moods)


def swinging(shape: str, seed: int, horizon: int = HORIZON) -> World:
    """All arms pay less or more together, by 40 %: at "weekends", or in a "wave" of a week."""
    moods = np.random.default_rng(seed).random(horizon)
    now = np.arange(horizon)
    if shape == "weekends":
        swing = np.where(now % WEEK < 2 * DAY, 1.0 - SWING, 1.0)
    else:
        swing = 1.0 + SWING * np.sin(2.0 * np.pi * now / WEEK)
    return World(swing[:, None] * np.array([EIGHT_ARMS]), np.zeros((horizon, 0), np.int64), moods)


def contextual(seed: int, horizon: int = HORIZON, arms: int = 8) -> World:
    """Eight arms whose log odds are sums of effects of the context's four factors.

    Some effects are shared by all arms, some are an arm's own; segment and category matter most,
    and levels of a factor are not equally frequent.
    """
    truth, shoppers = np.random.default_rng((seed, 1)), np.random.default_rng((seed, 2))
    log_odds = np.log(BASE_RATE / (1 - BASE_RATE)) + truth.normal(0, 0.25, (1, arms))
    contexts = np.empty((horizon, len(SIZES)), np.int64)
    for place, (levels, spread) in enumerate(zip(SIZES, SPREADS, strict=True)):
        contexts[:, place] = shoppers.choice(levels, horizon, p=shoppers.dirichlet([4.0] * levels))
        effects = truth.normal(0, spread, (levels, arms)) + truth.normal(0, 0.3, (levels, 1))
        log_odds = log_odds + effects[contexts[:, place]]
    return World(1 / (1 + np.exp(-log_odds)), contexts, shoppers.random(horizon))


@dataclass(frozen=True)
class Lateness:
    """When conversions come: exponential delays with a mean for each arm, in decisions."""

    window: int
    means: tuple[float, ...]

    def values(self, rates: Sequence[float]) -> list[float]:
        """What each arm earns within the window."""
        pairs = zip(rates, self.means, strict=True)
        return [rate * -float(np.expm1(-self.window / mean)) for rate, mean in pairs]

    def drawn(self, seed: int, horizon: int) -> Floats:
        """A delay of mean one for each decision."""
        return np.random.default_rng((seed, 3)).exponential(size=horizon)


WINDOW = 4_000
EQUALLY_LATE = Lateness(WINDOW, (1_000.0,) * 8)
BEST_IS_LATE = Lateness(WINDOW, (*[300.0] * 7, 2_000.0))
