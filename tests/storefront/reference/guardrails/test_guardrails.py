"""Guardrails stop what breaks them, hardly ever anything else, and nothing that was overruled."""

import math
from collections import deque
from collections.abc import Iterator
from random import Random

import pytest
from click.testing import CliRunner

from models.evaluation.arm_values import of_difference, sequence
from models.evaluation.confidence_sequences import GammaExponential
from streams.cli.root import goeswith
from streams.contract.events.reference.control import ControlRecord
from streams.experiments.arm_estimates import ArmEstimates
from streams.experiments.impressions import Trial
from streams.shop.decision.arms import ARMS
from streams.shop.decision.controls.arm_names import ARM_NAMES
from streams.storefront.reference.guardrails.first_impressions import FirstImpressions, Firsts
from streams.storefront.reference.guardrails.first_sales import FirstSales, Sales
from streams.storefront.reference.guardrails.judged import (
    ALPHA,
    AUTHOR,
    Breach,
    Guardrails,
    breaches,
    stops,
)
from tests.stories import NOON_MS

SHOPS, VISITORS, IMPRESSIONS, SEED = 200, 100, 10, 17
SHARE = 0.15
LOSS, RATE = 0.2, 0.5
DECISIONS, LOOK_EVERY = 1_000, 50
HALF = {"buy_again": 0.5, "popular": 0.5}


def rarely(found: Iterator[bool]) -> bool:
    """Whether at most `ALPHA` of shops, and three standard errors of so many."""
    error = math.sqrt(ALPHA * (1 - ALPHA) / SHOPS)
    return sum(found) / SHOPS <= ALPHA + 3 * error


def sent_away(share: float, chance: Random) -> Iterator[bool]:
    """Whether the guardrail ever stops an arm that this share of visitors sends away, by shop.

    A visitor sends away all of ten impressions, or none. Somebody looks after every ten.
    """
    for _ in range(SHOPS):
        firsts, ever = FirstImpressions(), False
        for visitor in range(VISITORS):
            annoyed = chance.random() < share
            for number in range(IMPRESSIONS):
                firsts.shown("popular", f"visitor {visitor}", f"prompt {visitor} {number}")
                if annoyed:
                    firsts.dismissed(f"prompt {visitor} {number}")
            if breaches(firsts.by_arm, ArmEstimates(), Guardrails(SHARE)):
                ever = True
                break
        yield ever


def sent_back(share: float, chance: Random) -> Iterator[bool]:
    """Whether the guardrail ever stops an arm of which this share comes back, shop by shop.

    A visitor buys three times, and sends all of it back, or nothing: ten visits of others later.
    """
    for _ in range(SHOPS):
        sales, ever, later = FirstSales(FirstImpressions()), False, deque[tuple[str, str]]()
        for visitor in range(VISITORS):
            returns = chance.random() < share
            for number in range(3):
                prompt, order = f"prompt {visitor} {number}", f"order {visitor} {number}"
                sales.sold("popular", f"visitor {visitor}", prompt, order, "coat")
                if returns:
                    later.append((prompt, order))
            while len(later) > 10:
                sales.came_back(*later.popleft(), "coat")
            if breaches({}, ArmEstimates(), Guardrails(returns_max=SHARE), sales.by_arm):
                ever = True
                break
        yield ever


def decided(rates: dict[str, float], chance: Random) -> list[Trial]:
    """Some settled trials of two arms that are drawn alike."""
    drawn = chance.choices(list(HALF), k=LOOK_EVERY)
    return [Trial(arm, "", HALF, {}, float(chance.random() < rates[arm])) for arm in drawn]


IN_REWARD = Guardrails(loss_max=LOSS)
IN_MONEY = Guardrails(margin_loss_minor_max=2_000 * LOSS, scale_minor=2_000)
"""The same loss, where the largest reward is 20.00."""


