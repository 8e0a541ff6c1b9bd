"""The loyalty programme: what a price brings in points, as the control `loyalty.program` has it.

The value is `{"points_per_mille": {"EUR": 10}, "tiers": {"member": 1000, "gold": 2000}}`: ten
points for 10.00 EUR (a thousand minor units), twice as many for who is gold. A tier is called as
the `segment` of events calls its members; who is in none is no member.
"""

from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from streams.contract.errors import InvalidReference
from streams.contract.events.fields import Currency, EventBase
from streams.contract.events.reference.catalog import Segment
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.curated import REFUSED

KEY = "loyalty.program"
MILLE = 1_000
RATE_MAX = 1_000_000
TIERS_MAX = 32
CURRENCIES_MAX = 16

Rate = Annotated[int, Field(ge=1, le=RATE_MAX)]


class Tier(NamedTuple):
    """What one of its members gets."""

    name: str
    factor_per_mille: int
    """Of what the programme gives, in thousandths."""


class LoyaltyProgram(BaseModel):
    """What members get for what they pay."""

    model_config = EventBase.model_config

    points_per_mille: Annotated[
        dict[Currency, Rate], Field(min_length=1, max_length=CURRENCIES_MAX)
    ]
    """Points for a thousand minor units, by currency."""
    tiers: Annotated[dict[Segment, Rate], Field(min_length=1, max_length=TIERS_MAX)]
    """Tier -> how much of that its members get, in thousandths: 1000 is all of it."""

    def tier_of(self, segment: str | None) -> Tier | None:
        """The tier of who is in a segment; None: they are no member."""
        factor = None if segment is None else self.tiers.get(segment)
        return None if segment is None or factor is None else Tier(segment, factor)

    def points(self, tier: Tier, price_minor: int, currency: str) -> int:
        """What a price brings, rounded down: never more than the shop will give.

        >>> program = LoyaltyProgram(points_per_mille={"EUR": 10}, tiers={"gold": 1500})
        >>> program.points(Tier("gold", 1500), 2_499, "EUR")
        37
        >>> program.points(Tier("gold", 1500), 2_499, "USD")
        0
        """
        rate = self.points_per_mille.get(currency, 0)
        return price_minor * rate * tier.factor_per_mille // (MILLE * MILLE)


def loyalty_program(value: Any) -> LoyaltyProgram:
    """The programme of a control's value; raises `InvalidReference`."""
    try:
        return LoyaltyProgram.model_validate(value)
    except ValidationError as invalid:
        told = reasons(invalid).removeprefix("record: ")
        raise InvalidReference(REFUSED, f"{KEY}: {told}") from None
