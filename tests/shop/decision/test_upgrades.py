"""Upsell: in a slot of its own, by the catalogue's word, before and apart from the cross-sell."""

from typing import Any

import pytest

from models import Candidate
from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.published.prompts import Prompt
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.slots.upgrades import Price, UpgradeArm, Upgrades
from streams.shop.memory.answer import Answer, Silence
from streams.shop.memory.session import Session
from tests.deep_size import deep_size
from tests.stories import Story, Till

BOTH = ("product_page", "upgrade")
PRICED = {"price_minor": 1900, "currency": "EUR"}


def better(item_id: str, than: str = "toaster", **fields: Any) -> CatalogItem:
    """An item that is better than another one, for 49 EUR."""
    said = {"price_minor": 4900, "currency": "EUR", **fields}
    relation = Relation(kind="upgrade_of", item_id=than)
    return CatalogItem(item_id=item_id, relations=(relation,), **said)


def till(*items: CatalogItem, **settings: Any) -> Till:
    """A shop where bread goes with the toaster, with a catalogue."""
    shop = Till(slot_cool_down_s=0.0, **settings)
    shop.teach("toaster", "bread", "butter")
    shop.catalog = Catalog()
    for item in items:
        shop.catalog.put(item)
    return shop


def offers(answer: Answer) -> dict[str, tuple[str, ...]]:
    """The items by slot, in the order of the answers."""
    return {each.fields["placement"]: each.items for each in answer.outgoing_prompts}


def upsell(answer: Answer) -> Prompt:
    """The prompt in the slot of the upgrades."""
    first = answer.outgoing_prompts[0].prompt()
    assert "upgrade" == first.placement
    return first


def test_what_is_better_is_offered_before_and_apart_from_what_goes_with_the_item() -> None:
    """Two prompts, of two kinds; the item that is better stands in its own one alone."""
    shop = till(better("oven"))
    answer = shop.serve(Story().view("toaster", slots=BOTH, **PRICED))
    prompt = upsell(answer)

    assert ["upgrade", "product_page"] == [*offers(answer)]
    assert ("upsell", "toaster", "upgrade", 1.0) == (
        *(prompt.kind, prompt.anchor, prompt.arm, prompt.propensity),
    )
    assert "A step up from toaster" == prompt.reason.text
    assert "cross_sell" == answer.outgoing_prompts[1].prompt().kind
    assert ("oven",) == offers(answer)["upgrade"]
    assert {"bread", "butter"} == {*offers(answer)["product_page"]}


def test_where_nothing_is_better_it_is_still_said_that_an_arm_is_off() -> None:
    """As a rule nothing is named better, and nobody is asked; an arm that might speak still is."""
    silences = []
    for key, value in (("prompts.cool_down_s", 0.0), ("arms.popular.state", "off")):
        shop = till(better("oven"))
        shop.controls.put(key, value, size=9)
        silences.append(shop.serve(Story().view("bread", slots=("upgrade",), **PRICED)).silence)

    assert [Silence("no_candidate"), Silence("arms_off")] == silences


def test_the_next_step_up_is_first() -> None:
    """Then the one after it."""
    shop = till(better("palace", price_minor=99_000), better("oven"), better("grill"))
    answer = shop.serve(Story().view("toaster", slots=("upgrade",), **PRICED))

    assert ("grill", "oven", "palace") == offers(answer)["upgrade"]


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        (PRICED, {}),
        (PRICED, {"price_minor": 1900}),
        (PRICED, {"currency": "USD"}),
        (PRICED, {"in_stock": False}),
        (PRICED, {"hidden": True}),
        (PRICED, {"price_minor": None}),
        ({}, {}),
        ({"price_minor": 1900}, {}),
        ({"currency": "EUR"}, {}),
    ],
    ids=lambda said: ",".join(f"{name}={value}" for name, value in said.items()) or "as-ever",
)
def test_only_what_is_dearer_in_the_same_currency_and_can_be_bought_is_an_upgrade(
    asked: dict[str, Any], offered: dict[str, Any]
) -> None:
    """Where a price is not known nobody can tell."""
    shop = till(better("oven", **offered))
    answer = shop.serve(Story().view("toaster", slots=BOTH, **asked))
    good = asked == PRICED and not offered

    assert good == ("upgrade" in offers(answer))
    assert "product_page" in offers(answer)
    if not good:
        withheld = offered.keys() & {"in_stock", "hidden"}
        said = Silence("no_candidate")
        assert (Silence("withheld") if withheld and asked else said) in answer.silences


def test_a_no_to_the_better_item_is_none_to_what_goes_with_it_nor_the_other_way_about() -> None:
    """Neither cap nor pause nor dismissals of one of them touch the other."""
    for refused, other in (("upgrade", "product_page"), ("product_page", "upgrade")):
        shop = till(better("oven"), better("grill"), dismissals_max=1, cool_down_s=0.0)
        story = Story()
        asked = story.view("toaster", slots=BOTH, **PRICED)
        prompts = {p.fields["placement"]: p.prompt() for p in shop.serve(asked).outgoing_prompts}
        shop.serve(story.dismiss(prompts[refused]))
        again = shop.serve(story.view("toaster", slots=BOTH, **PRICED))

        assert [other] == [*offers(again)]
        assert {refused: Silence("dismissed")} == again.silent_slots


def test_without_a_catalogue_nothing_is_better() -> None:
    """The slot is silent, the other one is not."""
    shop = till()
    shop.catalog = None
    answer = shop.serve(Story().view("toaster", slots=BOTH, **PRICED))

    assert ["product_page"] == [*offers(answer)]
    assert {"upgrade": Silence("no_candidate")} == answer.silent_slots


