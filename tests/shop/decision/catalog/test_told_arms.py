"""What somebody says goes with an item is an arm of its own, on offer only where it is said."""

from collections.abc import Collection

import pytest

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.curated import ITEMS_MAX, CuratedItems
from streams.contract.published.prompts import Prompt
from streams.shop.decision.arms import BEST_WORTH
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.curation import ABOUT_MAX
from streams.shop.decision.catalog.told_arms import (
    LOOKED_AT_IN_ALL,
    LOOKED_AT_MAX,
    MAINS_MAX,
    TOLD_ARMS,
    TOLD_MAX,
    told_arms,
)
from streams.shop.decision.controls.arm_names import ARM_NAMES
from streams.shop.decision.languages.messages import TEXTS
from streams.shop.memory.answer import Silence
from tests.shop.decision.catalog.test_relations import related
from tests.stories import NOON_MS, Story, Till

CURATED = CuratedItems(items=("bag",))


def till(*items: CatalogItem, **curated: CuratedItems) -> Till:
    """A shop that has learned nothing, with these items in its catalogue, and these controls."""
    shop = Till()
    shop.catalog = Catalog(relations_use="arms")
    for item in items:
        assert shop.catalog.put(item)
    for item_id, said in curated.items():
        shop.catalog.curation.put(f"curated.{item_id}", item_id, said)
    return shop


def items(prompt: Prompt) -> list[str]:
    """What a prompt offers, best first."""
    return [item.item_id for item in prompt.items]


@pytest.mark.parametrize("kind", ["accessory_of", "spare_part_of"])
def test_an_accessory_is_offered_though_nobody_ever_bought_it(kind: str) -> None:
    """The evidence says so: together in 0 of 0 cases."""
    prompt = till(related("case", **{kind: "phone"})).prompt(Story().view("phone"))

    assert (["case"], "accessories") == (items(prompt), prompt.arm)
    assert {"accessories": 1.0} == prompt.propensities
    assert ("phone", 0, 0) == tuple(prompt.items[0].evidence.model_dump().values())
    assert "Made to go with phone" == prompt.reason.text


def test_accessories_of_the_basket_come_after_those_of_what_asked() -> None:
    """Bread of yesterday's basket matters less than what somebody looks at."""
    accessories = [related(item, accessory_of="phone") for item in "xy"]
    shop, story = till(*accessories, related("a", accessory_of="lamp")), Story()
    shop.serve(story.add("lamp"))

    assert ["x", "y", "a"] == items(shop.prompt(story.view("phone")))


def test_accessories_that_are_bought_with_it_come_first() -> None:
    """What is said has no order: what others took has."""
    shop = till(*(related(item, accessory_of="phone") for item in "abcdefgh"))
    shop.teach("phone", "h")
    story = Story()
    prompts = [shop.prompt(story.view("phone")) for _ in range(40)]
    told = [prompt for prompt in prompts if prompt.arm == "accessories"]

    assert {("h", "a", "b")} == {tuple(items(prompt)) for prompt in told}
    assert {("phone", 10, 10)} == {tuple(p.items[0].evidence.model_dump().values()) for p in told}


def test_an_accessory_that_is_bought_with_it_comes_first_wherever_it_stands() -> None:
    """By id it is the last of more than can be looked at."""
    names = [f"case-{number:04}" for number in range(LOOKED_AT_MAX + 2)]
    shop = till(*(related(item, accessory_of="phone") for item in names))
    shop.teach("phone", names[-1])
    prompts = [shop.prompt(Story(f"s{n}").view("phone")) for n in range(20)]
    told = [items(prompt) for prompt in prompts if prompt.arm == "accessories"]

    assert [names[-1], *names[:2]] == told[0]


def test_accessories_that_are_sold_out_take_no_place_of_others() -> None:
    """Of the first hundred none is to be had: the one after them is offered."""
    shop = till(*(related(f"case-{n:04}", accessory_of="phone") for n in range(TOLD_MAX + 40)))
    assert shop.catalog is not None
    for number in range(TOLD_MAX + 39):
        case = related(f"case-{number:04}", accessory_of="phone")
        shop.catalog.put(case.model_copy(update={"in_stock": False}))

    assert [f"case-{TOLD_MAX + 39:04}"] == items(shop.prompt(Story().view("phone")))


