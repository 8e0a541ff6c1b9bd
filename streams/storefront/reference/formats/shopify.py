"""Shopify's product CSV: a row a variant; what concerns the product is on its first row alone.

The old names of columns and those since 2024; `ID` and `Variant ID` where an app exports them. By
itself Shopify exports no ids: products are called by their handles, variants by their SKUs. See
https://help.shopify.com/manual/products/import-export/using-csv
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

HANDLE = ("Handle", "URL handle")
PRODUCT = ("ID", *HANDLE)
VARIANT = ("Variant ID", "Variant SKU", "SKU")
PRICE, COST = ("Variant Price", "Price"), ("Cost per item",)
OPTIONS = ("Option1 Value", "Option2 Value", "Option3 Value")
OPTIONS_NOW = ("Option1 value", "Option2 value", "Option3 value")
TRACKED = ("Variant Inventory Tracker", "Inventory tracker")
QUANTITY = ("Variant Inventory Qty", "Inventory quantity")
POLICY = ("Variant Inventory Policy", "Continue selling when out of stock")


def read(rows: Iterator[FileRow], options: Options) -> Iterator[Draft | Problem]:
    """A draft of each variant; rows that have another picture alone are none."""
    handle, product, shared = "", "", dict[str, Any]()
    for row in rows:
        named = row.cell(*HANDLE)
        if not named:
            yield Problem(row.line, "it has no handle")
            continue
        first = named != handle
        if first:
            handle, product, shared = named, row.cell(*PRODUCT), _of_product(row, options)
        variant = _variant(row, product, options)
        if not first and not row.cell(*PRICE) and variant == product:
            continue
        try:
            prices = money(row.cell(*PRICE), row.cell(*COST), options.currency)
        except ValueError as error:
            yield Problem(row.line, str(error))
            continue
        fields = shared | prices | {"in_stock": _in_stock(row)}
        yield Draft(row.line, variant, product, fields)


def _of_product(row: FileRow, options: Options) -> dict[str, Any]:
    published = truth(row.cell("Published", "Published on online store"), otherwise=True)
    active = row.cell("Status").lower() in ("", "active")
    hidden = not published or not active or truth(row.cell("Gift Card", "Gift card"), False)
    kind = category(row.cell("Product Category", "Product category", "Type"))
    return title(row.cell("Title"), options) | kind | {"hidden": hidden}


def _variant(row: FileRow, product: str, options: Options) -> str:
    """The id of a variant: what has one; or the product and the options, or the product alone."""
    if options.id_column:
        return row.cell(options.id_column) or product
    chosen = [row.cell(*each) for each in zip(OPTIONS, OPTIONS_NOW, strict=True)]
    named = "/".join(filter(None, chosen))
    usual = f"{product}/{named}" if named and named != "Default Title" else product
    return row.cell(*VARIANT) or usual


def _in_stock(row: FileRow) -> bool:
    """What is not counted is there; so is what is sold on when there is none left."""
    quantity = row.cell(*QUANTITY)
    if not row.cell(*TRACKED) or not quantity or row.cell(*POLICY).lower() in ("continue", "true"):
        return True
    try:
        return float(quantity) > 0
    except ValueError:
        return True


FORMATS = (
    Format("shopify", frozenset({"Handle", "Variant Price"}), read),
    Format("shopify", frozenset({"URL handle", "Title"}), read),
)
