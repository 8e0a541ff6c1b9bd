"""What a prompt may offer beside its items: free shipping, a bundle that costs less, points.

Amounts are in minor units of `currency` (cents). A release may add to these.
"""

from typing import Literal

from pydantic import BaseModel

from streams.contract.wire.numbers import LENIENT, Count, Whole


class FreeShippingOffer(BaseModel):
    """With the items of the prompt the basket reaches what ships free."""

    model_config = LENIENT

    type: Literal["free_shipping"] = "free_shipping"
    missing_minor: Count
    """What the basket lacks of the threshold, without these items."""
    threshold_minor: Count
    """From which worth of the basket on shipping is free."""
    currency: str
    """ISO 4217 code."""


class BundleOffer(BaseModel):
    """With the items of the prompt a bundle is complete, which costs less than its items do.

    It is a promise: the storefront takes the discount off when all of the bundle is bought.
    """

    model_config = LENIENT

    type: Literal["bundle"] = "bundle"
    bundle: str
    """Its name, by the control that defines it."""
    bundle_items: tuple[str, ...]
    """All of it: what the shopper has, and the items of the prompt."""
    price_minor: Count
    """What all of it costs without the discount, one of each."""
    discount_minor: Count
    """What it costs less, once, when it is complete."""
    currency: str
    """ISO 4217 code."""


class LoyaltyOffer(BaseModel):
    """The items of the prompt bring a member of the loyalty programme points."""

    model_config = LENIENT

    type: Literal["loyalty"] = "loyalty"
    tier: str
    """The tier that the event named as the shopper's segment: points are by it."""
    points: tuple[Count, ...]
    """What one of each item brings, in the order of the prompt's items."""
    balance: Whole | None = None
    """How many points they have, by the event that asked. This and all that follows is left out
    where nobody says it, and of who is not signed in, or does not consent."""
    next_tier: str | None = None
    """The tier above theirs."""
    missing_points: Count | None = None
    """What their balance lacks of it, not counting the basket; 1 at least."""
    reaches: tuple[bool, ...] | None = None
    """Whether one of each item brings that many, not counting the basket, in their order."""
    worth_minor: Count | None = None
    """What all of their points pay, in minor units of `currency`."""
    currency: str | None = None
    """ISO 4217 code."""
    texts: tuple[str, ...] | None = None
    """The same as sentences in the language of the prompt's `reason`, with its `direction`: of the
    next tier, and of the worth. Plain text: never read it as HTML."""


Offer = FreeShippingOffer | BundleOffer | LoyaltyOffer
"""An incentive that a prompt names; `type` tells which."""
