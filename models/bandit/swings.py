"""Seasonality that all arms share: how far they swing together at weekends, paydays, campaigns.

What arms earn rises and falls for reasons that are none of theirs. That says nothing of which one
is best, so it is taken out before arms are compared: each epoch has a swing, the factor by which
all arms earn more or less than they do on the whole, and each context in an epoch has one of its
own, which is shrunk toward it:

```
swing = (rewards + shrinkage) / (rewards expected of the arms that were shown + shrinkage)
```

What is expected of an arm is what it earns where no swing is, so both are found in turns, as in
iterative proportional fitting. A swing has limits: a world in which everybody suddenly buys a third
of what they did has changed.

Deming and Stephan: On a least squares adjustment of a sampled frequency table. Annals of
Mathematical Statistics 11, 1940. Breslow and Day: Statistical methods in cancer research II. 1987
(what is expected, by indirect standardization).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FACTOR_MIN, FACTOR_MAX = 0.6, 1.0 / 0.6
"""How far a swing goes: what is beyond that is a change."""
SHRINKAGE = 10.0
"""Expected rewards that no swing is worth for an epoch, and the epoch's for a context in it."""
ITERATIONS = 4


def swings(
    trials: Floats, rewards: Floats, groups: Sequence[int], mean: float, strength: float
) -> Floats:
    """The swing of each cell (an arm in a context) in each epoch; all shapes are (cells, epochs).

    `groups` are the numbers of the cells' contexts, rising from 0 without a gap. A cell is thought
    to earn `mean` by `strength` trials, beside its own.

    >>> trials = np.array([[100.0, 100.0], [300.0, 300.0]])  # two arms; the second day is a Sunday
    >>> rewards = np.array([[20.0, 14.0], [30.0, 21.0]])
    >>> swings(trials, rewards, [0, 0], mean=0.1, strength=1.0).round(2).tolist()
    [[1.17, 0.83], [1.17, 0.83]]
    """
    begins = np.flatnonzero(np.diff(groups, prepend=-1))
    own, won = np.ones_like(trials), rewards.sum(axis=0)
    won_here = np.add.reduceat(rewards, begins)
    for _ in range(ITERATIONS):
        tried = (trials * own).sum(axis=1)
        means = (rewards.sum(axis=1) + strength * mean) / (tried + strength)
        expected = trials * means.clip(0.0, 1.0)[:, None]
        of_all = ((won + SHRINKAGE) / (expected.sum(axis=0) + SHRINKAGE)).clip(
            FACTOR_MIN, FACTOR_MAX
        )
        here = (won_here + SHRINKAGE * of_all) / (np.add.reduceat(expected, begins) + SHRINKAGE)
        own = here.clip(FACTOR_MIN, FACTOR_MAX)[groups]
    return own
