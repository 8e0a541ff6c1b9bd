"""Item-based collaborative filtering by co-occurrence: decayed pair counts, less popularity.

When butter enters a basket that holds bread and milk, the pairs (bread, butter) and (milk, butter)
are counted, in both directions. To recommend for a context, each of its items votes for its
partners: the share of its own events that it spent with them, tamed by how popular they are
anyway. The strongest voter is the candidate's anchor, and gives the evidence to show.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from models.decay.eras import Eras
from models.decay.eviction import lightest, slab
from models.limits import LARGE, at_least_one, check_weight, within
from models.recommenders.pair_table.layout import (
    ALONE,
    ITEMS_MAX,
    PairLift,
    Ranked,
    Support,
    VoteWeights,
    vote_weights,
)
from models.recommenders.pair_table.meetings import Companions, companions, meetings, met, seen
from models.recommenders.pair_table.table import PairTable
from models.recommenders.pair_table.taking_back import take_back
from models.recommenders.recommender import LOOKED_AT, NOTHING, Candidate, Recommender, TableSize

PARTNERS_MAX = 200
"""Pairs that one event may make, even in a larger basket."""
SOME = 8
"""Candidates that are looked at beyond those that are wanted, if so many are excluded."""


class CoOccurrence(Recommender):
    """Pairs of items that come together.

    Learn every event of a session or basket, the first with an empty `x`. `together` and `of`
    count sessions: an item that comes again in its session adds weight, no count.

    The score of a candidate c for a context of items a, the latest first, is

        sum over a of  context_decay**place(a) * T(a, c) / C(a)**row_norm / C(c)**popularity_norm

    with T and C the faded weights of pairs and items, read now.

    The defaults are for baskets (chosen on two weeks of grocery baskets, with three items offered).
    For browsing take `window=10, distance_decay=True, context_decay=0.6, row_norm=0.5,
    popularity_norm=0.2`: on clicks of a web shop, the next new item was among twenty offered in
    41 % of cases, with the defaults in 38 %.

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half.
    row_max
        Partners remembered of an item. When there are more, the lightest quarter is forgotten, so
        that evidence may be too modest, never exaggerated.
    items_max
        Items remembered; when there are more, the lightest sixteenth is forgotten with its pairs.
    window
        How many items back a pair reaches; 0 is the whole basket (its last `PARTNERS_MAX` items).
    distance_decay
        True: a pair weighs 1 / distance, for browsing, where the order tells something. False: all
        pairs of a basket weigh the same.
    context_items
        How many of the last items of the context vote.
    context_decay
        Weight of a vote relative to that of the next later item, in (0, 1].
    row_norm
        0: popular items of the context decide; 1: all vote the same.
    popularity_norm
        0: raw counts, which favour what is popular anyway; 1: conditional lift.
    together_min
        Times that an item of the context and a candidate must have met.
    lift_z_min
        Standard errors by which they must have met more often than chance would have it; 0: a
        candidate may be there for its popularity alone.

    Examples
    --------
    >>> pairs = CoOccurrence()
    >>> for basket in (["bread", "butter"], ["bread", "butter", "jam"], ["bread", "milk"]):
    ...     for place, item in enumerate(basket):
    ...         pairs.learn_one(basket[:place], item, time_s=1_767_225_600)
    >>> best, *_ = pairs.recommend(["bread"], k=3)
    >>> f"{best.item} goes with {best.anchor}: {best.together} of {best.of}"
    'butter goes with bread: 2 of 3'
    >>> pairs.lift("jam", "butter")
    PairLift(lift=1.5, together=1, of_a=1, of_b=2, sessions=3)

    References
    ----------
    Sarwar, Karypis, Konstan and Riedl: Item-based collaborative filtering. WWW 2001 (and Deshpande
    and Karypis, TOIS 2004, on taming popularity by a power).
    """

    def __init__(
        self,
        half_life_s: float = 90 * 86400.0,
        row_max: int = 64,
        items_max: int = 200_000,
        window: int = 0,
        distance_decay: bool = False,
        context_items: int = 10,
        context_decay: float = 1.0,
        row_norm: float = 0.25,
        popularity_norm: float = 0.1,
        together_min: int = 1,
        lift_z_min: float = 0.0,
    ) -> None:
        super().__init__(half_life_s)
        at_least_one(row_max=row_max, items_max=items_max, context_items=context_items)
        at_least_one(window=window + 1, together_min=together_min)
        within(1, ITEMS_MAX, items_max=items_max)
        within(0.0, LARGE, lift_z_min=lift_z_min)
        self.row_max = row_max
        self.items_max = items_max
        self.window = window
        self.distance_decay = distance_decay
        self.context_items = context_items
        self.context_decay = context_decay
        self.row_norm = row_norm
        self.popularity_norm = popularity_norm
        self.together_min = together_min
        self.lift_z_min = lift_z_min
        self._reach = min(window or PARTNERS_MAX, PARTNERS_MAX)
        self._eras = Eras(half_life_s)
        self._pairs = PairTable(row_max, popularity_norm)
        self.sessions = 0  # that were seen
        self._latest_s, self._full = 0, False  # and whether items ever had to be forgotten

    def learn_one(
        self,
        x: Sequence[str],
        y: str,
        *,
        time_s: float,
        weight: float = 1.0,
        begins: bool | None = None,
    ) -> None:
        """Count `y`, and its pairs with the items before it.

        `begins`: whether a session begins with it; without that, one does where `x` is empty.
        """
        self._learn(x, y, time_s, weight, y not in x)
        self.sessions += not x if begins is None else begins
        if len(self._pairs.number) > self.items_max:
            self._forget()

    def learn_meetings(self, x: Sequence[str], y: str, *, time_s: float) -> None:
        """Count pairs alone: `y`, which its session has brought already, meets these only now.

        >>> pairs = CoOccurrence()
        >>> pairs.learn_one([], "bread", time_s=1_767_225_600)
        >>> pairs.learn_one([], "jam", time_s=1_767_225_600, begins=False)  # the bread was gone
        >>> pairs.learn_meetings(["jam"], "bread", time_s=1_767_225_600)
        >>> pairs.lift("bread", "jam")
        PairLift(lift=1.0, together=1, of_a=1, of_b=1, sessions=1)
        """
        self._learn(x, y, time_s, 1.0, 1 + ALONE)

    def _learn(self, x: Sequence[str], y: str, time_s: float, weight: float, first: int) -> None:
        era, weighs = self._eras.unit(time_s)
        if weight != 1.0:
            check_weight(weight)
            weighs = max(1, round(weighs * weight))
        if time_s > self._latest_s:
            self._latest_s = int(time_s)
        if len(x) > self._reach:
            x = x[-self._reach :]
        self._pairs.learn(x, y, era, weighs, first=first, near=self.distance_decay)

    def unlearn_one(
        self, x: Sequence[str], y: str, *, time_s: float, begins: bool, alone: bool = False
    ) -> None:
        """Take back what `learn_one`, or `learn_meetings` (`alone`), counted at this time."""
        take_back(self._pairs, x[-self._reach :], y, *self._eras.unit(time_s), alone=alone)
        self.sessions = max(0, self.sessions - begins)  # of a log that is not there any more

    def _forget(self) -> None:
        self._full = True
        surplus = len(self._pairs) - self.items_max
        self._pairs.forget(lightest(self._pairs.weights(), surplus - 1 + slab(self.items_max)))

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """What the last items of `x` go with. Items of `x` itself are not excluded by default."""
        found, names, new = list[Candidate](), self._pairs.names, tuple.__new__
        ranked = self._ranked(x, k + min(len(exclude), SOME), time_s) if k > 0 else iter(())
        for less, item, together, of, anchor in ranked:
            if item not in exclude:
                of_one = item, -less, together, of, names[anchor], ""
                found.append(new(Candidate, of_one))  # as it does itself, at half of the cost
                if len(found) == k:
                    break
        return found

    def ranked(
        self, x: Sequence[str], *, time_s: float | None = None, **who: str
    ) -> Iterator[Candidate]:
        """All of these, each of them made when somebody looks at it."""
        names = self._pairs.names
        for less, item, together, of, anchor in self._ranked(x, LOOKED_AT, time_s):
            yield Candidate(item, -less, together, of, names[anchor])

    def _ranked(self, x: Sequence[str], first: int, time_s: float | None) -> Iterator[Ranked]:
        """All candidates, best first; those beyond `first` where somebody looks further."""
        voters = self._pairs.voters(dict.fromkeys(x[: -self.context_items - 1 : -1]))
        if len(voters):
            votes = voters, self._vote_weights(time_s), self._support()
            ranked, in_all = self._pairs.rank(*votes, first)
            yield from ranked
            if len(ranked) < in_all:  # more are excluded than was thought
                yield from self._pairs.rank(*votes, in_all)[0][len(ranked) :]

    def proposes(
        self,
        x: Sequence[str],
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> bool:
        """Whether there is any candidate, whatever the time."""
        return self._pairs.proposes(x[: -self.context_items - 1 : -1], self._support(), exclude)

    def _support(self) -> Support:
        """What evidence a candidate must have."""
        return self.together_min, self.sessions, self.lift_z_min

    def _vote_weights(self, time_s: float | None) -> VoteWeights:
        """How votes count now."""
        now = self._eras.unit(max(self._latest_s, int(time_s or 0)))
        own = self.popularity_norm, self.context_decay, self.row_norm
        return vote_weights(now, self._pairs.era, *own)

    def lift(self, a: str, b: str) -> PairLift:
        """How two items stand to each other, in whole counts."""
        of_b, of_a, together = met(self._pairs, b, a)
        lift = together * self.sessions / (of_a * of_b) if of_a and of_b else 0.0
        return PairLift(lift, together, of_a, of_b, self.sessions)

    def meetings(self, item: str) -> tuple[int, dict[str, int]]:
        """How often an item was seen, and how often with each partner that is remembered."""
        return meetings(self._pairs, item)

    def companions(self, items: Sequence[str]) -> Companions:
        """The same of several items at once, in arrays."""
        return companions(self._pairs, items)

    def seen(self, item: str) -> int:
        """How often an item was seen."""
        return seen(self._pairs, item)

    def sizes(self) -> dict[str, TableSize]:
        """Items, and their pairs, both ways."""
        rows, items = self._pairs.rows, len(self._pairs)
        pairs, trimmed = int(rows["length"].sum()), bool(rows["trimmed"].any())
        of_pairs = TableSize(pairs, self.items_max * self.row_max, trimmed)
        return {"items": TableSize(items, self.items_max, self._full), "pairs": of_pairs}

    def state(self) -> dict[str, Any]:
        """All counts of items and pairs."""
        return {**self._head(), "pairs": self._pairs.state()}

    def _head(self) -> dict[str, Any]:
        return {
            "params": self._get_params(),
            "latest_s": self._latest_s,
            "sessions": self.sessions,
            "full": self._full,
        }

    def exact_state(self) -> dict[str, Any]:
        """Without rows that ever ran full; without all of them, once there were too many items."""
        return {**self._head(), "pairs": None if self._full else self._pairs.exact_state()}

    def left_out(self) -> dict[str, int]:
        """Rows: items whose partners are approximate."""
        rows = len(self._pairs) if self._full else int(self._pairs.rows["trimmed"].sum())
        return {"rows": rows} if rows else {}

    def _restore(self, state: dict[str, Any]) -> None:
        pairs = PairTable(self.row_max, self.popularity_norm)
        pairs.restore(state["pairs"])
        latest_s, sessions = int(state["latest_s"]), int(state["sessions"])
        if latest_s < 0 or pairs.era != self._eras.unit(latest_s).era or not 0 <= sessions <= LARGE:
            raise ValueError(f"{sessions} sessions of {latest_s}, pairs of era {pairs.era}")
        self._latest_s, self.sessions, self._full = latest_s, sessions, bool(state["full"])
        self._pairs = pairs
        if len(pairs) > self.items_max:
            self._forget()
