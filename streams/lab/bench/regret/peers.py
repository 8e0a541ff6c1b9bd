"""Other libraries' contextual bandits in our worlds; run by the Python of their own environment.

```
.venv-peers/bin/python -m streams.lab.bench.regret.peers squarecb 7        {"regret": 371.2}
```

Each is set as it does best here: Vowpal Wabbit's SquareCB with its defaults (its `gamma_scale` of
100 regrets more), mabwiser's LinTS with the scale of the noise as its `alpha` (1.0, the default,
regrets more), learning in batches of 200 (smaller ones regret more).
"""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from streams.lab.bench.regret.worlds import SIZES, Player, contextual

ARMS = 8
OFFSETS = np.cumsum((1, *SIZES[:-1]))
WIDTH = 1 + sum(SIZES)
NOISE = 0.2
"""Deviation of a reward that comes in one of 25."""
BATCH = 200


class SquareCB:
    """Vowpal Wabbit: `--cb_explore_adf --squarecb`, with interactions of context and arm."""

    def __init__(self, seed: int) -> None:
        from vowpalwabbit import Workspace  # noqa: PLC0415  # one library at a time

        options = f"--cb_explore_adf --squarecb --random_seed {seed + 1}"
        self._workspace = Workspace(f"{options} --quiet -q CA --ignore_linear C")
        self._random = np.random.default_rng((seed, 5))
        self._probability = 1.0

    def choose(self, context: Sequence[int]) -> int:
        """Draw from the predicted probabilities."""
        probabilities = np.array(self._workspace.predict(_lines(context)))
        arm = int(self._random.choice(ARMS, p=probabilities / probabilities.sum()))
        self._probability = float(probabilities[arm])
        return arm

    def paid(self, context: Sequence[int], arm: int, reward: bool) -> None:
        """Learn at once: the probability is that of the latest choice."""
        lines = _lines(context)
        lines[1 + arm] = f"0:{-float(reward)}:{self._probability} {lines[1 + arm]}"
        self._workspace.learn(lines)


def _lines(context: Sequence[int]) -> list[str]:
    factors = " ".join(f"f{place}={level}" for place, level in enumerate(context))
    return [f"shared |C {factors}", *(f"|A arm={arm}" for arm in range(ARMS))]


class LinTS:
    """mabwiser: linear Thompson sampling on one-hot factors, an arm a regression."""

    def __init__(self, seed: int) -> None:
        from mabwiser.mab import MAB, LearningPolicy  # noqa: PLC0415  # one library at a time

        rule = LearningPolicy.LinTS(alpha=NOISE)
        self._mab = MAB(list(range(ARMS)), rule, seed=seed)
        self._random = np.random.default_rng((seed, 5))
        self._told: list[tuple[int, float, Any]] = []
        self._fitted = False

    def choose(self, context: Sequence[int]) -> int:
        """Predict; evenly until it was fitted once."""
        if not self._fitted:
            return int(self._random.integers(ARMS))
        return int(self._mab.predict(_one_hot(context)[None]))

    def paid(self, context: Sequence[int], arm: int, reward: bool) -> None:
        """Learn with the next batch."""
        self._told.append((arm, float(reward), _one_hot(context)))
        if len(self._told) == BATCH:
            arms, rewards, rows = zip(*self._told, strict=True)
            learn = self._mab.partial_fit if self._fitted else self._mab.fit
            learn(list(arms), list(rewards), np.array(rows))
            self._fitted = True
            self._told.clear()


def _one_hot(context: Sequence[int]) -> Any:
    row = np.zeros(WIDTH)
    row[[0, *(OFFSETS + np.array(context))]] = 1.0
    return row


PLAYERS: dict[str, Callable[[int], Player]] = {"squarecb": SquareCB, "lints": LinTS}


def main(name: str, seed: str, horizon: str) -> None:
    """Play one world, and print the regret."""
    player = PLAYERS[name](int(seed))
    print(json.dumps({"regret": contextual(int(seed), int(horizon)).play(player)}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
