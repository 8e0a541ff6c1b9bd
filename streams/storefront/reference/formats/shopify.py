"""Shopify's product CSV: a row a variant; what concerns the product is on one of its rows alone.

The old names of columns and those since 2024; `ID` and `Variant ID` where an app exports them. By
itself Shopify exports no ids: products are called by their handles, variants by their SKUs. See
https://help.shopify.com/manual/products/import-export/using-csv
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
    money,
    text_of,
    title,
    truth,
)

HANDLE = ("Handle", "URL handle")
PRODUCT = ("ID", *HANDLE)
VARIANT = ("Variant ID", "Variant SKU", "SKU")
PRICE, COST = ("Variant Price", "Price"), ("Cost per item",)
OPTIONS = ("Option1 Value", "Option2 Value", "Option3 Value")
OPTIONS_NOW = ("Option1 value", "Option2 value", "Option3 value")
ONLY = "Default Title"
"""The option of a product without any."""
TRACKED = ("Variant Inventory Tracker", "Inventory tracker")
QUANTITY = ("Variant Inventory Qty", "Inventory quantity")
POLICY = ("Variant Inventory Policy", "Continue selling when out of stock")


class Product(NamedTuple):
    """What a row says of the product for all of its variants."""

    line: int
    titled: bool
    name: str
    shared: dict[str, Any]
    wrong: str = ""
    """Why none of it can be used."""


def read(rows: Iterable[FileRow], options: Options) -> Iterator[Draft | Problem]:
    """A draft of each variant; rows that have another picture alone are none.

    The rows may be in any order: what they share is looked for first.
    """
    products = _products(rows, options)
    for row in rows:
        named = row.cell(*HANDLE)
        if not named:
            yield Problem(row.line, "it has no handle")
            continue
        product = products[named]
        variant = _variant(row, product.name, options)
        if row.line != product.line and not row.cell(*PRICE) and variant == product.name:
            continue
        try:
            prices = money(row.cell(*PRICE), row.cell(*COST), options.currency)
            fields = product.shared | prices | {"in_stock": _in_stock(row)}
        except ValueError as error:
            yield Problem(row.line, str(error))
            continue
        if product.wrong:
            of_product = "" if row.line == product.line else "of its product: "
            yield Problem(row.line, of_product + product.wrong)
            continue
        chosen, which = _chosen(row), _which(row, options)
        yield Draft(row.line, variant, product.name, fields, chosen=chosen, which=which)


def _products(rows: Iterable[FileRow], options: Options) -> dict[str, Product]:
    """By handle, what the row with a title says, or the first one where none has."""
    found: dict[str, Product] = {}
    for row in rows:
        named, titled = row.cell(*HANDLE), bool(row.cell("Title"))
        if named in found and (found[named].titled or not titled):
            continue
        product = Product(row.line, titled, row.cell(*PRODUCT), {})
        try:
            found[named] = product._replace(shared=_of_product(row, options))
        except ValueError as error:
            found[named] = product._replace(wrong=str(error))
    return found


def _of_product(row: FileRow, options: Options) -> dict[str, Any]:
    published = truth(row, "Published", "Published on online store", otherwise=True)
    active = row.cell("Status").lower() in ("", "active")
    voucher = truth(row, "Gift Card", "Gift card", otherwise=False)
    hidden = not published or not active or voucher
    kind = category(row.cell("Product Category", "Product category", "Type"))
    picture = addresses(row.cell("Image Src", "Product image URL"), "")
    return title(row.cell("Title"), options) | kind | picture | {"hidden": hidden}


def _variant(row: FileRow, product: str, options: Options) -> str:
    """The id of a variant: what has one; or the product and the options, or the product alone."""
    if options.id_column:
        return row.cell(options.id_column) or product
    named = _chosen(row)
    usual = f"{product}/{named}" if named and named != ONLY else product
    return row.cell(*VARIANT) or usual


def _chosen(row: FileRow) -> str:
    """The options of a variant: several may share one SKU."""
    return "/".join(_values(row))


def _values(row: FileRow) -> list[str]:
    values = (row.cell(*each) for each in zip(OPTIONS, OPTIONS_NOW, strict=True))
    return [*filter(None, values)]


def _which(row: FileRow, options: Options) -> str:
    """The options behind the title of a variant that is an item of its own, as WooCommerce has it.

    `Shirt - M, red`. Else nobody who is offered one knows which it is.
    """
    if options.items != "variant":
        return ""
    return ", ".join(filter(None, (_shown(one) for one in _values(row) if one != ONLY)))


def _shown(option: str) -> str:
    """What can be read of an option; empty: nothing (`<br>`), and the item is sold all the same."""
    try:
        return text_of(option, "option")
    except ValueError:
        return ""


def _in_stock(row: FileRow) -> bool:
    """What is not counted is there; so is what is sold on when there is none left.

    Raises `ValueError` for a quantity that is no number.
    """
    quantity = row.cell(*QUANTITY)
    if not row.cell(*TRACKED) or not quantity or row.cell(*POLICY).lower() in ("continue", "true"):
        return True
    try:
        return float(quantity) > 0
    except ValueError:
        raise ValueError(f"quantity {quantity[:40]!r} is no number") from None


FORMATS = (
    Format("shopify", frozenset({"Handle", "Variant Price"}), read),
    Format("shopify", frozenset({"URL handle", "Title"}), read),
)
