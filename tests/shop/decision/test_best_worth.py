"""The arm of what is worth most: from all sources, by what pairs earn and how they are taken."""

from typing import Any

import pytest

from models import Candidate
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import FIT_MAX, MICRO, ItemWorth
from streams.shop.decision.arms import BEST_WORTH
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.policy.best_worth import HOPE, BestWorthArm, pair_of
from streams.shop.decision.policy.offer_fits import CLASSES, SOURCES, beyond, fit_of
from streams.shop.memory.orders.reward.pair_offers import (
    AGAIN_STRENGTH,
    CLASS_STRENGTH,
    COMPANIONS,
    LONE,
    LONE_STRENGTH,
    PAIR_STRENGTH,
    PairOffers,
    attention,
)
from streams.shop.shop import Shop
from tests.clients.checkpoints.test_other_terms import switch
from tests.shop.decision.test_item_numbers import DECIDED, items
from tests.stories import NOON_MS, OPEN, Story, Till

WORTH: dict[str, Any] = {**DECIDED, "best_worth": True, "dismissal_cost_minor": 1, "arm_floor": 0.0}
MARGINS = {"butter": 150, "jam": 140, "cake": 900, "milk": -4, "tea": 2, "bread": 100}


def till(margins: dict[str, int] | None = None, **more: Any) -> Till:
    """Bread is bought with milk, jam and butter; cake, which earns most, is bought by few."""
    shop = Till(**{**WORTH, **more})
    shop.catalog = Catalog(worths=True)
    for item, margin in (MARGINS if margins is None else margins).items():
        said = {"margin_minor": margin, "price_minor": 1_000, "currency": "EUR"}
        shop.catalog.put(CatalogItem(item_id=item, **said))
    for times, item in ((16, "milk"), (12, "jam"), (10, "butter")):
        shop.teach("bread", item, times=times)
    for number in range(60):
        shop.serve(Story(f"tea-{number}", start_ms=NOON_MS - 9**8).add("tea"))
    shop.serve(Story("cake", start_ms=NOON_MS - 9**8).add("cake"))
    return shop


def alone(shop: Till) -> Till:
    """No other arm is drawn."""
    for arm in ("bought_together", "viewed_together", "buy_again", "popular"):
        shop.controls.put(f"arms.{arm}.state", "off", size=90)
    return shop


def arm_of(shop: Till) -> BestWorthArm:
    """The arm."""
    arm = shop.shop.decision.best_worth
    assert arm is not None
    return arm


def source_of(fit: int) -> str:
    """The source of a class."""
    return next(s for s in reversed(SOURCES) if fit >= CLASSES[s][0])


def served(shop: Till, name: str, *, take: str = "", back: bool = False) -> Prompt:
    """Somebody has bread and sees the prompt; takes and buys an item of it, and sends it back."""
    story = Story(name)
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    if take:
        shop.serve(story.add(take, receipt=prompt.receipt))
        shop.serve(story.order(take))
    if back:
        shop.serve(story.send_back(take))
    return prompt


def test_items_of_all_sources_stand_in_one_prompt_by_what_they_are_expected_to_earn() -> None:
    """Cake is merely popular, and earns six times as much as what goes with bread; milk loses."""
    shop = alone(till())
    prompt = shop.prompt(Story().add("bread"))

    assert BEST_WORTH == prompt.arm
    assert {"cake", "butter", "jam"} == {*items(prompt)}
    assert items(prompt).index("butter") < items(prompt).index("jam") or "cake" == items(prompt)[0]
    scores = [item.score for item in prompt.items]
    assert scores == sorted(scores, reverse=True)


