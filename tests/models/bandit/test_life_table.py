"""When rewards come: the life table as textbooks have it, a number at a time."""

import pytest

from models.bandit.delayed_rewards import STEPS, DelayedRewards
from models.bandit.shrinkage import ALL
from models.decay.forward import ForwardDecay
from models.decay.tally import written

MONDAY = 1_767_225_600
STEP_S = 100.0
WINDOW_S = STEPS * STEP_S
HALF_LIFE_S = 14 * 86_400.0
MEAN = 0.05
PRIOR_REWARDS = 2.0
Trial = tuple[str, str, int, int]
"""Arm, context, the step in which it was, and how many of them there were."""
Came = tuple[str, int, int, float]
"""Arm, the step of the trial, the age in steps, and how much of a reward came."""
TRIALS: list[Trial] = [
    ("curated", "basket", 0, 400),
    ("curated", "page", 3, 250),
    ("popular", "basket", 20, 700),
    ("curated", "basket", 40, 90),
    ("popular", "basket", 70, 300),
    ("popular", "page", 95, 60),
    ("curated", "basket", 99, 40),
    ("curated", "page", 100, 30),
]
CAME: list[Came] = [
    ("curated", 0, 0, 20.0),
    ("curated", 0, 30, 9.0),
    ("curated", 3, 63, 4.0),
    ("popular", 20, 5, 31.0),
    ("popular", 70, 2, 8.0),
    ("unseen", 0, 7, 1.0),
]
NOW = 100
START = int(MONDAY / STEP_S)


def at_s(step: int) -> float:
    """A moment in a step of the story."""
    return (START + step) * STEP_S + 1.0


def told() -> DelayedRewards:
    """All that happened."""
    delayed = DelayedRewards(WINDOW_S, ForwardDecay(HALF_LIFE_S), MEAN)
    for arm, context, step, number in TRIALS:
        delayed.add_trial(arm, context, number * delayed.decay.weight(at_s(step)), at_s(step))
    for arm, step, age, value in CAME:
        weight = delayed.decay.weight(at_s(step), value)
        delayed.add_reward(arm, weight, at_s(step), at_s(step + age))
    return delayed


def faded(step: int) -> float:
    """What a trial of a step counts for by now."""
    decay = ForwardDecay(HALF_LIFE_S)
    return decay.weight(at_s(step)) / decay.weight((START + NOW) * STEP_S)


def table(arm: str) -> tuple[list[float], list[float]]:
    """By age: rewards that came, and trials that were at risk, half of those that are of that age.

    Those of the step that it is are at risk of nothing yet.
    """
    came, at_risk = [0.0] * STEPS, [0.0] * STEPS
    for whose, step, age, value in CAME:
        came[age] += value * faded(step) * (whose == arm)
    for whose, _, step, number in TRIALS:
        for age in range(STEPS):
            if whose == arm and NOW - step > age:
                at_risk[age] += number * faded(step)
            elif whose == arm and NOW - step == age > 0:
                at_risk[age] += 0.5 * number * faded(step)
    return came, at_risk


def rates(came: list[float], at_risk: list[float], shape: list[float], mean: float) -> list[float]:
    """Rewards a trial by age, each with a few prior rewards that are spread as `shape` says."""
    due = sum(risk * part for risk, part in zip(at_risk, shape, strict=True))
    earned = (sum(came) + PRIOR_REWARDS) / (due + PRIOR_REWARDS / mean)
    return [
        (won + PRIOR_REWARDS * part) / (risk + PRIOR_REWARDS / earned)
        for won, risk, part in zip(came, at_risk, shape, strict=True)
    ]


def arrived(arm: str) -> list[float]:
    """The share of an arm's rewards that has come by the middle of each step of age."""
    tables = [table(each) for each in ("curated", "popular", "unseen")]
    came, at_risk = (
        [sum(each) for each in zip(*column, strict=True)] for column in zip(*tables, strict=True)
    )
    pooled = rates(came, at_risk, [1.0 / STEPS] * STEPS, MEAN)
    shape = [rate / sum(pooled) for rate in pooled]
    own = rates(*table(arm), shape, sum(pooled))
    return [(sum(own[:age]) + 0.5 * own[age]) / sum(own) for age in range(STEPS)]


@pytest.mark.parametrize("arm", ["curated", "popular", "unseen", "never told of"])
def test_rewards_arrive_as_the_life_table_says(arm: str) -> None:
    """Age by age; an arm of which nothing is known is like all of them."""
    delayed = told()
    shares = [delayed.arrived_share(arm, age * STEP_S, at_s(NOW)) for age in range(STEPS)]

    assert shares == pytest.approx(arrived(arm), abs=2e-6)
    assert 1.0 == delayed.arrived_share(arm, WINDOW_S, at_s(NOW))


@pytest.mark.parametrize("arm", ["curated", "popular"])
@pytest.mark.parametrize("context", ["basket", "page", ALL])
def test_what_is_pending_is_what_has_not_arrived_of_young_trials(arm: str, context: str) -> None:
    """In one context or in all; of those that left the window, nothing."""
    shares, weight = arrived(arm), ForwardDecay(HALF_LIFE_S).weight
    expected = sum(
        number * weight(at_s(step)) * (1.0 - shares[NOW - step])
        for whose, where, step, number in TRIALS
        if whose == arm and context in {where, ALL} and NOW - step < STEPS
    )
    pending = told().pending_weight(arm, context, at_s(NOW))

    assert pending == pytest.approx(expected, rel=1e-4)
    assert 0 == told().pending_weight(arm, "elsewhere", at_s(NOW))


