"""Numbers at their extremes: an answer without NaN, or an error that says what was wrong."""

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models import LinearThompsonSampling, ThompsonSampling
from models.bandit.delayed_rewards import DelayedRewards
from models.bandit.propensity import (
    draw,
    gaussian_best,
    probability_best,
    top_two,
    vector,
    with_floor,
)
from models.decay.eras import Eras
from models.decay.forward import LANDMARK_S, LATEST_S, ForwardDecay
from models.evaluation.arm_values import arm_sums, grouped, interval, of_arm, p_value, sequence
from models.evaluation.best_arm import arm_posteriors, expected_loss
from models.evaluation.confidence_sequences import (
    GammaExponential,
    asymptotic_half_width,
    asymptotic_p,
)
from models.evaluation.off_policy import TooFewEffective, evaluate
from models.evaluation.uplift import UnitSums, uplift

MONDAY = 1_767_225_600
IN_2096_S = 3_976_214_400
DAY_S = 86_400
NO_TIMES = [math.nan, math.inf, -math.inf, 1e300]
NO_NUMBERS = [math.nan, math.inf, -math.inf]
KINDS = pytest.mark.parametrize("kind", [ThompsonSampling, LinearThompsonSampling])
ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"half_life_s": 3_600.0},
    {"window_s": 86_400.0},
    {"floor": 0.0, "mode": "identify"},
]
WAYS = pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
one = np.array([0.5, 0.5])


def finite(*numbers: float) -> bool:
    """Whether all are numbers."""
    return all(map(math.isfinite, numbers))


def sound(policy: ThompsonSampling, context: str, time_s: float | None = None) -> bool:
    """Whether its answers are probabilities and rewards."""
    offered = ["curated", "popular", "never seen"]
    choice = policy.choose(offered, context, b"event-1", time_s=time_s)
    means = choice.estimates.values()
    return (
        math.fsum(choice.propensities.values()) == pytest.approx(1.0, abs=1e-12)
        and all(0.0 <= p <= 1.0 for p in choice.propensities.values())
        and finite(*means, *policy.estimate("curated", context, time_s=time_s))
        and all(0.0 <= mean <= 1.0 for mean in means)
    )


# The policy


@KINDS
@WAYS
@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["curated", "popular"]),
            st.sampled_from(["", "basket/dwell=1e308", "=-9/=-9"]),
            st.none() | st.sampled_from([1.0, -1.0, 5e-324, 0.3]),
            st.sampled_from([-1e9, 0.0, LANDMARK_S, MONDAY, MONDAY + 50 * DAY_S, LATEST_S]),
        ),
        max_size=12,
    )
)
def test_whatever_a_policy_was_told_it_answers_with_probabilities(
    kind: type[ThompsonSampling],
    arguments: dict[str, Any],
    story: list[tuple[str, str, float | None, float]],
) -> None:
    """Rewards ahead, reversals of nothing, times from before the landmark to the last second."""
    policy = kind(**arguments)
    for arm, context, value, time_s in story:
        if value is None:
            policy.expose(arm, context, time_s=time_s)
        else:
            policy.reward(arm, context, value, time_s=time_s, at_s=min(time_s + 5.0, LATEST_S))
    for context in ("", "basket/dwell=1e308", "never seen"):
        for now_s in (None, MONDAY, LATEST_S):
            assert sound(policy, context, now_s)


def busy(kind: type[ThompsonSampling], arguments: dict[str, Any]) -> ThompsonSampling:
    """A policy of twenty days, in which curated always paid and popular never did."""
    policy = kind(**arguments)
    for n in range(20):
        for _ in range(20):
            policy.expose("curated", "basket", time_s=MONDAY + n * DAY_S)
            policy.expose("popular", "basket", time_s=MONDAY + n * DAY_S)
            at = {"time_s": MONDAY + n * DAY_S, "at_s": MONDAY + n * DAY_S + 5}
            policy.reward("curated", "basket", 1.0, **at)
    return policy


@KINDS
@WAYS
def test_fifty_idle_days_leave_the_prior(
    kind: type[ThompsonSampling], arguments: dict[str, Any]
) -> None:
    """1,200 half-lives of an hour: beyond the smallest float, so the evidence is worth nothing."""
    policy = busy(kind, arguments)
    now_s = MONDAY + 70 * DAY_S

    assert sound(policy, "basket", now_s)
    if arguments.get("half_life_s") == 3_600.0:
        assert 0.0 == policy.estimate("curated", "basket", time_s=now_s)[1]
        mean, _ = policy.estimate("curated", "basket", time_s=now_s)

        assert mean == pytest.approx(0.05, rel=0.05)


