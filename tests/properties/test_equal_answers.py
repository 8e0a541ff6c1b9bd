"""Equal states give equal answers, whoever asked what before; and asking leaves no trace."""

import json
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import ThompsonSampling
from models.bandit.delayed_rewards import STEPS, DelayedRewards
from models.bandit.linear.sums import FACTORS_MAX, factors
from models.bandit.linear.thompson import LinearThompsonSampling

MONDAY = 1_767_225_600
HOUR_S = 3600.0
OFTEN = FACTORS_MAX + 40
"""A segment that is seen late, and often."""
ARMS = ["bought_together", "buy_again", "popular", "viewed_together"]
CONTEXTS = [
    "",
    "basket/known",
    "basket/new/dwell=0.1",
    "product_page/new/dwell=2.3",
    "=5",
    "=nan/dwell=/dwell=1e999",
]
POLICIES: dict[str, Callable[[], ThompsonSampling]] = {
    "contexts": ThompsonSampling,
    "contexts, delayed": lambda: ThompsonSampling(window_s=24 * HOUR_S),
    "contexts, settling": lambda: ThompsonSampling(settle_s=24 * HOUR_S, half_life_s=48 * HOUR_S),
    "contexts, to identify": lambda: ThompsonSampling(mode="identify", floor=0.0),
    "few arms, delayed": lambda: ThompsonSampling(arms_max=2, window_s=24 * HOUR_S),
    "few contexts": lambda: ThompsonSampling(contexts_max=2, half_life_s=48 * HOUR_S),
    "factors": LinearThompsonSampling,
    "factors, delayed": lambda: LinearThompsonSampling(window_s=24 * HOUR_S),
    "factors, to identify": lambda: LinearThompsonSampling(mode="identify", floor=0.0),
    "factors, fast": lambda: LinearThompsonSampling(half_life_s=48 * HOUR_S),
    "factors, few arms": lambda: LinearThompsonSampling(arms_max=2),
    "factors, few contexts, delayed": lambda: LinearThompsonSampling(
        contexts_max=2, window_s=24 * HOUR_S
    ),
}


class Step(NamedTuple):
    """Something that is done to a policy."""

    what: str
    arm: str
    context: str
    value: float
    hour: float
    later: float

    def do(self, policy: ThompsonSampling) -> None:
        """Do it."""
        time_s = MONDAY + self.hour * HOUR_S
        at_s = time_s + self.later * HOUR_S
        if self.what == "expose":
            policy.expose(self.arm, self.context, time_s=time_s)
        elif self.what == "reward":
            policy.reward(self.arm, self.context, self.value, time_s=time_s, at_s=at_s)
        else:
            ask(policy, [self.context], at_s)


steps = st.builds(
    Step,
    what=st.sampled_from(["expose", "expose", "reward", "read"]),
    arm=st.sampled_from(ARMS),
    context=st.sampled_from(CONTEXTS),
    value=st.sampled_from([1.0, 0.1, -0.1]),
    hour=st.floats(0, 48) | st.floats(0, 2_000),
    later=st.floats(0, 30),
)
stories = st.lists(steps, max_size=25)


def ask(policy: ThompsonSampling, contexts: Iterable[str], time_s: float | None) -> list[object]:
    """All that a policy answers."""
    answers: list[object] = [policy.ranking, policy.left_out()]
    for context in contexts:
        answers.append(policy.choose(ARMS, context, b"event-1", time_s=time_s))
        answers.append(policy.propensities(ARMS[1:3], context, time_s=time_s))
        answers.append(policy.estimate("popular", context, time_s=time_s))
    return answers


def answers_of(policy: ThompsonSampling) -> list[object]:
    """In every context and one never seen, now and a year later."""
    contexts = [*CONTEXTS, "never/seen/dwell=0.7"]
    return [ask(policy, contexts, time_s) for time_s in (None, MONDAY + 10_000 * HOUR_S)]


@pytest.mark.parametrize("kind", POLICIES)
@settings(max_examples=25)
@given(stories)
def test_what_is_restored_answers_as_what_is_alive(kind: str, story: list[Step]) -> None:
    """Bit for bit, after any sequence of learning and asking."""
    alive = POLICIES[kind]()
    for step in story:
        step.do(alive)
    restored = type(alive).from_bytes(alive.to_bytes())

    assert answers_of(alive) == answers_of(restored)
    assert alive.to_bytes() == restored.to_bytes()


