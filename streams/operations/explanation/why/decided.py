"""What stood behind a prompt: what each arm would have offered, and what the guards kept out.

Recomputed by the functions that decided, of a shop that has folded the log up to the event that
asked. What was drawn, and with which probability, is read off the prompt: nothing is drawn anew.
"""

from collections.abc import Iterator
from typing import NamedTuple

from models import Candidate
from streams.contract.published.prompts import Prompt
from streams.operations.explanation.why_not.considered import (
    Considered,
    DecisionAsked,
    Refusal,
    asked_again,
    considered,
    idle_arms,
    refusals_of,
)
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.anchors import anchor_of
from streams.shop.decision.slots.incentives import is_whole
from streams.shop.shop import Shop

CANDIDATES_MAX = 5
"""Of each arm."""
KEPT_OUT_MAX = 10
"""Items that guards kept out of the prompt, of those that arms would have offered first."""


class ArmAtDecision(NamedTuple):
    """An arm, as it was asked."""

    arm: str
    drawable: bool
    """Whether controls let it be drawn."""
    propensity: float | None
    """With which probability it was drawn; None: it had nothing to offer."""
    estimate: float | None
    """The reward that was expected of it, where the prompt says so."""
    candidates: tuple[Candidate, ...]
    """What it would have offered, the best first."""


class KeptOut(NamedTuple):
    """An item that an arm would have offered, and guards kept out."""

    item_id: str
    refusals: tuple[Refusal, ...]


class Behind(NamedTuple):
    """What stood behind a prompt."""

    items: tuple[Considered, ...]
    """Each of its items, with what every arm says of it."""
    arms: tuple[ArmAtDecision, ...]
    kept_out: tuple[KeptOut, ...]

    @property
    def agrees(self) -> bool:
        """Whether the arm that was drawn would have offered these items here, too."""
        offered = {item.item_id for item in self.items}
        drawn = {item.drawn for item in self.items}
        return any(
            arm.arm in drawn and offered <= {one.item for one in arm.candidates}
            for arm in self.arms
        )


def behind(shop: Shop, asked: DecisionAsked, prompt: Prompt) -> Behind:
    """What stood behind a prompt of the event that the shop has just folded."""
    items = tuple(considered(shop, asked, item.item_id) for item in prompt.items)
    session = shop.sessions[asked.partition].find(asked.event.session_id)
    if session is None:  # displaced by others: nothing is known of it
        return Behind(items, (), ())
    session = shop.identity.seen_by(session, asked.event)
    anchor = anchor_of(session, asked.event) or prompt.anchor
    question, strategies = asked_again(shop, session, asked, anchor)
    idle, estimates = idle_arms(asked.controls), prompt.estimates or {}
    arms, met = [], dict[str, None]()
    for name, strategy in strategies.items():
        whole = is_whole(strategy)  # of more items there are too many ways to a sum
        most = question.items_max if whole else CANDIDATES_MAX
        found = strategy.candidates(shop.learned, question._replace(items_max=most))
        said = prompt.propensities.get(name), estimates.get(name)
        arms.append(ArmAtDecision(name, name not in idle, *said, tuple(found)))
        if not whole:
            free = question._replace(items_max=KEPT_OUT_MAX, excluded=frozenset())
            met |= dict.fromkeys(one.item for one in strategy.candidates(shop.learned, free))
    kept_out = tuple(_kept_out(shop, asked, question, [*met]))[:KEPT_OUT_MAX]
    return Behind(items, tuple(arms), kept_out)


def _kept_out(
    shop: Shop, asked: DecisionAsked, question: CandidateQuery, items: list[str]
) -> Iterator[KeptOut]:
    """Those of the items that must not be offered, with all that is in their way."""
    for item in items:
        refusals = tuple(refusals_of(shop, question.session, asked, question, item))
        if refusals and refusals != ("asked",):  # that goes without saying
            yield KeptOut(item, refusals)
