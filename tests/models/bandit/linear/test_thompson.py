"""The linear posterior: what a factor does is known in every context that has it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import LinearThompsonSampling
from models.bandit.choice import Mode
from models.bandit.linear.posterior import (
    WeightPosterior,
    WeightPrior,
    finest_of,
    independent_variances,
)
from models.bandit.linear.sums import (
    FACTORS_MAX,
    Floats,
    SufficientStatistics,
    factors,
    kept_factors,
)
from models.bandit.propensity import top_two
from models.bandit.shrinkage import ArmRecord, coarse
from models.decay.forward import ONE_BITS
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


PRIOR = WeightPrior(arm_spread=1.25, factor_spread=0.75, shared_spread=2.0)


def precisions(width: int, rate: float) -> tuple[Floats, Floats]:
    """Of an arm's own weights and of the shared ones, that of all contexts first.

    Spreads are shares of a mean reward `e`, which varies by `e (1 - rate)` from trial to trial.
    """
    spreads = np.array([1.25] + [0.75] * (width - 1))
    return (1.0 - rate) / spreads**2, np.full(width, (1.0 - rate) / 4.0)


def test_the_posterior_is_that_of_the_textbook() -> None:
    """One Gaussian regression over shared and own weights of all arms, solved at once."""
    prior, rate, rng = PRIOR, 0.1, np.random.default_rng(5)
    contexts, arms = ["a/x", "a/y", "b/x", "b/y"], ["curated", "popular"]
    trials, won = rng.integers(50, 200, (2, 4)), rng.integers(1, 20, (2, 4))
    sums = SufficientStatistics(arms, contexts, shift=0)
    for row, arm in enumerate(arms):
        for context, tried, paid in zip(contexts, trials[row], won[row], strict=True):
            sums.put(arm, context, ArmRecord(int(tried), int(paid)))
    sums.weigh(1.0, rate)
    width = len(sums.columns)
    own, shared = precisions(width, rate)
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


def test_an_arm_never_seen_is_uncertain_with_all_that_arms_share() -> None:
    """As the textbook says of an arm without trials: its weights are those shared, and a spread.

    A factor that nobody has seen adds the spread of an arm's own weight, by the factor's value.
    """
    rate, context = 0.1, "a/price=0.5"
    sums = SufficientStatistics(["popular"], [context], shift=0)
    sums.put("popular", context, ArmRecord(400, 60))
    sums.weigh(1.0, rate)
    own, shared = precisions(3, rate)
    values, nothing = np.array([1.0, 1.0, 0.5]), np.zeros(3)
    seen, unseen = (
        np.concatenate([values, *own]) for own in ([values, nothing], [nothing, values])
    )
    expected = rate * sums.lift(context)
    precision = np.diag(np.concatenate([shared, own, own])) + 400 * expected * np.outer(seen, seen)
    target = 60 * seen
    target[0] += shared[0]
    weights, apart = np.linalg.solve(precision, target), seen - unseen
    variance = apart @ np.linalg.inv(precision) @ apart * (1 - rate)
    posterior = WeightPosterior(sums, 1.0, rate, PRIOR)
    means, variances = zip(*posterior.scores(["popular", "curated"], context), strict=True)
    wider = posterior.scores(["popular", "curated"], f"{context}/depth=2")

    assert [seen @ weights * expected, unseen @ weights * expected] == pytest.approx(means)
    assert variance * expected**2 == pytest.approx(sum(variances))
    assert (variance + 2 * (0.75 * 2) ** 2) * expected**2 == pytest.approx(
        sum(variance for _, variance in wider)
    )


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


def test_of_more_factors_than_are_told_apart_the_frequent_ones_count() -> None:
    """Three hundred words come once each; the last in the alphabet often, and pays."""
    policy = LinearThompsonSampling()
    for n in range(FACTORS_MAX + 44):
        policy.expose("popular", f"basket/{n:03d}", time_s=MONDAY)
    for n in range(400):
        for word in ("often", "seldom"):
            policy.expose("popular", f"basket/{word}", time_s=MONDAY)
        if n % 4 == 0:
            policy.reward("popular", "basket/often", 1.0, time_s=MONDAY)
    often, never = (policy.estimate("popular", f"page/{word}")[0] for word in ("often", "never"))

    assert often > 1.5 * never


def test_before_anything_is_known_no_factor_lifts() -> None:
    """Any context is expected to earn what all do."""
    sums = SufficientStatistics(["popular"], ["a/x"], shift=0)

    assert 1.0 == sums.lift("a/x") == sums.lift("b/y")


def test_a_trial_in_a_new_context_counts_for_what_is_expected_there() -> None:
    """At once, by what its factors lift: twice the pooled rate, twice a trial."""
    sums = SufficientStatistics(["popular"], ["a/x", "a/y"], shift=0)
    sums.put("popular", "a/x", ArmRecord(1_000, 200))
    sums.put("popular", "a/y", ArmRecord(1_000, 0))
    sums.weigh(1.0, 0.1)
    before = int(sums.xx[0, 0, 0])
    sums.put("popular", "b/x", ArmRecord(10, 0))

    assert sums.lift("b/x") > 1.5
    assert 10 * sums.lift("b/x") * 2**20 == int(sums.xx[0, 0, 0]) - before


def test_a_value_that_is_no_number_is_a_word() -> None:
    """Whatever a storefront writes there."""
    for value in ("nan", "half", ""):
        assert (f"dwell={value}", 1.0) in factors(f"basket/dwell={value}")


@pytest.mark.parametrize(
    ("value", "counted"), [("0.51", 33 / 64), ("100", 8.0), ("-100", -8.0), ("inf", 8.0)]
)
def test_a_value_counts_in_64ths_and_within_eight(value: str, counted: float) -> None:
    """Sums of whole numbers have no order, and one value does not outweigh all others."""
    assert ("dwell=1", counted) in factors(f"basket/dwell={value}")


def test_the_factor_of_all_contexts_is_always_told_apart() -> None:
    """However many others there are, and however often; of others, the frequent ones."""
    others = {f"0:{n:03d}": 1_000 + 1_000 * (n % 2) for n in range(2 * FACTORS_MAX)}
    kept = kept_factors({"": 0, **others})

    assert "" in kept
    assert FACTORS_MAX == len(kept)
    assert {"", *(name for name in others if others[name] > 1_000)} > kept


def test_sums_are_fine_enough_for_a_trial_and_coarse_enough_for_all() -> None:
    """A trial of the latest half-life is 2**10 units; all trials are less than 2**32."""
    trial, many = 1 << (7 + ONE_BITS), 1 << 60

    assert 1 << 10 == trial >> finest_of(7, ArmRecord(trial, 0))
    assert 1 << 31 == many >> finest_of(7, ArmRecord(many, 0))


def test_a_trial_of_the_policy_is_a_trial_of_the_posterior() -> None:
    """Whatever its weight by now: forty trials are forty, of a prior that is worth some."""
    policy = LinearThompsonSampling(arm_spread=1.25, factor_spread=0.75, shared_spread=2.0)
    for n in range(40):
        policy.expose("popular", "basket", time_s=MONDAY)
        if n % 4 == 0:
            policy.reward("popular", "basket", 1.0, time_s=MONDAY)
    sums = SufficientStatistics(["popular"], ["basket"], shift=0)
    sums.put("popular", "basket", ArmRecord(40, 10))
    rate = coarse((10 + 20 * 0.05) / (40 + 20))  # the prior mean is worth 20 trials
    sums.weigh(1.0, rate)
    ((mean, _),) = WeightPosterior(sums, 1.0, rate, PRIOR).scores(["popular"], "basket")

    assert mean == pytest.approx(policy.estimate("popular", "basket")[0], rel=1e-3)


def test_an_arm_between_others_is_uncertain_by_a_hundredth_of_its_differences_at_least() -> None:
    """The mean of two independent arms: no independent variable differs so little from both."""
    weights = np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]])
    least, *others = independent_variances(weights @ weights.T)

    assert least == pytest.approx(0.005)  # differences of 0.5 on the mean
    assert [1.0, 1.0] == pytest.approx(others)


def test_a_factor_that_becomes_frequent_is_told_apart_from_then_on() -> None:
    """Also by who asked when it was one of too many: as by somebody who asks for the first time."""
    policy = LinearThompsonSampling()
    for n in range(FACTORS_MAX + 44):
        policy.expose("popular", f"basket/{n:03d}", time_s=MONDAY)
    for times in range(1, 31):
        policy.estimate("popular", "page/often")
        policy.expose("popular", "basket/often", time_s=MONDAY)
        if times in (1, 2, 3, 4, 30):
            copy = LinearThompsonSampling.from_bytes(policy.to_bytes())
            page = copy.estimate("popular", "page/often")
            assert page == policy.estimate("popular", "page/often")
        policy.reward("popular", "basket/often", 1.0, time_s=MONDAY)


def test_a_lift_is_between_a_sixteenth_and_sixteen() -> None:
    """However much more, or less, contexts with these factors have earned."""
    sums = SufficientStatistics(["popular"], ["a/x", "b/y"], shift=0)
    sums.put("popular", "a/x", ArmRecord(1_000_000, 1_000_000))
    sums.weigh(1.0, 0.01)
    assert 16.0 == sums.lift("a/x")

    sums.put("popular", "a/x", ArmRecord(1_000_000, 0))
    sums.put("popular", "b/y", ArmRecord(1_000_000, 0))
    sums.weigh(1.0, 0.5)
    assert 1 / 16 == sums.lift("a/x")


@pytest.mark.parametrize("name", ["width", "arm_spread", "factor_spread", "shared_spread"])
def test_spreads_have_limits(name: str) -> None:
    """From a thousandth to a thousand, both of them included."""
    for value in (1e-3, 1e3):
        assert value == getattr(LinearThompsonSampling(**{name: value}), name)  # type: ignore[arg-type]
    for value in (0.9e-3, 1_000.5):
        with pytest.raises(ValueError, match=name):
            LinearThompsonSampling(**{name: value})  # type: ignore[arg-type]


def test_an_estimate_is_between_nothing_and_one_where_the_line_is_not() -> None:
    """Two factors double what is expected; two others take away what neither takes alone."""
    policy = LinearThompsonSampling()
    for _ in range(1_000):
        policy.expose("curated", "basket/new/cheap", time_s=MONDAY)
        policy.reward("curated", "basket/new/cheap", 1.0, time_s=MONDAY)
        policy.expose("curated", "page/known/dear", time_s=MONDAY)
    assert 1.0 == policy.estimate("curated", "basket/new/cheap")[0]

    policy = LinearThompsonSampling()
    for n in range(1_000):
        for context, pays in (
            ("page/known", "one"),
            ("basket/new", "one"),
            ("basket/known", "other"),
        ):
            for arm in ("one", "other"):
                policy.expose(arm, context, time_s=MONDAY)
                if arm == pays and n % 5 < 2:
                    policy.reward(arm, context, 1.0, time_s=MONDAY)
    assert 0.0 == policy.estimate("other", "page/new")[0]
