"""What is said of arms: from what a worker really logs, and when prompts get lost."""

import io
import json
import random

import pytest
from rich.console import Console

from models import ThompsonSampling
from streams.experiments.arm_estimates import GROUPS_MAX, ArmEstimates, sample_ratio_alarms
from streams.experiments.evidence.arm_tables import evidence_json, evidence_table
from streams.experiments.evidence.conclusion import best_arm
from streams.experiments.impressions import Trial, Trials

RATES = {"bought_together": 0.2, "buy_again": 0.05, "popular": 0.05}
MONDAY = 1_767_225_600
COLUMNS = 100


def bandit(decisions: int = 4_000) -> list[Trial]:
    """The trials of a policy that learns; rewards are drawn by the number of the decision."""
    policy, trials = ThompsonSampling(), []
    for number in range(decisions):
        offered = list(RATES) if number % 3 else ["bought_together", "popular"]
        choice = policy.choose(offered, "basket/new", seed=number)
        reward = float((number * 7_919) % 10_007 < RATES[choice.arm] * 10_007)
        policy.expose(choice.arm, "basket/new", time_s=MONDAY + number)
        if reward:
            policy.reward(choice.arm, "basket/new", reward, time_s=MONDAY + number)
        logged = (choice.arm, "basket/new", choice.propensities, choice.estimates, reward)
        trials.append(Trial(*logged))
    return trials


@pytest.fixture(scope="module")
def evidence() -> ArmEstimates:
    """What such a bandit taught."""
    found = ArmEstimates()
    found.add(bandit())
    return found


def test_the_bounds_hold_the_truth_and_find_the_better_arm(evidence: ArmEstimates) -> None:
    """Four times the rate, in 4,000 decisions (fixed draws)."""
    best, *others = evidence.rows()

    assert ("bought_together", True) == (best.arm, best.p_best > 0.99)
    for row in (best, *others):
        assert row.estimate is not None
        assert row.estimate.low <= RATES[row.arm] <= row.estimate.high
    assert best.difference is not None
    assert best.p is not None
    assert (best.difference.low > 0, best.p < 0.05) == (True, True)
    assert all(row.p is None or row.p > 0.05 for row in others)


def test_what_is_compared_with_is_not_compared_with_itself(evidence: ArmEstimates) -> None:
    """It has an estimate all the same."""
    (popular,) = (row for row in evidence.rows() if row.arm == "popular")

    assert (None, None) == (popular.difference, popular.p)
    assert popular.estimate is not None


def test_evidence_comes_in_parts(evidence: ArmEstimates) -> None:
    """Whoever watches folds what has come since the last look."""
    parts, trials = ArmEstimates(), bandit()
    for begin in range(0, len(trials), 333):
        parts.add(trials[begin : begin + 333])

    whole, found = evidence.rows(), parts.rows()

    assert [row[:3] for row in whole] == [row[:3] for row in found]
    assert [pytest.approx(row.estimate) for row in whole] == [row.estimate for row in found]


def test_lost_prompts_are_an_alarm(evidence: ArmEstimates) -> None:
    """A page that cannot show half of one arm's prompts."""
    lossy = ArmEstimates()
    lossy.add(t for n, t in enumerate(bandit()) if t.arm != "bought_together" or n % 2)

    assert [] == sample_ratio_alarms(evidence.rows())
    assert "bought_together" in sample_ratio_alarms(lossy.rows())
    assert "prompts get lost" in drawn(lossy)


def test_a_log_without_expectations_will_do() -> None:
    """Prompts of before they were logged: the same truth, by inverse propensities alone."""
    bare = ArmEstimates()
    bare.add(trial._replace(estimates={}) for trial in bandit())

    for row in bare.rows():
        assert row.estimate is not None
        assert row.estimate.low <= RATES[row.arm] <= row.estimate.high


