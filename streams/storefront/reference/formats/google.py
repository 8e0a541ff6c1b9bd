"""A feed of Google Merchant Center, as text with tabs or commas: a row an item.

Names of columns with spaces or underscores, as both are in use. See
https://support.google.com/merchants/answer/7052112
"""

from collections.abc import Iterable, Iterator

from streams.storefront.reference.formats.drafts import (
    Draft,
    FileRow,
    Format,
    Options,
    Problem,
    addresses,
    category,
    money,
    title,
    truth,
)
from streams.storefront.reference.formats.sales import lower, on_sale

THERE = frozenset({"", "in_stock", "preorder", "backorder", "available_for_order"})
GONE = frozenset({"out_of_stock", "discontinued"})


def read(rows: Iterable[FileRow], options: Options) -> Iterator[Draft | Problem]:
    """A draft of each item; a sale price is the price while it holds."""
    for row in rows:
        item_id = row.cell(options.id_column or "id")
        group = row.cell("item_group_id", "item group id")
        try:
            price, currency, is_dearer = _price(row, options)
            cost = row.cell("cost_of_goods_sold", "cost of goods sold")
            fields = money(price, _in(currency, "cost", cost) if price else "", currency)
            fields["in_stock"] = _in_stock(row)
            adult = truth(row, "adult", otherwise=False)
            fields |= title(row.cell("title"), options)
        except ValueError as error:
            yield Problem(row.line, str(error))
            continue
        fields |= category(row.cell("product_type", "product type", "google_product_category"))
        fields |= addresses(row.cell("image_link", "image link"), row.cell("link"))
        if adult:
            fields["restricted"] = "age"
        yield Draft(
            row.line,
            item_id,
            group or item_id,
            fields,
            is_alone=not group,
            sale_dearer=is_dearer,
        )


def _price(row: FileRow, options: Options) -> tuple[str, str, bool]:
    """What it costs now, in which currency, and whether the sale price would be dearer.

    Raises `ValueError` where it cannot be told until when, or which is the lower one.
    """
    span = row.cell("sale_price_effective_date", "sale price effective date")
    begins, _, ends = span.partition("/")
    sale = row.cell("sale_price", "sale price")
    regular, currency = amount(row.cell("price"))
    if not sale or not on_sale(begins, ends, options.now_ms):
        return regular, currency or options.currency, False
    currency = currency or (not regular and amount(sale)[1]) or options.currency
    price, is_dearer = lower(regular, _in(currency, "sale price", sale), currency)
    return price, currency, is_dearer


def _in(currency: str, what: str, said: str) -> str:
    """An amount of the price's currency. Raises `ValueError` for one of another currency."""
    number, named = amount(said)
    if named and not currency:
        raise ValueError(f"the price names no currency, and {what} {said[:40]!r} does (--currency)")
    if named and named.upper() != currency.upper():
        raise ValueError(f"{what} {said[:40]!r} is in another currency than the price")
    return number


def _in_stock(row: FileRow) -> bool:
    """What can be ordered is there. Raises `ValueError` for a word of no meaning."""
    said = row.cell("availability")
    word = said.lower().replace(" ", "_")
    if word not in THERE | GONE:
        raise ValueError(f"availability: {said[:40]!r} is not known: in_stock or out_of_stock?")
    return word in THERE


def amount(said: str) -> tuple[str, str]:
    """An amount and its currency, in either order.

    >>> amount("15.00 USD"), amount("EUR 3,19"), amount("7")
    (('15.00', 'USD'), ('3,19', 'EUR'), ('7', ''))
    """
    words = said.split()
    currency = next((word for word in words if word.isalpha()), "")
    return " ".join(word for word in words if word != currency), currency


FORMATS = (Format("google", frozenset({"id", "title", "availability"}), read),)
