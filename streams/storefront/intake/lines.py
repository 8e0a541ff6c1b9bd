"""Items of foreign records: which field is the item, and what it costs, by a table of names.

Item granularity is a setting: a product is one item whatever its variants, or each variant is one.
A source has an id of the variant, or only its name, which goes behind the product's id then. What
is not there is made up for by the other one.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from streams.contract.events.fields import LINES_MAX, QUANTITY_MAX
from streams.storefront.intake.drafts import Drafts, Who, numbered, placed
from streams.storefront.intake.values.discounts import NO_DISCOUNT, Discount, discounted
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
from streams.storefront.intake.values.pieces import (
    Sold,
    added,
    fits,
    line_total,
    pieces,
    quantity_of,
    whole,
)
from streams.storefront.intake.values.times import When

NO_CURRENCY = "price without currency"
NO_LIST = "basket without items"
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
        lacks = f"it has none of {', '.join((*names.parent, *names.variant))}"
        drafts.reject(place, "no_item_id", lacks)
        return None
    if len(item_id) > CHARS_MAX:
        drafts.reject(place, "item_id", f"its id is longer than {CHARS_MAX} characters")
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


def order_fields(
    lines: list[tuple[int, ItemLine]], discount: Discount = NO_DISCOUNT
) -> dict[str, Any]:
    """The lines of an order, a return or a basket: prices in one currency, that of the first.

    They cost what the source's cost, to the minor unit, less what is taken off the whole order.
    Lines of an item of which parts were sold are one.
    """
    code = next((line.currency for _, line in lines if line.currency and line.fields), None)
    told = [one.sold if one.currency == code else Sold(one.sold.quantity) for _, one in lines]
    paid = zip(lines, discounted(told, discount, code), strict=True)
    items = [(index, line._replace(sold=sold)) for (index, line), sold in paid if line.fields]
    parted = {line.fields["item_id"] for _, line in items if line.sold.quantity % 1}
    alike: dict[str | int, list[ItemLine]] = {}
    for index, line in items:
        item_id = line.fields["item_id"]
        alike.setdefault(item_id if item_id in parted else index, []).append(line)
    fields = [one for some in alike.values() for one in _order_lines(some)]
    return {"lines": fields, "currency": code}


def _order_lines(lines: Sequence[ItemLine]) -> list[dict[str, Any]]:
    """The pieces of an item, as an order has them; too many for one line are told apart."""
    sold = [one.sold for one in lines]
    if len(lines) > 1 and not fits(sold):
        return [told for one in lines for told in _order_lines([one])]
    about = {k: v for one in lines for k, v in one.fields.items() if k != "price_minor"}
    told = [about | one._asdict() for one in pieces(sold)]
    return [{k: v for k, v in one.items() if v is not None} for one in told]


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
    if (every_one := listed(said)) is None:
        drafts.ignore(NO_LIST)
        return
    lines = read_lines(said, names, drafts, where, currency)
    if left_out := min(len(every_one), LINES_MAX + 1) - len(lines):
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
