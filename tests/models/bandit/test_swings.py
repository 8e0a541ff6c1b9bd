"""Swings that all arms share: fitted in turns, within limits, cell by cell as by hand."""

import numpy as np
import pytest

from models.bandit.swings import Floats, swings

LOW, HIGH = 0.6, 1.0 / 0.6


def bounded(value: float) -> float:
    """A swing within its limits."""
    return min(max(value, LOW), HIGH)


def by_hand(
    trials: Floats, rewards: Floats, groups: list[int], mean: float, strength: float
) -> Floats:
    """Four rounds of means and swings, one number at a time; ten expected rewards shrink."""
    cells, epochs = trials.shape
    own = np.ones((cells, epochs))
    for _ in range(4):
        expected = np.zeros((cells, epochs))
        for cell in range(cells):
            tried = sum(trials[cell, epoch] * own[cell, epoch] for epoch in range(epochs))
            rate = (sum(rewards[cell]) + strength * mean) / (tried + strength)
            expected[cell] = trials[cell] * min(max(rate, 0.0), 1.0)
        for epoch in range(epochs):
            won, due = sum(rewards[:, epoch]), sum(expected[:, epoch])
            of_all = bounded((won + 10.0) / (due + 10.0))
            for group in set(groups):
                here = [cell for cell in range(cells) if groups[cell] == group]
                won = sum(rewards[cell, epoch] for cell in here)
                due = sum(expected[cell, epoch] for cell in here)
                for cell in here:
                    own[cell, epoch] = bounded((won + 10.0 * of_all) / (due + 10.0))
    return own


@pytest.mark.parametrize("seed", range(4))
def test_swings_are_those_of_the_formulas(seed: int) -> None:
    """Three contexts of one to three arms, six epochs; some swing to the limits."""
    rng, groups = np.random.default_rng(seed), [0, 0, 0, 1, 2, 2]
    trials = rng.integers(0, 400, (6, 6)).astype(float)
    rewards = np.minimum(trials, trials * rng.choice([0.0, 0.05, 0.1, 0.3, 0.9], (6, 6)))
    rewards[0], rewards[3] = -60.0, 1.5 * trials[3]  # ahead of what they are returns or rewards of

    found = swings(trials, rewards, groups, mean=0.2, strength=15.0)

    assert found == pytest.approx(by_hand(trials, rewards, groups, 0.2, 15.0), rel=1e-12)
    assert LOW == pytest.approx(found.min())
    assert HIGH == pytest.approx(found.max())
