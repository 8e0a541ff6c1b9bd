"""Complete the bundle: what is missing, what it saves, and what the shop still earns by it."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import InvalidReference
from streams.contract.events import OrderLine
from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.prompts import Prompt
from streams.contract.receipts import Receipts
from streams.contract.wire.shop.offers import BundleOffer
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.checkpoint import packed, read, restored
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controls
from streams.shop.decision.languages.messages import TEXTS
from streams.shop.decision.slots.bundles import (
    ASKED_MAX,
    HELD_MAX,
    LOOKED_AT_MAX,
    BundleArm,
    Bundles,
    SavedBeside,
    completions,
    whole,
)
from streams.shop.decision.slots.top_up import PriceTag
from streams.shop.memory.answer import Silence
from streams.shop.memory.orders.reward.net_reward import NetReward
from streams.shop.memory.session import Session
from tests.stories import Story, Till

PRICES = {"camera": 50_000, "case": 4_000, "card": 2_000, "strap": 3_000}
"""What is sold, in cents; each earns a fifth of its price."""
PHOTO = BundleTerms(items=("camera", "case", "card"), discount_minor={"EUR": 1_500, "JPY": 90})


def priced(item_id: str, **fields: Any) -> CatalogItem:
    """An item of the catalogue as it is sold, but for these fields."""
    minor = PRICES[item_id]
    said = {"price_minor": minor, "margin_minor": minor // 5, "currency": "EUR", **fields}
    return CatalogItem(item_id=item_id, **said)


def till(*changed: CatalogItem, terms: BundleTerms = PHOTO, **settings: Any) -> Till:
    """A shop with a bundle that has learned nothing yet."""
    shop = Till(catalog_prices_max=100, **settings)
    shop.catalog = Catalog.of(shop.shop.settings)
    for item in (*map(priced, PRICES), *changed):
        assert shop.catalog.put(item)
    shop.catalog.bundles.put("photo", terms)
    return shop


def basket(shop: Till, *items: str, session: str = "s1", **more: Any) -> Prompt | None:
    """What somebody is offered who has put these into the basket, one after the other."""
    story = Story(session)
    for item in items[:-1]:
        shop.serve(story.add(item, slots=()))
    return shop.serve(story.add(items[-1], **more)).prompt


def test_what_completes_a_bundle_is_offered_with_what_it_saves() -> None:
    """The camera and the case are there: the card makes it 15.00 EUR less of 560.00."""
    prompt = basket(till(), "camera", "case")

    assert prompt is not None
    assert (["card"], "bundle") == ([item.item_id for item in prompt.items], prompt.arm)
    assert prompt.offer == BundleOffer(
        bundle="photo",
        bundle_items=("camera", "case", "card"),
        price_minor=56_000,
        discount_minor=1_500,
        currency="EUR",
    )
    assert "Completes a bundle that costs less together" == prompt.reason.text
    assert ("case", 0, 1) == tuple(prompt.items[0].evidence.model_dump().values())
    assert Prompt.model_validate_json(prompt.to_json()) == prompt


def test_two_items_that_are_missing_are_offered_together() -> None:
    """All of them or none: one alone would not bring the discount."""
    shop = till()
    prompt = basket(shop, "camera")
    assert prompt is not None
    assert ["case", "card"] == [item.item_id for item in prompt.items]

    few = till(prompt_items_max=1)
    assert basket(few, "camera") is None
    assert (one := basket(few, "camera", "card", session="s2"))
    assert ["case"] == [item.item_id for item in one.items]


def test_a_bundle_that_lacks_three_items_or_none_is_not_offered() -> None:
    """Nor is one of which nothing is there."""
    four = BundleTerms(items=tuple(PRICES), discount_per_mille=10)

    assert basket(till(terms=four), "camera") is None
    assert basket(till(), "camera", "case", "card") is None
    assert basket(till(), "strap") is None


def test_a_thousandth_of_the_whole_price_is_rounded_down() -> None:
    """As in any currency without a smaller coin."""
    terms = BundleTerms(items=("case", "strap"), discount_per_mille=33)
    prompt = basket(till(terms=terms), "case")

    assert prompt is not None
    assert isinstance(prompt.offer, BundleOffer)
    assert (7_000, 231) == (prompt.offer.price_minor, prompt.offer.discount_minor)


@pytest.mark.parametrize(
    "changed",
    [
        {"currency": "USD"},
        {"price_minor": None, "margin_minor": None},
        {"in_stock": False},
        {"hidden": True},
        {"eligible_segments": ("club",)},
    ],
    ids=["another-currency", "no-price", "sold-out", "hidden", "for-others"],
)
def test_a_bundle_is_not_offered_where_a_part_cannot_be_had_or_priced(
    changed: dict[str, Any],
) -> None:
    """Nobody could keep the promise."""
    assert basket(till(priced("card", **changed)), "camera", "case") is None


def test_a_discount_of_another_currency_or_of_all_that_is_paid_is_none() -> None:
    """Yen are no cents, and nothing is given away."""
    for terms in ({"JPY": 500}, {"EUR": 7_000}):
        shop = till(terms=BundleTerms(items=("case", "strap"), discount_minor=terms))
        assert basket(shop, "case") is None


@pytest.mark.parametrize(
    ("floor", "offered"),
    [(0.176, True), (0.178, False), (-1.0, True)],
    ids=["earns-enough", "earns-less", "no-floor"],
)
def test_the_whole_has_to_earn_the_margin_floor_after_its_discount(
    floor: float, offered: bool
) -> None:
    """It earns 112.00 less 15.00 of 545.00: .17798 of what is paid."""
    assert offered == (basket(till(margin_ratio_min=floor), "camera", "case") is not None)


def test_where_a_margin_is_not_known_a_floor_keeps_the_bundle_back() -> None:
    """Without one the merchant's word stands."""
    untold = priced("camera", margin_minor=None)

    assert basket(till(untold, margin_ratio_min=0.0), "camera", "case") is None
    assert basket(till(untold), "camera", "case") is not None


