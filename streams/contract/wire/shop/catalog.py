"""The settings of the reference topics: how much of them a worker keeps, and waits for."""

from typing import Literal

from pydantic import BaseModel, Field

RelationsUse = Literal["off", "guards", "arms"]
"""What the catalogue's relations decide: see `CatalogSettings.catalog_relations`."""


class CatalogSettings(BaseModel):
    """The settings of catalogue and controls; `Settings` inherits them, and reads them.

    >>> CatalogSettings().catalog_items_max
    1000000
    """

    # Catalogue
    catalog_items_max: int = Field(
        1_000_000,
        ge=1,
        description="items of the catalogue that a worker keeps as out of stock, hidden, "
        "restricted, below the margin floor or a variant; and as many entries of each further "
        "table: upgrades, relations, accessories, categories, worths",
    )
    catalog_relations: RelationsUse = Field(
        "off",
        description="what relations of the catalogue decide beside the slot `upgrade`: nothing "
        "(`off`); what does not fit together (`guards`); and the arm `accessories` (`arms`), which "
        "then enters every experiment that runs",
    )
    margin_ratio_min: float = Field(
        -1.0,
        ge=-1,
        le=1,
        description="margin floor: what an offered item has to earn by its price, where the "
        "catalogue tells its margin; -1: no floor",
    )
    substitute_probability_max: float = Field(
        1.0,
        ge=0,
        le=1,
        description="items of one category that replace each other with a larger probability are "
        "not offered together: 0.5 is a good one; 1: categories decide nothing",
    )
    catalog_wait_s_max: float = Field(
        120.0,
        gt=0,
        description="how long a worker that starts reads catalogue and controls before it answers",
    )
