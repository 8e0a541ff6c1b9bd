"""What each arm has to offer to whom, and what a prompt says of it."""

from typing import Any

import pytest

from streams.contract.published.prompts import Prompt
from streams.shop.decision.languages.messages import reason
from tests.stories import NOON_MS, Story, Till

DAY_S = 86_400.0
EVEN: dict[str, Any] = {"arm_floor": 0.2, "just_bought_s": 0.0}
"""Settings under which every arm has its turn."""


def by_arm(shop: Till, arm: str, *before: str, **always: Any) -> Prompt:
    """A prompt of this arm for one of many sessions that end with the same views."""
    for number in range(200):
        story = Story(f"{arm}-{always}-{number}", **always)
        for item in before[:-1]:
            shop.serve(story.view(item))
        prompt = shop.serve(story.view(before[-1])).prompt
        assert prompt is not None
        if prompt.arm == arm:
            return prompt
    raise AssertionError(f"{arm} was never drawn")


def looked_at_in_pairs() -> Till:
    """A shop in which who looks at the tent looks at the stove, and who at soap, at the towel."""
    shop = Till(**EVEN)
    for number in range(100):
        story = Story(f"past-{number}")
        for item in ("tent", "stove") if number % 2 else ("soap", "towel"):
            shop.serve(story.view(item))
    return shop


def items(prompt: Prompt) -> list[str]:
    """What a prompt offers, best first."""
    return [item.item_id for item in prompt.items]


def regular(shop: Till, shopper: str, *bought: str) -> None:
    """Let a shopper buy these items every week of a month."""
    for week in range(4, 0, -1):
        start_ms = NOON_MS - round(week * 7 * DAY_S * 1000)
        story = Story(f"{shopper}-{week}", start_ms=start_ms, shopper_id=shopper)
        shop.serve(story.order(*bought))


# Arms


def test_who_is_known_is_offered_what_they_buy_again_and_again() -> None:
    """Nobody else is: neither another shopper nor somebody without a name."""
    shop = Till(**EVEN, lateness_s=1e9)
    shop.teach("bread", "butter")
    regular(shop, "ann", "coffee")
    known = by_arm(shop, "buy_again", "bread", shopper_id="ann")
    others = [
        shop.prompt(Story("s1", shopper_id="bob").view("bread")),
        shop.prompt(Story("s2").view("bread")),
    ]

    assert ["coffee"] == items(known)
    assert all("buy_again" not in prompt.propensities for prompt in others)


def test_viewers_are_offered_what_others_looked_at_with_it() -> None:
    """With the item that they look at as its anchor, though they looked at others before."""
    shop = Till(**EVEN)
    for number in range(50):
        story = Story(f"past-{number}")
        for item in ("tent", "stove"):
            shop.serve(story.view(item))
    prompt = by_arm(shop, "viewed_together", "soap", "tent")

    assert "stove" == items(prompt)[0]
    assert "tent" == prompt.items[0].evidence.anchor
    assert "Shoppers who looked at tent looked at this too" == prompt.reason.text


def test_what_asks_counts_most_even_if_it_was_met_before() -> None:
    """Back on the page of the tent, the tent's companions come before those of the soap."""
    prompt = by_arm(looked_at_in_pairs(), "viewed_together", "tent", "soap", "tent")

    assert "stove" == items(prompt)[0]


def test_adding_more_of_an_item_asks_what_goes_with_that_item() -> None:
    """It is the last word of the basket, wherever it stood; the others have theirs before."""
    shop = Till(arm_floor=0.0)
    shop.teach("bread", "butter", times=30)
    shop.teach("tea", "milk", times=30)
    prompts = []
    for number in range(40):
        story = Story(f"s{number}")
        for item in ("tea", "bread"):
            shop.serve(story.add(item))
        prompts.append(shop.prompt(story.add("tea")))
    fitting = next(prompt for prompt in prompts if prompt.arm == "bought_together")

    assert ["milk", "butter"] == items(fitting)[:2]
    assert ["tea", "bread"] == [item.evidence.anchor for item in fitting.items[:2]]
    assert ("bought_together_several", None) == (fitting.reason.key, fitting.reason.anchor)


