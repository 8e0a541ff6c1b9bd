"""Which arms break a guardrail, by bounds that hold at every look, and what is done about it.

Four guardrails. An arm is sent away too often where more than a share of those who see it for the
first time dismiss it; too much of what it sells comes back where more than a share of first sales
do; it earns too little where an impression earns less than that of the arm compared with, by more
than a loss, as a reward or, where that is net reward, in money. All are judged by confidence
sequences, one-sided, each arm at `ALPHA / ARMS_JUDGED`: whoever looks every minute, for ever, stops
an arm that breaks none with probability `ALPHA` at most for each guardrail, over all arms together.
So a guardrail may act without anybody looking. What comes late (a dismissal, an order, a return)
counts for the arm until it is there.

People have the last word: an arm that somebody set to `on` is left alone, and so is one that is not
drawn anyway. Nothing but the latest control of the arm tells that, which a compacted topic keeps.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from models.evaluation.arm_values import arms_of, interval, of_difference, sequence
from models.evaluation.confidence_sequences import GammaExponential
from streams.contract.events.reference.control import ControlRecord
from streams.experiments.arm_estimates import ArmEstimates
from streams.shop.decision.controls.arm_names import ARM_NAMES
from streams.storefront.reference.guardrails.first_impressions import Firsts
from streams.storefront.reference.guardrails.first_sales import Sales

AUTHOR = "guardrail"
"""Who the audit trail says that it was."""
ALPHA = 0.01
"""The probability of ever stopping an arm that breaks no guardrail, for each kind of them."""
STOPPABLE = frozenset(ARM_NAMES)
"""All that a control can stop."""
ARMS_JUDGED = len(STOPPABLE)
"""How many arms share it (Bonferroni): all that a control can stop, whether they were seen or not.

A number that grew with the arms seen so far would spend more than there is.
"""
V_OPT = 50.0
"""The bound is narrowest after some hundred impressions."""
STEP_MAX = 1.0
NO_SALES: Mapping[str, Sales] = MappingProxyType({})
REASON_CHARS_MAX = 300
"""More of a reason is cut: the name of an arm compared with may be long."""


class Guardrails(NamedTuple):
    """What is allowed; None: that is not watched."""

    dismissals_max: float | None = None
    """Dismissals by first impression."""
    loss_max: float | None = None
    """Reward of an impression, less than the arm compared with."""
    returns_max: float | None = None
    """Of first sales, the share of which anything comes back."""
    margin_loss_minor_max: float | None = None
    """Net reward of an impression in minor units, less than the arm compared with."""
    scale_minor: int = 1
    """How many of them the largest reward is: what is more was clipped."""


class Breach(NamedTuple):
    """An arm that breaks a guardrail, and by which figures."""

    arm: str
    reason: str


def breaches(
    firsts: Mapping[str, Firsts],
    evidence: ArmEstimates,
    allowed: Guardrails,
    sales: Mapping[str, Sales] = NO_SALES,
) -> list[Breach]:
    """The arms that break what is allowed, each once; also those that no control stops."""
    found: dict[str, Breach] = {}
    for arm, reason in _reasons(firsts, evidence, allowed, sales):
        if reason:
            found.setdefault(arm, Breach(arm, reason))
    return [*found.values()]


def _reasons(
    firsts: Mapping[str, Firsts],
    evidence: ArmEstimates,
    allowed: Guardrails,
    sales: Mapping[str, Sales],
) -> Iterator[tuple[str, str]]:
    """Each arm with the figures of each guardrail that it breaks; empty: it does not."""
    if (most := allowed.dismissals_max) is not None:
        for arm, (shown, dismissed) in firsts.items():
            yield arm, _too_often("sent away at", dismissed, shown, "first impressions", most)
    if (most := allowed.returns_max) is not None:
        for arm, (sold, back) in sales.items():
            yield arm, _too_often("came back:", back, sold, "first sales", most)
    for arm in arms_of(evidence.groups):
        if (most := allowed.loss_max) is not None:
            yield arm, _loses(arm, evidence, most)
        if (most := allowed.margin_loss_minor_max) is not None:
            yield arm, _loses(arm, evidence, most, allowed.scale_minor)


def _too_often(what: str, number: int, of: int, trials: str, share_max: float) -> str:
    """The figures, if more than a share of the trials of an arm ended badly."""
    p = p_more_often(number, of, share_max)
    if p >= ALPHA:
        return ""
    return (
        f"{what} {number:,} of {of:,} {trials} ({number / of:.1%}), more than {share_max:.1%}: "
        f"p {p:.2g}, valid at every look"
    )


def _loses(arm: str, evidence: ArmEstimates, loss_max: float, scale_minor: int = 0) -> str:
    """The figures, if an arm earns too little; in minor units, if the largest reward is so many."""
    if arm == evidence.against:
        return ""
    sums = of_difference(evidence.groups, arm, evidence.against)
    alpha = 2.0 * ALPHA / ARMS_JUDGED  # of two sides, of which one is looked at
    by = interval(sums, sequence(evidence.floor, alpha), alpha, within=(-1.0, 1.0))
    if by is None or -by.high * (scale_minor or 1) <= loss_max:
        return ""
    less, least = (
        f"{-amount * scale_minor:.2f} minor units" if scale_minor else f"{-amount:.4f}"
        for amount in (by.value, by.high)
    )
    return (
        f"an impression earns {less} less than of {evidence.against} (at least {least}, by "
        f"{int(sums.n):,} decisions between both), more than {loss_max:g}: valid at every look"
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
