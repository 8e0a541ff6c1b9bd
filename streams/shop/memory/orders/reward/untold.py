"""What an order does not tell of an item's pieces, though it tells it of others.

Lines of one item are added up. Where one has a price or a margin and another has none, the sums are
of those that tell, and beside them it is kept how many do not: so each line earns what it says
itself, and what it does not say is taken from elsewhere for its own pieces alone.

```
case x 1   20.00, margin 9.00
case x 1   10.00                    value 30.00, margin 9.00; of one piece, at 10.00, no margin
```

It is kept only of such lines. Of all others the sums tell it: they are of all pieces, or of none.
"""

from typing import NamedTuple

from models.snapshot.elements import each
from streams.contract.events import OrderLine

Counts = tuple[int, int, int, int]
"""The same as a plain tuple, as facts have it."""


class Untold(NamedTuple):
    """Of how many pieces what is not told."""

    unpriced: int
    """Those without a price."""
    open: int
    """Those without a margin;"""
    open_unpriced: int
    """of these those that have no price either,"""
    open_value_minor: int
    """and what the others of these cost together, in minor units."""

    @classmethod
    def of_line(cls, line: OrderLine) -> "Untold":
        """Of one line.

        >>> Untold.of_line(OrderLine(item_id="case", quantity=2, price_minor=500))
        Untold(unpriced=0, open=2, open_unpriced=0, open_value_minor=1000)
        """
        cost = None if line.price_minor is None else line.price_minor * line.quantity
        return cls.of_sums(line.quantity, cost, line.margin_minor)

    @classmethod
    def of_sums(cls, quantity: int, value_minor: int | None, margin_minor: int | None) -> "Untold":
        """Where prices are told of all pieces or of none, and so are margins.

        >>> Untold.of_sums(3, None, None)
        Untold(unpriced=3, open=3, open_unpriced=3, open_value_minor=0)
        """
        unpriced = quantity if value_minor is None else 0
        if margin_minor is not None:
            return cls(unpriced, 0, 0, 0)
        return cls(unpriced, quantity, unpriced, value_minor or 0)

    def more(self, other: "Untold") -> "Untold":
        """Of both lines together."""
        return Untold(*(one + two for one, two in zip(self, other, strict=True)))


def counts_of(said: object, quantity: int, most: int) -> Counts:
    """What JSON has of so many pieces; raises `TypeError` or `ValueError` when it is nothing such.

    >>> counts_of([1, 1, 0, 1000], 2, most=10**6)
    (1, 1, 0, 1000)
    """
    if not isinstance(said, list | tuple):
        raise TypeError("these are no counts of what is not told")
    unpriced, of_no_margin, neither, value_minor = each(int, said, 0, most)
    if max(unpriced, of_no_margin) > quantity or neither > min(unpriced, of_no_margin):
        raise ValueError("more is not told than there are pieces")
    return unpriced, of_no_margin, neither, value_minor
