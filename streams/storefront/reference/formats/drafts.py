"""What all formats have in common: rows with their lines, drafts of items, and cells of a kind.

A format is a pure function of rows. Whether a draft is an item of the contract is seen later, the
same for all formats (`streams.storefront.reference.reading`).
"""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from streams.contract.events.currencies import decimals
from streams.contract.events.reference.catalog import ADDRESS, ADDRESS_CHARS_MAX
from streams.storefront.intake.values.money import (
    currency_code,
    exact_amount,
    has_two_readings,
    minor_units,
)
from streams.storefront.reference.formats.plain_text import plain

TRUE = frozenset({"1", "true", "yes", "y", "on", "wahr", "ja"})
FALSE = frozenset({"0", "-1", "false", "no", "n", "off", "falsch", "nein"})
REPLACED = "\N{REPLACEMENT CHARACTER}"
"""What stands for bytes that are no text."""
NO_UTF_8 = "some bytes are no UTF-8: save the file as UTF-8"
NO_CURRENCY = "currency {said!r} is no code of ISO 4217, such as EUR"


class FileRow(NamedTuple):
    """A row of a table: the line on which it begins, and its cells by column."""

    line: int
    cells: Mapping[str, str]
    doubled: Collection[str] = ()
    """Names that several columns have which say different things."""

    def cell(self, *columns: str) -> str:
        """The first of these columns that says anything; empty: none does.

        Raises `csv.Error` where nobody can tell which of two columns is meant.
        """
        if twice := next((name for name in columns if name in self.doubled), ""):
            raise csv.Error(f"line {self.line}: two columns are called {twice}, and differ")
        return next(filter(None, (self.cells.get(name, "").strip() for name in columns)), "")


class Options(NamedTuple):
    """What a file does not say itself."""

    items: Literal["parent", "variant"] = "variant"
    """What events call an item: the product, or each variant."""
    currency: str = ""
    language: str = "en"
    id_column: str = ""
    """The column that has the item's id, where it is not the usual one."""
    now_ms: int | None = None
    """When it is read: sale prices have dates. None: whatever sale there is holds."""


class Problem(NamedTuple):
    """What is wrong with a line of the file."""

    line: int
    what: str


class Draft(NamedTuple):
    """An item as a format has found it. `product` is what it is a variant of, or itself."""

    line: int
    item_id: str
    product: str
    fields: dict[str, Any]
    """As `CatalogItem` has them, but for the ids."""
    is_product: bool = False
    """Whether it stands for the product, beside its variants."""
    is_alone: bool = False
    """Whether it says itself that it is a variant of nothing."""
    chosen: str = ""
    """What tells it from other variants, where several have one id."""
    which: str = ""
    """What tells it from other variants in its title, and so stands behind that."""
    rounded: bool = False
    """Whether its price was finer than its currency goes."""
    sale_dearer: bool = False
    """Whether its sale price was dearer than the regular one, which counts then."""


Reads = Callable[[Iterable[FileRow], Options], Iterator[Draft | Problem]]
"""Rows may be gone through more than once."""


class Format(NamedTuple):
    """A kind of file: the columns that tell it, and how its rows are read."""

    name: str
    columns: frozenset[str]
    reads: Reads


def truth(row: FileRow, *columns: str, otherwise: bool) -> bool:
    """A cell that says yes or no, or nothing: `otherwise`. Raises `ValueError` for another word.

    >>> row = FileRow(2, {"a": "TRUE", "b": "0", "c": "sold out"})
    >>> truth(row, "a", otherwise=False), truth(row, "b", otherwise=True)
    (True, False)
    >>> truth(row, "z", otherwise=True)
    True
    >>> truth(row, "c", otherwise=True)
    Traceback (most recent call last):
      ...
    ValueError: c: 'sold out' is neither yes nor no
    """
    said = row.cell(*columns)
    word = said.lower()
    if word and word not in TRUE | FALSE:
        column = next(name for name in columns if row.cell(name))
        raise ValueError(f"{column}: {said[:40]!r} is neither yes nor no")
    return word in TRUE if word else otherwise


def title(said: str, options: Options) -> dict[str, dict[str, str]]:
    """The field of a title in the file's language. Raises `ValueError` for one without a text."""
    return {"titles": {options.language: text_of(said)}} if said else {}


def text_of(said: str, column: str = "title") -> str:
    """A title as plain text, of whatever length. Raises `ValueError` if it has none."""
    try:
        shown = plain(said)
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None
    if not shown:
        raise ValueError(f"{column}: {said[:40]!r} is markup without a text")
    return shown


