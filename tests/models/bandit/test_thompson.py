"""The policy: exact propensities, order-free learning, and it finds what works."""

import inspect
import math
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import bandit
from river.checks import common

from models import Popularity, SnapshotError, ThompsonSampling
from models.bandit.choice import Mode
from models.bandit.propensity import ShareLimits
from tests.leaves import replaced

MONDAY = 1_767_225_600
DAY_S = 86_400
ARMS = ["bought_together", "buy_again", "curated", "popular", "viewed_together"]
CONTEXTS = ["basket/known", "basket/new", "product_page/new"]


class Told(NamedTuple):
    """Something that the policy is told: an exposure (value None) or a reward."""

    arm: str
    context: str
    value: float | None
    time_s: float

    def tell(self, policy: ThompsonSampling) -> None:
        """Tell it."""
        if self.value is None:
            policy.expose(self.arm, self.context, time_s=self.time_s)
        else:
            policy.reward(self.arm, self.context, self.value, time_s=self.time_s)


stories = st.lists(
    st.builds(
        Told,
        arm=st.sampled_from(ARMS),
        context=st.sampled_from(CONTEXTS),
        value=st.none() | st.floats(-1.0, 1.0),
        time_s=st.floats(MONDAY, MONDAY + 300 * DAY_S),
    ),
    max_size=30,
)
offers = st.lists(st.sampled_from([*ARMS, "never seen"]), min_size=1)


def told(story: list[Told], mode: Mode = "best") -> ThompsonSampling:
    """A policy that was told all this."""
    policy = ThompsonSampling(seed=1, mode=mode)
    for event in story:
        event.tell(policy)
    return policy


def record(
    policy: ThompsonSampling, arm: str, *, trials: int, rewards: int, context: str = "basket/new"
) -> None:
    """Tell a policy of so many trials, some of them rewarded, on one Monday."""
    for n in range(trials):
        policy.expose(arm, context, time_s=MONDAY)
        if n < rewards:
            policy.reward(arm, context, 1.0, time_s=MONDAY)


# Propensities


@given(stories, offers, st.sampled_from([0.0, 0.01, 0.05, 0.3]))
def test_propensities_sum_to_one_and_respect_the_floor(
    story: list[Told], offered: list[str], floor: float
) -> None:
    """Whatever was told, in whatever state: even rewards before exposures, even negative ones."""
    policy = ThompsonSampling(floor=floor)
    for event in story:
        event.tell(policy)
    propensities = policy.propensities(offered, "basket/new")

    assert set(offered) == set(propensities)
    assert math.fsum(propensities.values()) == pytest.approx(1.0, abs=1e-12)
    assert min(propensities.values()) >= min(floor, 1 / len(propensities))


def test_a_single_arm_is_certain() -> None:
    """No choice, no doubt."""
    assert {"popular": 1.0} == ThompsonSampling().propensities(["popular"], "basket/new")
    assert ("popular", 1.0) == ThompsonSampling().choose(["popular"], "basket/new", seed=1)[:2]


def test_without_an_arm_there_is_no_choice() -> None:
    """Silence is decided before the policy is asked."""
    with pytest.raises(ValueError, match="no arm is on offer in context 'basket/new'"):
        ThompsonSampling().choose([], "basket/new", seed=1)


def test_more_arms_than_the_floor_allows_share_equally() -> None:
    """Thirty arms cannot have five per cent each."""
    arms = [f"arm-{n}" for n in range(30)]
    policy = ThompsonSampling(floor=0.05)
    record(policy, "arm-7", trials=50, rewards=40)

    assert [pytest.approx(1 / 30)] * 30 == list(policy.propensities(arms, "basket/new").values())


def test_before_anything_is_known_all_arms_are_alike() -> None:
    """The same prior for all."""
    propensities = ThompsonSampling().propensities(ARMS, "basket/new")

    assert [pytest.approx(0.2)] * 5 == list(propensities.values())


