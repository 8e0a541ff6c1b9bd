"""Repeat consumption (buy again): what this shopper has bought before and people do buy again."""

from collections.abc import Collection, Sequence
from typing import Any

from models.decay.eviction import lightest, slab
from models.decay.forward import LATEST_S
from models.decay.tally import share, tally, times, weight
from models.limits import at_least_one, check_weight, within
from models.recommenders.recommender import NOTHING, Candidate, Recommender, TableSize
from models.recommenders.shopper_purchases import NO_PURCHASES, Purchases, ShopperPurchases
from models.snapshot.elements import each

DAY_S = 86_400


class Repeats(Recommender):
    """Purchases of each shopper: `x` is `(shopper_id,)`, `y` the item bought.

    A candidate's score is the number of times that this shopper bought it, faded by `half_life_s`,
    times the share of its purchases, by anybody, that were repeats: one toaster says little about
    the next, one litre of milk a lot. The share of a rare item leans on that of all items. Its
    evidence is how often this shopper bought it out of all that they bought.

    The share is a function of the set of purchases, whatever their order: all purchases of the
    item but the first of each shopper.

    Parameters
    ----------
    half_life_s
        Seconds after which a purchase counts half.
    share_strength
        Purchases that the share of repeats among all items is worth for each item.
    items_per_shopper_max
        Items remembered of a shopper; then the lightest sixteenth of them is forgotten.
    shoppers_max
        Shoppers remembered; then the sixteenth that bought longest ago is forgotten.
    items_max
        Items whose share is known; then the sixteenth that was bought least is forgotten.
    kept_s
        Seconds before the day of the latest purchase of all beyond which nobody's are known.

    Examples
    --------
    >>> repeats = Repeats()
    >>> for item in ["coffee", "bread", "coffee"]:
    ...     repeats.learn_one(("ada",), item, time_s=1_767_225_600)
    >>> repeats.recommend(("ada",), 1)
    [Candidate(item='coffee', score=0.8..., together=2, of=3, anchor='', ...)]
    """

    STATE_VERSION = 2

    def __init__(
        self,
        half_life_s: float = 90 * 86400.0,
        share_strength: float = 20.0,
        items_per_shopper_max: int = 300,
        shoppers_max: int = 100_000,
        items_max: int = 200_000,
        kept_s: float = 390 * 86400.0,
    ) -> None:
        super().__init__(half_life_s)
        at_least_one(items_per_shopper_max=items_per_shopper_max, shoppers_max=shoppers_max)
        at_least_one(items_max=items_max)
        within(1e-3, 1e9, share_strength=share_strength)
        self.share_strength = share_strength
        self.items_per_shopper_max = items_per_shopper_max
        self.shoppers_max = shoppers_max
        self.items_max, self.kept_s = items_max, kept_s
        self._latest_s = 0
        self._all = NO_PURCHASES
        self._items: dict[str, Purchases] = {}
        self._shoppers: dict[str, ShopperPurchases] = {}
        self._items_full = self._shoppers_full = False  # whether the table ever had to forget

    def learn_one(
        self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1, supposed: bool = False
    ) -> None:
        """The shopper `x[0]` bought `y`, once, whatever the `weight`: so it can be taken back.

        Without a shopper only the time is learned. For what is `supposed`: see `forget`.
        """
        check_weight(weight)
        bought, second = tally(self._weighed(time_s, 1.0)), int(time_s)
        self._advance(second)
        if not x or second <= self._expired_s:
            return
        if (shopper := self._shoppers.get(x[0])) is None:
            shopper = self._shoppers[x[0]] = ShopperPurchases()
        self._share(y, int(y in shopper.tallies))
        shopper.buy(y, bought, second)
        if supposed:
            shopper.suppose(y, second)
        self._keep_within(shopper)
        if len(self._shoppers) > self.shoppers_max:
            self._forget()

    def unlearn_one(
        self, x: Sequence[str], y: str, *, time_s: float, supposed: bool = False
    ) -> None:
        """The shopper `x[0]` did not keep the `y` bought at `time_s`: it was never learned."""
        if int(time_s) > self._expired_s:
            if supposed and x and (shopper := self._shoppers.get(x[0])):
                shopper.unsuppose(y, int(time_s))
            self._take_back(x, y, time_s)

    def _take_back(self, x: Sequence[str], y: str, time_s: float) -> None:
        shopper = self._shoppers.get(x[0]) if x else None
        if shopper is None or (y not in shopper.tallies and not shopper.full):
            if x and self._shoppers_full:  # whether it was bought again is not known any more
                self._unshare(y, again=False)
            return
        known, less = y in shopper.tallies, tally(self._weighed(time_s, 1.0))
        self._unshare(y, again=shopper.take_back(y, less, int(time_s)) and known)
        if not shopper.tallies and not shopper.full:
            del self._shoppers[x[0]]

    @property
    def _expired_s(self) -> float:
        """Until when what was bought has expired: it does so by days, so that all do it alike."""
        return self._latest_s // DAY_S * DAY_S - self.kept_s

    def _advance(self, time_s: int) -> None:
        day, self._latest_s = self._latest_s // DAY_S, max(self._latest_s, time_s)
        if self._latest_s // DAY_S > day:
            self._expire()

    def _expire(self) -> None:
        until_s, shoppers = self._expired_s, self._shoppers.items()
        for name in [name for name, shopper in shoppers if shopper.first_s <= until_s]:
            self.forget(name, until_s)

    def _unshare(self, item: str, *, again: bool) -> None:
        bought, repeated = self._items.get(item, NO_PURCHASES)
        if bought:
            left = Purchases(bought - 1, max(0, min(repeated - again, bought - 2)))
            self._all = self._all.plus(-1, left.again - repeated)
            self._items[item] = left
            if not left.all:
                del self._items[item]

    def _keep_within(self, shopper: ShopperPurchases) -> None:
        surplus = len(shopper.tallies) - self.items_per_shopper_max
        if surplus > 0:
            shopper.forget(surplus - 1 + slab(self.items_per_shopper_max))

    def _share(self, item: str, again: int) -> None:
        self._all = self._all.plus(1, again)
        self._items[item] = self._items.get(item, NO_PURCHASES).plus(1, again)
        if len(self._items) > self.items_max:
            self._forget_items()

    def _forget_items(self) -> None:
        self._items_full = True
        surplus = len(self._items) - self.items_max
        bought = {item: purchases.all for item, purchases in self._items.items()}
        for least in lightest(bought, surplus - 1 + slab(self.items_max)):
            del self._items[least]

    def _forget(self) -> None:
        self._shoppers_full = True
        surplus = len(self._shoppers) - self.shoppers_max
        lasts_s = {name: shopper.last_s for name, shopper in self._shoppers.items()}
        for name in lightest(lasts_s, surplus - 1 + slab(self.shoppers_max)):
            del self._shoppers[name]

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """What the shopper `x[0]` buys most, of late."""
        shopper = self._shoppers.get(x[0]) if x else None
        if shopper is None:
            return []
        now = self._decay.weight(max(self._latest_s, int(time_s or 0)))
        order = sorted(
            (-share(weight(bought), now) * self._repeated(item), item)
            for item, bought in shopper.tallies.items()
            if item not in exclude
        )
        of = times(shopper.all)
        return [
            Candidate(item, -negative, times(shopper.tallies[item]), of)
            for negative, item in order[: max(k, 0)]
        ]

    def proposes(
        self,
        x: Sequence[str],
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> bool:
        """Whether this shopper has bought anything that is not excluded."""
        shopper = self._shoppers.get(x[0]) if x else None
        return shopper is not None and any(item not in exclude for item in shopper.tallies)

    def _repeated(self, item: str) -> float:
        """The share of an item's purchases that were repeats; 1/2 before anything is known."""
        everything = (self._all.again + 1.0) / (self._all.all + 2.0)
        bought, again = self._items.get(item, NO_PURCHASES)
        return (again + self.share_strength * everything) / (bought + self.share_strength)

    def bought_share(self, item: str) -> float:
        """Which share of all purchases, by anybody who is known, were of this item."""
        return self._items.get(item, NO_PURCHASES).all / max(1, self._all.all)

    def bought_since(self, shopper_id: str, since_s: float) -> set[str]:
        """The items that this shopper bought at or after a time: no need to offer them so soon."""
        if (shopper := self._shoppers.get(shopper_id)) is None:
            return set()
        return {item for item, last_s in shopper.lasts_s.items() if last_s >= since_s}

    def known(self) -> Collection[str]:
        """The shoppers of whom something is kept."""
        return self._shoppers.keys()

    def forget(self, shopper_id: str, until_s: float, *, supposed: bool = False) -> None:
        """What this shopper bought up to a time, or is `supposed` to have, was never learned."""
        if shopper := self._shoppers.get(shopper_id):
            for item, time_s in shopper.let_go(until_s, supposed=supposed):
                self._take_back((shopper_id,), item, time_s)
            if shopper.last_s <= until_s:
                self._shoppers.pop(shopper_id, None)

    def sizes(self) -> dict[str, TableSize]:
        """Shoppers, and items whose share of repeats is known."""
        return {
            "shoppers": TableSize(len(self._shoppers), self.shoppers_max, self._shoppers_full),
            "items": TableSize(len(self._items), self.items_max, self._items_full),
        }

    def state(self) -> dict[str, Any]:
        """All purchases that have not expired."""
        return {
            "params": self._get_params(),
            "latest_s": self._latest_s,
            "all": list(self._all),
            "items": {item: list(purchases) for item, purchases in self._items.items()},
            "shoppers": {name: shopper.state() for name, shopper in self._shoppers.items()},
            "full": [self._items_full, self._shoppers_full],
        }

    def exact_state(self) -> dict[str, Any]:
        """Without the tables that ever ran full, and without the items of shoppers that did.

        A purchase counts as a repeat when the shopper's earlier one is remembered: so once any
        shopper had to forget, only the plain purchases of an item are exact.
        """
        state = self.state()
        full = self._full()
        if self._items_full:
            state["items"] = None
        if self._shoppers_full:
            state["shoppers"] = None
        for name in full:
            state["shoppers"][name] = self._shoppers[name].sums()
        if full or self._shoppers_full:
            state["all"] = self._all.all
            state["items"] = state["items"] and {
                item: bought for item, (bought, _) in state["items"].items()
            }
        return state

    def left_out(self) -> dict[str, int]:
        """Items, shoppers, and shares: the items whose repeats are left out."""
        full = self._full()
        shares = bool(full or self._shoppers_full)
        left = {
            "items": self._items_full * len(self._items),
            "shoppers": len(self._shoppers) if self._shoppers_full else len(full),
            "shares": (shares and not self._items_full) * len(self._items),
        }
        return {what: rows for what, rows in left.items() if rows}

    def _full(self) -> list[str]:
        """The shoppers that ever had to forget; none where shoppers themselves were forgotten."""
        if self._shoppers_full:
            return []
        return [name for name, shopper in self._shoppers.items() if shopper.full]

    def _restore(self, state: dict[str, Any]) -> None:
        (self._latest_s,) = each(int, [state["latest_s"]], 0, LATEST_S)
        self._all = Purchases(*each(int, state["all"], 0))
        items, shoppers = state["items"].items(), state["shoppers"].items()
        self._items = {item: Purchases(*each(int, counts, 0)) for item, counts in items}
        self._shoppers = {name: ShopperPurchases.from_state(kept) for name, kept in shoppers}
        self._items_full, self._shoppers_full = each(bool, state["full"])
        for shopper in self._shoppers.values():
            self._keep_within(shopper)
        if len(self._items) > self.items_max:
            self._forget_items()
        if len(self._shoppers) > self.shoppers_max:
            self._forget()
        self._expire()
