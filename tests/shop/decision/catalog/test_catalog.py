"""What the catalogue withholds is not offered; and a shop without one decides as it always did."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.lab.bench.stage.workload import workload
from streams.shop.decision.catalog.catalog import Catalog, earns_less
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.memory.answer import Silence
from tests.stories import Story, Till

FACTS: dict[str, dict[str, Any]] = {
    "hidden": {"hidden": True},
    "restricted": {"restricted": "age"},
    "out_of_stock": {"in_stock": False},
}


def stocked(*items: CatalogItem, items_max: int = 1000) -> Catalog:
    """A catalogue of these items."""
    catalog = Catalog(items_max)
    for item in items:
        assert catalog.put(item)
    return catalog


def till(*learned: str, **settings: Any) -> Till:
    """A shop that has seen these items bought together, and sells nothing else."""
    shop = Till(**settings)
    shop.teach(*(learned or ("bread", "butter", "jam")))
    return shop


def offered(shop: Till, *sessions: str) -> set[str]:
    """All that is offered to those who look at bread."""
    answers = [shop.serve(Story(name).view("bread")) for name in sessions]
    return {item.item_id for answer in answers if answer.prompt for item in answer.prompt.items}


@pytest.mark.parametrize("why", FACTS)
def test_what_is_withheld_is_not_offered_and_counted_by_its_reason(why: str) -> None:
    """Whatever arm is drawn; what is left is offered as before."""
    shop = till()
    assert {"butter", "jam"} == offered(shop, *"abcdefgh")

    shop.catalog = stocked(CatalogItem(item_id="butter", **FACTS[why]))
    asked = shop.serve(Story("s9").view("bread"))

    assert {"jam"} == offered(shop, *"ijklmnop")
    assert (why,) == asked.withheld


@pytest.mark.parametrize("why", FACTS)
def test_where_nothing_else_is_left_there_is_silence_and_its_reason(why: str) -> None:
    """It is no lack of candidates: the operator looks at the stock, not at the learning."""
    shop = till("bread", "butter")
    shop.catalog = stocked(CatalogItem(item_id="butter", **FACTS[why]))

    assert Silence("withheld") == shop.serve(Story().view("bread")).silence


def test_without_a_candidate_the_catalogue_is_not_to_blame() -> None:
    """It withholds something else, which nobody would have offered."""
    shop = Till()
    shop.catalog = stocked(CatalogItem(item_id="butter", hidden=True))

    answer = shop.serve(Story().view("bread"))

    assert (Silence("no_candidate"), ()) == (answer.silence, answer.withheld)


def test_what_comes_back_is_offered_again() -> None:
    """By a new record, or by none: a tombstone takes the item out of the catalogue."""
    shop = till("bread", "butter")
    catalog = shop.catalog = stocked(CatalogItem(item_id="butter", in_stock=False))
    assert set() == offered(shop, "a")

    catalog.put(CatalogItem(item_id="butter", in_stock=True))
    assert {"butter"} == offered(shop, "b")

    catalog.put(CatalogItem(item_id="butter", in_stock=False))
    catalog.take_out("butter")
    assert {"butter"} == offered(shop, "c")


def test_an_item_is_what_its_latest_record_says_and_no_more_what_one_before_said() -> None:
    """No variant of anything, where the record does not say so; nor after a tombstone."""
    catalog = stocked(CatalogItem(item_id="shirt-m", variant_of="shirt"))
    assert "shirt" == catalog.product_of("shirt-m")
    catalog.put(CatalogItem(item_id="shirt-m", in_stock=False))
    assert ("shirt-m", 1) == (catalog.product_of("shirt-m"), len(catalog))

    catalog.put(CatalogItem(item_id="shirt-m", variant_of="shirt"))
    catalog.take_out("shirt-m")
    assert ("shirt-m", False) == (catalog.product_of("shirt-m"), bool(catalog))


def test_what_an_item_cost_is_forgotten_with_it() -> None:
    """A tombstone takes its price along, and makes room for another one's."""
    catalog = Catalog(prices_max=1)
    catalog.put(CatalogItem(item_id="tea", price_minor=100, currency="EUR"))
    assert bool(catalog)
    catalog.take_out("tea")
    assert ({}, False) == (catalog.prices.of, bool(catalog))

    catalog.put(CatalogItem(item_id="jam", price_minor=200, currency="EUR"))
    assert (["jam"], 0) == ([*catalog.prices.of], catalog.prices.left_out)


