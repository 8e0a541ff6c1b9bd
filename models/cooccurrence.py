"""What goes together: counts of pairs, faded by time, corrected for popularity.

When butter enters a basket that holds bread and milk, the pairs (bread, butter) and (milk, butter)
are counted, in both directions. To recommend for a context, each of its items votes for its
partners: the share of its own events that it spent with them, tamed by how popular they are
anyway. The strongest voter is the candidate's anchor, and gives the evidence to show.
"""

import math
from collections.abc import Container, Iterator, Sequence
from itertools import repeat
from operator import mul
from typing import Any, NamedTuple

from models.decay import ONE_BITS
from models.forgetting import lightest, slab
from models.limits import at_least_one
from models.recommender import NOTHING, Candidate, Recommender
from models.tally import TIMES_BITS, read, times, written

PARTNERS_MAX = 200
"""Pairs that one event may make, even in a larger basket."""
FINENESS_BITS = 28
"""Pairs are read in units of 2**-28 of an event: small integers are quick. What has not met for 28
half-lives is forgotten."""
ORIGIN_HALVINGS = 256
"""The dampings are kept relative to a time that moves on after so many half-lives: floats end."""

_Voter = tuple[str, dict[str, int], float]
"""An item of the context, its partners, and what a unit of meeting one of them is worth."""


