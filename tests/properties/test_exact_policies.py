"""What must agree of a policy agrees: in any order, across restarts, with tables that run full."""

import json
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import ThompsonSampling
from models.bandit.linear.thompson import LinearThompsonSampling

MONDAY = 1_767_225_600
HOUR_S = 3600.0


class Told(NamedTuple):
    """What a policy is told: an exposure, or the reward of one, an hour later."""

    arm: str
    context: str
    rewarded: bool
    hour: int

    def tell(self, policy: ThompsonSampling) -> None:
        """Tell it."""
        time_s = MONDAY + self.hour * HOUR_S
        if self.rewarded:
            policy.reward(self.arm, self.context, 1.0, time_s=time_s, at_s=time_s + HOUR_S)
        else:
            policy.expose(self.arm, self.context, time_s=time_s)


WITHIN: dict[str, Callable[[], ThompsonSampling]] = {
    "all at once": ThompsonSampling,
    "delayed": lambda: ThompsonSampling(window_s=24 * HOUR_S),
    "of factors": LinearThompsonSampling,
}
TIGHT: dict[str, Callable[[], ThompsonSampling]] = {
    "few arms": lambda: ThompsonSampling(arms_max=2),
    "few arms, delayed": lambda: ThompsonSampling(arms_max=2, window_s=24 * HOUR_S),
    "few contexts": lambda: ThompsonSampling(contexts_max=2),
    "few contexts, delayed": lambda: ThompsonSampling(contexts_max=1, window_s=24 * HOUR_S),
    "few of both": lambda: ThompsonSampling(arms_max=3, contexts_max=2),
    "few of both, of factors": lambda: LinearThompsonSampling(arms_max=2, contexts_max=1),
}
POLICIES = WITHIN | TIGHT
STORIES = st.lists(
    st.builds(
        Told,
        arm=st.sampled_from(["bought_together", "buy_again", "popular", "viewed_together"]),
        context=st.sampled_from(["basket/known", "basket/new", "product_page/new"]),
        rewarded=st.booleans(),
        hour=st.integers(0, 48) | st.integers(0, 20_000),
    ),
    max_size=30,
)


def told(policy: ThompsonSampling, story: list[Told]) -> ThompsonSampling:
    """The policy after all this."""
    for each in story:
        each.tell(policy)
    return policy


def exact(policy: ThompsonSampling) -> str:
    """What must agree, as text."""
    return json.dumps([policy.exact_state(), sorted(policy.left_out())], sort_keys=True)


@pytest.mark.parametrize("kind", POLICIES)
@settings(max_examples=40)
@given(STORIES, st.data())
def test_what_is_exact_is_so_in_any_order(
    kind: str, story: list[Told], data: st.DataObject
) -> None:
    """Which arms and contexts were forgotten is not; that some were is."""
    otherwise = data.draw(st.permutations(story))
    one, other = (told(POLICIES[kind](), order) for order in (story, otherwise))

    assert exact(one) == exact(other)


@pytest.mark.parametrize("kind", POLICIES)
@settings(max_examples=40)
@given(STORIES, st.integers(0, 30))
def test_what_is_exact_outlives_a_restart(kind: str, story: list[Told], at: int) -> None:
    """Also that a table once ran full is remembered."""
    straight = told(POLICIES[kind](), story)
    stopped = told(POLICIES[kind](), story[:at])
    woken = told(type(stopped).from_bytes(stopped.to_bytes()), story[at:])

    assert straight.state() == woken.state()
    assert exact(straight) == exact(woken)


@pytest.mark.parametrize("kind", WITHIN)
@given(STORIES)
def test_within_its_bounds_everything_is_exact(kind: str, story: list[Told]) -> None:
    """Nothing is left out where nothing was forgotten."""
    policy = told(WITHIN[kind](), story)

    assert policy.state() == policy.exact_state()
    assert {} == policy.left_out()


@pytest.mark.parametrize("kind", POLICIES)
@given(STORIES)
def test_what_is_left_out_is_named(kind: str, story: list[Told]) -> None:
    """As soon as there was an arm too many, or a context too many; never sooner."""
    policy = told(POLICIES[kind](), story)
    arms, contexts = ({each[n] for each in story} for n in (0, 1))
    many = len(arms) > policy.arms_max, len(contexts) > policy.contexts_max

    assert ("arms" in policy.left_out()) == many[0]
    assert ("contexts" in policy.left_out()) == any(many)
    assert (policy.exact_state()["arms"] is None) == many[0]
    assert (policy.exact_state()["cells"] is None) == any(many)
