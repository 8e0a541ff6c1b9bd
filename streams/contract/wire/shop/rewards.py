"""The settings of what prompts earn, in money, and of how many items are worth their room."""

import re
from fractions import Fraction
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

CURRENCY = re.compile("[A-Z]{3}")
RATE_MAX = 1_000_000


class RewardSettings(BaseModel):
    """The settings of net reward; `Settings` inherits them, and reads them.

    >>> RewardSettings().reward
    'stages'
    """

    # Reward
    reward: Literal["stages", "net"] = Field(
        "stages",
        description="what a prompt earns: fixed weights of its stages, or its net reward in money",
    )
    reward_scale_minor: int = Field(
        2_000,
        ge=1,
        description="net reward, in minor units, that counts as 1; more is clipped, and counted; "
        "after a change of it start a new experiment, as the log then has two scales",
    )
    dismissal_cost_minor: int = Field(
        0, ge=0, description="what a dismissal costs, in minor units: net reward begins with it"
    )
    margin_share: float = Field(
        0.3,
        ge=0,
        le=1,
        description="share of the price that is earned, where neither event nor catalogue says, or "
        "the catalogue in another currency, and one of both has no rate",
    )
    return_cost_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description="expected cost of returns beyond their margin, as a share of the price",
    )
    reward_rates: str = Field(
        "",
        description="exchange rates: minor units of net reward for one of a currency, comma "
        "separated (`EUR=1,JPY=0.62`); others earn nothing; margins of the catalogue are converted "
        "by them where it has another currency than the order; empty: all amounts as they are",
    )

    items_decided: bool = Field(
        False,
        description="how many items a prompt has, 0 to `prompt_items_max`, is decided by what they "
        "are expected to earn, and to annoy; needs net reward",
    )
    items_exploration: float = Field(
        0.02,
        ge=0,
        le=0.5,
        description="share of events for which the number of items is drawn, so that what was "
        "given up can recover",
    )

    best_worth: bool = Field(
        False,
        description="an arm more, `best_worth`: of what all sources propose, what is expected to "
        "earn most, by what was learned of each pair; needs `items_decided`, and a catalogue with "
        "prices or margins",
    )

    @property
    def exchange_rates(self) -> dict[str, Fraction]:
        """`reward_rates` by currency, exactly; raises `ValueError` for what is none.

        >>> RewardSettings(reward_rates="EUR=1, JPY=0.62").exchange_rates["JPY"]
        Fraction(31, 50)
        """
        rates = {}
        for said in filter(None, map(str.strip, self.reward_rates.split(","))):
            currency, _, rate = map(str.strip, said.partition("="))
            if not CURRENCY.fullmatch(currency):
                raise ValueError(f"{said[:40]!r} is no rate of a currency: write EUR=1,JPY=0.62")
            if currency in rates:
                raise ValueError(f"{currency} has two rates: name each currency once")
            try:
                rates[currency] = Fraction(rate[:40])
            except (ValueError, ZeroDivisionError):
                raise ValueError(f"{said[:40]!r}: the rate is no number") from None
            if not 0 < rates[currency] <= RATE_MAX:
                raise ValueError(f"{said[:40]!r}: a rate is more than 0, {RATE_MAX:,} at most")
        return rates

    @model_validator(mode="after")
    def _can_be_earned(self) -> Self:
        """A dismissal that costs all that can be earned leaves nothing to tell arms by."""
        if self.dismissal_cost_minor >= self.reward_scale_minor:
            raise ValueError(
                "GOESWITH_DISMISSAL_COST_MINOR is to be less than GOESWITH_REWARD_SCALE_MINOR"
            )
        if self.items_decided and self.reward != "net":
            raise ValueError("GOESWITH_ITEMS_DECIDED needs GOESWITH_REWARD=net")
        if self.best_worth and not self.items_decided:
            raise ValueError("GOESWITH_BEST_WORTH needs GOESWITH_ITEMS_DECIDED=true")
        _ = self.exchange_rates
        return self