def test_rewards_of_no_age_within_the_window_teach_nothing() -> None:
    """Those that came before their trial, or after all that may come."""
    delayed, weight = told(), ForwardDecay(HALF_LIFE_S).weight(at_s(50))
    before = delayed.state()
    delayed.add_reward("curated", weight, at_s(50), at_s(49))
    delayed.add_reward("curated", weight, at_s(50), at_s(50 + STEPS))
    assert before == delayed.state()

    delayed.add_reward("curated", weight, at_s(50), at_s(50 + STEPS - 1))
    assert before["came"] != delayed.state()["came"]


def test_contexts_and_arms_without_young_trials_are_not_pending() -> None:
    """As soon as the latest trial is a window later."""
    delayed = told()
    assert {
        ("curated", "basket"),
        ("curated", "page"),
        ("popular", "basket"),
        ("popular", "page"),
    } == {*delayed.pending()}

    delayed.add_trial("popular", "visit", 1, at_s(100 + STEPS - 1))
    assert {("curated", "page"), ("popular", "visit")} == {*delayed.pending()}


def test_an_arm_that_is_forgotten_has_no_say_in_when_rewards_come() -> None:
    """As if it had never been told of, also to those who had asked before."""
    delayed, unaware = told(), DelayedRewards(WINDOW_S, ForwardDecay(HALF_LIFE_S), MEAN)
    for arm, context, step, number in TRIALS:
        if arm != "curated":
            weight = delayed.decay.weight(at_s(step), number)
            unaware.add_trial(arm, context, weight, at_s(step))
    for arm, step, age, value in CAME:
        if arm != "curated":
            weight = delayed.decay.weight(at_s(step), value)
            unaware.add_reward(arm, weight, at_s(step), at_s(step + age))
    before = [delayed.arrived_share(arm, WINDOW_S / 8, at_s(NOW)) for arm in ("popular", "new")]
    delayed.forget("curated")
    after = [delayed.arrived_share(arm, WINDOW_S / 8, at_s(NOW)) for arm in ("popular", "new")]

    assert before != after
    assert after == [
        unaware.arrived_share(arm, WINDOW_S / 8, at_s(NOW)) for arm in ("popular", "new")
    ]


def test_a_trial_of_1970_is_a_trial() -> None:
    """The first thing that anybody is told."""
    delayed = DelayedRewards(WINDOW_S, ForwardDecay(HALF_LIFE_S), MEAN)
    delayed.add_trial("popular", "basket", 1 << 20, 0.0)

    assert delayed.pending_weight("popular", "basket", 0.0) > 0


def test_what_is_counted_is_the_sum_of_what_was_told() -> None:
    """To the last unit: trials by arm, those of the window by context and step, and rewards."""
    weight = ForwardDecay(HALF_LIFE_S).weight
    trials: dict[str, int] = {}
    pending: dict[str, dict[str, dict[str, int]]] = {}
    came: dict[str, list[int]] = {}
    for arm, context, step, number in TRIALS:
        trials[arm] = trials.get(arm, 0) + number * weight(at_s(step))
        if NOW - step < STEPS:
            for name in (context, ALL):
                steps = pending.setdefault(arm, {}).setdefault(name, {})
                steps[str(START + step)] = number * weight(at_s(step))
    for arm, step, age, value in CAME:
        came.setdefault(arm, [0] * STEPS)[age] += weight(at_s(step), value)

    assert {
        "latest": START + NOW,
        "trials": {arm: written(each) for arm, each in trials.items()},
        "pending": {
            arm: {
                context: {step: written(each) for step, each in steps.items()}
                for context, steps in contexts.items()
            }
            for arm, contexts in pending.items()
        },
        "came": {arm: [written(each) for each in ages] for arm, ages in came.items()},
    } == told().state()


def test_a_trial_that_is_told_a_window_later_is_complete_at_once() -> None:
    """One step less, and its reward may still come."""
    delayed = told()
    delayed.add_trial("popular", "visit", 1, at_s(NOW - STEPS))
    assert ("popular", "visit") not in {*delayed.pending()}

    delayed.add_trial("popular", "visit", 1, at_s(NOW - STEPS + 1))
    assert ("popular", "visit") in {*delayed.pending()}


def test_before_anything_came_rewards_are_spread_evenly() -> None:
    """Half a step of the first age has come on the average."""
    delayed = DelayedRewards(WINDOW_S, ForwardDecay(HALF_LIFE_S), MEAN)
    shares = [delayed.arrived_share("popular", age * STEP_S, at_s(NOW)) for age in (0, 31, 63)]

    assert [0.5 / STEPS, 31.5 / STEPS, 63.5 / STEPS] == pytest.approx(shares, abs=2e-6)
    assert {"latest": 0, "trials": {}, "pending": {}, "came": {}} == delayed.state()