def test_sets_of_arms_are_bounded() -> None:
    """Records may come from anybody."""
    evidence = ArmEstimates()
    evidence.add(
        Trial("popular", "", {"popular": 0.5, f"arm-{number}": 0.5}, {}, 0.0)
        for number in range(GROUPS_MAX + 10)
    )

    assert (GROUPS_MAX, 10) == (len(evidence.groups), evidence.left_out)


def drawn(evidence: ArmEstimates, columns: int = COLUMNS) -> str:
    """The table as a terminal shows it."""
    text = io.StringIO()
    Console(file=text, width=columns).print(evidence_table(evidence, Trials()))
    return text.getvalue()


def test_the_table_fits_a_terminal(evidence: ArmEstimates) -> None:
    """Of 100 columns, and no number is cut."""
    lines = drawn(evidence).splitlines()

    assert max(map(len, lines)) <= COLUMNS
    assert not any("…" in line for line in lines)
    assert any("bought_together" in line and "> 99.9%" in line for line in lines)
    assert not any("100.0%" in line for line in lines)


@pytest.mark.parametrize("columns", [80, 60])
def test_a_narrow_terminal_has_lines_with_every_name_whole(
    evidence: ArmEstimates, columns: int
) -> None:
    """Columns that do not fit are lines below the arm: nothing is cut, each figure has its name."""
    lines = drawn(evidence, columns).splitlines()

    assert max(map(len, lines)) <= columns
    assert not any("…" in line for line in lines)
    assert set(RATES) <= set(lines)
    assert 3 == "\n".join(lines).count("95 % at any look: ")
    assert any("more than popular: +" in line for line in lines)


def test_an_arm_is_said_to_be_best_with_its_unit_and_its_bounds(evidence: ArmEstimates) -> None:
    """And in the JSON with the same names."""
    said = " ".join(drawn(evidence).split())
    best = evidence_json(evidence, Trials())["best"]

    assert "bought_together is best: .2" in said
    assert "an impression (95 % at any look ." in said
    assert "1 = bought); the others are worse" in said
    assert ("bought_together", True, []) == (best["arm"], best["decided"], best["undecided"])
    assert {"buy_again", "popular"} == set(best["worse"])


def test_it_is_said_when_it_is_too_early_to_say() -> None:
    """Which arm leads, and what it is not told apart from."""
    early = ArmEstimates()
    early.add(bandit(60))
    said = " ".join(drawn(early).split())

    assert "too early to say which arm is best: bought_together leads with ." in said
    assert "not told apart from " in said
    assert not evidence_json(early, Trials())["best"]["decided"]


def test_what_is_too_early_to_say_is_not_called_certain() -> None:
    """P(best) does not know that one looks every day: it is rounded down, and never to 100 %."""
    half, early = {"buy_again": 0.5, "popular": 0.5}, ArmEstimates()
    early.add(
        Trial(arm, "", half, {}, float(n % every == 0))
        for n in range(60)
        for arm, every in (("buy_again", 2), ("popular", 8))
    )
    said = " ".join(drawn(early).split())

    assert "too early to say which arm is best: buy_again leads" in said
    assert "> 99.9%" in said
    assert "100" not in said


def test_no_arm_leads_before_thirty_impressions_are_settled() -> None:
    """Two clicks of four are luck; how many there are is said."""
    early, enough = ArmEstimates(), ArmEstimates()
    early.add(bandit(29))
    enough.add(bandit(30))

    said = " ".join(drawn(early).split())
    assert "too early to say which arm is best: only 29 of 30 impressions are settled" in said
    assert "leads" not in said
    assert "leads with" in " ".join(drawn(enough).split())


def test_what_was_settled_is_called_so(evidence: ArmEstimates) -> None:
    """Beside pulls, the prompts that an arm was chosen for, settled or not."""
    assert any("settled" in line and "reward" in line for line in drawn(evidence).splitlines())
    assert "  settled: " in drawn(evidence, 60)


