"""BestFit, a hybrid recommender: sources generate candidates, a ranker learned online orders."""

from collections.abc import Container, Sequence
from typing import Any, ClassVar

import numpy as np

from models.decay.forward import LATEST_S
from models.limits import WEIGHT_MAX as HEAVIEST
from models.limits import at_least_one, within
from models.recommenders.best_fit import explanation, features
from models.recommenders.best_fit.ranker import WEIGHT_MAX, ListwiseRanker
from models.recommenders.best_fit.sources import Sources
from models.recommenders.recommender import NOTHING, Candidate, Recommender
from models.snapshot import arrays

FADING_S = 365 * 86_400.0
"""Time does not fade here: newer sessions take the place of older ones."""
FIRST = {
    features.KNN: 4.0,
    features.TOGETHER: 2.0,
    features.SLOW: 1.0,
    features.OWN: 2.0,
    features.OWN_SHARE: 3.0,
    features.OWN_FADED: 2.0,
    features.OWN_ALIKE: 1.0,
    features.AGAIN: 3.0,
}
"""What the ranker begins with."""
LEAST = 1e-300
"""No candidate's score is less, so that all are above 0."""


class BestFit(Recommender):
    """Session kNN, co-occurrence, next items, own history and popularity, ranked by learning.

    Every source proposes candidates; a ranker (`models.recommenders.best_fit.ranker`) that knows 43
    features of each (`models.recommenders.best_fit.features`) puts them in order. The weights are
    learned from what happened, as a log with many repeats wants other ones than one without.

    Learn each event twice: first `learn_rank`, what came next after `x` was `y`; then `learn_one`,
    now `y` belongs to the session. Only the second is needed: then the ranker's weights stay.

    A session is found again by its name, and what it has given to any count is taken back when it
    asks: it does not vote for itself. Items of `x` are candidates unless excluded.

    A candidate's score is the share that it has in the expectation of what comes next, among all
    candidates; its evidence counts sessions with its anchor, or what the shopper took; and its
    source is the strongest one
    (`models.recommenders.best_fit.explanation.SOURCES`).

    Parameters
    ----------
    items_max
        Items known; then the sixteenth that was seen longest ago is forgotten.
    sessions_max
        Sessions kept, the latest.
    shoppers_max
        Shoppers whose history is kept; then the sixteenth seen longest ago is forgotten.
    rate
        Length of the ranker's steps.
    memory
        How much of the ranker's sums of squared gradients is left after each step.
    seed
        Of the ranker's first weights.

    Examples
    --------
    >>> fit = BestFit()
    >>> for number, session in enumerate([["bread", "butter"], ["bread", "butter", "jam"]] * 5):
    ...     for place, item in enumerate(session):
    ...         at = {"time_s": 1_767_225_600, "session": f"session-{number}"}
    ...         learned = fit.learn_rank(session[:place], item, **at)
    ...         fit.learn_one(session[:place], item, **at)
    >>> best, *_ = fit.recommend(["bread"], 3, exclude={"bread"})
    >>> f"{best.item} goes with {best.anchor}: {best.together} of {best.of} ({best.source})"
    'butter goes with bread: 10 of 10 (knn)'
    """

    COMMUTES: ClassVar[bool] = False
    STATE_VERSION: ClassVar[int] = 4

    def __init__(
        self,
        items_max: int = 100_000,
        sessions_max: int = 400_000,
        shoppers_max: int = 50_000,
        rate: float = 0.05,
        memory: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(FADING_S)
        at_least_one(items_max=items_max, sessions_max=sessions_max, shoppers_max=shoppers_max)
        within(0.0, 1.0, rate=rate, memory=memory)
        self.items_max = items_max
        self.sessions_max = sessions_max
        self.shoppers_max = shoppers_max
        self.rate = rate
        self.memory = memory
        self.seed = seed
        self._sources = Sources(items_max, sessions_max, shoppers_max)
        self._ranker = ListwiseRanker(features.WIDTH, FIRST, rate, memory, seed)

    def learn_one(
        self,
        x: Sequence[str],
        y: str,
        *,
        time_s: float,
        weight: float = 1.0,
        session: str = "",
        shopper: str = "",
        category: str = "",
    ) -> None:
        """`y` came after `x`, which the session held so far, oldest first.

        `category` is that of `y`, where the catalogue tells it; without it, the one told before.
        """
        if not (0.0 < weight <= HEAVIEST and 0.0 <= time_s <= LATEST_S):
            self._weighed(time_s, weight)  # says what is wrong: nothing fades here
        self._sources.learn(x, y, weight, session, shopper, category)

    def forget_shopper(self, shopper: str) -> None:
        """Drop what is kept of this shopper's own visits."""
        self._sources.forget_shopper(shopper)

    def learn_rank(
        self,
        x: Sequence[str],
        y: str,
        *,
        exclude: Container[str] = NOTHING,
        time_s: float | None = None,
        session: str = "",
        shopper: str = "",
    ) -> bool:
        """One step of the ranker; false, and nothing learned, if `y` was no candidate."""
        if y in exclude:
            return False
        sources = self._sources
        count = sources.propose(x, session, shopper)
        xs, names = sources.xs, sources.names_of(sources.chosen[:count].tolist())
        if y not in names:
            return False
        if exclude:
            kept = [i for i, name in enumerate(names) if name not in exclude]
            xs, names = xs[kept], [names[i] for i in kept]
        self._ranker.learn(xs, len(names), names.index(y))
        return True

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Container[str] = NOTHING,
        time_s: float | None = None,
        session: str = "",
        shopper: str = "",
    ) -> list[Candidate]:
        """The candidates with the largest share in what is expected to come next."""
        if k <= 0 or not self._sources.index.begun:
            return []
        count = self._sources.propose(x, session, shopper)
        if not count:
            return []
        shares = self._ranker.shares(self._sources.xs, count)
        best = self._best(shares, k, exclude)
        explained = self._sources.explain(x, [i for _, _, i in best], shopper).tolist()
        return [
            Candidate(
                item,
                -negative,
                met,
                of,
                x[place] if place >= 0 else "",
                explanation.SOURCES[source],
            )
            for (negative, item, _), (source, place, met, of) in zip(best, explained, strict=True)
        ]

    def _best(self, shares: Any, k: int, exclude: Container[str]) -> list[tuple[float, str, int]]:
        """The k with the largest shares, of equals the first by id: minus share, item, index."""
        name, chosen, all_shares = self._sources.name, self._sources.chosen, shares.tolist()
        found: list[tuple[float, str, int]] = []
        for i in np.argsort(-shares, kind="stable").tolist():
            share = max(LEAST, all_shares[i])
            if len(found) >= k and -share > found[-1][0]:
                break
            item = name(chosen.item(i))
            if item not in exclude:
                found.append((-share, item, i))
        return sorted(found)[:k]

    def proposes(
        self,
        x: Sequence[str],
        *,
        exclude: Container[str] = NOTHING,
        time_s: float | None = None,
        session: str = "",
        shopper: str = "",
    ) -> bool:
        """Whether there is any candidate: exactly, and without ranking any.

        Something popular that is not excluded will do, as it is always a candidate. Otherwise the
        candidates are worked out, and kept for `recommend`, should it be asked next.
        """
        sources = self._sources
        if not sources.index.begun:
            return False
        name = sources.index.names.name
        for item in sources.popular.tolist():
            if item >= 0 and name(item) not in exclude:
                return True
        found = sources.chosen[: sources.propose(x, session, shopper)].tolist()
        return any(item not in exclude for item in sources.names_of(found))

    @property
    def _raw_memory_usage(self) -> int:
        return self._sources.bytes + 2 * self._ranker.weights.nbytes

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles hold what snapshots do, and no scratch."""
        return self.state()

    def __setstate__(self, state: dict[str, Any]) -> None:
        type(self).__init__(self, **state["params"])
        self._restore(state)

    def state(self) -> dict[str, Any]:
        """The sources and the ranker's weights."""
        return {
            "params": self._get_params(),
            "sources": self._sources.state(),
            "weights": arrays.written(self._ranker.weights),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        sources = Sources(self.items_max, self.sessions_max, self.shoppers_max)
        sources.restore(state["sources"], state["params"])
        size = self._ranker.weights.shape[1]
        weights = arrays.read(state["weights"], np.float64, size)
        if weights.shape != (2, size) or not np.isfinite(weights).all():
            raise ValueError(f"weights of shape {weights.shape}, or not finite")
        if not (np.abs(weights[0]) <= WEIGHT_MAX).all() or not (weights[1] > 0.0).all():
            raise ValueError(f"weights above {WEIGHT_MAX:g}, or squares that are none")
        self._sources, self._ranker.weights[:] = sources, weights
