"""Incentives: the arms that name what their items bring besides, and what of it is sealed."""

from collections.abc import Mapping, Sequence
from typing import Any

from models import Candidate
from streams.contract.events.reference.loyalty import LoyaltyProgram
from streams.contract.events.slots import Placement
from streams.contract.wire.shop.offers import BundleOffer, LoyaltyOffer
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots import upgrades
from streams.shop.decision.slots.bundles import BundleArm, Bundles
from streams.shop.decision.slots.loyalty import LoyaltyArm
from streams.shop.decision.slots.standing import still_stands
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.decision.slots.top_up import PriceTag, TopUpArm
from streams.shop.memory.answer import OutgoingPrompt

ENDING: Mapping[str, type[BundleOffer] | type[LoyaltyOffer]] = {
    "bundle": BundleOffer,
    "loyalty": LoyaltyOffer,
}
"""The offers that end with the control that defines them, by their type."""


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


def stands(
    offer: BundleOffer | LoyaltyOffer,
    bundles: Bundles,
    program: LoyaltyProgram | None,
    prices: Sequence[PriceTag | None],
) -> bool:
    """Whether what a prompt named is still what the shop gives, by bundles and programme of now.

    A bundle is while it has the same items, and saves no less; points are while the tier is there,
    they are no fewer for what the items cost then (`prices`, as far as they are known), and what
    was said of a balance is no less.
    """
    if isinstance(offer, BundleOffer):
        terms = bundles.terms.get(offer.bundle)
        if terms is None or {*terms.items} != {*offer.bundle_items}:
            return False
        return terms.discount(offer.price_minor, offer.currency) >= offer.discount_minor
    if program is None or (tier := program.tier_of(offer.tier)) is None:
        return False
    return still_stands(offer, program) and all(
        tag is None or program.points(tier, tag.price_minor, tag.currency) >= points
        for tag, points in zip(prices, offer.points, strict=False)
    )


def read_offer(said: Any) -> BundleOffer | LoyaltyOffer | None:
    """The offer of a prompt, by the fields of its record, if it is one that may end.

    Without its sentences, which say what its numbers do: so much need not be remembered.

    Raises `ValueError` for one that is none of the contract.
    """
    kind = ENDING.get(said["type"]) if isinstance(said, dict) and "type" in said else None
    if kind is None:
        return None
    return kind.model_validate({name: told for name, told in said.items() if name != "texts"})


def with_offer(
    said: OutgoingPrompt, slot: Placement, offer: dict[str, Any] | None
) -> OutgoingPrompt:
    """The prompt, of its kind, and with what its items bring besides."""
    if slot != upgrades.ARM and offer is None:  # as nearly all are
        return said
    kind = {"kind": "upsell"} if slot == upgrades.ARM else {}
    said.besides = kind if offer is None else {**kind, "offer": offer}
    return said


def promised(
    arm: Strategy, known: Sequence[ItemWorth], question: CandidateQuery
) -> Sequence[ItemWorth]:
    """What is known of its items, after what the arm promises."""
    return arm.promised(known, question) if isinstance(arm, BundleArm) else known
