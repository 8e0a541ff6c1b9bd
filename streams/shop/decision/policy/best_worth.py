"""The arm `best_worth`: of what all sources propose, what is expected to earn most.

```
expected of an item     what one of it earns  x  how often it is taken when offered for this reason
reasons                 bought with an item of the basket · bought again · bought by everybody
```

Other arms offer what one source ranks first, which is what goes along, not what earns. Here each
candidate has the strongest reason that speaks for it, and its chance is that of its pair (what it
is offered beside, and the item) where offers of it were seen, else that of all for which as much
speaks (`streams.shop.memory.orders.reward.pair_offers`). For a companion that is how much more
often the two met than by chance; those who met no more often are none. What is little known is
hoped to be better, by `HOPE` standard deviations, so that it is tried (upper confidence bounds:
P. Auer, JMLR 2002): the order depends on nothing but what was learned.

The reason that is told is the source's own, of the item that stands first.
"""

from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from math import log2, sqrt
from typing import NamedTuple, Protocol, Self, runtime_checkable

from models import Candidate
from streams.contract.wire.shop.on_offer import MICRO, ItemWorth
from streams.shop.decision.arms import BEST_WORTH, CandidateQuery, in_basket
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.memory.learned import Learned
from streams.shop.memory.orders.reward.net_reward import NetReward
from streams.shop.memory.orders.reward.offer_rates import OfferRates
from streams.shop.memory.orders.reward.pair_offers import COMPANIONS, Acceptance, PairOffers

HOPE = 2.0
"""Standard deviations."""
MAINS_MAX = 6
"""Items of a session whose companions are looked at: the one that asked, and the latest."""
AGAIN_MAX, POPULAR_MAX = 16, 32
"""Candidates of the sources that know no pairs."""
SOURCES = ("bought_together", "buy_again", "popular")
"""What may speak for an item, with the texts of the arm of this name."""
SHARES = 8
"""Classes of companions, by octaves of the share of cases in which they went along,"""
SURE = (1.0, 2.0, 4.0, 8.0)
"""and by so many standard deviations at least beyond chance."""
CLASSES = {
    "bought_together": (0, 1, SHARES),
    "buy_again": (COMPANIONS, 1, SHARES),
    "popular": (48, 2, 16),
}
"""By source its first class, how many an octave has, and how many there are of a kind."""
DOUBTED, CREDITED = 4.0, 0.5
"""Cases more in which it did not go along, and in which it did: two of two is no certainty."""
PAIRS_KEPT = 16_384


@runtime_checkable
class Priced(Protocol):
    """What knows what items earn: what is out of the question, where there is a catalogue."""

    def worth(self, item_id: str) -> ItemWorth:
        """What the catalogue says that an item earns, as far as it does."""


class JudgedOffer(NamedTuple):
    """A candidate, and what is expected of it."""

    candidate: Candidate
    fit: int
    """Its source, and how much speaks for it: see `fit_of`."""
    pair: int
    """A hash of what it is offered beside, and of itself."""
    chance: Acceptance
    """How probably it is taken where it stands first."""
    hoped: float
    """The same, as far as it may be hoped."""


