"""Items of foreign records: which field is the item, and what it costs, by a table of names.

Item granularity is a setting: a product is one item whatever its variants, or each variant is one.
A source has an id of the variant, or only its name, which goes behind the product's id then. What
is not there is made up for by the other one.
"""

from collections.abc import Mapping
from itertools import islice
from math import ceil
from typing import Any, NamedTuple

from streams.contract.events.fields import LINES_MAX, QUANTITY_MAX
from streams.storefront.intake.drafts import Drafts, Who, numbered, placed
from streams.storefront.intake.values.identifiers import CHARS_MAX, identifier
from streams.storefront.intake.values.looking import at, first, rows
from streams.storefront.intake.values.money import (
    currency_code,
    minor_units,
    without_minus,
    written,
)
from streams.storefront.intake.values.times import When

NO_CURRENCY = "price without currency"
NO_LIST = "basket without items"
NO_AMOUNT = "it is no amount from 0 on, or one that can be read in two ways"


class ItemNames(NamedTuple):
    """What a source calls the fields of an item."""

    parent: tuple[str, ...]
    variant: tuple[str, ...] = ()
    """Ids of the variant."""
    variant_name: str = ""
    category: tuple[str, ...] = ("category",)
    quantity: str = "quantity"
    price: str = "price"
    currency: str = "currency"


class ItemLine(NamedTuple):
    """An item that was read."""

    fields: Mapping[str, Any]
    """As an `OrderLine` has them."""
    currency: str | None


def read_line(
    said: Any, names: ItemNames, drafts: Drafts, place: str, currency: Any = None
) -> ItemLine | None:
    """The item at this place; None: it is none, which is said then."""
    item_id = item_of(said, names, drafts.settings.intake_items)
    if item_id is None:
        lacks = f"it has none of {', '.join((*names.parent, *names.variant))}"
        drafts.reject(place, "no_item_id", lacks)
        return None
    if len(item_id) > CHARS_MAX:
        drafts.reject(place, "item_id", f"its id is longer than {CHARS_MAX} characters")
        return None
    quantity = quantity_of(at(said, names.quantity))
    if quantity is None:
        drafts.reject(place, "quantity", f"its quantity is none from 1 to {QUANTITY_MAX:,}")
        return None
    fields: dict[str, Any] = {"item_id": item_id, "quantity": quantity}
    if (category := category_of(first(said, *names.category))) is not None:
        fields["category"] = category
    code = _currency(first(said, names.currency), currency, drafts)
    price = first(said, names.price)
    if price is not None and code is None:
        drafts.ignore(NO_CURRENCY)
    elif price is not None and code is not None:
        fields["price_minor"] = minor_units(price, code)
        if fields["price_minor"] is None:
            del fields["price_minor"]
            drafts.reject(placed(place, names.price), "price", NO_AMOUNT)
    return ItemLine(fields, code)


def item_of(said: Any, names: ItemNames, granularity: str) -> str | None:
    """The id of an item at this granularity; None: it has none.

    >>> names = ItemNames(("product_id",), ("sku",))
    >>> tea = {"product_id": 7, "sku": "tea-100g"}
    >>> item_of(tea, names, "parent"), item_of(tea, names, "variant")
    ('7', 'tea-100g')
    """
    parent = next(filter(None, (identifier(at(said, name)) for name in names.parent)), None)
    variant = next(filter(None, (identifier(at(said, name)) for name in names.variant)), None)
    if granularity == "parent":
        return parent or variant
    name = identifier(at(said, names.variant_name)) if names.variant_name else None
    return variant or (f"{parent}/{name}" if parent and name else parent)


def quantity_of(said: Any) -> int | None:
    """How many; 1 where nobody says, a part of one counts as one. None: none, or too many.

    >>> quantity_of(None), quantity_of("2"), quantity_of("2,00"), quantity_of(0.5)
    (1, 2, 2, 1)
    >>> quantity_of(0), quantity_of("1,000"), quantity_of(1e99)
    (None, None, None)
    """
    if said is None or said == "":
        return 1
    exact = written(said)
    return ceil(exact) if exact is not None and 0 < exact <= QUANTITY_MAX else None


