"""What the catalogue says of two items decides: no replacement, nothing unfit, nothing unusable."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.settings import Settings
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.catalog.relations import LESSER_MAX, Relations, Surroundings
from streams.shop.memory.answer import Silence
from tests.stories import Story, Till

NO_PRODUCTS: Mapping[str, str] = {}


def related(item_id: str, **relations: str) -> CatalogItem:
    """An item, and what it is to one other each."""
    said = tuple({"kind": kind, "item_id": other} for kind, other in relations.items())
    return CatalogItem.model_validate({"item_id": item_id, "relations": said})


def till(*items: CatalogItem, learned: tuple[str, ...] = ("phone", "case", "pro")) -> Till:
    """A shop that has seen phone, case and pro bought together, with a catalogue of these items."""
    shop = Till()
    shop.teach(*learned)
    shop.catalog = Catalog(relations_use="guards")
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
    beside_neither = [shop.prompt(Story(f"look-{n}").view("towel")) for n in range(20)]
    assert {("coat",)} == {tuple(item.item_id for item in one.items) for one in beside_neither}


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


@pytest.mark.parametrize("shopper_id", [None, "ann"], ids=["nobody", "ann"])
def test_what_was_sent_back_is_not_had(shopper_id: str | None) -> None:
    """In the same visit; unless another order of it was kept."""
    shop = till(related("toner", requires="printer"), learned=("paper", "toner"))
    story = Story(shopper_id=shopper_id)
    for order_id in ("o-1", "o-2"):
        shop.serve(story.order("printer", order_id=order_id))
    shop.serve(story.send_back("printer", order_id="o-1"))
    assert "toner" in offered(shop, *["paper"] * 9, story=story)

    shop.serve(story.send_back("printer", order_id="o-2"))
    assert ("requires",) == shop.serve(story.view("paper")).withheld
    assert set() == offered(shop, *["paper"] * 9, story=story)


@pytest.mark.parametrize("steps", [2, 3, LESSER_MAX])
def test_however_many_steps_up_or_down_an_upgrade_is_no_cross_sell(steps: int) -> None:
    """Each is an upgrade of the one before; the first and the last do not stand together either."""
    chain = [f"phone-{number:02}" for number in range(steps + 1)]
    catalog = Catalog(relations_use="guards")
    for less, more in pairwise(chain):
        assert catalog.put(related(more, upgrade_of=less))
    exclusions = Exclusions(catalog)
    for here, other in ((chain[0], chain[-1]), (chain[-1], chain[0])):
        exclusions.fill(set(), [here])
        assert other in exclusions
        assert {other: "upgrade"} == exclusions.noted
        assert not exclusions.pairs.fits(here, other)
        assert exclusions.pairs.fits(here, "case")
        exclusions.noted.clear()


def test_two_upgrades_of_one_item_replace_each_other() -> None:
    """Beside one of them the other one is not offered; beside something else both may be."""
    catalog = Catalog(relations_use="guards")
    for name in ("pro", "max"):
        assert catalog.put(related(name, upgrade_of="phone"))
    exclusions = Exclusions(catalog)
    exclusions.fill(set(), ["pro"])

    assert "max" in exclusions
    assert not exclusions.pairs.fits("max", "pro")
    exclusions.fill(set(), ["case"])
    assert "max" not in exclusions


def test_a_circle_of_upgrades_ends() -> None:
    """However wrong a catalogue is: those that are some steps away replace each other."""
    names = [f"phone-{number:03}" for number in range(3 * LESSER_MAX)]
    catalog = Catalog(relations_use="guards")
    for here, there in zip(names, [*names[1:], names[0]], strict=True):
        assert catalog.put(related(here, upgrade_of=there))
    exclusions = Exclusions(catalog)
    exclusions.fill(set(), [names[0]])

    assert {*names[: LESSER_MAX + 1], *names[-LESSER_MAX:]} == {
        one for one in names if one in exclusions
    }
    assert "case" not in exclusions


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
    catalog = Catalog(relations_use="arms")
    for taken_back in (
        lambda: catalog.put(CatalogItem(item_id="case")),
        lambda: catalog.take_out("case"),
        catalog.clear,
    ):
        catalog.put(related("case", accessory_of="phone", spare_part_of="tablet"))
        assert ["case"] == [*catalog.relations.accessories("phone")]
        assert ["case"] == [*catalog.relations.accessories("tablet")]
        taken_back()
        assert not catalog
        assert [] == [*catalog.relations.accessories("phone")]


def test_accessories_are_in_the_order_of_their_ids_however_they_came() -> None:
    """Workers read partitions in any order, and offer the same."""
    catalog = Catalog(relations_use="arms")
    for item in ("c", "a", "b"):
        catalog.put(related(item, accessory_of="phone"))

    assert ["a", "b", "c"] == [*catalog.relations.accessories("phone")]


def test_relations_are_left_out_where_there_is_no_room_and_never_what_forbids() -> None:
    """Sold out, restricted or hidden is known however much a merchant says of accessories."""
    catalog = Catalog(items_max=4, relations_use="arms")
    for item in "abc":
        assert catalog.put(related(item, accessory_of="phone", spare_part_of=f"x-{item}"))
    for item in "de":
        assert catalog.put(related(item, excludes="phone", requires="x"))
    assert catalog.put(CatalogItem(item_id="jam", in_stock=False))
    assert catalog.put(CatalogItem(item_id="gin", restricted="age"))
    assert catalog.put(related("a", accessory_of="phone").model_copy(update={"in_stock": False}))

    assert {"jam": "out_of_stock", "gin": "restricted", "a": "out_of_stock"} == catalog.withheld
    assert ["a"] == [*catalog.relations.accessories("phone")]
    assert {"a", "d"} == catalog.relations.said.keys()
    assert {"relations": 3} == +catalog.left_out


def test_accessories_never_crowd_out_what_does_not_fit_together() -> None:
    """Of one record, too: the accessory is left out, and the exclusion stands."""
    catalog = Catalog(items_max=2, relations_use="arms")
    catalog.put(related("case", accessory_of="phone"))
    catalog.put(related("coat", accessory_of="hat", excludes="swimsuit"))

    assert (("swimsuit",), ()) == (
        catalog.relations.of("coat").excludes,
        catalog.relations.of("coat").accessory_of,
    )
    assert (2, 2) == (catalog.relations.forbidding, catalog.relations.completing)


def test_what_an_item_earns_never_crowds_out_what_forbids() -> None:
    """A third priced item that must not be offered is not, though two worths are all there is."""
    catalog = Catalog(items_max=2, worths=True)
    priced = {"price_minor": 100, "currency": "EUR"}
    for item in ("a", "b", "gin"):
        fields = {"item_id": item, "restricted": "age" if item == "gin" else None, **priced}
        assert catalog.put(CatalogItem.model_validate(fields))

    assert ({"gin": "restricted"}, {"worths": 1}) == (catalog.withheld, +catalog.left_out)
    assert {"a", "b"} == (catalog.worths or {}).keys()


def test_by_default_relations_that_lie_in_the_topic_decide_nothing() -> None:
    """Byte for byte what was decided before they could: the prompts, and the arms of each."""
    said = (
        related("pro", upgrade_of="phone"),
        related("case", accessory_of="phone", requires="glue", excludes="pro"),
        CatalogItem(item_id="pro-s", variant_of="pro"),
        CatalogItem(item_id="pro-l", variant_of="pro"),
    )

    def decided(*items: CatalogItem) -> list[str]:
        shop = till(learned=("phone", "case", "pro", "pro-s", "pro-l"))
        shop.catalog = Catalog.of(shop.shop.settings)
        for item in items:
            assert shop.catalog.put(item)
        story = Story()
        prompts = [shop.prompt(story.view("phone")) for _ in range(30)]
        return [prompt.model_dump_json(exclude={"receipt"}) for prompt in prompts]

    assert decided(CatalogItem(item_id="jam", hidden=True)) == decided(*said)
    assert any("pro" in one for one in decided(*said))


def test_guards_alone_bring_no_arm() -> None:
    """Experiments that run go on with the arms that they have."""
    shop = till(related("case", accessory_of="phone"))

    assert "accessories" not in shop.prompt(Story().view("phone")).propensities
    assert shop.catalog is not None
    shop.catalog.relations_use = "arms"
    assert "accessories" in shop.prompt(Story("s2").view("phone")).propensities


def test_nothing_that_the_basket_betters_is_offered() -> None:
    """Who has the large one needs no small one."""
    shop, story = till(related("pro", upgrade_of="phone")), Story()
    shop.serve(story.add("pro"))

    answers = [shop.serve(story.view("pro")) for _ in range(20)]

    assert {("case",)} == {
        tuple(item.item_id for item in one.prompt.items) for one in answers if one.prompt
    }
    assert {"upgrade"} == {why for one in answers for why in one.withheld}


@pytest.mark.parametrize(
    "items",
    [
        (related("phone", excludes="pro"),),
        (related("pro", excludes="phone"),),
        (related("phone", upgrade_of="pro"),),
        (related("pro", upgrade_of="phone"),),
        (CatalogItem(item_id="pro", variant_of="x"), CatalogItem(item_id="phone", variant_of="x")),
        (related("x", excludes="phone"), CatalogItem(item_id="pro", variant_of="x")),
    ],
    ids=["excluded", "excludes", "betters", "bettered", "one-product", "by-product"],
)
def test_items_of_one_prompt_fit_each_other(items: tuple[CatalogItem, ...]) -> None:
    """Phone and pro complete the case each by itself, and never both."""
    shop = till(*items)
    prompts = [shop.prompt(Story(f"s{n}").view("case")) for n in range(20)]
    together = [{item.item_id for item in one.items} for one in prompts]

    assert {1} == {len(one) for one in together}
    without = till(CatalogItem(item_id="jam", hidden=True))
    assert 2 == len(without.prompt(Story().view("case")).items)


def test_what_another_slot_merely_offers_is_not_had() -> None:
    """Ink needs a printer: it is not offered below a basket to which the printer is offered."""
    shop = till(related("ink", requires="printer"), learned=("paper", "printer", "ink"))
    offers = []
    for number in range(20):
        event = Story(f"s{number}").add("paper", slots=("basket", "product_page"))
        offers += [item for one in shop.serve(event).outgoing_prompts for item in one.items]

    assert "printer" in offers
    assert "ink" not in offers


@pytest.mark.parametrize(
    "items",
    [
        (related("phone", excludes="pro"),),
        (related("pro", upgrade_of="phone"),),
        (CatalogItem(item_id="pro", variant_of="x"), CatalogItem(item_id="phone", variant_of="x")),
    ],
    ids=["excludes", "bettered", "one-product"],
)
def test_items_of_two_slots_fit_each_other_too(items: tuple[CatalogItem, ...]) -> None:
    """They stand on the same screen: phone in one of them, and pro in none."""
    shop = till(*items)
    for number in range(20):
        event = Story(f"s{number}").add("case", slots=("basket", "product_page"))
        prompts = shop.serve(event).outgoing_prompts
        assert not {"phone", "pro"} <= {item for one in prompts for item in one.items}


@pytest.mark.parametrize("use", ["off", "guards", "arms"])
def test_a_setting_says_what_relations_decide(use: str) -> None:
    """Of every worker's catalogue."""
    assert use == Catalog.of(Settings.model_validate({"catalog_relations": use})).relations_use