def test_no_arm_is_best_while_prompts_get_lost() -> None:
    """Nothing else is to be trusted then."""
    lossy = ArmEstimates()
    lossy.add(t for n, t in enumerate(bandit()) if t.arm != "bought_together" or n % 2)

    assert "sample ratio ALARM" in drawn(lossy)
    assert not evidence_json(lossy, Trials())["best"]["decided"]


def test_arms_that_never_met_are_not_told_apart() -> None:
    """Who was offered one was never offered the other: they may differ in anything."""
    apart = ArmEstimates()
    apart.add([Trial("buy_again", "", {"buy_again": 1.0}, {}, 1.0)] * 3_000)
    apart.add([Trial("popular", "", {"popular": 1.0}, {}, 0.0)] * 3_000)

    assert "not told apart from popular" in " ".join(drawn(apart).split())


@pytest.mark.parametrize("against", ["popular", "buy_again"])
def test_one_arm_compared_with_another_is_a_row_without_a_difference(against: str) -> None:
    """One settled trial, one arm on offer."""
    evidence = ArmEstimates(against=against)
    evidence.add([Trial("popular", "", {"popular": 1.0}, {}, 1.0)])
    (row,) = evidence.rows()

    assert ("popular", None, None) == (row.arm, row.difference, row.p)
    assert "popular is the only arm that was on offer" in " ".join(drawn(evidence).split())
    assert (against == "buy_again") == ("buy_again was not on offer" in drawn(evidence))


def test_when_an_impression_is_judged_is_said_in_words(evidence: ArmEstimates) -> None:
    """Purchases count for longer than rewards are waited for."""
    said = " ".join(drawn(evidence).split())

    assert "an impression is judged 10 min after it was shown" in said
    assert "purchases count for 24 h: --settle 86400 waits for them" in said


def test_the_json_says_what_the_table_says(evidence: ArmEstimates) -> None:
    """And is JSON."""
    told = json.loads(json.dumps(evidence_json(evidence, Trials(settle_ms=5_000))))
    best = told["arms"][0]

    assert ("popular", 0.05, 5.0, 0, False) == (
        told["against"],
        told["floor"],
        told["settle_s"],
        told["pending"],
        told["sample_ratio_alarm"],
    )
    assert {"value", "low", "high"} == set(best["estimate"]) == set(best["difference"])
    assert {"arm", "trials", "drawn", "p", "p_best", "expected_loss", "sample_ratio_p"} <= set(best)


def test_nothing_is_said_of_nothing() -> None:
    """An empty log."""
    assert [] == ArmEstimates().rows()
    assert "0 impressions are pending" in drawn(ArmEstimates())
    assert "nothing is settled yet" in drawn(ArmEstimates())
    assert "P(best)" not in drawn(ArmEstimates())


def test_an_arm_that_earns_less_than_it_did_is_named() -> None:
    """By a change that is 99 % probable: .3 falls to .05 after 3,000 of 6,000 trials."""
    dice, evidence, both = random.Random(5), ArmEstimates(), {"popular": 0.5, "buy_again": 0.5}
    for n in range(6_000):
        rate = 0.05 if n >= 3_000 else 0.3
        earned = {"popular": rate, "buy_again": 0.3}
        arm = ("popular", "buy_again")[n % 2]
        evidence.add([Trial(arm, "", both, both, float(dice.random() < earned[arm]), shown_s=n)])
    rows = {row.arm: row for row in evidence.rows()}

    assert (0, None) == (rows["buy_again"].changes, rows["buy_again"].changed_s)
    assert rows["popular"].changed_s is not None
    assert 3_000 < rows["popular"].changed_s < 3_500
    assert "what popular earns has changed: established 1970-01-01 00:5" in drawn(evidence)


