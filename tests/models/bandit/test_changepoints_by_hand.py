"""What is inferred of changes, by Bayes' rule as it stands in textbooks, a number at a time."""

import math
from collections import defaultdict

import numpy as np
import pytest
from scipy.special import betaln

from models.bandit.changepoints import EPOCHS, Changepoints
from models.bandit.shrinkage import ALL, ArmRecord
from models.bandit.swings import swings
from models.decay.forward import ForwardDecay

MONDAY = 1_767_225_600
DAY_S = 86_400
EPOCH = MONDAY // DAY_S
STRENGTH, RATE, HAZARD_RATE = 20.0, 0.1, 0.005
CELLS = [("curated", "basket"), ("popular", "basket"), ("popular", "page")]

NOT_YET = math.inf
"""No trials that day."""
Rates = dict[tuple[str, str], list[float]]
"""What each arm in a context earns a trial, day by day; 80 trials a day."""
STEADY: Rates = {cell: [0.1] * 6 for cell in CELLS}
WORLDS: dict[str, Rates] = {
    "nothing changes": STEADY,
    "one falls": {**STEADY, CELLS[0]: [0.4, 0.4, 0.4, 0.05, 0.05, 0.05]},
    "one rises a little": {**STEADY, CELLS[1]: [0.1, 0.1, 0.1, 0.1, 0.25, 0.3]},
    "two change on two days": {
        **STEADY,
        CELLS[0]: [0.5, 0.5, 0.1, 0.1, 0.1, 0.1],
        CELLS[2]: [0.05, 0.05, 0.05, 0.05, 0.4, 0.4],
    },
    "all turns in two days": {
        CELLS[0]: [0.7, 0.05],
        CELLS[1]: [0.05, 0.7],
        CELLS[2]: [0.1, 0.1],
    },
    "one begins in the middle": {**STEADY, CELLS[0]: [NOT_YET, NOT_YET, 0.05, 0.05, 0.2, 0.25]},
    "rewards and returns are ahead": {
        **STEADY,
        CELLS[0]: [1.4, 1.2, 1.1, 0.02, 0.02, 0.02],
        CELLS[1]: [-0.3, -0.2, -0.2, 0.5, 0.6, 0.7],
    },
    "hardly anybody buys": {cell: [0.001, 0.001, 0.001, 0.001, 0.06, 0.06] for cell in CELLS[:2]},
    "one comes late": {**STEADY, CELLS[0]: [0.0, 0.0, 0.0, 0.3, 0.3, 0.3]},
}


def told(rates: Rates, window_s: float = 0.0) -> Changepoints:
    """All that happened, an epoch a day; a world of eight days of half-life."""
    decay = ForwardDecay(half_life_s=8 * DAY_S)
    changepoints = Changepoints(decay, window_s=window_s, strength=STRENGTH)
    for (arm, context), days in rates.items():
        for day, rate in enumerate(days):
            weight = decay.weight(MONDAY + day * DAY_S)
            if rate != NOT_YET:
                record = ArmRecord(80 * weight, round(80 * rate * weight))
                changepoints.add(arm, context, record, MONDAY + day * DAY_S)
    return changepoints


def log_marginal(trials: float, rewards: float) -> float:
    """Of a record, under a Beta prior of `STRENGTH` trials that expects `RATE` of each."""
    a, b = STRENGTH * RATE, STRENGTH * (1.0 - RATE)
    won = min(max(rewards, 0.0), trials)
    return float(betaln(a + won, b + trials - won) - betaln(a, b))


def by_hand(rates: Rates) -> list[int]:
    """How far each day is discounted, in 64ths: as probable as it is that a change came later."""
    cells = sorted(rates, key=lambda cell: (cell[1], cell[0]))
    days = len(rates[cells[0]])
    earned = np.array([rates[cell] for cell in cells])
    trials = np.where(earned == NOT_YET, 0.0, 80.0)
    rewards = np.where(earned == NOT_YET, 0.0, 80.0 * earned)
    groups = [["basket", "page"].index(context) for _, context in cells]
    trials = trials * swings(trials, rewards, groups, RATE, STRENGTH)
    weights = [1.0]
    for day in range(1, days):
        factor = 0.0
        for tried, won in zip(trials, rewards, strict=True):
            factor += log_marginal(tried[:day].sum(), won[:day].sum())
            factor += log_marginal(tried[day:].sum(), won[day:].sum())
            factor -= log_marginal(tried.sum(), won.sum())
        weights.append(HAZARD_RATE * math.exp(factor))
    later = [sum(weights[day + 1 :]) / sum(weights) for day in range(days)]
    return [round(64 * share) for share in later]


@pytest.mark.parametrize("world", WORLDS)
def test_the_posterior_of_a_change_is_that_of_the_textbook(world: str) -> None:
    """From no change, and one at the beginning of each epoch but the first, one of 200 before."""
    rates = WORLDS[world]
    found = told(rates).discounts(MONDAY + 6 * DAY_S, RATE)
    expected = by_hand(rates)

    assert (dict(enumerate(expected, EPOCH)) if any(expected) else {}) == found
    assert (world == "nothing changes") == (not found)


@pytest.mark.parametrize("days", [1, 3])
def test_an_epoch_is_judged_when_its_rewards_can_come_no_more(days: int) -> None:
    """So many days after its end; what is not judged is not discounted."""
    changepoints = told(WORLDS["two change on two days"], window_s=days * DAY_S)
    found = changepoints.discounts(MONDAY + 6 * DAY_S, RATE)

    assert list(range(EPOCH, EPOCH + 6 - days)) == list(found)
    assert 0 == found[EPOCH + 5 - days]