@pytest.mark.parametrize("trials", [0, 1, 10_000_000])
@pytest.mark.parametrize("share", [0.0, 0.000_001, 0.5, 1.0, 2.0, -1.0])
def test_extremes_are_no_trouble(trials: int, share: float) -> None:
    """Nothing, one or ten million trials, of which none, all, or impossibly many paid."""
    policy = ThompsonSampling(half_life_s=3600.0)
    weight = policy._decay.weight(MONDAY)
    state = policy.state()
    sums = [f"{trials * weight:x}", f"{round(share * trials) * weight:x}"]
    state |= {"latest_s": MONDAY, "all": sums}
    state |= {"arms": {"popular": sums}, "cells": {"basket/new": {"popular": sums}}}
    policy = ThompsonSampling.from_state(state)
    for context in ("basket/new", "never seen"):
        values = policy.propensities(ARMS, context).values()

        assert math.fsum(values) == pytest.approx(1.0, abs=1e-12)
        assert all(0.05 <= value <= 1.0 for value in values)
        assert 0.0 < policy.estimate("popular", context)[0] < 1.0
    assert policy.propensities(ARMS, "basket/new", time_s=MONDAY + 9_000 * DAY_S)


# Choosing


def test_the_drawn_arm_follows_the_logged_vector() -> None:
    """While it learns: for each arm, choices minus propensities is a martingale.

    3,000 choices, seeds 0 to 2,999. The bound is 4.5 standard deviations of the sum; a sound
    policy would exceed it once in 100,000.
    """
    policy, pays = ThompsonSampling(), random.Random(5)
    drift = dict.fromkeys(ARMS, 0.0)
    variance = dict.fromkeys(ARMS, 0.0)
    for n in range(3_000):
        choice = policy.choose(ARMS, CONTEXTS[n % 3], seed=n)
        policy.expose(choice.arm, CONTEXTS[n % 3], time_s=MONDAY + n)
        if pays.random() < 0.03 + 0.02 * ARMS.index(choice.arm):
            policy.reward(choice.arm, CONTEXTS[n % 3], 1.0, time_s=MONDAY + n)
        for arm, p in choice.propensities.items():
            drift[arm] += (arm == choice.arm) - p
            variance[arm] += p * (1 - p)

    assert all(abs(drift[arm]) < 4.5 * math.sqrt(variance[arm]) for arm in ARMS)


@given(stories, st.permutations(ARMS), st.binary(max_size=20) | st.integers())
def test_a_choice_depends_on_the_offer_not_on_its_order(
    story: list[Told], offered: list[str], seed: bytes | int
) -> None:
    """The same arms, the same seed, the same choice, with the propensity that the vector says."""
    policy = told(story)
    choice = policy.choose(offered, "basket/new", seed)

    assert choice == policy.choose(ARMS, "basket/new", seed)
    assert choice.propensity == choice.propensities[choice.arm]
    assert choice.propensities == policy.propensities(ARMS, "basket/new")


@given(stories, st.sampled_from(ARMS), st.floats(0.001, 1.0), st.floats(0.0, 0.2))
def test_a_choice_is_drawn_from_what_limits_leave(
    story: list[Told], capped: str, cap: float, floor: float
) -> None:
    """The vector that is told is that one: capped, above the floor, and summing to one."""
    policy, limits = told(story), ShareLimits(floor, ((capped, cap), ("never seen", 0.1)))
    choices = [policy.choose(ARMS, "basket/new", n, limits=limits) for n in range(20)]
    vector = choices[0].propensities

    assert vector.keys() == {*ARMS}
    assert math.fsum(vector.values()) == pytest.approx(1.0, abs=1e-12)
    assert vector[capped] <= cap
    assert all(
        share >= min(floor, 1.0 if arm != capped else cap) * (1 - 1e-12)
        for arm, share in vector.items()
    )
    assert all(one.propensity == vector[one.arm] for one in choices)


