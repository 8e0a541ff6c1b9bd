"""The linear posterior: what a factor does is known in every context that has it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import LinearThompsonSampling
from models.bandit.choice import Mode
from models.bandit.linear.posterior import WeightPosterior, WeightPrior
from models.bandit.linear.sums import SufficientStatistics
from models.bandit.propensity import top_two
from models.bandit.shrinkage import ArmRecord
from streams.lab.bench.regret.players import PolicyPlayer, factor_policy, plain_policy
from streams.lab.bench.regret.worlds import contextual
from tests.models.bandit.test_thompson import ARMS, MONDAY, Told

CONTEXTS = ["basket/new/bakery", "basket/known/dairy", "product_page/new/dairy/price=2.5"]

stories = st.lists(
    st.builds(
        Told,
        arm=st.sampled_from(ARMS),
        context=st.sampled_from(CONTEXTS),
        value=st.none() | st.floats(-1.0, 1.0),
        time_s=st.floats(MONDAY, MONDAY + 300 * 86_400),
    ),
    max_size=30,
)


def test_a_factor_is_known_in_contexts_never_seen() -> None:
    """Curated pays with new shoppers, in the basket; so it will on product pages."""
    policy = LinearThompsonSampling()
    for n in range(400):
        for arm, pays_to in (("curated", "new"), ("popular", "known")):
            for who in ("new", "known"):
                policy.expose(arm, f"basket/{who}", time_s=MONDAY + n)
                if n % (5 if who == pays_to else 50) == 0:
                    policy.reward(arm, f"basket/{who}", 1.0, time_s=MONDAY + n)
    for who, arm in (("new", "curated"), ("known", "popular")):
        propensities = policy.propensities(["curated", "popular"], f"product_page/{who}")

        assert propensities[arm] > 0.9


def test_the_posterior_is_that_of_the_textbook() -> None:
    """One Gaussian regression over shared and own weights of all arms, solved at once."""
    prior, rate, rng = WeightPrior(1.0, 0.75, 2.0), 0.1, np.random.default_rng(5)
    contexts, arms = ["a/x", "a/y", "b/x", "b/y"], ["curated", "popular"]
    trials, won = rng.integers(50, 200, (2, 4)), rng.integers(1, 20, (2, 4))
    sums = SufficientStatistics(arms, contexts, shift=0)
    for row, arm in enumerate(arms):
        for context, tried, paid in zip(contexts, trials[row], won[row], strict=True):
            sums.put(arm, context, ArmRecord(int(tried), int(paid)))
    sums.weigh(1.0, rate)
    width = len(sums.columns)
    own, shared = prior.precisions(sums.columns, rate)
    precision = np.diag(np.concatenate([shared, own, own]))
    target = np.zeros(3 * width)
    target[0] = shared[0]
    for row in range(2):
        for context, tried, paid in zip(contexts, trials[row], won[row], strict=True):
            at, values, _ = sums.vector(context)
            x = np.zeros(3 * width)
            x[at] = values
            x[(row + 1) * width + at] = values
            precision += tried * rate * sums.lift(context) * np.outer(x, x)
            target += paid * x
    weights = np.linalg.solve(precision, target)
    solution = WeightPosterior(sums, 1.0, rate, prior)

    assert solution.common == pytest.approx(weights[:width])
    for row in range(2):
        expected = weights[:width] + weights[(row + 1) * width :][:width]

        assert solution.weights[row] == pytest.approx(expected)
    at, values, _ = sums.vector("a/x")
    apart = np.zeros(3 * width)
    apart[width + at], apart[2 * width + at] = values, -values
    variance = apart @ np.linalg.inv(precision) @ apart * (1 - rate)
    variances = [variance for _, variance in solution.scores(arms, "a/x")]

    assert variance * (rate * sums.lift("a/x")) ** 2 == pytest.approx(sum(variances))


def test_effects_of_factors_multiply() -> None:
    """New shoppers buy three times as often, and so do baskets: nine times where both meet.

    A sum of effects would expect less than nothing where neither does. Each context 1,800 times.
    """
    policy = LinearThompsonSampling()
    for context, one_in in (
        ("page/known", 90),
        ("page/new", 30),
        ("basket/known", 30),
        ("basket/new", 10),
    ):
        for n in range(1_800):
            policy.expose("curated", context, time_s=MONDAY + n)
            if n % one_in == 0:
                policy.reward("curated", context, 1.0, time_s=MONDAY + n)
    means = [policy.estimate("curated", where)[0] for where in ("page/known", "basket/new")]

    assert means[1] / means[0] == pytest.approx(9.0, rel=0.2)


@given(stories, st.data())
def test_the_order_of_exposures_and_rewards_does_not_matter(
    story: list[Told], data: st.DataObject
) -> None:
    """The same bytes; the same propensities to the last bit, but for factors with a value."""
    one, other = LinearThompsonSampling(), LinearThompsonSampling()
    for event in story:
        event.tell(one)
    for event in data.draw(st.permutations(story)):
        event.tell(other)
        other.propensities(ARMS, "basket/new/dairy")

    assert one.to_bytes() == other.to_bytes()
    for context in CONTEXTS:
        propensities = other.propensities(ARMS, context)

        assert one.propensities(ARMS, context) == pytest.approx(propensities, abs=1e-9)
        assert math.fsum(propensities.values()) == pytest.approx(1.0, abs=1e-12)
        assert min(propensities.values()) >= 0.05


def test_top_two_is_what_drawing_again_gives() -> None:
    """50,000 draws, seed 6: leader or, half of the time, the first other arm. Bound: 4 sigma."""
    best, rng = np.array([0.6, 0.3, 0.07, 0.03]), np.random.default_rng(6)
    drawn = np.zeros(4)
    for _ in range(50_000):
        arm = leader = rng.choice(4, p=best)
        if rng.random() < 0.5:
            while arm == leader:
                arm = rng.choice(4, p=best)
        drawn[arm] += 1 / 50_000

    assert drawn == pytest.approx(top_two(best), abs=0.01)


def test_to_identify_spends_half_on_the_challenger() -> None:
    """However sure: the best arm gets half, where rewards alone would give it all."""
    by_mode = {}
    modes: tuple[Mode, ...] = ("best", "identify")
    for mode in modes:
        policy = LinearThompsonSampling(floor=0.0, mode=mode)
        for n in range(2_000):
            for arm, one_in in (("curated", 4), ("popular", 10), ("buy_again", 50)):
                policy.expose(arm, "basket", time_s=MONDAY + n)
                if n % one_in == 0:
                    policy.reward(arm, "basket", 1.0, time_s=MONDAY + n)
        by_mode[mode] = policy.propensities(["curated", "popular", "buy_again"], "basket")

    assert by_mode["best"]["curated"] > 0.999
    assert by_mode["identify"]["curated"] == pytest.approx(0.5, abs=0.001)
    assert by_mode["identify"]["popular"] > by_mode["identify"]["buy_again"]


def test_many_contexts_cost_the_linear_policy_less() -> None:
    """One world of 384 contexts, 3,000 decisions, seed 9: below the policy that backs off."""
    world = contextual(9, 3_000)
    linear = world.play(PolicyPlayer(factor_policy(), 8, seed=9))
    by_cell = world.play(PolicyPlayer(plain_policy(), 8, seed=9))

    assert linear < by_cell