def test_arms_that_it_has_judged_are_tried_for_the_floor_until_they_earn_more() -> None:
    """Before anything is known all are expected to earn alike; ramped, it leaves them the rest."""
    shop = till(arm_floor=0.02)
    before = shop.prompt(Story("before").add("bread")).propensities
    others = before.keys() & {"bought_together", "popular"}

    assert {"bought_together", "popular"} == others
    assert [pytest.approx(0.02)] * 2 == [before[arm] for arm in sorted(others)]
    assert 0.96 == pytest.approx(before[BEST_WORTH])
    policy, at_s = shop.shop.policy, NOON_MS / 1000
    for context in ("basket/new", "basket/known"):
        for _ in range(20):
            policy.expose("popular", context, time_s=at_s)
            policy.reward("popular", context, 1.0, time_s=at_s)
    assert 0.9 < shop.prompt(Story("after").add("bread")).propensities["popular"]
    shop = till(arm_floor=0.02)
    shop.controls.put(f"arms.{BEST_WORTH}.share_max", 0.25, size=90)
    ramped = shop.prompt(Story("ramped").add("bread")).propensities
    assert 0.25 == pytest.approx(ramped[BEST_WORTH])


def test_who_offers_what_nobody_has_a_price_for_is_not_held_back() -> None:
    """Else one item with a price would take over the shop."""
    shop = till({"butter": 150}, arm_floor=0.02)
    chances = shop.prompt(Story("now").add("bread")).propensities

    assert chances["bought_together"] > 0.1
    assert chances["popular"] > 0.1


def test_what_is_offered_beside_an_item_and_not_taken_gives_way_to_what_is() -> None:
    """Though it earns more where it is sold: the pair is learned, and by itself."""
    shop = alone(till({"butter": 150, "jam": 140}, prompt_items_max=1))
    assert ["butter"] == items(shop.prompt(Story("first").add("bread")))
    for number in range(40):
        shown = served(shop, f"no-{number}")
        if items(shown) == ["jam"]:
            served(shop, f"yes-{number}", take="jam")
    prompt = shop.prompt(Story("last").add("bread"))

    assert ["jam"] == items(prompt)
    bread, cheese = (
        arm_of(shop).judged(Candidate("butter", 0.0, 10, 38, main, SOURCES[0]), main).chance.mean
        for main in ("bread", "cheese")
    )
    assert bread < cheese


def test_what_comes_back_was_not_sold() -> None:
    """Bit by bit: pairs and classes are as if it had been shown alone."""
    states = []
    for take, back in (("", False), ("butter", True), ("butter", False)):
        shop = alone(till())
        served(shop, "ann", take=take, back=back)
        states.append(shop.shop.parts()["offer_pairs"].state())

    assert states[0] == states[1] != states[2]


def test_a_receipt_says_by_what_each_item_was_judged() -> None:
    """Its class, its pair and its chance at its place: nothing else is needed to fold."""
    shop = alone(till())
    prompt = shop.prompt(Story("ann").add("bread"))
    worths = shop.shop.receipts.open(prompt.receipt, "ann").worths

    for rank, (said, worth) in enumerate(zip(prompt.items, worths, strict=True)):
        evidence = said.evidence
        source = source_of(worth.fit)
        beside = evidence.anchor if source == SOURCES[0] else "bread"
        assert worth.pair == pair_of(beside or "", said.item_id)
        chance = arm_of(shop).offers.estimate(worth.pair, worth.fit).mean * attention(rank)
        assert worth.chance_micro == pytest.approx(MICRO * chance, abs=1)
        assert worth.margin_minor == MARGINS[said.item_id]


def test_what_a_shopper_buys_again_is_among_what_is_worth_most() -> None:
    """For who is known; nobody else is offered it for that."""
    shop = alone(till({"coffee": 500, "butter": 150}, just_bought_s=0.0))
    day_s = 86_400_000
    for number in range(3):
        story = Story(f"ann-{number}", shopper_id="ann", start_ms=NOON_MS - (9 - number) * day_s)
        shop.serve(story.add("coffee"))
        shop.serve(story.order("coffee"))
    prompt = shop.prompt(Story("now", shopper_id="ann").add("bread"))
    worths = shop.shop.receipts.open(prompt.receipt, "now").worths

    assert "coffee" == items(prompt)[0]
    assert ["buy_again", "bought_together"] == [source_of(one.fit) for one in worths]
    assert "suggested" == prompt.reason.key  # she has not bought the butter before


