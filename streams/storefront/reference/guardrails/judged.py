"""Which arms break a guardrail, by bounds that hold at every look, and what is done about it.

Two guardrails. An arm is sent away too often where its dismissals are more than a share of its
impressions; it earns too little where an impression earns less than that of the arm compared with,
by more than a loss. Both are judged by confidence sequences: whoever looks every minute, for ever,
stops an arm that breaks neither with probability `ALPHA` at most, over all arms together. So a
guardrail may act without anybody looking. What comes late (a dismissal, an order) counts for the
arm until it is there.

An arm is stopped once. Who sets it on again overrules the guardrail, which then leaves it alone.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from models.evaluation.confidence_sequences import GammaExponential
from streams.contract.events.reference.control import ControlRecord
from streams.experiments.arm_estimates import ArmEstimate
from streams.views.arm_board import ArmRow

AUTHOR = "guardrail"
"""Who the audit trail says that it was."""
ALPHA = 0.01
"""The probability of ever stopping an arm that breaks no guardrail, for each kind of them."""
V_OPT = 50.0
"""The bound is narrowest after some hundred impressions."""
STEP_MAX = 1.0


class Guardrails(NamedTuple):
    """What is allowed; None: that is not watched."""

    dismissals_max: float | None = None
    """Dismissals by impression."""
    loss_max: float | None = None
    """Reward of an impression, less than the arm compared with."""


class Breach(NamedTuple):
    """An arm that breaks a guardrail, and by which figures."""

    arm: str
    reason: str


def breaches(
    board: Sequence[ArmRow], evidence: Sequence[ArmEstimate], allowed: Guardrails, against: str
) -> list[Breach]:
    """The arms that break what is allowed, each once."""
    found: dict[str, Breach] = {}
    for row in board:
        if allowed.dismissals_max is not None and row.shown:
            p = p_more_often(row.dismissed, row.shown, allowed.dismissals_max, len(board))
            if p < ALPHA:
                share = row.dismissed / row.shown
                found[row.arm] = Breach(
                    row.arm,
                    f"sent away in {row.dismissed:,} of {row.shown:,} impressions ({share:.1%}), "
                    f"more than {allowed.dismissals_max:.1%}: p {p:.2g}, valid at every look",
                )
    for known in evidence:
        by = known.difference
        if allowed.loss_max is not None and by is not None and by.high < -allowed.loss_max:
            found.setdefault(
                known.arm,
                Breach(
                    known.arm,
                    f"an impression earns {-by.value:.4f} less than of {against} (at least "
                    f"{-by.high:.4f}, of {known.drawn:,} drawn), more than {allowed.loss_max:g}",
                ),
            )
    return [*found.values()]


def p_more_often(dismissed: int, shown: int, share: float, arms: int) -> float:
    """The always-valid p-value of so many dismissals, if no more than a share is dismissed.

    Multiplied by the number of arms (Bonferroni).

    >>> p_more_often(60, 200, 0.1, arms=4) < ALPHA, p_more_often(25, 200, 0.1, arms=4)
    (True, 1.0)
    """
    more = dismissed - share * shown
    if more <= 0.0:
        return 1.0
    spread = dismissed * (1.0 - share) ** 2 + (shown - dismissed) * share**2
    sequence = GammaExponential(STEP_MAX, V_OPT, ALPHA / max(1, arms))
    return min(1.0, arms * math.exp(-float(sequence.log_e_value(more, spread))))


def stops(
    broken: Iterable[Breach], history: Iterable[ControlRecord], at_ms: int
) -> list[ControlRecord]:
    """The controls that stop these arms: but for those that are off, or that somebody overruled.

    `history` has all changes of controls, oldest first.

    >>> [one.key for one in stops([Breach("popular", "sent away")], [], at_ms=1_767_225_600_000)]
    ['arms.popular.state']
    """
    latest: dict[str, ControlRecord] = {}
    stopped: set[str] = set()
    for record in history:
        latest[record.key] = record
        if record.author == AUTHOR and record.value == "off":
            stopped.add(record.key)
    found = []
    for breach in broken:
        key = f"arms.{breach.arm}.state"
        is_off = key in latest and latest[key].value == "off"
        if not is_off and key not in stopped:
            said = {"key": key, "value": "off", "author": AUTHOR}
            found.append(
                ControlRecord.model_validate(said | {"reason": breach.reason, "at_ms": at_ms})
            )
    return found