def test_of_a_topic_that_is_another_one_nothing_counts() -> None:
    """Whatever was withheld may be offered, is no variant, has no price, and earns what it may."""
    catalog = Catalog(prices_max=9, worths=True)
    catalog.put(CatalogItem(item_id="jam", hidden=True, price_minor=200, currency="EUR"))
    catalog.put(CatalogItem(item_id="shirt-m", variant_of="shirt"))
    assert 2 == len(catalog)
    catalog.clear()

    assert (False, 0) == (bool(catalog), len(catalog))
    assert ("shirt-m", {}) == (catalog.product_of("shirt-m"), catalog.prices.of)
    assert {} == catalog.worths
    assert "jam" not in Exclusions(catalog)


def test_before_a_question_is_asked_only_what_the_catalogue_withholds_is_out() -> None:
    """Nothing was met yet, and nothing is to be offered beside anything."""
    catalog = stocked(
        CatalogItem(item_id="jam", hidden=True), CatalogItem(item_id="shirt-m", variant_of="shirt")
    )
    fresh = Exclusions(catalog)
    assert (Silence("no_candidate"), ["jam"]) == (fresh.silence(), [*fresh])

    assert [True, False, False] == [item in fresh for item in ("jam", "shirt-m", "tea")]
    assert Silence("withheld") == fresh.silence()
    assert Silence("no_candidate") == fresh.anew().silence()


def test_what_is_no_item_is_in_no_exclusions() -> None:
    """Whoever asks for something else is told no, unless it was excluded by name."""
    catalog = stocked(CatalogItem(item_id="jam", hidden=True))
    exclusions = Exclusions(catalog)
    exclusions.fill({"bread"}, ())

    nothing: tuple[object, ...] = (None, 7, ("jam",))
    assert not any(one in exclusions for one in nothing)


def test_no_variant_is_offered_beside_another_one() -> None:
    """Nor beside the product that they are variants of; not for what is in the basket, either."""
    shop = till("shirt-m", "shirt-l", "shirt", "tie")
    shop.catalog = stocked(
        CatalogItem(item_id="shirt-m", variant_of="shirt"),
        CatalogItem(item_id="shirt-l", variant_of="shirt"),
    )
    looking = shop.serve(Story("a").view("shirt-m"))
    story = Story("b")
    shop.serve(story.add("shirt-l"))
    with_basket = shop.serve(story.view("tie"))

    assert looking.prompt is not None
    assert ["tie"] == [item.item_id for item in looking.prompt.items]
    assert {"variant"} == set(looking.withheld)
    assert Silence("withheld") == with_basket.silence


def test_variants_are_offered_where_none_of_their_product_is_there() -> None:
    """To who looks at something else."""
    shop = till("bread", "shirt-m")
    shop.catalog = stocked(CatalogItem(item_id="shirt-m", variant_of="shirt"))

    assert {"shirt-m"} == offered(shop, "a")


def test_many_withheld_items_hide_none_that_may_be_offered() -> None:
    """Those that fit best are all sold out: what comes behind them is found."""
    best = [f"best-{number}" for number in range(12)]
    shop = till("bread", *best)
    shop.teach("bread", "last", times=2)
    shop.catalog = stocked(*(CatalogItem(item_id=item, in_stock=False) for item in best))

    assert {"last"} == offered(shop, *"abcdefgh")


def test_the_learned_ranker_offers_nothing_that_is_withheld() -> None:
    """It looks candidates up in its own way."""
    shop = till(best_fit=True, arm_floor=0.2)
    shop.catalog = stocked(CatalogItem(item_id="butter", hidden=True))

    assert {"jam"} == offered(shop, *map(str, range(40)))


