"""What goes together: counts of pairs, faded by time, corrected for popularity.

When butter enters a basket that holds bread and milk, the pairs (bread, butter) and (milk, butter)
are counted, in both directions. To recommend for a context, each of its items votes for its
partners: the share of its own events that it spent with them, tamed by how popular they are
anyway. The strongest voter is the candidate's anchor, and gives the evidence to show.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from models.damping import Damping
from models.decay import ONE_BITS
from models.forgetting import lightest, slab
from models.limits import at_least_one
from models.recommender import NOTHING, Candidate, Recommender
from models.tally import TIMES_BITS, read, times, weight, written
from models.voting import Voter, loudest, ranked, votes

PARTNERS_MAX = 200
"""Pairs that one event may make, even in a larger basket."""
FINENESS_BITS = 28
"""Pairs are read in units of 2**-28 of an event: small integers are quick. What has not met for 28
half-lives is forgotten."""


NO_PARTNERS: dict[str, int] = {}


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
    together_min
        Times that an item of the context and a candidate must have met.

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
    ) -> None:
        super().__init__(half_life_s)
        at_least_one(row_max=row_max, items_max=items_max, context_items=context_items)
        at_least_one(window=window + 1, together_min=together_min)
        self.row_max = row_max
        self.items_max = items_max
        self.window = window
        self.distance_decay = distance_decay
        self.context_items = context_items
        self.context_decay = context_decay
        self.row_norm = row_norm
        self.popularity_norm = popularity_norm
        self.together_min = together_min
        self._reach = min(window or PARTNERS_MAX, PARTNERS_MAX)
        self._seen: dict[str, int] = {}  # item -> tally
        self._rows: dict[str, dict[str, int]] = {}  # item -> partner -> tally
        self._sessions = 0
        self._latest_s = 0
        self._damping = Damping(popularity_norm)  # follows from _seen

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
        if self._damping.has_to_move(halvings):
            self._move(halvings)
        self._damping.count(item, weight(seen))

    def _move(self, halvings: int) -> None:
        self._damping.move(halvings, ((item, weight(seen)) for item, seen in self._seen.items()))

    def _trim(self, row: dict[str, int]) -> None:
        for partner in lightest(row, len(row) - self.row_max + self.row_max // 4):
            del row[partner]

    def _forget(self) -> None:
        surplus = len(self._seen) - self.items_max
        for item in lightest(self._seen, surplus - 1 + slab(self.items_max)):
            del self._seen[item], self._rows[item]
            self._damping.of.pop(item, None)

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Container[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """What the last items of `x` go with. Items of `x` itself are not excluded by default."""
        voters, shift = self._voters(x, time_s)
        scores = votes(voters, shift)
        for item in [item for item in scores if item in exclude]:
            del scores[item]
        found: list[Candidate] = []
        for depth in (4 * k, len(scores)):  # to order all of them is dear, and rarely needed
            best = ranked(scores, self._damping.of, depth)
            found = list(islice(self._proven(best, voters, shift), max(k, 0)))
            if len(found) >= k or depth >= len(scores):
                break
        return found

    def _proven(
        self, best: list[tuple[float, str]], voters: list[Voter], shift: int
    ) -> Iterator[Candidate]:
        """Those that a voter has met often enough, with its evidence."""
        for score, item in best:
            if evidence := loudest(item, voters, shift, self.together_min):
                anchor, together = evidence
                of = max(together, times(self._seen[anchor]))
                yield Candidate(item, score, together, of, anchor)

    def proposes(
        self,
        x: Sequence[str],
        *,
        exclude: Container[str] = NOTHING,
        time_s: float | None = None,
    ) -> bool:
        """Whether there is any candidate: stops at the first pair that has met often enough."""
        shift = TIMES_BITS + self._coarse(self._now(time_s)[1])
        damped, enough = self._damping.of.get, self.together_min
        return any(
            partner not in exclude and times(tally) >= enough and tally >> shift and damped(partner)
            for item in self._voting(x)
            for partner, tally in self._rows.get(item, NO_PARTNERS).items()
        )

    def _voting(self, x: Sequence[str]) -> Iterable[str]:
        """The items of a context that may vote, the latest first."""
        return dict.fromkeys(x[: -self.context_items - 1 : -1])

    def _now(self, time_s: float | None) -> tuple[int, int]:
        return self._decay.unit(max(self._latest_s, int(time_s or 0)))

    def _coarse(self, halvings: int) -> int:
        """A unit is `1 << coarse`: fine enough, and a small integer."""
        return max(0, halvings + ONE_BITS - FINENESS_BITS)

    def _voters(self, x: Sequence[str], time_s: float | None) -> tuple[list[Voter], int]:
        """The items of the context that have partners, the latest first; bits of tally to a unit.

        An event weighs `mantissa << halvings` now. What the damping leaves out is put in here.
        """
        mantissa, halvings = self._now(time_s)
        coarse = self._coarse(halvings)
        vote = self._damping.since(mantissa, halvings) * 2.0 ** (coarse - halvings) / mantissa
        voters = []
        for item in self._voting(x):
            if row := self._rows.get(item):
                events = weight(self._seen[item]) / (mantissa << halvings)
                voters.append((item, row, vote / (events or 1.0) ** self.row_norm))
            vote *= self.context_decay
        return voters, TIMES_BITS + coarse

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
        self._move(self._decay.unit(self._latest_s)[1])
