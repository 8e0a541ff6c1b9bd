"""Incentives: the arms that name what their items bring besides, and what of it is sealed."""

from collections.abc import Sequence
from typing import Any

from models import Candidate
from streams.contract.events.slots import Placement
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots import upgrades
from streams.shop.decision.slots.bundles import BundleArm
from streams.shop.decision.slots.loyalty import LoyaltyArm
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.decision.slots.top_up import TopUpArm
from streams.shop.memory.answer import OutgoingPrompt


def is_whole(arm: Strategy) -> bool:
    """Whether an arm offers all of its items, or none: fewer would not bring what it names."""
    return isinstance(arm, TopUpArm | BundleArm)


def offer_of(
    arm: Strategy, candidates: Sequence[Candidate], question: CandidateQuery
) -> dict[str, Any] | None:
    """The fields of the `Offer` of an arm that has just offered these; None: items alone."""
    if isinstance(arm, TopUpArm):
        return {"type": "free_shipping", **arm.gap._asdict()}
    if isinstance(arm, LoyaltyArm):
        return arm.offer(candidates)
    return arm.offer(question) if isinstance(arm, BundleArm) else None


def with_offer(
    said: OutgoingPrompt, slot: Placement, offer: dict[str, Any] | None
) -> OutgoingPrompt:
    """The prompt, of its kind, and with what its items bring besides."""
    if slot == upgrades.ARM:
        said.fields["kind"] = "upsell"
    if offer is not None:
        said.fields["offer"] = offer
    return said


def promised(
    arm: Strategy, known: Sequence[ItemWorth], question: CandidateQuery
) -> Sequence[ItemWorth]:
    """What is known of its items, after what the arm promises."""
    return arm.promised(known, question) if isinstance(arm, BundleArm) else known
