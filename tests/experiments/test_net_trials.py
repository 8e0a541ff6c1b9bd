"""Trials of a shop that counts money: what its own outcomes say is what its prompts have earned."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import OrderLine
from streams.contract.published.outcomes import Outcome
from streams.experiments.evidence.left_out import left_out
from streams.experiments.evidence.outcome_records import add_outcome
from streams.experiments.impressions import Trials
from streams.experiments.off_policy.off_policy import evaluated_policy
from streams.experiments.off_policy.target_policy import TargetPolicy
from streams.shop.memory.orders.reward.earnings import earnings, terms_of
from tests.experiments.test_returns_elsewhere import after
from tests.shop.memory.test_returns_elsewhere import Reader, seen
from tests.shop.test_net_reward import MONEY, till
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
    late: dict[str, Any] = {"prompt_id": "later", "propensities": None}
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
        values.append(found.verdict.snips.value)

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


ELSEWHERE = st.tuples(
    st.sampled_from(["own", "another partition"]),
    st.sampled_from(["butter", "jam", None]),  # None: all of the order
    st.integers(1, 4),
    st.booleans(),  # whether before the order
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ELSEWHERE, max_size=4))
def test_what_came_back_elsewhere_takes_off_its_own_sales_part(
    told: list[tuple[str, str | None, int, bool]],
) -> None:
    """Of a dear jam and a cheap butter in one order: as the policy has it, to a few cents."""
    reader = Reader(**{**MONEY, "reward_scale_minor": 100_000})
    story = seen(reader, "butter", "jam")
    places = {"own": (0, story), "another partition": (1, Story("office", start_ms=story.now_ms))}
    prices = {"butter": 400, "jam": 19_000}
    lines = tuple(
        OrderLine(item_id=item, quantity=4, price_minor=price) for item, price in prices.items()
    )
    for before in (True, False):
        for where, item, quantity, first in told:
            if first is before:
                partition, who = places[where]
                some = None if item is None else (OrderLine(item_id=item, quantity=quantity),)
                back = who.send_back("butter", order_id="o-7").model_copy(update={"lines": some})
                reader.read((partition, back))
        if before:
            reader.read((0, story.order(lines=lines, order_id="o-7", currency="EUR")))
    outcomes = [one for _, _, event in reader.places for one in reader.outcomes(event)]
    (impression,) = reader.session().impressions.values()

    trials = Trials(settle_ms=2 * 86_400_000, in_money=True)
    for outcome in outcomes:
        add_outcome(trials, outcome.to_json())
    add_outcome(trials, after(outcomes).to_json())
    (trial,) = trials.settled()
    terms = terms_of(reader.shop.settings)
    earned = sum(gain for _, gain in earnings(impression, terms))
    assert pytest.approx(earned, abs=8 / 100_000) == trial.reward


def test_items_of_one_order_earn_each_their_own_part() -> None:
    """So that one of them can be taken back by itself."""
    reader = Reader(**{**MONEY, "reward_scale_minor": 100_000})
    story = seen(reader, "butter", "jam")
    prices = {"butter": 400, "jam": 19_000}
    lines = tuple(
        OrderLine(item_id=item, quantity=4, price_minor=price) for item, price in prices.items()
    )
    order = story.order(lines=lines, order_id="o-7", currency="EUR")
    reader.read((0, order))

    told = {one.item_id: one.reward for one in reader.outcomes(order) if isinstance(one, Outcome)}
    assert {"butter": 0.004, "jam": 0.19} == pytest.approx(told)
