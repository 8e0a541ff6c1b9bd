"""Prompts that sell what comes back: estimates are of what is kept, and the truth is known."""

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.lab.bench.inference.net_reward.journeys import (
    HABITS,
    TARGETS,
    WORTH,
    Journey,
    journeys,
    net_reward,
    worth,
)
from streams.lab.bench.inference.net_reward.market import Market, MarketRun, run
from streams.lab.bench.inference.net_reward.net_reward_report import (
    LABELS,
    bias,
    claims,
    measured,
    section,
)


@pytest.fixture(scope="module")
def runs() -> list[MarketRun]:
    """Eight shops of 400 customers."""
    return measured(8, seed=1, customers=400, jobs=1)


def test_every_impression_settles_at_what_its_journey_earns(runs: list[MarketRun]) -> None:
    """Net of what came back: the fold of outcomes agrees with the rules, each time."""
    assert 3_200 == sum(one.impressions for one in runs)
    assert 400 < sum(one.returned for one in runs)
    assert 0 == sum(one.wrong_rewards for one in runs)


@pytest.mark.parametrize("by", ["aipw", "ips"])
def test_estimates_are_unbiased_where_things_come_back(runs: list[MarketRun], by: str) -> None:
    """Of each policy: off by less than three standard errors, which are below 4 % (seeds 1 to 8).

    The whole benchmark has a hundred times as many impressions, and a bound of 1 %.
    """
    for target in TARGETS:
        found = bias(runs, target, by)

        assert found.se < 0.04
        assert abs(found.value) < 3.0 * found.se


def test_who_does_not_wait_overrates_what_sells_most(runs: list[MarketRun]) -> None:
    """By a fifth and more; what is kept is rated as what it is, nearly."""
    sells, kept = (bias(runs, name, "soon").value for name in ("sells most", "is kept most"))

    assert sells > 0.2
    assert abs(kept) < 0.1
    assert WORTH["viewed_together", "club"] < WORTH["bought_together", "club"]


def test_bounds_at_every_look_hold_the_truth(runs: list[MarketRun]) -> None:
    """Of each policy, in all shops."""
    assert all(found.held for one in runs for found in one.by_target.values())


def test_journeys_are_all_that_may_happen() -> None:
    """Their probabilities sum to one, and none earns less than nothing or more than one."""
    for habits in HABITS.values():
        found = list(journeys(habits))

        assert pytest.approx(1.0) == sum(chance for chance, _ in found)
        assert all(0.0 <= net_reward(one) <= 1.0 for _, one in found)


def test_what_comes_back_is_taken_off_by_item_and_piece() -> None:
    """Reckoned by hand: .5 for what was added, up to 1 by the share that is kept of each item."""
    two = Journey(True, (2, 1), ordered=True)
    cases = {
        two: 1.0,
        two._replace(back=(2, 1)): 0.5,
        two._replace(back=(1, 0)): 0.875,
        two._replace(back=(2, 0)): 0.75,
        two._replace(taken_out=True, back=(0, 1)): 0.5,
        two._replace(taken_out=True): 1.0,
        two._replace(ordered=False): 0.5,
        two._replace(ordered=False, taken_out=True): 0.5,
        Journey(True, (4,), taken_out=True): 0.1,
        Journey(): 0.0,
    }

    assert list(cases.values()) == [net_reward(journey) for journey in cases]


def test_an_arm_is_worth_the_mean_of_its_journeys() -> None:
    """By what a thousand customers did before the shop itself, within four standard errors."""
    market = Market(3)
    market.play(1_000)
    seen = Counter(arm for arm, _ in market.seen)
    means = {
        arm: sum(net_reward(one) for name, one in market.seen if name == arm) / number
        for arm, number in seen.items()
    }

    assert 1_000 == sum(seen.values())
    for arm, mean in means.items():
        true = (worth(arm, "club") + worth(arm, "new")) / 2.0
        assert pytest.approx(true, abs=4.0 * 0.4 / seen[arm] ** 0.5) == mean


def test_a_run_depends_on_its_seed_alone() -> None:
    """Whoever repeats it finds the same."""
    assert run(7, 150) == run(7, 150) != run(8, 150)


def test_every_claim_has_its_line_and_wrong_ones_are_said(runs: list[MarketRun]) -> None:
    """Where an estimate is off by a tenth, bounds miss, and rewards are others."""
    found = claims(runs)
    wrong = [
        one._replace(
            wrong_rewards=1,
            by_target={
                name: of._replace(aipw=1.1 * of.truth, held=False)
                for name, of in one.by_target.items()
            },
        )
        for one in runs
    ]
    ill = {name for name, one in claims(wrong).items() if not one["holds"]}

    assert list(LABELS) == list(found)
    assert len(LABELS) + len(TARGETS) + 2 == sum(
        line.startswith("| ") for line in section(found, runs)
    )
    assert {"aipw_bias", "aipw_bias_and_errors", "missed", "wrong_rewards"} == ill
    assert json.dumps(found)


def test_the_command_says_how_much_it_does() -> None:
    """Before anybody waits for it."""
    said = CliRunner().invoke(goeswith, ["bench", "net-reward", "--help"]).stdout

    assert "settles them two weeks later" in " ".join(said.split())
