"""A CSV with the names of the contract: `item_id`, and any of the other fields of an item.

Titles are in columns `title`, or `title_de` and so on; `restricted` is a word, or a no. Relations
have their kind as the column, with commas between the items; between segments there may be
semicolons or bars as well, which no segment has in it. JSON lines hold the records as they are.

A column that is called almost as one that keeps an item from being offered is refused, with the
whole file, and so is such a field of JSON lines: whoever writes `restrictd` would sell to children.
Others are not read, also those that only look alike and are words of their own (`required`).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, get_args

from streams.cli.printable import printable
from streams.contract.errors import FileUnusable
from streams.contract.events.reference.catalog import CatalogItem, RelationKind
from streams.storefront.reference.formats.drafts import (
    FALSE,
    Draft,
    FileRow,
    Format,
    Options,
    Problem,
    category_path,
    known_currency,
    money,
    shown,
    text_of,
    title,
    truth,
)

NUMBERS = ("price_minor", "margin_minor")
LISTS = ("eligible_segments", "excluded_segments")
ADDRESSES = ("image_url", "url")
COLUMNS = frozenset(
    {
        *("item_id", "variant_of", "price", "cost", "currency", "title", "category", "restricted"),
        *("in_stock", "owned_once", "hidden"),
        *(*NUMBERS, *LISTS, *ADDRESSES, *get_args(RelationKind)),
    }
)
"""All that is read, besides titles by language."""
KEEP_OUT = (
    *("restricted", "hidden", "in_stock", "variant_of", "owned_once", "requires", "excludes"),
    *("price", "cost", *NUMBERS, *LISTS),
)
"""Without these an item may be offered that should not."""
FIELDS = frozenset(CatalogItem.model_fields)
"""All that is read of a record of JSON."""
OF_RECORDS = {name: name for name in ("relations", *KEEP_OUT) if name in FIELDS} | {
    "requires": "relations",
    "excludes": "relations",
}
"""What keeps items out in a record of JSON, by what it may be called."""
IN_MINOR_UNITS = {
    "price": "price_minor, in whole minor units of the currency: 1999 is 19.99 EUR",
    "cost": "margin_minor, which is price less cost, in whole minor units of the currency",
}
"""Columns of tables that are no fields of JSON, which has no decimals: what is meant there."""
NAMES_CACHED = 4_096
TITLE_IN = "title_"
ALIKE = 0.85
"""So much of two names is the same where one is the other misspelt: a letter or two in ten."""
WORDS_OF_THEIR_OWN = frozenset(
    {
        *("includes", "required", "in_store", "on_stock", "min_stock", "hide", "unrestricted"),
        *("price_min", "margin_min", "rations", "rotations"),
    }
)
"""Names that shops have besides, however much they look like a column's."""
NOT_RESTRICTED = FALSE | {"none"}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


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


def unread(header: Collection[str], options: Options) -> list[str]:
    """The columns that are not known. Raises `FileUnusable` for a slip.

    What looks like a column that is there besides is none: `category_id` beside `category`.

    >>> unread(["item_id", "title_de", "colour"], Options())
    ['colour']
    >>> unread(["item_id", "hiden"], Options())
    Traceback (most recent call last):
      ...
    streams.contract.errors.FileUnusable: column hiden is not known: did you mean hidden? ...
    """
    absent = [each for each in KEEP_OUT if each not in header]
    read_too = {"", options.id_column}
    found = [
        name
        for name in dict.fromkeys(header)
        if name not in COLUMNS | read_too and not name.startswith(TITLE_IN)
    ]
    for name in found:
        _refuse_a_slip("column", name, {each: each for each in absent})
    return found


def unread_fields(record: Mapping[str, Any]) -> list[str]:
    """The same of a record of JSON, whose relations are in a list.

    What a name is hangs on no other field of its record: it is the same on each line of a file.

    >>> unread_fields({"item_id": "gin", "colour": "clear"})
    ['colour']
    >>> unread_fields({"item_id": "gin", "requires": ["glass"]})
    Traceback (most recent call last):
      ...
    streams.contract.errors.FileUnusable: field requires is not known: did you mean relations? ...
    """
    found = [name for name in record if name not in FIELDS]
    for name in found:
        _refuse_a_slip("field", name, OF_RECORDS)
    return found


