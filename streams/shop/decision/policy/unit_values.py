"""What one of an item earns: worked out once for what the catalogue says of it."""

from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.memory.orders.reward.net_reward import NetReward

KEPT_MAX = 65_536
"""Items whose value is kept; then all of them are worked out anew."""


class UnitValues:
    """Values of items in minor units; 0 where nobody says what one earns, or what it loses.

    >>> from streams.contract.settings import Settings
    >>> values = UnitValues(NetReward.of(Settings(reward="net")))
    >>> values.of("jam", ItemWorth(90, 300, "EUR")), values.of("jam", ItemWorth())
    (90, 0)
    """

    __slots__ = ("_kept_max", "_known", "terms")

    def __init__(self, terms: NetReward, kept_max: int = KEPT_MAX) -> None:
        self.terms, self._kept_max = terms, kept_max
        self._known: dict[str, tuple[ItemWorth, int]] = {}

    def __len__(self) -> int:
        """Of how many items the value is kept."""
        return len(self._known)

    def of(self, item_id: str, worth: ItemWorth) -> int:
        """What one of an item of this worth earns; the catalogue says another worth anew."""
        known = self._known.get(item_id)
        if known is not None and known[0] is worth:
            return known[1]
        if len(self._known) >= self._kept_max:
            self._known.clear()
        unit = self.terms.unit_minor(worth) or 0
        self._known[item_id] = worth, unit
        return unit