@KINDS
@WAYS
def test_an_event_dated_decades_ahead_stands_alone(
    kind: type[ThompsonSampling], arguments: dict[str, Any]
) -> None:
    """In 2096: what came before it is worth 1e-77 of it, at most; it is a trial among none."""
    policy = busy(kind, arguments)
    policy.expose("popular", "basket", time_s=IN_2096_S)
    policy.expose("curated", "basket", time_s=MONDAY + 21 * DAY_S)

    assert sound(policy, "basket")
    assert policy.estimate("popular", "basket")[1] == pytest.approx(1.0)
    assert policy.estimate("curated", "basket")[1] < 1e-70
    assert policy.estimate("curated", "basket")[0] == pytest.approx(0.05, rel=0.1)


@KINDS
def test_arms_that_always_pay_are_no_trouble(kind: type[ThompsonSampling]) -> None:
    """The mean of all arms is next to one: no variance is left, and nothing is discounted."""
    policy = kind(half_life_s=8.0 * DAY_S)
    for n in range(20):
        for _ in range(60):
            policy.expose("curated", "basket", time_s=MONDAY + n * DAY_S)
            policy.reward("curated", "basket", 1.0, time_s=MONDAY + n * DAY_S)

    assert sound(policy, "basket")
    assert policy.estimate("curated", "basket")[0] > 0.9


@KINDS
@pytest.mark.parametrize("time_s", NO_TIMES)
def test_no_time_is_refused_whole(kind: type[ThompsonSampling], time_s: float) -> None:
    """An error that names it, and nothing half learned."""
    policy = kind(window_s=3_600.0)
    for refused in (
        lambda: policy.expose("popular", "basket", time_s=time_s),
        lambda: policy.reward("popular", "basket", 1.0, time_s=time_s),
        lambda: policy.reward("popular", "basket", 1.0, time_s=MONDAY, at_s=time_s),
        lambda: policy.choose(["popular"], "basket", 1, time_s=time_s),
    ):
        with pytest.raises(ValueError, match="time_s"):
            refused()

    assert kind(window_s=3_600.0).to_bytes() == policy.to_bytes()


@pytest.mark.parametrize("settle_s", [*NO_TIMES, -1.0])
def test_a_time_to_settle_has_limits(settle_s: float) -> None:
    """Nothing to ten years."""
    with pytest.raises(ValueError, match="settle_s"):
        ThompsonSampling(settle_s=settle_s)


