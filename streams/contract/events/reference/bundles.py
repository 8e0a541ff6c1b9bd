"""Bundles: what is cheaper together, as the controls `bundles.<name>` have it.

The value is `{"items": ["camera", "case"], "discount_minor": {"EUR": 1000}}`, or instead
`"discount_per_mille": 100` of what all items cost together.
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from streams.contract.errors import InvalidReference
from streams.contract.events.fields import PRICE_MINOR_MAX, Currency, EventBase, Id
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.curated import REFUSED

PREFIX = "bundles."
ITEMS_MAX = 8
CURRENCIES_MAX = 16
MILLE = 1_000

Discount = Annotated[int, Field(ge=1, le=PRICE_MINOR_MAX)]


class BundleTerms(BaseModel):
    """What a bundle is made of, and what all of it costs less than its items do one by one."""

    model_config = EventBase.model_config

    items: Annotated[tuple[Id, ...], Field(min_length=2, max_length=ITEMS_MAX, strict=False)]
    """What it is made of, one of each, 2 to 8."""
    discount_minor: Annotated[dict[Currency, Discount], Field(max_length=CURRENCIES_MAX)] = Field(
        default_factory=dict
    )
    """Joint discount by currency, in its minor units."""
    discount_per_mille: Annotated[int, Field(ge=1, lt=MILLE)] | None = None
    """Joint discount in thousandths of what all items cost, rounded down."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        """Raises `ValueError` for what no shop means."""
        if len({*self.items}) < len(self.items):
            raise ValueError("an item stands twice: a bundle has one of each")
        if bool(self.discount_minor) == (self.discount_per_mille is not None):
            raise ValueError("either discount_minor or discount_per_mille is wanted")
        return self

    def discount(self, price_minor: int, currency: str) -> int:
        """What it costs less than this, in minor units; 0: nothing is said of this currency.

        >>> BundleTerms(items=("a", "b"), discount_per_mille=125).discount(999, "EUR")
        124
        >>> BundleTerms(items=("a", "b"), discount_minor={"EUR": 50}).discount(999, "USD")
        0
        """
        if self.discount_per_mille is not None:
            return price_minor * self.discount_per_mille // MILLE
        return self.discount_minor.get(currency, 0)


def bundle_terms(key: str, value: Any) -> tuple[str, BundleTerms]:
    """The name of a bundle and its terms, of a control; raises `InvalidReference`.

    >>> bundle_terms("bundles.photo", {"items": ["camera", "case"], "discount_per_mille": 50})[0]
    'photo'
    """
    try:
        terms = BundleTerms.model_validate(value)
    except ValidationError as invalid:
        told = reasons(invalid).removeprefix("record: ")
        raise InvalidReference(REFUSED, f"{key}: {told}") from None
    if not (name := key.removeprefix(PREFIX)):
        raise InvalidReference(REFUSED, f"{key}: the bundle has no name")
    return name, terms
