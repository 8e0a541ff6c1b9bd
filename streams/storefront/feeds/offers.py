"""What a prompt offers beside its items, as fields of a row, and how staff may put it. Pure."""

from typing import Any

from streams.contract.published.prompts import Prompt, PromptItem
from streams.contract.wire.shop.offers import BundleOffer, FreeShippingOffer, LoyaltyOffer


def offer_fields(prompt: Prompt, item: PromptItem) -> dict[str, Any]:
    """What a prompt offers with one of its items, as fields of a row (see `rows.FeedRow`)."""
    offer = prompt.offer
    told: dict[str, Any]
    if isinstance(offer, FreeShippingOffer):
        told = {"missing_minor": offer.missing_minor, "threshold_minor": offer.threshold_minor}
    elif isinstance(offer, BundleOffer):
        told = {"price_minor": offer.price_minor, "discount_minor": offer.discount_minor}
    elif isinstance(offer, LoyaltyOffer):
        points = dict(zip((each.item_id for each in prompt.items), offer.points, strict=False))
        told = {"points": points.get(item.item_id)}
    else:
        return {}
    told["currency"] = offer.currency
    return {"offer": offer.type} | {f"offer_{name}": value for name, value in told.items()}


def said_of_offer(prompt: Prompt, *, is_less: bool) -> str | None:
    """Which of staff's sentences tells the offer; None: there is none, the reason is told.

    Several items reach free shipping together only, and perhaps not any more where the basket
    `is_less` than it was: then each of them brings it closer.
    """
    if isinstance(prompt.offer, FreeShippingOffer):
        return "top_up_part" if is_less or len(prompt.items) > 1 else "top_up"
    if isinstance(prompt.offer, LoyaltyOffer):
        return "loyalty"
    return None if prompt.offer is None else "bundle"
