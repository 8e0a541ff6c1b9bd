"""What a prompt has earned: a function of the stages that it reached, in whatever order they came.

See `streams.shop.memory.attribution` for the rules.
"""

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from streams.shop.memory.orders.impression import Impression, Reached

Step = tuple[int, float]
"""When, in ms since 1970, and what was earned then in addition: above 0."""


class Worth(NamedTuple):
    """What a prompt has earned by a stage, in all."""

    clicked: float
    added: float
    bought: float


def earnings(impression: Impression, worth: Worth) -> list[Step]:
    """What was earned when, in order; the sum is in [0, 1] where each worth is."""
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
