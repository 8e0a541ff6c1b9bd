"""Changes of what arms earn: established, dismissed, and the same in any order."""

import random
from itertools import pairwise
from math import exp, lgamma, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.reward_changes import (
    EPOCH_S,
    EPOCHS,
    NO_CHANGE,
    RewardChanges,
    change_probabilities,
    change_probability,
)

MONDAY = 1_767_571_200
DAY_S = 86_400


def watched(rates: list[float], seed: int, a_day: int = 400) -> RewardChanges:
    """An arm that earns 1 at such a rate, a day each."""
    dice, changes = random.Random(seed), RewardChanges()
    for day, rate in enumerate(rates):
        for n in range(a_day):
            time_s = MONDAY + (day + n / a_day) * DAY_S
            changes.add("popular", "basket", float(dice.random() < rate), time_s=time_s)
    return changes


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.sampled_from(["x", "y"]),
            st.sampled_from([0.0, 0.1, 0.5, 1.0]),
            st.integers(0, 90 * DAY_S),
        ),
        min_size=1,
        max_size=60,
    ),
    st.randoms(),
)
def test_any_order_of_trials_says_the_same(
    trials: list[tuple[str, str, float, int]], chance: random.Random
) -> None:
    """Epochs are widened as far in the end, whoever widens them."""
    one, other, shuffled = RewardChanges(), RewardChanges(), list(trials)
    chance.shuffle(shuffled)
    for changes, told in ((one, trials), (other, shuffled)):
        for arm, context, reward, time_s in told:
            changes.add(arm, context, reward, time_s=time_s)

    assert one.epoch_s == other.epoch_s
    assert one.seen() == other.seen()


def test_a_change_is_established_soon_and_stays_so() -> None:
    """Ten arms; .1 becomes .05 after two weeks: within five days, once, to the end."""
    for seed in range(10):
        found = watched([0.1] * 14 + [0.05] * 28, seed).seen()["popular"]

        assert found.times == 1
        assert found.established_s is not None
        assert 14 < (found.established_s - MONDAY) / DAY_S < 19


def test_what_is_said_of_an_epoch_does_not_depend_on_later_ones() -> None:
    """What was established on a day is so on all later ones, as long as epochs are as long."""
    said = {
        days: watched(([0.1] * 14 + [0.05] * 28)[:days], 1).seen()["popular"].established_s
        for days in (24, 30, 36, 42)
    }

    assert len(set(said.values())) == 1


@pytest.mark.parametrize("weekend", [1.0, 0.75, 0.6])
def test_neither_chance_nor_weekends_are_a_change(weekend: float) -> None:
    """Ten arms for six weeks each: one is ever said to have changed, in its first weeks."""
    rates = [0.1 * (weekend if day % 7 > 4 else 1.0) for day in range(42)]
    found = [watched(rates, seed).seen()["popular"] for seed in range(10)]

    assert [None] * 10 == [one.established_s for one in found]
    assert sum(one.times for one in found) <= (weekend < 0.75)


def test_weekends_of_a_busy_shop_are_no_change_and_one_beneath_them_is() -> None:
    """Of 2,000 trials a day chance explains little: how days differ from the next one does."""
    weekends = np.array([0.06 if day % 7 > 4 else 0.1 for day in range(42)])
    halved = weekends * np.where(np.arange(42) < 21, 1.0, 0.5)
    for seed in range(10):
        rng, trials = np.random.default_rng(seed), np.full(42, 2_000.0)
        quiet, changed = (rng.binomial(2_000, rates).astype(float) for rates in (weekends, halved))

        assert change_probability([(trials, quiet)]) < 0.5
        assert change_probability([(trials, changed)]) > 0.99


def test_what_was_a_change_and_is_none_any_more_is_dismissed() -> None:
    """Between both thresholds it stays what it was: three days are bad, and weeks are not."""
    rates = [0.1] * 14 + [0.05] * 3 + [0.1] * 46
    found = [watched(rates[:days], 1).seen()["popular"] for days in range(15, 63, 2)]
    said = [one.established_s is not None for one in found]
    doubted = [0.5 < one.probability < 0.99 for one in found]

    assert (False, True, False) == (said[0], True in said, said[-1])
    assert found[-1].probability < 0.5
    assert any(one and doubt for one, doubt in zip(said, doubted, strict=True))


def test_an_epoch_that_is_not_over_is_not_judged() -> None:
    """Its rewards are still to come: nothing is said before two are over."""
    changes = RewardChanges()
    for n in range(int(2 * EPOCH_S)):
        changes.add("popular", "", float(n >= EPOCH_S), time_s=n)
    before = changes.seen()["popular"]
    changes.add("popular", "", 1.0, time_s=2 * EPOCH_S)
    after = changes.seen()["popular"]

    assert NO_CHANGE == before
    assert (1, 2 * EPOCH_S) == (after.times, after.established_s)


def test_epochs_become_longer_and_never_too_many() -> None:
    """Twice as long each time, with all that they had."""
    changes = RewardChanges()
    for n in range(EPOCHS + 1):
        changes.add("popular", "", 1.0, time_s=n * EPOCH_S)
    long = changes.epoch_s
    changes.add("popular", "", 1.0, time_s=90 * DAY_S)

    assert 2 * EPOCH_S == long
    assert 90 * DAY_S / EPOCHS <= changes.epoch_s < 2 * 90 * DAY_S / EPOCHS
    assert EPOCHS + 2 == sum(trials for trials, _ in changes._sums["popular", ""].values())


