"""The stages that a prompt reached, item by item: the facts that its reward is a function of.

Each says which event told it, when, and of what; those of one event are joined to those before.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from streams.contract.published.outcomes import Stage
from streams.shop.memory.orders.reward.untold import Counts

RETURNS_MAX = 16
"""Returns kept one by one, to be told late. Earlier ones of an item of an order are one fact."""
EARLIER = "earlier returns"
"""Stands for their events: longer than what is kept of any event's id."""


class Reached(NamedTuple):
    """A stage that an impression reached: by which event, when, and of what it is told."""

    stage: Stage
    event_id: str
    """Which one, if it is `short`; empty: a return that another partition has told. It counts, and
    no outcome tells it."""
    at_ms: int
    reward: float = 0.0
    """What it changed of the reward when it came."""
    item_id: str | None = None
    quantity: int = 1
    order_id: str | None = None
    value_minor: int | None = None
    """Of those that the event told a price of, together, in minor units; None: of none."""
    currency: str | None = None
    margin_minor: int | None = None
    """What those earn together that the event told it of, where net reward is asked for."""

    claim: int | None = None
    """Of a line that several prompts sold, in net reward: how many are this one's at most."""
    untold: Counts | None = None
    """How many of it have no price, or no margin, where others have one."""

    @property
    def told(self) -> bool:
        """Whether an event of its own partition has told it."""
        return bool(self.event_id)

    @property
    def of(self) -> tuple[str | None, str | None]:
        """The order, and the item of it."""
        return self.order_id, self.item_id

    def more(self, other: "Reached") -> "Reached":
        """Both returns as one fact, in whichever order they came; of these none tells a margin."""
        values = self.value_minor, other.value_minor
        worth = None if None in values else sum(value or 0 for value in values)
        return self._replace(
            at_ms=max(self.at_ms, other.at_ms),
            reward=self.reward + other.reward,
            quantity=self.quantity + other.quantity,
            value_minor=worth,
        )

    def fields(self) -> list[Any]:
        """As it is kept: the last three only where there are, as before there were any."""
        if self.untold is not None:
            return list(self)
        if self.claim is not None:
            return list(self[:-1])
        return list(self[: -2 if self.margin_minor is not None else -3])


def joined(before: Sequence[Reached], facts: Sequence[Reached]) -> tuple[Reached, ...]:
    """Facts of one event beside those before.

    What other partitions tell of one item of an order is one fact, and so are its earlier returns:
    else a thousand returns of a gram each would be a thousand facts.
    """
    if facts[0].told:
        reached = (*before, *facts)
        return bounded(reached) if facts[0].stage == "returned" else reached
    known = {fact.of: fact for fact in before if not fact.told}
    for fact in facts:
        known[fact.of] = known[fact.of].more(fact) if fact.of in known else fact
    return (*(fact for fact in before if fact.told), *known.values())


def bounded(reached: Sequence[Reached]) -> tuple[Reached, ...]:
    """The same, of returns but the latest one fact for each item of an order.

    It comes to the same whether it is done step by step or at once. An event is told whole or not.
    """
    told = [fact.event_id for fact in reached if fact.stage == "returned" and fact.told]
    earlier = len(told) - RETURNS_MAX
    while 0 < earlier < len(told) and told[earlier - 1] == told[earlier]:
        earlier += 1
    kept: list[Reached] = []
    places: dict[tuple[str | None, str | None], int] = {}
    for fact in reached:
        if earlier > 0 and fact.stage == "returned" and fact.told:
            earlier -= 1
            place = places.setdefault(fact.of, len(kept))
            if place < len(kept):
                kept[place] = kept[place].more(fact)
                continue
            fact = fact._replace(event_id=EARLIER)  # noqa: PLW2901
        kept.append(fact)
    return tuple(kept)