def category_of(said: Any) -> str | None:
    """A category, of several the first; None: it is none that the contract takes."""
    category = identifier(next((one for _, one in rows(said)), None) if _listed(said) else said)
    return category if category and len(category) <= CHARS_MAX else None


def read_lines(
    said: Any, names: ItemNames, drafts: Drafts, place: str, currency: Any = None
) -> list[tuple[int, ItemLine]]:
    """The items of a list with their places in it, without those that were rejected."""
    read = (
        (index, read_line(one, names, drafts, placed(place, index), currency))
        for index, one in islice(rows(said), LINES_MAX + 1)  # with which there are too many
    )
    return [(index, line) for index, line in read if line is not None]


def taken_back(said: Any, names: ItemNames) -> Any:
    """The items of an order that is below 0 in all: what came back, however that is signed.

    >>> taken_back([{"item_id": "tea", "quantity": -2, "price": "-2,49"}], ItemNames(("item_id",)))
    [{'item_id': 'tea', 'quantity': '2', 'price': '2,49'}]
    """
    signed = (names.quantity, names.price)
    return [
        {key: without_minus(value) if key in signed else value for key, value in one.items()}
        if isinstance(one, Mapping)
        else one
        for _, one in rows(said)
    ]


def read_one(
    said: Any, names: ItemNames, drafts: Drafts, place: str, currency: Any = None
) -> list[tuple[int, ItemLine]]:
    """The one item at this place, as `read_lines` has it."""
    line = read_line(said, names, drafts, place, currency)
    return [] if line is None else [(0, line)]


def order_fields(lines: list[tuple[int, ItemLine]]) -> dict[str, Any]:
    """The lines of an order, a return or a basket: prices in one currency, that of the first."""
    code = next((line.currency for _, line in lines if line.currency), None)
    fields = [
        {k: v for k, v in line.fields.items() if k != "price_minor" or line.currency == code}
        for _, line in lines
    ]
    return {"lines": fields, "currency": code}


def basket_event(
    said: Any,
    names: ItemNames,
    drafts: Drafts,
    place: str,
    where: str,
    event_id: str,
    who: Who,
    when: When,
    currency: Any = None,
) -> None:
    """The `basket_updated` of a list of items, which is at `where` in the record: all of it.

    It replaces what is in the basket: what lists nothing says nothing of it, and a list of which
    an item cannot be used would take that item out.
    """
    if not _listed(said):
        drafts.ignore(NO_LIST)
        return
    lines = read_lines(said, names, drafts, where, currency)
    if left_out := min(len(said), LINES_MAX + 1) - len(lines):
        told = f"{left_out:,} of its items cannot be used: the basket would lose them"
        drafts.reject(place, "incomplete", told)
        return
    drafts.event(place, "basket_updated", event_id, who, when, **order_fields(lines))


def item_events(
    kind: str,
    lines: list[tuple[int, ItemLine]],
    drafts: Drafts,
    place: str,
    event_id: str,
    who: Who,
    when: When,
    receipt: str | None = None,
) -> None:
    """One event an item: `item_viewed`, `item_added` or `item_removed`."""
    for index, line in lines:
        fields = dict(line.fields)
        if kind == "item_viewed":
            del fields["quantity"]
        if kind == "item_removed":
            fields = {"item_id": fields["item_id"], "quantity": fields["quantity"]}
        elif "price_minor" in fields:
            fields["currency"] = line.currency
        if kind == "item_added":
            fields["receipt"] = receipt
        drafts.event(place, kind, numbered(event_id, index), who, when, **fields)


def _currency(own: Any, of_all: Any, drafts: Drafts) -> str | None:
    """The currency of an item: its own, that of the event, or the one that is set.

    One that is named, and is none of ISO 4217 (points, a coin, one that is gone), is not made up
    for by another one: 100 of it are not 100 of that.
    """
    named = next((one for one in (own, of_all) if identifier(one) is not None), None)
    return (currency_code(named) if named else drafts.settings.intake_currency) or None


def _listed(said: Any) -> bool:
    return isinstance(said, list | tuple)