def test_what_was_judged_beside_one_thing_is_judged_anew_beside_another() -> None:
    """Exclusions are asked many times for one decision, and remember only what is at hand."""
    catalog = Catalog(relations_use="guards")
    assert catalog.put(related("coat", excludes="swimsuit"))
    exclusions = Exclusions(catalog)
    for beside, out in ((["swimsuit"], True), (["towel"], False), (["swimsuit"], True)):
        exclusions.fill(set(), beside)
        assert [out, out] == ["coat" in exclusions for _ in range(2)]
        exclusions.instead_of("swimsuit", [])
        assert "coat" not in exclusions


def test_before_a_question_is_asked_relations_withhold_only_what_needs_something() -> None:
    """Nothing is there that it could replace or exclude, and nobody has bought anything."""
    catalog = Catalog(relations_use="guards")
    for item in (
        related("pro", upgrade_of="phone"),
        related("coat", excludes="swimsuit"),
        related("toner", requires="printer"),
    ):
        assert catalog.put(item)
    fresh = Exclusions(catalog)

    assert {"toner"} == {item for item in ("pro", "coat", "toner", "phone", "tea") if item in fresh}
    assert {"toner": "requires"} == fresh.noted
    fresh.fill(set(), ["tea"])  # of nobody's visit
    assert "toner" in fresh
    fresh.fill(set(), ["printer"])
    assert "toner" not in fresh