@given(stories)
def test_limits_of_one_choice_are_none_of_the_next(story: list[Told]) -> None:
    """Nor does asking within limits leave a trace."""
    policy = told(story)
    before = policy.choose(ARMS, "basket/new", 7)
    policy.choose(ARMS, "basket/new", 7, limits=ShareLimits(0.2))
    capped = policy.choose(ARMS, "basket/new", 7, limits=ShareLimits(caps=(("popular", 0.001),)))

    assert before == policy.choose(ARMS, "basket/new", 7)
    assert capped.propensities["popular"] == 0.001
    assert before.estimates == capped.estimates


@given(stories, st.sampled_from(ARMS), st.floats(0.001, 0.2))
def test_arms_that_are_led_and_not_surely_better_are_drawn_for_the_floor(
    story: list[Told], leader: str, floor: float
) -> None:
    """Who surely earns more is not held back; nobody is where the best is looked for."""
    led = tuple(arm for arm in ARMS if arm != leader)
    limits = ShareLimits(floor, leader=leader, led=led)
    policy = told(story)
    choice = policy.choose(ARMS, "basket/new", 7, limits=limits)
    free = policy.choose(ARMS, "basket/new", 7, limits=ShareLimits(floor))
    unbound = ShareLimits(0.0)
    pairs = [policy.choose([arm, leader], "basket/new", 7, limits=unbound) for arm in led]
    better = [pair.propensities[arm] for pair, arm in zip(pairs, led, strict=True)]

    assert math.fsum(choice.propensities.values()) == pytest.approx(1.0, abs=1e-12)
    assert free.estimates == choice.estimates
    for arm, surely in zip(led, better, strict=True):
        if surely < 0.95:
            assert choice.propensities[arm] == pytest.approx(floor)
        else:
            assert choice.propensities[arm] >= free.propensities[arm] * (1 - 1e-9)
    looking = told(story, "identify")
    vectors = [
        looking.choose(ARMS, "basket/new", 7, limits=each).propensities
        for each in (limits, ShareLimits(floor))
    ]
    assert vectors[0] == vectors[1]


def test_an_arm_alone_is_drawn_whatever_its_cap() -> None:
    """Somebody has to be: whether to draw at all is decided before."""
    limits = ShareLimits(caps=(("popular", 0.1),))

    assert 1.0 == ThompsonSampling().choose(["popular"], "basket", 1, limits=limits).propensity


def test_pulls_are_repeatable_by_seed() -> None:
    """River's way of asking: the policy's own generator."""
    one, other = ThompsonSampling(seed=3), ThompsonSampling(seed=3)

    assert [one.pull(ARMS) for _ in range(20)] == [other.pull(ARMS) for _ in range(20)]
    assert len({one.pull(ARMS, "basket/new") for _ in range(50)}) > 1


@given(stories, offers)
def test_reading_changes_nothing(story: list[Told], offered: list[str]) -> None:
    """Asking for unknown arms and contexts leaves no trace, not even in a pickle."""
    policy = told(story)
    before = pickle.dumps(policy)
    policy.propensities(offered, "never seen")
    policy.choose(offered, "basket/new", seed=9)
    policy.estimate("never seen", "never seen")
    str(policy.ranking) + repr(policy)

    assert before == pickle.dumps(policy)


# Learning


@given(stories, st.data())
def test_the_order_of_exposures_and_rewards_does_not_matter(
    story: list[Told], data: st.DataObject
) -> None:
    """Rewards come late, partitions interleave: the same bytes, the same propensities."""
    one, other = told(story), told(data.draw(st.permutations(story)))

    assert one.to_bytes() == other.to_bytes()
    assert one.propensities(ARMS, "basket/new") == other.propensities(ARMS, "basket/new")


