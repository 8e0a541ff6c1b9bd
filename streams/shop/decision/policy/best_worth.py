"""The arm `best_worth`: of what all sources propose, what is expected to earn most.

```
expected of an item     what one of it earns  x  how often it is taken when offered for this reason
reasons                 bought with an item of the basket · bought again · bought by everybody
```

Other arms offer what one source ranks first, which is what goes along, not what earns. Here each
candidate has the strongest reason that speaks for it, and its chance is that of its pair (what it
is offered beside, and the item) where offers of it were seen, else that of all for which as much
speaks (`streams.shop.memory.orders.reward.pair_offers`). For a companion that is how much more
often than by chance it was added after the other by no prompt
(`streams.shop.decision.policy.companions`); those who met no more often are none. What is little
known is hoped to be better, by `HOPE` standard deviations, so that it is tried (upper confidence
bounds: P. Auer, JMLR 2002): the order depends on nothing but what was learned.

Companions are hundreds where baskets are large. So they are judged in arrays, once for all slots of
an event, whatever is out of the question there; and that is asked of those alone that come to
stand high enough.

The reason that is told is the source's own, of the item that stands first.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from heapq import merge
from itertools import islice
from typing import NamedTuple, Self

from models import Candidate
from models.bandit.propensity import ShareLimits
from models.recommenders.recommender import Rankings
from streams.contract.wire.shop.on_offer import MICRO, ItemWorth
from streams.shop.decision.arms import BEST_WORTH, CandidateQuery, in_basket
from streams.shop.decision.policy.companions import companion, companion_fit, companions
from streams.shop.decision.policy.offer_fits import SOURCES, fit_of
from streams.shop.decision.policy.unit_values import UnitValues
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.memory.learned import Learned
from streams.shop.memory.orders.reward.offer_rates import OfferRates
from streams.shop.memory.orders.reward.pair_offers import Acceptance, PairOffers

HOPE = 1.0
"""Standard deviations: two tried for longer what did not sell, and earned less."""
MAINS_MAX = 6
"""Items of a session whose companions are looked at: the one that asked, and the latest."""
AGAIN_MAX, POPULAR_MAX = 16, 32
"""Candidates of the sources that know no pairs."""
LED = (*SOURCES, "viewed_together")
"""Arms that rank without what was learned of offers. Each that does not surely earn more than this
arm is drawn for the floor: it is tried no further for being little known. What was only looked at
together this arm does not offer; who offers that is tried at the floor all the same."""
PAIRS_KEPT = 16_384
WorthOf = Callable[[str], ItemWorth]
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

    @property
    def hoped(self) -> float:
        """The same, as far as it may be hoped."""
        return self.chance.hopeful(HOPE)


class BestWorthArm(NamedTuple):
    """An arm of this shop: what it has learned of items, and of offers."""

    learned: Learned
    offers: PairOffers
    units: UnitValues

    @classmethod
    def of(cls, learned: Learned, rates: OfferRates) -> Self | None:
        """That of these rates; None where they know no pairs."""
        return None if rates.pairs is None else cls(learned, rates.pairs, UnitValues(rates.terms))

    def beside(self, arms: Mapping[str, Strategy], off: Collection[str]) -> Mapping[str, Strategy]:
        """These arms, and this one where it is not off."""
        return arms if BEST_WORTH in off else {**arms, BEST_WORTH: self}

    def proposes(self, _learned: Learned, question: CandidateQuery) -> bool:
        """Whether anything is proposed of which it is known what it earns."""
        worth_of, out = _worth_of(question), question.excluded
        if worth_of is None:
            return False
        if any(one.item not in out for one in self._companions(question, worth_of)):
            return True
        return any(self._earns(worth_of, one) > 0 for one in self._lone(question))

    def candidates(self, _learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What is expected to earn most, as far as it may be hoped; first of equals by id."""
        worth_of = _worth_of(question)
        if worth_of is None:
            return []
        lone = self._ordered(self._lone(question), question.anchor, worth_of)
        ranked = merge(self._companions(question, worth_of), lone, key=_order)
        return [*islice(_admissible(ranked, question.excluded), question.items_max)]

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
        fit = self._fit(candidate)
        pair = pair_of(_beside(candidate, asked), candidate.item)
        return JudgedOffer(candidate, fit, pair, self.offers.estimate(pair, fit))

    def _fit(self, candidate: Candidate) -> int:
        """Its class: of what is bought again by how much more often than anybody would buy it."""
        if candidate.source == SOURCES[0]:
            return companion_fit(self.learned, candidate)
        by_chance = 0.0
        if candidate.source == SOURCES[1]:
            by_chance = float(candidate.of * self.learned.repeats.bought_share(candidate.item))
        return fit_of(candidate, by_chance)

    def _companions(self, question: CandidateQuery, worth_of: WorthOf) -> Iterator[Candidate]:
        """What met an item of the basket more often than by chance, best first, all of it.

        Nothing is left out yet, so this is the same in all slots of an event.
        """
        mains = in_basket(question)[: -MAINS_MAX - 1 : -1]
        rankings = Rankings() if question.rankings is None else question.rankings
        return rankings.once((BEST_WORTH, *mains), lambda: self._met(mains, worth_of))

    def _met(self, mains: Sequence[str], worth_of: WorthOf) -> Iterator[Candidate]:
        met = companions(self.learned, mains)
        pairs = ((pair_of(mains[one.place], one.item), one.fit) for one in met)
        hoped = self.offers.hopes(pairs, HOPE)
        for less, item, at in self._earning([one.item for one in met], hoped, worth_of):
            yield companion(self.learned, mains[met[at].place], item)._replace(score=-less)

    def _lone(self, question: CandidateQuery) -> Iterator[Candidate]:
        """What is bought again, and what is popular: as many as may be, none out of question."""
        learned, out, shopper_id = self.learned, question.excluded, question.session.shopper_id
        if shopper_id is not None:
            again = learned.repeats.recommend((shopper_id,), AGAIN_MAX, exclude=out)
            yield from (one._replace(source=SOURCES[1]) for one in again)
        if question.rankings is None:
            found = learned.popularity.recommend((), POPULAR_MAX, exclude=out)
        else:
            popular = question.rankings.of(learned.popularity, (), None)
            found = [*islice((one for one in popular if one.item not in out), POPULAR_MAX)]
        yield from (one._replace(source=SOURCES[2]) for one in found)

    def _ordered(
        self, candidates: Iterable[Candidate], asked: str, worth_of: WorthOf
    ) -> Iterator[Candidate]:
        """The same in the order of what they may be hoped to earn; without those that do not."""
        every = [*candidates]
        judged = ((pair_of(_beside(one, asked), one.item), self._fit(one)) for one in every)
        hoped = self.offers.hopes(judged, HOPE)
        for less, _, at in self._earning([one.item for one in every], hoped, worth_of):
            yield every[at]._replace(score=-less)

    def _earning(
        self, items: Sequence[str], hoped: Sequence[float], worth_of: WorthOf
    ) -> list[tuple[float, str, int]]:
        """What is less than what each is hoped to earn, the item, and its place; in this order."""
        unit_of, found = self.units.of, []
        for at, item in enumerate(items):
            unit = unit_of(item, worth_of(item))
            if unit > 0:
                found.append((-unit * hoped[at], item, at))
        found.sort()
        return found

    def _earns(self, worth_of: WorthOf, candidate: Candidate) -> int:
        return self.units.of(candidate.item, worth_of(candidate.item))