KINDS = ["upgrade_of", "excludes", "requires", "accessory_of", "spare_part_of"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("xyz")), max_size=5),
    ),
    max_size=9,
)
"""An item, and what it says of others from now on."""


@given(STEPS)
def test_entries_are_those_of_the_latest_records_and_of_no_others(
    steps: list[tuple[str, list[tuple[str, str]]]],
) -> None:
    """Counted again from them: however often items change, room that is free is there to be had."""
    kept, latest = Relations(), dict[str, CatalogItem]()
    for item, said in steps:
        told = [{"kind": kind, "item_id": other} for kind, other in said]
        record = CatalogItem.model_validate({"item_id": item, "relations": told})
        assert kept.put(record)
        latest[item] = record
    once = Relations()
    for record in latest.values():
        once.put(record)

    assert (once.forbidding, once.completing) == (kept.forbidding, kept.completing)
    assert once.said == kept.said
    for other in "xyz":
        assert [*once.accessories(other)] == [*kept.accessories(other)]
    for item in latest:
        once.take_out(item)
    kept.clear()
    assert vars(Relations()) == vars(once) == vars(kept)


def around(
    *beside: str, owned: tuple[str, ...] = (), products: Mapping[str, str] = NO_PRODUCTS
) -> Surroundings:
    """What stands there where an oven is better than a toaster, and excludes a red lamp."""
    relations = Relations()
    for one in (related("oven", upgrade_of="toaster"), related("grill", excludes="lamp-red")):
        assert relations.put(one)
    found = Surroundings(relations, products)
    found.fill(beside, owned=owned)
    return found


def test_what_is_owned_may_be_joined_by_a_lesser_one_and_what_is_there_may_not() -> None:
    """Who has had an oven for years may want a toaster besides; who looks at it does not."""
    assert around(owned=("oven",)).conflict("toaster") is None
    assert "upgrade" == around("oven").conflict("toaster")


def test_a_variant_is_excluded_by_its_own_name_though_its_product_is_not() -> None:
    """The red lamp, of all lamps."""
    beside = around("grill", products={"lamp-red": "lamp", "lamp-blue": "lamp"})

    assert ("excluded", None) == (beside.conflict("lamp-red"), beside.conflict("lamp-blue"))


def test_of_very_many_lesser_ones_the_first_are_looked_at() -> None:
    """However many steps away they are: here each is one step away."""
    lesser = [f"phone-{number:02}" for number in range(LESSER_MAX + 1)]
    said = tuple({"kind": "upgrade_of", "item_id": one} for one in lesser)
    relations = Relations()
    assert relations.put(CatalogItem.model_validate({"item_id": "pro", "relations": said}))
    around = Surroundings(relations, NO_PRODUCTS)

    assert lesser[:LESSER_MAX] == [one for one in lesser if around.clash("pro", one)]
