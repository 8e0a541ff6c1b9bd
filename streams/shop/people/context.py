"""Where somebody asks, and of which segment: what the policy knows, and reports are split by."""

from collections.abc import Container

from streams.contract.events import ItemAdded, ItemViewed
from streams.contract.prompts import Placement

AskingEvent = ItemViewed | ItemAdded
"""The events that ask for a prompt: what goes with this? By these a session may be assigned."""

PLACEMENTS: dict[type[AskingEvent], Placement] = {ItemViewed: "product_page", ItemAdded: "basket"}
"""Where the shopper is when an event asks."""


def told_context(event: AskingEvent, segments: Container[str]) -> str:
    """The context by the event's own word alone; `segments` are those that are listed.

    Who is signed in by an event before this one is "known" to the policy, and "new" here: what
    others said of the shopper may be known later on one worker than on another.

    >>> from streams.contract.schemas.examples import ITEM_VIEWED
    >>> told_context(ITEM_VIEWED, {"club"}), told_context(ITEM_VIEWED, ())
    ('product_page/club', 'product_page/known')
    """
    segment = event.segment
    if segment is None or segment not in segments:
        names = event.shopper_id is not None and event.consent is True
        segment = "known" if names else "new"
    return f"{PLACEMENTS[type(event)]}/{segment}"