def test_only_so_many_accessories_are_looked_at() -> None:
    """However many somebody says: of those that are to be had, and of those that are sold out."""
    cases = [related(f"case-{n:04}", accessory_of="phone") for n in range(LOOKED_AT_MAX + 40)]
    shop = till(*cases)
    assert shop.catalog is not None
    shop.prompt(Story().view("phone"))
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    question = shop.shop.decision.question(session, "phone", NOON_MS / 1000)
    arm = told_arms(shop.catalog)["accessories"]
    found = arm.candidates(shop.shop.learned, question._replace(items_max=10_000))
    for case in cases:
        shop.catalog.put(case.model_copy(update={"in_stock": False}))
    answer = shop.serve(Story("s2").view("phone"))

    assert TOLD_MAX == len(found)
    assert LOOKED_AT_MAX == len(answer.withheld)


def test_what_completes_many_items_of_the_basket_is_looked_at_once() -> None:
    """Each is judged once, and offered once; and no more than so many are looked at in all."""
    mains = ["phone", "watch", "tablet"]
    said = [{"kind": "accessory_of", "item_id": main} for main in mains]
    shop, story = till(), Story()
    assert shop.catalog is not None
    for number in range(LOOKED_AT_MAX):
        fields = {"item_id": f"cable-{number:04}", "relations": said, "in_stock": False}
        shop.catalog.put(CatalogItem.model_validate(fields))
    for main in mains[:-1]:
        shop.serve(story.add(main))
    assert LOOKED_AT_MAX == len(shop.serve(story.view("tablet")).withheld)
    shop.catalog.put(CatalogItem.model_validate({"item_id": "cable-0000", "relations": said}))
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    question = shop.shop.decision.question(session, "tablet", NOON_MS / 1000)
    arm = told_arms(shop.catalog)["accessories"]
    question = question._replace(excluded={f"cable-{n:04}" for n in range(1, LOOKED_AT_MAX)})
    assert ["cable-0000"] == [one.item for one in arm.candidates(shop.shop.learned, question)]

    for main in mains:
        for number in range(LOOKED_AT_MAX):
            item = related(f"{main}-{number:04}", accessory_of=main)
            shop.catalog.put(item.model_copy(update={"in_stock": False}))
        for number in range(LOOKED_AT_MAX):
            shop.catalog.take_out(f"cable-{number:04}")
    assert LOOKED_AT_IN_ALL == len(shop.serve(story.view("tablet")).withheld)


def test_accessories_of_a_product_are_those_of_its_variants() -> None:
    """The case fits the blue phone as well."""
    blue = CatalogItem(item_id="phone-blue", variant_of="phone")
    shop = till(related("case", accessory_of="phone"), blue)

    assert ["case"] == items(shop.prompt(Story().view("phone-blue")))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("merchant", "We recommend this with bread"),
        ("editors", "Our editors recommend this with bread"),
        ("community", "Other customers recommend this with bread"),
    ],
)
def test_a_curated_pair_names_who_put_it_together(source: str, text: str) -> None:
    """In the order in which it was said."""
    said = CuratedItems.model_validate({"items": ["jam", "butter"], "source": source})
    prompt = till(bread=said).prompt(Story().view("bread"))

    assert (["jam", "butter"], "curated") == (items(prompt), prompt.arm)
    assert text == prompt.reason.text


def test_what_is_curated_of_a_product_holds_for_its_variants() -> None:
    """What is said of the variant itself comes first."""
    said = CuratedItems.model_validate({"items": ["jam"], "source": "editors"})
    own = CuratedItems.model_validate({"items": ["butter"], "source": "editors"})
    shop = till(CatalogItem(item_id="toast", variant_of="bread"), bread=said, toast=own)

    assert ["butter", "jam"] == items(shop.prompt(Story().view("toast")))


def test_what_is_said_passes_the_guards_like_all_else() -> None:
    """Sold out, or in the basket: it is not offered, and the arm is not there for it."""
    sold_out = CatalogItem(item_id="jam", in_stock=False)
    shop, story = till(sold_out, bread=CuratedItems(items=("jam", "butter"))), Story()
    first = shop.prompt(story.view("bread"))
    shop.serve(story.add("butter"))

    assert ["butter"] == items(first)
    assert Silence("withheld") == shop.serve(story.view("bread")).silence


