"""Curated pairs: what people say goes with an item, as the controls `curated.<item>` have it.

The value is `{"items": ["butter", "jam"], "source": "editors"}`; `item_id` names the item where its
id is none that a control can be called by, because of its capitals for example.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from streams.contract.errors import InvalidReference
from streams.contract.events.fields import EventBase, Id
from streams.contract.events.reference.codec import reasons

PREFIX = "curated."
REFUSED = "invalid_control"
"""Why a record of a control is refused whose value it cannot have."""
ITEMS_MAX = 16
Source = Literal["merchant", "editors", "community"]


class CuratedItems(BaseModel):
    """What goes with one item, by somebody's word, best first."""

    model_config = EventBase.model_config

    items: Annotated[tuple[Id, ...], Field(min_length=1, max_length=ITEMS_MAX, strict=False)]
    """What goes with it."""
    source: Source = "merchant"
    """Who says so: shoppers are told."""
    item_id: Id | None = None
    """The item; left out: the rest of the control's name."""


def curated_items(key: str, value: Any) -> tuple[str, CuratedItems]:
    """The item that a control is about, and what goes with it; raises `InvalidReference`.

    >>> curated_items("curated.bread", {"items": ["jam"]})
    ('bread', CuratedItems(items=('jam',), source='merchant', item_id=None))
    """
    try:
        said = CuratedItems.model_validate(value)
    except ValidationError as invalid:
        told = reasons(invalid).removeprefix("record: ")
        raise InvalidReference(REFUSED, f"{key}: {told}") from None
    item_id = said.item_id or key.removeprefix(PREFIX)
    if not item_id or item_id in said.items:
        raise InvalidReference(REFUSED, f"{key}: an item does not go with itself")
    return item_id, said
