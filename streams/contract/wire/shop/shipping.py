"""The settings of the top-up: what makes the shipping free, and whose prices are kept for that."""

import re

from pydantic import BaseModel, Field, field_validator


class ShippingSettings(BaseModel):
    """The settings of free shipping; `Settings` inherits them, and reads them.

    >>> ShippingSettings(free_shipping="EUR=5000, JPY=6000").free_shipping_minor
    {'EUR': 5000, 'JPY': 6000}
    """

    # Free shipping
    free_shipping: str = Field(
        "",
        description="worth of a basket from which on shipping is free, by currency, in its minor "
        "units, comma separated (`EUR=5000,JPY=6000`); empty: no prompt says so",
    )
    catalog_prices_max: int = Field(
        0,
        ge=0,
        description="items whose price and margin a worker keeps of the catalogue, for the top-up "
        "to free shipping; 0: none",
    )

    @property
    def free_shipping_minor(self) -> dict[str, int]:
        """`free_shipping` by currency; raises `ValueError` for what is none."""
        found = {}
        for said in filter(None, map(str.strip, self.free_shipping.split(","))):
            currency, _, minor = map(str.strip, said.partition("="))
            if not re.fullmatch("[A-Z]{3}", currency):
                raise ValueError(f"{said[:40]!r} names no currency: write EUR=5000,JPY=6000")
            if not re.fullmatch("[0-9]{1,15}", minor) or not int(minor):
                raise ValueError(f"{said[:40]!r}: whole minor units, more than 0, are wanted")
            found[currency] = int(minor)
        return found

    @field_validator("free_shipping")
    @classmethod
    def _by_currency(cls, said: str) -> str:
        _ = cls.model_construct(free_shipping=said).free_shipping_minor
        return said
