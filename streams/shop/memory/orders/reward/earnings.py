"""What a prompt has earned: a function of the stages that it reached, in whatever order they came.

See `streams.shop.memory.attribution` for the rules. The settings may ask for money instead:
`streams.shop.memory.orders.reward.net_reward`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from math import inf
from typing import Any, NamedTuple

from models import ThompsonSampling
from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.net_reward import Clipped, NetReward, Step
from streams.shop.memory.orders.reward.offer_rates import OfferRates
from streams.shop.memory.orders.reward.reached import Reached, joined


class Worth(NamedTuple):
    """What a prompt has earned by a stage, in all."""

    clicked: float
    added: float
    bought: float


Terms = Worth | NetReward
"""By what a prompt earns."""


def terms_of(settings: Settings) -> Terms:
    """Those that the settings ask for.

    >>> terms_of(Settings())
    Worth(clicked=0.1, added=0.5, bought=1.0)
    """
    if settings.reward == "net":
        return NetReward.of(settings)
    return Worth(settings.reward_clicked, settings.reward_added, settings.reward_bought)


def earnings(impression: Impression, worth: Terms) -> list[Step]:
    """What was earned when, in order; the sum is in [0, 1] where each worth is."""
    if isinstance(worth, NetReward):
        return worth.earnings(impression)
    levels = [(fact.at_ms, worth.clicked) for fact in impression.of("clicked")]
    levels += [(at_ms, worth.added) for at_ms in _kept_in_basket(impression)]
    base = max((level for _, level in levels), default=0.0)
    lift = max(0.0, worth.bought - base)
    if lift:
        levels += [(at_ms, base + lift * share) for at_ms, share in _kept_of_orders(impression)]
    return _steps(sorted(levels))


def _steps(levels: list[Step]) -> list[Step]:
    """What each level adds to the highest one before it."""
    steps, reached = [], 0.0
    for at_ms, level in levels:
        if level > reached:
            steps.append((at_ms, level - reached))
            reached = level
    return steps


def _kept_in_basket(impression: Impression) -> Iterator[int]:
    """When each item was added that was not taken out again, all of it."""
    firsts: dict[str | None, int] = {}
    for fact in impression.of("added"):
        firsts[fact.item_id] = min(fact.at_ms, firsts.get(fact.item_id, fact.at_ms))
    for item_id, at_ms in firsts.items():
        if item_id is None or impression.standing(item_id, inf):
            yield at_ms


def _kept_of_orders(impression: Impression) -> Iterator[Step]:
    """When each order was placed, and the share that was kept of what it bought."""
    orders: dict[str | None, list[Reached]] = {}
    for fact in impression.of("bought"):
        if fact.item_id is None or impression.standing(fact.item_id, fact.at_ms):
            orders.setdefault(fact.order_id, []).append(fact)
    for order_id, bought in orders.items():
        kept = [
            max(0, one.quantity - impression.returned(order_id, one.item_id)) / one.quantity
            for one in bought
        ]
        share = sum(sorted(kept)) / len(kept)
        if share:
            yield bought[0].at_ms, share


class Rewards:
    """Keeps what the policy has been told of prompts in step with their facts.

    What is told is the difference of what a prompt had earned before and after a fact, so that all
    that is told of it adds up to what it has earned, in whatever order its facts came.
    """

    def __init__(self, settings: Settings, policy: ThompsonSampling) -> None:
        self.policy, self._terms = policy, terms_of(settings)
        self.in_money = isinstance(self._terms, NetReward)
        self.clipped: Counter[str] = Counter()
        """How often a prompt came to earn more than 1 ("above") or less than 0 ("below"), and how
        many sales earned nothing for want of a rate of their currency ("unrated")."""
        self.offers = OfferRates(settings) if settings.items_decided else None

    def parts(self) -> dict[str, Any]:
        """What of the shop's state they are."""
        return {"policy": self.policy} | ({} if self.offers is None else self.offers.parts())

    def begin(self, impression: Impression) -> None:
        """A prompt was shown: a trial, and what it has earned by that alone."""
        receipt, (shown,) = impression.receipt, impression.reached
        self.policy.expose(receipt.arm, receipt.context, time_s=receipt.prompted_at_ms / 1000)
        if self.in_money and (begins := earnings(impression, self._terms)):
            impression.put([shown._replace(reward=_sum(begins))])
            self._tell(receipt, [], begins)
        if self.offers is not None:
            self.offers.begin(impression)

    def sign(self, impression: Impression, at_ms: int) -> None:
        """It was visible by then: what it earned by being shown, it earned at the earliest sign."""
        before = earnings(impression, self._terms) if self.in_money else []
        impression.sign(at_ms)
        if self.in_money and before != (after := earnings(impression, self._terms)):
            self._tell(impression.receipt, before, after)

    def change(
        self, impression: Impression, reached: Sequence[Reached]
    ) -> tuple[list[Step], list[Step]]:
        """These are its facts now: tell the policy what that changes; what was and is earned."""
        before, offers = earnings(impression, self._terms), self.offers
        was_clipped = self._clipped(impression)
        sold = () if offers is None else offers.earned(impression)
        impression.put(reached)
        after = earnings(impression, self._terms)
        if before != after:
            self._tell(impression.receipt, before, after)
        if offers is not None:
            offers.change(impression, sold, offers.earned(impression))
        if (clipped := self._clipped(impression)) and clipped != was_clipped:
            self.clipped[clipped] += 1
        return before, after

    def note(
        self,
        impression: Impression,
        facts: Sequence[Reached],
        reached: Sequence[Reached] | None = None,
    ) -> bool:
        """Add facts of one event, and tell the policy what they change; whether there was room.

        `reached`: what it had reached by then, where the event changes that as well.
        """
        if facts[0].stage not in ("returned", "dismissed") and impression.full:
            return False
        told = impression.told and facts[0].told  # else others have told some of it
        own = None if told else earnings(impression.own(), self._terms)
        reached = impression.reached if reached is None else reached
        before, after = self.change(impression, joined(reached, facts))
        if isinstance(self._terms, NetReward):
            self.clipped["unrated"] += sum(self._terms.unrated(impression, one) for one in facts)
        if own is not None:  # outcomes tell what it is by its own partition alone
            before, after = own, earnings(impression.own(), self._terms)
        if self.in_money and len(facts) > 1 and facts[0].told:
            own_facts = [fact for fact in reached if fact.told]
            impression.put(joined(reached, self._rewarded(impression, own_facts, facts)))
        elif before != after:
            share = (_sum(after) - _sum(before)) / len(facts)
            impression.put(joined(reached, [fact._replace(reward=share) for fact in facts]))
        return True

    def rebase(self, impression: Impression) -> None:
        """Say of each fact what it would have changed, had it been told under these terms.

        To be called where an impression comes from other terms: what is told next is a difference
        under these, and all of them together have to add up to what it has earned.
        """
        told = [fact._replace(reward=0.0) for fact in impression.reached if fact.told]
        places = sorted(range(len(told)), key=lambda place: told[place].stage != "shown")
        rebased: list[Reached] = []
        for _, group in groupby((told[place] for place in places), _telling):
            rebased += self._rewarded(impression, rebased, [*group])
        found = iter([rebased[places.index(place)] for place in range(len(told))])
        impression.put([next(found) if fact.told else fact for fact in impression.reached])

    def _rewarded(
        self, impression: Impression, before: Sequence[Reached], facts: Sequence[Reached]
    ) -> list[Reached]:
        """Facts of one event with what they change, as their own partition tells.

        In money each has what it changes itself, so that a sale can be taken back by itself; by
        stages each has an equal part.
        """
        receipt, rewarded = impression.receipt, list[Reached]()
        had = _sum(earnings(Impression(receipt, before), self._terms)) if before else 0.0
        for group in [[fact] for fact in facts] if self.in_money else [facts]:
            whole = Impression(receipt, [*before, *rewarded, *group])
            has = _sum(earnings(whole, self._terms))
            rewarded += [fact._replace(reward=(has - had) / len(group)) for fact in group]
            had = has
        return rewarded

    def _clipped(self, impression: Impression) -> Clipped:
        return self._terms.clipped(impression) if isinstance(self._terms, NetReward) else ""

    def _tell(self, receipt: Receipt, before: list[Step], after: list[Step]) -> None:
        """What was earned no more is taken back, as and when it was told; what is new is told."""
        asked_s, arm, context = receipt.prompted_at_ms / 1000, receipt.arm, receipt.context
        for at_ms, gain in (Counter(before) - Counter(after)).elements():
            self.policy.take_back(arm, context, gain, time_s=asked_s, at_s=at_ms / 1000)
        for at_ms, gain in (Counter(after) - Counter(before)).elements():
            self.policy.reward(arm, context, gain, time_s=asked_s, at_s=at_ms / 1000)


def _telling(fact: Reached) -> tuple[str, str]:
    """What tells the facts that came at once from others."""
    return fact.event_id, fact.stage


def _sum(steps: Sequence[Step]) -> float:
    return sum(gain for _, gain in steps)
