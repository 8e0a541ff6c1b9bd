"""How many items a prompt has: those that are expected to earn more than they annoy, 0 to 3.

```
expected of an item at a rank     what one of it earns  x  how often such an offer is sold there
expected of a prompt of k items   the sum of its items  -  cost of a dismissal x how often k are
```

Of each arm's candidates those that are expected to earn most come first; of all numbers of them the
best is taken, and of equal ones the smallest. An arm of which nothing is worth its room is not on
offer, so the policy draws from exact probabilities among those that are; without any arm there is
silence (`not_worth`). Items of which nobody says what they earn are not judged: they have the room
that is left, as they have it where numbers are not decided. An upgrade keeps its order, the next
step up first; a top-up is offered whole or not at all, for a part of it does not lift the basket to
free shipping.

What is little known is hoped to be better (`HOPE` standard deviations above the mean: upper
confidence bounds, P. Auer, "Using Confidence Bounds for Exploitation-Exploration Trade-offs", JMLR
2002); and of a share of events (`items_exploration`) the number is drawn from 1 to the most, for
all arms alike and apart from the draw of the arm, so that what was given up can recover.
"""

from collections.abc import Callable, Iterable

from models import Candidate
from models.bandit.propensity import draw
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.policy.item_values import worths
from streams.shop.decision.slots.incentives import is_whole
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.decision.slots.upgrades import UpgradeArm
from streams.shop.memory.learned import Learned
from streams.shop.memory.orders.reward.offer_rates import OfferRate, OfferRates, annoying
from streams.shop.memory.orders.reward.pair_offers import Acceptance

HOPE = 1.0
"""Standard deviations."""
LOOKED_AT = 3
"""So many times as many candidates as may be offered are looked at."""
KNOWN_MAX = 50_000
"""So many rates are kept until something is learned; of pairs there are very many."""
Key = tuple[str | int, ...]
Rate = OfferRate | Acceptance


class ItemNumbers:
    """Decides how many items of which arm are worth it; changes nothing that is learned."""

    def __init__(self, settings: Settings, learned: Learned, rates: OfferRates) -> None:
        self._learned, self._rates = learned, rates
        self._share = settings.items_exploration
        self._version = -1
        self._known: dict[Key, Rate] = {}

    def picked(
        self,
        arms: Iterable[tuple[str, Strategy]],
        question: CandidateQuery,
        context: str,
        seed: bytes,
    ) -> dict[str, list[Candidate]]:
        """The items of each arm of which any are worth it, no more than are asked for."""
        number = self._explored(seed, question.items_max)
        found = {name: self._items(name, arm, question, context, number) for name, arm in arms}
        return {name: items for name, items in found.items() if items}

    def _items(
        self, name: str, arm: Strategy, question: CandidateQuery, context: str, number: int
    ) -> list[Candidate]:
        """Those of one arm; `number`: so many as were drawn, 0: as many as are worth it."""
        most, whole = question.items_max, is_whole(arm)
        if not whole:
            question = question._replace(items_max=number or LOOKED_AT * most)
        candidates = arm.candidates(self._learned, question)
        if number or not candidates:
            return candidates
        known = worths(candidates, question, arm)
        judged, others = list[int](), list[int]()
        for at, worth in enumerate(known):
            (others if self._unit(worth) is None else judged).append(at)
        if whole and others:
            return candidates
        if not whole and not isinstance(arm, UpgradeArm):
            judged.sort(key=lambda at: -self._hoped(name, context, known[at], 0))
        judged = judged[:most]
        best = self._best(name, context, [known[at] for at in judged], whole=whole)
        return [candidates[at] for at in (judged[:best] + others)[:most]]

    def expected(self, arm: str, context: str, offered: Iterable[ItemWorth]) -> list[float]:
        """What each item at its rank is expected to earn, in minor units, without any hope."""
        return [
            self._sale(arm, context, worth, rank).mean * (self._unit(worth) or 0)
            for rank, worth in enumerate(offered)
        ]

    def _explored(self, seed: bytes, most: int) -> int:
        """The number that is drawn for this event; 0: none is, it is decided."""
        if not self._share:
            return 0
        each = self._share / most
        chances = {"0": 1.0 - self._share} | {str(k + 1): each for k in range(most)}
        return int(draw(chances, seed + b" items"))

    def _best(self, arm: str, context: str, known: list[ItemWorth], *, whole: bool) -> int:
        """How many of these are worth it, from the first on; `whole`: all of them or none."""
        cost, earned, number, most = self._rates.terms.dismissal_minor, 0.0, 0, 0.0
        for rank, worth in enumerate(known):
            earned += self._hoped(arm, context, worth, rank)
            if whole and rank + 1 < len(known):
                continue
            net = earned - cost * self._annoys(arm, context, known[: rank + 1])
            if net > most:
                number, most = rank + 1, net
        return number

    def _hoped(self, arm: str, context: str, worth: ItemWorth, rank: int) -> float:
        """What an item may be hoped to earn at a rank, in minor units."""
        return self._sale(arm, context, worth, rank).hopeful(HOPE) * (self._unit(worth) or 0)

    def _unit(self, worth: ItemWorth) -> int | None:
        """What one of an item earns; None: nobody says."""
        return self._rates.terms.unit_minor(worth)

    def _sale(self, arm: str, context: str, worth: ItemWorth, rank: int) -> Rate:
        if worth.pair and self._rates.pairs is not None:
            of_pair = self._read(self._rates.pairs.estimate, (worth.pair, worth.fit))
            return of_pair.at(rank) if isinstance(of_pair, Acceptance) else of_pair
        return self._read(self._rates.sale, (arm, context, worth.fit, rank))

    def _annoys(self, arm: str, context: str, offered: list[ItemWorth]) -> float:
        """How probably a prompt of these is dismissed; of pairs by how little it promises."""
        if offered[0].pair:
            chances = [self._sale(arm, context, one, rank).mean for rank, one in enumerate(offered)]
            arm = f"{arm}/{annoying(chances)}"
        return self._dismissal(arm, context, len(offered)).mean

    def _dismissal(self, arm: str, context: str, items: int) -> Rate:
        return self._read(self._rates.dismissal, (arm, context, items))

    def _read(self, rate: Callable[..., Rate], key: Key) -> Rate:
        """A rate, read once until something is learned."""
        if self._version != self._rates.version or len(self._known) >= KNOWN_MAX:
            self._known.clear()
            self._version = self._rates.version
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = rate(*key)
        return found
