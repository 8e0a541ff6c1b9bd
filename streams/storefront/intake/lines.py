"""Items of foreign records: which field is the item, and what it costs, by a table of names.

Item granularity is a setting: a product is one item whatever its variants, or each variant is one.
A source has an id of the variant, or only its name, which goes behind the product's id then. What
is not there is made up for by the other one.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from streams.contract.events.fields import LINES_MAX, QUANTITY_MAX
from streams.contract.events.surrogates import is_cut
from streams.storefront.intake.drafts import Drafts, Who, numbered, placed
from streams.storefront.intake.values.identifiers import CHARS_MAX, category_of, identifier
from streams.storefront.intake.values.looking import at, first, listed, rows
from streams.storefront.intake.values.money import (
    below_zero,
    currency_code,
    exact_amount,
    minor_units,
    negated,
    without_minus,
    written,
)
from streams.storefront.intake.values.pieces import Sold, added, line_total, quantity_of, whole
from streams.storefront.intake.values.times import When

NO_CURRENCY = "price without a currency that is known"
NO_QUANTITY = f"its quantity is none above 0 and up to {QUANTITY_MAX:,}"
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
    """What one of them costs."""
    total: str = ""
    """What all of them cost, less discounts: where it is told it counts, and not the price."""
    discounts: str = ""
    """What is taken off the price of all of them: a list of amounts."""
    currency: str = "currency"


class ItemLine(NamedTuple):
    """An item that was read."""

    fields: Mapping[str, Any]
    """As an event of this item alone has them: how many pieces, and the price of one, as told."""
    sold: Sold
    """How much of it, exactly, and what that cost in all."""
    currency: str | None


def _voucher(said: Any, names: ItemNames, drafts: Drafts, place: str, currency: Any) -> ItemLine:
    """What takes something off the whole order: no item, also where nobody can tell how much."""
    quantity = quantity_of(at(said, names.quantity))
    code = _currency(first(said, names.currency), currency, drafts)
    if quantity is None:
        drafts.reject(place, "quantity", NO_QUANTITY)
        return ItemLine({}, Sold(Decimal(1)), code)
    amount = {name: without_minus(first(said, name)) for name in (names.total, names.price)}
    total = _total(amount, names, quantity, code, drafts, place)
    return ItemLine({}, Sold(quantity, None if total is None else -total), code)


def _is_off(said: Any, names: ItemNames) -> bool:
    return below_zero(first(said, *filter(None, (names.total, names.price))))


def read_line(
    said: Any, names: ItemNames, drafts: Drafts, place: str, currency: Any = None
) -> ItemLine | None:
    """The item at this place; None: it is none, which is said then."""
    item_id = item_of(said, names, drafts.settings.intake_items)
    if item_id is None:
        drafts.reject(place, "no_item_id", _lacks_id(said, (*names.parent, *names.variant)))
        return None
    if len(item_id) > CHARS_MAX or is_cut(item_id):
        wrong = (
            "has half a character" if is_cut(item_id) else f"is longer than {CHARS_MAX} characters"
        )
        drafts.reject(place, "item_id", f"its id {wrong}")
        return None
    quantity = quantity_of(at(said, names.quantity))
    if quantity is None:
        drafts.reject(place, "quantity", NO_QUANTITY)
        return None
    fields: dict[str, Any] = {"item_id": item_id, "quantity": whole(quantity)}
    if (category := category_of(first(said, *names.category))) is not None:
        fields["category"] = category
    code = _currency(first(said, names.currency), currency, drafts)
    total = _total(said, names, quantity, code, drafts, place)
    price = None if total is None or code is None else minor_units(first(said, names.price), code)
    if price is not None:
        fields["price_minor"] = price
    return ItemLine(fields, Sold(quantity, total), code)


def _lacks_id(said: Any, names: tuple[str, ...]) -> str:
    """What is wrong with what has no id.

    >>> _lacks_id({"sku": True}, ("product_id", "sku")), _lacks_id({}, ("product_id", "sku"))
    ('its sku is no text or number that is an id', 'it has none of product_id, sku')
    """
    named = next((name for name in names if first(said, name) is not None), None)
    if named is None:
        return f"it has none of {', '.join(names)}"
    return f"its {named} is no text or number that is an id"


def _total(
    said: Any, names: ItemNames, quantity: Decimal, code: str | None, drafts: Drafts, place: str
) -> int | None:
    """What a line cost in all, in minor units; None: it does not say, or not so that it is read."""
    price, told = (first(said, name) for name in (names.price, names.total))
    if price is None and told is None:
        return None
    if code is None:
        drafts.ignore(NO_CURRENCY)
        return None
    off = [exact_amount(one, code) for _, one in rows(at(said, names.discounts))]
    exact = exact_amount(told, code)
    known = [one for one in off if one is not None]
    total = line_total(exact, exact_amount(price, code), quantity, known)
    if total is None or below_zero(told) or (exact is None and None in off):
        name = names.price if price is not None else names.total
        drafts.reject(placed(place, name), "price", NO_AMOUNT)
        return None
    return total


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


def read_lines(
    said: Any, names: ItemNames, drafts: Drafts, place: str, currency: Any = None
) -> list[tuple[int, ItemLine]]:
    """The items of a list with their places in it, without those that were rejected.

    One that costs less than nothing, beside others, is a voucher: `order_fields` takes it off. Of a
    return it is what came back: `taken_back` has it as that.
    """
    some = [*islice(rows(said), LINES_MAX + 1)]  # with which there are too many
    mixed = not all(_is_off(one, names) for _, one in some)
    read = []
    for index, one in some:
        of = _voucher if mixed and _is_off(one, names) else read_line
        line = of(one, names, drafts, placed(place, index), currency)
        read += [(index, line)] if line else []
    return read


def taken_back(said: Any, names: ItemNames) -> Any:
    """The items of a return, or of an order that is below 0 in all: however they are signed.

    What is no list is left as it is: of that nobody knows what came back, nor that it is all. Where
    prices are of both signs, the lesser part is what was taken off, as in the order: a voucher.

    >>> taken_back([{"item_id": "tea", "quantity": -2, "price": "-2,49"}], ItemNames(("item_id",)))
    [{'item_id': 'tea', 'quantity': '2', 'price': '2,49'}]
    """
    if listed(said) is None:
        return said
    items = [_changed(one, names.quantity, without_minus) for _, one in rows(said)]
    amounts = [_amount(one, names) for one in items]
    below = sum(amounts) < 0 or max(amounts, default=0) <= 0
    return [_changed(one, names.price, negated) for one in items] if below else items


def _changed(said: Any, name: str, change: Callable[[Any], Any]) -> Any:
    return {**said, name: change(said[name])} if at(said, name) is not None else said


def _amount(said: Any, names: ItemNames) -> Decimal:
    each, quantity = written(at(said, names.price)), quantity_of(at(said, names.quantity))
    return (each or Decimal(0)) * (quantity or Decimal(0))


def read_one(
    said: Any, names: ItemNames, drafts: Drafts, place: str, currency: Any = None
) -> list[tuple[int, ItemLine]]:
    """The one item at this place, as `read_lines` has it."""
    line = read_line(said, names, drafts, place, currency)
    return [] if line is None else [(0, line)]


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
        if not line.fields:  # a voucher, which nobody views, nor puts into a basket
            continue
        fields = dict(line.fields)
        if kind == "item_viewed":
            del fields["quantity"]
        if kind == "item_removed":
            fields = {"item_id": fields["item_id"], "quantity": fields["quantity"]}
        elif "price_minor" in fields:
            fields["currency"] = line.currency
        if kind == "item_added":
            fields = added(fields, line.sold) | {"receipt": receipt}
        drafts.event(place, kind, numbered(event_id, index), who, when, **fields)


def _currency(own: Any, of_all: Any, drafts: Drafts) -> str | None:
    """The currency of an item: its own, that of the event, or the one that is set.

    One that is named, and is none of ISO 4217 (points, a coin, one that is gone), is not made up
    for by another one: 100 of it are not 100 of that.
    """
    named = next((one for one in (own, of_all) if identifier(one) is not None), None)
    return (currency_code(named) if named else drafts.settings.intake_currency) or None