def test_what_everybody_buys_is_less_of_a_habit_than_what_hardly_anybody_does() -> None:
    """Ann has bought coffee and soap, once each; all others buy coffee, and nobody soap."""
    shop, day_s = alone(till({"coffee": 100, "soap": 100}, just_bought_s=0.0)), 86_400_000
    for name, bought in (("ann", ("coffee", "soap")), *((f"s-{n}", ("coffee",)) for n in range(9))):
        story = Story(f"{name} before", shopper_id=name, start_ms=NOON_MS - day_s)
        for item in bought:
            shop.serve(story.add(item))
        shop.serve(story.order(*bought))
    prompt = shop.prompt(Story("now", shopper_id="ann").add("bread"))
    worths = shop.shop.receipts.open(prompt.receipt, "now").worths
    fits = {item: one.fit for item, one in zip(items(prompt), worths, strict=True)}

    assert 10 / 11 == shop.shop.learned.repeats.bought_share("coffee")
    assert {"coffee": 40, "soap": 41} == {item: fits[item] for item in ("coffee", "soap")}


def test_the_reason_is_that_of_the_source_of_the_first_item() -> None:
    """In the shopper's language, with the item that speaks for it."""
    shop = alone(till({"butter": 150}))
    prompt = shop.prompt(Story().add("bread", locale="de"))

    assert "bought_together" == prompt.reason.key
    assert "Wird oft zusammen mit bread gekauft" == prompt.reason.text


def test_without_a_catalogue_or_where_it_is_off_the_arm_is_not_there() -> None:
    """And a prompt without it says nothing of pairs."""
    for change in ("no catalogue", "no prices", "off"):
        shop = till({} if change == "no prices" else None)
        if change == "no catalogue":
            shop.catalog = None
        if change == "off":
            shop.controls.put(f"arms.{BEST_WORTH}.state", "off", size=90)
        prompt = shop.prompt(Story("ann").add("bread"))
        assert BEST_WORTH not in prompt.propensities
        worths = shop.shop.receipts.open(prompt.receipt, "ann").worths
        assert {(0, 0)} == {(one.pair, one.chance_micro) for one in worths}


def test_without_the_setting_nothing_is_there_and_nothing_is_kept() -> None:
    """And the setting is refused where numbers of items are not decided."""
    shop = till(best_worth=False)
    prompt = shop.prompt(Story().add("bread"))

    assert BEST_WORTH not in prompt.propensities
    assert "offer_pairs" not in shop.shop.parts()
    with pytest.raises(ValueError, match="BEST_WORTH needs GOESWITH_ITEMS_DECIDED"):
        Settings(reward="net", best_worth=True)


def test_items_out_of_the_question_are_not_offered() -> None:
    """Neither what is in the basket nor what the catalogue withholds."""
    shop = alone(till())
    assert shop.catalog is not None
    gone = {"margin_minor": 900, "price_minor": 1_000, "currency": "EUR", "in_stock": False}
    shop.catalog.put(CatalogItem(item_id="cake", **gone))
    story = Story()
    shop.serve(story.add("jam"))
    prompt = shop.prompt(story.add("bread"))

    assert {"cake", "jam", "bread"}.isdisjoint(items(prompt))


def test_pairs_are_in_the_digest_and_survive_a_checkpoint() -> None:
    """Switched on later, they are taught by the prompts that sessions remember."""
    shop = alone(till())
    served(shop, "ann", take="butter")
    other = Shop(shop.shop.settings)
    for name, part in other.parts().items():
        part.restore(shop.shop.parts()[name].state())
    assert "offer_pairs" in shop.shop.digests()
    assert shop.shop.digest() == other.digest()

    before = till(best_worth=False)
    served(before, "ann", take="butter")
    fates = switch(before, WORTH)
    assert "taught again by 0 trials: new" == fates["offer_pairs"]