def test_that_an_arm_has_changed_is_said_once_and_does_not_flicker() -> None:
    """Every day the log is read anew, its 8 partitions in whatever order the broker hands out.

    After two weeks of .2 popular earns .1. (An alarm by the order of outcomes, as ADWIN's, was
    raised on some days and not on others.)
    """
    dice, log = random.Random(3), list[tuple[int, Trial]]()
    for n in range(28 * 200):
        partition, rate = dice.randrange(8), 0.2 if n < 14 * 200 else 0.1
        earned = float(dice.random() < rate)
        log.append(
            (partition, Trial("popular", "", {"popular": 1.0}, {}, earned, MONDAY + n * 432))
        )
    said = []
    for day in range(8, 29):
        known = [one for one in log if one[1].shown_s < MONDAY + day * 86_400]
        order = random.Random(day).sample(range(8), 8)
        evidence = ArmEstimates()
        evidence.add(trial for _, trial in sorted(known, key=lambda one: order.index(one[0])))
        (row,) = evidence.rows()
        said.append(row.changed_s and (row.changed_s - MONDAY) / 86_400)

    noticed = said.index(next(day for day in said if day))
    assert 14 < noticed + 8 < 18
    assert [None] * noticed == said[:noticed]
    assert all(
        day is not None and day == pytest.approx(said[-1], abs=1.5) for day in said[noticed:]
    )


def test_equal_arms_are_not_said_to_differ_however_often_one_looks() -> None:
    """Ten shops with two arms that earn the same, looked at 30 times each: none is ever best."""
    both = {"popular": 0.5, "buy_again": 0.5}
    for seed in range(10):
        dice, evidence = random.Random(seed), ArmEstimates()
        for _ in range(30):
            evidence.add(
                Trial(dice.choice(list(both)), "", both, both, float(dice.random() < 0.2))
                for _ in range(100)
            )

            assert not best_arm(evidence, evidence.rows()).decided


def test_an_arm_below_the_floor_in_part_of_the_log_is_not_judged_by_the_rest() -> None:
    """It earns .9 where it is drawn seldom, and nothing elsewhere: no arm is best, nor worse."""
    dice, evidence = random.Random(3), ArmEstimates()
    for n in range(6_000):
        chances = {"bought_together": 0.98, "popular": 0.02} if n % 2 else dict.fromkeys(RATES, 0.5)
        chances.pop("buy_again", None)
        arm = dice.choices([*chances], [*chances.values()])[0]
        earns = (0.9 if n % 2 else 0.0) if arm == "popular" else 0.3
        trial = Trial(arm, "", chances, {}, float(dice.random() < earns))
        evidence.add([trial])
    said, told = " ".join(drawn(evidence).split()), evidence_json(evidence, Trials())

    assert "nothing can be said of popular: it was drawn below the floor in 3,000 of 6,000" in said
    assert "is best:" not in said
    assert (False, [], ["popular"]) == (
        *(told["best"][name] for name in ("decided", "worse", "unknown")),
    )
    assert all(row["difference"] is None and row["p"] is None for row in told["arms"])
    assert {"popular": 3_000, "bought_together": 0} == {
        row["arm"]: row["left_out"] for row in told["arms"]
    }


def test_an_arm_below_the_floor_says_nothing_against_what_the_others_show() -> None:
    """One that is ramped up from 1 %: the others are judged; it is named, and stands last."""
    chances, earns = {"a": 0.6, "b": 0.39, "new": 0.01}, {"a": 0.5, "b": 0.2, "new": 0.9}
    dice, evidence = random.Random(5), ArmEstimates()
    for _ in range(4_000):
        arm = dice.choices([*chances], [*chances.values()])[0]
        evidence.add([Trial(arm, "", chances, {}, float(dice.random() < earns[arm]))])
    found = best_arm(evidence, evidence.rows())

    assert ("a", True, ["b"], ["new"]) == (found.arm, found.decided, found.worse, found.unknown)
    said = " ".join(drawn(evidence).split())
    assert "a beats b: " in said
    assert "nothing can be said of new: it was drawn below the floor in 4,000 of 4,000" in said


