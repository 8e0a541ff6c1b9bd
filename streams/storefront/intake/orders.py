"""Lines that belong together: an order's, a return's, a basket's, in one currency."""

from collections.abc import Sequence
from typing import Any

from streams.contract.events.fields import LINES_MAX
from streams.storefront.intake.drafts import Drafts, Who
from streams.storefront.intake.lines import ItemLine, ItemNames, read_lines
from streams.storefront.intake.values.discounts import NO_DISCOUNT, Discount, discounted
from streams.storefront.intake.values.identifiers import identifier
from streams.storefront.intake.values.looking import listed
from streams.storefront.intake.values.money import currency_code, written
from streams.storefront.intake.values.pieces import Sold, fits, pieces
from streams.storefront.intake.values.times import When

NO_LIST = "basket without items"
OTHER_CURRENCY = "price in another currency"
NOT_SHARED = "discount of an order with prices in other currencies"
NO_CURRENCY = "discount without a currency that is known"


def order_fields(
    lines: list[tuple[int, ItemLine]],
    drafts: Drafts,
    currency: Any = None,
    discount: Discount = NO_DISCOUNT,
) -> dict[str, Any]:
    """The lines of an order, a return or a basket: prices in its currency, else the first line's.

    They cost what the source's cost, to the minor unit, less what is taken off the whole order. A
    line in another currency has no price, which is counted, and then nothing is taken off the
    others. Lines of an item of which parts were sold are one.
    """
    of_lines = (line.currency for _, line in lines if line.currency and line.fields)
    code = currency_code(currency) or next(of_lines, None)
    if identifier(currency) and not currency_code(currency) and written(discount.amount):
        drafts.ignore(NO_CURRENCY)  # 10 points are not 10 of what the lines cost
        discount = NO_DISCOUNT
    paid = zip(lines, _paid(code, lines, discount, drafts), strict=True)
    items = [(index, line._replace(sold=sold)) for (index, line), sold in paid if line.fields]
    parted = {line.fields["item_id"] for _, line in items if line.sold.quantity % 1}
    alike: dict[str | int, list[ItemLine]] = {}
    for index, line in items:
        item_id = line.fields["item_id"]
        alike.setdefault(item_id if item_id in parted else index, []).append(line)
    fields = [one for some in alike.values() for one in _order_lines(some)]
    return {"lines": fields, "currency": code}


def _paid(
    code: str | None, lines: list[tuple[int, ItemLine]], discount: Discount, drafts: Drafts
) -> list[Sold]:
    """The lines less discounts; these are of all lines, so one that is left out shares none."""
    told = [_in_currency(code, line, drafts) for _, line in lines]
    if all(line.currency == code for _, line in lines if line.fields):
        return discounted(told, discount, code)
    if written(discount.amount) or any((one.total_minor or 0) < 0 for one in told):
        drafts.ignore(NOT_SHARED)
    return told


def _in_currency(code: str | None, line: ItemLine, drafts: Drafts) -> Sold:
    """How much of it was sold, and what for, if that is told in the currency of the whole."""
    if line.currency == code or line.sold.total_minor is None:
        return line.sold
    drafts.ignore(OTHER_CURRENCY)
    return Sold(line.sold.quantity)


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
    drafts.event(
        place, "basket_updated", event_id, who, when, **order_fields(lines, drafts, currency)
    )
