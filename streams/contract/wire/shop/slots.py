"""The settings of slots: how often each of those speaks that has a budget of its own."""

from pydantic import BaseModel, Field


class SlotSettings(BaseModel):
    """The settings of slots; `Settings` inherits them, and reads them.

    >>> SlotSettings().upgrade_prompts_max
    2
    """

    # Slots
    checkout_prompts_max: int = Field(
        1, ge=0, description="frequency cap of slot `checkout`: prompts of a visit"
    )
    post_purchase_prompts_max: int = Field(
        1, ge=0, description="frequency cap of slot `post_purchase`: prompts of a visit"
    )
    upgrade_prompts_max: int = Field(
        2, ge=0, description="frequency cap of slot `upgrade`: prompts of a visit"
    )
    slot_cool_down_s: float = Field(
        60.0,
        ge=0,
        description="cool-down of each of these slots: pause after a prompt in it, doubled by a "
        "dismissal; the others share `GOESWITH_COOL_DOWN_S`",
    )
