"""What a receipt says of what was on offer: the arms by then, and what each item was worth.

The fold knows no catalogue. So what the catalogue said of an item when it was offered is sealed
with the prompt, and what is earned later is counted by that, however the catalogue changes.
"""

from collections.abc import Iterable
from sys import intern
from typing import Any, NamedTuple

NUMBER = (float, int)
VECTOR: tuple[Any, ...] = (str, NUMBER, NUMBER)
"""The types of what is said of each arm: its name, propensity and estimate."""
MINOR_MAX = 10**15
"""No price and no margin is larger, in minor units."""
FIT_MAX = 63
PAIR_MAX = 2**53
"""Whole numbers up to here are the same in every JSON reader."""
MICRO = 1_000_000


class ItemWorth(NamedTuple):
    """Of one offered item; None: nothing was known."""

    margin_minor: int | None = None
    """What one of them earns: price less cost, in minor units; below 0 where it loses."""
    price_minor: int | None = None
    """Its price, when it was offered."""
    currency: str | None = None
    """ISO 4217 code, of both."""
    fit: int = 0
    """How much spoke for it, in classes: see `streams.shop.decision.policy.item_values`."""
    discount_minor: int = 0
    """What the prompt promised to take off the price, once, however many are bought."""
    pair: int = 0
    """A hash of the item and of what spoke for it; 0: it is not judged by pair."""
    chance_micro: int = 0
    """How probably it was expected to be taken at its place, in millionths."""

    def kept(self) -> tuple[Any, ...]:
        """As plain values, without what few say: receipts of all others are as they ever were."""
        return tuple(self) if self.pair else tuple(self[: 5 if self.discount_minor else 4])


LENGTHS = frozenset({4, 5, len(ItemWorth._fields)})
"""How many values there may be of one item: see `kept`."""
MOST = (FIT_MAX, MINOR_MAX, PAIR_MAX, MICRO)
"""Of the fields behind the currency, none of which is below 0."""


def vector_of(fields: list[Any]) -> tuple[tuple[Any, ...], ...]:
    """Arms, propensities and estimates, if there are any; raises `ValueError` for other fields.

    >>> vector_of([["popular"], [1.0], [0.05]])
    (('popular',), (1.0,), (0.05,))
    """
    if not fields:
        return ()
    if not all(isinstance(each, list | tuple) for each in fields) or len({*map(len, fields)}) > 1:
        raise ValueError("these are not the arms of a receipt")
    for kind, each in zip(VECTOR, fields, strict=True):
        if not all(isinstance(one, kind) for one in each):
            raise ValueError("these are not the arms of a receipt")
    arms, *numbers = fields
    return tuple(map(intern, arms)), *map(tuple, numbers)


def worths_of(fields: Any, items: int) -> tuple[ItemWorth, ...]:
    """The worths that JSON has of so many items; raises `ValueError` when they are none.

    >>> worths_of([[120, 399, "EUR", 2]], items=1) == (ItemWorth(120, 399, "EUR", 2),)
    True
    """
    if not isinstance(fields, list | tuple) or len(fields) != items or not all(map(_sound, fields)):
        raise ValueError("these are not the worths of a receipt")
    return tuple(ItemWorth(*each) for each in fields)


def plain(worths: Iterable[ItemWorth]) -> tuple[tuple[Any, ...], ...]:
    """The same as plain values."""
    return tuple([worth.kept() for worth in worths])


def _sound(fields: Any) -> bool:
    if not isinstance(fields, list | tuple) or len(fields) not in LENGTHS:
        return False
    margin, price, currency, *counts = fields
    amounts = [amount for amount in (margin, price) if amount is not None]
    return (
        all(type(amount) is int and abs(amount) <= MINOR_MAX for amount in amounts)
        and (currency is None or isinstance(currency, str))
        and all(
            type(count) is int and 0 <= count <= most
            for count, most in zip(counts, MOST, strict=False)
        )
    )
