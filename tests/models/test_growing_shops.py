"""Delayed rewards where most trials are young, and where trials leave the window."""

import pytest

from models import ThompsonSampling
from models.bandit.delayed_rewards import STEPS, DelayedRewards
from models.bandit.linear.thompson import LinearThompsonSampling
from models.decay.forward import ForwardDecay

MONDAY = 1_767_225_600
STEP_S = 100.0
WINDOW_S = STEPS * STEP_S
ARMS = ["curated", "popular"]


def growing(growth: float) -> DelayedRewards:
    """Trials that grow by so much a step, one in ten of which pays, evenly over the window."""
    delayed = DelayedRewards(WINDOW_S, ForwardDecay(1e9), 0.05)
    last = 2 * STEPS
    for step in range(last):
        at_s = MONDAY + step * STEP_S
        trials = round(1_000 * growth**step)
        weight = delayed.decay.weight(at_s)
        delayed.add_trial("popular", "basket", weight * trials, at_s)
        for age in range(min(STEPS, last - step)):
            paid = weight * trials // (10 * STEPS)
            delayed.add_reward("popular", paid, at_s, at_s + age * STEP_S)
    return delayed


@pytest.mark.parametrize("growth", [1.0, 1.1])
def test_a_shop_that_grows_does_not_take_late_rewards_for_none(growth: float) -> None:
    """Half of what comes has come in half of the window, though most trials are younger."""
    delayed, now_s = growing(growth), MONDAY + 2 * STEPS * STEP_S
    shares = [
        delayed.arrived_share("popular", part * WINDOW_S, now_s) for part in (0.25, 0.5, 0.75)
    ]

    assert [0.25, 0.5, 0.75] == pytest.approx(shares, abs=0.02)


def test_at_the_end_of_the_window_all_has_come() -> None:
    """And at any time after it."""
    delayed = growing(1.0)

    assert [1.0, 1.0] == [
        delayed.arrived_share("popular", age_s, MONDAY + 3 * WINDOW_S)
        for age_s in (WINDOW_S, 5 * WINDOW_S)
    ]


def test_what_left_the_window_is_not_remembered_one_by_one() -> None:
    """Whenever it was told: memory is of the steps of one window."""
    policy = ThompsonSampling(window_s=WINDOW_S)
    for place in (0, 1, STEPS, 3 * STEPS, STEPS):
        policy.expose("popular", "basket", time_s=MONDAY + place * STEP_S)
    state = policy.state()["delays"]
    steps = {int(step) for step in state["pending"]["popular"]["basket"]}

    assert {int((MONDAY + 3 * WINDOW_S) / STEP_S)} == steps
    assert max(steps) == state["latest"]


POLICIES = [ThompsonSampling, LinearThompsonSampling]


def asked(policy: ThompsonSampling, time_s: float, context: str = "basket") -> list[object]:
    """What a policy says at a time, of each arm."""
    return [policy.estimate(arm, context, time_s=time_s) for arm in ARMS]


