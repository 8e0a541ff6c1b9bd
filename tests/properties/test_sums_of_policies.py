"""What a policy knows is a sum of what it was told, and reading leaves no trace in it."""

import pickle
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import ThompsonSampling
from models.bandit.linear.thompson import LinearThompsonSampling
from models.bandit.shrinkage import NO_RECORD, ArmRecord

MONDAY = 1_767_225_600
HOUR_S = 3600.0
ARMS = ["buy_again", "popular", "viewed_together"]
CONTEXTS = ["basket/known", "basket/new"]

Told = tuple[str, str, float | None, int]
"""Arm, context, a reward (none: an exposure), and the hour."""
STORIES = st.lists(
    st.tuples(
        st.sampled_from(ARMS),
        st.sampled_from(CONTEXTS),
        st.none() | st.sampled_from([0.1, 1.0, -0.5]),
        st.integers(0, 48) | st.integers(0, 5_000),
    ),
    max_size=25,
)
POLICIES: dict[str, Callable[[], ThompsonSampling]] = {
    "all at once": ThompsonSampling,
    "delayed": lambda: ThompsonSampling(window_s=24 * HOUR_S),
    "of factors": LinearThompsonSampling,
    "of factors, delayed": lambda: LinearThompsonSampling(window_s=24 * HOUR_S),
    "few arms": lambda: ThompsonSampling(arms_max=2, window_s=24 * HOUR_S),
    "few contexts": lambda: LinearThompsonSampling(contexts_max=1),
}


def tell(policy: ThompsonSampling, told: Told) -> None:
    """Tell a policy of an exposure, or of a reward that came two hours later."""
    arm, context, value, hour = told
    time_s = MONDAY + hour * HOUR_S
    if value is None:
        policy.expose(arm, context, time_s=time_s)
    else:
        policy.reward(arm, context, value, time_s=time_s, at_s=time_s + 2 * HOUR_S)


def reading(policy: ThompsonSampling, hour: int) -> list[object]:
    """All that can be read of a policy at an hour."""
    time_s = MONDAY + hour * HOUR_S
    return [
        (
            policy.propensities(ARMS, context, time_s=time_s),
            policy.choose(ARMS, context, seed=hour, time_s=time_s),
            [policy.estimate(arm, context, time_s=time_s) for arm in ARMS],
        )
        for context in [*CONTEXTS, "never seen"]
    ]


@pytest.mark.parametrize("kind", POLICIES)
@settings(max_examples=30)
@given(STORIES, st.lists(st.integers(0, 5_000), min_size=1, max_size=25))
def test_who_reads_in_between_reads_the_same_in_the_end(
    kind: str, story: list[Told], hours: list[int]
) -> None:
    """Whatever is kept between two decisions is given up as soon as it is no longer right."""
    curious, other = POLICIES[kind](), POLICIES[kind]()
    for number, told in enumerate(story):
        tell(curious, told)
        tell(other, told)
        reading(curious, hours[number % len(hours)])

    assert reading(other, 5_000) == reading(curious, 5_000)
    assert reading(other, 0) == reading(curious, 0)
    assert other.state() == curious.state()


def summed(policy: ThompsonSampling, story: list[Told]) -> ArmRecord:
    """What these exposures and rewards weigh in sum."""
    total = NO_RECORD
    for _, _, value, hour in story:
        time_s = MONDAY + hour * HOUR_S
        weight = policy._decay.weight(time_s, 1.0 if value is None else value)
        total = total.plus(ArmRecord(weight, 0) if value is None else ArmRecord(0, weight))
    return total


