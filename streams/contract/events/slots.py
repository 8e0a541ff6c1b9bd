"""Slots: the places in a shop that an event may ask prompts for; the field's word is placement.

An event names them in `slots`; a prompt says in `placement` for which of them it is. There is one
word for that place in a prompt, as before: readers of the first two values pass the others over,
and meet them only where an event of their own shop asks.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

Placement = Literal["product_page", "basket", "checkout", "post_purchase", "upgrade"]
PLACEMENTS: tuple[Placement, ...] = get_args(Placement)

Slots = Annotated[tuple[Placement, ...], Field(max_length=len(PLACEMENTS), strict=False)]
"""The slots of an event; none: it asks for nothing."""


def known_slots(said: Any) -> list[str] | None:
    """The slots in a list that we know, each once; None: it is no list, and says nothing.

    A later version's slot asks for nothing here, and takes nothing from those that are known.

    >>> known_slots(["basket", "shelf", "basket"]), known_slots([]), known_slots("basket")
    (['basket'], [], None)
    """
    if not isinstance(said, list):
        return None
    return [slot for slot in PLACEMENTS if slot in said]
