"""The loyalty programme: what a price brings in points, as the control `loyalty.program` has it.

The value is `{"points_per_mille": {"EUR": 10}, "tiers": {"member": 1000, "gold": 2000}}`: ten
points for 10.00 EUR (a thousand minor units), twice as many for who is gold. A tier is called as
the `segment` of events calls its members; who is in none is no member.

It may say besides with how many points each tier begins, `"tier_begins": {"gold": 2000}`, and how
many minor units a thousand points pay, `"worth_per_mille": {"EUR": 1000}`: a cent a point. Of who
tells their balance (`points_balance` of an event) prompts name the next tier and what it is worth.
"""

from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from streams.contract.errors import InvalidReference
from streams.contract.events.fields import POINTS_MAX, Currency, EventBase
from streams.contract.events.reference.catalog import Segment
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.curated import REFUSED

KEY = "loyalty.program"
MILLE = 1_000
RATE_MAX = 1_000_000
TIERS_MAX = 32
CURRENCIES_MAX = 16

Rate = Annotated[int, Field(ge=1, le=RATE_MAX)]
Begin = Annotated[int, Field(ge=0, le=POINTS_MAX)]


class Tier(NamedTuple):
    """What one of its members gets."""

    name: str
    factor_per_mille: int
    """Of what the programme gives, in thousandths."""


class NextTier(NamedTuple):
    """The tier above a member's own."""

    name: str
    begins: int
    """With how many points."""


class LoyaltyProgram(BaseModel):
    """What members get for what they pay."""

    model_config = EventBase.model_config

    points_per_mille: Annotated[
        dict[Currency, Rate], Field(min_length=1, max_length=CURRENCIES_MAX)
    ]
    """Points for a thousand minor units, by currency."""
    tiers: Annotated[dict[Segment, Rate], Field(min_length=1, max_length=TIERS_MAX)]
    """Tier -> how much of that its members get, in thousandths: 1000 is all of it."""
    tier_begins: Annotated[dict[Segment, Begin], Field(max_length=TIERS_MAX)] = Field({})
    """Tier -> with how many points it begins, each with another number; one that is not here is
    reached otherwise, and nothing is said of what comes after it."""
    worth_per_mille: Annotated[dict[Currency, Rate], Field(max_length=CURRENCIES_MAX)] = Field({})
    """What a thousand points pay, in minor units, by currency; of others nothing is said."""

    @model_validator(mode="after")
    def _tiers_in_order(self) -> Self:
        """Raises `ValueError` where nobody could say which tier comes next."""
        if unknown := sorted(self.tier_begins.keys() - self.tiers.keys()):
            raise ValueError(f"tier_begins names no tier of `tiers`: {unknown[0]}")
        if len({*self.tier_begins.values()}) < len(self.tier_begins):
            raise ValueError("tier_begins has two tiers that begin with the same number of points")
        return self

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

    def next_after(self, tier: str) -> NextTier | None:
        """The tier that begins above this one; None: it is the highest, or nobody says.

        >>> tiers = {"member": 1000, "gold": 2000}
        >>> begins = {"member": 0, "gold": 800}
        >>> program = LoyaltyProgram(points_per_mille={"EUR": 10}, tiers=tiers, tier_begins=begins)
        >>> program.next_after("member"), program.next_after("gold")
        (NextTier(name='gold', begins=800), None)
        """
        own = self.tier_begins.get(tier)
        if own is None:
            return None
        above = ((begins, name) for name, begins in self.tier_begins.items() if begins > own)
        begins, name = min(above, default=(0, ""))
        return NextTier(name, begins) if name else None

    def worth_minor(self, points: int, currency: str) -> int:
        """What so many points pay, rounded down; 0: nothing, or the shop does not say.

        >>> rates, tiers, worth = {"EUR": 10}, {"gold": 2000}, {"EUR": 500}
        >>> program = LoyaltyProgram(points_per_mille=rates, tiers=tiers, worth_per_mille=worth)
        >>> program.worth_minor(501, "EUR"), program.worth_minor(501, "USD")
        (250, 0)
        """
        return max(0, points) * self.worth_per_mille.get(currency, 0) // MILLE


def loyalty_program(value: Any) -> LoyaltyProgram:
    """The programme of a control's value; raises `InvalidReference`."""
    try:
        return LoyaltyProgram.model_validate(value)
    except ValidationError as invalid:
        told = reasons(invalid).removeprefix("record: ")
        raise InvalidReference(REFUSED, f"{KEY}: {told}") from None
