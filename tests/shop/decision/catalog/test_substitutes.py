"""What would replace an item is no cross-sell: of one category, and not seen to go together."""

import pytest

from models.recommenders.pair_table.substitutes import substitute_probability
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.curated import CuratedItems
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.categories import NARROW_MAX
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.catalog.substitutes import ROWS_MAX, UNCOUNTED, Likeness
from tests.shop.decision.catalog.test_relations import offered
from tests.stories import Story, Till

SHIRTS = [CatalogItem(item_id=f"shirt-{color}", category="shirts") for color in ("red", "blue")]
TIES = [CatalogItem(item_id=f"tie-{color}", category="ties") for color in ("red", "blue")]


def till(probability_max: float = 0.5) -> Till:
    """A shop that sells shirts and ties; a few buy all of them, most buy one shirt and one tie."""
    shop = Till()
    shop.catalog = Catalog(substitute_probability_max=probability_max)
    for item in (*SHIRTS, *TIES):
        assert shop.catalog.put(item)
    for shirt in ("shirt-red", "shirt-blue"):
        for tie in ("tie-red", "tie-blue"):
            shop.teach(shirt, tie, times=20)
    shop.teach("shirt-red", "shirt-blue", "tie-red", "tie-blue", times=2)
    return shop


def test_nothing_of_its_kind_is_offered_beside_an_item() -> None:
    """Neither dearer nor cheaper: whoever looks at a shirt is offered a tie."""
    shop = till()

    assert {"tie-blue"} == offered(shop, *["shirt-red"] * 20)
    assert ("substitute",) == tuple(set(shop.serve(Story("s2").view("shirt-red")).withheld))


def test_two_of_a_kind_never_stand_in_one_prompt() -> None:
    """One tie is offered, and no other one that would replace it."""
    shop, story = till(), Story()
    prompts = [shop.prompt(story.view("shirt-red")) for _ in range(20)]

    assert {1} == {len(prompt.items) for prompt in prompts}


def test_a_setting_lets_categories_decide_nothing() -> None:
    """Nor are they kept then."""
    shop = till(probability_max=1.0)

    assert not shop.catalog
    assert {"shirt-blue", "tie-red", "tie-blue"} == offered(shop, *["shirt-red"] * 20)


def test_what_most_take_together_completes_its_kind() -> None:
    """Knife and sharpener are both kitchen tools."""
    shop = Till()
    shop.catalog = Catalog(substitute_probability_max=0.5)
    for item in ("knife", "sharpener", "other-knife"):
        shop.catalog.put(CatalogItem(item_id=item, category="kitchen/tools"))
    shop.teach("knife", "sharpener", times=20)
    shop.teach("knife", times=20)
    shop.teach("other-knife", times=30)

    assert {"sharpener"} == offered(shop, *["knife"] * 20)


def test_what_is_looked_at_together_and_not_bought_together_replaces() -> None:
    """The few who took both are few of those who looked at both."""
    shop = Till()
    shop.catalog = Catalog(substitute_probability_max=0.5)
    for item in ("knife", "sharpener"):
        shop.catalog.put(CatalogItem(item_id=item, category="kitchen/tools"))
    shop.teach("knife", "sharpener", times=4)
    assert {"sharpener"} == offered(shop, *["knife"] * 20)

    for number in range(60):
        story = Story(f"looker-{number}")
        shop.serve(story.view("knife"))
        shop.serve(story.view("sharpener"))

    assert set() == offered(shop, *["knife"] * 20, story=Story("s2"))


def test_what_somebody_says_goes_together_does() -> None:
    """By the catalogue's relation, on either side, or a curator's word."""
    for said in ("accessory_of", "curated"):
        shop = Till()
        catalog = shop.catalog = Catalog(substitute_probability_max=0.5, relations_use="arms")
        relation = {"kind": said, "item_id": "knife"}
        told = (relation,) if said == "accessory_of" else ()
        fields = {"item_id": "sharpener", "category": "tools", "relations": told}
        catalog.put(CatalogItem.model_validate(fields))
        catalog.put(CatalogItem(item_id="knife", category="tools"))
        if said == "curated":
            catalog.curation.put("curated.knife", "knife", CuratedItems(items=("sharpener",)))

        assert {"sharpener"} == offered(shop, *["knife"] * 5)


def test_a_category_that_is_told_no_more_decides_no_more() -> None:
    """By a newer record, by a tombstone, or a topic made anew."""
    catalog = Catalog(substitute_probability_max=0.5)
    for taken_back in (
        lambda: catalog.put(CatalogItem(item_id="a")),
        lambda: catalog.take_out("a"),
        catalog.clear,
    ):
        catalog.put(CatalogItem(item_id="a", category="b"))
        assert catalog
        taken_back()
        assert not catalog


def test_categories_take_no_room_of_what_is_withheld() -> None:
    """What is out of stock is known, however many items have a category."""
    catalog = Catalog(items_max=2, substitute_probability_max=0.5)
    for item in "abcdef":
        assert catalog.put(CatalogItem(item_id=item, category="x"))

    assert catalog.put(CatalogItem(item_id="g", category="x", in_stock=False))
    assert (2, {"g": "out_of_stock"}) == (len(catalog.categories), catalog.withheld)


