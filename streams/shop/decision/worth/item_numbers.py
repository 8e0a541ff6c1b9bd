"""How many items a prompt has: those that are expected to earn more than they annoy, 0 to 3.

```
expected of an item at a rank     what one of it earns  x  how often such an offer is sold there
expected of a prompt of k items   the sum of its items  -  cost of a dismissal x how often k are
```

Of each arm's candidates those that are expected to earn most come first; of all numbers of them the
best is taken, and of equal ones the smallest. An arm of which nothing is worth its room is not on
offer, so the policy draws from exact probabilities among those that are; without any arm there is
silence (`not_worth`).

What is little known is hoped to be better (`HOPE` standard deviations above the mean: upper
confidence bounds, P. Auer, "Using Confidence Bounds for Exploitation-Exploration Trade-offs", JMLR
2002); and of a share of events (`items_exploration`) the number is drawn from 1 to the most, for
all arms alike and apart from the draw of the arm, so that what was given up can recover.
"""

from collections.abc import Callable, Iterable
from functools import partial

from models import Candidate
from models.bandit.propensity import draw
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import Arm, CandidateQuery
from streams.shop.decision.worth.item_values import worths
from streams.shop.memory.learned import Learned
from streams.shop.memory.orders.reward.offer_rates import OfferRate, OfferRates

HOPE = 1.0
"""Standard deviations."""
UNKNOWN_SHARE = 0.05
"""Of the scale, which few exceed: what an item without margin and price is taken to earn."""
LOOKED_AT = 3
"""So many times as many candidates as may be offered are looked at."""
Key = tuple[str | int, ...]


class ItemNumbers:
    """Decides how many items of which arm are worth it; changes nothing that is learned."""

    def __init__(self, settings: Settings, learned: Learned, rates: OfferRates) -> None:
        self._learned, self._rates = learned, rates
        self._most, self._share = settings.prompt_items_max, settings.items_exploration
        self._version = -1
        self._known: dict[Key, OfferRate] = {}

    def picked(
        self,
        arms: Iterable[tuple[str, Arm]],
        question: CandidateQuery,
        context: str,
        seed: bytes,
    ) -> dict[str, list[Candidate]]:
        """The items of each arm of which any are worth it."""
        number = self._explored(seed)
        if number:
            question = question._replace(items_max=number)
            found = {name: arm.candidates(self._learned, question) for name, arm in arms}
        else:
            question = question._replace(items_max=LOOKED_AT * self._most)
            best = partial(self._best, question=question, context=context)
            found = {
                name: best(name, arm.candidates(self._learned, question)) for name, arm in arms
            }
        return {name: items for name, items in found.items() if items}

    def expected(self, arm: str, context: str, offered: Iterable[ItemWorth]) -> list[float]:
        """What each item at its rank is expected to earn, in minor units, without any hope."""
        return [
            self._sale(arm, context, worth, rank).mean * self._unit(worth)
            for rank, worth in enumerate(offered)
        ]

    def _explored(self, seed: bytes) -> int:
        """The number that is drawn for this event; 0: none is, it is decided."""
        if not self._share:
            return 0
        each = self._share / self._most
        chances = {"0": 1.0 - self._share} | {str(k + 1): each for k in range(self._most)}
        return int(draw(chances, seed + b" items"))

    def _best(
        self, arm: str, candidates: list[Candidate], question: CandidateQuery, context: str
    ) -> list[Candidate]:
        """Those that are worth it, the best first."""
        known = worths(candidates, question)

        def hoped(at: int, rank: int) -> float:
            rate = self._sale(arm, context, known[at], rank).hopeful(HOPE)
            return rate * self._unit(known[at])

        order = sorted(range(len(candidates)), key=lambda at: -hoped(at, 0))[: self._most]
        cost, earned, number, most = self._rates.terms.dismissal_minor, 0.0, 0, 0.0
        for rank, at in enumerate(order):
            earned += hoped(at, rank)
            net = earned - cost * self._dismissal(arm, context, rank + 1).mean
            if net > most:
                number, most = rank + 1, net
        return [candidates[at] for at in order[:number]]

    def _unit(self, worth: ItemWorth) -> float:
        """What one of an item earns; where that is not known, a small part of the scale."""
        unit = self._rates.terms.unit_minor(worth)
        return UNKNOWN_SHARE * self._rates.terms.scale_minor if unit is None else unit

    def _sale(self, arm: str, context: str, worth: ItemWorth, rank: int) -> OfferRate:
        return self._read(self._rates.sale, (arm, context, worth.fit, rank))

    def _dismissal(self, arm: str, context: str, items: int) -> OfferRate:
        return self._read(self._rates.dismissal, (arm, context, items))

    def _read(self, rate: Callable[..., OfferRate], key: Key) -> OfferRate:
        """A rate, read once until something is learned."""
        if self._version != self._rates.version:
            self._known.clear()
            self._version = self._rates.version
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = rate(*key)
        return found
