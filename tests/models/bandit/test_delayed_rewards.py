"""Delayed rewards: the law is estimated from what came, and no order matters."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import LinearThompsonSampling, ThompsonSampling
from models.bandit.delayed_rewards import DelayedRewards
from models.bandit.shrinkage import ALL
from models.decay.forward import ForwardDecay

MONDAY = 1_767_225_600
WINDOW_S = 6_400.0
ARMS = ["buy_again", "curated", "popular"]

Late = list[tuple[str, str, float, float | None]]
impressions = st.lists(
    st.tuples(
        st.sampled_from(ARMS),
        st.sampled_from(["basket/new", "basket/known"]),
        st.floats(0, 3 * WINDOW_S),
        st.none() | st.floats(0, 2 * WINDOW_S),
    ),
    max_size=30,
)


def story(late: Late) -> list[tuple[str, str, float, float]]:
    """Exposures (no arrival: NaN) and rewards, each to be told by itself."""
    told = []
    for arm, context, at_s, delay_s in late:
        told.append((arm, context, at_s, math.nan))
        if delay_s is not None:
            told.append((arm, context, at_s, at_s + delay_s))
    return told


def tell(policy: ThompsonSampling, arm: str, context: str, at_s: float, came_s: float) -> None:
    """Tell a policy of an exposure or a reward."""
    if math.isnan(came_s):
        policy.expose(arm, context, time_s=MONDAY + at_s)
    else:
        policy.reward(arm, context, 1.0, time_s=MONDAY + at_s, at_s=MONDAY + came_s)


@pytest.mark.parametrize("kind", [ThompsonSampling, LinearThompsonSampling])
@given(impressions, st.data())
def test_no_order_of_exposures_and_late_rewards_matters(
    kind: type[ThompsonSampling],
    late: Late,
    data: st.DataObject,
) -> None:
    """The same bytes and the same propensities, to the last bit; a snapshot continues alike."""
    told = story(late)
    one, other = kind(window_s=WINDOW_S), kind(window_s=WINDOW_S)
    for each in told:
        tell(one, *each)
    shuffled = data.draw(st.permutations(told))
    for n, each in enumerate(shuffled):
        tell(other, *each)
        if n == len(shuffled) // 2:
            other.propensities(ARMS, "basket/new")  # reading in between leaves no trace
            other = kind.from_bytes(other.to_bytes())

    assert one.to_bytes() == other.to_bytes()
    assert one.propensities(ARMS, "basket/new") == other.propensities(ARMS, "basket/new")


def test_the_law_of_an_exponential_delay_is_found() -> None:
    """4,000 impressions, one in five pays after 1,000 seconds on average: seed 4.

    Some 800 delays: the standard deviation of a share is at most .018, steps of 100 s blur it by
    as much; the bound is .06. A tenth of the impressions is younger than the window.
    """
    rng, delayed = random.Random(4), DelayedRewards(WINDOW_S, ForwardDecay(14 * 86_400.0), 0.05)
    weight = delayed.decay.weight
    now_s = MONDAY + 64_000
    for n in range(4_000):
        at_s, delay_s = MONDAY + n * 16, rng.expovariate(1 / 1_000)
        delayed.add_trial("popular", "basket", weight(at_s), at_s)
        if rng.random() < 0.2 and at_s + delay_s <= now_s:
            delayed.add_reward("popular", weight(at_s), at_s, at_s + delay_s)
    complete = 1 - math.exp(-WINDOW_S / 1_000)
    for age_s in (350, 750, 1_550, 3_150):
        share = (1 - math.exp(-age_s / 1_000)) / complete

        assert share == pytest.approx(delayed.arrived_share("popular", age_s, now_s), abs=0.06)


def test_what_is_missing_ripens_to_nothing() -> None:
    """At the end of the window a trial is a trial."""
    delayed = DelayedRewards(WINDOW_S, ForwardDecay(14 * 86_400.0), 0.05)
    weight = delayed.decay.weight(MONDAY)
    delayed.add_trial("popular", "basket", weight, MONDAY)
    missing = [
        delayed.pending_weight("popular", "basket", MONDAY + age_s) for age_s in range(0, 6_500, 50)
    ]

    assert missing[0] > 0.9 * weight
    assert sorted(missing, reverse=True) == missing
    assert 0 == missing[-1]
    assert delayed.pending_weight("popular", ALL, MONDAY) == missing[0]


def test_a_slow_arm_is_not_taken_for_a_bad_one() -> None:
    """Two arms pay as well, one of them 2,000 seconds later: after 3,000 s they look alike."""
    hurried, patient = ThompsonSampling(floor=0.0), ThompsonSampling(floor=0.0, window_s=WINDOW_S)
    for n in range(12_000):
        for arm, delay_s in (("popular", 10), ("curated", 2_500)):
            for policy in (hurried, patient):
                policy.expose(arm, "basket", time_s=MONDAY + n)
                paid_at = n - delay_s
                if paid_at >= 0 and paid_at % 10 == 0:
                    at = {"time_s": MONDAY + paid_at, "at_s": MONDAY + n}
                    policy.reward(arm, "basket", 1.0, **at)
    means = [policy.estimate("curated", "basket")[0] for policy in (hurried, patient)]

    assert means[0] < 0.085
    assert means[1] == pytest.approx(0.1, abs=0.01)


def test_rewards_without_a_time_teach_no_law() -> None:
    """The policy takes them as before."""
    policy = ThompsonSampling(window_s=WINDOW_S)
    policy.expose("popular", "basket", time_s=MONDAY)
    policy.reward("popular", "basket", 1.0, time_s=MONDAY)

    assert {} == policy.state()["delays"]["came"]


def test_a_return_teaches_nothing_of_when_rewards_come() -> None:
    """It takes back what the exposure earned, not that it came, and when."""
    policy = ThompsonSampling(window_s=WINDOW_S)
    policy.expose("popular", "basket", time_s=MONDAY)
    policy.reward("popular", "basket", 1.0, time_s=MONDAY, at_s=MONDAY + 200)
    before = policy.state()["delays"]
    policy.reward("popular", "basket", -1.0, time_s=MONDAY, at_s=MONDAY + 300)

    assert before == policy.state()["delays"]


def test_what_is_taken_back_before_it_is_told_is_no_reward_that_came() -> None:
    """The return is read first: until its sale is, no more has come than nothing."""
    decay = ForwardDecay(half_life_s=30 * 86_400)
    early, none = (DelayedRewards(WINDOW_S, decay, prior_mean=0.1) for _ in range(2))
    for delays in (early, none):
        for number in range(300):
            at_s = MONDAY + 10 * number
            delays.add_trial("popular", "basket", decay.weight(at_s), at_s)
    early.add_reward("popular", decay.weight(MONDAY, -20.0), MONDAY, MONDAY + 900)
    now_s = MONDAY + 2 * WINDOW_S
    shares = [
        [one.arrived_share("popular", age_s=age_s, now_s=now_s) for age_s in range(0, 6_400, 100)]
        for one in (early, none)
    ]

    assert shares[0] == shares[1]


def test_a_window_has_limits() -> None:
    """Nothing, or a second to ten years."""
    with pytest.raises(ValueError, match="window_s"):
        ThompsonSampling(window_s=-1.0)
