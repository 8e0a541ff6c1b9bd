"""WooCommerce's product CSV: a row a product, and a row a variation, which names its parent.

The parent is named by `id:123` or by its SKU. See
https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from streams.storefront.reference.formats.drafts import (
    Draft,
    FileRow,
    Format,
    Options,
    Problem,
    addresses,
    category,
    is_finer,
    money,
    title,
    truth,
)
from streams.storefront.reference.formats.sales import lower, on_sale

STOCK = {"instock": True, "outofstock": False, "backorder": True, "onbackorder": True}
"""What WooCommerce calls them, besides yes and no."""


class Products(NamedTuple):
    """What variations want to know of their parents, which may come after them."""

    ids: dict[str, str]
    """Of what a parent is called by: `id:` and its ID, or its SKU."""
    shared: dict[str, dict[str, Any]]
    wrong: dict[str, str]
    """Why nothing of a product can be used."""


def read(rows: Iterable[FileRow], options: Options) -> Iterator[Draft | Problem]:
    """A draft of each row; what is hidden of a product is hidden of its variations."""
    products = _products(rows, options)
    for row in rows:
        item_id, is_variation = _id(row, options), _is_variation(row)
        said = row.cell("Parent")
        parent = products.ids.get(said, said.removeprefix("id:")) if is_variation else ""
        if wrong := products.wrong.get(parent):
            yield Problem(row.line, f"of its product: {wrong}")
            continue
        shared = products.shared.get(parent, {})
        try:
            price, is_dearer = _price(row, options)
            cost = row.cell("Meta: _wc_cog_cost")
            prices = money(price, cost, options.currency, is_net=True)
            fields = shared | _own(row, options) | prices | {"in_stock": _in_stock(row)}
        except ValueError as error:
            yield Problem(row.line, str(error))
            continue
        fields["hidden"] = fields["hidden"] or bool(shared.get("hidden"))
        yield Draft(
            row.line,
            item_id,
            parent or item_id,
            fields,
            is_product=not is_variation,
            rounded=is_finer(price, options.currency),
            sale_dearer=is_dearer,
        )


def _products(rows: Iterable[FileRow], options: Options) -> Products:
    products = Products({}, {}, {})
    for row in rows:
        item_id = _id(row, options)
        products.ids[f"id:{row.cell('ID')}"] = item_id
        if sku := row.cell("SKU"):
            products.ids[sku] = item_id
        if item_id and not _is_variation(row):
            try:
                products.shared[item_id] = _own(row, options)
            except ValueError as error:
                products.wrong[item_id] = str(error)
    return products


def _id(row: FileRow, options: Options) -> str:
    return row.cell(options.id_column or "ID")


def _is_variation(row: FileRow) -> bool:
    return "variation" in row.cell("Type").lower()


def _own(row: FileRow, options: Options) -> dict[str, Any]:
    """What a row says for itself, and for its variations if it is a product."""
    named = title(row.cell("Name"), options) | category(row.cell("Categories"))
    return named | addresses(row.cell("Images"), "") | {"hidden": _hidden(row)}


def _price(row: FileRow, options: Options) -> tuple[str, bool]:
    """What it costs now, and whether the sale price would be dearer.

    Raises `ValueError` where it cannot be told until when, or which is the lower one.
    """
    begins, ends = row.cell("Date sale price starts"), row.cell("Date sale price ends")
    regular, sale = row.cell("Regular price"), row.cell("Sale price")
    if not sale or not on_sale(begins, ends, options.now_ms):
        return regular, False
    return lower(regular, sale, options.currency)


def _hidden(row: FileRow) -> bool:
    """What is not published, or is in no catalogue: it may be linked to, but is not offered."""
    published = truth(row, "Published", otherwise=True)
    return not published or row.cell("Visibility in catalog").lower() == "hidden"


def _in_stock(row: FileRow) -> bool:
    """`backorder` is there to be ordered."""
    word = row.cell("In stock?").lower()
    return STOCK[word] if word in STOCK else truth(row, "In stock?", otherwise=True)


FORMATS = (Format("woocommerce", frozenset({"ID", "Type", "SKU", "Name"}), read),)
