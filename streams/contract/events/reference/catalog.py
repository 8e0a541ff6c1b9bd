"""What a shop sells: one record an item, keyed by its id, the latest one counts.

Unlike events these are no history: the topic is compacted, and a record without a value (a
tombstone) takes the item out of the catalogue. Nothing of it is folded. Fields that a version does
not know are ignored, as those of events are.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from streams.contract.events.fields import (
    Category,
    Currency,
    EventBase,
    Id,
    MarginMinor,
    PriceMinor,
)

RELATIONS_MAX = 64
SEGMENTS_MAX = 32
TITLES_MAX = 32
TITLE_CHARS_MAX = 300
ADDRESS_CHARS_MAX = 2048
ADDRESS = r"^https://[^/?#\s\x00-\x20\x7f\"<>\\^`{|}][^\s\x00-\x20\x7f\"<>\\^`{|}]*$"
"""By https alone: pages show and follow it."""

Language = Annotated[str, Field(min_length=2, max_length=16)]
Title = Annotated[str, Field(min_length=1, max_length=TITLE_CHARS_MAX)]
Address = Annotated[str, Field(max_length=ADDRESS_CHARS_MAX, pattern=ADDRESS)]
Word = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
RelationKind = Literal["accessory_of", "spare_part_of", "upgrade_of", "requires", "excludes"]


class Relation(BaseModel):
    """What an item is to another one."""

    model_config = EventBase.model_config

    kind: RelationKind
    """The relation, read from this item to the other: "this is an accessory of that"."""
    item_id: Id
    """The other item."""


Titles = Annotated[dict[Language, Title], Field(max_length=TITLES_MAX)]
Segment = Annotated[str, Field(min_length=1, max_length=32)]
Segments = Annotated[tuple[Segment, ...], Field(max_length=SEGMENTS_MAX, strict=False)]
Relations = Annotated[tuple[Relation, ...], Field(max_length=RELATIONS_MAX, strict=False)]


class CatalogItem(BaseModel):
    """An item of the catalogue, as of now. Left out: nothing is known, and nothing is withheld."""

    model_config = EventBase.model_config

    type: Literal["catalog_item"] = "catalog_item"
    schema_version: Literal[1] = 1
    """Version of this contract."""
    item_id: Id
    """The item, as events call it; also the key of the record."""
    titles: Titles = Field(default_factory=dict)
    """Its name by language tag, of at most 300 characters in each of at most 32 languages."""
    category: Category | None = None
    """The narrowest category that it is in."""
    price_minor: PriceMinor | None = None
    """Unit price in minor units of `currency`."""
    margin_minor: MarginMinor | None = None
    """What one of them earns: price less cost, in the same units, below 0 where it loses."""
    currency: Currency | None = None
    """ISO 4217 code; a price and a margin need one."""
    in_stock: bool = True
    """Whether it can be bought now: what cannot is not offered."""
    hidden: bool = False
    """Never offered: carriage, vouchers, what is not published."""
    restricted: Word | None = None
    """Why not everybody may have it, in a word: `age`, `licence`. So far nobody is offered it."""
    eligible_segments: Segments = ()
    """Only for these segments, at most 32, by the `segment` of the event that asks; also `known`,
    for who is signed in and consents, and `new`, for all others. Empty: for everybody."""
    excluded_segments: Segments = ()
    """Not for these, likewise, whatever else is said."""
    owned_once: bool = False
    """One is enough: who has bought it and kept it is not offered it again, and what it excludes
    neither: a licence, a contract, a card."""
    variant_of: Id | None = None
    """The product of which this is a size or a colour: no variant is offered beside another one."""
    image_url: Address | None = None
    """A picture of it for pages, by https, of at most 2,048 characters."""
    url: Address | None = None
    """Its page in the shop, likewise."""
    relations: Relations = ()
    """What it is to other items, at most 64."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        """Raises `ValueError` for what no shop means."""
        if self.currency is None and (
            self.price_minor is not None or self.margin_minor is not None
        ):
            raise ValueError("a price or a margin needs a currency")
        if self.variant_of == self.item_id:
            raise ValueError("variant_of is the item itself: leave it out")
        if any(relation.item_id == self.item_id for relation in self.relations):
            raise ValueError("a relation is to the item itself")
        return self
