"""Baskets, orders, returns and credit beside a plain, slow twin, which knows one shopper."""

from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.decay.tally import read, times
from streams.contract.events import OrderLine
from tests.stories import Story, Till

ITEMS = ("bread", "butter", "jam", "tea")
OFFERED = ("butter", "jam")
Pair = frozenset[str]
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ("click", "add", "add from it", "remove", "order", "again", "send back", "cancel")
        ),
        st.sampled_from(ITEMS),
        st.sampled_from(ITEMS),
        st.integers(1, 3),
    ),
    max_size=14,
)


class Placed:
    """An order, as the twin knows it."""

    def __init__(self, quantities: Mapping[str, int], sold: set[str]) -> None:
        self.quantities = dict(quantities)
        self.back = Counter[str]()
        self.sold = sold
        """What the prompt had brought there."""
        self.items: set[str] = set()
        self.pairs: set[Pair] = set()
        self.begins = False
        """What it taught that its basket had not: items, pairs, and that there was a basket."""

    def kept(self, item: str) -> float:
        """The share of an item that was kept."""
        return 1 - self.back[item] / self.quantities[item]

    def stands(self, item: str) -> bool:
        """Whether an item, if it is one of the order's, was not sent back, all of it."""
        return item not in self.quantities or self.kept(item) > 0


class Twin:
    """One session, whose prompt was seen: what follows from the rules, counted by hand."""

    def __init__(self) -> None:
        self.basket, self.brought = Counter[str](bread=1), Counter[str]()
        self.items, self.pairs, self.baskets = Counter[str](bread=1), Counter[Pair](), 1
        self.had, self.met = {"bread"}, set[Pair]()
        self.orders: dict[str, Placed] = {}
        self.clicked = False

    def add(self, item: str, quantity: int, *, brought: bool) -> None:
        """An item enters the basket, from the prompt or not."""
        self.basket[item] += quantity
        if brought:
            self.brought[item] += quantity
        present = {*+self.basket}
        new, pairs = {item} - self.had, {frozenset(p) for p in combinations(present, 2)} - self.met
        self.baskets += not self.had
        self.items.update(new)
        self.pairs.update(pairs)
        self.had |= new
        self.met |= pairs

    def remove(self, item: str, quantity: int) -> None:
        """It leaves again: first what the prompt has not brought."""
        self.basket[item] = max(0, self.basket[item] - quantity)
        short = max(0, self.brought[item] - self.basket[item])
        self.brought[item] -= min(quantity, short)

    def order(self, number: str, lines: Mapping[str, int]) -> None:
        """What is ordered leaves the basket; what it had not taught yet, the order does."""
        if number in self.orders:
            return
        order = Placed(lines, {item for item in lines if self.brought[item]})
        together = {*+self.basket, *lines}
        order.items = {*lines} - self.had
        order.pairs = {frozenset(pair) for pair in combinations(together, 2)} - self.met
        order.begins = not self.had
        self.had |= order.items
        self.met |= order.pairs
        self.orders[number] = order
        for item, quantity in lines.items():
            self.basket[item] = max(0, self.basket[item] - quantity)
        if not +self.basket:
            self.had, self.met = set(), set()

    def send_back(self, number: str, lines: Mapping[str, int]) -> None:
        """Not more than was bought."""
        if order := self.orders.get(number):
            for item, quantity in lines.items():
                if item in order.quantities:
                    most = order.quantities[item]
                    order.back[item] = min(most, order.back[item] + quantity)

    def counts(self, one: str, other: str) -> tuple[int, int, int, int]:
        """How often two items met, how often each was there, and how many baskets there were."""
        pair, items, pairs, baskets = frozenset((one, other)), +self.items, +self.pairs, 0
        for order in self.orders.values():
            items.update(item for item in order.items if order.stands(item))
            pairs.update(p for p in order.pairs if all(map(order.stands, p)))
            baskets += order.begins and any(map(order.stands, order.items))
        return pairs[pair], items[one], items[other], self.baskets + baskets

    def bought(self) -> dict[str, int]:
        """How many orders kept some of each item."""
        kept = Counter[str]()
        for order in self.orders.values():
            kept.update(item for item in order.quantities if order.stands(item))
        return dict(kept)

    def reward(self) -> float:
        """By the default worths of stages: .1, .5 and 1."""
        base = 0.5 if any((+self.brought).values()) else 0.1 if self.clicked else 0.0
        shares = [
            sum(map(order.kept, order.sold)) / len(order.sold)
            for order in self.orders.values()
            if order.sold
        ]
        return base + (1 - base) * max(shares, default=0.0)