@given(stories, st.integers(0, 30))
def test_a_snapshot_and_the_rest_of_the_log_are_the_whole_log(
    story: list[Told], split: int
) -> None:
    """Whenever it was taken."""
    continued = ThompsonSampling.from_bytes(told(story[:split]).to_bytes())
    for event in story[split:]:
        event.tell(continued)

    assert told(story).to_bytes() == continued.to_bytes()
    assert told(story).propensities(ARMS, "x") == continued.propensities(ARMS, "x")


@given(stories, st.floats(0.0, 1.0))
def test_a_return_reverses_a_reward_exactly(story: list[Told], value: float) -> None:
    """As if it had never been earned."""
    policy = told([*story, Told("popular", "basket/new", None, MONDAY)])
    before = policy.to_bytes()
    policy.reward("popular", "basket/new", value, time_s=MONDAY)
    policy.reward("popular", "basket/new", -value, time_s=MONDAY)

    assert before == policy.to_bytes()


def test_learning_finds_the_better_arm() -> None:
    """Twenty of a hundred against five: hardly a doubt; the loser keeps its floor."""
    policy = ThompsonSampling()
    record(policy, "bought_together", trials=100, rewards=20)
    record(policy, "popular", trials=100, rewards=5)
    propensities = policy.propensities(["popular", "bought_together"], "basket/new")

    assert propensities["bought_together"] > 0.93
    assert policy.ranking == ["bought_together", "popular"]


def test_regret_is_far_below_that_of_choosing_evenly() -> None:
    """Four arms paying .04, .05, .06 and .12; 5,000 choices, seeds 0 to 3, rewards 50 late.

    Choosing evenly costs 5,000 x (.12 - .0675) = 262 rewards a run. The floor of .05 alone costs
    5,000 x .05 x (.08 + .07 + .06) = 52. The mean of four runs must stay below half of evenly: its
    standard deviation over runs is about 20.
    """
    pays = dict(zip(ARMS, [0.04, 0.05, 0.06, 0.12], strict=False))
    regrets = []
    for seed in range(4):
        policy, world, late, regret = ThompsonSampling(), random.Random(seed), [], 0.0
        for n in range(5_000):
            choice = policy.choose(list(pays), "basket/new", seed=seed * 5_000 + n)
            policy.expose(choice.arm, "basket/new", time_s=MONDAY + n)
            late.append((choice.arm, world.random() < pays[choice.arm]))
            if n >= 50 and late[n - 50][1]:
                policy.reward(late[n - 50][0], "basket/new", 1.0, time_s=MONDAY + n - 50)
            regret += 0.12 - pays[choice.arm]
        regrets.append(regret)

    assert sum(regrets) / 4 < 131


def test_worlds_change() -> None:
    """What worked a year ago gives way to what has worked this week."""
    policy = ThompsonSampling(half_life_s=14.0 * DAY_S)
    record(policy, "popular", trials=1_000, rewards=300)
    for n in range(200):
        time_s = MONDAY + 365 * DAY_S + n
        for arm, one_in in (("popular", 50), ("bought_together", 10)):
            policy.expose(arm, "basket/new", time_s=time_s)
            if n % one_in == 0:
                policy.reward(arm, "basket/new", 1.0, time_s=time_s)
    propensities = policy.propensities(["popular", "bought_together"], "basket/new")

    assert propensities["bought_together"] > 0.9
    assert policy.estimate("popular", "basket/new")[1] == pytest.approx(200, rel=0.01)


# Shrinkage


def test_a_new_context_leans_on_the_arms_record_elsewhere() -> None:
    """What is known of an arm is the first guess for it anywhere."""
    policy = ThompsonSampling()
    record(policy, "bought_together", trials=2_000, rewards=400, context="basket/known")
    record(policy, "popular", trials=2_000, rewards=100, context="basket/known")
    mean, trials = policy.estimate("bought_together", "product_page/new")

    assert mean == pytest.approx(0.2, abs=0.005)
    assert 0.0 == trials
    assert policy.propensities(["popular", "bought_together"], "new")["bought_together"] > 0.9


