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
FIELDS_BEFORE = 4
"""Of a worth that says nothing of its pair: as all receipts did before."""


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
    pair: int = 0
    """A hash of the item and of what spoke for it; 0: it is not judged by pair."""
    chance_micro: int = 0
    """How probably it was expected to be taken at its place, in millionths."""


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
    return tuple([tuple(one) if one.pair else tuple(one[:FIELDS_BEFORE]) for one in worths])


def _sound(fields: Any) -> bool:
    if not isinstance(fields, list | tuple) or len(fields) not in (
        FIELDS_BEFORE,
        len(ItemWorth._fields),
    ):
        return False
    margin, price, currency, fit, *judged = fields
    amounts = [amount for amount in (margin, price) if amount is not None]
    return (
        all(type(amount) is int and abs(amount) <= MINOR_MAX for amount in amounts)
        and (currency is None or isinstance(currency, str))
        and type(fit) is int
        and 0 <= fit <= FIT_MAX
        and all(
            type(said) is int and 0 <= said <= most
            for said, most in zip(judged, (PAIR_MAX, MICRO), strict=False)
        )
    )
