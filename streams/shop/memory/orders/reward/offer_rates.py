"""How often what is offered is sold and kept, and how often prompts of so many items are dismissed.

```
sales          an item's offer is a trial     arm and fit  x  context and rank      kept share
dismissals     a prompt is a trial            items        x  context and arm       0 or 1
```

Both are records of trials and rewards as the policy keeps them (`models.bandit.thompson`), and are
read as it reads its own: shrunk to what is known of other ranks, contexts and arms, faded, and
discounted for changepoints.

It is the cascade's question, how far down a list it is worth to go, asked by rank: the chance of an
item depends on its place as well as on what speaks for it (the position-based model; N. Craswell
and others, "An Experimental Comparison of Click Position-Bias Models", WSDM 2008).

An item that was offered for what is known of its pair (`best_worth`) is a trial of that instead
(`streams.shop.memory.orders.reward.pair_offers`); and who is shown nothing that is needed sends it
away more often, so the context of its dismissals has the octave of the best chance.

What is told of a prompt is a function of its facts, so it does not depend on their order.
"""

from collections.abc import Sequence
from math import log2, sqrt
from typing import Any, NamedTuple

from models import ThompsonSampling
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import MICRO, ItemWorth
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.net_reward import NetReward
from streams.shop.memory.orders.reward.pair_offers import SALE_MEAN, PairOffers

DISMISSAL_MEAN = 0.05
"""What is expected before anything is known."""
OCTAVES = 8
NEIGHBOURS_STRENGTH = 30.0
"""Trials that the record of a cell's neighbours is worth, at most: as the policy has it."""


class OfferRate(NamedTuple):
    """A share of trials."""

    mean: float
    trials: float
    """How many it rests on, faded; those of its neighbours count for `NEIGHBOURS_STRENGTH`."""

    def hopeful(self, deviations: float) -> float:
        """So many standard deviations above the mean: what is little known is worth a try."""
        spread = self.mean * (1.0 - self.mean) / (self.trials + NEIGHBOURS_STRENGTH + 1.0)
        return min(1.0, self.mean + deviations * sqrt(spread))


def annoying(chances: Sequence[float]) -> str:
    """The octave of the best chance of a prompt: 0 is more than half, 7 nearly none.

    >>> annoying([0.3, 0.9]), annoying([0.125, 0.1]), annoying([0.0])
    ('0', '2', '7')
    """
    best = max(chances)
    return str(OCTAVES - 1 if best < 2.0**-OCTAVES else min(OCTAVES - 1, int(-log2(best) - 1e-9)))


class OfferRates:
    """Learns the two rates; `version` tells whether they may have changed."""

    def __init__(self, settings: Settings) -> None:
        self.terms = NetReward.of(settings)
        self.version = 0
        self.sales, self.dismissals = (
            ThompsonSampling(
                half_life_s=settings.arm_half_life_s,
                settle_s=settings.purchase_window_s,
                cell_strength=NEIGHBOURS_STRENGTH,
                prior_mean=mean,
            )
            for mean in (SALE_MEAN, DISMISSAL_MEAN)
        )
        self.pairs = PairOffers(settings.pair_half_life_s) if settings.best_worth else None

    def parts(self) -> dict[str, Any]:
        """What of the shop's state it is."""
        parts = {"offer_sales": self.sales, "offer_dismissals": self.dismissals}
        return parts if self.pairs is None else {**parts, "offer_pairs": self.pairs}

    def sale(self, arm: str, context: str, fit: int, rank: int) -> OfferRate:
        """How much of what is offered at a rank, from 0 on, is sold and kept."""
        return OfferRate(*self.sales.estimate(f"{arm}/{fit}", f"{context}/{rank}"))

    def dismissal(self, arm: str, context: str, items: int) -> OfferRate:
        """How many prompts of so many items are dismissed."""
        return OfferRate(*self.dismissals.estimate(str(items), f"{context}/{arm}"))

    def begin(self, impression: Impression) -> None:
        """A prompt was shown: a trial of each of its items, and of their number."""
        self.version += 1
        receipt = impression.receipt
        asked_s = receipt.prompted_at_ms / 1000
        for rank, worth in enumerate(receipt.worths):
            if worth.pair:
                if self.pairs is not None:
                    self.pairs.expose(worth.pair, worth.fit, rank, time_s=asked_s)
                continue
            arm, context = f"{receipt.arm}/{worth.fit}", f"{receipt.context}/{rank}"
            self.sales.expose(arm, context, time_s=asked_s)
        if receipt.worths:
            context = _annoyance(impression)
            self.dismissals.expose(str(len(receipt.items)), context, time_s=asked_s)

    def earned(self, impression: Impression) -> tuple[float, ...]:
        """What each of its items has earned, and whether it was dismissed."""
        receipt = impression.receipt
        sold = [
            self.terms.kept_share(impression, item)
            for item, _ in zip(receipt.items, receipt.worths, strict=False)
        ]
        return (*sold, float(impression.has("dismissed"))) if sold else ()

    def change(
        self, impression: Impression, before: tuple[float, ...], after: tuple[float, ...]
    ) -> None:
        """Take back what was told before, and tell what it is now."""
        receipt = impression.receipt
        asked_s = receipt.prompted_at_ms / 1000
        for rank, worth in enumerate(receipt.worths):
            if before[rank] != after[rank] and worth.pair:
                self._sold(worth, before[rank], after[rank], asked_s)
            elif before[rank] != after[rank]:
                arm, context = f"{receipt.arm}/{worth.fit}", f"{receipt.context}/{rank}"
                self.sales.reward(arm, context, -before[rank], time_s=asked_s)
                self.sales.reward(arm, context, after[rank], time_s=asked_s)
                self.version += 1
        if after and before[-1] != after[-1]:
            items, context = str(len(receipt.items)), _annoyance(impression)
            self.dismissals.reward(items, context, after[-1] - before[-1], time_s=asked_s)
            self.version += 1

    def _sold(self, worth: ItemWorth, before: float, after: float, asked_s: float) -> None:
        """So much of an item that was judged by its pair was sold and kept, and is now.

        What was told is taken back as it was told: the weight of a difference is rounded, and
        would leave a rest that depends on the order of the steps.
        """
        if self.pairs is not None:
            self.pairs.reward(worth.pair, worth.fit, -before, time_s=asked_s)
            self.pairs.reward(worth.pair, worth.fit, after, time_s=asked_s)
            self.version += 1


def _annoyance(impression: Impression) -> str:
    """The context of a prompt's dismissal: where, by which arm, and how little it promised."""
    receipt = impression.receipt
    context = f"{receipt.context}/{receipt.arm}"
    if not receipt.worths[0].pair:
        return context
    return f"{context}/{annoying([worth.chance_micro / MICRO for worth in receipt.worths])}"