def test_what_sells_anyway_is_said_to_be_popular() -> None:
    """It has no anchor: nothing in the basket speaks for it."""
    shop = Till(**EVEN)
    shop.teach("milk", times=20)
    prompt = by_arm(shop, "popular", "bread")

    assert ["milk"] == items(prompt)
    assert "" == prompt.items[0].evidence.anchor
    assert ("popular", "Popular right now") == (prompt.reason.key, prompt.reason.text)


def test_a_prompt_speaks_of_the_item_that_speaks_for_its_best_offer() -> None:
    """The bread of the basket, though it was the soap that asked."""
    shop = Till(arm_floor=0.0)
    shop.teach("bread", "butter", times=30)
    prompts = []
    for number in range(40):
        story = Story(f"s{number}")
        shop.serve(story.add("bread"))
        prompts.append(shop.prompt(story.add("soap")))
    fitting = next(prompt for prompt in prompts if prompt.arm == "bought_together")

    assert "soap" == fitting.anchor
    assert "Often bought together with bread" == fitting.reason.text


def test_the_ranker_knows_a_shopper_from_one_visit_to_the_next() -> None:
    """What they have bought before is a reason of its own, for them alone."""
    shop = Till(**EVEN, lateness_s=1e9, best_fit=True, prompt_items_max=3)
    regular(shop, "ann", "coffee")
    shop.serve(Story("past", shopper_id="bob").add("bread"))
    prompts = [by_arm(shop, "best_fit", "bread", shopper_id=who) for who in ("ann", "bob")]
    reasons = [prompt.reason.key for prompt in prompts]

    assert ["coffee"] == items(prompts[0])[:1]
    assert "best_fit/own" == reasons[0]
    assert "best_fit/own" != reasons[1]


def test_of_several_reasons_a_prompt_gives_none_where_it_would_not_be_that_of_all() -> None:
    """Butter goes with the bread that they look at; coffee is what they buy anyway."""
    shop = Till(**EVEN, lateness_s=1e9, best_fit=True)
    shop.teach("bread", "butter", times=20)
    regular(shop, "ann", "coffee")
    prompt = by_arm(shop, "best_fit", "bread", shopper_id="ann")

    assert ["butter", "coffee"] == items(prompt)
    assert ("suggested", "Suggested for you") == (prompt.reason.key, prompt.reason.text)


@pytest.mark.parametrize("items_max", [1, 2])
def test_a_prompt_has_no_more_items_than_the_settings_allow(items_max: int) -> None:
    """Whichever arm it is from."""
    shop = Till(prompt_items_max=items_max)
    shop.teach("bread", "butter", "jam", "honey", "cheese")

    assert items_max == len(shop.prompt(Story().add("bread")).items)


# What is out of the question


@pytest.mark.parametrize(("early_s", "offered"), [(1, False), (-1, True)])
def test_what_was_just_bought_is_offered_again_after_a_while(
    early_s: float, *, offered: bool
) -> None:
    """Elsewhere, by the same shopper: a day later, and not an hour before that."""
    shop = Till(just_bought_s=DAY_S, arm_floor=0.2, lateness_s=1e9)
    regular(shop, "ann", "coffee")
    morning = Story("morning", shopper_id="ann")
    shop.serve(morning.order("coffee"))
    start_ms = morning.now_ms + round(DAY_S * 1000) - round((early_s + 1) * 1000)
    later = Story("later", start_ms=start_ms, shopper_id="ann")
    prompt = shop.serve(later.view("bread")).prompt

    assert offered == (prompt is not None and "coffee" in items(prompt))