def test_a_category_that_holds_most_of_the_shop_is_ignored() -> None:
    """A feed whose every product is of `all products` does not silence the shop; it is counted."""
    shop = Till()
    catalog = shop.catalog = Catalog(substitute_probability_max=0.5)
    for number in range(NARROW_MAX):
        catalog.put(CatalogItem(item_id=f"item-{number}", category="all products"))
    for item in ("item-1", "item-2"):
        shop.teach(item, times=30)
    narrow = offered(shop, *["item-1"] * 5)
    catalog.put(CatalogItem(item_id="one-more", category="all products"))
    wide = offered(shop, *["item-1"] * 5, story=Story("s2"))

    assert (set(), {"item-2"}, 1) == (narrow, wide, catalog.categories.ignored)
    catalog.take_out("one-more")
    assert ("all products", 0) == (catalog.categories.of("item-1"), catalog.categories.ignored)
    catalog.put(CatalogItem(item_id="one-more", category="all products"))
    catalog.clear()
    catalog.put(CatalogItem(item_id="item-1", category="all products"))
    assert ("all products", 0) == (catalog.categories.of("item-1"), catalog.categories.ignored)


def crowd(count: int, *named: str) -> Catalog:
    """A catalogue with so many shirts and these, of one category, and many other things."""
    catalog = Catalog(substitute_probability_max=0.5)
    for item in (*named, *(f"shirt-{number}" for number in range(count))):
        catalog.put(CatalogItem(item_id=item, category="shirts"))
        for more in range(4):  # else the category is too wide to say anything
            catalog.put(CatalogItem(item_id=f"x-{item}-{more}", category=f"others {more}"))
    return catalog


@pytest.mark.parametrize("others", [0, 20, 80, 500])
def test_a_sure_complement_is_offered_however_many_of_its_category_do_not_go(others: int) -> None:
    """Plate and cup are taken together always; the others are popular, and replace the plate."""
    shop = Till(together_min=1)
    for number in range(min(others, 80)):
        shop.teach("plate", f"shirt-{number}", times=2)
    shop.teach("plate", "cup", times=40)
    shop.catalog = crowd(others, "plate", "cup")

    assert "cup" in offered(shop, "plate", "plate", "plate")


def test_what_an_item_of_the_basket_met_is_read_once_and_of_so_many_at_most() -> None:
    """Beyond them two of a kind are taken for what they are before they are counted."""
    shop = Till(together_min=1)
    names = [f"plate-{number}" for number in range(ROWS_MAX + 1)]
    for name in names:
        shop.teach(name, "cup", times=5)
    catalog = Catalog(substitute_probability_max=0.5)
    for number, name in enumerate(names):
        catalog.put(CatalogItem(item_id=name, category=f"kind {number}"))
        catalog.put(CatalogItem(item_id=f"x-{name}", category=f"kind {number}"))
    likeness = Likeness(catalog.categories, catalog.relations, catalog.curation, 0.5)
    likeness.ask(shop.shop.learned)
    likeness.fill(names)
    assert [likeness.conflict(f"x-{name}") for name in names] == [True] * len(names)

    catalog.put(CatalogItem(item_id="cup", category=f"kind {ROWS_MAX}"))
    assert likeness.conflict("cup")  # though it goes with the last: that was one too many
    likeness.ask(shop.shop.learned)
    likeness.fill(names)
    assert not likeness.conflict("cup")


def test_how_often_one_was_taken_counts_where_nobody_took_both() -> None:
    """A shop that wants to be very sure lets two go together that hardly anybody could take."""
    sure = substitute_probability(3, 0)
    assert UNCOUNTED < sure
    shop = till(sure)
    assert shop.catalog is not None
    for name in ("shirt-old", "shirt-new"):
        shop.catalog.put(CatalogItem(item_id=name, category="shirts"))
        shop.teach(name, "tie-red", times=2)

    told = shop.catalog.categories, shop.catalog.relations, shop.catalog.curation
    for times, replaces in ((0, False), (200, True)):
        for name in ("shirt-old", "shirt-new"):
            shop.teach(name, "tie-blue", times=times)
        likeness = Likeness(*told, sure)
        likeness.ask(shop.shop.learned)
        likeness.fill(["shirt-old"])
        assert replaces == likeness.conflict("shirt-new")


def test_a_curated_pair_goes_together_whichever_stands_first() -> None:
    """Also within a prompt: nobody says which of the two is offered before the other one."""
    catalog = Catalog(substitute_probability_max=0.5)
    for item in ("knife", "sharpener"):
        catalog.put(CatalogItem(item_id=item, category="tools"))
    catalog.curation.put("curated.knife", "knife", CuratedItems(items=("sharpener",)))
    exclusions = Exclusions(catalog)

    assert exclusions.pairs.fits("knife", "sharpener")
    assert exclusions.pairs.fits("sharpener", "knife")