def test_however_many_partners_are_hidden_what_is_left_is_offered() -> None:
    """Those that come first of all are hidden by a control, which is no record of an item."""
    shop = till("bread", *map(str, range(12)), "butter")
    shop.catalog = Catalog()
    shop.catalog.hidden = frozenset(map(str, range(12)))
    exclude = Exclusions(shop.catalog)
    exclude.fill({"bread"}, ["bread"])
    pairs = shop.shop.learned.baskets

    assert ["butter"] == [one.item for one in pairs.recommend(["bread"], 3, exclude=exclude)]
    assert pairs.proposes(["bread"], exclude=exclude)


def test_a_full_catalogue_keeps_what_it_has_and_says_no_to_the_next() -> None:
    """A known item changes as ever, and one that needs no room is welcome."""
    catalog = stocked(CatalogItem(item_id="a", hidden=True), items_max=1)

    assert not catalog.put(CatalogItem(item_id="b", hidden=True))
    assert {"a": "hidden"} == catalog.withheld
    assert catalog.put(CatalogItem(item_id="c"))
    assert catalog.put(CatalogItem(item_id="a", in_stock=False))
    assert catalog.put(CatalogItem(item_id="a"))
    assert catalog.put(CatalogItem(item_id="b", variant_of="a"))
    assert (1, {"b": "a"}) == (len(catalog), catalog.products)


ITEMS = st.sampled_from([f"item-{number}" for number in range(6)])
RECORDS = st.lists(
    st.builds(
        CatalogItem,
        item_id=ITEMS,
        in_stock=st.booleans(),
        hidden=st.booleans(),
        restricted=st.sampled_from([None, "age"]),
        variant_of=st.sampled_from([None, "product"]),
    ),
    max_size=12,
)


@given(RECORDS, st.sets(ITEMS), st.sets(ITEMS))
def test_exclusions_are_a_set_that_is_never_smaller_than_it_says(
    records: Iterable[CatalogItem], excluded: set[str], beside: set[str]
) -> None:
    """The latest record of an item decides; recommenders look as far as `len` lets them."""
    latest = {record.item_id: record for record in records}
    catalog = Catalog()
    for record in records:
        catalog.put(record)
    exclusions = Exclusions(catalog)
    exclusions.fill(excluded, beside)
    products = {catalog.product_of(item) for item in beside}
    expected = {
        item
        for item in [f"item-{number}" for number in range(6)]
        if item in excluded
        or catalog.product_of(item) in products
        or ((one := latest.get(item)) and (one.hidden or one.restricted or not one.in_stock))
    }

    assert expected == {f"item-{number}" for number in range(6) if f"item-{number}" in exclusions}
    assert len(exclusions) >= len(expected)
    assert excluded.isdisjoint(exclusions.noted)
    assert {*excluded, *catalog.withheld} == set(exclusions)


@pytest.mark.parametrize("best_fit", [False, True])
def test_an_empty_catalogue_changes_no_bit_of_any_answer(best_fit: bool) -> None:
    """Nor one whose items may all be offered; receipts are alike but for a nonce."""
    shops = [Till(best_fit=best_fit) for _ in range(3)]
    shops[1].catalog = Catalog()
    shops[2].catalog = stocked(*(CatalogItem(item_id=f"item-{n}") for n in range(100)))
    prompts = 0
    for event in workload(400):
        said = [shop.serve(event) for shop in shops]
        for one in said:
            if one.outgoing_prompt is not None:
                one.outgoing_prompt.fields["receipt"] = "sealed"
                prompts += 1
        texts = [
            (one.outgoing_prompt.to_json() if one.outgoing_prompt else None, one[1:])
            for one in said
        ]
        assert texts[0] == texts[1] == texts[2]

    assert prompts > 300
    assert 1 == len({shop.shop.digest() for shop in shops})


def test_what_the_catalogue_withholds_is_never_folded() -> None:
    """Workers that have followed less far learn the same."""
    shops = [till() for _ in range(2)]
    shops[1].catalog = stocked(CatalogItem(item_id="butter", hidden=True))
    for event in workload(200):
        for shop in shops:
            shop.serve(event)

    assert shops[0].shop.digest() == shops[1].shop.digest()


PRICED = {"price_minor": 400, "margin_minor": 90, "currency": "EUR"}


