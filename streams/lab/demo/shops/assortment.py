"""A sample shop: what is for sale, and what really goes with what. One file a shop, in `data/`.

Simulated shoppers act by `complements`, so afterwards we can say how much of it goeswith has found.
Three things make it as hard as a real shop: everybody buys `popular` items anyway, so that mere
counting says that milk goes with everything; complements are only probable; and `substitutes` are
looked at together, but bought instead of each other. At bank and insurer, where one of what is
popular is enough, the first is soon over: whoever is known has it, and is not there to buy it.

Titles are in ten languages, simple words, not reviewed by native speakers. Prices and margins are
in minor units of the shop's currency; at a bank, an insurer and a maker of software of one month.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

LANGUAGES = ("en", "de", "fr", "es", "ar", "ur", "fa", "hi", "bn", "si")
"""In which every title is there; English first, which is for everybody else."""
SHOPS = (
    *("grocery", "electronics", "fashion", "machines"),
    *("bank", "insurance", "health", "software"),
)
"""Their names; the first one is the demo's, unless another is asked for."""
RELATIONS = ("accessory_of", "spare_part_of", "upgrade_of")

Titles = Mapping[str, str]


class SampleItem(NamedTuple):
    """One thing for sale."""

    item_id: str
    category: str
    price_minor: int
    margin_minor: int
    """What one earns: price less cost; less than 0 where it loses."""
    titles: Titles
    """By language, all of `LANGUAGES`."""
    relations: tuple[tuple[str, str], ...] = ()
    """What it is to other items: kind, as in `RELATIONS`, and the other item."""
    owned_once: bool = False
    """One is enough: an account, a contract, a licence. What is of one trip, of one year, or
    counted in seats and machines is bought again."""


class SampleCategory(NamedTuple):
    """A shelf."""

    titles: Titles
    hue: int
    """Of its pictures, in degrees of the colour circle."""
    icon: str
    """What is drawn on them: the path of an SVG of 24 by 24."""


@dataclass(frozen=True)
class Assortment:
    """All of a shop.

    >>> shop = assortment("grocery")
    >>> shop.goes_with("jam", "bread"), shop.goes_with("milk", "bread")
    (True, False)
    """

    name: str
    titles: Titles
    """What the shop is called, by language."""
    currency: str
    categories: Mapping[str, SampleCategory]
    items: Mapping[str, SampleItem]
    """Everything for sale, by id."""
    complements: Mapping[str, Mapping[str, float]]
    """The truth: for each staple, the probability that who buys it takes the other one
    unprompted."""
    popular: Mapping[str, float]
    """Probability that any visit takes it, whatever else it buys, unless one is enough and there
    is one: the trap for mere counting, as far as it is bought again."""
    substitutes: Mapping[str, str]
    """Looked at together, bought instead of each other: never a complement."""

    @property
    def staples(self) -> tuple[str, ...]:
        """The anchor items: what shoppers come for."""
        return tuple(self.complements)

    def goes_with(self, item_id: str, anchor: str) -> bool:
        """Whether an item truly completes a staple."""
        return item_id in self.complements.get(anchor, {})

    def completes(self, item_id: str, having: Collection[str]) -> float:
        """How probably somebody with these items takes another one for their sake, by the truth.

        >>> assortment("grocery").completes("butter", {"bread", "torch"})
        0.4
        """
        truth = self.complements
        return max((truth.get(anchor, {}).get(item_id, 0.0) for anchor in having), default=0.0)


@cache
def assortment(name: str) -> Assortment:
    """The sample shop of that name; raises `KeyError` for none of `SHOPS`."""
    if name not in SHOPS:
        raise KeyError(f"there is no sample shop {name!r}: {', '.join(SHOPS)}")
    file = files("streams.lab.demo.shops").joinpath("data", f"{name}.toml")
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    return Assortment(
        name=name,
        titles=said["name"],
        currency=said["currency"],
        categories={name: SampleCategory(**each) for name, each in said["categories"].items()},
        items={item_id: _item(item_id, each) for item_id, each in said["items"].items()},
        complements=said["complements"],
        popular=said["popular"],
        substitutes=said["substitutes"],
    )


def _item(item_id: str, said: dict[str, Any]) -> SampleItem:
    relations = [(kind, other) for kind in RELATIONS for other in said.pop(kind, ())]
    return SampleItem(item_id, **said, relations=tuple(relations))


GROCERY = assortment(SHOPS[0])