@pytest.mark.parametrize("number", [1, 2, 20, 21, 500])
@pytest.mark.parametrize("floor", [0.0, 0.05, 1.0])
def test_any_number_of_arms_shares_the_traffic(number: int, floor: float) -> None:
    """With a floor that is more than an equal share, too: then equally."""
    arms = [f"arm-{n}" for n in range(number)]
    shares = ThompsonSampling(floor=floor).propensities(arms, "basket")

    assert math.fsum(shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert min(shares.values()) >= min(floor, 1.0 / number) * (1.0 - 1e-12)
    if number * floor >= 1.0:
        assert {1.0 / number} == set(shares.values())


def test_a_context_of_ten_thousand_words_is_one() -> None:
    """Where hardly anything is told apart, hardly anything is known."""
    policy = LinearThompsonSampling()
    context = "/".join(map(str, range(10_000)))
    policy.expose("curated", context, time_s=MONDAY)
    policy.reward("curated", context, 1.0, time_s=MONDAY)

    assert sound(policy, context)


# Propensities


@given(
    st.lists(
        st.tuples(
            st.floats(0, allow_infinity=True, allow_nan=False),
            st.floats(0, allow_infinity=True, allow_nan=False),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_no_shape_of_a_posterior_is_too_much(posteriors: list[tuple[float, float]]) -> None:
    """From nothing to infinity, for one arm or for forty."""
    for best in (probability_best, gaussian_best):
        found = best(*np.array(posteriors).T)

        assert np.isfinite(found).all()
        assert found.sum() == pytest.approx(1.0, abs=1e-9)
        assert with_floor(top_two(found), 0.05)


@pytest.mark.parametrize("best", [probability_best, gaussian_best])
def test_a_posterior_that_is_no_number_is_refused(best: Callable[..., Any]) -> None:
    """Rather than a vector of NaN."""
    with pytest.raises(ValueError, match="no distributions"):
        best(np.array([1.0, math.nan]), np.array([1.0, 1.0]))


def test_thousands_of_arms_are_reckoned_in_bounded_memory() -> None:
    """Two thousand alike, one better: each as probable as the other, but the one."""
    a = np.array([100.0, *[50.0] * 1_999])
    best = probability_best(a, 1_000.0 - a)

    assert best.sum() == pytest.approx(1.0)
    assert best[0] > 0.5
    assert best[1:] == pytest.approx(np.full(1_999, best[1:].mean()))


def test_with_a_hundred_arms_the_quadrature_is_close() -> None:
    """To 200,000 draws (seed 8): four standard errors are below .005."""
    rng = np.random.default_rng(8)
    trials, rate = rng.uniform(100, 3_000, 100), rng.uniform(0.01, 0.1, 100)
    a, b = trials * rate, trials * (1 - rate)
    wins = np.bincount(rng.beta(a, b, (200_000, 100)).argmax(axis=1), minlength=100) / 200_000

    assert np.abs(probability_best(a, b) - wins).max() < 0.01


@pytest.mark.parametrize("propensities", [{}, {"popular": 0.0}, {"popular": math.nan}])
def test_nothing_is_drawn_of_nothing(propensities: dict[str, float]) -> None:
    """An error, not an arm that had no chance."""
    with pytest.raises(ValueError, match="no arm has a chance"):
        draw(propensities, b"event-1")


def test_an_arm_of_no_probability_is_not_drawn_even_if_it_is_last() -> None:
    """Where rounding leaves the sum a little below one."""
    drawn = {draw({"popular": 1.0 - 1e-3, "never": 0.0}, str(n).encode()) for n in range(10_000)}

    assert {"popular"} == drawn


def test_a_floor_that_is_none_is_refused() -> None:
    """It would be NaN in every decision record."""
    with pytest.raises(ValueError, match="floor"):
        with_floor(one, math.nan)


def test_one_posterior_is_certain() -> None:
    """Whatever the mode."""
    assert (1.0,) == vector(((3.0, 5.0),), 0.0, identify=True)


# Decay


@given(st.integers(0, LATEST_S), st.integers(0, LATEST_S), st.floats(-1.0, 1.0))
def test_a_weight_is_read_at_any_time_without_overflow(event_s: int, now_s: int, w: float) -> None:
    """An hour's half-life, and times centuries of half-lives apart, either way."""
    decay = ForwardDecay(3_600.0)
    value = decay.value(decay.weight(event_s, w), now_s)

    assert math.isfinite(value)
    assert value * w >= 0.0
    assert Eras(3_600.0).unit(event_s).weight < 1 << 32


@pytest.mark.parametrize("time_s", NO_TIMES)
def test_no_time_has_no_weight(time_s: float) -> None:
    """Infinity is as little a time as NaN."""
    for reckon in (ForwardDecay(3_600.0).weight, Eras(3_600.0).unit):
        with pytest.raises(ValueError, match="time_s"):
            reckon(time_s)


@pytest.mark.parametrize("w", NO_NUMBERS)
def test_what_is_no_number_weighs_nothing(w: float) -> None:
    """It is refused."""
    with pytest.raises(ValueError, match="w="):
        ForwardDecay(3_600.0).weight(MONDAY, w)


@given(st.integers(0, 1 << 80), st.floats(1.0, 1e8), st.integers(LANDMARK_S, LATEST_S))
def test_a_law_is_a_share_whatever_came(weight: int, window_s: float, now_s: int) -> None:
    """Rewards without trials, trials long ago: what has come is between none and all."""
    delayed = DelayedRewards(window_s, ForwardDecay(3_600.0), 0.05)
    delayed.add_reward("popular", weight, MONDAY, MONDAY + window_s / 3)
    delayed.add_trial("popular", "basket", delayed.decay.weight(MONDAY), MONDAY)
    shares = [
        delayed.arrived_share("popular", age * window_s, now_s) for age in (0.0, 0.3, 0.9, 2.0)
    ]

    assert all(0.0 <= share <= 1.0 for share in shares)
    assert sorted(shares) == shares


# Off-policy


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("rewards", math.nan),
        ("rewards", math.inf),
        ("rewards", 1e300),
        ("propensities", 0.0),
        ("propensities", 1e-320),
        ("propensities", -0.5),
        ("propensities", 2.0),
        ("propensities", math.nan),
        ("target", -0.5),
        ("target", 2.0),
        ("target", math.nan),
        ("expected", math.nan),
    ],
)
def test_a_log_with_what_is_no_number_is_refused(argument: str, wrong: float) -> None:
    """By the name of the column, with the number."""
    columns: dict[str, Any] = dict.fromkeys(
        ("rewards", "propensities", "target", "expected"), np.full(200, 0.5)
    )
    columns[argument] = np.where(np.arange(200) == 7, wrong, 0.5)
    with pytest.raises(ValueError, match=argument):
        evaluate(**columns, expected_by_target=np.full(200, 0.5))


def test_columns_of_different_lengths_are_refused() -> None:
    """Numpy would make one of them fit."""
    with pytest.raises(ValueError, match="one shape"):
        evaluate(np.ones(200), np.ones(1), np.ones(200))


def test_an_empty_log_says_nothing_however_little_is_asked() -> None:
    """Not even NaN."""
    with pytest.raises(TooFewEffective):
        evaluate(np.ones(0), np.ones(0), np.ones(0), effective_min=0.0)


@pytest.mark.parametrize("floor", [0.0, -1.0, 2.0, math.nan])
def test_without_a_floor_no_bound_holds_at_every_look(floor: float) -> None:
    """Propensities may be as small as they like."""
    with pytest.raises(ValueError, match="floor"):
        evaluate(np.ones(200), np.ones(200), np.ones(200), floor=floor)


@given(
    st.lists(
        st.tuples(
            st.floats(-1e12, 1e12), st.floats(1e-9, 1.0), st.floats(0.0, 1.0) | st.just(5e-324)
        ),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_the_log_the_verdict_is_finite(log: list[tuple[float, float, float]]) -> None:
    """Or too little is known; a bound at every look only where rewards are in [0, 1]."""
    rewards, propensities, target = np.array(log).T
    try:
        verdict = evaluate(rewards, propensities, target, floor=1e-9, effective_min=0.0)
    except TooFewEffective:
        assert (target < 1e-100).all()
        return
    assert finite(verdict.effective_n, *verdict.ips[:1], *verdict.snips[:1])
    if len(log) > 1:
        assert finite(*verdict.ips, *verdict.snips, *verdict.logged, *verdict.difference)
    if ((rewards < 0.0) | (rewards > 1.0)).any():
        assert verdict.always_valid is None
        assert verdict.difference_always_valid is None


# Inference


@pytest.mark.parametrize("wrong", NO_NUMBERS)
def test_a_decision_with_what_is_no_number_is_refused(wrong: float) -> None:
    """It would be in every sum."""
    half = {"popular": 0.5, "curated": 0.5}
    for decision in (
        ("popular", wrong, half, {}),
        ("popular", 1.0, half | {"curated": wrong}, {}),
        ("popular", 1.0, half, {"popular": wrong}),
    ):
        with pytest.raises(ValueError, match="no number"):
            grouped([decision], floor=0.05)


def test_an_arm_without_a_chance_is_not_on_offer() -> None:
    """Even where there is no floor."""
    log = [("popular", 1.0, {"popular": 1.0, "curated": 0.0}, dict[str, float]())]

    assert [("popular",)] == list(grouped(log, floor=0.0))


def test_what_was_drawn_had_a_chance() -> None:
    """A propensity of zero for the drawn arm is an error; for another one it is none."""
    drawn, rewards, nothing = np.array([0]), np.ones(1), np.zeros((1, 2))
    with pytest.raises(ValueError, match="propensities_of_drawn"):
        arm_sums(drawn, rewards, np.array([[0.0, 1.0]]), nothing)

    assert finite(*arm_sums(drawn, rewards, np.array([[1.0, 0.0]]), nothing).score)


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.floats(-1e300, 1e300), st.floats(1e-6, 1.0)),
        min_size=1,
        max_size=10,
    )
)
def test_intervals_are_finite_whatever_was_earned(log: list[tuple[str, float, float]]) -> None:
    """Rewards are cut to what the intervals stand, propensities are as low as the floor."""
    decisions = [(arm, reward, {"a": p, "b": 1.0 - p + 1e-6}, {"a": 9.0}) for arm, reward, p in log]
    decisions = [each for each in decisions if max(each[2].values()) <= 1.0]
    assume(decisions)
    known = of_arm(grouped(decisions, 1e-6), "a")
    found = interval(known, sequence(1e-6))

    assert found is not None
    assert finite(*found)
    assert 0.0 <= p_value(known, sequence(1e-6)) <= 1.0


# Confidence sequences, uplift, the best arm


@pytest.mark.parametrize("alpha", [0.0, -1.0, 2.0, math.nan])
def test_an_error_is_between_nothing_and_one(alpha: float) -> None:
    """For every kind of bound."""
    side = reduce(UnitSums.plus, map(UnitSums.of, [0.0, 1.0, 2.0]))
    for bound in (
        lambda: sequence(0.05).bound(100.0, alpha),
        lambda: asymptotic_half_width(0.1, 100.0, alpha),
        lambda: asymptotic_p(0.1, 0.1, 100.0, alpha),
        lambda: uplift(side, side, alpha),
    ):
        with pytest.raises(ValueError, match="alpha"):
            bound()


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1.0])
def test_no_variance_is_no_evidence(wrong: float) -> None:
    """Nor is a sum that is none, nor a sample of nobody."""
    by = GammaExponential(20.0, 2_000.0)
    for reckon in (
        lambda: by.bound(wrong, 0.05),
        lambda: by.log_e_value(1.0, wrong),
        lambda: by.log_e_value(wrong, 1.0),
        lambda: asymptotic_half_width(0.1, wrong),
        lambda: asymptotic_half_width(wrong, 100.0),
        lambda: asymptotic_p(0.1, 0.1, wrong),
        lambda: asymptotic_p(0.1, wrong, 100.0),
    ):
        with pytest.raises(ValueError, match="must be between"):
            reckon()


