"""What a prompt may offer beside its items: at present that they make the shipping free."""

from typing import Literal

from pydantic import BaseModel

from streams.contract.wire.numbers import LENIENT, Count


class Offer(BaseModel):
    """An incentive that a prompt names. Amounts are in minor units of `currency` (cents)."""

    model_config = LENIENT

    type: Literal["free_shipping"] = "free_shipping"
    """With the items of the prompt the basket reaches what ships free."""
    missing_minor: Count
    """What the basket lacks of the threshold, without these items."""
    threshold_minor: Count
    """From which worth of the basket on shipping is free."""
    currency: str
    """ISO 4217 code."""