def test_what_was_just_bought_may_be_offered_at_once_where_the_setting_is_nothing() -> None:
    """A shop for those who buy the same thing twice a day."""
    shop = Till(**EVEN, lateness_s=1e9)
    regular(shop, "ann", "coffee")
    shop.serve(Story("morning", shopper_id="ann").order("coffee"))
    prompt = shop.prompt(Story("noon", start_ms=NOON_MS + 5_000, shopper_id="ann").view("bread"))

    assert "coffee" in items(prompt)


# Contexts


@pytest.mark.parametrize(
    ("said", "context"),
    [
        ({}, "product_page/new"),
        ({"shopper_id": "ann"}, "product_page/known"),
        ({"segment": "gold"}, "product_page/gold"),
        ({"segment": "silver", "shopper_id": "ann"}, "product_page/silver"),
        ({"segment": "lead", "shopper_id": "ann"}, "product_page/known"),
    ],
)
def test_the_context_is_where_the_shopper_is_and_who(said: dict[str, Any], context: str) -> None:
    """A declared segment, or whether we know them."""
    shop = Till(segments=" gold, silver ,,")
    shop.teach("bread", "butter")

    assert context == shop.prompt(Story(**said).view("bread")).context


# What a prompt says


def test_the_receipt_says_what_the_prompt_was() -> None:
    """So that feedback needs no memory of ours."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter", "jam")
    prompt = shop.prompt(story.view("bread"))
    receipt = shop.shop.receipts.open(prompt.receipt, "s1")

    assert (prompt.prompt_id, "s1", prompt.arm, prompt.context) == receipt[:4]
    assert (prompt.propensity, (prompt.estimates or {})[prompt.arm]) == receipt[4:6]
    assert (tuple(items(prompt)), prompt.occurred_at_ms, prompt.expires_at_ms) == receipt[6:9]
    assert prompt.propensities == dict(zip(receipt.arms, receipt.propensities, strict=True))
    assert prompt.estimates == dict(zip(receipt.arms, receipt.estimates, strict=True))


def test_a_prompt_speaks_the_shoppers_language() -> None:
    """Where we know it."""
    shop = Till()
    shop.teach("milk", times=20)

    assert "Gerade beliebt" == shop.prompt(Story(locale="de-AT").view("bread")).reason.text


# What a prompt says


@pytest.mark.parametrize(
    ("locale", "template"),
    [
        ("de_DE", "Wird oft zusammen mit {anchor} gekauft"),
        ("FR-ca", "Souvent acheté avec {anchor}"),
        ("pl-PL", "Often bought together with {anchor}"),
        ("it", "Often bought together with {anchor}"),
        (None, "Often bought together with {anchor}"),
    ],
)
def test_a_shop_can_put_its_title_in_the_place_of_an_id(locale: str | None, template: str) -> None:
    """In the language of the locale, however it is written; in English where there is no other."""
    shop = Till(**EVEN)
    shop.teach("SKU-1", "SKU-2")
    prompt = by_arm(shop, "bought_together", "SKU-1", locale=locale)

    assert ("SKU-1", template) == (prompt.reason.anchor, prompt.reason.template)
    assert template.replace("{anchor}", "SKU-1") == prompt.reason.text


def test_a_text_without_an_item_marks_none() -> None:
    """And says of no item that it would stand there."""
    shop = Till(**EVEN)
    shop.teach("tea", "milk")
    prompt = by_arm(shop, "popular", "soap")

    assert (prompt.reason.text, None) == (prompt.reason.template, prompt.reason.anchor)


def test_what_is_named_may_be_another_item_than_the_one_that_asked() -> None:
    """The one of the basket that speaks most for what is offered."""
    shop = Till(**EVEN)
    shop.teach("bread", "butter")
    for number in range(50):
        story = Story(f"basket-{number}")
        shop.serve(story.add("bread"))
        prompt = shop.prompt(story.add("soap"))
        if prompt.arm == "bought_together":
            break

    assert ("bought_together", "soap", "bread") == (
        prompt.arm,
        prompt.anchor,
        prompt.reason.anchor,
    )
    assert "Often bought together with bread" == prompt.reason.text


def test_a_prompt_tells_the_locale_that_asked() -> None:
    """For titles and prices; where the event has none, nothing is made up."""
    shop = Till(**EVEN)
    shop.teach("bread", "butter")

    assert "de-AT" == by_arm(shop, "bought_together", "bread", locale="de-AT").locale
    assert by_arm(shop, "bought_together", "bread").locale is None


def test_what_was_counted_is_said_where_the_shop_wants_that() -> None:
    """In numbers that are the evidence of the first item, which is what the reason is about."""
    shop, quiet = Till(**EVEN, reason_evidence=True), Till(**EVEN)
    for each in (shop, quiet):
        each.teach("bread", "butter", times=3)
    prompt = by_arm(shop, "bought_together", "bread", locale="de")
    evidence = prompt.items[0].evidence

    assert f"In {evidence.together} von {evidence.of} Körben" == prompt.reason.evidence_text
    assert by_arm(quiet, "bought_together", "bread").reason.evidence_text is None


def test_a_language_from_right_to_left_says_so() -> None:
    """And isolates the id, which runs the other way."""
    shop = Till(**EVEN)
    shop.teach("SKU-1", "SKU-2")
    prompt = by_arm(shop, "bought_together", "SKU-1", locale="ur-PK")

    assert "rtl" == prompt.reason.direction
    assert "\u2068SKU-1\u2069" in prompt.reason.text
    assert by_arm(shop, "bought_together", "SKU-1", locale="hi").reason.direction is None


# Staples


def floss_and_bananas(shop: Till) -> None:
    """Every third basket has bananas, with dental floss and without; floss sells toothbrushes."""
    for bought, times in ((("bananas",), 10), ((), 20)):
        shop.teach("floss", "toothbrush", *bought, times=times)
        for other in ("bread", "jam", "tea"):
            shop.teach(other, *bought, times=times)


def test_what_sells_everywhere_does_not_go_with_anything() -> None:
    """A prompt is not filled up: ten baskets of floss with bananas are no more than chance."""
    shop, filled = (
        Till(**EVEN, lateness_s=1e9, lift_z_min=z_min, view_weight=0.0) for z_min in (2.0, 0.0)
    )
    for each in (shop, filled):
        floss_and_bananas(each)

    assert ["toothbrush"] == items(by_arm(shop, "bought_together", "floss"))
    assert ["toothbrush", "bananas"] == items(by_arm(filled, "bought_together", "floss"))


def test_an_arm_of_staples_alone_is_not_on_offer() -> None:
    """What bread is bought with is bought anyway: other arms share its probability."""
    shop = Till(**EVEN, lateness_s=1e9)
    floss_and_bananas(shop)

    prompt = shop.prompt(Story("s1").view("bread"))

    assert "bought_together" not in prompt.propensities
    assert 1.0 == pytest.approx(sum(prompt.propensities.values()))


def test_a_shop_in_which_every_basket_has_the_anchor_may_offer_what_is_with_it() -> None:
    """There is nothing to compare with: a new shop speaks, too."""
    shop = Till(**EVEN)
    shop.teach("bread", "butter", times=3)

    assert ["butter"] == items(by_arm(shop, "bought_together", "bread"))


@pytest.mark.parametrize("anchor", ["br\0ead", "br\x1b[31mead", "br\x85ead"])
def test_no_text_for_people_has_a_control_character(anchor: str) -> None:
    """NUL ends a text early, or a database refuses it; the anchor itself is told as it is."""
    said = reason("bought_together", anchor=anchor, locale=None)

    assert said["text"].isprintable()
    assert said["text"].startswith("Often bought together with br\N{REPLACEMENT CHARACTER}")
    assert anchor == said["anchor"]


def test_a_text_keeps_its_joiners() -> None:
    """They are part of spelling in Persian and Hindi."""
    anchor = "\u0645\u06cc\u200c\u062e\u0648\u0627"

    assert anchor in reason("bought_together", anchor=anchor, locale=None)["text"]
