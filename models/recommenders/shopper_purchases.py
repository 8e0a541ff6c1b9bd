"""What one shopper bought, and when; purchases may be taken back, and the lightest forgotten."""

from bisect import bisect_left, insort
from typing import Any, NamedTuple

from models.decay.eviction import lightest
from models.decay.forward import LATEST_S
from models.decay.tally import TALLY_MAX, read, times, written
from models.snapshot.elements import each

TIMES_MAX = 32
"""Purchases of an item whose times are kept. Without the earlier ones nobody knows, when the latest
32 were all taken back, which one was the last then."""
SUPPOSED_MAX = 512
"""Supposed purchases of a shopper; of more the oldest are taken for sure ones."""


class Purchases(NamedTuple):
    """How often something was bought, and how often by a shopper who had bought it before."""

    all: int
    again: int

    def plus(self, all_: int, again: int) -> "Purchases":
        """So many more."""
        return Purchases(self.all + all_, self.again + again)


NO_PURCHASES = Purchases(0, 0)


class ShopperPurchases:
    """What one shopper bought: a tally and the times of each item, and of all of them.

    Purchases may be *supposed*: known for what they are, should they be taken back as such.
    """

    __slots__ = ("all", "earlier_s", "first_s", "full", "last_s", "lasts_s", "supposed", "tallies")

    def __init__(self) -> None:
        self.all = 0
        self.last_s = 0
        self.first_s = LATEST_S  # nothing that is kept was bought before
        self.full = False  # whether it ever had to forget
        self.tallies: dict[str, int] = {}
        self.lasts_s: dict[str, int] = {}
        self.earlier_s: dict[str, list[int]] = {}  # of items that were bought before, in order
        self.supposed: list[tuple[int, str]] = []  # when and what, in order

    def buy(self, item: str, more: int, time_s: int) -> None:
        """It was bought at this time."""
        self.all += more
        self.tallies[item] = self.tallies.get(item, 0) + more
        self.first_s, self.last_s = min(self.first_s, time_s), max(self.last_s, time_s)
        last_s = self.lasts_s.get(item)
        if last_s is None:
            self.lasts_s[item] = time_s
            return
        self.lasts_s[item] = max(last_s, time_s)
        earlier = self.earlier_s.setdefault(item, [])
        insort(earlier, min(last_s, time_s))
        del earlier[: -TIMES_MAX + 1]

    def suppose(self, item: str, time_s: int) -> None:
        """What was bought at this time is supposed."""
        insort(self.supposed, (time_s, item))
        if len(self.supposed) > SUPPOSED_MAX:
            del self.supposed[0]
            self.full = True

    def unsuppose(self, item: str, time_s: int) -> None:
        """One that was is taken back."""
        if (time_s, item) in self.supposed:
            self.supposed.remove((time_s, item))

    def take_back(self, item: str, less: int, time_s: int) -> bool:
        """It was not bought at this time; whether it is known to have been bought at others."""
        tally = self.tallies.get(item)
        if tally is None or tally < less:
            return False
        self.all -= less
        if times(tally - less):
            self.tallies[item] = tally - less
            self._take_back_time(item, time_s)
        else:
            del self.tallies[item], self.lasts_s[item]
            self.earlier_s.pop(item, None)
        self.last_s = max(self.lasts_s.values(), default=0)
        return item in self.tallies

    def _take_back_time(self, item: str, time_s: int) -> None:
        earlier = self.earlier_s.get(item)
        if not earlier:
            return
        if time_s == self.lasts_s[item]:
            self.lasts_s[item] = earlier.pop()
        elif (at := bisect_left(earlier, time_s)) < len(earlier) and earlier[at] == time_s:
            del earlier[at]
        if not earlier:
            del self.earlier_s[item]

    def up_to(self, until_s: float) -> list[tuple[str, int]]:
        """Each purchase up to a time: the item, and when."""
        return [
            (item, time_s)
            for item, last_s in self.lasts_s.items()
            for time_s in (*self.earlier_s.get(item, ()), last_s)
            if time_s <= until_s
        ]

    def let_go(self, until_s: float, *, supposed: bool) -> list[tuple[str, int]]:
        """Each purchase up to a time, or supposed if so asked: they are to be taken back now."""
        later = [(time_s, item) for time_s, item in self.supposed if time_s > until_s]
        self.first_s = int(until_s) + 1
        self.supposed = [] if supposed else later
        return self.up_to(until_s) + [(item, time_s) for time_s, item in later if supposed]

    def forget(self, number: int) -> None:
        """The items that weigh least leave."""
        self.full = True
        for item in lightest(self.tallies, number):
            del self.tallies[item], self.lasts_s[item]
            self.earlier_s.pop(item, None)
        self.supposed = [one for one in self.supposed if one[1] in self.tallies]

    def sums(self) -> list[Any]:
        """What is exact even when it had to forget."""
        return [written(self.all), self.last_s]

    def state(self) -> dict[str, Any]:
        """Everything, as JSON."""
        items = {
            item: [written(tally), self.lasts_s[item], *self.earlier_s.get(item, ())]
            for item, tally in self.tallies.items()
        }
        all_, last_s = self.sums()
        state = {"all": all_, "last_s": last_s, "full": self.full, "items": items}
        return state | ({"supposed": [*map(list, self.supposed)]} if self.supposed else {})

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "ShopperPurchases":
        """The one whose `state()` this is; raises `TypeError` or `ValueError` when it is none.

        Earlier times were not kept once: then nobody knows them.
        """
        shopper = cls()
        shopper.all, shopper.last_s = read(state["all"]), state["last_s"]
        (shopper.full,) = each(bool, [state["full"]])
        for item, (text, last_s, *earlier) in state["items"].items():
            shopper.tallies[item] = read(text)
            shopper.lasts_s[item] = last_s
            if earlier:
                shopper.earlier_s[item] = sorted(each(int, earlier, 0, LATEST_S))
        shopper.supposed = [(time_s, item) for time_s, item in state.get("supposed", ())]
        each(int, [time_s for time_s, _ in shopper.supposed], 0, LATEST_S)
        if {item for _, item in shopper.supposed} - shopper.tallies.keys():
            raise ValueError("a supposed purchase of what was not bought")
        each(int, [shopper.all, *shopper.tallies.values()], 0, TALLY_MAX)
        each(int, [shopper.last_s, *shopper.lasts_s.values()], 0, LATEST_S)
        known_s = (
            *shopper.lasts_s.values(),
            *(s for many in shopper.earlier_s.values() for s in many),
        )
        shopper.first_s = min(known_s, default=LATEST_S)
        return shopper
