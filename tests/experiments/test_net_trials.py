"""Trials of a shop that counts money: what its own outcomes say is what its prompts have earned."""

import random
from typing import Any

import pytest

from streams.contract.events import OrderLine
from streams.contract.prompts import Outcome
from streams.experiments.impressions import Trials, left_out
from streams.experiments.off_policy import evaluated_policy
from streams.experiments.target_policy import TargetPolicy
from tests.shop.test_net_reward import till
from tests.stories import Story, Till

STEPS = ("click", "dismiss", "add", "remove", "order", "again", "back", "cancel")


def told(shop: Till, story: Story, steps: list[str]) -> tuple[list[Outcome], float]:
    """A shopper sees a prompt and goes these steps: its outcomes, and what it has earned."""
    prompt = shop.prompt(story.add("bread"))
    outcomes = [*shop.serve(story.see(prompt)).outcomes]
    lines = tuple(OrderLine(item_id="butter", quantity=n, price_minor=400 * n) for n in (2, 1))
    events: dict[str, Any] = {
        "click": lambda: story.click(prompt),
        "dismiss": lambda: story.dismiss(prompt),
        "add": lambda: story.add("butter", quantity=2, receipt=prompt.receipt),
        "remove": lambda: story.remove("butter"),
        "order": lambda: story.order(lines=lines[:1], currency="EUR", order_id=story.session_id),
        "again": lambda: story.order(lines=lines, currency="EUR", order_id=f"{story.session_id}+"),
        "back": lambda: story.send_back("butter", order_id=story.session_id),
        "cancel": lambda: story.cancel(order_id=story.session_id),
    }
    for step in steps:
        outcomes += shop.serve(events[step]()).outcomes
    (impression,) = (
        one
        for each in shop.shop.sessions.values()
        for session in each
        for one in session.impressions.values()
        if one.receipt.prompt_id == prompt.prompt_id
    )
    return outcomes, impression.reward


def read(outcomes: list[Outcome]) -> Trials:
    """All of them are settled."""
    trials = Trials(settle_ms=86_400_000)
    for outcome in outcomes:
        assert trials.add(outcome)
    late = {"prompt_id": "later", "propensities": None}
    late["occurred_at_ms"] = outcomes[0].occurred_at_ms + 100_000_000
    trials.add(outcomes[0].model_copy(update=late))
    return trials


@pytest.mark.parametrize("cost_minor", [0, 200])
def test_a_trial_earns_what_its_prompt_has_earned(cost_minor: int) -> None:
    """Whatever its shopper did, in sixty ways; nothing lies outside of what can be earned."""
    dice = random.Random(7)
    shop, earned = till(dismissal_cost_minor=cost_minor), []
    ways = [[], ["dismiss"], ["add", "order"], ["add", "order", "dismiss"]]
    ways += [dice.choices(STEPS, k=dice.randint(1, 7)) for _ in range(56)]
    for number, steps in enumerate(ways):
        outcomes, reward = told(shop, Story(f"s-{number}"), steps)
        trials = read(outcomes)
        (trial,) = trials.settled()
        assert pytest.approx(reward) == trial.reward, steps
        assert not trials.outside
        earned.append(trial.reward)

    floor = cost_minor / 1_000
    assert pytest.approx([floor, 0.0]) == earned[:2]
    assert earned[2] > floor
    assert pytest.approx(earned[2] - floor) == earned[3]


def test_a_policy_that_annoys_is_worth_less_than_one_that_is_ignored() -> None:
    """What a dismissal takes is not cut away where another policy is judged."""
    shop, values = till(dismissal_cost_minor=200), []
    for steps in ([], ["dismiss"]):
        outcomes, _ = told(shop, Story(f"n-{len(steps)}"), steps)
        (trial,) = read(outcomes).settled()
        some = trial._replace(arm="popular", propensities={"popular": 1.0}, estimates={})
        found = evaluated_policy([some] * 500, TargetPolicy({"popular": 1.0}))
        values.append(found.verdict.snips.value)  # type: ignore[union-attr]

    assert pytest.approx([0.2, 0.0]) == values


def test_a_trial_below_nothing_is_counted_and_said() -> None:
    """As when the sale that a dismissal is set against is told after it was settled."""
    shop = till(dismissal_cost_minor=200)
    outcomes, _ = told(shop, Story(), ["dismiss"])
    less = outcomes[-1].model_copy(update={"reward": -0.5})
    trials = read([outcomes[0], less])

    assert -0.3 == pytest.approx(trials.settled()[0].reward)
    assert 1 == trials.counts["outside"]
    assert any("less than 0" in words for words in left_out(trials))
