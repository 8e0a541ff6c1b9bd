"""A prompt whose outcomes are still being joined; and what came back elsewhere of what it sold.

Outcomes of a prompt tell returns that were told on its order's partition. Others are told as
`unmatched`, by the order's number alone. What such a return takes back is its part of what the
purchase has brought. One that the prompt's own outcomes tell as well counts once: there it has the
same `caused_by`, or, where it was told before its order, that of the purchase.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from streams.contract.prompts import ITEM_STAGES, STAGES, Outcome, Prompt, Unmatched

RETURNS_MAX = 100_000
"""Orders of which something came back elsewhere; some 300 bytes each."""
PROMPTED = 1
"""The bit of a prompt among what was published; those of stages are above it."""
BITS = {stage: 2 << at for at, stage in enumerate(STAGES)}


class Logged(NamedTuple):
    """What is kept of a prompt: arms share one tuple of names, so that many fit."""

    arm: str
    context: str
    arms: tuple[str, ...]
    propensities: tuple[float, ...]
    estimates: tuple[float, ...]
    expires_at_ms: int


class Traded(NamedTuple):
    """So many of an item were bought, or came back."""

    stage: str
    order_id: str
    item_id: str
    quantity: int
    reward: float
    caused_by: str


class Back(NamedTuple):
    """What came back by one event: items and quantities; none: all of the order."""

    caused_by: str
    at_ms: int
    lines: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class OpenPrompt:
    """What is known of a prompt by now."""

    logged: Logged | None = None
    shown_ms: int | None = None
    rewards: tuple[tuple[int, float], ...] = ()
    """When, and what it brought."""
    published: int = 0
    """The bits of what was published of it."""
    by_item: frozenset[tuple[str, ...]] = frozenset()
    """The outcomes that were told by item."""
    traded: tuple[Traded, ...] = ()
    """What was bought, and what came back of that."""
    partition: int = 0
    sweep: int = 0
    """After how many sweeps it was news."""

    def repeats(self, published: Prompt | Outcome, bit: int) -> bool:
        """Whether this was published before; notes that it was now."""
        before, self.published = self.published & bit, self.published | bit
        if isinstance(published, Prompt) or published.stage not in ITEM_STAGES:
            return bool(before)
        told, self.by_item = self.by_item, self.by_item | {published.identity}
        return self.by_item == told

    def earn(self, outcome: Outcome) -> None:
        """Note what an outcome brought."""
        self.rewards += ((outcome.occurred_at_ms, outcome.reward),)
        if outcome.stage in ("bought", "returned") and outcome.order_id and outcome.item_id:
            about = outcome.order_id, outcome.item_id, outcome.quantity or 1
            self.traded += (Traded(outcome.stage, *about, outcome.reward, outcome.caused_by),)


class ReturnsElsewhere:
    """What came back, by order, where no outcome of a prompt may tell it; each return once.

    Of too many orders the oldest are forgotten.
    """

    def __init__(self, returns_max: int = RETURNS_MAX) -> None:
        self.returns_max = returns_max
        self._orders: OrderedDict[str, dict[tuple[str, ...], Back]] = OrderedDict()

    def add(self, back: Unmatched) -> None:
        """Something came back of an order that its session did not know."""
        lines = tuple((line.item_id, -line.quantity) for line in back.lines)
        said = Back(back.caused_by, back.occurred_at_ms, lines)
        self._orders.setdefault(back.order_id, {})[back.identity] = said
        if len(self._orders) > self.returns_max:
            self._orders.popitem(last=False)

    @property
    def orders(self) -> list[str]:
        """The orders of which something came back, the first first."""
        return list(self._orders)

    def lost(self, one: OpenPrompt, until_ms: float) -> float:
        """What a prompt has lost again up to a time, by returns that its outcomes do not tell."""
        return sum(
            sale.reward * self._share(sale, one.traded, until_ms)
            for sale in one.traded
            if sale.stage == "bought" and sale.order_id in self._orders
        )

    def _share(self, sale: Traded, traded: tuple[Traded, ...], until_ms: float) -> float:
        """The share of a sale that came back elsewhere."""
        about = "returned", sale.order_id, sale.item_id
        told = [one for one in traded if one[: len(about)] == about]
        before = sum(one.quantity for one in told if one.caused_by == sale.caused_by)
        known = {one.caused_by for one in told}
        gone = sum(self._quantities(sale, known, until_ms))
        kept = sale.quantity - sum(one.quantity for one in told)
        return max(0, min(kept, min(gone, sale.quantity) - before)) / sale.quantity

    def _quantities(self, sale: Traded, known: set[str], until_ms: float) -> Iterator[int]:
        for back in self._orders[sale.order_id].values():
            if back.caused_by not in known and back.at_ms <= until_ms:
                if not back.lines:
                    yield sale.quantity
                yield from (quantity for item_id, quantity in back.lines if item_id == sale.item_id)
