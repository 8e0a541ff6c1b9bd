"""The settings of intake: how foreign records become events (`streams.storefront.intake`)."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class IntakeSettings(BaseModel):
    """The settings of intake; `Settings` inherits them, and reads them from the environment.

    >>> IntakeSettings().intake_items
    'parent'
    """

    # Intake
    intake_items: Literal["parent", "variant"] = Field(
        "parent",
        description="item granularity: a product, whatever its variants, or each variant by itself",
    )
    intake_currency: str = Field(
        "",
        pattern=r"^([A-Z]{3})?$",
        json_schema_extra={"write": "three capital letters (ISO 4217), such as EUR, or nothing"},
        description="currency of foreign records that name none, an ISO 4217 code; empty: their "
        "prices are left out",
    )
    intake_consent_categories: str = Field(
        "",
        description="consent categories of Segment and RudderStack that have to be granted, comma "
        "separated; empty: all that are sent",
    )
    shopify_secret: SecretStr = Field(
        SecretStr(""),
        description="signs Shopify's webhooks: those without its signature are refused; several, "
        "comma separated, while it is rotated",
    )
    woocommerce_secret: SecretStr = Field(
        SecretStr(""), description="signs WooCommerce's webhooks, likewise"
    )
    segment_secret: SecretStr = Field(
        SecretStr(""),
        description="signs the webhooks of Segment, and of who signs like it, likewise",
    )