def test_a_new_arm_inherits_the_mean_of_all() -> None:
    """It starts neither as a hope nor as a loss."""
    policy = ThompsonSampling()
    record(policy, "bought_together", trials=1_000, rewards=200)
    record(policy, "popular", trials=1_000, rewards=100)

    assert policy.estimate("curated", "basket/new")[0] == pytest.approx(0.15, abs=0.002)


def test_a_contexts_own_record_wins_in_the_end() -> None:
    """Elsewhere is worth cell_strength trials at most, here as many as there were."""
    policy = ThompsonSampling(cell_strength=30.0)
    record(policy, "popular", trials=5_000, rewards=2_500, context="basket/known")
    record(policy, "popular", trials=270, rewards=27, context="basket/new")

    assert policy.estimate("popular", "basket/new")[0] == pytest.approx(
        (0.5 * 30 + 27) / 300, abs=0.001
    )


def test_a_contexts_own_record_is_not_elsewhere() -> None:
    """The only context of an arm: 80 trials of its own, and 20 of the prior, here .5 for sure."""
    policy = ThompsonSampling(
        prior_mean=0.5, prior_strength=1e9, arm_strength=20.0, cell_strength=30.0
    )
    record(policy, "popular", trials=80, rewards=0)

    assert policy.estimate("popular", "basket/new")[0] == pytest.approx(10 / 100)


def test_a_reward_ahead_of_its_exposure_is_one_trial_at_most() -> None:
    """Partitions interleave: for a moment there are more rewards than trials."""
    policy = ThompsonSampling()
    policy.reward("popular", "basket/new", 1.0, time_s=MONDAY)
    early, _ = policy.estimate("popular", "basket/new")
    policy.expose("popular", "basket/new", time_s=MONDAY)

    assert early == pytest.approx(0.05)
    assert policy.estimate("popular", "basket/new")[0] > early


# Limits


@pytest.mark.parametrize("value", [1.01, -1.01, float("nan"), float("inf")])
def test_a_reward_is_between_minus_one_and_one(value: float) -> None:
    """Cap money before it gets here."""
    policy = ThompsonSampling()
    with pytest.raises(ValueError, match="value"):
        policy.reward("popular", "basket/new", value, time_s=MONDAY)

    assert ThompsonSampling().to_bytes() == policy.to_bytes()


def test_a_time_beyond_reason_is_refused_whole() -> None:
    """Milliseconds for seconds: an error, and nothing half learned."""
    policy = ThompsonSampling()
    with pytest.raises(ValueError, match="2100"):
        policy.expose("popular", "basket/new", time_s=MONDAY * 1000.0)

    assert ThompsonSampling().to_bytes() == policy.to_bytes()


@pytest.mark.parametrize("at_s", [float("nan"), float("inf"), MONDAY * 1000.0])
@pytest.mark.parametrize("window_s", [0.0, 6_400.0])
def test_a_reward_that_came_at_no_time_is_refused_whole(window_s: float, at_s: float) -> None:
    """Nothing of it is learned."""
    policy = ThompsonSampling(window_s=window_s)
    policy.expose("popular", "basket", time_s=MONDAY)
    before = policy.state()
    with pytest.raises(ValueError, match="seconds"):
        policy.reward("popular", "basket", 1.0, time_s=MONDAY, at_s=at_s)

    assert before == policy.state()


@pytest.mark.parametrize("time_s", [float("nan"), float("inf"), MONDAY * 1000.0])
def test_nothing_is_read_at_no_time(time_s: float) -> None:
    """The error says what a time is."""
    policy = ThompsonSampling()
    with pytest.raises(ValueError, match="give seconds"):
        policy.propensities(ARMS, "basket", time_s=time_s)
    with pytest.raises(ValueError, match="give seconds"):
        policy.choose(ARMS, "basket", 1, time_s=time_s)


