"""What shoppers own for good: it is not bought again, by whoever is known to the shop.

Whoever owns the better one does not come for its base either: neither for the one trip, when a year
of them is paid for, nor for the small server when it is hosted.
"""

from collections.abc import Collection

from streams.lab.demo.shoppers.shoppers import Shopper
from streams.lab.demo.shops.assortment import Assortment

OWNED_SHARE_MAX = 0.5
"""Who owns more of the staples than this has little left to come for: somebody new comes then."""


class Belongings:
    """Remembers of each shopper what was bought of which one is enough, and what that replaces.

    >>> from streams.lab.demo.shops.assortment import assortment
    >>> bank, ann = Belongings(assortment("bank")), Shopper("ann", "regular")
    >>> bank.take(ann, {"mortgage", "card-terminal"})
    >>> bank.of(ann).owned, bank.of(ann).known_as
    (frozenset({'mortgage'}), 'ann')
    >>> bank.take(bank.of(ann), {"credit-card", "savings-account", "current-account"})
    >>> bank.of(ann).owned, bank.of(ann).known_as
    (frozenset(), 'ann-2')
    """

    def __init__(self, shop: Assortment) -> None:
        self._bases = {
            each.item_id: frozenset(of for kind, of in each.relations if kind == "upgrade_of")
            for each in shop.items.values()
        }
        self._once = frozenset(each.item_id for each in shop.items.values() if each.owned_once)
        self._staples = frozenset(shop.staples)
        self._known: dict[str, Shopper] = {}

    def of(self, shopper: Shopper) -> Shopper:
        """The same with what they own; or who came in their place."""
        return self._known.get(shopper.shopper_id or "", shopper)

    def take(self, shopper: Shopper, bought: Collection[str]) -> None:
        """They have bought these, and kept them; of who does not say who it is nothing is kept."""
        taken = self._once.intersection(bought).union(*(self._bases.get(one, ()) for one in bought))
        if shopper.shopper_id is None or not taken:
            return
        owned = shopper.owned | taken
        enough = len(owned & self._staples) > OWNED_SHARE_MAX * len(self._staples)
        self._known[shopper.shopper_id] = (
            shopper._replace(owned=frozenset(), life=shopper.life + 1)
            if enough
            else shopper._replace(owned=owned)
        )
