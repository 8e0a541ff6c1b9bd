"""Simulated shops with a known truth: what goes with what, what it earns, what comes back.

Each kind of shop has prices, margins, returns and tempers of its own; which item goes with which is
drawn by a seed. Shoppers need complements of what they have, what they buy again and again, and, a
little, what everybody buys; nobody needs what is like the thing that they look at. How many need
something, what they make of its place in a prompt, and how often they send a prompt away is known
here alone, so that what a prompt is worth can be said without noise.
"""

from collections.abc import Collection, Sequence
from itertools import accumulate
from math import prod
from random import Random
from typing import NamedTuple

from streams.contract.events.reference.catalog import CatalogItem

PLACES = (1.0, 0.75, 0.55)
"""How much attention an item gets by its place in a prompt."""
MOST = len(PLACES)
NEED_OF_POPULAR = 0.1
CURRENCY = "EUR"


class Temper(NamedTuple):
    """What is told apart between kinds of shops."""

    prices_minor: tuple[int, int]
    margins: tuple[float, float]
    """The least and the most of the price that an item earns."""
    returned: float
    """The largest share of an item that comes back."""
    need: tuple[float, float]
    """How many of those who have an item need one that goes with it."""
    annoyed: float
    """How many send a prompt of one item away; each further one annoys half as many more."""
    misfit: float
    """How many more do, if none of its items is needed."""
    dismissal_minor: int
    """What that costs."""
    habitual: float
    """The share of visits by shoppers who buy some things again and again."""


TEMPERS = {
    "electronics": Temper((900, 90_000), (-0.02, 0.3), 0.15, (0.06, 0.3), 0.04, 0.1, 120, 0.1),
    "grocery": Temper((79, 900), (0.02, 0.35), 0.01, (0.1, 0.5), 0.05, 0.12, 12, 0.6),
    "fashion": Temper((1_500, 18_000), (0.2, 0.6), 0.5, (0.05, 0.25), 0.05, 0.15, 150, 0.2),
    "pharmacy": Temper((300, 4_500), (0.1, 0.45), 0.03, (0.08, 0.35), 0.08, 0.2, 90, 0.5),
    "spare parts": Temper((200, 25_000), (0.05, 0.5), 0.08, (0.1, 0.45), 0.03, 0.08, 60, 0.3),
}
"""Those that are reported: nothing has been tuned on them."""


class Good(NamedTuple):
    """Something for sale."""

    item_id: str
    price_minor: int
    margin_minor: int
    returned: float
    popularity: float

    @property
    def net_minor(self) -> float:
        """What one of it earns, less what comes back."""
        return self.margin_minor * (1.0 - self.returned)


class ShopVisitor(NamedTuple):
    """Whoever comes: nobody we know, or somebody with habits."""

    shopper_id: str | None
    habits: tuple[str, ...] = ()


class ProfitShop:
    """One shop, drawn by a seed.

    >>> shop = ProfitShop("grocery", seed=1, goods=40)
    >>> len(shop.goods), shop.needed("g-1", ["g-1"], ShopVisitor(None))
    (40, 0.0)
    """

    def __init__(self, kind: str, seed: int, goods: int = 80, shoppers: int = 400) -> None:
        self.kind, self.temper = kind, TEMPERS[kind]
        self._rng = rng = Random(f"{kind}/{seed}")
        self.goods = {f"g-{n}": self._good(f"g-{n}", n) for n in range(1, goods + 1)}
        names = [*self.goods]
        self.complements = {
            name: {
                other: rng.uniform(*self.temper.need)
                for other in rng.sample(names, rng.randint(2, 5))
                if other != name
            }
            for name in names
        }
        self.alike = {name: rng.sample(names, 3) for name in names}
        """What is looked at instead, and hardly bought beside it."""
        self.shoppers = [
            ShopVisitor(f"s-{n}", tuple(rng.sample(names, 3))) for n in range(shoppers)
        ]
        self._names = names
        self._heaviness = [*accumulate(self.goods[name].popularity for name in names)]

    def _good(self, item_id: str, rank: int) -> Good:
        rng, temper = self._rng, self.temper
        low, high = temper.prices_minor
        price = round(low * (high / low) ** rng.random())
        margin = round(price * rng.uniform(*temper.margins))
        return Good(item_id, price, margin, temper.returned * rng.random() ** 2, 1.0 / rank**0.7)

    def catalog(self) -> list[CatalogItem]:
        """What the shop says of its items."""
        return [
            CatalogItem(
                item_id=good.item_id,
                price_minor=good.price_minor,
                margin_minor=good.margin_minor,
                currency=CURRENCY,
            )
            for good in self.goods.values()
        ]

    def visitor(self, rng: Random) -> ShopVisitor:
        """Who comes next."""
        return (
            rng.choice(self.shoppers) if rng.random() < self.temper.habitual else ShopVisitor(None)
        )

    def popular(self, rng: Random) -> str:
        """One of what everybody buys."""
        return rng.choices(self._names, cum_weights=self._heaviness)[0]

    # The truth

    def needed(self, item_id: str, having: Collection[str], shopper: ShopVisitor) -> float:
        """How probably an item that is offered first is taken."""
        if item_id in having:
            return 0.0
        found = [self.complements[one].get(item_id, 0.0) for one in having if one in self.goods]
        habit = 0.3 if item_id in shopper.habits else 0.0
        return max(*found, habit, NEED_OF_POPULAR * self.goods[item_id].popularity, 0.001)

    def chances(
        self, items: Sequence[str], having: Collection[str], shopper: ShopVisitor
    ) -> list[float]:
        """How probably each item of a prompt is taken; each by itself."""
        places = zip(items, PLACES, strict=False)
        return [place * self.needed(item, having, shopper) for item, place in places]

    def dismissed(self, chances: Sequence[float]) -> float:
        """How probably a prompt is sent away from which nothing is taken."""
        annoyed = self.temper.annoyed * (1.0 + 0.5 * (len(chances) - 1))
        return annoyed + self.temper.misfit * (1.0 - min(1.0, 8.0 * max(chances)))

    def worth(self, items: Sequence[str], having: Collection[str], shopper: ShopVisitor) -> float:
        """What a prompt earns on average, in minor units, less what it annoys."""
        if not items:
            return 0.0
        chances, nobody = self.chances(items, having, shopper), 1.0
        total = 0.0
        for item, chance in zip(items, chances, strict=True):
            total += chance * self.goods[item].net_minor
            nobody *= 1.0 - chance
        return total - nobody * self.dismissed(chances) * self.temper.dismissal_minor

    def best(
        self,
        having: Collection[str],
        shopper: ShopVisitor,
        kept_out: Collection[str] = frozenset(),
    ) -> list[str]:
        """The best prompt, or silence: all-knowing, item by item, and without what is kept out."""
        likely = {other for one in having for other in self.complements.get(one, ())}
        likely |= {*shopper.habits, *self._names[:10]}
        by_worth = sorted(
            likely - {*having} - {*kept_out},
            key=lambda item: (
                -self.needed(item, having, shopper) * self.goods[item].net_minor,
                item,
            ),
        )[:MOST]
        prefixes = (by_worth[:number] for number in range(len(by_worth) + 1))
        return max(prefixes, key=lambda items: self.worth(items, having, shopper))

    def sent_away(
        self, items: Sequence[str], having: Collection[str], shopper: ShopVisitor
    ) -> float:
        """How probably a prompt of these items is dismissed; silence is not."""
        if not items:
            return 0.0
        chances = self.chances(items, having, shopper)
        return prod(1.0 - chance for chance in chances) * self.dismissed(chances)
