"""Pieces: whole numbers of what was sold, at prices that add up to what it cost, exactly.

The contract counts whole pieces, each at a price in whole minor units. What a line cost in all need
not divide by its pieces: then some of them cost one minor unit more than the others.

```
3 for 10.00      1 x 3.34 and 2 x 3.33
0.5 for 10.00    1 x 10.00
2.5 for 25.00    1 x 8.34 and 2 x 8.33
1000 for 4.90    490 x 0.01 and 510 x 0.00
```
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import ceil
from typing import Any, NamedTuple

from streams.contract.events.fields import PRICE_MINOR_MAX, QUANTITY_MAX
from streams.storefront.intake.values.money import rounded, written


class Sold(NamedTuple):
    """So much of an item, as it was said: 2.5 of it, perhaps."""

    quantity: Decimal
    total_minor: int | None = None
    """What all of it cost; None: nobody says."""


class Pieces(NamedTuple):
    """So many of an item at one price."""

    quantity: int
    price_minor: int | None


def quantity_of(said: Any) -> Decimal | None:
    """How many, or how much; 1 where nobody says. None: none, or too many.

    >>> quantity_of(None), quantity_of("2"), quantity_of("2,00"), quantity_of(0.5)
    (Decimal('1'), Decimal('2'), Decimal('2.00'), Decimal('0.5'))
    >>> quantity_of(0), quantity_of("1,000"), quantity_of(1e99)
    (None, None, None)
    """
    if said is None or said == "":
        return Decimal(1)
    exact = written(said)
    return exact if exact is not None and 0 < exact <= QUANTITY_MAX else None


def whole(quantity: Decimal) -> int:
    """How many pieces that is: a part of one is one.

    >>> whole(Decimal(2)), whole(Decimal("0.5")), whole(Decimal("2.5"))
    (2, 1, 3)
    """
    return ceil(quantity)


def pieces(sold: Sequence[Sold]) -> list[Pieces]:
    """All that was sold of an item as one number of pieces, those with a price first.

    Parts are added up before they are made whole. So however all of it comes back, in one return or
    in several, that is as many pieces as were sold, and no fewer.

    >>> pieces([Sold(Decimal("0.5"), 1000), Sold(Decimal("0.5"), 1001)])
    [Pieces(quantity=1, price_minor=2001)]
    >>> pieces([Sold(Decimal("1.5")), Sold(Decimal("1.5"), 1000)])
    [Pieces(quantity=2, price_minor=500), Pieces(quantity=1, price_minor=None)]
    """
    priced = [one for one in sold if one.total_minor is not None]
    many = whole(_quantity(priced))
    shared = _shared(sum(one.total_minor or 0 for one in priced), many) if many else []
    if rest := whole(_quantity(sold)) - many:
        shared.append(Pieces(rest, None))
    return shared


def fits(sold: Sequence[Sold]) -> bool:
    """Whether so much of an item may be told as one."""
    return whole(_quantity(sold)) <= QUANTITY_MAX


def line_total(
    told: Decimal | None, each: Decimal | None, quantity: Decimal, discounts: Iterable[Decimal]
) -> int | None:
    """What a line cost in all: as told, else by its price and less its discounts; None: unknown.

    >>> line_total(None, Decimal("5"), Decimal(300), [Decimal(100)])
    1400
    >>> line_total(Decimal(1000), Decimal("333"), Decimal(3), [])
    1000
    """
    if told is None and each is not None:
        told = max(each * quantity - sum(discounts), Decimal(0))
    if told is None or told > PRICE_MINOR_MAX * whole(quantity):
        return None
    return rounded(told)


def added(fields: dict[str, Any], sold: Sold) -> dict[str, Any]:
    """The fields of an add: of parts, which are told as pieces, the price is that of a piece.

    >>> added({"quantity": 1, "price_minor": 2000}, Sold(Decimal("0.5"), 1000))
    {'quantity': 1, 'price_minor': 1000}
    """
    if sold.total_minor is None or "price_minor" not in fields or not sold.quantity % 1:
        return fields
    return fields | {"price_minor": rounded(Decimal(sold.total_minor) / whole(sold.quantity))}


def _quantity(sold: Iterable[Sold]) -> Decimal:
    return sum((one.quantity for one in sold), Decimal(0))


def _shared(total_minor: int, many: int) -> list[Pieces]:
    """So many pieces that cost so much in all, at one price, or at two that are next to each other.

    >>> [tuple(one) for one in _shared(1000, 3)], [tuple(one) for one in _shared(1000, 2)]
    ([(1, 334), (2, 333)], [(2, 500)])
    """
    price, dearer = divmod(total_minor, many)
    some = [Pieces(dearer, price + 1)] if dearer else []
    return [*some, Pieces(many - dearer, price)]
