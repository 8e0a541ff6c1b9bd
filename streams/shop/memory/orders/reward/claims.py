"""Which prompt sold what of an order's line, where several had brought it: no piece is sold twice.

```
butter x 1 added from p1, butter x 1 from p2      both are held
order: butter x 1                                 p2's, whose add was later; p1 may claim none
order: butter x 1, again                          p1's
```

The prompt with the latest add sells first, as the latest adds are taken back first; what it leaves
is the next one's. That is judged when an order is credited, and again when an add is told late. It
is kept in the facts of the sale (`claim`), and judged by what their own partition tells: so every
worker judges alike. A line that one prompt alone sold needs no claim, and the claims of one line
are never more than the line.
"""

from collections.abc import Mapping, Sequence

from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.order import Order
from streams.shop.memory.orders.reward.allotment import allotted
from streams.shop.memory.orders.reward.earnings import Rewards
from streams.shop.memory.orders.reward.reached import Reached

ClaimOf = tuple[str, str]
"""A prompt and an item."""


class PieceClaims:
    """Shares the lines of orders among the prompts that sold them, where these earn money."""

    def __init__(self, rewards: Rewards) -> None:
        self._rewards = rewards

    def of(
        self, order: Order, sellers: Mapping[str, Sequence[Impression]]
    ) -> dict[ClaimOf, int | None]:
        """How much of each item prompts may claim that sell it now; None: all there is of it.

        What others have sold of it by now they keep, and no more than that.
        """
        found: dict[ClaimOf, int | None] = {}
        if not self._rewards.in_money:
            return found
        for item_id, those in sellers.items():
            others = self._hold(order, item_id, those)
            left = order.lines[item_id].quantity - sum(others)
            if len(those) == 1:
                alone = those[0].receipt.prompt_id, item_id
                found[alone] = left if others else None
                continue
            ranked = sorted(those, key=lambda one: (_latest_ms(one, order, item_id), one.prompted))
            for one in ranked[::-1]:
                more = min(left, _would_sell(one, order, item_id))
                found[one.receipt.prompt_id, item_id], left = more, left - more
            if ranked:  # what nobody has brought is the first one's, should more be told
                first = ranked[-1].receipt.prompt_id, item_id
                found[first] = (found[first] or 0) + left
        return found

    def after_late_add(
        self, impression: Impression, item_id: str, orders: Sequence[Order]
    ) -> Sequence[Reached]:
        """Its facts, where it may claim more of what it sold: more had been added than was told."""
        reached: Sequence[Reached] = impression.reached
        if not self._rewards.in_money:
            return reached
        for order in orders:
            if _sale(impression, order, item_id) is not None:
                others = self._hold(order, item_id, [impression])
                left = order.lines[item_id].quantity - sum(others)
                reached = _claiming(reached, order, item_id, left if others else None)
        return reached

    def _hold(self, order: Order, item_id: str, beside: Sequence[Impression]) -> list[int]:
        """What each of the others has sold of a line: it may claim this, and no more."""
        mine, held = {one.receipt.prompt_id for one in beside}, []
        for prompt_id, other in order.credited.items():
            sale = _sale(other, order, item_id)
            if prompt_id in mine or sale is None:
                continue
            held.append(allotted(other.own().reached, item_id).get(order.order_id, 0))
            if sale.claim != held[-1]:
                reached = _claiming(other.reached, order, item_id, held[-1])
                self._rewards.change(other, reached)
        return held


def _sale(impression: Impression, order: Order, item_id: str) -> Reached | None:
    sales = (one for one in impression.of("bought", item_id) if one.order_id == order.order_id)
    return next(sales, None)


def _claiming(
    reached: Sequence[Reached], order: Order, item_id: str, claim: int | None
) -> list[Reached]:
    """The same facts, with this claim to what an order had of an item."""
    sold = "bought", order.order_id, item_id
    return [one._replace(claim=claim) if (one.stage, *one.of) == sold else one for one in reached]


def _latest_ms(impression: Impression, order: Order, item_id: str) -> int:
    """When the latest of what an order finds was added from a prompt."""
    adds = (one.at_ms for one in impression.of("added", item_id) if one.at_ms <= order.at_ms)
    return max(adds, default=0)


def _would_sell(impression: Impression, order: Order, item_id: str) -> int:
    """How many pieces of a line are a prompt's, if it may claim all of it."""
    sale = Reached("bought", "", order.at_ms, 0.0, item_id, order.lines[item_id].quantity)
    sale = sale._replace(order_id=order.order_id)
    return allotted([*impression.own().reached, sale], item_id).get(order.order_id, 0)
