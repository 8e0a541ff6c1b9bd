"""Net reward: what a prompt has earned in money, as a function of its facts, scaled to [0, 1].

```
margin x quantity - discount - expected return cost     of each item that was bought, and kept
- the cost of a dismissal                               once
```

- What one of an item earns is what the order's event says (`margin_minor`), which is net of any
  discount. Else it is the margin that the catalogue had when the prompt was decided, as sealed in
  its receipt, less the discount: what the price paid is below the price sealed. Else it is a share
  of the price (`margin_share`). The fold asks no catalogue. What is sealed in another currency than
  the order's is converted by `reward_rates`, in whole minor units of one piece, rounded down; where
  one of both has no rate, nothing is known of it.
- Of several lines of one item each earns what it says; the discount of those that tell no margin is
  what all of them cost below the price sealed (`streams.shop.memory.orders.reward.untold`).
- A discount that the prompt promised (a bundle's) is taken off once, however many are bought, and
  whether the order tells it or not: what it tells is that discount, up to its amount. Where a line
  tells its margin, that is net of it, and nothing is taken off the others.
- The expected cost of returns beyond their margin is a share of the price (`return_cost_share`), of
  what is kept. What came back earns nothing, by quantity, as if it had not been bought.
- Of an order so many pieces of an item count as had been added from the prompt, stood by then, and
  were not sold by an earlier order (`streams.shop.memory.orders.reward.allotment`).
- All is in whole minor units of one currency. `reward_rates` says what one of another currency is
  worth; with rates, what has none of them earns nothing, and without any, amounts are as they are:
  a shop of several currencies needs rates, or its yen count as cents. An order that names no
  currency is in that of the sealed worth; where neither does, it has none.

Scaling: nothing earned is `dismissal_cost_minor / reward_scale_minor`, so that a dismissal, which
takes just that back, is 0, and a reward stays in [0, 1], where the policy and the bounds of
experiments need it. What lies outside is clipped, which biases: it is counted (`clipped`).

What was earned *when* is read off backwards: at any time what had been earned by then and was not
lost again later. So every step is a gain, and the sum of the steps is what was earned in the end.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import accumulate
from typing import Literal, NamedTuple, Self

from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.allotment import allotted
from streams.shop.memory.orders.reward.reached import Reached
from streams.shop.memory.orders.reward.untold import Untold

MICRO = 1_000_000
"""Shares count in whole millionths."""
Step = tuple[int, float]
"""When, in ms since 1970, and what was earned then in addition: above 0."""
Level = tuple[int, int]
"""When, and what had been earned in all by then, in minor units."""
Clipped = Literal["", "above", "below"]


class NetReward(NamedTuple):
    """How money becomes a reward."""

    scale_minor: int
    """What counts as 1."""
    dismissal_minor: int
    """What a dismissal costs."""
    margin_micro: int
    """Share of the price that is earned where nobody says, in millionths."""
    return_micro: int
    """Expected cost of returns as a share of the price, in millionths."""
    rates: Mapping[str, Fraction]
    """Minor units of ours for one of a currency; empty: all amounts are ours."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """That of the settings."""
        return cls(
            settings.reward_scale_minor,
            settings.dismissal_cost_minor,
            round(settings.margin_share * MICRO),
            round(settings.return_cost_share * MICRO),
            settings.exchange_rates,
        )

    def earnings(self, impression: Impression) -> list[Step]:
        """When what was earned that lasted, each above 0; the sum is in [0, 1]."""
        levels = [(at_ms, self._scaled(minor)) for at_ms, minor in self._levels(impression)]
        lasting = list(accumulate((level for _, level in reversed(levels)), min))[::-1]
        before, steps = 0, []
        for (at_ms, _), level in zip(levels, lasting, strict=True):
            if level > before:
                steps.append((at_ms, (level - before) / self.scale_minor))
                before = level
        return steps

    def minor(self, impression: Impression) -> int:
        """What it has earned in minor units, neither scaled nor clipped; below 0: lost."""
        return [*self._levels(impression)][-1][1]

    def clipped(self, impression: Impression) -> Clipped:
        """On which side its reward is clipped, if it is."""
        minor = self.minor(impression) + self.dismissal_minor
        if minor > self.scale_minor:
            return "above"
        return "below" if minor < 0 else ""

    def unrated(self, impression: Impression, fact: Reached) -> bool:
        """Whether a sale earns nothing because nobody says what its currency is worth."""
        currency = fact.currency or self._sealed(impression, fact).currency
        return fact.stage == "bought" and bool(self.rates) and currency not in self.rates

    def kept_share(self, impression: Impression, item_id: str) -> float:
        """The share of an item's line that was sold and kept, in [0, 1]; of several the best."""
        shares, sold = [0.0], allotted(impression.reached, item_id)
        for fact in impression.of("bought", item_id):
            if sold.get(fact.order_id):
                back = impression.returned(fact.order_id, item_id)
                shares.append((fact.quantity - back) / fact.quantity)
        return max(shares)

    def unit_minor(self, worth: ItemWorth) -> int | None:
        """What one of an item is expected to earn if it is sold at its price; None: not known.

        Nor is it known where nobody says what its currency is worth.
        """
        price, margin = worth.price_minor, worth.margin_minor
        if margin is None:
            if price is None:
                return None
            margin = self._margin(price)
        if self.rates and worth.currency not in self.rates:
            return None
        paid, off = max(0, (price or 0) - worth.discount_minor), worth.discount_minor
        return self._ours(margin - off - self._return_cost(paid), worth.currency)

    def _levels(self, impression: Impression) -> Iterator[Level]:
        """What had been earned by the end of each moment, in minor units."""
        changes = {impression.shown_ms: 0}
        for fact in impression.reached:
            if fact.stage == "bought":
                more = self._kept_minor(impression, fact)
            elif fact.stage == "dismissed":
                more = -self.dismissal_minor
            else:
                continue
            changes[fact.at_ms] = changes.get(fact.at_ms, 0) + more
        total = 0
        for at_ms in sorted(changes):
            total += changes[at_ms]
            yield at_ms, total

    def _scaled(self, minor: int) -> int:
        """On a scale whose 1 is `scale_minor`; what is below 0 is no step."""
        return min(minor + self.dismissal_minor, self.scale_minor)

    def _kept_minor(self, impression: Impression, fact: Reached) -> int:
        """What the prompt's part of a line earned, less what came back of it."""
        bought = fact.quantity
        mine = bought
        if fact.item_id is not None:
            mine = allotted(impression.reached, fact.item_id).get(fact.order_id, 0)
        if not mine:
            return 0
        kept = bought - min(bought, impression.returned(fact.order_id, fact.item_id))
        sealed = self._sealed(impression, fact)
        whole = self._line_minor(fact, sealed) * mine * kept
        return self._ours(whole, fact.currency or sealed.currency) // (bought * bought)

    def _line_minor(self, fact: Reached, sealed: "_Sealed") -> int:
        """What the whole line earns, in units of its currency, if all of it is kept."""
        bought, told = fact.quantity, fact.value_minor or 0
        if fact.untold is None:
            untold = Untold.of_sums(bought, fact.value_minor, fact.margin_minor)
        else:
            untold = Untold(*fact.untold)
        margin = fact.margin_minor or 0
        if untold.open:
            beside = sealed if untold.open == bought else sealed._replace(promised_minor=0)
            margin += self._open_minor(untold, beside)  # a margin that is told is net of it
        return margin - self._return_cost(_paid(sealed, bought, untold.unpriced, told))

    def _open_minor(self, untold: Untold, sealed: "_Sealed") -> int:
        """What those pieces of a line earn together whose margin the order does not tell."""
        paid = _paid(sealed, untold.open, untold.open_unpriced, untold.open_value_minor)
        full, discount = sealed.price_minor(untold.open), 0
        if full is not None:
            discount = max(sealed.promised_minor, full - paid)
        if (margin := sealed.margin_minor(untold.open)) is not None:
            return margin - discount
        if sealed.promised_minor and full is not None:
            return self._margin(full) - discount
        return self._margin(paid)

    def _margin(self, value_minor: int) -> int:
        return value_minor * self.margin_micro // MICRO

    def _return_cost(self, value_minor: int) -> int:
        return value_minor * self.return_micro // MICRO

    def _ours(self, minor: int, currency: str | None) -> int:
        """In minor units of ours; 0 where there are rates, and none for this currency."""
        if not self.rates:
            return minor
        rate = None if currency is None else self.rates.get(currency)
        return 0 if rate is None else minor * rate.numerator // rate.denominator

    def _sealed(self, impression: Impression, fact: Reached) -> "_Sealed":
        """What the receipt says of a sale's item, in the currency of the sale."""
        receipt = impression.receipt
        if not receipt.worths or fact.item_id not in receipt.items:
            return NOTHING_SEALED
        worth = receipt.worths[receipt.items.index(fact.item_id)]
        if worth.currency is None or fact.currency in (None, worth.currency):
            return _Sealed(worth, worth.currency, worth.discount_minor)
        theirs, ours = self.rates.get(worth.currency), self.rates.get(fact.currency or "")
        if theirs is None or ours is None:
            return NOTHING_SEALED
        rate = theirs / ours
        return _Sealed(worth, fact.currency, _at(rate, worth.discount_minor), rate)