@given(st.floats(1e-6, 1.0), st.floats(0.0, 1e15), st.floats(0.0, 1e15), st.floats(1e-12, 0.5))
def test_bounds_and_evidence_are_finite(floor: float, s: float, v: float, alpha: float) -> None:
    """For all floors, sums and errors that anybody has."""
    by = sequence(floor)

    assert math.isfinite(float(by.bound(v, alpha)))
    assert not math.isnan(float(by.log_e_value(s, v)))


units = st.lists(
    st.tuples(
        st.floats(-1e100, 1e100) | st.sampled_from([0.0, 5e-324]),
        st.floats(0.0, 1e50) | st.sampled_from([0.0, 5e-324, 1e-300]),
        st.floats(-1e100, 1e100),
    ),
    max_size=6,
)


@given(units, units)
def test_an_uplift_is_finite_or_none(
    control: list[tuple[float, float, float]], treated: list[tuple[float, float, float]]
) -> None:
    """Whatever units earn, and by whatever it is divided."""
    held_out, prompted = (
        reduce(UnitSums.plus, [UnitSums.of(*unit) for unit in side], UnitSums())
        for side in (control, treated)
    )
    found = uplift(held_out, prompted)
    if found is not None:
        assert finite(*(number for number in found if number is not None))
        assert 0.0 <= found.p <= 1.0


