"""What every recommender shares: learn from one event at a time, and recommend.

A recommender is a River estimator whose `x` is what came before (the session or basket so far, or
the shopper) and whose `y` is what came next. Unlike a classifier it answers with a ranked list.

Learning commutes: as long as a model is within its memory bounds, its state after some events is
the same whatever order they came in, because it is made of whole numbers that are added
(`models.decay.forward`, `models.decay.tally`), of maxima, and of ties broken by id. Two workers
that read the partitions of a log in different interleavings end with the same bytes. Past its
bounds a model forgets the lightest entries; what it forgets at the margin may then depend on order.
A model that learns from the order itself says so: `COMMUTES` is false.
"""

import abc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import tee
from typing import ClassVar, NamedTuple

from river import base

from models.decay.forward import ForwardDecay
from models.limits import check_weight
from models.snapshot.snapshot import Snapshotted

NOTHING: frozenset[str] = frozenset()
LOOKED_AT = 24
"""Candidates that are ranked first where nobody knows how many will be looked at."""
DEEPER = 8
"""So many times as many are ranked where these did not do."""


class TableSize(NamedTuple):
    """How full a bounded table is."""

    held: int
    at_most: int
    forgot: bool
    """Whether something had to leave it."""


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
    source: str = ""
    """What proposed it, where a recommender asks several sources."""


class Recommender(Snapshotted, base.Estimator):
    """Base class of recommenders.

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half.
    """

    COMMUTES: ClassVar[bool] = True
    """Whether events may be learned in any order; what looks at sequences cannot do without one."""

    def __init__(self, half_life_s: float) -> None:
        self.half_life_s = half_life_s
        self._decay = ForwardDecay(half_life_s)

    def sizes(self) -> dict[str, TableSize]:
        """How full its bounded tables are, by the last word of the setting that bounds them."""
        return {}

    @abc.abstractmethod
    def learn_one(self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0) -> None:
        """Learn that `y` came after `x` at `time_s` (seconds since 1970), with this weight."""

    @abc.abstractmethod
    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """At most `k` items to follow `x`, best first; equal scores in the order of their ids.

        Changes nothing. `time_s` is now; without it, the time of the latest event learned. To
        exclude is to leave out of the list that there would be else: so `ranked` can be shared.
        """

    def ranked(
        self, x: Sequence[str], *, time_s: float | None = None, **who: str
    ) -> Iterator[Candidate]:
        """All that `recommend` would offer, best first, ranked as far as somebody looks.

        Nothing is excluded: who asks leaves out what is, and gets what `recommend` gives them. It
        holds until something is learned. `who`: as `recommend` takes it.

        >>> from models import Popularity
        >>> popular = Popularity()
        >>> popular.learn_one((), "bread", time_s=1_767_225_600)
        >>> [*popular.ranked(())] == popular.recommend((), 3)
        True
        """
        met, depth = 0, LOOKED_AT
        while True:
            found = self.recommend(x, depth, time_s=time_s, **who)
            yield from found[met:]
            met = len(found)
            if met < depth:
                return
            depth *= DEEPER

    def proposes(
        self,
        x: Sequence[str],
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> bool:
        """Whether `recommend` would have anything to say: cheaper to know than what.

        The policy asks it of every arm, and then ranks for the arm that it draws alone.
        """
        return bool(self.recommend(x, 1, exclude=exclude, time_s=time_s))

    def _weighed(self, time_s: float, weight: float) -> int:
        """The weight of an event, in fixed point, at least one unit of it."""
        if weight != 1.0:
            check_weight(weight)
        return max(1, self._decay.weight(time_s, weight))


Context = tuple[object, ...]
"""The recommender, and what it was asked with."""


class Rankings:
    """What recommenders rank for one event: each is asked once for each context, whoever wants it.

    Between two events nothing is learned, and what is asked for one event is asked many times: by
    each slot, by arms that choose among what others rank. Then it is thrown away.

    >>> from models import Popularity
    >>> popular, rankings = Popularity(), Rankings()
    >>> popular.learn_one((), "bread", time_s=1_767_225_600)
    >>> [one.item for one in rankings.of(popular, (), None)]
    ['bread']
    """

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun: dict[Context, Iterator[Candidate]] = {}

    def of(
        self,
        source: Recommender,
        x: Sequence[str],
        time_s: float | None,
        who: Mapping[str, str] | None = None,
    ) -> Iterator[Candidate]:
        """All candidates for a context, best first, none excluded: from the first one on.

        `who`: as `recommend` takes it, where the source knows sessions and shoppers apart.
        """
        named = who or {}
        asked = id(source), time_s, *x, *named.items()
        return self.once(asked, lambda: source.ranked(x, time_s=time_s, **named))

    def once(self, asked: Context, rank: Callable[[], Iterator[Candidate]]) -> Iterator[Candidate]:
        """What somebody else ranks, once for what was asked, and as far as somebody looks.

        >>> rankings = Rankings()
        >>> for ranked in (iter([Candidate("jam", 0.5, 1, 2)]), iter([])):
        ...     print([one.item for one in rankings.once(("mine", "bread"), lambda: ranked)])
        ['jam']
        ['jam']
        """
        begun = self._begun.get(asked)
        self._begun[asked], found = tee(rank() if begun is None else begun)
        return found