@pytest.mark.parametrize("world", ["one falls", "two change on two days"])
def test_a_record_loses_what_is_discounted_of_each_of_its_days(world: str) -> None:
    """By context, and of an arm in all of them; what is older than all days loses most."""
    rates = WORLDS[world]
    changepoints = told(rates)
    discounts = changepoints.discounts(MONDAY + 6 * DAY_S, RATE)
    weight = changepoints.decay.weight
    old = ArmRecord(5 * weight(MONDAY), 2 * weight(MONDAY))
    whole: dict[str, ArmRecord] = defaultdict(lambda: ArmRecord(0, 0))
    kept: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for (arm, context), days in rates.items():
        total, left = old, [each * (64 - discounts[EPOCH]) / 64 for each in old]
        for day, rate in enumerate(days):
            unit = weight(MONDAY + day * DAY_S)
            record = ArmRecord(80 * unit, round(80 * rate * unit))
            total, share = total.plus(record), 1 - discounts[EPOCH + day] / 64
            left = [left[0] + record.trials * share, left[1] + record.rewards * share]
        discounted = changepoints.discounted(arm, context, total, discounts)

        assert left == pytest.approx(list(discounted), rel=1e-9)
        whole[arm] = whole[arm].plus(total)
        kept[arm] = kept[arm][0] + left[0], kept[arm][1] + left[1]
    for arm, total in whole.items():
        discounted = changepoints.discounted(arm, ALL, total, discounts)

        assert kept[arm] == pytest.approx(tuple(discounted), rel=1e-9)


def test_so_many_epochs_are_told_apart_and_older_ones_are_not() -> None:
    """A record of a day that is too old is not taken in; one that grows too old is dropped."""
    decay = ForwardDecay(half_life_s=8 * DAY_S)
    changepoints, one = Changepoints(decay, 0.0, STRENGTH), ArmRecord(1, 0)
    for day in (0, 1, EPOCHS, EPOCHS + 1, 1, 2):
        changepoints.add("popular", "basket", one, MONDAY + day * DAY_S)
    changepoints.add("curated", "page", one, MONDAY + 2 * DAY_S)
    days = {str(EPOCH + day) for day in (2, EPOCHS, EPOCHS + 1)}
    state = changepoints.state()

    assert days == state["epochs"]["basket"]["popular"].keys()
    assert EPOCH + EPOCHS + 1 == state["latest"]
    changepoints.add("popular", "basket", one, MONDAY + (EPOCHS + 2) * DAY_S)
    assert {"basket"} == changepoints.state()["epochs"].keys()
    assert EPOCH + 2 not in changepoints.discounts(MONDAY + 99 * DAY_S, RATE)


@pytest.mark.parametrize("alone", [[], [0.5]], ids=["all days", "a day of its own"])
@pytest.mark.parametrize("asked_before", [True, False])
def test_what_is_forgotten_has_no_say_in_what_changed(
    alone: list[float], *, asked_before: bool
) -> None:
    """As if it had never been told, whether or not somebody had asked before it was forgotten."""
    rates = {**WORLDS["one falls"], CELLS[1]: [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, *alone]}
    changepoints, unaware = told(rates), told({cell: rates[cell] for cell in CELLS[2:]})
    if asked_before:
        assert changepoints.discounts(MONDAY + 9 * DAY_S, RATE)
    changepoints.keep({"page": {"popular": ArmRecord(1, 0)}})

    assert unaware.discounts(MONDAY + 9 * DAY_S, RATE) == changepoints.discounts(
        MONDAY + 9 * DAY_S, RATE
    )
    assert unaware.state()["epochs"] == changepoints.state()["epochs"]
    changepoints.keep({})
    assert {} == changepoints.discounts(MONDAY + 9 * DAY_S, RATE)


def test_before_anything_happened_nothing_is_known_of_changes() -> None:
    """Nor is there a latest day."""
    changepoints = Changepoints(ForwardDecay(8.0 * DAY_S), 0.0, STRENGTH)

    assert {"latest": 0, "epochs": {}} == changepoints.state()
    assert {} == changepoints.discounts(MONDAY, RATE)


def test_a_change_that_nobody_could_miss_is_certain() -> None:
    """A hundred thousand trials a day: Bayes factors beyond all floats."""
    decay = ForwardDecay(half_life_s=8 * DAY_S)
    changepoints = Changepoints(decay, 0.0, STRENGTH)
    for day in range(6):
        for arm, rate in (("curated", 40 if day < 3 else 5), ("popular", 5 if day < 3 else 40)):
            weight = 1_000 * decay.weight(MONDAY + day * DAY_S)
            record = ArmRecord(100 * weight, rate * weight)
            changepoints.add(arm, "basket", record, MONDAY + day * DAY_S)

    discounts = changepoints.discounts(MONDAY + 6 * DAY_S, RATE)

    assert [64, 64, 64, 0, 0, 0] == [*discounts.values()]


def test_arms_that_begin_later_are_no_change() -> None:
    """Three of them on one day: before it nothing is known of them that could differ."""
    late = [NOT_YET] * 3 + [0.1] * 3
    rates = {**dict.fromkeys(CELLS, late), ("curated", "page"): [0.1] * 6}

    assert {} == told(rates).discounts(MONDAY + 6 * DAY_S, RATE)