def losing(rate: float, chance: Random) -> Iterator[bool]:
    """Whether the guardrail ever stops an arm that earns so much, against `RATE`, shop by shop.

    In money it stops at the same looks as in reward.
    """
    for _ in range(SHOPS):
        evidence, ever = ArmEstimates(floor=0.5), False
        for _ in range(DECISIONS // LOOK_EVERY):
            evidence.add(decided({"buy_again": rate, "popular": RATE}, chance))
            ever = bool(breaches({}, evidence, IN_REWARD))
            assert ever == bool(breaches({}, evidence, IN_MONEY))
            if ever:
                break
        yield ever


def test_an_arm_of_which_as_much_comes_back_as_may_is_hardly_ever_stopped() -> None:
    """In 200 shops of a hundred visitors, who buy three times each, however often one looks."""
    assert rarely(sent_back(SHARE, Random(SEED)))


def test_an_arm_of_which_four_times_as_much_comes_back_is_stopped() -> None:
    """In nearly all shops, within a hundred visitors, late as returns are."""
    assert sum(sent_back(4 * SHARE, Random(SEED))) >= 0.95 * SHOPS


def test_money_is_told_in_minor_units_and_returns_as_first_sales() -> None:
    """Each with its figures; of several guardrails that an arm breaks the first is told."""
    evidence, chance = ArmEstimates(floor=0.5), Random(SEED)
    for _ in range(40):
        evidence.add(decided({"buy_again": 0.1, "popular": RATE}, chance))
    sales = {"curated": Sales(300, 120), "popular": Sales(300, 9), "buy_again": Sales(9, 0)}
    allowed = Guardrails(returns_max=SHARE, margin_loss_minor_max=100.0, scale_minor=2_000)
    returns, money = breaches({}, evidence, allowed, sales)

    assert ("curated", "buy_again") == (returns.arm, money.arm)
    assert returns.reason.startswith("came back: 120 of 300 first sales (40.0%), more than 15.0%")
    assert " minor units less than of popular (at least " in money.reason
    assert money.reason.endswith("more than 100: valid at every look")
    least = float(money.reason.split("at least ")[1].split()[0])
    assert 100 < least < 2_000 * (RATE - 0.1)
    assert [] == breaches({}, evidence, allowed._replace(margin_loss_minor_max=least + 1), {})
    both = Guardrails(SHARE, None, SHARE)
    (once,) = breaches({"curated": Firsts(90, 90)}, ArmEstimates(), both, sales)
    assert once.reason.startswith("sent away at 90 of 90")


def test_who_sends_everything_away_counts_once() -> None:
    """An arm right at the limit, in 200 shops of a hundred visitors, ten impressions each."""
    assert rarely(sent_away(SHARE, Random(SEED)))


def test_an_arm_that_annoys_four_times_as_many_is_stopped() -> None:
    """In nearly all shops, within a hundred visitors."""
    assert sum(sent_away(4 * SHARE, Random(SEED))) >= 0.95 * SHOPS


def test_an_arm_that_loses_as_much_as_it_may_is_hardly_ever_stopped() -> None:
    """In 200 shops of a thousand decisions, however often one looks; in money as in reward."""
    assert rarely(losing(RATE - LOSS, Random(SEED)))


def test_an_arm_that_loses_more_than_twice_as_much_is_stopped() -> None:
    """In most shops, within a thousand decisions; in money as in reward."""
    assert sum(losing(RATE - 2.2 * LOSS, Random(SEED))) >= 0.9 * SHOPS


def test_what_is_shown_to_people_is_not_enough_to_stop_an_arm() -> None:
    """The board's bounds are of .05; an arm is stopped by those of `ALPHA` over all arms."""
    evidence, chance = ArmEstimates(floor=0.5), Random(SEED)
    excluded = stopped = 0
    for look in range(1, 100):
        evidence.add(decided({"buy_again": 0.2, "popular": RATE}, chance))
        by = next(row.difference for row in evidence.rows() if row.arm == "buy_again")
        if not excluded and by is not None and by.high < 0.0:
            excluded = look
        if breaches({}, evidence, Guardrails(loss_max=0.0)):
            stopped = look
            break

    assert 0 < excluded < stopped


def test_an_arm_is_sent_away_too_often_from_2_400_to_one_on() -> None:
    """The e-value that half of `ALPHA` needs, twelve arms sharing it: one less is not enough."""
    by, shown = GammaExponential(1.0, 50.0, 0.005 / 12), 400
    enough = next(
        away
        for away in range(shown)
        if breaches({"popular": Firsts(shown, away)}, ArmEstimates(), Guardrails(SHARE))
    )
    log_e = [
        float(
            by.log_e_value(
                away - SHARE * shown,
                away * (1 - SHARE) ** 2 + (shown - away) * SHARE**2,
            )
        )
        for away in (enough - 1, enough)
    ]

    assert 12 == len(ARM_NAMES)
    assert log_e[0] <= math.log(2400) < log_e[1]


def test_an_arm_earns_too_little_from_2_400_to_one_on() -> None:
    """One side of a bound of .01 for twelve arms; decision by decision, two stop it or none."""
    evidence, chance, by = ArmEstimates(floor=0.5), Random(SEED), sequence(0.5, 0.01 / 12)
    stopped = []
    for _ in range(40):
        for trial in decided({"buy_again": 0.0, "popular": 0.6}, chance)[:5]:
            evidence.add([trial])
            sums = of_difference(evidence.groups, "buy_again", "popular")
            enough = sums.score < 0 and by.log_e_value(-sums.score, sums.variance) > math.log(2400)
            stopped.append(bool(breaches({}, evidence, Guardrails(loss_max=0.0))))
            assert enough == stopped[-1]

    assert {False, True} == set(stopped)


def test_arms_that_are_seen_later_do_not_change_what_is_known_of_an_arm() -> None:
    """All that a control can stop share the error from the first look on."""
    alone = {"popular": Firsts(40, 21)}
    more = {arm: Firsts(100, 0) for arm in ARMS}

    assert breaches(alone, ArmEstimates(), Guardrails(SHARE)) == breaches(
        more | alone, ArmEstimates(), Guardrails(SHARE)
    )


def test_what_breaks_a_guardrail_is_told_with_its_figures() -> None:
    """Of both kinds, each arm once; what is not watched is not judged."""
    firsts = {"popular": Firsts(900, 40), "viewed_together": Firsts(400, 160)}
    evidence, chance = ArmEstimates(floor=0.5), Random(SEED)
    for _ in range(40):
        evidence.add(decided({"buy_again": 0.1, "popular": RATE}, chance))
    both = breaches(firsts, evidence, Guardrails(SHARE, 0.02))

    assert ["viewed_together", "buy_again"] == [one.arm for one in both]
    assert "160 of 400 first impressions (40.0%), more than 15.0%" in both[0].reason
    assert "less than of popular (at least 0." in both[1].reason
    assert "by 2,000 decisions between both), more than 0.02" in both[1].reason
    assert [] == breaches(firsts, evidence, Guardrails())
    assert [] == breaches(firsts, evidence, Guardrails(loss_max=0.6))
    (once,) = breaches({"buy_again": Firsts(90, 90)}, evidence, Guardrails(SHARE, 0.02))
    assert once.reason.startswith("sent away at 90 of 90")


def control(value: str | None, author: str) -> ControlRecord:
    """The latest change of the state of an arm."""
    key = "arms.popular.state"
    return ControlRecord(key=key, value=value, author=author, reason="why", at_ms=NOON_MS)


@pytest.mark.parametrize(
    ("latest", "stopped"),
    [
        pytest.param(None, True, id="never set"),
        pytest.param(control("on", "ann"), False, id="set on by somebody"),
        pytest.param(control("on", AUTHOR), True, id="set on in our name"),
        pytest.param(control("shadow", "ann"), False, id="shadow"),
        pytest.param(control("off", "ann"), False, id="off"),
        pytest.param(control("off", AUTHOR), False, id="stopped"),
        pytest.param(control(None, "ann"), True, id="taken away"),
    ],
)
def test_people_have_the_last_word(latest: ControlRecord | None, stopped: bool) -> None:
    """By the latest record alone, whatever a compacted topic has forgotten; with who and why."""
    standing = {} if latest is None else {latest.key: latest}
    found = stops([Breach("popular", "sent away")], standing, NOON_MS)

    assert [("arms.popular.state", "off", AUTHOR, "sent away")] * stopped == [
        (one.key, one.value, one.author, one.reason) for one in found
    ]


def test_an_arm_that_no_control_stops_is_not_stopped() -> None:
    """Whatever its name is: workers would refuse the record."""
    assert [] == stops([Breach("retired", "why"), Breach("No Key", "why")], {}, NOON_MS)


def test_a_long_reason_is_cut() -> None:
    """An arm's name may be long, and a control takes 500 characters."""
    (found,) = stops([Breach("popular", "x" * 900)], {}, NOON_MS)

    assert found.reason == "x" * 300


def test_who_names_no_guardrail_is_told_which_there_are() -> None:
    """Nothing is watched by default."""
    said = CliRunner().invoke(goeswith, ["guardrails"])

    assert 0 != said.exit_code
    for option in ("--dismissals-max", "--loss-max", "--returns-max", "--margin-loss-max"):
        assert option in str(said.exception) + said.output


def test_money_is_watched_only_where_prompts_earn_money() -> None:
    """Else a reward is no money, and nobody should believe that it is."""
    said = CliRunner().invoke(goeswith, ["guardrails", "--margin-loss-max", "5"])

    assert 0 != said.exit_code
    assert "GOESWITH_REWARD=net" in str(said.exception) + said.output


def test_arms_that_only_a_catalogue_a_curator_or_a_basket_brings_are_stopped_as_well() -> None:
    """Each arm that a control can name; of what it cannot, none."""
    broken = [Breach(arm, "sent away") for arm in (*ARM_NAMES, "nobody")]
    stopped = [one.key for one in stops(broken, {}, NOON_MS)]

    assert [f"arms.{arm}.state" for arm in ARM_NAMES] == stopped
