"""Sudden changes: older evidence is discounted when the world changed, by the log alone."""

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import LinearThompsonSampling, ThompsonSampling
from tests.models.bandit.test_thompson import ARMS, MONDAY, Told

DAY_S = 86_400
HALF_LIFE_S = 8.0 * DAY_S
"""An epoch is a day."""
CONTEXTS = ["basket/known", "basket/new"]
stories = st.lists(
    st.builds(
        Told,
        arm=st.sampled_from(ARMS[:2]),
        context=st.sampled_from(CONTEXTS),
        value=st.none() | st.sampled_from([1.0, 0.5, -0.5]),
        time_s=st.floats(MONDAY, MONDAY + 60 * DAY_S),
    ),
    max_size=60,
)


def shop(
    policy: ThompsonSampling,
    pays: dict[str, float],
    days: range,
    seed: int,
    share: float = 0.5,
    swing: Callable[[int, str], float] = lambda *_: 1.0,
) -> ThompsonSampling:
    """Tell of 200 impressions of each arm a day; a share of them with known shoppers.

    By `swing` all arms pay more or less on some days, in some contexts.
    """
    rng = random.Random(seed)
    for day in days:
        for n in range(200):
            for arm, rate in pays.items():
                known = rng.random() < share
                time_s, context = MONDAY + day * DAY_S + n * 400, CONTEXTS[not known]
                policy.expose(arm, context, time_s=time_s)
                pays_now = (rate if known else rate / 3) * swing(day, context)
                if rng.random() < pays_now:
                    policy.reward(arm, context, 1.0, time_s=time_s, at_s=time_s)
    return policy


def discounts(policy: ThompsonSampling) -> list[int]:
    """How far each epoch is discounted, the oldest first, when it is over; none: nowhere."""
    return list(policy._effective.discounts(policy._latest_s + DAY_S, policy._latest_s).values())


@pytest.mark.parametrize("kind", [ThompsonSampling, LinearThompsonSampling])
@given(stories, st.data())
def test_no_order_of_exposures_and_rewards_matters(
    kind: type[ThompsonSampling], story: list[Told], data: st.DataObject
) -> None:
    """The same bytes, discounts and propensities to the last bit; a snapshot continues alike."""
    one, other = kind(half_life_s=HALF_LIFE_S), kind(half_life_s=HALF_LIFE_S)
    for event in story:
        event.tell(one)
    for n, event in enumerate(data.draw(st.permutations(story))):
        event.tell(other)
        if n == len(story) // 2:
            other.propensities(ARMS, "basket/new")  # reading in between leaves no trace
            other = kind.from_bytes(other.to_bytes())

    assert one.to_bytes() == other.to_bytes()
    assert discounts(one) == discounts(other)
    assert one.propensities(ARMS, "basket/new") == other.propensities(ARMS, "basket/new")


@pytest.mark.parametrize("kind", [ThompsonSampling, LinearThompsonSampling])
def test_what_was_best_before_a_change_is_not_taken_for_best(kind: type[ThompsonSampling]) -> None:
    """Twenty days of one truth, two of its opposite, seed 1: the two decide."""
    policy = shop(kind(half_life_s=HALF_LIFE_S), {"curated": 0.3, "popular": 0.1}, range(20), 1)
    before = policy.propensities(["curated", "popular"], "basket/known")
    shop(policy, {"curated": 0.1, "popular": 0.3}, range(20, 22), 2)
    now_s = MONDAY + 22 * DAY_S
    after = policy.propensities(["curated", "popular"], "basket/known", time_s=now_s)

    assert before["curated"] > 0.94
    assert after["popular"] > 0.94
    assert discounts(policy)[-4:] == [64, 64, 0, 0]


def test_a_change_leaves_the_trials_since_then() -> None:
    """Faded trials and mean are those of a policy that knows nothing of the time before."""
    changed = ThompsonSampling(half_life_s=HALF_LIFE_S)
    shop(changed, {"curated": 0.3, "popular": 0.1}, range(20), 1)
    shop(changed, {"curated": 0.1, "popular": 0.3}, range(20, 22), 2)
    fresh = shop(
        ThompsonSampling(half_life_s=HALF_LIFE_S),
        {"curated": 0.1, "popular": 0.3},
        range(20, 22),
        2,
    )
    for arm in ("curated", "popular"):
        mean, _ = changed.estimate(arm, "basket/known")

        assert mean == pytest.approx(fresh.estimate(arm, "basket/known")[0], abs=1e-6)


