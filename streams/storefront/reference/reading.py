"""A catalogue file, line by line: items of the contract, and what is wrong with the others.

Nothing is taken on trust: what a format makes of a row has to be an item of the contract. Where
events speak of products, the variants of one are one item, which is there while any of them is.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import from_json

from streams.clients.files import all_lines
from streams.contract.errors import FileUnusable
from streams.contract.events.reference.catalog import TITLE_CHARS_MAX, CatalogItem
from streams.contract.events.reference.codec import RECORD_BYTES_MAX, encode_reference, reasons
from streams.storefront.intake.values.money import currency_code
from streams.storefront.reference.formats.drafts import (
    NO_CURRENCY,
    NO_UTF_8,
    REPLACED,
    Draft,
    Options,
    Problem,
    titled,
)
from streams.storefront.reference.formats.guessing import guessed
from streams.storefront.reference.formats.header import ONE_LINE, header_of
from streams.storefront.reference.formats.own import unread, unread_fields
from streams.storefront.reference.table import Table

OF_A_SPREADSHEET = re.compile(r"\d([.,]\d+)?E\+\d{2}")
"""An id that was a long number: all that begin alike are one then, and no event calls it so."""


UNREAD_MAX = 100
"""So many names of fields that are not known are noted."""


class Found(NamedTuple):
    """An item of a file, and the line on which it begins."""

    line: int
    item: CatalogItem
    rounded: bool = False
    """Whether its price was finer than its currency goes."""
    sale_dearer: bool = False
    """Whether its sale price was dearer than the regular one, which counts then."""
    title_cut: bool = False
    """Whether a title was longer than an item may have."""


class CatalogFile:
    """A file of either kind; `format` says which. Raises `FileUnusable` where it is none."""

    def __init__(self, path: Path, options: Options, format_name: str | None = None) -> None:
        self.path, self.options = path, options
        self._header = header_of(_lines(path))
        first = self._header.first
        if not first:
            raise FileUnusable(f"{path} is empty")
        self.is_json = format_name == "json" or (not format_name and first.lstrip()[0] == "{")
        self.format = "json"
        self.unread: list[str] = []
        """Columns that are not known, of a table of our own names; of JSON fields, once read."""
        if not self.is_json:
            try:
                names = self._header.names()
                self._format = guessed(names, format_name)
                self.format = self._format.name
                if self.format == "own":
                    self.unread = unread(names, options)
            except FileUnusable as error:
                said = ONE_LINE if "\r" in first.strip() else error
                raise FileUnusable(f"{path}: {said}") from None

    def read(self) -> Iterator[Found | Problem]:
        """The items, and what is wrong: an id that came before is, too."""
        seen: dict[str, int] = {}
        for one in self._records() if self.is_json else self._drafted():
            if isinstance(one, Found):
                item_id = one.item.item_id
                if OF_A_SPREADSHEET.fullmatch(item_id):
                    said = f"item {item_id!r}: a spreadsheet made its id a number, and cut it"
                    yield Problem(one.line, said)
                    continue
                if item_id in seen:
                    yield _again(one.line, item_id, seen[item_id])
                    continue
                seen[item_id] = one.line
                encoded = encode_reference(one.item)
                if len(encoded) > RECORD_BYTES_MAX:
                    yield Problem(one.line, f"it has more than {RECORD_BYTES_MAX:,} bytes")
                    continue
                if REPLACED.encode() in encoded:
                    yield Problem(one.line, NO_UTF_8)
                    continue
            yield one

    def _records(self) -> Iterator[Found | Problem]:
        for number, line in enumerate(_lines(self.path), 1):
            if line.strip():
                one = _checked(number, line)
                if isinstance(one, Found):
                    self._look_at_names(number, line)
                yield one

    def _look_at_names(self, number: int, line: str) -> None:
        """Note fields that are not known. Raises `FileUnusable` for a slip."""
        try:
            names = unread_fields(from_json(line))
        except FileUnusable as error:
            raise FileUnusable(f"{self.path}, line {number}: {error}") from None
        new = (name for name in names if name not in self.unread)
        self.unread += islice(new, max(0, UNREAD_MAX - len(self.unread)))

    def _rows(self) -> Iterator[str]:
        """The lines; blank for those that say how to read the others."""
        for number, line in enumerate(_lines(self.path)):
            yield "\n" if number < self._header.skipped else line

    def _drafted(self) -> Iterator[Found | Problem]:
        drafts = self._read_table(Table(self._rows, self._header.delimiter))
        if self.options.items == "parent" and self.format != "own":
            drafts = products(once_each(drafts, named=bool(self.options.id_column)))
        for one in drafts:
            if isinstance(one, Problem):
                yield one
                continue
            fields = _fields(one)
            titles = fields.get("titles", {})
            shown = {
                name: titled(said, one.which, TITLE_CHARS_MAX) for name, said in titles.items()
            }
            found = _checked(one.line, fields | ({"titles": shown} if shown else {}))
            if isinstance(found, Found):
                cut = any(not shown[name].startswith(said) for name, said in titles.items())
                found = found._replace(
                    rounded=one.rounded, sale_dearer=one.sale_dearer, title_cut=cut
                )
            yield found

    def _read_table(self, table: Table) -> Iterator[Draft | Problem]:
        try:
            for one in self._format.reads(table, self.options):
                yield from table.problems()
                yield one
        except csv.Error as error:
            raise FileUnusable(f"{self.path}, {error}; nothing was sent") from None
        yield from table.problems()


def once_each(drafts: Iterable[Draft | Problem], *, named: bool) -> Iterator[Draft | Problem]:
    """The drafts without those of an item that came before: it would be a variant of itself.

    Where the column of ids is `named`, it may be the product's: then all variants have that one.
    Variants that share one id, such as a SKU, are told apart by what is `chosen`.
    """
    seen: dict[tuple[str, str, str], int] = {}
    for one in drafts:
        if isinstance(one, Draft) and one.item_id:
            apart = one.is_alone or one.is_product or one.item_id != one.product or not named
            first = seen.setdefault((one.product, one.item_id, one.chosen), one.line)
            if apart and first != one.line:
                yield _again(one.line, one.item_id, first)
                continue
        yield one


def _again(line: int, item_id: str, first: int) -> Problem:
    return Problem(line, f"item {item_id!r} is on line {first} already; left out")


def products(drafts: Iterable[Draft | Problem]) -> Iterator[Draft | Problem]:
    """One draft a product, of all of its variants.

    It is there while any variant is, hidden when all are, restricted when any is, and costs what
    the cheapest does.
    """
    variants: dict[str, list[Draft]] = {}
    for one in drafts:
        if isinstance(one, Problem):
            yield one
        elif not one.product:
            yield Problem(one.line, "it has no id")
        else:
            variants.setdefault(one.product, []).append(one)
    for product, all_ in variants.items():
        sold = [one for one in all_ if not one.is_product] or all_
        cheapest = min(sold, key=lambda one: one.fields.get("price_minor", float("inf")))
        prices = {
            name: cheapest.fields[name]
            for name in ("price_minor", "margin_minor", "currency")
            if name in cheapest.fields
        }
        whole = next((one for one in all_ if one.is_product), all_[0])
        fields: dict[str, Any] = _without_prices(whole.fields) | prices
        fields["in_stock"] = any(one.fields.get("in_stock", True) for one in sold)
        fields["hidden"] = all(one.fields.get("hidden", False) for one in all_)
        words = (one.fields.get("restricted") for one in all_)
        if restricted := next(filter(None, words), None):
            fields["restricted"] = restricted
        yield cheapest._replace(line=all_[0].line, item_id=product, product=product, fields=fields)


def _without_prices(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in fields if name not in ("price_minor", "margin_minor")}


def _fields(draft: Draft) -> dict[str, Any]:
    ids = {"item_id": draft.item_id}
    if draft.product != draft.item_id:
        ids["variant_of"] = draft.product
    return draft.fields | ids


def _checked(line: int, said: str | Mapping[str, Any]) -> Found | Problem:
    try:
        if isinstance(said, str):
            item = CatalogItem.model_validate_json(said)
        else:
            item = CatalogItem.model_validate(said)
    except ValidationError as invalid:
        return Problem(line, reasons(invalid))
    if item.currency is not None and currency_code(item.currency) is None:
        return Problem(line, NO_CURRENCY.format(said=item.currency))
    return Found(line, item)


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file; bytes that are no UTF-8 are replaced: see `REPLACED`."""
    return (line.decode("utf-8", "replace") for line in all_lines(path))