@pytest.mark.parametrize(
    "argument",
    [
        {"floor": 1.5},
        {"floor": -0.1},
        {"prior_mean": 0.0},
        {"cell_strength": 0.0},
        {"arms_max": 0},
        {"contexts_max": 0},
        {"half_life_s": 0.0},
    ],
    ids=str,
)
def test_arguments_have_limits(argument: dict[str, float]) -> None:
    """Each is named in its error."""
    with pytest.raises(ValueError, match=next(iter(argument))):
        ThompsonSampling(**argument)  # type: ignore[arg-type]


def test_memory_is_bounded_when_ten_times_more_contexts_arrive() -> None:
    """Arms and contexts that hardly anybody uses are forgotten, those in use stay."""
    policy, sizes = ThompsonSampling(arms_max=8, contexts_max=20), []
    for n in range(5_000):
        policy.expose(f"arm-{n}", f"context-{n}", time_s=MONDAY + n)
        policy.expose("popular", "basket/new", time_s=MONDAY + n)
        policy.reward("popular", "basket/new", 1.0, time_s=MONDAY + n)
        if n in {499, 4_999}:
            sizes.append(policy._raw_memory_usage)

    assert sizes[1] <= 2 * sizes[0]
    assert policy.estimate("popular", "basket/new")[0] > 0.99
    assert len(policy.ranking) <= 8


def test_who_asks_later_finds_less_evidence() -> None:
    """Half of it a half-life later; before the latest exposure, as much as then."""
    policy = ThompsonSampling(half_life_s=7.0 * DAY_S)
    for _ in range(40):
        policy.expose("popular", "basket", time_s=MONDAY)
    for days, trials in ((-1, 40.0), (0, 40.0), (7, 20.0), (14, 10.0)):
        time_s = MONDAY + days * DAY_S

        assert trials == pytest.approx(policy.estimate("popular", "basket", time_s=time_s)[1])


def test_a_choice_says_what_was_expected_of_each_arm_and_shares_nothing() -> None:
    """Whoever changes what it says changes no later choice."""
    policy = ThompsonSampling()
    for n in range(40):
        policy.expose(ARMS[n % 2], "basket", time_s=MONDAY)
        if n % 4 == 0:
            policy.reward(ARMS[0], "basket", 1.0, time_s=MONDAY)
    choice = policy.choose(ARMS, "basket", seed=1)
    means = {arm: policy.estimate(arm, "basket")[0] for arm in ARMS}

    assert means == choice.estimates
    assert means[choice.arm] == choice.estimate
    assert choice.propensities[choice.arm] == choice.propensity
    choice.estimates.clear()
    choice.propensities.clear()
    assert means == policy.choose(ARMS, "basket", seed=1).estimates
    assert {*ARMS} == policy.choose(ARMS, "basket", seed=1).propensities.keys()


@pytest.mark.parametrize(
    "path", [("latest_s",), ("exposures_all",), ("changes", "latest"), ("delays", "latest")]
)
def test_a_state_of_less_than_nothing_is_refused(path: tuple[str, ...]) -> None:
    """Nothing happened before 1970, or less than never."""
    policy = ThompsonSampling(window_s=6_400.0)
    policy.expose("popular", "basket", time_s=MONDAY)

    assert (
        replaced(policy.state(), path, 0)
        == ThompsonSampling.from_state(replaced(policy.state(), path, 0)).state()
    )
    with pytest.raises(SnapshotError):
        ThompsonSampling.from_state(replaced(policy.state(), path, -1))


def test_a_snapshot_of_something_else_is_refused() -> None:
    """A policy is not made of popularity."""
    with pytest.raises(SnapshotError, match="a snapshot of Popularity"):
        ThompsonSampling.from_bytes(Popularity().to_bytes())


# River

