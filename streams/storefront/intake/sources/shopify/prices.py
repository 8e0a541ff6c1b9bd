"""Prices of Shopify's lines: what is paid for a piece, where discounts are of a line as a whole.

What is reckoned here is a number and no text: of a text `1.125` nobody can tell what its point is.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from streams.storefront.intake.values.looking import number


def unit_price(price: Any, quantity: Any, discounts: Iterable[Any]) -> Any:
    """The price of a piece after the discounts of its line; as said, where that cannot be told.

    >>> unit_price("249.90", 2, ["49.90"]), unit_price("249.90", 2, []), unit_price("free", 1, [1])
    (Decimal('224.95'), '249.90', 'free')
    """
    each, many = number(price), number(quantity)
    off = sum(filter(None, map(number, discounts)), Decimal(0))
    if each is None or many is None or many <= 0 or off <= 0:
        return price
    return max(each - off / many, Decimal(0))


def unit_price_of(whole: Any, quantity: Any) -> Decimal | None:
    """The price of a piece by that of the whole line; None: it cannot be told.

    >>> unit_price_of(19.5, 2), unit_price_of(None, 2), unit_price_of(5, 0)
    (Decimal('9.75'), None, None)
    """
    all_of_it, many = number(whole), number(quantity)
    if all_of_it is None or many is None or many <= 0:
        return None
    return all_of_it / many
