"""Records as a policy reads them: net of what is pending, and of what was before a change."""

import pytest

from models.bandit.changepoints import Changepoints, Discounts
from models.bandit.delayed_rewards import STEPS, DelayedRewards
from models.bandit.effective_records import EffectiveRecords
from models.bandit.records import ArmRecords
from models.bandit.shrinkage import ALL, NO_RECORD, ArmRecord
from models.decay.forward import ForwardDecay

MONDAY = 1_767_225_600
DAY_S = 86_400
WINDOW_S = 6_400.0
HALF_S = WINDOW_S / 2
TOLD = [
    ("curated", "basket", 100, 20),
    ("popular", "basket", 50, 5),
    ("popular", "page", 30, 3),
]
CHANGED: Discounts = {MONDAY // DAY_S - 1: 48, MONDAY // DAY_S: 16}


def effective(window_s: float) -> EffectiveRecords:
    """What was told on Monday, and an arm that was forgotten since."""
    decay = ForwardDecay(8.0 * DAY_S)
    records, weight = ArmRecords(8, 8), decay.weight(MONDAY)
    delayed = DelayedRewards(window_s, decay, 0.05) if window_s else None
    changepoints = Changepoints(decay, 0.0, 20.0)
    for arm, context, trials, rewards in TOLD:
        record = ArmRecord(trials * weight, rewards * weight)
        records.add(arm, context, record)
        changepoints.add(arm, context, record, MONDAY)
        if delayed is not None:
            delayed.add_trial(arm, context, record.trials, MONDAY)
    records.all = records.all.plus(ArmRecord(7 * weight, weight))
    return EffectiveRecords(records, decay, delayed, changepoints, 0.05, 20.0)


@pytest.mark.parametrize("window_s", [0.0, WINDOW_S])
@pytest.mark.parametrize("discounts", [{}, CHANGED])
def test_each_record_loses_first_what_is_discounted_and_then_what_is_pending(
    window_s: float, discounts: Discounts
) -> None:
    """In all contexts and in one; all arms together lose what each of them does."""
    reads, now_s = effective(window_s), MONDAY + round(HALF_S)
    whole = reads.records

    def net(arm: str, context: str, record: ArmRecord) -> ArmRecord:
        if discounts:
            record = reads.changepoints.discounted(arm, context, record, discounts)
        pending = reads.delayed.pending_weight(arm, context, now_s) if reads.delayed else 0
        return ArmRecord(max(0, record.trials - pending), record.rewards)

    nets = {arm: net(arm, ALL, record) for arm, record in whole.arms.items()}
    trials, rewards = (
        whole.all[n] - sum(record[n] - nets[arm][n] for arm, record in whole.arms.items())
        for n in (0, 1)
    )
    here = whole.cells["basket"]

    assert [
        (nets["curated"], net("curated", "basket", here["curated"])),
        (nets["popular"], net("popular", "basket", here["popular"])),
        (NO_RECORD, NO_RECORD),
    ] == reads.pairs(["curated", "popular", "unseen"], "basket", now_s, discounts)
    assert (trials, rewards) == reads.pooled(now_s, discounts)
    assert bool(window_s or discounts) == (reads.pooled(now_s, discounts) != whole.all)
    assert whole.all == effective(window_s).records.all


def test_a_context_without_records_is_read_as_none() -> None:
    """But the arm's record in all contexts is there."""
    reads = effective(0.0)

    assert [(reads.records.arms["popular"], NO_RECORD)] == reads.pairs(
        ["popular"], "elsewhere", MONDAY, {}
    )


@pytest.mark.parametrize(
    ("trials", "rewards", "mean"),
    [(0, 0, 0.05), (80, 9, 0.1), (20, 30, 21 / 40), (20, -5, 1 / 40)],
)
def test_the_mean_of_all_arms_leans_on_its_prior(trials: int, rewards: int, mean: float) -> None:
    """Which is worth twenty trials of one in twenty; no trial has more than one reward."""
    reads, unit = effective(0.0), 1 << 30

    assert mean == pytest.approx(reads.mean(ArmRecord(trials * unit, rewards * unit), unit))


def test_a_whole_window_later_nothing_is_pending() -> None:
    """The records are what they are."""
    reads, later_s = effective(WINDOW_S), MONDAY + round(WINDOW_S * (STEPS + 1) / STEPS)

    assert reads.records.all == reads.pooled(later_s, {})
