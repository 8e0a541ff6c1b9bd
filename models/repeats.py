"""Buy again: what this very shopper has bought before, as often and as lately as they did."""

from collections.abc import Container, Sequence
from typing import Any

from models.forgetting import lightest, slab
from models.recommender import NOTHING, Candidate, Recommender, at_least_one
from models.tally import read, tally, times, weight, written


class _Shopper:
    """What one shopper bought: a tally and the last time of each item, and of all of them."""

    __slots__ = ("all", "last_s", "lasts_s", "tallies")

    def __init__(self) -> None:
        self.all = 0
        self.last_s = 0
        self.tallies: dict[str, int] = {}
        self.lasts_s: dict[str, int] = {}

    def buy(self, item: str, more: int, time_s: int) -> None:
        self.all += more
        self.tallies[item] = self.tallies.get(item, 0) + more
        self.last_s = max(self.last_s, time_s)
        self.lasts_s[item] = max(self.lasts_s.get(item, 0), time_s)

    def forget(self, number: int) -> None:
        for item in lightest(self.tallies, number):
            del self.tallies[item], self.lasts_s[item]

    def state(self) -> dict[str, Any]:
        items = {item: [written(t), self.lasts_s[item]] for item, t in self.tallies.items()}
        return {"all": written(self.all), "last_s": self.last_s, "items": items}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "_Shopper":
        shopper = cls()
        shopper.all, shopper.last_s = read(state["all"]), state["last_s"]
        for item, (text, last_s) in state["items"].items():
            shopper.tallies[item] = read(text)
            shopper.lasts_s[item] = last_s
        return shopper


class Repeats(Recommender):
    """Purchases of each shopper: `x` is `(shopper_id,)`, `y` the item bought.

    A candidate's score is the number of times that this shopper bought it, faded by `half_life_s`;
    its evidence, how often they bought it out of all that they bought.

    Parameters
    ----------
    half_life_s
        Seconds after which a purchase counts half.
    items_per_shopper_max
        Items remembered of a shopper; then the lightest sixteenth of them is forgotten.
    shoppers_max
        Shoppers remembered; then the sixteenth that bought longest ago is forgotten.

    Examples
    --------
    >>> repeats = Repeats()
    >>> for item in ["coffee", "bread", "coffee"]:
    ...     repeats.learn_one(("ada",), item, time_s=1_767_225_600)
    >>> repeats.recommend(("ada",), 1)
    [Candidate(item='coffee', score=2.0, together=2, of=3, anchor='')]
    >>> repeats.recommend(("bob",), 1)
    []
    """

    def __init__(
        self,
        half_life_s: float = 90 * 86400.0,
        items_per_shopper_max: int = 300,
        shoppers_max: int = 100_000,
    ) -> None:
        super().__init__(half_life_s)
        at_least_one(items_per_shopper_max=items_per_shopper_max, shoppers_max=shoppers_max)
        self.items_per_shopper_max = items_per_shopper_max
        self.shoppers_max = shoppers_max
        self._latest_s = 0
        self._shoppers: dict[str, _Shopper] = {}

    def learn_one(
        self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0
    ) -> None:
        """The shopper `x[0]` bought `y`; without a shopper nothing is learned."""
        if not x:
            return
        more = tally(self._weighed(time_s, weight))
        self._latest_s = max(self._latest_s, int(time_s))
        shopper = self._shoppers.get(x[0])
        if shopper is None:
            shopper = self._shoppers[x[0]] = _Shopper()
        shopper.buy(y, more, int(time_s))
        if len(shopper.tallies) > self.items_per_shopper_max:
            shopper.forget(slab(self.items_per_shopper_max))
        if len(self._shoppers) > self.shoppers_max:
            self._forget()

    def _forget(self) -> None:
        lasts_s = {name: shopper.last_s for name, shopper in self._shoppers.items()}
        for name in lightest(lasts_s, slab(self.shoppers_max)):
            del self._shoppers[name]

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Container[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """What the shopper `x[0]` buys most, of late."""
        shopper = self._shoppers.get(x[0]) if x else None
        if shopper is None:
            return []
        now = self._decay.weight(max(self._latest_s, int(time_s or 0)))
        order = sorted((-t, item) for item, t in shopper.tallies.items() if item not in exclude)
        of = times(shopper.all)
        return [
            Candidate(item, weight(-negative) / now, times(-negative), of)
            for negative, item in order[: max(k, 0)]
        ]

    def bought_since(self, shopper_id: str, since_s: float) -> set[str]:
        """The items that this shopper bought at or after a time: no need to offer them so soon.

        >>> repeats = Repeats()
        >>> repeats.learn_one(("ada",), "coffee", time_s=1_767_225_600)
        >>> repeats.bought_since("ada", 1_767_225_600 - 3600)
        {'coffee'}
        """
        shopper = self._shoppers.get(shopper_id)
        if shopper is None:
            return set()
        return {item for item, last_s in shopper.lasts_s.items() if last_s >= since_s}

    def state(self) -> dict[str, Any]:
        """All purchases."""
        return {
            "params": self._get_params(),
            "latest_s": self._latest_s,
            "shoppers": {name: shopper.state() for name, shopper in self._shoppers.items()},
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._latest_s = state["latest_s"]
        self._shoppers = {
            name: _Shopper.from_state(kept) for name, kept in state["shoppers"].items()
        }
