"""Which arms break a guardrail, by bounds that hold at every look, and what is done about it.

Four guardrails. An arm is sent away too often where more than a share of those who see it for the
first time dismiss it; too much of what it sells comes back where more than a share of first sales
do; it earns too little where an impression earns less than that of the arm compared with, by more
than a loss, as a reward or, where that is net reward, in money. All are judged by confidence
sequences, one-sided, each arm at `ALPHA / ARMS_JUDGED`: whoever looks every minute, for ever, stops
an arm that breaks none with probability `ALPHA` at most for each guardrail, over all arms together.
So a guardrail may act without anybody looking. What comes late (a dismissal, an order, a return)
counts for the arm until it is there.

Half of that is for the whole log, half for what is true lately: an arm that was good for months and
is bad now is judged since each of many starts that share the other half, as fixed ahead
(`models.evaluation.latest_windows`). It breaks none as long as at no time more than the share of
those send it away who see it then, whatever they do on average: a bad weekend is one, too.

People have the last word: an arm that somebody set to `on` is left alone, and so is one that is not
drawn anyway. Nothing but the latest control of the arm tells that, which a compacted topic keeps.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from models.evaluation.arm_values import (
    Groups,
    Interval,
    arms_of,
    interval,
    of_difference,
    sequence,
)
from models.evaluation.confidence_sequences import GammaExponential
from models.evaluation.latest_windows import WHOLE, LatestWindow, LatestWindows
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
OF_SHARES = GammaExponential(STEP_MAX, V_OPT, WHOLE * ALPHA / ARMS_JUDGED)
NO_SALES: Mapping[str, Sales] = MappingProxyType({})
REASON_CHARS_MAX = 300
"""More of a reason is cut: the name of an arm compared with may be long."""


Sums = TypeVar("Sums")


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


class Lately(NamedTuple):
    """The same by when it was; empty: the whole log alone is judged."""

    firsts: Mapping[str, LatestWindows[Firsts]] = MappingProxyType({})
    sales: Mapping[str, LatestWindows[Firsts]] = MappingProxyType({})
    evidence: LatestWindows[Groups] | None = None


NOTHING_LATELY = Lately()


def breaches(
    firsts: Mapping[str, Firsts],
    evidence: ArmEstimates,
    allowed: Guardrails,
    sales: Mapping[str, Sales] = NO_SALES,
    lately: Lately = NOTHING_LATELY,
) -> list[Breach]:
    """The arms that break what is allowed, each once; also those that no control stops."""
    found: dict[str, Breach] = {}
    for arm, reason in _reasons(firsts, evidence, allowed, sales, lately):
        if reason:
            found.setdefault(arm, Breach(arm, reason))
    return [*found.values()]


def _reasons(
    firsts: Mapping[str, Firsts],
    evidence: ArmEstimates,
    allowed: Guardrails,
    sales: Mapping[str, Sales],
    lately: Lately,
) -> Iterator[tuple[str, str]]:
    """Each arm with the figures of each guardrail that it breaks; empty: it does not."""
    if (most := allowed.dismissals_max) is not None:
        for arm, whole in firsts.items():
            windows = _windows(whole, lately.firsts.get(arm))
            yield arm, _too_often("sent away at", windows, "first impressions", most)
    if (most := allowed.returns_max) is not None:
        for arm, sold in sales.items():
            windows = _windows(Firsts(*sold), lately.sales.get(arm))
            yield arm, _too_often("came back:", windows, "first sales", most)
    every = _windows(evidence.groups, lately.evidence)
    for arm in arms_of(evidence.groups):
        if (most := allowed.loss_max) is not None:
            yield arm, _loses(arm, evidence, every, most)
        if (most := allowed.margin_loss_minor_max) is not None:
            yield arm, _loses(arm, evidence, every, most, allowed.scale_minor)


def _windows(whole: Sums, lately: LatestWindows[Sums] | None) -> list[LatestWindow[Sums]]:
    """The whole log, and all since each start."""
    return [LatestWindow(whole), *(() if lately is None else lately.windows())]


def _too_often(
    what: str, windows: list[LatestWindow[Firsts]], trials: str, share_max: float
) -> str:
    """The figures, if more than a share of the trials of an arm ended badly, where most so."""
    p, at = min((p_more_often(one, share_max), at) for at, one in enumerate(windows))
    if p >= ALPHA:
        return ""
    (of, number), start_s, _ = windows[at]
    return (
        f"{what} {number:,} of {of:,} {trials}{_since(start_s)} ({number / of:.1%}), "
        f"more than {share_max:.1%}: p {p:.2g}, valid at every look"
    )


def _since(start_s: float | None) -> str:
    """From when on, in words.

    >>> _since(None), _since(1_767_225_600.0)
    ('', ' since 2026-01-01 00:00 UTC')
    """
    return "" if start_s is None else f" since {datetime.fromtimestamp(start_s, UTC):%F %H:%M} UTC"


def _loses(
    arm: str,
    evidence: ArmEstimates,
    windows: list[LatestWindow[Groups]],
    loss_max: float,
    scale_minor: int = 0,
) -> str:
    """The figures, if an arm earns too little; in minor units, if the largest reward is so many."""
    most = loss_max / (scale_minor or 1)
    lost = ((_less(arm, evidence, one, most), one) for one in windows if arm != evidence.against)
    found = [(by, one) for by, one in lost if by is not None]
    if not found:
        return ""
    by, (groups, start_s, _) = min(found, key=lambda one: one[0].high)
    less, least = (
        f"{-amount * scale_minor:.2f} minor units" if scale_minor else f"{-amount:.4f}"
        for amount in (by.value, by.high)
    )
    decisions = f"{int(of_difference(groups, arm, evidence.against).n):,} decisions between both"
    return (
        f"an impression{_since(start_s)} earns {less} less than of {evidence.against} (at least "
        f"{least}, by {decisions}), more than {loss_max:g}: valid at every look"
    )


def _less(
    arm: str, evidence: ArmEstimates, window: LatestWindow[Groups], loss_max: float
) -> Interval | None:
    """What an impression earns, less that of the arm compared with, if it loses more than it may.

    There are many windows: the bounds, which take long, are for those alone that break it.
    """
    sums = of_difference(window.sums, arm, evidence.against)
    lost = -sums.score - loss_max * sums.n
    if lost <= 0.0:
        return None
    alpha = ALPHA * window.weight / ARMS_JUDGED
    by = _sequence(evidence.floor)
    if by.log_e_value(lost, sums.variance) <= -math.log(alpha):
        return None
    return interval(sums, by, 2.0 * alpha, within=(-1.0, 1.0))


@cache
def _sequence(floor: float) -> GammaExponential:
    """The bound of a loss, tuned for the whole log: of two sides, of which one is looked at."""
    return sequence(floor, 2.0 * ALPHA * WHOLE / ARMS_JUDGED)


def p_more_often(seen: LatestWindow[Firsts], share: float) -> float:
    """The always-valid p-value of so many dismissals, if no more than a share is dismissed.

    Of trials that are independent: one a unit. Multiplied by `ARMS_JUDGED` (Bonferroni), and by as
    much as the window has less than all of the error.

    >>> [p_more_often(LatestWindow(Firsts(200, away)), 0.1) for away in (20, 60)]
    [1.0, 0.0]
    """
    (shown, dismissed), _, weight = seen
    more = dismissed - share * shown
    if more <= 0.0:
        return 1.0
    spread = dismissed * (1.0 - share) ** 2 + (shown - dismissed) * share**2
    return min(1.0, ARMS_JUDGED / weight * math.exp(-float(OF_SHARES.log_e_value(more, spread))))


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