def test_a_larger_one_of_the_same_kind_may_be_better() -> None:
    """Variants are never offered beside each other, but instead of each other."""
    shop = till(
        CatalogItem(item_id="toaster", variant_of="toasters"),
        better("toaster-xl", variant_of="toasters"),
    )
    answer = shop.serve(Story().view("toaster", slots=("upgrade",), **PRICED))

    assert ("toaster-xl",) == offers(answer)["upgrade"]


def test_a_variant_of_what_is_added_may_be_better_and_none_of_what_is_there_already() -> None:
    """A larger toaster replaces the one that is added; a larger kettle would be a second one."""
    items = [
        CatalogItem(item_id=name, variant_of=f"{name}s", price_minor=1900, currency="EUR")
        for name in ("toaster", "kettle")
    ]
    larger = better("toaster-xl", variant_of="toasters")
    other = better("kettle-xl", variant_of="kettles")
    shop, story = till(*items, larger, other), Story()
    shop.serve(story.add("kettle", slots=()))
    answer = shop.serve(story.add("toaster", slots=("upgrade",), **PRICED))

    assert ("toaster-xl",) == offers(answer)["upgrade"]


def test_what_is_said_later_of_an_item_counts() -> None:
    """Its price, its relations; and whether it is there at all."""
    catalog = Catalog()
    catalog.put(better("oven"))
    catalog.put(better("oven", price_minor=5900))
    assert [5900] == [price.minor for price in catalog.upgrades.of("toaster").values()]

    catalog.put(better("oven", than="grill"))
    assert ({}, ["oven"]) == (catalog.upgrades.of("toaster"), [*catalog.upgrades.of("grill")])

    catalog.take_out("oven")
    assert (0, False) == (catalog.upgrades.relations, bool(catalog))

    catalog.put(better("oven"))
    assert "oven" in catalog.upgrades
    catalog.clear()
    assert (0, {}) == (len(catalog), catalog.upgrades.of("toaster"))
    assert "oven" not in catalog.upgrades


def test_on_a_topic_that_begins_anew_an_upgrade_is_taken_as_if_it_were_the_first() -> None:
    """Nothing of the former topic stands in its way, nor takes room."""
    catalog = Catalog(items_max=1)
    catalog.put(better("oven"))
    catalog.clear()

    assert catalog.put(better("grill"))
    assert not catalog.left_out
    catalog.put(better("oven"))
    assert (["grill"], {"upgrades": 1}) == ([*catalog.upgrades.of("toaster")], catalog.left_out)
    catalog.clear()
    assert catalog.put(better("oven", than="grill"))
    assert ({}, ["oven"]) == (catalog.upgrades.of("toaster"), [*catalog.upgrades.of("grill")])


def test_upgrades_by_themselves_know_of_an_item_what_was_said_last() -> None:
    """Whoever puts it need not take it out before."""
    upgrades = Upgrades()
    upgrades.put(better("oven"))
    upgrades.put(better("oven", than="grill"))

    assert ({}, 1, 1) == (
        *(upgrades.of("toaster"), upgrades.relations, upgrades.relations_of("oven")),
    )


def test_an_item_that_is_better_than_nothing_is_no_upgrade() -> None:
    """Which most items of a catalogue are."""
    upgrades = Upgrades()
    upgrades.put(CatalogItem(item_id="bread", price_minor=249, currency="EUR"))

    assert ("bread" in upgrades, upgrades.relations) == (False, 0)


def test_the_merchants_word_counts_nothing_and_the_next_step_up_has_most_of_it() -> None:
    """Its score is what the anchor costs of it; nobody was counted."""
    upgrades = Upgrades()
    upgrades.put(better("oven", price_minor=3_800))
    query = CandidateQuery(Session("s", 0, 0), "toaster", 0.0, (), 3)

    found = UpgradeArm(upgrades, Price(1_900, "EUR")).candidates(Till().shop.learned, query)

    assert [Candidate("oven", 0.5, 0, 0, "toaster")] == found


def test_what_nothing_is_better_than_any_more_takes_no_memory() -> None:
    """A catalogue may change for years: 1,000 items had an upgrade once, and none has now."""
    upgrades = Upgrades()
    for number in range(1_000):
        upgrades.put(better("oven", than=f"toaster-{number}"))
    upgrades.take_out("oven")
    upgrades.put(better("oven"))
    once = Upgrades()
    once.put(better("oven"))

    empty = 250  # an empty dictionary with its place
    assert deep_size(upgrades.__dict__) < deep_size(once.__dict__) + 100 * empty


def test_beside_an_order_nothing_is_known_to_be_dearer() -> None:
    """It asks for what goes with it; what is better comes too late, and the slot is silent."""
    shop, story = till(better("oven")), Story()
    shop.serve(story.add("toaster", **PRICED))
    answer = shop.serve(story.order("toaster", slots=("upgrade",), currency="EUR"))

    assert ((), Silence("no_candidate")) == (answer.outgoing_prompts, answer.silence)


def test_a_full_catalogue_takes_no_further_upgrade() -> None:
    """They have a bound of their own, and are counted; what is there may change."""
    catalog = Catalog(items_max=1)
    for name in ("oven", "grill", "oven"):
        assert catalog.put(better(name))

    assert (["oven"], {"upgrades": 1}) == ([*catalog.upgrades.of("toaster")], catalog.left_out)
