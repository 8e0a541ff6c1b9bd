"""The settings choose the policy."""

import pytest
from pydantic import SecretStr

from models import LinearThompsonSampling, ThompsonSampling
from streams.contract.settings import Settings
from streams.shop.decision.policy.policy import new_policy, taught_again
from streams.shop.shop import Shop
from tests.stories import Story, Till


def test_by_default_contexts_are_told_apart_and_impressions_count_at_once() -> None:
    """For the most reward, and no change is told from trials that may still be paid."""
    policy = new_policy(Settings())

    assert type(policy) is ThompsonSampling
    assert ("best", 0.0, 86_400.0) == (policy.mode, policy.window_s, policy.settle_s)


@pytest.mark.parametrize("mode", ["best", "identify"])
def test_every_setting_of_the_policy_reaches_it(mode: str) -> None:
    """The kind, what it is after, and how long rewards take."""
    settings = Settings.model_validate(
        {"arm_policy": "factors", "arm_mode": mode, "arm_window_s": 7_200.0, "arm_floor": 0.1}
    )
    policy = new_policy(settings)

    assert type(policy) is LinearThompsonSampling
    assert (mode, 7_200.0, 0.1) == (policy.mode, policy.window_s, policy.floor)


def test_the_shop_has_the_policy_that_its_settings_ask_for() -> None:
    """And decides by it."""
    shop = Shop(Settings(arm_policy="factors", receipt_secret=SecretStr("a-secret-of-the-tests")))

    assert type(shop.policy) is LinearThompsonSampling
    assert shop.policy is shop.decision.policy
    assert shop.policy is shop.attribution.rewards.policy


def served() -> Till:
    """Four shoppers have seen a prompt: one follows it, one adds, one buys, one does nothing."""
    rewards = {"reward_clicked": 0.25, "reward_added": 0.5, "reward_bought": 1.0}
    till = Till(**rewards, arm_half_life_s=3_600.0, arm_window_s=86_400.0)
    till.teach("bread", "butter")
    for name in ("looks", "follows", "adds", "buys"):
        story = Story(name)
        prompt = till.prompt(story.view("bread"))
        till.serve(story.see(prompt, after_s=30))
        if name == "follows":
            till.serve(story.click(prompt, after_s=60))
        elif name in ("adds", "buys"):
            till.serve(story.add("butter", receipt=prompt.receipt, after_s=600))
        if name == "buys":
            till.serve(story.order("butter", after_s=7_200))
    return till


def test_a_policy_that_is_taught_again_knows_what_the_one_before_learned() -> None:
    """Each trial and each gain, at its time: as if it had been there from the first prompt on."""
    till = served()
    policy = new_policy(till.shop.settings)
    untaught = policy.state()

    assert 4 == taught_again(policy, till.shop.settings, till.shop.sessions)
    assert untaught != policy.state()
    assert till.shop.policy.state() == policy.state()


def test_a_policy_that_is_taught_again_learns_by_the_rewards_that_are_set_now() -> None:
    """A shop that pays for orders alone learns from the one who bought, and from nobody else."""
    till = served()
    now = {"reward_clicked": 0.0, "reward_added": 0.0, "reward_bought": 0.5}
    settings = till.shop.settings.model_copy(update=now)
    policy, plain = new_policy(settings), new_policy(settings)
    (bought,) = (
        one
        for each in till.shop.sessions[0]
        for one in each.impressions.values()
        if one.has("bought")
    )
    for session in till.shop.sessions[0]:
        for one in session.impressions.values():
            receipt = one.receipt
            plain.expose(receipt.arm, receipt.context, time_s=receipt.prompted_at_ms / 1000)
    (fact,) = bought.of("bought")
    receipt = bought.receipt
    asked_s, bought_s = receipt.prompted_at_ms / 1000, fact.at_ms / 1000
    plain.reward(receipt.arm, receipt.context, 0.5, time_s=asked_s, at_s=bought_s)

    assert 4 == taught_again(policy, settings, till.shop.sessions)
    assert plain.state() == policy.state()


def test_where_no_prompt_was_seen_there_is_nothing_to_teach() -> None:
    """A policy of a new shop stays as it is."""
    settings = Settings()
    policy = new_policy(settings)

    assert 0 == taught_again(policy, settings, {})
    assert new_policy(settings).state() == policy.state()
