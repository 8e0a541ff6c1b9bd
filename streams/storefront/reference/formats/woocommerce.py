"""WooCommerce's product CSV: a row a product, and a row a variation, which names its parent.

The parent is named by `id:123` or by its SKU. See
https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
"""

from collections.abc import Iterator
from typing import Any

from streams.storefront.reference.formats.drafts import (
    Draft,
    FileRow,
    Format,
    Options,
    Problem,
    category,
    money,
    title,
    truth,
)


def read(rows: Iterator[FileRow], options: Options) -> Iterator[Draft | Problem]:
    """A draft of each row; what is hidden of a product is hidden of its variations."""
    by_sku: dict[str, str] = {}
    shared: dict[str, dict[str, Any]] = {}
    for row in rows:
        item_id = row.cell(options.id_column or "ID")
        is_variation = "variation" in row.cell("Type").lower()
        parent = _parent(row.cell("Parent"), by_sku) if is_variation else ""
        product = parent or item_id
        if sku := row.cell("SKU"):
            by_sku[sku] = item_id
        try:
            prices = money(_price(row), row.cell("Meta: _wc_cog_cost"), options.currency)
        except ValueError as error:
            yield Problem(row.line, str(error))
            continue
        own: dict[str, Any] = {
            **title(row.cell("Name"), options),
            **category(row.cell("Categories")),
        }
        own["hidden"] = _hidden(row) or bool(shared.get(parent, {}).get("hidden"))
        if not is_variation:
            shared[item_id] = own
        fields = {**shared.get(parent, {}), **own, **prices, "in_stock": _in_stock(row)}
        yield Draft(row.line, item_id, product, fields, is_product=not is_variation)


def _parent(said: str, by_sku: dict[str, str]) -> str:
    return said.removeprefix("id:") if said.startswith("id:") else by_sku.get(said, said)


def _price(row: FileRow) -> str:
    return row.cell("Sale price", "Regular price")


def _hidden(row: FileRow) -> bool:
    """What is not published, or is in no catalogue: it may be linked to, but is not offered."""
    published = truth(row.cell("Published"), otherwise=True)
    return not published or row.cell("Visibility in catalog").lower() == "hidden"


def _in_stock(row: FileRow) -> bool:
    """`backorder` is there to be ordered."""
    return truth(row.cell("In stock?"), otherwise=True)


FORMATS = (Format("woocommerce", frozenset({"ID", "Type", "SKU", "Name"}), read),)
