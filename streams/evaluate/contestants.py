"""The models that can be judged, by name, and how each is asked and taught."""

from collections.abc import Callable
from typing import Protocol

from models import AssociationRules, CoOccurrence, Markov, Popularity, Recommender
from streams.evaluate.sessions import Moment


class Contestant(Protocol):
    """A model, as a judge sees it."""

    @property
    def learns_rank(self) -> bool:
        """Whether `learn_rank` does anything."""

    @property
    def bytes(self) -> int:
        """The memory that it takes."""

    def learn(self, moment: Moment, y: str) -> None:
        """Learn that `y` came next."""

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

    def learn(self, moment: Moment, y: str) -> None:
        """Learn that `y` came next."""
        self.recommender.learn_one(moment.x, y, time_s=moment.time_s)

    def offer(self, moment: Moment, k: int) -> list[str]:
        """At most `k` items, best first."""
        found = self.recommender.recommend(moment.x, k, time_s=moment.time_s)
        return [candidate.item for candidate in found]

    def learn_rank(self, moment: Moment, y: str) -> None:
        """Nothing: its ranking is what it counts."""


CONTESTANTS: dict[str, Callable[[], Contestant]] = {
    "popularity": lambda: Plain(Popularity()),
    "association_rules": lambda: Plain(AssociationRules()),
    "markov": lambda: Plain(Markov()),
    "cooccurrence": lambda: Plain(CoOccurrence()),
}
"""Each with its defaults: one configuration for every log."""