def test_an_arm_of_which_nothing_is_said_stands_last() -> None:
    """Though luck has it first: it was on offer as often as the others, and then hardly drawn."""
    evidence = ArmEstimates()
    even = dict.fromkeys(("a", "b", "x"), 1 / 3)
    evidence.add(Trial("abx"[n % 3], "", even, {}, float(n % 3 == 2)) for n in range(600))
    seldom = {"a": 0.5, "b": 0.49, "x": 0.01}
    evidence.add(Trial("ab"[n % 2], "", seldom, {}, 0.0) for n in range(2_000))

    assert "x" == evidence.rows()[-1].arm


def test_two_arms_are_not_told_apart_by_half_of_what_they_were_on_offer_in_together() -> None:
    """However often one of them was on offer alone."""
    dice, evidence = random.Random(7), ArmEstimates()
    evidence.add([Trial("popular", "", {"popular": 1.0}, {}, 0.0)] * 20_000)
    for chances, earns in (
        ({"popular": 0.02, "b": 0.98}, {"popular": 0.9, "b": 0.1}),
        ({"popular": 0.5, "b": 0.5}, {"popular": 0.1, "b": 0.5}),
    ):
        for _ in range(1_000):
            arm = dice.choices([*chances], [*chances.values()])[0]
            evidence.add([Trial(arm, "", chances, {}, float(dice.random() < earns[arm]))])

    assert [] == evidence.unknown()
    assert {} == evidence.pairs()
    assert all(row.difference is None for row in evidence.rows())


def test_a_few_below_the_floor_are_told_and_the_rest_is_judged() -> None:
    """Four in a hundred."""
    evidence = ArmEstimates()
    evidence.add([Trial("popular", "", {"popular": 0.98, "buy_again": 0.02}, {}, 1.0)] * 80)
    half = {"popular": 0.5, "buy_again": 0.5}
    for arm in half:
        evidence.add([Trial(arm, "", half, {}, float(arm == "buy_again"))] * 960)
    said = " ".join(drawn(evidence).split())

    assert "buy_again is best" in said
    assert "what is said of buy_again, as drawn below the floor: 80 of 2,000 impressions" in said
    assert "< .001" in said


def test_the_leader_is_that_of_the_differences_and_not_of_plain_means() -> None:
    """Simpson: the worse arm is drawn where everything earns more."""
    evidence = ArmEstimates()
    for good, share in ((True, 0.9), (False, 0.1)):
        chances = {"popular": share, "buy_again": 1.0 - share}
        for arm, p in chances.items():
            rate = (0.6 if good else 0.1) + (0.1 if arm == "buy_again" else 0.0)
            shown = round(300 * p)
            evidence.add(Trial(arm, "", chances, {}, float(n < rate * shown)) for n in range(shown))
    leader, other = evidence.rows()

    assert leader.p_best < other.p_best
    assert "buy_again" == leader.arm == best_arm(evidence, [other, leader][::-1]).arm
    assert "buy_again leads with" in " ".join(drawn(evidence).split())
    assert "*" not in drawn(evidence)


def test_rewards_of_other_impressions_are_marked_and_do_not_stand_first() -> None:
    """Popular is on offer where everything earns more, and earns less than what is beside it."""
    evidence, both = ArmEstimates(), {"buy_again": 0.5, "popular": 0.5}
    for arm, reward in (("buy_again", 1.0), ("popular", 0.7)):
        evidence.add([Trial(arm, "", both, {}, reward)] * 1_000)
    evidence.add([Trial("buy_again", "", {"buy_again": 1.0}, {}, 0.0)] * 2_000)
    best, worse = evidence.rows()
    assert best.estimate is not None
    assert worse.estimate is not None
    told = evidence_json(evidence, Trials())["arms"]

    assert ("buy_again", True) == (best.arm, best.estimate.value < worse.estimate.value)
    assert "* not comparable but by differences, as not always on offer: popular in 50 %" in (
        " ".join(drawn(evidence).split())
    )
    assert [(1.0, True), (0.5, False)] == [(row["on_offer"], row["comparable"]) for row in told]
