"""The settings choose the policy."""

import pytest
from pydantic import SecretStr

from models import LinearThompsonSampling, ThompsonSampling
from streams.contract.settings import Settings
from streams.shop.decision.policy.policy import new_policy
from streams.shop.shop import Shop


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
