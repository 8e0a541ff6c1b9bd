"""What a prompt offers beside its items, as fields of a row, and how staff may put it. Pure."""

from typing import NamedTuple

from streams.contract.prompts import Prompt, PromptItem
from streams.contract.wire.shop.offers import BundleOffer, FreeShippingOffer, LoyaltyOffer


class OfferFields(NamedTuple):
    """An incentive, as of when the prompt was asked for. Of each kind its own fields."""

    offer: str | None = None
    """`free_shipping`, `bundle` or `loyalty`; None: there is none."""
    offer_missing_minor: int | None = None
    """Free shipping: what the basket lacked, in minor units of `offer_currency`."""
    offer_threshold_minor: int | None = None
    """Free shipping: from which worth on."""
    offer_price_minor: int | None = None
    """Bundle: what all of it costs without the discount."""
    offer_discount_minor: int | None = None
    """Bundle: what it costs less, when all of it is bought."""
    offer_points: int | None = None
    """Loyalty: what one of this item brings."""
    offer_currency: str | None = None
    """ISO 4217 code."""


NO_OFFER = OfferFields()


def offer_fields(prompt: Prompt, item: PromptItem) -> OfferFields:
    """What a prompt offers with one of its items."""
    offer = prompt.offer
    if isinstance(offer, FreeShippingOffer):
        return OfferFields(
            offer.type,
            offer_missing_minor=offer.missing_minor,
            offer_threshold_minor=offer.threshold_minor,
            offer_currency=offer.currency,
        )
    if isinstance(offer, BundleOffer):
        return OfferFields(
            offer.type,
            offer_price_minor=offer.price_minor,
            offer_discount_minor=offer.discount_minor,
            offer_currency=offer.currency,
        )
    if isinstance(offer, LoyaltyOffer):
        points = dict(zip((each.item_id for each in prompt.items), offer.points, strict=False))
        return OfferFields(
            offer.type, offer_points=points.get(item.item_id), offer_currency=offer.currency
        )
    return NO_OFFER


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