def test_of_several_bundles_the_one_that_lacks_least_then_saves_most_is_offered() -> None:
    """And of equal ones the first by name, for all workers."""
    shop = till()
    assert shop.catalog is not None
    bundles = shop.catalog.bundles
    for name, saved in (("b", 100), ("c", 300), ("d", 300)):
        bundles.put(name, BundleTerms(items=("camera", "strap"), discount_minor={"EUR": saved}))
    prompt = basket(shop, "camera")

    assert prompt is not None
    assert isinstance(prompt.offer, BundleOffer)
    assert "c" == prompt.offer.bundle


def test_items_of_a_bundle_that_exclude_each_other_are_not_offered_together() -> None:
    """By the catalogue's relations, where they decide."""
    apart = priced("card", relations=({"kind": "excludes", "item_id": "case"},))

    assert basket(till(apart), "camera") is not None
    assert basket(till(apart, catalog_relations="guards"), "camera") is None


def test_a_bundle_is_said_before_the_purchase_alone() -> None:
    """On the product page, too; not in the slot of upgrades, and not when all is paid."""
    shop, story = till(), Story()
    page = shop.prompt(story.view("camera"))
    assert "bundle" == page.arm

    assert shop.serve(story.view("camera", slots=("upgrade",))).prompt is None
    shop.serve(story.add("camera", slots=()))
    paid = shop.serve(story.order("camera", slots=("post_purchase",)))
    assert paid.prompt is None