class PairLift(NamedTuple):
    """How much more often two items meet than chance says, and the counts that say so.

    `lift` is `together * sessions / (of_a * of_b)`: 1 by chance, 0 if they never met.
    """

    lift: float
    together: int
    of_a: int
    of_b: int
    sessions: int


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
    ) -> None:
        super().__init__(half_life_s)
        at_least_one(row_max=row_max, items_max=items_max, context_items=context_items)
        at_least_one(window=window + 1)
        self.row_max = row_max
        self.items_max = items_max
        self.window = window
        self.distance_decay = distance_decay
        self.context_items = context_items
        self.context_decay = context_decay
        self.row_norm = row_norm
        self.popularity_norm = popularity_norm
        self._reach = min(window or PARTNERS_MAX, PARTNERS_MAX)
        self._seen: dict[str, int] = {}  # item -> tally
        self._rows: dict[str, dict[str, int]] = {}  # item -> partner -> tally
        self._sessions = 0
        self._latest_s = 0
        self._origin = 0
        self._damping: dict[str, float] = {}  # item -> C ** -popularity_norm, follows from _seen

    def learn_one(self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0) -> None:
        """Count `y`, and its pairs with the items before it."""
        base = self._weighed(time_s, weight)
        self._latest_s = max(self._latest_s, int(time_s))
        self._sessions += not x
        first = y not in x
        self._count(y, base << TIMES_BITS | first)
        row = self._row(y)
        partners = self._partners(x, base, first)
        partners.pop(y, None)
        for partner, more in partners.items():
            back = self._rows.get(partner)
            if back is None:
                back = self._row(partner)
            back[y] = back.get(y, 0) + more
            if len(back) > self.row_max:
                self._trim(back)
            row[partner] = row.get(partner, 0) + more
        if len(row) > self.row_max:
            self._trim(row)
        if len(self._rows) > self.items_max:
            self._forget()

    def _partners(self, x: Sequence[str], base: int, first: bool) -> dict[str, int]:
        """What each item before adds to its pair, by its nearest place."""
        tail = x[-self._reach :]
        if not self.distance_decay:
            return dict.fromkeys(tail, base << TIMES_BITS | first)
        distances = range(len(tail), 0, -1)
        return dict(zip(tail, [base // d << TIMES_BITS | first for d in distances], strict=True))

    def _row(self, item: str) -> dict[str, int]:
        """The partners of an item; from now on it is remembered."""
        row = self._rows.get(item)
        if row is None:
            row = self._rows[item] = {}
            self._seen.setdefault(item, 0)
        return row

    def _count(self, item: str, more: int) -> None:
        self._seen[item] = seen = self._seen.get(item, 0) + more
        halvings = self._decay.unit(self._latest_s)[1]
        if halvings - self._origin >= ORIGIN_HALVINGS:
            self._move_origin(halvings)
        self._damping[item] = self._damped(seen)

    def _move_origin(self, halvings: int) -> None:
        self._origin = halvings // ORIGIN_HALVINGS * ORIGIN_HALVINGS
        self._damping = {item: self._damped(seen) for item, seen in self._seen.items()}

    def _damped(self, seen: int) -> float:
        """C ** -popularity_norm up to a factor that is the same for all; 0 for the unknown."""
        weight = seen >> TIMES_BITS
        if not weight:
            return 0.0
        octaves: float = self._origin + ONE_BITS - math.log2(weight)
        return float(2.0 ** min(1000.0, self.popularity_norm * octaves))

    def _trim(self, row: dict[str, int]) -> None:
        for partner in lightest(row, len(row) - self.row_max + self.row_max // 4):
            del row[partner]

    def _forget(self) -> None:
        surplus = len(self._seen) - self.items_max
        for item in lightest(self._seen, surplus - 1 + slab(self.items_max)):
            del self._seen[item], self._rows[item]
            self._damping.pop(item, None)

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Container[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """What the last items of `x` go with. Items of `x` itself are not excluded by default."""
        mantissa, halvings = self._decay.unit(max(self._latest_s, int(time_s or 0)))
        coarse = max(0, halvings + ONE_BITS - FINENESS_BITS)
        voters = list(self._voters(x, mantissa, halvings, coarse))
        shift = TIMES_BITS + coarse  # from a tally to units
        scores = _votes(voters, shift)
        for item in [item for item in scores if item in exclude]:
            del scores[item]
        return [
            self._candidate(item, score, voters, shift) for score, item in self._best(scores, k)
        ]

    def _voters(
        self, x: Sequence[str], mantissa: int, halvings: int, coarse: int
    ) -> Iterator[_Voter]:
        """The items of the context that have partners, the latest first.

        An event weighs `mantissa << halvings` now, a unit `1 << coarse`. What `_damped` leaves out
        is put in here.
        """
        octaves = halvings + math.log2(mantissa) - ONE_BITS - self._origin
        vote: float = 2.0 ** min(1000.0, self.popularity_norm * octaves)
        vote *= 2.0 ** (coarse - halvings) / mantissa
        for item in dict.fromkeys(x[: -self.context_items - 1 : -1]):
            row = self._rows.get(item)
            if row:
                events = (self._seen[item] >> TIMES_BITS) / (mantissa << halvings)
                yield item, row, vote / (events or 1.0) ** self.row_norm
            vote *= self.context_decay

    def _best(self, scores: dict[str, float], k: int) -> list[tuple[float, str]]:
        """The `k` best after damping the popular; only what reaches the bar is put in order."""
        damped = list(map(mul, scores.values(), map(self._damping.get, scores, repeat(0.0))))
        if k <= 0 or not damped:
            return []
        bar = sorted(damped)[-min(k, len(damped))]
        best = sorted(
            (-score, item) for score, item in zip(damped, scores, strict=True) if score >= bar
        )
        return [(-negative, item) for negative, item in best[:k] if negative < 0.0]

    def _candidate(self, item: str, score: float, voters: list[_Voter], shift: int) -> Candidate:
        """With the evidence of the voter that speaks loudest for it; of equals, the latest."""
        loudest, anchor, together = -1.0, "", 0
        for voter, row, vote in voters:
            pair = row.get(item, 0)
            if pair and (loud := (pair >> shift) * vote) > loudest:
                loudest, anchor, together = loud, voter, times(pair)
        return Candidate(item, score, together, max(together, times(self._seen[anchor])), anchor)

    def lift(self, a: str, b: str) -> PairLift:
        """How two items stand to each other, in whole counts."""
        together = times(self._rows.get(a, {}).get(b, 0))
        of_a, of_b = times(self._seen.get(a, 0)), times(self._seen.get(b, 0))
        expected = of_a * of_b
        lift = together * self._sessions / expected if expected else 0.0
        return PairLift(lift, together, of_a, of_b, self._sessions)

    def state(self) -> dict[str, Any]:
        """All tallies of items and pairs."""
        return {
            "params": self._get_params(),
            "latest_s": self._latest_s,
            "sessions": self._sessions,
            "seen": {item: written(tally) for item, tally in self._seen.items()},
            "rows": {
                item: {partner: written(tally) for partner, tally in row.items()}
                for item, row in self._rows.items()
            },
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._latest_s = state["latest_s"]
        self._sessions = state["sessions"]
        self._seen = {item: read(text) for item, text in state["seen"].items()}
        self._rows = {
            item: {partner: read(text) for partner, text in row.items()}
            for item, row in state["rows"].items()
        }
        self._move_origin(self._decay.unit(self._latest_s)[1])


def _votes(voters: list[_Voter], shift: int) -> dict[str, float]:
    """The partners of all voters, with the sum of the votes for them."""
    scores: dict[str, float] = {}
    score = scores.get
    for _, row, vote in voters:
        for partner, together in row.items():
            scores[partner] = score(partner, 0.0) + (together >> shift) * vote
    return scores
