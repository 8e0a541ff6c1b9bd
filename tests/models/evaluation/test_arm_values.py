"""AIPW sums: what they are, that they add up, and that they are fair where plain means are not."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.arm_values import (
    ArmSums,
    ScoreSums,
    added,
    arm_sums,
    grouped,
    interval,
    of_arm,
    of_difference,
    p_value,
    scored,
    sequence,
)
from models.evaluation.sample_ratio import ALPHA as SAMPLE_RATIO_ALPHA
from models.evaluation.sample_ratio import sample_ratio_p

ARMS = ("bought_together", "buy_again", "popular")
Decision = tuple[str, float, dict[str, float], dict[str, float]]


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """One logged decision between some of the arms."""
    offered = draw(st.lists(st.sampled_from(ARMS), min_size=1, max_size=3, unique=True))
    weights = [draw(st.floats(0.2, 1.0)) for _ in offered]
    propensities = {arm: w / sum(weights) for arm, w in zip(offered, weights, strict=True)}
    expected = {arm: draw(st.floats(0.0, 0.5)) for arm in offered}
    return draw(st.sampled_from(offered)), draw(st.floats(0.0, 1.0)), propensities, expected


LOGS = st.lists(decisions(), max_size=30)


def close(one: dict[tuple[str, ...], ArmSums], other: dict[tuple[str, ...], ArmSums]) -> bool:
    """Whether two folds came to the same."""
    return one.keys() == other.keys() and all(
        np.allclose(np.hstack(one[arms]), np.hstack(other[arms]), rtol=1e-9, atol=1e-9)
        for arms in one
    )


@given(LOGS, st.randoms(use_true_random=False), st.integers(0, 30))
def test_sums_are_the_same_in_any_order_and_in_parts(
    log: list[Decision], chance: random.Random, cut: int
) -> None:
    """Partitions interleave as they like, and two readers can add up what they read."""
    whole = grouped(log, 0.05)
    chance.shuffle(log)

    assert close(whole, added(grouped(log[:cut], 0.05), grouped(log[cut:], 0.05)))


@given(LOGS)
def test_a_difference_is_what_its_scores_say(log: list[Decision]) -> None:
    """The sums of the pair, one decision at a time: V needs no sums of pairs."""
    n, score, variance = 0, 0.0, 0.0
    for arm, reward, propensities, expected in log:
        if {"buy_again", "popular"} <= propensities.keys():
            mine, theirs = (
                (arm == a) * (reward - expected[a]) / propensities[a]
                for a in ("buy_again", "popular")
            )
            n += 1
            score += expected["buy_again"] + mine - expected["popular"] - theirs
            variance += (mine - theirs) ** 2
    found = of_difference(grouped(log, 0.05), "buy_again", "popular")

    assert pytest.approx((n, score, variance)) == tuple(found)


@given(decisions(), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_one_decision_is_scored_alone_as_in_arrays(
    decision: Decision, reward: float, hoped: float
) -> None:
    """Whoever sums in fixed point must not come to other figures."""
    arm, _, propensities, expected = decision
    expected = {**expected, arm: hoped}
    sums = grouped([(arm, reward, propensities, expected)], 0.01)
    for other, propensity in propensities.items():
        score, error = scored(reward, propensity, expected[other], drawn=other == arm)
        assert pytest.approx((score, error * error)) == tuple(of_arm(sums, other))[1:]


def test_an_arm_below_the_floor_counts_as_not_on_offer() -> None:
    """The intervals rest on the floor; the others are judged all the same."""
    log: list[Decision] = [("popular", 1.0, {"buy_again": 0.01, "popular": 0.99}, {})]

    assert [("popular",)] == list(grouped(log, 0.05))


def test_rewards_and_expectations_are_cut_to_what_the_intervals_stand() -> None:
    """A return can make a reward negative."""
    log: list[Decision] = [("popular", -0.5, {"popular": 1.0}, {"popular": 7.0})]

    assert ScoreSums(1.0, 0.0, 1.0) == of_arm(grouped(log, 0.05), "popular")


def test_nothing_is_known_of_an_arm_that_was_never_on_offer() -> None:
    """No interval, and no surprise."""
    nothing = of_arm({}, "popular")

    assert interval(nothing, sequence(0.05)) is None
    assert 1.0 == p_value(nothing, sequence(0.05))


def test_the_p_value_and_the_interval_agree() -> None:
    """An interval excludes zero when the p-value is below its alpha."""
    by = sequence(0.05)
    for score in range(0, 800, 7):
        evidence = ScoreSums(20_000, float(score), 8_000.0)
        found = interval(evidence, by, 0.05 / 3, within=(-1.0, 1.0))

        assert found is not None
        assert (found.low > 0) == (p_value(evidence, by, comparisons=3) < 0.05)


def logged(lost: float = 0.0) -> dict[tuple[str, ...], ArmSums]:
    """20,000 decisions of which a third goes to the first arm, and a share of these is lost."""
    rng = np.random.default_rng(11)
    propensities = np.broadcast_to([0.35, 0.6, 0.05], (20_000, 3))
    drawn = rng.choice(3, 20_000, p=propensities[0])
    kept = (drawn != 0) | (rng.random(20_000) >= lost)
    nothing = np.zeros((int(kept.sum()), 3))
    sums = arm_sums(drawn[kept], nothing[:, 0], propensities[kept], nothing)
    return {ARMS: sums}


def test_lost_impressions_of_an_arm_are_noticed() -> None:
    """A fifth of one arm's, within 20,000 decisions (seed 11); no alarm where nothing is."""
    assert min(sample_ratio_p(logged()).values()) > SAMPLE_RATIO_ALPHA
    assert sample_ratio_p(logged(lost=0.2))["bought_together"] < SAMPLE_RATIO_ALPHA


def test_unequal_shares_are_no_alarm() -> None:
    """A bandit's are meant to be: a chi-square test against equal ones would reject any log."""
    assert 1.0 == pytest.approx(max(sample_ratio_p(logged()).values()))
