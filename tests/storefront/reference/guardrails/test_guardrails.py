"""Guardrails stop what breaks them, hardly ever anything else, and nothing that was overruled."""

from collections.abc import Iterator
from random import Random

import pytest
from click.testing import CliRunner

from models.evaluation.arm_values import Interval
from streams.cli.root import goeswith
from streams.contract.events.reference.control import ControlRecord
from streams.experiments.arm_estimates import ArmEstimate
from streams.storefront.reference.guardrails.judged import (
    ALPHA,
    AUTHOR,
    Breach,
    Guardrails,
    breaches,
    p_more_often,
    stops,
)
from streams.views.arm_board import ArmRow
from tests.stories import NOON_MS

SHOPS, IMPRESSIONS, LOOK_EVERY, SEED = 400, 1_000, 10, 17
SHARE = 0.1


def row(arm: str, shown: int, dismissed: int) -> ArmRow:
    """An arm on the board."""
    return ArmRow(arm, shown, 0.5, shown, 0, dismissed, 0, 0, 0, 0, 0.0, 0.0)


def known(arm: str, low: float, high: float) -> ArmEstimate:
    """What is known of an arm, against another one."""
    more = Interval((low + high) / 2, low, high)
    return ArmEstimate(arm, 900, 450, None, more, 0.001, 0.0, 0.1, 1.0, 0, None)


def alarms(share: float, chance: Random) -> Iterator[bool]:
    """Whether a guardrail of `SHARE` ever stops an arm of this true share, shop by shop.

    Somebody looks after every few impressions.
    """
    for _ in range(SHOPS):
        dismissed, ever = 0, False
        for shown in range(1, IMPRESSIONS + 1):
            dismissed += chance.random() < share
            if shown % LOOK_EVERY == 0 and p_more_often(dismissed, shown, SHARE, 1) < ALPHA:
                ever = True
                break
        yield ever


def test_an_arm_right_at_the_limit_is_hardly_ever_stopped_however_often_one_looks() -> None:
    """At most `ALPHA` of shops, and three standard errors of so many: 400 shops, 100 looks each."""
    false = sum(alarms(SHARE, Random(SEED)))

    assert false / SHOPS <= ALPHA + 3 * (ALPHA * (1 - ALPHA) / SHOPS) ** 0.5


def test_an_arm_that_annoys_three_times_as_much_is_stopped() -> None:
    """In nearly all shops, within a thousand impressions."""
    assert sum(alarms(3 * SHARE, Random(SEED))) >= 0.99 * SHOPS


def test_what_breaks_a_guardrail_is_told_with_its_figures() -> None:
    """Of both kinds; what is not watched is not judged."""
    board = [row("popular", 900, 40), row("viewed_together", 400, 160)]
    evidence = [known("buy_again", -0.09, -0.03), known("viewed_together", -0.02, 0.05)]
    both = breaches(board, evidence, Guardrails(SHARE, 0.02), "popular")

    assert ["viewed_together", "buy_again"] == [one.arm for one in both]
    assert "160 of 400 impressions (40.0%), more than 10.0%" in both[0].reason
    assert "0.0600 less than of popular (at least 0.0300" in both[1].reason
    assert [] == breaches(board, evidence, Guardrails(), "popular")
    assert [] == breaches(board, evidence, Guardrails(loss_max=0.03), "popular")


def control(value: str | None, author: str) -> ControlRecord:
    """A change of the state of an arm."""
    key = "arms.popular.state"
    return ControlRecord(key=key, value=value, author=author, reason="why", at_ms=NOON_MS)


@pytest.mark.parametrize(
    ("history", "stopped"),
    [
        ([], True),
        ([control("on", "ann")], True),
        ([control("shadow", "ann")], True),
        ([control("off", "ann")], False),
        ([control("off", AUTHOR)], False),
        ([control("off", AUTHOR), control("on", "ann")], False),
        ([control("off", AUTHOR), control(None, "ann")], False),
        ([control("off", "ann"), control(None, "ann")], True),
    ],
)
def test_an_arm_is_stopped_once_and_people_have_the_last_word(
    history: list[ControlRecord], stopped: bool
) -> None:
    """With who and why, for the audit trail."""
    found = stops([Breach("popular", "sent away")], history, NOON_MS)

    assert [("arms.popular.state", "off", AUTHOR, "sent away")] * stopped == [
        (one.key, one.value, one.author, one.reason) for one in found
    ]


def test_who_names_no_guardrail_is_told_which_there_are() -> None:
    """Nothing is watched by default."""
    said = CliRunner().invoke(goeswith, ["guardrails"])

    assert 0 != said.exit_code
    assert "--dismissals-max" in str(said.exception) + said.output