class _Sealed(NamedTuple):
    """What was sealed of an item, as money of the sale's currency: converted line by line."""

    worth: ItemWorth
    currency: str | None = None
    promised_minor: int = 0
    """The discount that the prompt promised, as far as it is not taken off yet."""
    rate: Fraction | None = None
    """What one minor unit is worth there; None: it is the same currency."""

    def price_minor(self, pieces: int) -> int | None:
        """The price of so many."""
        return self._there(self.worth.price_minor, pieces)

    def margin_minor(self, pieces: int) -> int | None:
        """What so many earn."""
        return self._there(self.worth.margin_minor, pieces)

    def _there(self, minor: int | None, pieces: int) -> int | None:
        if minor is None:
            return None
        return minor * pieces if self.rate is None else _at(self.rate, minor * pieces)


NOTHING_SEALED = _Sealed(ItemWorth())


def _paid(sealed: _Sealed, pieces: int, unpriced: int, told_minor: int) -> int:
    """What pieces cost: as is told; those without a price as sealed, less what else was promised.

    What those with a price cost less than is sealed, was told of the promise.
    """
    if not unpriced:
        return told_minor
    told_of = max(0, (sealed.price_minor(pieces - unpriced) or 0) - told_minor)
    left = max(0, sealed.promised_minor - told_of)
    return told_minor + max(0, (sealed.price_minor(unpriced) or 0) - left)


def _at(rate: Fraction, minor: int) -> int:
    """An amount in another currency, in whole minor units, rounded down."""
    return minor * rate.numerator // rate.denominator