RIVER_CHECKS = [
    common.check_repr,
    common.check_str,
    common.check_clone_same_class,
    common.check_clone_is_idempotent,
    common.check_init_has_default_params_for_tests,
    common.check_init_default_params_are_not_mutable,
    common.check_doc,
    common.check_clone_changes_memory_addresses,
    common.check_mutate_can_be_idempotent,
    common.check_pickling_supports_roundtrip,
    common.check_repr_roundtrips_clone,
    common.check_clone_with_new_params_applies,
    common.check_get_params_matches_signature,
]
"""All general checks of `river.checks.yield_checks` but `check_tags`: River's policies are no
estimators and have no tags. Those with data ask for `learn_one`, which no policy has."""


@pytest.mark.parametrize("check", RIVER_CHECKS)
def test_river_finds_a_good_citizen(check: Callable[..., None]) -> None:
    """River's own general checks, some of which River's own policies fail."""
    check(ThompsonSampling(seed=3))


def test_importing_it_does_not_import_what_river_needs_for_its_own_policies() -> None:
    """Three seconds of the start of every worker and of every command."""
    code = "import sys, models; print(*{'river.bandit', 'scipy.stats'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert "" == done.stdout.strip()


def test_it_answers_to_all_that_rivers_contextual_policies_answer_to() -> None:
    """The same public names; its methods take what theirs take, by position and by name."""
    theirs, ours = bandit.base.ContextualPolicy, ThompsonSampling
    names = {name for name in dir(theirs) if not name.startswith("_")}

    assert names <= set(dir(ours))
    for method in ("pull", "update"):
        wanted = inspect.signature(getattr(theirs, method)).parameters
        assert list(wanted) == list(inspect.signature(getattr(ours, method)).parameters)


def test_rivers_offline_evaluation_works() -> None:
    """Replay of logged choices: the policy keeps to those that paid."""
    bandit.base.ContextualPolicy.register(ThompsonSampling)
    arms: list[bandit.base.ArmID] = ["curated", "popular"]
    pays, rng = {"curated": 0.1, "popular": 0.5}, random.Random(11)
    chosen = [rng.choice(["curated", "popular"]) for _ in range(2_000)]
    history: Any = ((arms, "basket", arm, float(rng.random() < pays[arm])) for arm in chosen)
    policy: Any = ThompsonSampling(seed=5)
    total, used = bandit.evaluate_offline(policy=policy, history=history)

    assert 600 < used < 1_400
    assert (total.get() or 0.0) / used > 0.4


def test_update_is_an_exposure_and_its_reward() -> None:
    """At one fixed time for all."""
    policy = ThompsonSampling()
    for reward in (1.0, 0.0, 0.5):
        policy.update("popular", None, reward)
    mean, trials = policy.estimate("popular", "")

    assert 3.0 == trials
    assert mean == pytest.approx((1.5 + 20 * (1.5 + 0.05 * 20) / 23) / 23)


@pytest.mark.parametrize(
    "windows",
    [{}, {"settle_s": DAY_S}, {"window_s": DAY_S}],
    ids=["at once", "settled later", "delayed"],
)
def test_what_is_taken_back_was_never_told(windows: dict[str, Any]) -> None:
    """A return: sums, delays and changes are as they would be without that reward."""
    kept, told = (ThompsonSampling(**windows) for _ in range(2))
    for policy in (kept, told):
        policy.expose("popular", "basket/new", time_s=MONDAY)
        policy.reward("popular", "basket/new", 0.25, time_s=MONDAY, at_s=MONDAY + 60)
    told.reward("popular", "basket/new", 0.5, time_s=MONDAY, at_s=MONDAY + DAY_S / 3)
    rewarded = told.state()
    told.take_back("popular", "basket/new", 0.5, time_s=MONDAY, at_s=MONDAY + DAY_S / 3)

    assert rewarded != kept.state() == told.state()
