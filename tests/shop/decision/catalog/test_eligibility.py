"""Segments as eligibility: an item that is for some shoppers alone is offered to nobody else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.eligibility import (
    MET_MAX,
    Audience,
    Eligibility,
    segments_named,
)
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.memory.answer import Silence
from tests.stories import Story, Till

SEGMENTS = st.sets(st.sampled_from(["club", "staff", "known", "new"]))


def bank(**whom: Any) -> Till:
    """A bank where who opens an account takes a gold card with it."""
    till = Till()
    till.teach("account", "gold-card")
    till.catalog = Catalog()
    assert till.catalog.put(CatalogItem(item_id="gold-card", **whom))
    return till


def offered(till: Till, **who: Any) -> bool:
    """Whether somebody is offered the card; if not, the catalogue is the reason."""
    answer = till.serve(Story(f"s-{sorted(who.items())}").view("account", **who))
    if answer.prompt is None:
        assert Silence("withheld") == answer.silence
        assert "segment" in answer.withheld
        return False
    assert ["gold-card"] == [item.item_id for item in answer.prompt.items]
    return True


def test_an_item_for_some_segments_is_offered_to_them_alone() -> None:
    """By the segment that the event names, whether the policy knows it as a context or not."""
    till = bank(eligible_segments=("premium", "staff"))

    assert offered(till, segment="premium")
    assert offered(till, segment="staff")
    assert not offered(till, segment="student")
    assert not offered(till)


def test_what_a_shop_says_last_of_an_item_holds_and_nothing_of_before() -> None:
    """For the club alone; owned once; for everybody again."""
    eligibility = Eligibility()
    eligibility.put(CatalogItem(item_id="card", eligible_segments=("club",)))
    assert Audience(only=frozenset({"club"})) == eligibility.of("card")

    for _ in range(2):
        eligibility.put(CatalogItem(item_id="card", owned_once=True))
    assert (1, Audience(once=True)) == (eligibility.once, eligibility.of("card"))

    eligibility.put(CatalogItem(item_id="card"))
    assert (0, None, 0) == (eligibility.once, eligibility.of("card"), len(eligibility))


def test_a_prompt_knows_for_whom_it_was_asked() -> None:
    """So that it is taken back when it is not for them any more."""
    till = bank()
    whose = {"ann": {"shopper_id": "ann", "segment": "club"}, "nobody": {}}
    asked = {
        name: till.serve(Story(name).view("account", **who)).outgoing_prompt
        for name, who in whose.items()
    }

    assert {"ann": (True, "club"), "nobody": (False, None)} == {
        name: prompt.asked_as for name, prompt in asked.items() if prompt is not None
    }


def test_of_a_catalogue_that_is_another_one_nothing_is_said() -> None:
    """No item is owned once, and none is for some alone."""
    eligibility = Eligibility()
    eligibility.put(CatalogItem(item_id="card", owned_once=True))
    eligibility.clear()

    assert (0, 0) == (eligibility.once, len(eligibility))


def test_an_item_that_is_not_for_a_segment_is_offered_to_all_others() -> None:
    """A card that minors may not have."""
    till = bank(excluded_segments=("minor",))

    assert not offered(till, segment="minor")
    assert offered(till, segment="student")
    assert offered(till)


def test_known_and_new_are_segments_too() -> None:
    """Who is signed in and consents is known; without consent nobody is."""
    till = bank(eligible_segments=("known",))

    assert offered(till, shopper_id="ann", consent=True)
    assert not offered(till, shopper_id="bob", consent=False)
    assert not offered(till)


def test_nobody_is_known_because_an_event_says_the_word() -> None:
    """Who is signed in is; a sender that calls its segments `new` and `known` is not heard."""
    till = bank(eligible_segments=("known",))
    assert not offered(till, segment="known")
    assert offered(till, shopper_id="ann", segment="new")

    others = bank(excluded_segments=("new",))
    assert not offered(others, segment="known")
    assert offered(others, shopper_id="ann", segment="new")


def test_a_segment_is_that_of_the_event_that_asks_though_it_changed_in_the_visit() -> None:
    """Who is for it and not for it is not for it."""
    till = bank(eligible_segments=("premium", "staff"), excluded_segments=("staff",))
    visit = Story("one-visit")
    assert till.serve(visit.view("account")).prompt is None
    assert till.serve(visit.view("account", segment="premium")).prompt is not None
    assert till.serve(visit.view("account", segment="staff")).prompt is None


def test_the_latest_record_counts_and_a_tombstone_lifts_it() -> None:
    """As with all that a catalogue says."""
    till = bank(eligible_segments=("premium",))
    catalog = till.catalog
    assert catalog is not None
    catalog.put(CatalogItem(item_id="gold-card", excluded_segments=("minor",)))
    assert offered(till, segment="student")

    catalog.put(CatalogItem(item_id="gold-card", eligible_segments=("premium",)))
    assert 1 == len(catalog)
    catalog.take_out("gold-card")
    assert not catalog
    till.catalog = None
    assert offered(till, segment="anybody")


def test_what_is_said_of_a_product_holds_for_its_variants() -> None:
    """A variant has no word of its own, or one that forbids more."""
    till = bank(variant_of="cards")
    assert till.catalog is not None
    till.catalog.put(CatalogItem(item_id="cards", eligible_segments=("premium",)))

    assert not offered(till, segment="student")
    assert offered(till, segment="premium")


def test_an_upgrade_is_held_to_it_as_well() -> None:
    """Whoever asks, in whichever slot."""
    till = bank()
    assert till.catalog is not None
    better = ({"kind": "upgrade_of", "item_id": "account"},)
    priced: dict[str, Any] = {"price_minor": 900, "currency": "EUR"}
    only = {"eligible_segments": ("premium",), "relations": better}
    till.catalog.put(CatalogItem.model_validate({"item_id": "gold-account", **priced, **only}))
    asked = {**priced, "price_minor": 100, "slots": ("upgrade",)}

    barred = till.serve(Story("a").view("account", **asked))
    assert (None, ("segment",)) == (barred.prompt, barred.withheld)
    assert till.prompt(Story("b").view("account", segment="premium", **asked))


def test_exclusions_are_never_smaller_than_what_is_for_others() -> None:
    """Recommenders look as far as `len` lets them, and make room for so many."""
    catalog, items = Catalog(), [f"club-{number}" for number in range(9)]
    for item in items:
        catalog.put(CatalogItem(item_id=item, eligible_segments=("club",)))
    out = Exclusions(catalog, "student")
    out.fill(excluded=(), beside=["account"])

    assert [item for item in items if item in out] == items
    assert len(out) >= len(items)


def test_what_a_record_says_of_segments_has_room_as_what_withholds() -> None:
    """One that has none is refused, and the item is as it was."""
    catalog = Catalog(items_max=1)
    assert catalog.put(CatalogItem(item_id="a", eligible_segments=("club",)))
    assert not catalog.put(CatalogItem(item_id="b", excluded_segments=("club",)))
    assert catalog.put(CatalogItem(item_id="a", eligible_segments=("staff",)))
    assert ("a" in catalog.eligibility, "b" in catalog.eligibility) == (True, False)
    catalog.clear()
    assert 0 == len(catalog)


def test_an_audience_that_is_met_again_is_kept_once() -> None:
    """A million items for the same club take no million of sets."""
    eligibility = Eligibility()
    for number in range(3):
        eligibility.put(CatalogItem(item_id=f"item-{number}", eligible_segments=("club",)))

    assert 1 == len({id(one) for one in eligibility._audiences.values()})
    for number in range(MET_MAX + 5):
        said = CatalogItem(item_id="one", eligible_segments=(f"s{number}",))
        eligibility.put(said)
    assert MET_MAX == len(eligibility._met)
    assert eligibility.barred(["one"], {f"s{MET_MAX + 4}"}, ()) is None


def test_a_catalogue_that_begins_anew_keeps_no_audience() -> None:
    """By tombstones or at once: what was said before takes no room for what is said next."""
    at_once, one_by_one = Eligibility(), Eligibility()
    for number in range(3):
        said = CatalogItem(item_id=f"item-{number}", eligible_segments=(f"club-{number}",))
        at_once.put(said)
        one_by_one.put(said)
    at_once.clear()
    for number in range(3):
        one_by_one.take_out(f"item-{number}")

    assert [(0, {}), (0, {})] == [(len(each), each._met) for each in (at_once, one_by_one)]


@given(only=SEGMENTS, never=SEGMENTS, who=SEGMENTS)
def test_an_audience_takes_who_is_of_one_that_it_is_for_and_of_none_that_it_is_not(
    only: set[str], never: set[str], who: set[str]
) -> None:
    """Whatever the sets; being excluded weighs more."""
    taken = Audience(frozenset(only), frozenset(never)).takes(who)

    assert taken == ((not only or bool(only & who)) and not never & who)


@pytest.mark.parametrize("said", [("",), ("x" * 33,), ("a",) * 33], ids=["empty", "long", "many"])
def test_segments_of_a_record_have_limits(said: tuple[str, ...]) -> None:
    """A record that breaks them is refused."""
    with pytest.raises(ValueError, match="eligible_segments"):
        CatalogItem(item_id="a", eligible_segments=said)


def test_who_owns_an_item_may_have_another_one_unless_it_is_owned_once() -> None:
    """Whatever else is said of it; and of an item that nobody said anything of."""
    eligibility = Eligibility()
    eligibility.put(CatalogItem(item_id="card", eligible_segments=("club",)))
    eligibility.put(CatalogItem(item_id="account", owned_once=True))
    items, club = ("card", "account", "bread"), {"club", "new"}

    assert [None, "owned", None] == [eligibility.barred({one}, club, items) for one in items]
    assert [False, True, False] == [eligibility.lasts(one) for one in items]


@pytest.mark.parametrize("known", [True, False])
def test_who_names_no_segment_is_of_a_built_in_one_alone(*, known: bool) -> None:
    """Nor who names one of those: who is known is told by who is signed in."""
    built_in = frozenset({"known" if known else "new"})

    assert [built_in] * 3 == [segments_named(known, named) for named in (None, "known", "new")]
    assert built_in | {"club"} == segments_named(known, "club")


VODKA = {
    "restricted": CatalogItem(item_id="vodka", restricted="age"),
    "hidden": CatalogItem(item_id="vodka", hidden=True),
}
BOTTLE = CatalogItem(item_id="vodka-70cl", variant_of="vodka")


def bar(*items: CatalogItem) -> Till:
    """A shop where who takes ice takes a bottle of vodka with it."""
    till = Till()
    till.teach("ice", "vodka-70cl")
    till.catalog = Catalog()
    assert all(map(till.catalog.put, items))
    return till


@pytest.mark.parametrize("why", VODKA)
@pytest.mark.parametrize("product_first", [True, False], ids=["product-first", "variant-first"])
def test_what_nobody_is_offered_as_a_product_is_offered_in_no_size(
    why: str, *, product_first: bool
) -> None:
    """Whichever record comes first; once the product's is taken back, its sizes are for sale."""
    till = bar(*((VODKA[why], BOTTLE) if product_first else (BOTTLE, VODKA[why])))
    assert till.catalog is not None
    answer = till.serve(Story("first").view("ice"))

    assert (None, Silence("withheld")) == (answer.prompt, answer.silence)
    assert (why,) == answer.withheld
    assert why == Exclusions(till.catalog).withheld("vodka-70cl")
    till.catalog.take_out("vodka")
    assert Exclusions(till.catalog).withheld("vodka-70cl") is None
    prompt = till.prompt(Story("then").view("ice"))
    assert ["vodka-70cl"] == [item.item_id for item in prompt.items]