def in_minor_units(names: Collection[str]) -> list[str]:
    """Of fields of JSON that are not read those of money, with what is to be written instead.

    >>> in_minor_units(["colour", "price"])
    ['price is not read of JSON: write price_minor, in whole minor units of the currency: 1999 is
    19.99 EUR']
    """
    meant = ((name, IN_MINOR_UNITS[name]) for name in names if name in IN_MINOR_UNITS)
    return [f"{name} is not read of JSON: write {instead}" for name, instead in meant]


def _refuse_a_slip(what: str, name: str, meanings: Mapping[str, str]) -> None:
    """Raise `FileUnusable` for a name that is like one of these, with what is meant by that."""
    meant = next((meanings[each] for each in meanings if _is_slip(name, each)), None)
    if meant is not None:
        said = f"{what} {printable(name, 40)} is not known: did you mean {meant}?"
        raise FileUnusable(f"{said} Nothing was sent: rename it, or take it out")


@lru_cache(NAMES_CACHED)
def _is_slip(name: str, column: str) -> bool:
    """Whether a name is a column's but for a letter or two, has no word more, and no meaning.

    >>> [_is_slip(name, "restricted") for name in ("restrictd", "Restricted", "restricted_de")]
    [True, True, False]
    >>> _is_slip("requiers", "requires"), _is_slip("required", "requires")
    (True, False)
    """
    words = re.findall("[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:64]).lower())
    said = "_".join(words)
    if len(words) > len(column.split("_")) or said in WORDS_OF_THEIR_OWN:
        return False
    return SequenceMatcher(None, said, column, autojunk=False).ratio() >= ALIKE


def _fields(row: FileRow, options: Options) -> dict[str, Any]:
    currency = row.cell("currency") or options.currency
    fields: dict[str, Any] = money(row.cell("price"), row.cell("cost"), currency)
    for name in NUMBERS:
        if said := row.cell(name):
            fields |= {name: _whole(name, said), "currency": known_currency(currency)}
    titles = title(row.cell("title"), options).get("titles", {})
    titles |= {
        column.removeprefix(TITLE_IN): text_of(said, column)
        for column in row.cells
        if column.startswith(TITLE_IN) and (said := row.cell(column))
    }
    fields |= {"titles": titles} if titles else {}
    fields |= {name: said for name in ADDRESSES if shown(said := row.cell(name))}
    if path := category_path(row.cell("category")):
        fields["category"] = path
    if (word := row.cell("restricted")).lower() not in NOT_RESTRICTED | {""}:
        fields["restricted"] = word
    fields["in_stock"] = truth(row, "in_stock", otherwise=True)
    if truth(row, "owned_once", otherwise=False):
        fields["owned_once"] = True
    fields["hidden"] = truth(row, "hidden", otherwise=False)
    for name in LISTS:
        if listed := [*filter(None, map(str.strip, re.split(r"[,;|]", row.cell(name))))]:
            fields[name] = listed
    fields["relations"] = [
        {"kind": kind, "item_id": other}
        for kind in get_args(RelationKind)
        for other in _others(kind, row.cell(kind))
    ]
    return fields


def _whole(name: str, said: str) -> int:
    """A number of minor units. Raises `ValueError` for any other."""
    if not _WHOLE.fullmatch(said):
        raise ValueError(f"{name}: {said[:40]!r} is no whole number of minor units, such as 1249")
    return int(said)


def _others(kind: str, said: str) -> list[str]:
    """The items of a relation. Raises `ValueError` for what may be one, or two with a semicolon."""
    if ";" in said:
        raise ValueError(f"{kind}: {said[:40]!r}: commas go between items, not semicolons")
    return [*filter(None, map(str.strip, said.split(",")))]


FORMATS = (Format("own", frozenset({"item_id"}), read),)
