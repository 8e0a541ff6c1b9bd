"""Curated pairs: what people say goes with an item, as the controls `curated.<item>` have it.

The value is `{"items": ["butter", "jam"], "source": "editors"}`; `item_id` names the item where its
id is none that a control can be called by, because of its capitals for example.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from streams.contract.errors import InvalidReference
from streams.contract.events.fields import EventBase, Id
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.control import ControlRecord

PREFIX = "curated."
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


def curated_items(control: ControlRecord) -> tuple[str, CuratedItems]:
    """The item that a control is about, and what goes with it; raises `InvalidReference`.

    >>> said = {"value": {"items": ["jam"]}, "author": "ann", "reason": "season"}
    >>> curated_items(ControlRecord(key="curated.bread", at_ms=1767225600000, **said))
    ('bread', CuratedItems(items=('jam',), source='merchant', item_id=None))
    """
    try:
        said = CuratedItems.model_validate(control.value)
    except ValidationError as invalid:
        told = f"{control.key}: {reasons(invalid)}"
        raise InvalidReference("invalid_record", told) from None
    item_id = said.item_id or control.key.removeprefix(PREFIX)
    if not item_id or item_id in said.items:
        raise InvalidReference("invalid_record", f"{control.key}: an item does not go with itself")
    return item_id, said