@pytest.mark.parametrize("wrong", NO_NUMBERS)
def test_units_that_earn_no_number_are_refused(wrong: float) -> None:
    """One of them would be in every figure."""
    side = reduce(UnitSums.plus, map(UnitSums.of, [0.0, wrong, 2.0]))
    with pytest.raises(ValueError, match="no numbers"):
        uplift(side, side)


@given(st.lists(st.tuples(st.floats(0.0, 1e12), st.floats(-1e12, 1e12)), min_size=1, max_size=8))
def test_a_standing_is_a_probability_and_a_loss(arms: list[tuple[float, float]]) -> None:
    """Of arms that nobody saw, or a million millions did."""
    shown, rewards = np.array(arms).T
    for p_best, loss in arm_posteriors(shown, rewards):
        assert 0.0 <= p_best <= 1.0
        assert 0.0 <= loss <= 1.0


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1.0])
def test_what_is_no_number_of_impressions_is_refused(wrong: float) -> None:
    """And without arms there is no standing."""
    with pytest.raises(ValueError, match="shown"):
        arm_posteriors(np.array([wrong, 5.0]), np.array([1.0, 1.0]))

    assert [] == arm_posteriors(np.zeros(0), np.zeros(0))


def test_the_loss_of_hundreds_of_arms_is_as_close_as_of_few() -> None:
    """Two hundred alike, by 100,000 draws (seed 3): four standard errors are below 1e-4."""
    a, b = np.full(200, 30.0), np.full(200, 570.0)
    drawn = np.random.default_rng(3).beta(30.0, 570.0, (20_000, 200)).max(axis=1)

    assert expected_loss(a, b)[0] == pytest.approx(drawn.mean() - 0.05, abs=3e-4)