def test_each_context_is_compared_with_itself() -> None:
    """Traffic that moves from one that earns much to one that earns little is no change."""
    dice, changes = random.Random(4), RewardChanges()
    for n in range(8_000):
        context = "rich" if dice.random() < (0.9 if n < 4_000 else 0.1) else "poor"
        reward = float(dice.random() < {"rich": 0.3, "poor": 0.05}[context])
        changes.add("popular", context, reward, time_s=MONDAY + n * 60)
        changes.add("pooled", "", reward, time_s=MONDAY + n * 60)

    assert changes.seen()["popular"].times == 0
    assert changes.seen()["pooled"].times == 1


def test_more_arms_in_contexts_than_there_is_room_for_are_not_watched() -> None:
    """Memory is bounded."""
    changes = RewardChanges(cells_max=2)
    for arm in ("popular", "curated", "buy_again"):
        changes.add(arm, "", 1.0, time_s=0)

    assert ["curated", "popular"] == list(changes.seen())
    with pytest.raises(ValueError, match="cells_max"):
        RewardChanges(cells_max=0)


def test_rewards_are_whole_trials_at_most() -> None:
    """A sum that is more, or less than nothing, by a return, counts as 1 or 0."""
    for reward, counted in ((7.0, 1_000_000), (-1.0, 0), (0.1, 100_000)):
        changes = RewardChanges()
        changes.add("popular", "", reward, time_s=0)

        assert {0: (1, counted)} == changes._sums["popular", ""]


@pytest.mark.parametrize(
    ("reward", "time_s"), [(float("nan"), 0.0), (1.1e12, 0.0), (1.0, float("inf"))]
)
def test_what_is_no_number_is_refused(reward: float, time_s: float) -> None:
    """Before anything is counted."""
    changes = RewardChanges()
    with pytest.raises(ValueError, match="must be"):
        changes.add("popular", "", reward, time_s=time_s)

    assert {} == changes.seen()


def test_the_probability_is_bayes_rule_over_where_the_change_was() -> None:
    """Two epochs by hand: one split, Beta(2, 18) on each side, and a hazard of .005."""
    probability = change_probability([(np.array([10.0, 10.0]), np.array([0.0, 2.0]))])
    of_parts = _beta(2 + 0, 18 + 10) * _beta(2 + 2, 18 + 8) / _beta(2, 18) ** 2
    of_whole = _beta(2 + 2, 18 + 18) / _beta(2, 18)
    odds = 0.005 * of_parts / of_whole

    assert odds / (1 + odds) == pytest.approx(probability)


SOME = st.tuples(st.integers(0, 30), st.floats(0.0, 1.0))


@given(st.lists(st.lists(SOME, min_size=16, max_size=16), min_size=1, max_size=3))
def test_the_ends_of_all_epochs_at_once_are_each_by_itself(
    told: list[list[tuple[int, float]]],
) -> None:
    """And by a plain twin; epochs without a trial, and days that vary more than chance explains."""
    cells = []
    for epochs in told:
        trials = np.array([float(n) for n, _ in epochs])
        cells.append((trials, trials * [share for _, share in epochs]))
    found = change_probabilities(cells)
    for place, probability in enumerate(found):
        cut = [(n[: place + 2], won[: place + 2]) for n, won in cells]

        assert probability == pytest.approx(change_probability(cut), abs=1e-9)
        assert probability == pytest.approx(plainly(cut), abs=1e-9)
    assert 15 == len(found)


def test_of_one_epoch_or_none_nothing_is_said() -> None:
    """Neither can have changed from what was before."""
    one = np.array([7.0])

    assert [] == change_probabilities([(one, one)]) == change_probabilities([(one[1:], one[1:])])


def plainly(cells: list[tuple[Any, Any]]) -> float:
    """The probability, split by split, with Python's own functions."""
    logs = [log(0.005)] * (len(cells[0][0]) - 1)
    for trials, rewards in cells:
        n, won = less_by_overdispersion(list(trials), list(rewards))
        a = 20.0 * min(max(sum(won) / sum(n) if sum(n) else 0.0, 1e-3), 1.0 - 1e-3)
        for split in range(len(logs)):
            early = sum(n[: split + 1]), sum(won[: split + 1])
            late = sum(n[split + 1 :]), sum(won[split + 1 :])
            logs[split] += marginal(*early, a) + marginal(*late, a)
            logs[split] -= marginal(sum(n), sum(won), a) + marginal(0.0, 0.0, a)
    odds = sum(exp(min(one, 600.0)) for one in logs)
    return odds / (1.0 + odds)


def less_by_overdispersion(n: list[float], won: list[float]) -> tuple[list[float], list[float]]:
    """Trials and rewards, divided by how many trials are worth one."""
    known = [(one, of) for one, of in zip(n, won, strict=True) if one]
    squares = []
    for (n1, won1), (n2, won2) in pairwise(known):
        mean = (won1 + won2) / (n1 + n2)
        variance = max(mean * (1.0 - mean), 1e-4) * (1.0 / n1 + 1.0 / n2)
        squares.append((won2 / n2 - won1 / n1) ** 2 / variance)
    worth = max(1.0, float(np.quantile(squares, 0.8)) / 1.6424) if len(known) > 8 else 1.0
    return [one / worth for one in n], [one / worth for one in won]


def marginal(n: float, won: float, a: float) -> float:
    """Log marginal likelihood under Beta(a, 20 - a), but for a constant."""
    won = min(max(won, 0.0), n)
    return lgamma(a + won) + lgamma(20.0 - a + n - won) - lgamma(20.0 + n)


def _beta(a: float, b: float) -> float:
    return exp(lgamma(a) + lgamma(b) - lgamma(a + b))