def told(till: Till, twin: Twin, story: Story, prompt: Any, step: tuple[str, str, str, int]) -> Any:
    """Let shop and twin see a step; the event, answered."""
    what, item, other, quantity = step
    lines = {item: quantity, other: 1} if item != other else {item: quantity + 1}
    order_lines = (
        OrderLine(item_id=item, quantity=quantity),
        OrderLine(item_id=other, quantity=1),
    )
    number = f"o-{len(twin.orders) + 1}"
    named = f"o-{quantity}"
    match what:
        case "click":
            twin.clicked = True
            return till.serve(story.click(prompt))
        case "add":
            clicked = twin.clicked and item in OFFERED
            twin.add(item, quantity, brought=clicked)
            return till.serve(story.add(item, quantity=quantity))
        case "add from it":
            twin.add(item, quantity, brought=item in OFFERED)
            return till.serve(story.add(item, quantity=quantity, receipt=prompt.receipt))
        case "remove":
            twin.remove(item, quantity)
            return till.serve(story.remove(item, quantity=quantity))
        case "order":
            twin.order(number, lines)
            return till.serve(story.order(lines=order_lines, order_id=number))
        case "again":
            if named not in twin.orders:
                return None
            return till.serve(story.order(lines=order_lines, order_id=named))
        case "send back":
            twin.send_back(named, lines)
            return till.serve(story.send_back(lines=order_lines, order_id=named))
        case _:
            if named in twin.orders:
                twin.send_back(named, twin.orders[named].quantities)
                return till.serve(story.cancel(order_id=named))
    return None


def waits_for_it(step: tuple[str, str, str, int], twin: Twin) -> bool:
    """Whether it is a return of an order to come, which the twin knows nothing of."""
    return step[0] == "send back" and f"o-{step[3]}" not in twin.orders


@settings(max_examples=300, deadline=None)
@given(steps)
def test_the_shop_counts_what_the_twin_counts(
    story_of: list[tuple[str, str, str, int]],
) -> None:
    """Basket, pairs, items, baskets, purchases; and what the prompt earned, by its outcomes."""
    till, story, twin = Till(together_min=1), Story(shopper_id="ann"), Twin()
    for item in OFFERED:
        till.teach("bread", item, times=2)
    before = {pair: till.shop.learned.baskets.lift(*pair)[1:] for pair in combinations(ITEMS, 2)}
    prompt = till.prompt(story.add("bread"))
    assert {*OFFERED} == {item.item_id for item in prompt.items}
    outcomes = {one.identity: one for one in till.serve(story.see(prompt)).outcomes}
    for step in story_of:
        if not waits_for_it(step, twin):
            answer = told(till, twin, story, prompt, step)
            for one in answer.outcomes if answer else ():
                assert one.identity not in outcomes
                outcomes[one.identity] = one

    session = till.shop.sessions[0].find("s1")
    assert session is not None
    assert dict(+twin.basket) == session.basket
    for pair, counted in before.items():
        now = till.shop.learned.baskets.lift(*pair)[1:]
        assert twin.counts(*pair) == tuple(a - b for a, b in zip(now, counted, strict=True))
    purchases = till.shop.learned.repeats.state()["shoppers"].get("ann", {"items": {}})["items"]
    assert twin.bought() == {item: times(read(said[0])) for item, said in purchases.items()}
    assert twin.reward() == pytest.approx(sum(one.reward for one in outcomes.values()))
    assert twin.reward() == pytest.approx(session.impressions[prompt.prompt_id].reward)
