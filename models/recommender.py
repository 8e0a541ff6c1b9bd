"""What every recommender shares: learn from one event at a time, and recommend.

A recommender is a River estimator whose `x` is what came before (the session or basket so far, or
the shopper) and whose `y` is what came next. Unlike a classifier it answers with a ranked list.

Learning commutes: as long as a model is within its memory bounds, its state after some events is
the same whatever order they came in, because it is made of whole numbers that are added
(`models.decay`, `models.tally`), of maxima, and of ties broken by id. Two workers that read the
partitions of a log in different interleavings end with the same bytes. Past its bounds a model
forgets the lightest entries; what it forgets at the margin may then depend on order.
"""

import abc
from collections.abc import Container, Sequence
from typing import Any, ClassVar, NamedTuple, Self

from river import base

from models import snapshot
from models.decay import ForwardDecay

NOTHING: frozenset[str] = frozenset()


class Candidate(NamedTuple):
    """An item that a recommender proposes, with its evidence in plain counts that do not fade.

    "Bought together by 41 of 57": 57 is how often the anchor was seen, 41 how often with the item.

    >>> bread = Candidate("butter", score=0.72, together=41, of=57, anchor="bread")
    >>> f"{bread.item} goes with {bread.anchor}: {bread.together} of {bread.of}"
    'butter goes with bread: 41 of 57'
    """

    item: str
    score: float
    together: int
    of: int
    anchor: str = ""
    """The item of the context that speaks for it most; empty if none does."""


class Recommender(base.Estimator, abc.ABC):
    """Base class of recommenders.

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half.
    """

    STATE_VERSION: ClassVar[int] = 1
    """Raised when the meaning of the state changes: older snapshots are then refused."""

    def __init__(self, half_life_s: float) -> None:
        self.half_life_s = half_life_s
        self._decay = ForwardDecay(half_life_s)

    @abc.abstractmethod
    def learn_one(
        self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0
    ) -> None:
        """Learn that `y` came after `x` at `time_s` (seconds since 1970), with this weight."""

    @abc.abstractmethod
    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Container[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """At most `k` items to follow `x`, best first; equal scores in the order of their ids.

        Changes nothing. `time_s` is now; without it, the time of the latest event learned.
        """

    @abc.abstractmethod
    def state(self) -> dict[str, Any]:
        """All that was learned and all constructor arguments, as JSON that shares nothing."""

    @abc.abstractmethod
    def _restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned, in a model with the same arguments."""

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The model whose `state()` this is; raises `SnapshotError` when it is none of this kind."""
        try:
            model = cls(**state["params"])
            model._restore(state)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise snapshot.SnapshotError(f"no state of {cls.__name__}: {error!r}") from error
        return model

    def to_bytes(self) -> bytes:
        """The state as a snapshot: equal models have equal bytes."""
        return snapshot.pack(type(self).__name__, self.STATE_VERSION, self.state())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The model in a snapshot; raises `SnapshotError` when the bytes are not to be trusted."""
        return cls.from_state(snapshot.unpack(data, cls.__name__, cls.STATE_VERSION))

    def _weighed(self, time_s: float, weight: float) -> int:
        """The weight of an event, in fixed point."""
        if not weight > 0.0:
            raise ValueError(f"weight={weight!r}: an event weighs more than nothing")
        return self._decay.weight(time_s, weight)


def at_least_one(**limits: int) -> None:
    """Raise `ValueError` for a limit below one.

    >>> at_least_one(items_max=0)
    Traceback (most recent call last):
    ValueError: items_max=0: must be at least 1
    """
    for name, limit in limits.items():
        if limit < 1:
            raise ValueError(f"{name}={limit}: must be at least 1")