def test_where_nothing_is_said_no_arm_is_there() -> None:
    """Not even with a floor: the vector is that of the arms which learn."""
    shop, story = till(related("case", accessory_of="phone")), Story()
    shop.teach("bread", "butter")
    prompt = shop.prompt(story.view("bread"))

    assert prompt.propensities.keys().isdisjoint(TOLD_ARMS)


def test_what_is_said_no_more_is_not_offered() -> None:
    """A control that is taken back, a record without a relation, a control made anew."""
    shop = till(related("case", accessory_of="phone"), phone=CuratedItems(items=("bag",)))
    assert shop.catalog is not None
    shop.catalog.put(CatalogItem(item_id="case"))
    story = Story()
    assert "curated" == shop.prompt(story.view("phone")).arm

    shop.catalog.curation.put("curated.phone", "phone", CuratedItems(items=("film",)))
    assert ["film"] == items(shop.prompt(story.view("phone")))

    shop.catalog.curation.take_out("curated.phone")
    assert not shop.catalog
    assert Silence("no_candidate") == shop.serve(story.view("phone")).silence


def test_all_arms_share_the_floor() -> None:
    """More arms than 1 / floor would have an equal share each: none is left without a chance."""
    shop = till(
        related("case", accessory_of="phone"), related("bag"), phone=CuratedItems(items=("bag",))
    )
    shop.teach("phone", "film")
    prompt = shop.prompt(Story().view("phone"))

    assert {"accessories", "curated", "bought_together", "popular"} <= prompt.propensities.keys()
    assert min(prompt.propensities.values()) >= shop.shop.settings.arm_floor
    assert 1.0 == pytest.approx(sum(prompt.propensities.values()))


def test_such_an_arm_is_run_by_controls_as_any_other() -> None:
    """Off or in shadow it is not drawn; what it would have offered is counted in shadow."""
    shop, story = till(related("case", accessory_of="phone"), phone=CURATED), Story()
    controls = shop.controls
    controls.put("arms.accessories.state", "off", 1)
    controls.put("arms.curated.state", "shadow", 1)
    answer = shop.serve(story.view("phone"))

    assert Silence("no_candidate") == answer.silence
    assert (("curated", "alone"),) == answer.shadowed
    controls.put("arms.accessories.state", None, 1)
    assert "accessories" == shop.prompt(story.view("phone")).arm


def test_each_arm_has_its_words_in_every_language() -> None:
    """By its name, or by name and source; one that ranks what others propose has theirs."""
    for texts in TEXTS.values():
        assert {*ARM_NAMES} - {BEST_WORTH} <= {key.partition("/")[0] for key in texts}


def proposed(
    shop: Till, arm: str, looked_at: str, sold_out: Collection[str] = ()
) -> dict[str, float]:
    """All that an arm has for who looks at an item, best first, with what speaks for it."""
    assert shop.catalog is not None
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    question = shop.shop.decision.question(session, looked_at, NOON_MS / 1000)
    question = question._replace(items_max=10_000, excluded=sold_out)
    found = told_arms(shop.catalog)[arm].candidates(shop.shop.learned, question)
    assert len({one.item for one in found}) == len(found)
    return {one.item: one.score for one in found}


def test_what_is_said_of_the_basket_weighs_half_of_what_is_said_of_what_asked() -> None:
    """Though lamps are rarer, so that less speaks against what goes with them."""
    shop = till(related("x", accessory_of="phone"), related("a", accessory_of="lamp"))
    shop.teach("phone", times=2)
    story = Story()
    shop.serve(story.add("lamp"))
    shop.serve(story.view("phone"))

    assert ["x", "a"] == [*proposed(shop, "accessories", "phone")]


