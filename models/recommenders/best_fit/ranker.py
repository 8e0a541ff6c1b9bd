"""Learning to rank, online and listwise: an MLP with a softmax over the candidates, by Adagrad.

A candidate's score is a linear form of its features plus one hidden layer of 32. The scores of all
candidates make a softmax; the loss is the log of what it left to others than the one that was
taken (ListNet's top-one loss with one relevant item). One step of Adagrad an example, bounded.

The hidden layer's activation is x (27 + x^2) / (27 + 9 x^2) between -3 and 3: tanh to within .02,
without its price, and the same on every machine.

Cao, Qin, Liu, Tsai and Li: Learning to rank: from pairwise approach to listwise approach. ICML
2007. Duchi, Hazan and Singer: Adaptive subgradient methods. JMLR 2011.
"""

import numpy as np
from numpy.typing import NDArray

from models.compiled import compiled

HIDDEN = 32
FIRST_SQUARE = 1e-2
SATURATION = 3.0
"""Where the activation saturates, at 1."""
ERROR_MIN = 1e-5
"""An error as small as this has no gradient: the candidate is skipped."""
WEIGHT_MAX = 30.0
"""No weight leaves [-30, 30]."""
Floats = NDArray[np.float64]


def size(width: int) -> int:
    """How many weights there are for so many features."""
    return width + width * HIDDEN + 2 * HIDDEN


def initial_weights(width: int, seed: int) -> Floats:
    """Weights that have learned nothing (row 0), and sums of their squared gradients (row 1)."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((2, size(width)))
    weights[1] = FIRST_SQUARE
    inner = width + width * HIDDEN
    weights[0, width:inner] = rng.normal(0.0, 0.4, width * HIDDEN)
    weights[0, inner + HIDDEN :] = rng.normal(0.0, 0.05, HIDDEN)
    return weights


@compiled
def activation(x: float) -> float:
    """The activation of the hidden layer: nearly tanh."""
    x = min(SATURATION, max(-SATURATION, x))
    return x * (27.0 + x * x) / (27.0 + 9.0 * x * x)


@compiled
def activation_derivative(x: float) -> float:
    """The derivative of `activation` at `x`."""
    if abs(x) >= SATURATION:
        return 0.0
    q = (x * x - 9.0) / (3.0 + x * x)
    return q * q / 9.0


@compiled
def score(xs: Floats, count: int, weights: Floats, inner: Floats, scores: Floats) -> None:
    """The scores of candidates; `inner` keeps what enters the hidden layer."""
    width = xs.shape[1]
    w = weights[0]
    hidden = width + width * HIDDEN
    rows = w[width:hidden].reshape((width, HIDDEN))
    for i in range(count):
        total = 0.0
        for j in range(HIDDEN):
            inner[i, j] = w[hidden + j]
        for f in range(width):
            x = xs[i, f]
            if x == 0.0:  # as many are
                continue
            total += x * w[f]
            for j in range(HIDDEN):
                inner[i, j] += x * rows[f, j]
        for j in range(HIDDEN):
            total += activation(inner[i, j]) * w[hidden + HIDDEN + j]
        scores[i] = total


@compiled
def shares(scores: Floats, count: int, out: Floats) -> None:
    """The softmax of scores."""
    highest = -np.inf
    for i in range(count):
        highest = max(highest, scores[i])
    total = 0.0
    for i in range(count):
        out[i] = np.exp(scores[i] - highest)
        total += out[i]
    for i in range(count):
        out[i] /= total


@compiled
def gradient(
    xs: Floats, count: int, weights: Floats, inner: Floats, errors: Floats, gradients: Floats
) -> None:
    """The gradient of the loss by weights, given each candidate's share less what it should be."""
    width = xs.shape[1]
    w = weights[0]
    hidden = width + width * HIDDEN
    gradients[:] = 0.0
    rows = gradients[width:hidden].reshape((width, HIDDEN))
    for i in range(count):
        error = errors[i]
        if abs(error) < ERROR_MIN:
            continue
        for j in range(HIDDEN):
            gradients[hidden + HIDDEN + j] += error * activation(inner[i, j])
            inner[i, j] = error * w[hidden + HIDDEN + j] * activation_derivative(inner[i, j])
            gradients[hidden + j] += inner[i, j]
        for f in range(width):
            x = xs[i, f]
            if x == 0.0:
                continue
            gradients[f] += error * x
            for j in range(HIDDEN):
                rows[f, j] += x * inner[i, j]


@compiled
def step(weights: Floats, gradients: Floats, rate: float, memory: float) -> None:
    """One step of Adagrad whose sums of squares fade: it goes on learning when the world changes.

    Weights stay within bounds, and a gradient that is no number changes nothing.
    """
    for i in range(len(gradients)):
        g = gradients[i]
        if not np.isfinite(g):
            continue
        weights[1, i] = memory * weights[1, i] + g * g + (1.0 - memory) * FIRST_SQUARE
        moved = weights[0, i] - rate * g / np.sqrt(weights[1, i])
        weights[0, i] = min(WEIGHT_MAX, max(-WEIGHT_MAX, moved))


class ListwiseRanker:
    """Scores candidates by their features, and learns from what was taken.

    Parameters
    ----------
    first
        Weights of some features to begin with, by number: before anything was learned, the sum of
        what sources say is a fair order.
    rate
        Length of a step.
    memory
        How much of the sums of squared gradients is left after each step; 1 forgets nothing.
    seed
        Of the hidden layer's first weights.

    Examples
    --------
    >>> ranker = ListwiseRanker(width=2, first={}, rate=0.05, memory=1.0, seed=0)
    >>> bread_or_jam = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> for _ in range(100):
    ...     ranker.learn(bread_or_jam, 2, target=1)
    >>> ranker.shares(bread_or_jam, 2).round(1).tolist()
    [0.0, 1.0]
    """

    def __init__(
        self, width: int, first: dict[int, float], rate: float, memory: float, seed: int
    ) -> None:
        self.rate = rate
        self.memory = memory
        self.weights = initial_weights(width, seed)
        for feature, weight in first.items():
            self.weights[0, feature] = weight
        self._gradients = np.zeros(self.weights.shape[1])

    def shares(self, xs: Floats, count: int) -> Floats:
        """The share of each candidate in the expectation of what comes next."""
        scores, out = np.empty(count), np.empty(count)
        score(xs, count, self.weights, np.empty((count, HIDDEN)), scores)
        shares(scores, count, out)
        return out

    def learn(self, xs: Floats, count: int, target: int) -> None:
        """One step: of these candidates, this one was taken."""
        scores, errors, inner = np.empty(count), np.empty(count), np.empty((count, HIDDEN))
        score(xs, count, self.weights, inner, scores)
        shares(scores, count, errors)
        errors[target] -= 1.0
        gradient(xs, count, self.weights, inner, errors, self._gradients)
        step(self.weights, self._gradients, self.rate, self.memory)
