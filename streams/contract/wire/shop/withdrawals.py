"""Withdrawals: why a prompt is taken back, and the settings of what the catalogue takes back."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

CatalogReason = Literal[
    "sold_out", "hidden", "restricted", "not_eligible", "repriced", "offer_ended", "arm_stopped"
]
"""Why the catalogue, or a control, takes a prompt back: by one of its items, or all of it."""
ShopperReason = Literal["added", "ordered", "dismissed", "checkout", "consent", "signed_out"]
"""Why what the shopper does takes it back."""
WithdrawalReason = (
    Literal[ShopperReason, CatalogReason] | Annotated[str, Field(min_length=1, max_length=40)]
)
"""Why a prompt is taken back. A release may add to these: a reader takes any other word as well."""


class WithdrawalSettings(BaseModel):
    """The settings of withdrawals; `Settings` inherits them, and reads them.

    >>> WithdrawalSettings().reprice_share_max
    0.05
    """

    # Withdrawals
    reprice_share_max: float = Field(
        0.05,
        ge=0,
        le=10,
        description="prompts are withdrawn when the price of one of their items has changed by "
        "more than this share since they were made; needs GOESWITH_CATALOG_PRICES_MAX",
    )
    withdrawals_per_s_max: int = Field(
        1_000,
        ge=1,
        le=1_000_000,
        description="prompts that a worker withdraws in a second because of catalogue or controls: "
        "of an item in more living prompts the rest follows",
    )
