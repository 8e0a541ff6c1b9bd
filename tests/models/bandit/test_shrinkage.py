"""Records of trials and rewards, and how a narrow one leans on a wide one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import ThompsonSampling
from models.bandit.shrinkage import NO_RECORD, ArmRecord, Shrinkage

MONDAY = 1_767_225_600
SUMS = st.integers(-1_000, 1_000)


@pytest.mark.parametrize(
    ("record", "mean"),
    [
        (ArmRecord(4, 1), 0.25),
        (ArmRecord(4, 4), 1.0),
        (ArmRecord(4, 9), 1.0),
        (ArmRecord(4, -1), 0.0),
        (ArmRecord(4, 0), 0.0),
        (ArmRecord(0, 3), 0.0),
        (NO_RECORD, 0.0),
    ],
)
def test_a_mean_reward_is_between_nothing_and_one(record: ArmRecord, mean: float) -> None:
    """However many rewards are ahead of their trials, or were taken back."""
    assert mean == record.mean()


def test_what_is_missing_of_trials_leaves_none_less_than_none() -> None:
    """Rewards stay what they are."""
    record = ArmRecord(5, 2)

    assert ArmRecord(3, 2) == record.without(2)
    assert ArmRecord(0, 2) == record.without(5)
    assert ArmRecord(0, 2) == record.without(9)
    assert record == record.without(0)


@given(SUMS, SUMS, SUMS, SUMS)
def test_records_add_up_and_come_back_as_they_were_written(a: int, b: int, c: int, d: int) -> None:
    """Whole numbers of either sign."""
    one, other = ArmRecord(a, b), ArmRecord(c, d)

    assert ArmRecord(a + c, b + d) == one.plus(other)
    assert one.plus(one).plus(one) == one.times(3)
    assert one == ArmRecord.read(one.written())


def test_each_level_leans_on_the_one_above_by_its_strength() -> None:
    """By hand: the mean of all, then 20 trials of it for the arm, then 30 of the arm here."""
    levels = Shrinkage(prior_mean=0.1, prior_strength=10.0, arm_strength=20.0, cell_strength=30.0)
    everything, arm, here = ArmRecord(90, 19), ArmRecord(60, 12), ArmRecord(20, 2)
    ((a, b),) = levels.posteriors(everything, [(arm, here)], now=1)
    mean = (19 + 10 * 0.1) / (90 + 10)
    won, lost = 10 + 20 * mean, 30 + 20 * (1 - mean)
    worth = 30 / (won + lost)

    assert (a, b) == pytest.approx((won * worth + 2, lost * worth + 18))


def test_a_record_elsewhere_is_worth_no_more_than_it_is() -> None:
    """With fewer trials than the strength of a context they all count, once."""
    levels = Shrinkage(prior_mean=0.5, prior_strength=1e9, arm_strength=4.0, cell_strength=30.0)
    ((a, b),) = levels.posteriors(NO_RECORD, [(ArmRecord(10, 3), NO_RECORD)], now=1)

    assert (a, b) == pytest.approx((3 + 2, 7 + 2))


def test_the_ranking_is_by_mean_reward_and_then_by_name() -> None:
    """Not by rewards in all: who is offered most earns most."""
    policy = ThompsonSampling()
    for arm, trials, rewards in (("popular", 9, 3), ("curated", 2, 1), ("buy_again", 6, 2)):
        for n in range(trials):
            policy.expose(arm, "basket/new", time_s=MONDAY)
            if n < rewards:
                policy.reward(arm, "basket/new", 1.0, time_s=MONDAY)

    assert ["curated", "buy_again", "popular"] == policy.ranking


def test_rivers_pull_knows_contexts_apart_and_none_is_one_of_them() -> None:
    """What was told of a context is what is drawn by there, forty times of forty."""
    policy = ThompsonSampling(floor=0.0, cell_strength=1.0, seed=3)
    for context, best in (("a", "popular"), ("b", "curated"), (None, "buy_again")):
        for _ in range(200):
            for arm in ("popular", "curated", "buy_again"):
                policy.update(arm, context, float(arm == best))
    arms = ["popular", "curated", "buy_again"]
    drawn = [{policy.pull(arms, context) for _ in range(40)} for context in ("a", "b", None)]

    assert [{"popular"}, {"curated"}, {"buy_again"}] == drawn


@pytest.mark.parametrize("name", ["prior_strength", "arm_strength", "cell_strength"])
def test_strengths_have_limits(name: str) -> None:
    """From a thousandth of a trial to a billion, both of them included."""
    strengths = {"prior_strength": 20.0, "arm_strength": 20.0, "cell_strength": 30.0}
    for value in (1e-3, 1e9):
        assert value == getattr(Shrinkage(0.05, **{**strengths, name: value}), name)
    for value in (0.9e-3, 1e9 + 0.5):
        with pytest.raises(ValueError, match=name):
            Shrinkage(0.05, **{**strengths, name: value})


def test_a_prior_mean_is_between_nothing_and_one() -> None:
    """A millionth at least, and a millionth less than one at most."""
    for mean in (1e-6, 1.0 - 1e-6):
        assert mean == Shrinkage(mean, 20.0, 20.0, 30.0).prior_mean
    for mean in (0.9e-6, 1.0 - 0.9e-6):
        with pytest.raises(ValueError, match="prior_mean"):
            Shrinkage(mean, 20.0, 20.0, 30.0)