def titled(said: str, which: str, most: int) -> str:
    """A title of so many characters at most; what tells variants apart stays whole behind it.

    >>> titled("Shirt", "M", 20), titled("Shirt of fine linen", "M", 20), titled("Shirt", "", 3)
    ('Shirt - M', 'Shirt of fine li - M', 'Shi')
    """
    if not which:
        return said[:most]
    ending = f" - {which}"
    name = said[: max(0, most - len(ending))].rstrip()
    return name + ending if name else which[:most]


def category(said: str) -> dict[str, str]:
    """The field of a category: the first of several, its path with slashes.

    >>> category("Food > Bread & Co, Sale"), category("")
    ({'category': 'Food/Bread & Co'}, {})
    """
    path = category_path(said.split(",", maxsplit=1)[0])
    return {"category": path[:128]} if path else {}


def category_path(said: str) -> str:
    """A path with slashes, without parts that say nothing; empty: none does.

    >>> category_path("Food > > Tea >"), category_path(">")
    ('Food/Tea', '')
    """
    return "/".join(filter(None, map(str.strip, said.split(">"))))


def addresses(image_url: str, url: str) -> dict[str, str]:
    """The fields of picture and page, as far as they are by https: others no page should have.

    >>> addresses("https://shop.example/i/butter.webp", "http://shop.example/butter")
    {'image_url': 'https://shop.example/i/butter.webp'}
    """
    said = {"image_url": image_url.split(",", maxsplit=1)[0].strip(), "url": url.strip()}
    return {name: address for name, address in said.items() if shown(address)}


def shown(address: str) -> bool:
    """Whether pages may show and follow an address; one without is an item all the same."""
    return len(address) <= ADDRESS_CHARS_MAX and re.search(ADDRESS, address) is not None


def is_finer(price: str, currency: str) -> bool:
    """Whether an amount has parts of a cent, in a currency that has cents.

    >>> is_finer("8.4034", "EUR"), is_finer("8.4000", "EUR"), is_finer("1500.5", "JPY")
    (True, False, False)
    """
    code = currency_code(currency)
    exact = exact_amount(price, code) if code is not None and decimals(code) else None
    return exact is not None and exact % 1 != 0


def known_currency(said: str) -> str:
    """The code of a currency that has minor units. Raises `ValueError` for another, and for none.

    >>> known_currency("eur")
    'EUR'
    """
    if not said.strip():
        raise ValueError("a price or a margin needs a currency (--currency)")
    code = currency_code(said)
    if code is None:
        raise ValueError(NO_CURRENCY.format(said=said[:40]))
    return code


def no_amount(what: str, said: str, code: str) -> str:
    """Why this is no amount in a currency, with what to write instead.

    >>> no_amount("price", "12.50 €", "EUR")
    "price '12.50 €' is no amount in EUR: such as 1299.00"
    >>> no_amount("price", "about 5", "JPY")
    "price 'about 5' is no amount in JPY: such as 1299"
    >>> no_amount("cost", "1.299", "EUR")
    "cost '1.299' can be read in two ways, as decimals or thousands: in EUR such as 1299.00"
    """
    if REPLACED in said:
        return f"{what}: {NO_UTF_8}"
    places = decimals(code)
    such = f"such as 1299.{'0' * places}" if places else "such as 1299"
    if has_two_readings(said):
        ways = "can be read in two ways, as decimals or thousands"
        return f"{what} {said[:40]!r} {ways}: in {code} {such}"
    return f"{what} {said[:40]!r} is no amount in {code}: {such}"


def money(price: str, cost: str, currency: str, *, is_net: bool = False) -> dict[str, Any]:
    """The fields of price and margin; without a price none. Raises `ValueError` for no amount.

    So it does for a currency that is none, and for none: the item would pass any margin floor.

    A price that is finer than its currency is none, unless it may be net of taxes (`is_net`), and
    the currency has decimals: then it is rounded, as is a cost, which may be an average. A cost
    that cannot be read is wrong, too: without its margin an item would pass any margin floor.

    >>> money("3.19", "2.29", "EUR")
    {'price_minor': 319, 'currency': 'EUR', 'margin_minor': 90}
    >>> money("", "", "EURO")
    {}
    >>> money("3.19", "", "EURO")
    Traceback (most recent call last):
      ...
    ValueError: currency 'EURO' is no code of ISO 4217, such as EUR
    """
    if not price:
        return {}
    code = known_currency(currency)
    price_minor = minor_units(price, code)
    if price_minor is None:
        raise ValueError(no_amount("price", price, code))
    if exact_amount(price, code) != price_minor and not (is_net and is_finer(price, code)):
        raise ValueError(f"price {price[:40]!r} is finer than {code} goes")
    fields: dict[str, Any] = {"price_minor": price_minor, "currency": code}
    if not cost:
        return fields
    cost_minor = minor_units(cost, code)
    if cost_minor is None:
        raise ValueError(no_amount("cost", cost, code))
    return fields | {"margin_minor": price_minor - cost_minor}