def test_categories_without_room_are_left_out_and_counted() -> None:
    """What has one already may change it."""
    catalog = Catalog(items_max=1, substitute_probability_max=0.5)
    for item in "aba":
        assert catalog.put(CatalogItem(item_id=item, category=f"of {item}"))

    assert ("of a", {"categories": 1}) == (catalog.categories.of("a"), +catalog.left_out)


def test_two_of_a_kind_never_stand_in_two_slots_of_one_event() -> None:
    """The red tie below the basket, and no blue one on the page."""
    shop = till()
    for number in range(20):
        event = Story(f"s{number}").view("shirt-red", slots=("basket", "product_page"))
        prompts = shop.serve(event).outgoing_prompts
        assert 1 == len([item for one in prompts for item in one.items])


def test_what_stood_beside_before_is_no_more_there() -> None:
    """Exclusions are asked many times for one decision; before the first time nothing is there."""
    shop = till()
    assert shop.catalog is not None
    exclusions = Exclusions(shop.catalog)
    assert "shirt-red" not in exclusions
    for beside, out in ((["shirt-blue"], True), ([], False), (["tie-red"], False)):
        exclusions.fill(set(), beside, learned=shop.shop.learned)
        assert out == ("shirt-red" in exclusions)


def likeness(catalog: Catalog, probability_max: float) -> Likeness:
    """Of this catalogue, before anything was asked."""
    told = catalog.categories, catalog.relations, catalog.curation
    return Likeness(*told, probability_max)


def test_only_two_of_one_category_replace_each_other() -> None:
    """Not two of different ones, nor two of none; and nothing replaces itself."""
    shop = till()
    assert shop.catalog is not None
    alike = likeness(shop.catalog, 0.5).alike

    assert alike("shirt-red", "shirt-blue")
    assert not alike("shirt-red", "tie-red")
    assert not alike("soap", "towel")
    assert not alike("shirt-red", "shirt-red")


def test_an_accessory_goes_together_with_its_like_whichever_stands_first() -> None:
    """The strap is a watch by category; it is no substitute of the watch."""
    catalog = Catalog(substitute_probability_max=0.5, relations_use="arms")
    said = [{"kind": "accessory_of", "item_id": "watch"}]
    for item, relations in (("watch", []), ("strap", said), ("other watch", [])):
        fields = {"item_id": item, "category": "watches", "relations": relations}
        catalog.put(CatalogItem.model_validate(fields))
    fits = Exclusions(catalog).pairs.fits

    assert [True, True] == [fits("watch", "strap"), fits("strap", "watch")]
    assert [False, False] == [fits("watch", "other watch"), fits("strap", "other watch")]


def test_two_that_were_taken_once_each_and_never_together_replace_each_other() -> None:
    """Nobody took both: that is not one who did."""
    shop = Till(together_min=1)
    catalog = shop.catalog = Catalog(substitute_probability_max=0.9)
    for item in ("knife", "other-knife"):
        catalog.put(CatalogItem(item_id=item, category="tools"))
        shop.teach(item, "board", times=1)
    assert substitute_probability(1, 1) < 0.9 < UNCOUNTED
    judged = likeness(catalog, 0.9)
    judged.ask(shop.shop.learned)
    judged.fill(["knife"])

    assert judged.conflict("other-knife")


def test_what_is_as_sure_as_what_is_not_counted_is_no_substitute_before_it_is() -> None:
    """A shop that asks for no more than that: by one purchase of one alone it is surer."""
    shop = till(UNCOUNTED)
    catalog = shop.catalog
    assert catalog is not None
    for item in ("lamp-new", "lamp-old"):
        catalog.put(CatalogItem(item_id=item, category="lamps"))
    judged = likeness(catalog, UNCOUNTED)
    judged.fill(["lamp-old"])
    assert not judged.conflict("lamp-new")
    judged.ask(shop.shop.learned)
    assert not judged.conflict("lamp-new")

    for item in ("lamp-new", "lamp-old"):
        shop.teach(item, "bulb", times=20)
    judged.ask(shop.shop.learned)
    assert judged.conflict("lamp-new")


def test_of_several_reasons_the_first_is_told() -> None:
    """What its own record says, else of one product, else a relation, else its category."""
    catalog = Catalog(substitute_probability_max=0.5, relations_use="guards")
    excludes = [{"kind": "excludes", "item_id": "shirt-red"}]
    for item, more in (
        ("shirt-red", {}),
        ("shirt-blue", {"relations": excludes}),
        ("shirt-red-l", {"variant_of": "shirt-red", "relations": excludes}),
        ("shirt-red-m", {"variant_of": "shirt-red", "in_stock": False}),
    ):
        fields = {"item_id": item, "category": "shirts", **more}
        assert catalog.put(CatalogItem.model_validate(fields))
    exclusions = Exclusions(catalog)
    exclusions.fill(set(), ["shirt-red"])

    expected = {
        "shirt-blue": "excluded",
        "shirt-red-l": "variant",
        "shirt-red-m": "out_of_stock",
    }
    assert all(item in exclusions for item in expected)
    assert expected == exclusions.noted
