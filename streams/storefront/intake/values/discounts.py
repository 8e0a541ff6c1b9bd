"""Discounts of a whole order: what is taken off its lines, shared by what they cost.

Some sources tell a discount beside the lines, some have it in their prices already, and some do
either. So where a total is told it decides: what the lines cost, or that less the discount. Totals
may hold carriage and tax, which are looked at as well.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from streams.storefront.intake.values.looking import first
from streams.storefront.intake.values.money import minor_units, without_minus
from streams.storefront.intake.values.pieces import Sold


class Discount(NamedTuple):
    """What a source says of an order beside its lines: amounts as they were sent."""

    amount: Any = None
    """The discount of the whole order, whatever its sign."""
    totals: Sequence[Any] = ()
    """What the order cost in all, in each of the source's words."""
    carriage: Any = None
    tax: Any = None


NO_DISCOUNT = Discount()


def discount_of(said: Any, amount: str, totals: Sequence[str], carriage: str, tax: str) -> Discount:
    """What stands under these names."""
    told = [first(said, name) for name in totals]
    return Discount(first(said, amount), told, first(said, carriage), first(said, tax))


def taken_off(told: Discount, lines_minor: int, code: str) -> int:
    """What of a discount is still to be taken off lines that cost so much, in minor units.

    It is in their prices already where a total says so, and none says otherwise.

    >>> taken_off(Discount(5, [25]), 3000, "EUR"), taken_off(Discount(5, [30]), 3000, "EUR")
    (500, 0)
    >>> taken_off(Discount(5, [31], carriage=4, tax=2), 3000, "EUR")
    500
    """
    off = minor_units(without_minus(told.amount), code) or 0
    carriage, tax = (minor_units(one, code) or 0 for one in (told.carriage, told.tax))
    totals = [one for one in (minor_units(one, code) for one in told.totals) if one is not None]
    nets = {total - more for total in totals for more in (0, carriage, tax, carriage + tax)}
    return 0 if lines_minor in nets and lines_minor - off not in nets else off


def discounted(sold: Sequence[Sold], told: Discount, code: str | None) -> list[Sold]:
    """The same less all discounts of the whole: what is told, and lines below 0, as vouchers are.

    >>> from decimal import Decimal
    >>> ten, off = Sold(Decimal(1), 1000), Sold(Decimal(1), -250)
    >>> [one.total_minor for one in discounted([ten, off, ten], Discount(5), "EUR")]
    [625, -250, 625]
    """
    totals = [one.total_minor or 0 for one in sold]
    vouchers = -sum(min(0, total) for total in totals)
    whole = sum(totals) + vouchers
    off = vouchers + (taken_off(told, whole - vouchers, code) if code else 0)
    paid = lessened([max(0, total) for total in totals], off)
    return [
        one if (one.total_minor or 0) <= 0 else one._replace(total_minor=minor)
        for one, minor in zip(sold, paid, strict=True)
    ]


def lessened(totals: Sequence[int], off: int) -> list[int]:
    """What lines cost less a discount of all of them, which each has by its share of the whole.

    To the minor unit: they cost just that in all, and none costs less than nothing, nor more than
    before.

    >>> lessened([1000, 0, 2000], 500), lessened([1, 1, 1], 2), lessened([100], 200)
    ([833, 0, 1667], [0, 0, 1], [0])
    """
    whole = sum(totals)
    left, before, shared = max(whole - off, 0), 0, []
    for total in totals:
        shared.append((before + total) * left // whole - before * left // whole if total else 0)
        before += total
    return shared