def test_of_more_curated_pairs_than_are_looked_at_none_is_chosen_by_what_was_bought() -> None:
    """Their order is what people say: the last of them stays where it is."""
    shop = till()
    assert shop.catalog is not None
    for number in range(ABOUT_MAX):
        names = tuple(f"jam-{number:02}-{n:02}" for n in range(ITEMS_MAX))
        shop.catalog.curation.put(f"curated.{number:02}", "bread", CuratedItems(items=names))
    shop.teach("bread", names[-1])
    shop.serve(Story().view("bread"))

    found = proposed(shop, "curated", "bread")
    assert TOLD_MAX == len(found)
    assert names[-1] not in found


def test_what_was_bought_with_one_of_the_basket_is_offered_once() -> None:
    """It completes the next one as well, and is met there, too."""
    names = [f"case-{number:04}" for number in range(LOOKED_AT_MAX + 2)]
    shop = till(*(related(item, accessory_of="phone") for item in names[:-1]))
    assert shop.catalog is not None
    both = [{"kind": "accessory_of", "item_id": main} for main in ("phone", "lamp")]
    last = CatalogItem.model_validate({"item_id": names[-1], "relations": both})
    shop.catalog.put(last)
    shop.teach("phone", names[-1])
    story = Story()
    shop.serve(story.add("lamp"))
    shop.serve(story.view("phone"))

    assert names[-1] == next(iter(proposed(shop, "accessories", "phone")))


def test_of_many_accessories_only_those_that_were_bought_with_it_are_added_to_the_first() -> None:
    """Once each: not again what is among the first, nor what is no accessory at all."""
    names = [f"case-{number:04}" for number in range(LOOKED_AT_MAX + 2)]
    shop = till(*(related(item, accessory_of="phone") for item in names))
    shop.teach("phone", names[0], names[-1], "film")
    shop.serve(Story().view("phone"))

    found = [*proposed(shop, "accessories", "phone")]
    assert [names[0], names[-1], *names[1:TOLD_MAX]] == found


def test_what_was_bought_with_it_is_found_behind_those_that_are_sold_out() -> None:
    """All that can be looked at is sold out."""
    names = [f"case-{number:04}" for number in range(LOOKED_AT_MAX + 2)]
    shop = till(*(related(item, accessory_of="phone") for item in names))
    shop.teach("phone", names[-1])
    shop.serve(Story().view("phone"))

    assert [names[-1]] == [*proposed(shop, "accessories", "phone", {*names[:-1]})]


def test_what_speaks_for_an_accessory_is_the_share_of_those_who_took_it() -> None:
    """By Laplace's rule of succession; for a curated pair its place in the list."""
    shop = till(
        *(related(item, accessory_of="phone") for item in ("case", "film")),
        phone=CuratedItems(items=("bag", "box")),
    )
    shop.teach("phone", "case", times=3)
    shop.serve(Story().view("phone"))

    assert {"case": 4 / 5, "film": 1 / 5} == proposed(shop, "accessories", "phone")
    assert {"bag": 1.0, "box": 1 / 2} == proposed(shop, "curated", "phone")


def test_accessories_of_the_latest_of_the_basket_are_looked_at() -> None:
    """Of as many items as may be, the one that asked among them; each accessory once."""
    basket = [f"lamp-{number}" for number in range(MAINS_MAX)]
    both = [{"kind": "accessory_of", "item_id": main} for main in ("phone", basket[-1])]
    shop = till(*(related(f"bulb-{n}", accessory_of=main) for n, main in enumerate(basket)))
    assert shop.catalog is not None
    shop.catalog.put(CatalogItem.model_validate({"item_id": "a cable", "relations": both}))
    story = Story()
    for main in basket:
        shop.serve(story.add(main))
    shop.serve(story.view("phone"))

    last = [f"bulb-{number}" for number in range(MAINS_MAX - 1, 0, -1)]
    assert ["a cable", *last] == [*proposed(shop, "accessories", "phone")]


def test_such_an_arm_is_there_where_anything_is_said_and_the_setting_lets_it() -> None:
    """Each of the two by itself."""
    assert {} == told_arms(till().catalog or Catalog())
    assert {"curated"} == told_arms(till(phone=CURATED).catalog or Catalog()).keys()
    shop = till(related("case", accessory_of="phone"), related("pro", upgrade_of="phone"))
    assert shop.catalog is not None
    assert {"accessories"} == told_arms(shop.catalog).keys()
    shop.catalog.relations_use = "guards"
    assert {} == told_arms(shop.catalog)
