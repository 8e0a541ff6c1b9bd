"""Which arms break a guardrail, by bounds that hold at every look, and what is done about it.

Two guardrails. An arm is sent away too often where more than a share of those who see it for the
first time dismiss it; it earns too little where an impression earns less than that of the arm
compared with, by more than a loss. Both are judged by confidence sequences, one-sided, each arm at
`ALPHA / ARMS_JUDGED`: whoever looks every minute, for ever, stops an arm that breaks neither with
probability `ALPHA` at most for each guardrail, over all arms together. So a guardrail may act
without anybody looking. What comes late (a dismissal, an order) counts for the arm until it is
there.

People have the last word: an arm that somebody set to `on` is left alone, and so is one that is not
drawn anyway. Nothing but the latest control of the arm tells that, which a compacted topic keeps.
"""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from models.evaluation.arm_values import arms_of, interval, of_difference, sequence
from models.evaluation.confidence_sequences import GammaExponential
from streams.contract.events.reference.control import ControlRecord
from streams.experiments.arm_estimates import ArmEstimates
from streams.shop.decision.arms import ARMS, BEST_WORTH
from streams.shop.decision.catalog.told_arms import TOLD_ARMS
from streams.storefront.reference.guardrails.first_impressions import Firsts

AUTHOR = "guardrail"
"""Who the audit trail says that it was."""
ALPHA = 0.01
"""The probability of ever stopping an arm that breaks no guardrail, for each kind of them."""
STOPPABLE = frozenset({*ARMS, *TOLD_ARMS, BEST_WORTH})
"""All that a control can stop; not what ends by the control that defines it."""
ARMS_JUDGED = len(STOPPABLE)
"""How many arms share it (Bonferroni): all that a control can stop, whether they were seen or not.

A number that grew with the arms seen so far would spend more than there is.
"""
V_OPT = 50.0
"""The bound is narrowest after some hundred impressions."""
STEP_MAX = 1.0
REASON_CHARS_MAX = 300
"""More of a reason is cut: the name of an arm compared with may be long."""


class Guardrails(NamedTuple):
    """What is allowed; None: that is not watched."""

    dismissals_max: float | None = None
    """Dismissals by first impression."""
    loss_max: float | None = None
    """Reward of an impression, less than the arm compared with."""


class Breach(NamedTuple):
    """An arm that breaks a guardrail, and by which figures."""

    arm: str
    reason: str


def breaches(
    firsts: Mapping[str, Firsts], evidence: ArmEstimates, allowed: Guardrails
) -> list[Breach]:
    """The arms that break what is allowed, each once; also those that no control stops."""
    found: dict[str, Breach] = {}
    if allowed.dismissals_max is not None:
        for arm, first in firsts.items():
            if reason := _sent_away(first, allowed.dismissals_max):
                found[arm] = Breach(arm, reason)
    if allowed.loss_max is not None:
        for arm in arms_of(evidence.groups):
            if arm not in found and (reason := _loses(arm, evidence, allowed.loss_max)):
                found[arm] = Breach(arm, reason)
    return [*found.values()]


def _sent_away(first: Firsts, share_max: float) -> str:
    """The figures, if an arm is sent away too often."""
    p = p_more_often(first.dismissed, first.shown, share_max)
    if p >= ALPHA:
        return ""
    return (
        f"sent away at {first.dismissed:,} of {first.shown:,} first impressions "
        f"({first.dismissed / first.shown:.1%}), more than {share_max:.1%}: p {p:.2g}, valid at "
        "every look"
    )


def _loses(arm: str, evidence: ArmEstimates, loss_max: float) -> str:
    """The figures, if an arm earns too little."""
    if arm == evidence.against:
        return ""
    sums = of_difference(evidence.groups, arm, evidence.against)
    alpha = 2.0 * ALPHA / ARMS_JUDGED  # of two sides, of which one is looked at
    by = interval(sums, sequence(evidence.floor, alpha), alpha, within=(-1.0, 1.0))
    if by is None or by.high >= -loss_max:
        return ""
    return (
        f"an impression earns {-by.value:.4f} less than of {evidence.against} (at least "
        f"{-by.high:.4f}, by {int(sums.n):,} decisions between both), more than {loss_max:g}: "
        "valid at every look"
    )


def p_more_often(dismissed: int, shown: int, share: float) -> float:
    """The always-valid p-value of so many dismissals, if no more than a share is dismissed.

    Of trials that are independent: one a unit. Multiplied by `ARMS_JUDGED` (Bonferroni).

    >>> p_more_often(60, 200, 0.1) < ALPHA, p_more_often(25, 200, 0.1)
    (True, 1.0)
    """
    more = dismissed - share * shown
    if more <= 0.0:
        return 1.0
    spread = dismissed * (1.0 - share) ** 2 + (shown - dismissed) * share**2
    by = GammaExponential(STEP_MAX, V_OPT, ALPHA / ARMS_JUDGED)
    return min(1.0, ARMS_JUDGED * math.exp(-float(by.log_e_value(more, spread))))


def stops(
    broken: Iterable[Breach], standing: Mapping[str, ControlRecord], at_ms: int
) -> list[ControlRecord]:
    """The controls that stop these arms: those that a control can stop, and that are drawn.

    `standing` has the latest record of each control. An arm that somebody set to `on` is left
    alone; one whose control was taken away (null) is watched as one that never had any.

    >>> [one.key for one in stops([Breach("popular", "sent away")], {}, at_ms=1_767_225_600_000)]
    ['arms.popular.state']
    """
    found = []
    for breach in broken:
        key = f"arms.{breach.arm}.state"
        if breach.arm in STOPPABLE and _may_stop(standing.get(key)):
            said = {"key": key, "value": "off", "author": AUTHOR, "at_ms": at_ms}
            reason = breach.reason[:REASON_CHARS_MAX]
            found.append(ControlRecord.model_validate(said | {"reason": reason}))
    return found


def _may_stop(latest: ControlRecord | None) -> bool:
    if latest is None or latest.value is None:
        return True
    return latest.value == "on" and latest.author == AUTHOR
