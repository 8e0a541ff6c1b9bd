"""Discounts of a whole order: what is taken off its lines, shared by what they cost.

Some sources tell a discount beside the lines, some have it in their prices already, and some do
either. So where a total is told it decides: what the lines cost, or that less the discount. Totals
may hold carriage and tax, which are looked at as well.
"""

from collections.abc import Sequence
from decimal import Decimal
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
NOTHING = Decimal(0)


def discount_of(said: Any, amount: str, totals: Sequence[str], carriage: str, tax: str) -> Discount:
    """What stands under these names."""
    told = [first(said, name) for name in totals]
    return Discount(first(said, amount), told, first(said, carriage), first(said, tax))


def taken_off(told: Discount, lines_minor: int, code: str, quantity: Decimal = NOTHING) -> int:
    """What of a discount is still to be taken off lines that cost so much, in minor units.

    It is in their prices already where a total says so, and none says otherwise. A total as it was
    sent comes before the same less carriage or tax; one that is met to the minor unit before one
    that prices rounded by the piece (`quantity` of them) may miss.

    >>> taken_off(Discount(5, [25]), 3000, "EUR"), taken_off(Discount(5, [30]), 3000, "EUR")
    (500, 0)
    >>> taken_off(Discount(5, [31], carriage=4, tax=2), 3000, "EUR")
    500
    >>> taken_off(Discount(5, [25]), 2499, "EUR", quantity=Decimal(3))
    0
    """
    off = minor_units(without_minus(told.amount), code) or 0
    carriage, tax = (minor_units(one, code) or 0 for one in (told.carriage, told.tax))
    totals = [one for one in (minor_units(one, code) for one in told.totals) if one is not None]
    nets = [total - more for total in totals for more in (carriage, tax, carriage + tax)]
    for slack in (NOTHING, quantity / 2):
        for said in (totals, nets):
            if (has_it := _have_it(said, lines_minor, off, slack)) is not None:
                return 0 if has_it else off
    return off


def _have_it(totals: Sequence[int], lines_minor: int, off: int, slack: Decimal) -> bool | None:
    """Whether totals say, within so many minor units, that prices have a discount; None: neither.

    Each says what it is nearer to: what lines cost, or that less the discount.
    """
    missed = [(abs(total - lines_minor), abs(total - lines_minor + off)) for total in totals]
    near = [(with_it, less_it) for with_it, less_it in missed if min(with_it, less_it) <= slack]
    return all(with_it < less_it for with_it, less_it in near) if near else None


def discounted(sold: Sequence[Sold], told: Discount, code: str | None) -> list[Sold]:
    """The same less all discounts of the whole: what is told, and lines below 0, as vouchers are.

    >>> ten, off = Sold(Decimal(1), 1000), Sold(Decimal(1), -250)
    >>> [one.total_minor for one in discounted([ten, off, ten], Discount(5), "EUR")]
    [625, -250, 625]
    """
    totals = [one.total_minor or 0 for one in sold]
    vouchers = -sum(min(0, total) for total in totals)
    whole = sum(totals) + vouchers
    many = sum((one.quantity for one in sold if one.total_minor is not None), NOTHING)
    off = vouchers + (taken_off(told, whole - vouchers, code, many) if code else 0)
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
