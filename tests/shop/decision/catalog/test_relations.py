"""What the catalogue says of two items decides: no replacement, nothing unfit, nothing unusable."""

from typing import Any

import pytest

from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.answer import Silence
from tests.stories import Story, Till


def related(item_id: str, **relations: str) -> CatalogItem:
    """An item, and what it is to one other each."""
    said = tuple({"kind": kind, "item_id": other} for kind, other in relations.items())
    return CatalogItem.model_validate({"item_id": item_id, "relations": said})


def till(*items: CatalogItem, learned: tuple[str, ...] = ("phone", "case", "pro")) -> Till:
    """A shop that has seen phone, case and pro bought together, with a catalogue of these items."""
    shop = Till()
    shop.teach(*learned)
    shop.catalog = Catalog()
    for item in items:
        assert shop.catalog.put(item)
    return shop


def offered(shop: Till, *looked_at: str, story: Story | None = None) -> set[str]:
    """What is offered to who looks at these items, one after the other."""
    story = story or Story()
    answers = [shop.serve(story.view(item)) for item in looked_at]
    return {item.item_id for one in answers if one.prompt for item in one.prompt.items}


def test_an_upgrade_is_never_offered_as_a_cross_sell() -> None:
    """Neither to who looks at the item, nor to who has it in the basket: it would replace it."""
    shop, story = till(related("pro", upgrade_of="phone")), Story("basket")
    looked = offered(shop, *["phone"] * 20)
    shop.serve(story.add("phone"))
    basket = offered(shop, *["case"] * 20, story=story)

    assert ({"case"}, set()) == (looked, basket)
    assert ("upgrade",) == shop.serve(Story("s2").view("phone")).withheld


def test_an_upgrade_of_something_else_may_complete_the_purchase() -> None:
    """Beside the case it replaces nothing."""
    assert {"phone", "pro"} == offered(till(related("pro", upgrade_of="phone")), *["case"] * 20)


@pytest.mark.parametrize(("says", "of"), [("coat", "swimsuit"), ("swimsuit", "coat")])
def test_what_excludes_each_other_never_stands_together(says: str, of: str) -> None:
    """Whichever of the two says so: a winter coat is no offer beside a swimsuit."""
    shop = till(related(says, excludes=of), learned=("swimsuit", "coat", "towel"))

    assert {"towel"} == offered(shop, *["swimsuit"] * 20)
    assert {"towel"} == offered(shop, *["coat"] * 20, story=Story("s2"))
    assert {"swimsuit", "coat"} <= offered(shop, *["towel"] * 20, story=Story("s3"))


def test_what_needs_something_is_offered_to_who_has_it() -> None:
    """In the basket, in view, bought in this session or once before; to nobody else."""
    shop = till(related("toner", requires="printer"), learned=("paper", "toner"))
    nothing = shop.serve(Story("none").view("paper"))
    story, buyer = Story("basket"), Story("buyer", shopper_id="ann")
    shop.serve(story.add("printer"))
    shop.serve(buyer.add("printer"))
    shop.serve(buyer.order("printer"))
    later = Story("later", start_ms=buyer.now_ms + 90 * 86_400_000, shopper_id="ann")

    assert (Silence("withheld"), ("requires",)) == (nothing.silence, nothing.withheld)
    assert "toner" in offered(shop, *["paper"] * 9, story=story)
    assert "toner" in offered(shop, *["paper"] * 9, story=buyer)
    assert "toner" in offered(shop, *["paper"] * 9, story=later)
    assert "toner" not in offered(shop, *["paper"] * 9, story=Story("x", shopper_id="bob"))


def test_all_that_is_required_has_to_be_there() -> None:
    """One of two is not enough."""
    needs = [{"kind": "requires", "item_id": item} for item in ("bolt", "nut")]
    item = CatalogItem.model_validate({"item_id": "bracket", "relations": needs})
    shop, story = till(item, learned=("shelf", "bracket")), Story()
    shop.serve(story.add("bolt"))
    with_one = shop.serve(story.view("shelf"))
    shop.serve(story.add("nut"))

    assert ("requires",) == with_one.withheld
    assert {"bracket"} == offered(shop, *["shelf"] * 9, story=story)


def test_a_relation_of_a_product_holds_for_its_variants() -> None:
    """On both sides: the large shirt is no upgrade beside the small basic one either."""
    shop = till(
        related("premium", upgrade_of="basic"),
        CatalogItem(item_id="premium-l", variant_of="premium"),
        CatalogItem(item_id="basic-s", variant_of="basic"),
        learned=("basic-s", "premium-l", "tie"),
    )

    assert {"tie"} == offered(shop, *["basic-s"] * 20)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"price_minor": 1000, "margin_minor": 99}, "margin"),
        ({"price_minor": 1000, "margin_minor": 100}, None),
        ({"price_minor": 1000}, None),
        ({"margin_minor": 0}, None),
        ({"margin_minor": -1}, "margin"),
    ],
    ids=["below", "at", "untold", "priceless", "priceless-loss"],
)
def test_what_earns_less_than_the_floor_is_not_offered(
    fields: dict[str, Any], why: str | None
) -> None:
    """A tenth of the price is the floor; where nobody tells a margin there is none."""
    catalog = Catalog(margin_ratio_min=0.1)
    catalog.put(CatalogItem(item_id="a", currency="EUR", **fields))

    assert why == catalog.withheld.get("a")


def test_without_a_floor_even_a_loss_is_offered() -> None:
    """A floor is asked for by a setting: nothing changes by itself."""
    catalog = Catalog()
    catalog.put(CatalogItem(item_id="a", currency="EUR", price_minor=1, margin_minor=-500))

    assert not catalog


def test_relations_go_with_the_record_that_said_them() -> None:
    """A newer record, a tombstone or a new topic: what it said before counts no more."""
    catalog = Catalog()
    for taken_back in (
        lambda: catalog.put(CatalogItem(item_id="case")),
        lambda: catalog.take_out("case"),
        catalog.clear,
    ):
        catalog.put(related("case", accessory_of="phone", spare_part_of="tablet"))
        assert ["case"] == catalog.relations.accessories("phone")
        assert ["case"] == catalog.relations.accessories("tablet")
        taken_back()
        assert not catalog
        assert [] == [*catalog.relations.accessories("phone")]


def test_accessories_are_in_the_order_of_their_ids_however_they_came() -> None:
    """Workers read partitions in any order, and offer the same."""
    catalog = Catalog()
    for item in ("c", "a", "b"):
        catalog.put(related(item, accessory_of="phone"))

    assert ["a", "b", "c"] == catalog.relations.accessories("phone")


def test_a_full_catalogue_takes_no_more_relations() -> None:
    """The bound is one for all that is kept."""
    catalog = Catalog(items_max=3)

    assert catalog.put(related("pro", upgrade_of="phone"))
    assert not catalog.put(related("case", accessory_of="phone"))
    assert catalog.put(related("pro", upgrade_of="tablet", excludes="phone"))
    assert not catalog.put(CatalogItem(item_id="jam", hidden=True))
    assert 3 == len(catalog)