def test_controls_define_bundles_at_once_and_end_them() -> None:
    """What is wrong is refused, and the one before stands."""
    shop = till()
    assert shop.catalog is not None
    controls = Controls(shop.shop.settings)
    shop.catalog.bundles = controls.bundles
    assert basket(shop, "camera", "case", session="before") is None

    controls.put("bundles.photo", PHOTO.model_dump(mode="json", exclude_defaults=True), size=90)
    assert (1, None) == (len(controls), controls.now)
    assert basket(shop, "camera", "case", session="then") is not None
    with pytest.raises(InvalidReference, match=r"bundles\.photo: .*an item stands twice"):
        controls.put("bundles.photo", {"items": ["a", "a"], "discount_per_mille": 9}, size=9)
    assert basket(shop, "camera", "case", session="still") is not None

    controls.put("bundles.photo", None, size=9)
    assert (0, False) == (len(controls), bool(controls.bundles.terms))
    assert basket(shop, "camera", "case", session="after") is None


def test_the_receipt_carries_the_discount_that_was_promised() -> None:
    """Whatever a prompt earns by, so that it can be held to it."""
    shop = till()
    prompt = basket(shop, "camera")
    assert prompt is not None
    receipt = Receipts("not a secret").open(prompt.receipt, "s1")

    case, card = ItemWorth(800, 4_000, "EUR", 0, 1_000), ItemWorth(400, 2_000, "EUR", 0, 500)
    assert (case, card) == receipt.worths