class BestWorthArm(NamedTuple):
    """An arm of this shop: what it has learned of items, and of offers."""

    learned: Learned
    offers: PairOffers
    terms: NetReward

    @classmethod
    def of(cls, learned: Learned, rates: OfferRates) -> Self | None:
        """That of these rates; None where they know no pairs."""
        return None if rates.pairs is None else cls(learned, rates.pairs, rates.terms)

    def beside(self, arms: Mapping[str, Strategy], off: Collection[str]) -> Mapping[str, Strategy]:
        """These arms, and this one where it is not off."""
        return arms if BEST_WORTH in off else {**arms, BEST_WORTH: self}

    def proposes(self, _learned: Learned, question: CandidateQuery) -> bool:
        """Whether anything is proposed of which it is known what it earns."""
        excluded = question.excluded
        if not isinstance(excluded, Priced):
            return False
        proposed = self._proposed(question)
        return any(self._unit(one, excluded) > 0 for one, _ in proposed)

    def candidates(self, _learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What is expected to earn most, as far as it may be hoped; first of equals by id."""
        excluded = question.excluded
        if not isinstance(excluded, Priced):
            return []
        best: dict[str, JudgedOffer] = {}
        for candidate, by_chance in self._proposed(question):
            judged = self._judged(candidate, by_chance, question.anchor)
            before = best.get(candidate.item)
            if before is None or judged.hoped > before.hoped:
                best[candidate.item] = judged
        hoped = [
            (-unit * judged.hoped, item)
            for item, judged in best.items()
            if (unit := self._unit(judged.candidate, excluded)) > 0
        ]
        return [
            best[item].candidate._replace(score=-less)
            for less, item in sorted(hoped)[: question.items_max]
        ]

    def sealed(
        self, candidates: Sequence[Candidate], known: Iterable[ItemWorth], asked: str
    ) -> list[ItemWorth]:
        """What is known of these items, with what each of them is judged by beside what asked."""
        found = []
        for rank, (candidate, worth) in enumerate(zip(candidates, known, strict=True)):
            judged = self.judged(candidate, asked)
            chance_micro = round(MICRO * judged.chance.at(rank).mean)
            found.append(
                worth._replace(fit=judged.fit, pair=judged.pair, chance_micro=chance_micro)
            )
        return found

    def judged(self, candidate: Candidate, asked: str) -> JudgedOffer:
        """How probably a candidate of one of the sources is taken.

        What is popular is offered beside the item that `asked`, and tells whether it goes with it;
        what is bought again, beside nothing.
        """
        return self._judged(candidate, self._by_chance(candidate), asked)

    def _judged(self, candidate: Candidate, by_chance: float, asked: str) -> JudgedOffer:
        fit = fit_of(candidate, by_chance)
        beside = "" if candidate.source == SOURCES[1] else candidate.anchor or asked
        pair = pair_of(beside, candidate.item)
        chance = self.offers.estimate(pair, fit)
        return JudgedOffer(candidate, fit, pair, chance, chance.hopeful(HOPE))

    def _by_chance(self, candidate: Candidate) -> float:
        """In how many cases a companion would have gone along, were it none; of others 0."""
        if candidate.source != SOURCES[0]:
            return 0.0
        baskets = self.learned.baskets
        return float(candidate.of * baskets.seen(candidate.item) / max(1, baskets.sessions))

    def _unit(self, candidate: Candidate, excluded: Priced) -> int:
        """What one of it earns, in minor units; 0 where that is not known."""
        return self.terms.unit_minor(excluded.worth(candidate.item)) or 0

    def _proposed(self, question: CandidateQuery) -> Iterator[tuple[Candidate, float]]:
        """What each source proposes, an item once for each reason; with `_by_chance`."""
        excluded, learned = question.excluded, self.learned
        for main in in_basket(question)[: -MAINS_MAX - 1 : -1]:
            of, met = learned.baskets.meetings(main)
            for item, together in met.items():
                one = Candidate(item, 0.0, together, of, main, SOURCES[0])
                if item in excluded:
                    continue
                by_chance = self._by_chance(one)
                if beyond(one, by_chance) >= SURE[0]:
                    yield one, by_chance
        shopper_id = question.session.shopper_id
        if shopper_id is not None:
            found = learned.repeats.recommend((shopper_id,), AGAIN_MAX, exclude=excluded)
            yield from ((one._replace(source=SOURCES[1]), 0.0) for one in found)
        found = learned.popularity.recommend((), POPULAR_MAX, exclude=excluded)
        yield from ((one._replace(source=SOURCES[2]), 0.0) for one in found)


def fit_of(candidate: Candidate, by_chance: float = 0.0) -> int:
    """The class of a candidate: its source, and how much speaks for it.

    `by_chance`: in how many cases a companion would have gone along anyway. By how many standard
    deviations it went along more often says whether it is a companion at all; the share of cases,
    how many want it. Of other sources the share alone counts.

    >>> pair = Candidate("butter", 0.0, 41, 57, "bread", "bought_together")
    >>> fit_of(pair, by_chance=10.0), fit_of(pair, by_chance=30.0)
    (32, 10)
    >>> fit_of(pair._replace(source="buy_again")), fit_of(pair._replace(source="popular"))
    (40, 49)
    """
    more = max(0.0, candidate.together - by_chance) + CREDITED
    octaves = log2((candidate.of + DOUBTED) / more)
    first, parts, classes = CLASSES[candidate.source]
    place = min(classes - 1, max(0, int(parts * octaves)))
    if candidate.source != SOURCES[0]:
        return first + place
    return SHARES * bisect(SURE, beyond(candidate, by_chance)) + place


def beyond(candidate: Candidate, by_chance: float) -> float:
    """By how many standard deviations it went along more often than by chance.

    >>> beyond(Candidate("butter", 0.0, 12, 57, "bread"), by_chance=8.5)
    1.1666...
    """
    return (candidate.together - by_chance) / sqrt(by_chance + CREDITED)


@lru_cache(maxsize=PAIRS_KEPT)
def pair_of(beside: str, item: str) -> int:
    """A hash of what an item is offered beside, and of the item: above 0, of 53 bits."""
    said = f"{beside}\0{item}".encode("utf-8", "surrogatepass")
    return (int.from_bytes(blake2b(said, digest_size=8).digest()) >> 11) or 1