def test_what_an_item_earns_is_what_its_latest_record_says_and_is_forgotten_with_it() -> None:
    """Only where net reward asks for it; what has no currency earns nothing that could be told."""
    catalog = Catalog.of(Settings(reward="net"))
    catalog.put(CatalogItem(item_id="jam", **PRICED))
    assert (True, ItemWorth(90, 400, "EUR")) == (bool(catalog), Exclusions(catalog).worth("jam"))
    catalog.put(CatalogItem(item_id="jam"))
    assert (False, ItemWorth()) == (bool(catalog), Exclusions(catalog).worth("jam"))

    catalog.put(CatalogItem(item_id="jam", **PRICED))
    catalog.take_out("jam")
    assert (False, {}) == (bool(catalog), catalog.worths)
    by_stages = Catalog.of(Settings())
    by_stages.put(CatalogItem(item_id="jam", **PRICED))
    assert (None, False) == (by_stages.worths, bool(by_stages))
    assert ItemWorth() == Exclusions(by_stages).worth("jam")


def test_room_is_counted_by_what_is_kept_of_an_item_in_each_table() -> None:
    """One that is withheld and a variant takes two places, and gives both back."""
    catalog = stocked(CatalogItem(item_id="a", hidden=True, variant_of="p"), items_max=2)
    assert not catalog.put(CatalogItem(item_id="b", variant_of="p"))
    assert catalog.put(CatalogItem(item_id="a", in_stock=False, variant_of="q"))
    assert ({"a": "out_of_stock"}, {"a": "q"}, 2) == (
        catalog.withheld,
        catalog.products,
        len(catalog),
    )
    assert catalog.put(CatalogItem(item_id="a", hidden=True))
    assert not catalog.put(CatalogItem(item_id="b", hidden=True, variant_of="p"))
    assert catalog.put(CatalogItem(item_id="b", variant_of="p"))

    catalog.items_max = 0  # a smaller bound than what is there: what is known may change
    assert catalog.put(CatalogItem(item_id="a", variant_of="p"))
    assert not catalog.put(CatalogItem(item_id="c", hidden=True))


@pytest.mark.parametrize(
    "fields",
    [{"hidden": True}, {"variant_of": "p"}, {"category": "tools"}, PRICED],
    ids=["withheld", "variant", "category", "worth"],
)
def test_a_catalogue_that_knows_any_one_thing_is_asked(fields: dict[str, Any]) -> None:
    """And one that knows nothing that decides is not."""
    catalog = Catalog(worths=True, substitute_probability_max=0.5)
    assert not catalog
    catalog.put(CatalogItem(item_id="jam", **fields))
    assert catalog


def test_what_controls_hide_is_a_part_of_what_is_known() -> None:
    """With each item that a control hides the catalogue knows one more thing."""
    catalog = Catalog()
    catalog.hidden = frozenset({"jam", "tea"})

    assert (True, 2) == (bool(catalog), len(catalog))


def test_one_category_is_enough_for_two_items_of_a_prompt_to_have_to_fit() -> None:
    """Also the first item of all that has one."""
    catalog = Catalog(substitute_probability_max=0.5)
    assert not catalog.judges_pairs
    catalog.put(CatalogItem(item_id="jam", category="spreads"))
    assert catalog.judges_pairs


def test_what_earns_nothing_is_not_below_a_floor_where_its_price_is_not_known() -> None:
    """A loss is; nothing is known of a share of no price."""
    free = CatalogItem(item_id="jam", margin_minor=0, currency="EUR")

    assert [False, True] == [
        earns_less(free.model_copy(update={"margin_minor": margin}), ratio)
        for margin, ratio in ((0, 0.5), (-1, 0.5))
    ]
    assert not earns_less(free, -0.5)


def test_an_item_priced_in_another_currency_is_offered_by_arms_that_name_no_amount() -> None:
    """A record has one price: a shop that sells in several currencies converts it at its till."""
    till = Till()
    till.teach("bread", "butter")
    till.catalog = Catalog(prices_max=10)
    till.catalog.put(CatalogItem(item_id="butter", price_minor=900, currency="USD"))
    prompt = till.prompt(Story("s").view("bread", price_minor=300, currency="EUR"))

    assert ["butter"] == [item.item_id for item in prompt.items]
