"""What each offered item is worth, by what is known when it is offered: sealed with the prompt.

Only where net reward is asked for. The fold counts by it what is earned later, so that it needs no
catalogue (`streams.shop.memory.orders.reward.net_reward`).
"""

from collections.abc import Sequence

from models import Candidate
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.exclusions import UNKNOWN, Exclusions
from streams.shop.decision.catalog.slot_arms import FittingArm
from streams.shop.decision.policy.best_worth import BestWorthArm
from streams.shop.decision.slots.incentives import promised
from streams.shop.decision.slots.strategy import Strategy

FIT_CLASSES = 8
DOUBTED = 4
"""Cases more in which it did not go along: two of two is no certainty."""


def worths(
    candidates: Sequence[Candidate], question: CandidateQuery, arm: Strategy
) -> tuple[ItemWorth, ...]:
    """What the catalogue says of each, if there is one, and how much speaks for it.

    Of an arm that takes a discount off, what is left after that; of `best_worth` also by which pair
    it is judged, and how probably it is taken.
    """
    known = question.excluded if isinstance(question.excluded, Exclusions) else None
    found = [
        (UNKNOWN if known is None else known.worth(one.item))._replace(fit=fit(one))
        for one in candidates
    ]
    by = arm.arm if isinstance(arm, FittingArm) else arm
    if isinstance(by, BestWorthArm):
        return tuple(by.sealed(candidates, found, question.anchor))
    return tuple(promised(arm, found, question))


def fit(candidate: Candidate) -> int:
    """How much speaks for it, in classes by octaves: 1 is more than half of cases, 8 nearly none.

    >>> fit(Candidate("butter", 1.0, 41, 57, "bread")), fit(Candidate("tent", 1.0, 1, 300, "bread"))
    (1, 8)
    >>> fit(Candidate("soap", 1.0, 0, 0, "bread"))  # nothing was counted: a class of its own
    0
    """
    together, of = candidate.together, candidate.of
    if together <= 0:
        return 0
    return min(FIT_CLASSES, (int(of + DOUBTED) // max(1, int(together))).bit_length() or 1)
