"""Which pieces of an order's line are a prompt's: each piece that it brought is sold once.

What was added from a prompt is held by it till it is taken out of the basket, or bought. Orders
take of what is held in the order of their times (of one moment: adds, then orders by number, then
removals, as when a cart is emptied by an order). So a piece that one order has bought is not there
for the next. An order that came back whole takes none: it is as if it had never been.

It is a function of the facts alone, in whatever order they were told. Of what several prompts have
brought an order has no more than it says: `streams.shop.memory.orders.reward.claims`.
"""

from collections.abc import Iterable, Mapping

from streams.shop.memory.orders.reward.reached import Reached

MOVES = {"added": 0, "bought": 1, "removed": 2}
"""Stages that move pieces, in the order in which those of one moment do."""


def allotted(facts: Iterable[Reached], item_id: str) -> Mapping[str | None, int]:
    """How many pieces of an item each order has bought from this prompt, by the order's number.

    >>> add, buy = Reached("added", "a", 1), Reached("bought", "b", 2, order_id="o-1")
    >>> again = buy._replace(at_ms=3, order_id="o-2", quantity=5)
    >>> allotted([fact._replace(item_id="jam") for fact in (add, buy, again)], "jam")
    {'o-1': 1, 'o-2': 0}
    """
    of_item = [fact for fact in facts if fact.item_id == item_id]
    back: dict[str | None, int] = {}
    for fact in of_item:
        if fact.stage == "returned":
            back[fact.order_id] = back.get(fact.order_id, 0) + fact.quantity
    moving = [fact for fact in of_item if fact.stage in MOVES]
    moving.sort(key=lambda one: (one.at_ms, MOVES[one.stage], one.order_id or ""))
    held, sold = 0, dict[str | None, int]()
    for fact in moving:
        if fact.stage == "added":
            held += fact.quantity
        elif fact.stage == "removed":
            held -= min(held, fact.quantity)
        elif back.get(fact.order_id, 0) < fact.quantity:
            most = fact.quantity if fact.claim is None else min(fact.quantity, fact.claim)
            sold[fact.order_id] = min(held, most)
            held -= sold[fact.order_id]
    return sold
