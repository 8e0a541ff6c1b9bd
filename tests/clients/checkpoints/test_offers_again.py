"""How often offers are sold: known after a start under other settings, and taken back rightly."""

from typing import Any

import pytest

from tests.clients.checkpoints.test_other_terms import switch
from tests.shop.test_net_reward import priced, sold, till
from tests.stories import Story, Till

OFFERS = ("offer_sales", "offer_dismissals")
DECIDED: dict[str, Any] = {"items_decided": True, "items_exploration": 0.0}


def served(**settings: Any) -> tuple[Till, list[Story]]:
    """Of four shoppers two buy, one sends the prompt away, one ignores it."""
    shop, stories = till(**settings), [Story(f"s-{number}") for number in range(4)]
    shop.catalog = priced(150)
    for number, story in enumerate(stories):
        prompt = shop.prompt(story.add("bread"))
        if number < 2:
            sold(shop, story, prompt)
            continue
        shop.serve(story.see(prompt))
        if number == 2:
            shop.serve(story.dismiss(prompt))
    return shop, stories


def offers(shop: Till) -> dict[str, Any]:
    """What is known of offers, without the arguments of today."""
    state = shop.shop.state()
    return {name: {**state[name], "params": None} for name in OFFERS}


@pytest.mark.parametrize(
    ("before", "after", "fate"),
    [
        ({}, DECIDED, "taught again by 4 trials: new"),
        (DECIDED, {**DECIDED, "arm_half_life_s": 3 * 86_400.0}, "taught again by 4 of its 4 tri"),
        (DECIDED, {**DECIDED, "reward_scale_minor": 500}, ""),
        (DECIDED, {**DECIDED, "margin_share": 0.5, "reward_rates": "EUR=2"}, ""),
        (DECIDED, {**DECIDED, "purchase_window_s": 7_200.0}, "taken over: "),
    ],
    ids=["switched on", "half-life", "scale", "margins and rates", "window"],
)
def test_rates_are_those_of_a_shop_that_always_had_these_settings(
    before: dict[str, Any], after: dict[str, Any], fate: str
) -> None:
    """And go on to be: what comes back is taken back from what was told."""
    shop, stories = served(**before)
    always, _ = served(**after)
    fates = switch(shop, after)

    assert fates.get("offer_sales", "").startswith(fate)
    assert bool(fate) == bool(fates.get("offer_sales"))
    assert offers(always) == offers(shop)
    for story in stories[:2]:
        cancelled = story.cancel()
        for one in (shop, always):
            one.serve(cancelled)
    assert offers(always) == offers(shop)
    rates = shop.shop.attribution.rewards.offers
    assert rates is not None
    assert 0.0 == pytest.approx(rates.sales._records.all.mean())