@pytest.mark.parametrize("told", [6_000, 5_500, 0], ids=["on-the-order", "on-the-line", "untold"])
def test_the_discount_is_taken_off_once_however_many_are_bought(told: int) -> None:
    """Two straps earn 12.00 less 5.00 of discount; one that comes back earns nothing of it."""
    terms = BundleTerms(items=("camera", "strap"), discount_minor={"EUR": 500})
    shop = till(terms=terms, reward="net", dismissal_cost_minor=0)
    story = Story()
    prompt = shop.prompt(story.add("camera"))
    shop.serve(story.see(prompt))
    shop.serve(story.add("strap", quantity=2, receipt=prompt.receipt))
    price = {"price_minor": told // 2} if told else {}
    line = OrderLine(item_id="strap", quantity=2, **price)
    shop.serve(story.order(lines=(line,), currency="EUR"))
    assert 700 == earned(shop)

    shop.serve(story.send_back("strap"))
    assert 350 == earned(shop)


@pytest.mark.parametrize(("told", "cost"), [(6_000, 600), (5_500, 550), (0, 550)])
def test_what_returns_cost_is_a_share_of_what_is_paid_after_the_discount(
    told: int, cost: int
) -> None:
    """A tenth of it; where the order tells no price it is the price that was promised."""
    terms = BundleTerms(items=("camera", "strap"), discount_minor={"EUR": 500})
    money: dict[str, Any] = {"reward": "net", "return_cost_share": 0.1}
    shop, story = till(terms=terms, **money), Story()
    prompt = shop.prompt(story.add("camera"))
    shop.serve(story.see(prompt))
    shop.serve(story.add("strap", quantity=2, receipt=prompt.receipt))
    price = {"price_minor": told // 2} if told else {}
    line = OrderLine(item_id="strap", quantity=2, **price)
    shop.serve(story.order(lines=(line,), currency="EUR"))

    assert 1_200 - 500 - cost == earned(shop)
    (worth,) = Receipts("not a secret").open(prompt.receipt, "s1").worths
    assert 600 - 500 - 250 == NetReward.of(shop.shop.settings).unit_minor(worth)


def test_of_a_large_basket_the_latest_items_make_bundles() -> None:
    """However large it is, a decision looks at so many."""
    bundles = Bundles()
    bundles.put("b", BundleTerms(items=("i0", "i1"), discount_per_mille=9))
    many = {f"i{number}": 1 for number in range(HELD_MAX + 2)}
    most = dict.fromkeys([*many][1:-1], 1) | {"i0": 1}

    assert {} == whole(bundles, many).sets
    assert {"b": 1} == whole(bundles, most).sets


def earned(shop: Till) -> int:
    """What the one prompt of the session has earned, in cents."""
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    (impression,) = session.impressions.values()
    return NetReward.of(shop.shop.settings).minor(impression)


def test_what_a_margin_is_not_known_of_bears_its_discount_all_the_same() -> None:
    """The strap earns three tenths of 30.00 by the setting, and 5.00 less for the bundle."""
    terms = BundleTerms(items=("camera", "strap"), discount_minor={"EUR": 500})
    untold = priced("strap", margin_minor=None)
    shop = till(untold, terms=terms, reward="net", dismissal_cost_minor=0)
    story = Story()
    prompt = shop.prompt(story.add("camera"))
    shop.serve(story.see(prompt))
    shop.serve(story.add("strap", receipt=prompt.receipt))
    shop.serve(story.order("strap", currency="EUR"))

    assert 400 == earned(shop)
    (worth,) = Receipts("not a secret").open(prompt.receipt, "s1").worths
    assert 400 == NetReward.of(shop.shop.settings).unit_minor(worth)


def test_a_prompt_with_a_discount_goes_on_from_a_checkpoint_bit_for_bit() -> None:
    """What it promised is kept with it, and answers stay what they were."""
    terms = BundleTerms(items=("camera", "strap"), discount_minor={"EUR": 500})
    shop = till(terms=terms, reward="net", items_decided=True, items_exploration=0.0)
    story = Story()
    prompt = shop.prompt(story.add("camera"))
    shop.serve(story.see(prompt))
    shop.serve(story.add("strap", receipt=prompt.receipt))

    kept = read(packed(shop.shop, cluster="c", now_ms=1, made_by="w")[1])
    again = till(terms=terms)
    again.shop = restored(kept, shop.shop.settings)
    assert shop.shop.state() == again.shop.state()
    order = story.order("strap", currency="EUR")
    for one in (shop, again):
        one.serve(order)
        assert 100 == earned(one)
    assert shop.shop.digest() == again.shop.digest()


@pytest.mark.parametrize(
    ("changed", "offered"),
    [
        ({"in_stock": False}, False),
        ({"restricted": "age"}, False),
        ({"eligible_segments": ("club",)}, False),
        ({"margin_minor": 100}, True),
    ],
    ids=["sold-out", "restricted", "for-others", "earns-little"],
)
def test_what_is_looked_at_and_not_for_sale_begins_no_bundle(
    changed: dict[str, Any], offered: bool
) -> None:
    """The page of a camera that nobody can buy promises nothing for buying it."""
    terms = BundleTerms(items=("camera", "strap"), discount_minor={"EUR": 100})
    shop = till(priced("camera", **changed), terms=terms, margin_ratio_min=0.005)
    assert offered == (shop.serve(Story().view("camera")).prompt is not None)
    assert basket(shop, "camera", session="has-it") is not None


def test_what_a_control_hides_begins_no_bundle_on_its_page() -> None:
    """Nor does a variant of a product that is hidden."""
    terms = BundleTerms(items=("camera", "strap"), discount_minor={"EUR": 100})
    shop = till(priced("camera", variant_of="cameras"), terms=terms)
    assert shop.catalog is not None
    assert shop.serve(Story("before").view("camera")).prompt is not None
    for hidden in ("camera", "cameras"):
        shop.catalog.hidden = frozenset({hidden})
        assert shop.serve(Story(hidden).view("camera")).prompt is None


def test_what_has_been_paid_for_is_in_no_bundle_any_more() -> None:
    """An order may ask for any slot; its camera cannot be bought together with a strap now."""
    shop, story = till(terms=BundleTerms(items=("camera", "strap"), discount_per_mille=9)), Story()
    shop.serve(story.add("camera", slots=()))

    assert shop.serve(story.order("camera", slots=("basket", "checkout"))).prompt is None


def test_one_camera_is_in_one_bundle_and_two_are_in_two() -> None:
    """What a whole bundle has taken is not there for the next, at any margin."""
    shop = till(terms=BundleTerms(items=("camera", "case"), discount_minor={"EUR": 1_000}))
    assert shop.catalog is not None
    other = BundleTerms(items=("camera", "strap"), discount_minor={"EUR": 900})
    shop.catalog.bundles.put("travel", other)
    assert basket(shop, "camera", "case") is None
    assert shop.serve(Story("looks").add("case")).prompt is not None

    two = basket(shop, "camera", "camera", "case", session="two")
    assert two is not None
    assert isinstance(two.offer, BundleOffer)
    assert "travel" == two.offer.bundle


def test_whoever_sees_prices_in_another_currency_is_told_of_no_discount() -> None:
    """The catalogue's euros are not what this shopper pays; who does not say is told."""
    shop = till()
    said = {"price_minor": 9, "currency": "USD"}

    assert basket(shop, "camera", "case", session="dollars", **said) is None
    assert basket(shop, "camera", "case", session="euros", **said | {"currency": "EUR"})
    assert basket(shop, "camera", "case", session="untold")


@pytest.mark.parametrize("told", [3_000, 2_500, 0], ids=["on-the-order", "on-the-line", "untold"])
def test_net_reward_counts_the_discount_wherever_the_order_tells_it(told: int) -> None:
    """The strap earns 6.00 less 5.00 of discount, at full price or at the reduced one."""
    terms = BundleTerms(items=("camera", "strap"), discount_minor={"EUR": 500})
    shop = till(terms=terms, reward="net", dismissal_cost_minor=0)
    story = Story()
    prompt = shop.prompt(story.add("camera"))
    shop.serve(story.see(prompt))
    shop.serve(story.add("strap", receipt=prompt.receipt))
    line: dict[str, Any] = {"item_id": "strap"} | ({"price_minor": told} if told else {})
    bought = story.order("strap").model_copy(update={"currency": "EUR"})
    lines = tuple(one.model_copy(update=line) for one in bought.lines)
    shop.serve(bought.model_copy(update={"lines": lines}))

    assert 100 == earned(shop)


@pytest.mark.parametrize(("saved", "offered"), [(100, True), (1_500, False)])
def test_where_the_number_of_items_is_decided_it_is_all_of_the_bundle_or_none(
    saved: int, offered: bool
) -> None:
    """The case earns 8.00 and the card loses 1.00: without it there is no bundle to speak of."""
    money = {"reward": "net", "items_decided": True, "items_exploration": 0.0}
    terms = PHOTO.model_copy(update={"discount_minor": {"EUR": saved}})
    losing = priced("card", margin_minor=-100)
    shop = till(losing, terms=terms, dismissal_cost_minor=50, **money)
    answer = shop.serve(Story().add("camera"))

    if not offered:
        assert Silence("not_worth") == answer.silence
        return
    assert answer.prompt is not None
    assert ["case", "card"] == [item.item_id for item in answer.prompt.items]


def test_bundles_that_nobody_can_name_are_no_texts() -> None:
    """Each language says it in a sentence of its own."""
    said = {language: texts["bundle"] for language, texts in TEXTS.items()}

    assert len(said) == len({*said.values()}) == len(TEXTS)


@given(
    prices=st.lists(st.integers(0, 10_000), min_size=1, max_size=2),
    held=st.integers(1, 10_000),
    discount=st.integers(1, 30_000),
)
def test_the_parts_of_a_discount_are_all_of_it(
    prices: Sequence[int], held: int, discount: int
) -> None:
    """No cent is lost between the items that complete a bundle, and none is counted twice."""
    missing = [f"m{place}" for place in range(len(prices))]
    tags = {
        name: PriceTag(minor, minor, "EUR") for name, minor in zip(missing, prices, strict=True)
    }
    tags["main"] = PriceTag(held, held, "EUR")
    bundles = Bundles()
    bundles.put("b", BundleTerms(items=("main", *missing), discount_minor={"EUR": discount}))
    found = tuple(completions(bundles, ["main"], tags))
    question = CandidateQuery(Session("s1", 0, 0), "main", 0.0, (), 3)
    worths = BundleArm(found, tags).promised([ItemWorth()] * len(prices), question)

    assert bool(found) == (discount < held + sum(prices))
    if found:
        assert discount == sum(worth.discount_minor for worth in worths)
        assert all(worth.discount_minor >= 0 for worth in worths)
        assert [*prices] == [worth.price_minor for worth in worths]


def test_where_no_bundle_may_be_said_none_is_offered() -> None:
    """Nothing to offer is no items, no words of an offer, and no draw of the arm."""
    question = CandidateQuery(Session("s1", 0, 0), "camera", 0.0, (), 3)
    shop, arm = till(), BundleArm((), {})

    assert [] == arm.candidates(shop.shop.learned, question)
    assert (False, None) == (arm.proposes(shop.shop.learned, question), arm.offer(question))


def test_a_bundle_that_is_told_again_is_the_new_one_alone() -> None:
    """What is in it no more begins it no more."""
    bundles = Bundles()
    bundles.put("photo", PHOTO)
    bundles.put("photo", BundleTerms(items=("camera", "strap"), discount_per_mille=100))

    assert not bundles.holds("case")
    assert ["photo"] == [*bundles.of("camera")] == [*bundles.of("strap")]


def test_a_bundle_of_which_two_items_are_there_is_found_once() -> None:
    """By the later one, which is its main item."""
    bundles = Bundles()
    bundles.put("photo", PHOTO)
    prices = {item: PriceTag(minor, minor, "EUR") for item, minor in PRICES.items()}
    found = [*completions(bundles, ["camera", "case"], prices)]

    assert [("case", ("card",))] == [(one.main, one.missing) for one in found]


def test_of_very_many_bundles_of_an_item_the_first_are_looked_at() -> None:
    """However many there are, a decision stays cheap."""
    bundles = Bundles()
    for number in range(10 * LOOKED_AT_MAX):
        bundles.put(f"{number:04}", BundleTerms(items=("a", f"b{number}"), discount_per_mille=9))

    assert [f"{number:04}" for number in range(LOOKED_AT_MAX)] == [*bundles.of("a")]
    bundles.clear()
    assert (0, []) == (len(bundles), [*bundles.of("a")])


def test_what_bundles_save_with_further_items_is_reckoned_of_so_many_sets_of_items() -> None:
    """Of what is in no bundle it is nothing; of one set too many nobody can tell."""
    bundles, names = Bundles(), [f"i{number}" for number in range(ASKED_MAX + 1)]
    for name in names:
        terms = BundleTerms(items=(name, "tea"), discount_minor={"EUR": 5})
        bundles.put(name, terms)
    prices = dict.fromkeys([*names, "tea"], PriceTag(100, 50, "EUR"))
    beside = SavedBeside(bundles, prices, {"tea": 1})

    assert [5] * ASKED_MAX == [beside.minor((name, "salt")) for name in names[:-1]]
    assert (None, 5, 0) == (
        beside.minor(names[-1:]),
        beside.minor(("i0",)),
        beside.minor(("salt",)),
    )


def test_a_bundle_that_is_there_twice_saves_twice() -> None:
    """And what is left of it is what may be completed: no item of which nothing is left."""
    bundles = Bundles()
    bundles.put("duo", BundleTerms(items=("a", "b"), discount_minor={"EUR": 500}))
    found = whole(bundles, {"a": 2, "b": 3})

    assert ({"duo": 2}, {"b": 1}) == (found.sets, found.spare)
    assert 1_000 == found.saved_minor(bundles, dict.fromkeys("ab", PriceTag(1000, 400, "EUR")))
