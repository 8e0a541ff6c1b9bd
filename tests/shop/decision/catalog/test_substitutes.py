"""What would replace an item is no cross-sell: of one category, and not seen to go together."""

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.curated import CuratedItems
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.categories import NARROW_MAX
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.catalog.substitutes import JUDGED_MAX, PAIRS_MAX, Likeness
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


def test_only_so_many_pairs_are_looked_up_for_one_decision() -> None:
    """Beyond them two of a kind are taken for what they are before they are counted."""
    shop = till()
    catalog = Catalog(substitute_probability_max=0.5)
    for number in range(2 * JUDGED_MAX):
        catalog.put(CatalogItem(item_id=f"shirt-{number}", category="shirts"))
    likeness = Likeness(catalog.categories, catalog.relations, catalog.curation, 0.5)
    likeness.ask(shop.shop.learned)
    likeness.fill(["shirt-0"])
    judged = [likeness.conflict(f"shirt-{number}") for number in range(1, 2 * JUDGED_MAX)]
    again = [likeness.conflict(f"shirt-{number}") for number in range(1, 2 * JUDGED_MAX)]

    assert (JUDGED_MAX, {True}) == (likeness.looked_up, {*judged, *again})
    likeness.ask(shop.shop.learned)
    assert likeness.conflict("shirt-1")
    assert 1 == likeness.looked_up


def test_beyond_so_many_pairs_nobody_is_asked_what_goes_together() -> None:
    """Of a crowd of one category all is taken for substitutes, and a decision stays cheap."""
    catalog = Catalog(substitute_probability_max=0.5, relations_use="arms")
    for number in range(PAIRS_MAX + 3):
        said = {"kind": "accessory_of", "item_id": "shirt"}
        fields = {"item_id": f"cuff-{number}", "category": "shirts", "relations": (said,)}
        catalog.put(CatalogItem.model_validate(fields))
        for more in range(4):  # else the category is too wide to say anything
            catalog.put(CatalogItem(item_id=f"x-{number}-{more}", category=f"others {more}"))
    catalog.put(CatalogItem(item_id="shirt", category="shirts"))
    likeness = Likeness(catalog.categories, catalog.relations, catalog.curation, 0.5)
    likeness.ask(Till().shop.learned)
    likeness.fill(["shirt"])
    judged = [likeness.conflict(f"cuff-{number}") for number in range(PAIRS_MAX + 3)]

    assert [*[False] * PAIRS_MAX, *[True] * 3] == judged
    likeness.ask(None)
    assert not likeness.conflict("cuff-0")


def test_a_curated_pair_goes_together_whichever_stands_first() -> None:
    """Also within a prompt: nobody says which of the two is offered before the other one."""
    catalog = Catalog(substitute_probability_max=0.5)
    for item in ("knife", "sharpener"):
        catalog.put(CatalogItem(item_id=item, category="tools"))
    catalog.curation.put("curated.knife", "knife", CuratedItems(items=("sharpener",)))
    exclusions = Exclusions(catalog)

    assert exclusions.fits("knife", "sharpener")
    assert exclusions.fits("sharpener", "knife")


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
