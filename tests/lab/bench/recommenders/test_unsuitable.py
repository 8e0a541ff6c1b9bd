"""Plain books of what must not be offered: each kind is found, and the shop offers none of it."""

from typing import Any

import pytest

from streams.contract.events import ItemAdded, ItemRemoved, ItemViewed, OrderLine, OrderPlaced
from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.lab.bench.recommenders.changing_shop import ChangingShop
from streams.lab.bench.recommenders.unsuitable import KINDS, PlainBooks
from streams.lab.bench.recommenders.unsuitable_report import measure, section
from tests.stories import NOON_MS

ABOUT: dict[str, Any] = {"session_id": "s", "occurred_at_ms": NOON_MS, "schema_version": 2}
LOOKS = ItemViewed(event_id="v", item_id="bread", **ABOUT)


def books(*items: CatalogItem, hidden: frozenset[str] = frozenset()) -> PlainBooks:
    """Books of a visit with jam in the basket, in which somebody looks at bread."""
    found = PlainBooks(margin_ratio_min=0.1)
    found.hidden = hidden
    for item in items:
        found.items[item.item_id] = item
    found.note(ItemAdded(event_id="a", item_id="jam", quantity=2, **ABOUT))
    found.note(LOOKS)
    return found


def related(item_id: str, kind: Any, other: str, **fields: Any) -> CatalogItem:
    """An item that says something of another one."""
    return CatalogItem(item_id=item_id, relations=(Relation(kind=kind, item_id=other),), **fields)


@pytest.mark.parametrize(
    ("kind", "items", "offered"),
    [
        ("in_basket", [], ("jam",)),
        ("asked", [], ("bread",)),
        ("out_of_stock", [CatalogItem(item_id="tea", in_stock=False)], ("tea",)),
        ("hidden", [CatalogItem(item_id="tea", hidden=True)], ("tea",)),
        ("restricted", [CatalogItem(item_id="gin", restricted="age")], ("gin",)),
        (
            "below_floor",
            [CatalogItem(item_id="tea", price_minor=100, margin_minor=9, currency="EUR")],
            ("tea",),
        ),
        (
            "variant",
            [CatalogItem(item_id=i, variant_of="jams") for i in ("jam", "jam-xl")],
            ("jam-xl",),
        ),
        ("excluded", [related("tea", "excludes", "jam")], ("tea",)),
        ("excluded", [related("bread", "excludes", "tea")], ("tea",)),
        ("excluded", [related("tea", "excludes", "milk")], ("milk", "tea")),
        ("upgrade", [related("cake", "upgrade_of", "bread")], ("cake",)),
        (
            "upgrade",
            [related("cake", "upgrade_of", "bun"), related("bun", "upgrade_of", "bread")],
            ("cake",),
        ),
        ("requires", [related("lid", "requires", "pot")], ("lid",)),
    ],
    ids=[
        *("in-the-basket", "asked", "sold-out", "hidden", "restricted", "below-the-floor"),
        *("variant", "excludes", "is-excluded", "excludes-another", "better", "better-by-way-of"),
        "needs",
    ],
)
def test_each_kind_of_what_must_not_be_is_found(
    kind: str, items: list[CatalogItem], offered: tuple[str, ...]
) -> None:
    """By the books alone, whoever would offer it."""
    found = books(*items).unsuitable(LOOKS, "product_page", "bread", offered)

    assert {kind} == {one for one, _ in found}
    assert kind in KINDS


def test_what_fits_is_not_found() -> None:
    """In stock, at the floor, with what it needs there; an upgrade instead of what asked."""
    good = CatalogItem(item_id="tea", price_minor=100, margin_minor=10, currency="EUR")
    knife = related("knife", "requires", "bread")
    cake = related("cake", "upgrade_of", "bread")

    assert not [*books(good, knife).unsuitable(LOOKS, "basket", "bread", ("tea", "knife"))]
    assert not [*books(cake).unsuitable(LOOKS, "upgrade", "bread", ("cake",))]


def test_what_a_control_hides_and_what_was_bought_is_found() -> None:
    """A product hides its variants; what was ordered is in the basket no more."""
    tea = CatalogItem(item_id="tea-xl", variant_of="teas")
    hiding = books(tea, hidden=frozenset({"teas"}))
    assert [("hidden", "tea-xl")] == [
        *hiding.unsuitable(LOOKS, "product_page", "bread", ("tea-xl",))
    ]

    hiding.note(ItemRemoved(event_id="r", item_id="jam", quantity=1, **ABOUT))
    lines = (OrderLine(item_id="jam"),)
    order = OrderPlaced(event_id="o", order_id="o", lines=lines, **ABOUT)
    hiding.note(order)
    found = [*hiding.unsuitable(order, "post_purchase", "jam", ("jam",))]
    assert {("asked", "jam"), ("ordered", "jam")} == {*found}


def test_a_shop_that_changes_all_the_time_offers_nothing_that_must_not_be() -> None:
    """3,000 events, seed 1; without the catalogue most kinds would have been offered."""
    figures = measure(3_000, seed=1)

    assert (3_000, 0, {}) == (figures["events"], figures["unsuitable"], figures["found"])
    assert figures["prompts"] > 3_000
    assert figures["changes"] > 400
    assert {"out_of_stock", "hidden", "below_floor", "requires"} <= {*figures["without_catalogue"]}
    assert any("out_of_stock" in line for line in section(figures))


def test_the_same_seed_makes_the_same_shop() -> None:
    """Changes and all."""
    one, again = ([*ChangingShop(7).steps(200)] for _ in range(2))

    assert one == again
    assert one != [*ChangingShop(8).steps(200)]