def test_pairs_of_another_half_life_are_taught_again_and_can_be_taken_back() -> None:
    """As if it had been so from the start; what comes back later leaves no less than nothing."""
    shop = alone(till())
    prompt = served(shop, "ann", take="butter")
    fates = switch(shop, {**WORTH, "pair_half_life_s": 30 * 86_400.0})
    assert f"taught again by {len(prompt.items)} of its {len(prompt.items)}" in fates["offer_pairs"]
    story = Story("ann", start_ms=NOON_MS + 60_000)
    shop.serve(story.send_back("butter", event_id="back-1"))
    sold = [int(each[1], 16) for each in shop.shop.parts()["offer_pairs"].state()["pairs"].values()]

    assert len(prompt.items) == len(sold)
    assert {0} == {*sold}


def test_what_loses_is_not_offered_though_some_prompts_try_what_is_worth_less() -> None:
    """Milk is bought with bread more often than all else, at a loss."""
    shop = alone(till({"milk": -400}, items_exploration=0.5))
    asked = (Story(f"s-{number}").add("bread") for number in range(40))

    assert all(shop.serve(event).prompt is None for event in asked)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_same_event_has_the_same_prompt_however_often_it_is_asked(share: float) -> None:
    """Nothing but what was learned and the keyed seed decides."""
    shop = till(items_exploration=share, arm_floor=0.1)
    event = Story("ann").add("bread")
    first = shop.serve(event).prompt
    again = shop.ask(event, len(shop.served) - 1).prompt

    assert first == again


@pytest.mark.parametrize(
    ("source", "together", "of", "by_chance", "fit"),
    [
        ("bought_together", 50, 60, 0.0, 32),
        ("bought_together", 50, 60, 49.0, 5),
        ("bought_together", 30, 60, 10.0, 25),
        ("bought_together", 12, 60, 4.0, 18),
        ("bought_together", 3, 60, 1.0, 12),
        ("bought_together", 3, 10**9, 0.0, 31),
        ("bought_together", 0, 10**9, 9.0, 7),
        ("buy_again", 9, 12, 0.0, 47),
        ("buy_again", 2, 12, 0.3, 43),
        ("buy_again", 1, 12, 0.1, 42),
        ("buy_again", 1, 10**9, 0.1, 42),
        ("buy_again", 1, 12, 1.0, 40),
        ("popular", 9, 12, 0.0, 49),
        ("popular", 1, 100, 0.0, 60),
        ("popular", 1, 10**9, 0.0, 63),
    ],
)
def test_a_class_is_of_one_source_and_of_what_speaks_for_an_item(
    source: str, together: int, of: int, by_chance: float, fit: int
) -> None:
    """How surely it is a companion, and how often; how surely a habit; how popular."""
    assert fit == fit_of(Candidate("jam", 0.0, together, of, "", source), by_chance)
    assert source == source_of(fit)


def test_who_met_no_more_often_than_by_chance_is_no_companion() -> None:
    """Tea is in every basket: that it is beside bread says nothing; everybody buys it anyway."""
    shop = alone(till({"tea": 100, "butter": 150}))
    for number in range(40):
        story = Story(f"both-{number}", start_ms=NOON_MS - 9**8)
        for item in ("bread", "tea") if number < 5 else ("soap", "tea"):
            shop.serve(story.add(item))
    prompt = shop.prompt(Story("now").add("bread"))
    worths = shop.shop.receipts.open(prompt.receipt, "now").worths
    by = {item: source_of(one.fit) for item, one in zip(items(prompt), worths, strict=True)}

    assert {"butter": "bought_together", "tea": "popular"} == by
    few, more = (Candidate("tea", 0.0, n, 60, "bread", SOURCES[0]) for n in (10, 13))
    assert beyond(few, 9.5) < 1.0 < beyond(more, 9.5)


