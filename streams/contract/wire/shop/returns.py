"""The settings of what comes back: whom, and what, too many returns silence."""

from pydantic import BaseModel, Field


class ReturnSettings(BaseModel):
    """The settings of serial returners; `Settings` inherits them, and reads them.

    >>> ReturnSettings().returned_lines_min
    5
    """

    # Returns
    returned_share_max: float = Field(
        1.0,
        ge=0,
        le=1,
        description="known shoppers of whose latest orders a larger share of lines came back are "
        "offered nothing, and items that came back more often are offered to nobody; 1: off",
    )
    returned_lines_min: int = Field(
        5, ge=1, description="so many lines have to be known of a shopper or an item before"
    )
