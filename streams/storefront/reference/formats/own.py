"""A CSV with the names of the contract: `item_id`, and any of the other fields of an item.

Titles are in columns `title`, or `title_de` and so on; `restricted` is a word. Relations have their
kind as the column, with commas between the items, as there are between segments. JSON lines hold
the records as they are.
"""

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from streams.contract.events.reference.catalog import RelationKind
from streams.storefront.reference.formats.drafts import (
    Draft,
    FileRow,
    Format,
    Options,
    Problem,
    money,
    title,
    truth,
)

NUMBERS = ("price_minor", "margin_minor")
LISTS = ("eligible_segments", "excluded_segments")
TEXTS = ("category", "restricted", "image_url", "url")


def read(rows: Iterable[FileRow], options: Options) -> Iterator[Draft | Problem]:
    """A draft of each row: as it says."""
    for row in rows:
        item_id = row.cell(options.id_column or "item_id")
        try:
            fields = _fields(row, options)
        except ValueError as error:
            yield Problem(row.line, str(error))
            continue
        yield Draft(row.line, item_id, row.cell("variant_of") or item_id, fields)


def _fields(row: FileRow, options: Options) -> dict[str, Any]:
    currency = row.cell("currency") or options.currency
    fields: dict[str, Any] = money(row.cell("price"), row.cell("cost"), currency)
    for name in NUMBERS:
        if said := row.cell(name):
            fields |= {name: int(said), "currency": currency or None}
    titles = title(row.cell("title"), options).get("titles", {})
    titles |= {
        column.removeprefix("title_"): said.strip()
        for column, said in row.cells.items()
        if column.startswith("title_") and said.strip()
    }
    fields |= {"titles": titles} if titles else {}
    fields |= {name: said for name in TEXTS if (said := row.cell(name))}
    fields["in_stock"] = truth(row, "in_stock", otherwise=True)
    if truth(row, "owned_once", otherwise=False):
        fields["owned_once"] = True
    fields["hidden"] = truth(row, "hidden", otherwise=False)
    for name in LISTS:
        if listed := [*filter(None, map(str.strip, row.cell(name).split(",")))]:
            fields[name] = listed
    fields["relations"] = [
        {"kind": kind, "item_id": other.strip()}
        for kind in get_args(RelationKind)
        for other in filter(None, row.cell(kind).split(","))
    ]
    return fields


FORMATS = (Format("own", frozenset({"item_id"}), read),)