@pytest.mark.parametrize("kind", POLICIES)
@settings(max_examples=25)
@given(stories)
def test_asking_leaves_no_trace(kind: str, story: list[Step]) -> None:
    """A policy that was asked all the time is one that was never asked."""
    asked, silent = POLICIES[kind](), POLICIES[kind]()
    for step in story:
        step.do(asked)
        if step.what != "read":
            step.do(silent)

    assert asked.state() == silent.state()
    assert answers_of(asked) == answers_of(silent)


@pytest.mark.parametrize("kind", POLICIES)
@settings(max_examples=10)
@given(stories)
def test_what_was_asked_before_a_restore_is_forgotten(kind: str, story: list[Step]) -> None:
    """The state comes by JSON, into a policy that has answered for nothing yet."""
    alive, woken = POLICIES[kind](), POLICIES[kind]()
    for step in story:
        step.do(alive)
    answers_of(woken)
    woken.restore(json.loads(json.dumps(alive.state(), sort_keys=True)))

    assert answers_of(alive) == answers_of(woken)


def test_a_late_exposure_changes_the_distribution_that_was_read() -> None:
    """Asked an hour ahead, then told of an exposure of now, which is at risk since then."""
    asked, silent = (
        DelayedRewards(64.0 * HOUR_S, ThompsonSampling()._decay, 0.05) for _ in range(2)
    )
    for delayed in (asked, silent):
        weight = delayed.decay.weight(MONDAY)
        delayed.add_trial("popular", "basket", weight, MONDAY)
        delayed.add_reward("popular", weight, MONDAY, MONDAY)
        if delayed is asked:
            delayed.arrived_share("popular", 3 * HOUR_S, MONDAY + STEPS * HOUR_S / 2)
        for _ in range(200):
            delayed.add_trial("popular", "basket", weight, MONDAY)
    shares = [
        each.arrived_share("popular", HOUR_S, MONDAY + STEPS * HOUR_S / 2)
        for each in (asked, silent)
    ]

    assert shares[0] == shares[1]
    assert asked.state() == silent.state()


def tell(policy: LinearThompsonSampling, segments: Iterable[int]) -> LinearThompsonSampling:
    """Tell it of trials in each of these segments, in some of them of more than in others."""
    for n in segments:
        for arm in ("curated", "popular"):
            for _ in range(40 if n == OFTEN else 1 + n % 3):
                policy.expose(arm, f"segment-{n}", time_s=MONDAY)
            if arm == "curated" and n % 2:
                policy.reward(arm, f"segment-{n}", 1.0, time_s=MONDAY)
    return policy


def test_which_factors_are_told_apart_depends_on_what_was_learned_alone() -> None:
    """Not on which came first, nor on when somebody asked; those with most trials are."""
    everywhere = range(FACTORS_MAX + 50)
    forth = tell(LinearThompsonSampling(floor=0.0), everywhere)
    back = tell(LinearThompsonSampling(floor=0.0), reversed(everywhere))
    halfway = LinearThompsonSampling(floor=0.0)
    for begin in range(0, len(everywhere), 51):
        tell(halfway, everywhere[begin : begin + 51])
        halfway.propensities(["curated", "popular"], f"segment-{begin}")
    restored = LinearThompsonSampling.from_bytes(forth.to_bytes())
    told = [
        [policy.estimate("curated", f"segment-{n}") for n in [*everywhere[::20], OFTEN]]
        for policy in (forth, back, halfway, restored)
    ]

    assert told == [told[0]] * 4
    assert told[0][-1][0] < 0.5 * restored.estimate("curated", "never seen")[0]


def test_no_word_is_the_factor_of_all_contexts_nor_two_words_one_factor() -> None:
    """Whatever shoppers' segments are called."""
    words = ["=5", "=nan", "=x", "=", "a", "a=", "a=1", "a=x", "0:a=2", ":a", "\0"]
    told = [dict(factors(word)) for word in words]
    names = [*map(frozenset, told)]

    assert all(each[""] == 1.0 for each in told)
    assert len(set(names)) == len(words)
    assert all(len(name) == 2 for name in names)
    assert 3 == len(factors("0:a=2/a")[:3])
    assert dict(factors("a/0:a=2")) == {"": 1.0, "0:a": 1.0, "0:a=1": 2.0}


def test_a_context_of_a_value_alone_does_not_move_what_all_contexts_share() -> None:
    """As "=8", which was taken for eight times the factor of all contexts."""
    policy = LinearThompsonSampling()
    for n in range(200):
        policy.expose("popular", "basket", time_s=MONDAY)
        if n % 10 == 0:
            policy.reward("popular", "basket", 1.0, time_s=MONDAY)
    mean, _ = policy.estimate("popular", "=8")

    assert mean == pytest.approx(policy.estimate("popular", "never seen")[0])
