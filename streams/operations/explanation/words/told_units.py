"""What an event brought to units of the experiment, in words: its side, orders, what came back."""

from typing import Any

from streams.cli.printable import many, printable
from streams.contract.published.outcomes import Assigned, Ordered, Returned, UnitOutcome

NOBODYS = (
    "read, unless its order_id was before; no prompt of this session was credited by it, and it is "
    "of no unit: told before, or no experiment ran, or its session had not asked, or too late, and "
    "the order names no visitor or consenting shopper"
)
"""Of an order of which nothing was published."""


def of_unit_in_words(told: UnitOutcome) -> str:
    r"""What was published, in a line.

    >>> from streams.contract.schemas.examples import ORDERED, RETURNED, UNMATCHED
    >>> print(*map(of_unit_in_words, (ORDERED, RETURNED, UNMATCHED)), sep="\n")
    ordered: order order-3 of 3 pieces, 887 minor units of EUR, counts for its unit
    returned: 1 piece of order order-3, 249 minor units of EUR
    unmatched: 1 piece of order order-2, 249 minor units of EUR; who knows the order takes it off
    """
    if isinstance(told, Assigned):
        side = "held out, no prompts" if told.holdout else "may get prompts"
        return f"assigned to experiment {printable(told.experiment, 60)}: {side}"
    order, money = printable(told.order_id, 60), _money(told.value_minor, told.currency)
    pieces = many(abs(told.quantity), "pieces") if told.lines else "all"
    if isinstance(told, Ordered):
        counts = "counts for its unit"
        if told.known_by is not None:
            counts = f"counts if its {told.known_by} had been assigned by then, elsewhere"
        return f"ordered: order {order} of {pieces}{money}, {counts}"
    if isinstance(told, Returned):
        return f"returned: {pieces} of order {order}{money}"
    return f"unmatched: {pieces} of order {order}{money}; who knows the order takes it off"


def as_values(told: UnitOutcome) -> dict[str, Any]:
    """The same for programs."""
    names = {"type", "experiment", "holdout", "order_id", "quantity", "value_minor", "currency"}
    return told.model_dump(mode="json", include={*names, "known_by"}, exclude_none=True)


def _money(value_minor: int | None, currency: str | None) -> str:
    if value_minor is None:
        return ""
    of = printable(currency, 10) if currency else "no currency that was told"
    return f", {abs(value_minor):,} minor units of {of}"