def test_while_nothing_changes_hardly_anything_is_discounted() -> None:
    """Thirty days, seeds 0 to 19: more than an eighth of some day's at most once.

    A Bayesian's discounts are right on average: 29 boundaries with a prior of .005 each make .13 if
    nothing is known, and each of 24,000 trials makes it less; a discount of 1/8 after that is rare.
    """
    alarms = 0
    for seed in range(20):
        policy = ThompsonSampling(half_life_s=HALF_LIFE_S)
        shop(policy, {"curated": 0.15, "popular": 0.1}, range(30), seed)
        alarms += max(discounts(policy), default=0) > 8

    assert alarms <= 1


def test_traffic_that_moves_from_context_to_context_is_no_change() -> None:
    """Known shoppers buy three times as often, and then come less: what arms earn fell, not why."""
    policy = ThompsonSampling(half_life_s=HALF_LIFE_S)
    pays = {"curated": 0.3, "popular": 0.2}
    shop(policy, pays, range(10), 1, share=0.9)
    shop(policy, pays, range(10, 20), 2, share=0.1)

    assert max(discounts(policy), default=0) <= 8


SWINGS: dict[str, Callable[[int, str], float]] = {
    "weekends": lambda day, _: 0.6 if day % 7 >= 5 else 1.0,
    "a wave": lambda day, _: 1.0 + 0.4 * math.sin(2.0 * math.pi * day / 7.0),
    "a sale from now on": lambda day, _: 1.5 if day >= 15 else 1.0,
    "each context its own": lambda day, context: (
        0.6 if (day % 7 >= 5) == (context == "basket/new") else 1.0
    ),
}


@pytest.mark.parametrize("swing", SWINGS)
def test_a_swing_that_all_arms_share_is_no_change(swing: str) -> None:
    """Thirty days, seeds 0 to 4: not an eighth of any day's evidence is discounted."""
    for seed in range(5):
        policy = ThompsonSampling(half_life_s=HALF_LIFE_S)
        shop(policy, {"curated": 0.3, "popular": 0.2}, range(30), seed, swing=SWINGS[swing])

        assert max(discounts(policy), default=0) <= 8


def test_a_change_of_one_arm_shows_through_a_swing() -> None:
    """Weekends as above; after twenty days curated is no better than popular was (seed 1)."""
    policy = ThompsonSampling(half_life_s=HALF_LIFE_S)
    weekends = SWINGS["weekends"]
    shop(policy, {"curated": 0.3, "popular": 0.2}, range(20), 1, swing=weekends)
    shop(policy, {"curated": 0.1, "popular": 0.2}, range(20, 26), 2, swing=weekends)

    assert discounts(policy)[19] > 60
    assert max(discounts(policy)[20:]) <= 8


def test_a_collapse_is_a_change_even_if_all_arms_share_it() -> None:
    """A third of what it was is beyond any swing: what was true of that world may not be of this.

    Ten days each, seed 1.
    """
    policy = ThompsonSampling(half_life_s=HALF_LIFE_S)
    shop(policy, {"curated": 0.3, "popular": 0.2}, range(10), 1)
    shop(policy, {"curated": 0.06, "popular": 0.04}, range(10, 20), 2)

    assert discounts(policy)[9] > 60


def test_an_epoch_is_judged_when_it_is_over() -> None:
    """The same records, a second before and after: until then its trials are all to come."""
    policy = ThompsonSampling(half_life_s=HALF_LIFE_S)
    shop(policy, {"curated": 0.3, "popular": 0.1}, range(4), 1)
    shop(policy, {"curated": 0.1, "popular": 0.3}, range(4, 5), 2)
    day = (MONDAY // DAY_S + 5) * DAY_S
    before, after = (policy._changepoints.discounts(day + s, 0.2) for s in (-1, 1))

    assert {} == before
    assert [64, 64, 64, 64, 0] == list(after.values())


@pytest.mark.parametrize("argument", ["window_s", "settle_s"])
def test_rewards_that_are_still_to_come_are_no_change(argument: str) -> None:
    """Ten days of trials whose rewards come within two: the latest ones look like failures."""
    policy = ThompsonSampling(half_life_s=HALF_LIFE_S, **{argument: 2.0 * DAY_S})  # type: ignore[arg-type]
    told = shop(policy, {"curated": 0.3, "popular": 0.2}, range(10), 1)
    for n in range(200):
        for arm in ("curated", "popular"):
            told.expose(arm, "basket/known", time_s=MONDAY + 10 * DAY_S + n * 400)

    assert max(discounts(told), default=0) <= 8


def test_what_is_forgotten_leaves_no_records_by_epoch() -> None:
    """Arms and contexts beyond what is remembered: the state stays small."""
    policy = ThompsonSampling(arms_max=4, contexts_max=4)
    for n in range(400):
        policy.expose(f"arm-{n}", f"context-{n}", time_s=MONDAY + n * DAY_S / 10)
    epochs = policy.state()["changes"]["epochs"]

    assert set(epochs) <= set(policy.state()["cells"])
    assert sum(map(len, epochs.values())) <= 5
