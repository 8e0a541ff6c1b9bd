"""P(best) and expected loss, against draws from the posteriors."""

import numpy as np
import pytest

from models.evaluation.best_arm import arm_posteriors, expected_loss


def test_expected_loss_is_what_draws_say() -> None:
    """A million draws (seed 2): three standard errors are below 0.0002."""
    a, b = np.array([3.0, 60.0, 0.5]), np.array([50.0, 900.0, 20.0])
    drawn = np.random.default_rng(2).beta(a, b, (1_000_000, 3))
    wanted = drawn.max(axis=1).mean() - drawn.mean(axis=0)

    assert pytest.approx(wanted, abs=2e-4) == expected_loss(a, b)


def test_what_nobody_tried_may_be_best() -> None:
    """It believes what is true of all, and doubts it."""
    tried, untried = arm_posteriors(np.array([10_000.0, 0.0]), np.array([500.0, 0.0]))

    assert tried.p_best == pytest.approx(0.6, abs=0.1)
    assert untried.expected_loss == pytest.approx(tried.expected_loss, abs=0.001)


def test_rewards_ahead_of_impressions_are_taken_for_one_each() -> None:
    """Feedback may overtake the impression."""
    assert arm_posteriors(np.array([1.0, 50.0]), np.array([3.0, 2.0]))[0].p_best < 1.0


def test_an_arm_alone_is_best() -> None:
    """And costs nothing."""
    ((p_best, loss),) = arm_posteriors(np.array([100.0]), np.array([7.0]))

    assert pytest.approx((1.0, 0.0), abs=1e-5) == (p_best, loss)