def says_what_its_copy_says(
    policy: ThompsonSampling, time_s: float, context: str = "basket"
) -> bool:
    """Whether what it has kept is what somebody finds who has kept nothing."""
    copy = type(policy).from_bytes(policy.to_bytes())
    return asked(copy, time_s, context) == asked(policy, time_s, context)


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("ahead", [0, 10, 30])
def test_what_was_read_before_an_exposure_or_a_reward_is_not_read_after_it(
    kind: type[ThompsonSampling], ahead: int
) -> None:
    """In the very step that it is, and in one that had been asked about ahead of time."""
    policy = kind(window_s=WINDOW_S)
    for n in range(16):
        arm, at_s = ARMS[n % 3 == 0], MONDAY + n // 2 * 3 * STEP_S
        later_s = MONDAY + max(n // 2 * 3, ahead) * STEP_S
        asked(policy, later_s)
        policy.expose(arm, "basket", time_s=at_s)
        assert says_what_its_copy_says(policy, later_s)

        policy.expose(arm, "basket", time_s=at_s)
        assert says_what_its_copy_says(policy, later_s)

        policy.reward(arm, "basket", 1.0, time_s=at_s, at_s=at_s + 2 * STEP_S)
        assert says_what_its_copy_says(policy, later_s)


@pytest.mark.parametrize("kind", POLICIES)
def test_a_trial_ripens_for_those_who_ask_again_and_again(kind: type[ThompsonSampling]) -> None:
    """Step by step, and a step later than the window it is whole."""
    policy = kind(window_s=WINDOW_S)
    for arm in ARMS:
        policy.expose(arm, "basket", time_s=MONDAY)
    policy.reward("popular", "basket", 1.0, time_s=MONDAY, at_s=MONDAY + STEP_S)

    assert all(says_what_its_copy_says(policy, MONDAY + step * STEP_S) for step in range(STEPS + 2))


@pytest.mark.parametrize("kind", POLICIES)
def test_a_trial_ripens_that_came_after_the_question_of_its_step(
    kind: type[ThompsonSampling],
) -> None:
    """In a context of its own, which nobody knew to be pending when that was looked up last."""
    policy = kind(window_s=WINDOW_S)
    policy.expose("curated", "page", time_s=MONDAY)
    asked(policy, MONDAY)
    policy.expose("popular", "basket", time_s=MONDAY)
    asked(policy, MONDAY)

    assert says_what_its_copy_says(policy, MONDAY + 30 * STEP_S)


@pytest.mark.parametrize("kind", POLICIES)
def test_a_trial_is_whole_when_one_of_another_context_ends_its_window(
    kind: type[ThompsonSampling],
) -> None:
    """Pending at the last question, and no more at the next: it counts in full by then."""
    policy = kind(window_s=WINDOW_S)
    for context in ("basket/new", "basket/known", "page/new", "page/known"):
        for _ in range(20):
            policy.expose("popular", context, time_s=MONDAY)
    asked(policy, MONDAY + STEP_S, "page/known")
    policy.expose("popular", "basket/new", time_s=MONDAY + 2 * WINDOW_S)

    assert says_what_its_copy_says(policy, MONDAY + 2 * WINDOW_S, "page/known")


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("bound", ["arms_max", "contexts_max"])
def test_what_is_forgotten_has_no_say_any_more(kind: type[ThompsonSampling], bound: str) -> None:
    """Also where it was asked about just before: the third takes the room of one."""
    policy = kind(window_s=WINDOW_S, **{bound: 2})  # type: ignore[arg-type]
    later_s = MONDAY + 20 * STEP_S
    for arm, context, times in (
        ("popular", "basket", 9),
        ("viewed_together", "page", 1),
        ("curated", "visit", 2),
    ):
        for _ in range(times):
            policy.expose(arm, context, time_s=MONDAY)
            asked(policy, later_s)
        policy.reward(arm, context, 1.0, time_s=MONDAY, at_s=MONDAY + STEP_S)
        assert says_what_its_copy_says(policy, later_s)

    assert policy.left_out()


@pytest.mark.parametrize("kind", POLICIES)
def test_after_a_change_reading_leaves_no_trace_either(kind: type[ThompsonSampling]) -> None:
    """What is discounted of a record is worked out again when the record grows."""
    read, unread = kind(half_life_s=8 * 86_400.0), kind(half_life_s=8 * 86_400.0)
    for n in range(1_500):
        time_s = MONDAY + n * 230.0  # four days, an epoch each; after two it pays no more
        for policy in (read, unread):
            policy.expose(ARMS[n % 2], "basket", time_s=time_s)
            if n % 4 < 2 and n < 750:
                policy.reward(ARMS[n % 2], "basket", 1.0, time_s=time_s)
        if n > 1_400:
            asked(read, time_s)
    discounts = unread._changepoints.discounts(time_s, rate=0.1)

    assert any(discounts.values())
    assert asked(unread, time_s) == asked(read, time_s)


@pytest.mark.parametrize("kind", POLICIES)
def test_a_context_that_made_room_has_no_say_where_no_arm_or_factor_is_new(
    kind: type[ThompsonSampling],
) -> None:
    """What was worked out of the other contexts had the one that is forgotten in it."""
    policy = kind(contexts_max=3, window_s=WINDOW_S)
    told = (("page/new", 9), ("basket/known", 5), ("page/known", 1), ("basket/new", 2))
    for n, (context, times) in enumerate(told):
        for _ in range(times):
            policy.expose("popular", context, time_s=MONDAY)
            policy.reward("popular", context, 1.0, time_s=MONDAY, at_s=MONDAY + STEP_S)
        for later in range(2):  # the trials of the one that is forgotten ripen all the same
            later_s = MONDAY + (2 * n + later) * STEP_S
            assert says_what_its_copy_says(policy, later_s, "basket/new")

    assert {"contexts": 3} == policy.left_out()
    assert "page/known" not in policy.state()["cells"]


@pytest.mark.parametrize("kind", POLICIES)
def test_a_context_that_comes_later_is_expected_to_earn_what_its_factors_do(
    kind: type[ThompsonSampling],
) -> None:
    """Also by those who had asked before it came; new shoppers pay in four of ten, by any arm."""
    policy = kind()
    for n in range(400):
        for arm in ARMS:
            for context in ("basket/new", "basket/known"):
                policy.expose(arm, context, time_s=MONDAY)
                if n % 5 < 2 and context == "basket/new":
                    policy.reward(arm, context, 1.0, time_s=MONDAY)
    policy.propensities(ARMS, "page/new")
    for _ in range(50):
        policy.expose("popular", "page/new", time_s=MONDAY)
        policy.propensities(ARMS, "page/new")
    copy = kind.from_bytes(policy.to_bytes())

    assert copy.propensities(ARMS, "page/new") == policy.propensities(ARMS, "page/new")
    assert copy.estimate("popular", "page/new") == policy.estimate("popular", "page/new")


@pytest.mark.parametrize("kind", POLICIES)
def test_a_policy_that_was_asked_before_it_was_restored_knows_what_it_was_told(
    kind: type[ThompsonSampling],
) -> None:
    """A worker may be asked while it has nothing: what it said then is not kept."""
    told, woken = kind(window_s=WINDOW_S), kind(window_s=WINDOW_S)
    for n in range(40):
        told.expose(ARMS[n % 2], "basket", time_s=MONDAY + n)
    told.reward("popular", "basket", 1.0, time_s=MONDAY, at_s=MONDAY + STEP_S)
    later_s = MONDAY + 10 * STEP_S
    asked(woken, later_s)
    woken.choose(ARMS, "basket", seed=1, time_s=later_s)
    woken.restore(told.state())

    assert asked(told, later_s) == asked(woken, later_s)
    assert told.choose(ARMS, "basket", 1, time_s=later_s) == woken.choose(
        ARMS, "basket", 1, time_s=later_s
    )


@pytest.mark.parametrize("kind", POLICIES)
def test_what_has_no_time_of_its_own_is_known_after_a_restart_as_well(
    kind: type[ThompsonSampling],
) -> None:
    """Though a policy without a past, which was asked before, is of the same time."""
    told, woken = kind(), kind()
    for n in range(40):
        told.update("popular", "basket", float(n % 4 == 0))
    propensities = woken.choose(ARMS, "basket", 1).propensities
    assert propensities == pytest.approx(dict.fromkeys(ARMS, 0.5))
    woken.restore(told.state())

    assert told.choose(ARMS, "basket", 1) == woken.choose(ARMS, "basket", 1)
    assert told.estimate("popular", "basket") == woken.estimate("popular", "basket")


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("early", [1.0, -1.0])
def test_a_reward_or_a_return_ahead_of_its_exposure_says_nothing_of_its_arm(
    kind: type[ThompsonSampling], early: float
) -> None:
    """Until the exposure has come in as well, the arm is like one that was never seen."""
    policy = kind()
    for n in range(100):
        policy.expose("curated", "basket", time_s=MONDAY)
        if n % 5 == 0:
            policy.reward("curated", "basket", 1.0, time_s=MONDAY)
    policy.reward("popular", "basket", early, time_s=MONDAY)
    ahead, unseen = (policy.estimate(arm, "basket")[0] for arm in ("popular", "never seen"))

    assert ahead == pytest.approx(unseen, abs=1e-12)