def test_a_pair_is_known_by_what_speaks_for_it_too() -> None:
    """Butter beside bread, butter beside jam, and butter that somebody buys again are three."""
    pairs = {pair_of(beside, "butter") for beside in ("bread", "jam", "")}

    assert 3 == len(pairs)
    assert all(0 < pair < 2**53 for pair in pairs)
    assert pair_of("", "butter\ud800") != pair_of("", "butter")


def test_what_is_popular_teaches_whether_it_goes_with_what_it_was_offered_beside() -> None:
    """However it was offered, the pair is one: as a companion it is judged by that, too."""
    arm = arm_of(alone(till()))
    lone = arm.judged(Candidate("cake", 0.0, 1, 100, "", SOURCES[2]), "bread")
    pair = arm.judged(Candidate("cake", 0.0, 5, 38, "bread", SOURCES[0]), "milk")
    again = arm.judged(Candidate("cake", 0.0, 5, 38, "", SOURCES[1]), "bread")

    assert lone.pair == pair.pair != again.pair
    assert LONE_STRENGTH == lone.chance.strength
    assert CLASS_STRENGTH == again.chance.strength
    assert PAIR_STRENGTH == pair.chance.strength
    assert pair.chance.mean < pair.hoped == pair.chance.hopeful(HOPE)


def test_what_is_bought_again_leans_on_its_class_as_far_as_that_is_known() -> None:
    """Others who sent this very item away hardly count; a class of few offers may be better."""
    offers, noon_s = PairOffers(), NOON_MS / 1000
    coffee, soap = pair_of("", "coffee"), pair_of("", "soap")
    for number in range(600):
        offers.expose(soap, COMPANIONS + 3, 0, time_s=noon_s)
        if number % 2:
            offers.reward(soap, COMPANIONS + 3, 1.0, time_s=noon_s)
    for _ in range(20):
        offers.expose(coffee, COMPANIONS + 3, 0, time_s=noon_s)
    known, new = (offers.estimate(coffee, COMPANIONS + place) for place in (3, 4))

    assert AGAIN_STRENGTH + 20 == pytest.approx(known.strength)
    assert 0.4 < known.mean < 0.5
    assert CLASS_STRENGTH + 20 == pytest.approx(new.strength)
    assert 0.05 == pytest.approx(new.mean)
    strengths = {COMPANIONS - 1: PAIR_STRENGTH, COMPANIONS: CLASS_STRENGTH, LONE: LONE_STRENGTH}
    for fit, strength in strengths.items():
        assert strength + 20 == pytest.approx(offers.estimate(coffee, fit).strength)


def test_every_class_has_room_in_a_receipt() -> None:
    """The last one of the last source."""
    assert FIT_MAX == sum(CLASSES["popular"][::2]) - 1
    assert not Settings(**OPEN).best_worth


def test_a_prompt_that_promises_little_is_expected_to_annoy_by_what_such_prompts_did() -> None:
    """Not by what prompts did whose items are nearly always taken."""
    shop, noon_s = alone(till()), NOON_MS / 1000
    rates, numbers = shop.shop.attribution.rewards.offers, shop.shop.decision.numbers
    assert rates is not None
    assert rates.pairs is not None
    assert numbers is not None
    little, much = ItemWorth(100, 400, "EUR", 7, 0, 2), ItemWorth(100, 400, "EUR", 32, 0, 1)
    for _ in range(50):
        rates.pairs.expose(1, 32, 0, time_s=noon_s)
        rates.pairs.reward(1, 32, 1.0, time_s=noon_s)
        rates.dismissals.expose("1", "basket/new/best_worth/3", time_s=noon_s)
        rates.dismissals.reward("1", "basket/new/best_worth/3", 1.0, time_s=noon_s)
        rates.dismissals.expose("1", "basket/new/best_worth/0", time_s=noon_s)
    rates.version += 1
    of_much, of_little = (
        numbers._annoys(BEST_WORTH, "basket/new", [worth]) for worth in (much, little)
    )

    assert of_much < of_little / 2