def _worth_of(question: CandidateQuery) -> WorthOf | None:
    """What knows what items earn: what is out of the question, where there is a catalogue."""
    found: WorthOf | None = getattr(question.excluded, "worth", None)
    return found


def _beside(candidate: Candidate, asked: str) -> str:
    return "" if candidate.source == SOURCES[1] else candidate.anchor or asked


def _order(candidate: Candidate) -> tuple[float, str]:
    return -candidate.score, candidate.item


def _admissible(ranked: Iterable[Candidate], out: Collection[str]) -> Iterator[Candidate]:
    """Each item once, for the first reason that speaks for it, if it is not out of the question."""
    had = set[str]()
    for one in ranked:
        if one.item not in had:
            had.add(one.item)
            if one.item not in out:
                yield one


def led(
    limits: ShareLimits,
    arms: Mapping[str, Strategy],
    offering: Collection[str],
    question: CandidateQuery,
) -> ShareLimits:
    """These limits; where this arm is among those on offer, those that it leads are held back.

    Who would offer something of which nobody knows what it earns is free: it is left to the others.
    """
    leader, worth_of = arms.get(BEST_WORTH), _worth_of(question)
    if BEST_WORTH not in offering or not isinstance(leader, BestWorthArm) or worth_of is None:
        return limits

    def is_known(arm: Strategy) -> bool:
        offered = arm.candidates(leader.learned, question)
        return all(leader.units.of(one.item, worth_of(one.item)) for one in offered)

    held = tuple(name for name in LED if name in offering and is_known(arms[name]))
    return limits._replace(leader=BEST_WORTH, led=held)


@lru_cache(maxsize=PAIRS_KEPT)
def pair_of(beside: str, item: str) -> int:
    """A hash of what an item is offered beside, and of the item: above 0, of 53 bits."""
    said = f"{beside}\0{item}".encode("utf-8", "surrogatepass")
    return (int.from_bytes(blake2b(said, digest_size=8).digest()) >> 11) or 1