@given(STORIES)
def test_each_record_is_the_sum_of_what_was_told_of_it(story: list[Told]) -> None:
    """In all, by arm, and by arm in each context; and exposures are counted, rewards are not."""
    policy = ThompsonSampling()
    for told in story:
        tell(policy, told)
    state = policy.state()
    arms = {told[0] for told in story}
    cells = {told[:2] for told in story}
    exposures = [told for told in story if told[2] is None]

    assert summed(policy, story) == ArmRecord.read(state["all"])
    assert arms == state["arms"].keys()
    for arm in arms:
        of_arm = [told for told in story if told[0] == arm]
        assert summed(policy, of_arm) == ArmRecord.read(state["arms"][arm])
        assert sum(told[2] is None for told in of_arm) == state["exposures"].get(arm, 0)
    assert len(exposures) == state["exposures_all"]
    assert cells == {(arm, context) for context, cell in state["cells"].items() for arm in cell}
    for arm, context in cells:
        here = [told for told in story if told[:2] == (arm, context)]
        assert summed(policy, here) == ArmRecord.read(state["cells"][context][arm])


@given(STORIES)
def test_the_latest_second_is_that_of_the_latest_exposure_or_reward(story: list[Told]) -> None:
    """By the exposure's own time, whatever came in which order."""
    policy = ThompsonSampling()
    start = policy.state()["latest_s"]
    for told in story:
        tell(policy, told)
    hours = [told[3] for told in story]

    assert (MONDAY + max(hours) * HOUR_S if hours else start) == policy.state()["latest_s"]


@pytest.mark.parametrize("kind", [ThompsonSampling, LinearThompsonSampling])
def test_nothing_is_left_of_an_arm_that_was_forgotten(kind: type[ThompsonSampling]) -> None:
    """No record, no count, no pending trial: when it comes again, it is new.

    Of arms of equal weight, the last in the alphabet makes room.
    """
    policy = kind(arms_max=2, window_s=24 * HOUR_S)
    for arm, times in (("popular", 3), ("viewed_together", 1), ("buy_again", 2)):
        for _ in range(times):
            policy.expose(arm, "basket/new", time_s=MONDAY)
            policy.reward(arm, "basket/new", 1.0, time_s=MONDAY, at_s=MONDAY + HOUR_S)
    state = policy.state()

    assert {"buy_again", "popular"} == state["arms"].keys()
    assert {"buy_again", "popular"} == state["cells"]["basket/new"].keys()
    assert {"buy_again": 2, "popular": 3} == state["exposures"]
    for table in ("trials", "pending", "came"):
        assert {"buy_again", "popular"} == state["delays"][table].keys()
    assert {"buy_again", "popular"} == state["changes"]["epochs"]["basket/new"].keys()
    assert 6 == state["exposures_all"]


def test_nothing_is_left_of_a_context_that_was_forgotten() -> None:
    """But what its trials say of the arm."""
    policy = ThompsonSampling(contexts_max=1)
    for context, times in (("basket/new", 2), ("basket/known", 1)):
        for _ in range(times):
            policy.expose("popular", context, time_s=MONDAY)
    state = policy.state()

    assert ["basket/new"] == list(state["cells"]) == list(state["changes"]["epochs"])
    assert 3 * policy._decay.weight(MONDAY) == ArmRecord.read(state["arms"]["popular"]).trials


@pytest.mark.parametrize("kind", [ThompsonSampling, LinearThompsonSampling])
def test_copies_leave_out_what_was_read(kind: type[ThompsonSampling]) -> None:
    """A policy that was read weighs no more than one that was not, and goes on alike."""
    read, unread = kind(window_s=24 * HOUR_S, seed=1), kind(window_s=24 * HOUR_S, seed=1)
    for policy in (read, unread):
        for arm in ARMS:
            policy.expose(arm, "basket/new", time_s=MONDAY)
            policy.reward(arm, "basket/new", 1.0, time_s=MONDAY, at_s=MONDAY + HOUR_S)
    for hour in range(30):
        reading(read, hour)
    copied = pickle.loads(pickle.dumps(read))  # noqa: S301  # our own

    assert len(pickle.dumps(unread)) == len(pickle.dumps(read))
    assert reading(unread, 31) == reading(copied, 31)