def test_a_size_that_is_out_of_stock_or_earns_too_little_takes_no_other_with_it() -> None:
    """Nor does the product's own record: each of them has a stock and a margin of its own."""
    till = bar(CatalogItem(item_id="vodka", in_stock=False), BOTTLE)

    assert till.serve(Story("s").view("ice")).prompt is not None


@pytest.mark.parametrize(
    ("own", "of_product", "said"),
    [
        ({"in_stock": False}, {"restricted": "age"}, "restricted"),
        ({"hidden": True}, {"restricted": "age"}, "hidden"),
        ({"restricted": "age"}, {"hidden": True}, "hidden"),
        ({"restricted": "age"}, {"in_stock": False}, "restricted"),
        ({"in_stock": False}, {}, "out_of_stock"),
    ],
    ids=str,
)
def test_of_what_a_variant_and_its_product_say_the_first_reason_is_told(
    own: dict[str, Any], of_product: dict[str, Any], said: str
) -> None:
    """Hidden before restricted, that before what is of one size alone."""
    catalog = Catalog()
    catalog.put(CatalogItem(item_id="vodka-70cl", variant_of="vodka", **own))
    catalog.put(CatalogItem(item_id="vodka", **of_product))
    out = Exclusions(catalog)

    assert said == out.withheld("vodka-70cl")
    assert "vodka-70cl" in out
    assert {"vodka-70cl": said} == out.noted
