"""The models that can be judged, by name, and how each is asked and taught."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from models import (
    AssociationRules,
    BestFit,
    Candidate,
    CoOccurrence,
    Markov,
    Popularity,
    Recommender,
    SessionKNN,
)
from streams.lab.evaluate.logs.sessions import Moment


class EvaluatedModel(Protocol):
    """A model, as a judge sees it."""

    @property
    def learns_rank(self) -> bool:
        """Whether `learn_rank` does anything."""

    @property
    def bytes(self) -> int:
        """The memory that it takes."""

    def learn(self, moment: Moment, y: str, category: str) -> None:
        """Learn that `y` came next, of this category if that is known."""

    def offer(self, moment: Moment, k: int) -> list[str]:
        """At most `k` items that may come next, best first, items of the session among them."""

    def learn_rank(self, moment: Moment, y: str) -> None:
        """Learn how candidates should have been ranked, before `learn` is told the same."""


class Plain:
    """A recommender that knows no sessions: the context tells it everything."""

    learns_rank = False

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender

    @property
    def bytes(self) -> int:
        """By walking through all that it holds, which takes a while."""
        return int(self.recommender._raw_memory_usage)  # noqa: SLF001  # River's name for it

    def learn(self, moment: Moment, y: str, category: str) -> None:
        """Learn that `y` came next, of this category if that is known."""
        self.recommender.learn_one(moment.x, y, time_s=moment.time_s)

    def offer(self, moment: Moment, k: int) -> list[str]:
        """At most `k` items, best first."""
        found = self.recommender.recommend(moment.x, k, time_s=moment.time_s)
        return [candidate.item for candidate in found]

    def learn_rank(self, moment: Moment, y: str) -> None:
        """Nothing: its ranking is what it counts."""


class Sessional(Protocol):
    """A recommender that knows sessions and shoppers by their names."""

    def learn_one(
        self, x: Sequence[str], y: str, *, time_s: float, session: str, shopper: str
    ) -> None:
        """Learn that `y` came after `x` in this session."""

    def recommend(
        self, x: Sequence[str], k: int, *, time_s: float, session: str, shopper: str
    ) -> list[Candidate]:
        """At most `k` items to follow `x`."""


class Named:
    """A recommender that is told whose session it is: its own is never its neighbour."""

    learns_rank = False

    def __init__(self, recommender: Sessional) -> None:
        self.recommender = recommender

    @property
    def bytes(self) -> int:
        """As it says itself."""
        return int(self.recommender._raw_memory_usage)  # type: ignore[attr-defined]  # noqa: SLF001

    def learn(self, moment: Moment, y: str, category: str) -> None:
        """Learn that `y` came next, of this category if that is known."""
        self.recommender.learn_one(moment.x, y, **_who(moment))

    def offer(self, moment: Moment, k: int) -> list[str]:
        """At most `k` items, best first."""
        found = self.recommender.recommend(moment.x, k, **_who(moment))
        return [candidate.item for candidate in found]

    def learn_rank(self, moment: Moment, y: str) -> None:
        """Nothing: its ranking is what it counts."""


class RankerModel(Sessional, Protocol):
    """A recommender whose ranking is learned, too, and that knows categories."""

    def learn_one(
        self,
        x: Sequence[str],
        y: str,
        *,
        time_s: float,
        session: str,
        shopper: str,
        category: str = "",
    ) -> None:
        """Learn that `y`, of this category, came after `x` in this session."""

    def learn_rank(
        self, x: Sequence[str], y: str, *, time_s: float, session: str, shopper: str
    ) -> bool:
        """Learn that `y` should have come first; False when it was not among the candidates."""


class Ranked(Named):
    """A recommender that learns to rank from every example, before it learns the event."""

    learns_rank = True

    def __init__(self, recommender: RankerModel) -> None:
        super().__init__(recommender)
        self._learn_rank = recommender.learn_rank
        self._learn_one = recommender.learn_one

    def learn(self, moment: Moment, y: str, category: str) -> None:
        """Learn that `y` came next, of this category if that is known."""
        self._learn_one(moment.x, y, category=category, **_who(moment))

    def learn_rank(self, moment: Moment, y: str) -> None:
        """Learn that `y` should have come first."""
        self._learn_rank(moment.x, y, **_who(moment))


def _who(moment: Moment) -> dict[str, Any]:
    return {
        "time_s": moment.time_s,
        "session": moment.session_id,
        "shopper": moment.shopper_id,
    }


CONTESTANTS: dict[str, Callable[[], EvaluatedModel]] = {
    "popularity": lambda: Plain(Popularity()),
    "association_rules": lambda: Plain(AssociationRules()),
    "markov": lambda: Plain(Markov()),
    "cooccurrence": lambda: Plain(CoOccurrence()),
    "session_knn": lambda: Named(SessionKNN()),
    "best_fit": lambda: Ranked(BestFit()),
}
"""Each with its defaults: one configuration for every log."""
