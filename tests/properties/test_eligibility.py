"""No prompt offers what must not be offered: eligibility is computed a second time, from records.

The second computation knows nothing of the code that decides: it keeps what the events and the
records of the catalogue said, and judges each published prompt by that.
"""

from collections.abc import Iterable
from itertools import combinations, product
from random import Random
from typing import Any

import pytest

from streams.contract.events import Event
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.prompts import Prompt
from streams.shop.decision.catalog.catalog import Catalog
from tests.stories import Story, Till

ITEMS = [f"item-{number}" for number in range(24)]
KINDS = ("accessory_of", "spare_part_of", "upgrade_of", "requires", "excludes")
FLOOR = 0.1
PRICE_MINOR = 1000
EVENTS = 3_000


class Judge:
    """What one may be offered, by what was said, in plain loops over all of it."""

    def __init__(self) -> None:
        self.records: dict[str, CatalogItem] = {}
        self.baskets: dict[str, set[str]] = {}
        self.bought: dict[str, set[str]] = {}

    def unfit(self, item: str, beside: Iterable[str], had: Iterable[str]) -> str | None:
        """Why an item must not be offered beside these; None: it may be."""
        beside = set(beside)
        if item in beside:
            return "in the basket"
        record = self.records.get(item, CatalogItem(item_id=item))
        of = self.records.get(self._product(item), record)
        if any(one.hidden or one.restricted for one in (record, of)) or not record.in_stock:
            return "not to be had"
        if record.margin_minor is not None and record.margin_minor / PRICE_MINOR < FLOOR:
            return "below the floor"
        if any(self._product(other) == self._product(item) for other in beside):
            return "variant"
        for name, other in product(self._names(item), {n for b in beside for n in self._names(b)}):
            if other in self._others(name, "upgrade_of") or name in self._others(
                other, "upgrade_of"
            ):
                return "upgrade"
            if other in self._others(name, "excludes") or name in self._others(other, "excludes"):
                return "excluded"
        there = {name for each in (*beside, *had) for name in self._names(each)}
        needed = {other for name in self._names(item) for other in self._others(name, "requires")}
        return "requires" if needed - there else None

    def _product(self, item: str) -> str:
        record = self.records.get(item)
        return (record.variant_of if record else None) or item

    def _names(self, item: str) -> set[str]:
        return {item, self._product(item)}

    def _others(self, item: str, kind: str) -> set[str]:
        record = self.records.get(item)
        relations = record.relations if record else ()
        return {relation.item_id for relation in relations if relation.kind == kind}

    def unfit_together(self, items: Iterable[str]) -> list[str]:
        """Which two of one prompt must not stand in it, with the reason."""
        found = []
        for a, b in combinations(items, 2):
            if self._product(a) == self._product(b):
                found.append(f"{a} and {b}: variants")
            for (one, other), kind in product(
                [
                    *product(self._names(a), self._names(b)),
                    *product(self._names(b), self._names(a)),
                ],
                ("excludes", "upgrade_of"),
            ):
                if other in self._others(one, kind):
                    found.append(f"{a} and {b}: {kind}")
        return found

    def objections(self, event: Event, prompt: Prompt) -> list[str]:
        """What is wrong with a prompt to this event."""
        who = event.session_id
        beside = {*self.baskets.get(who, ()), prompt.anchor}
        had = self.bought.get(who, ())
        found = [self.unfit(item.item_id, beside, had) for item in prompt.items]
        together = self.unfit_together(item.item_id for item in prompt.items)
        return [why for why in found if why is not None] + together


def record(chance: Random) -> CatalogItem:
    """An item of the catalogue, drawn."""
    item, *others = chance.sample(ITEMS, 4)
    fields: dict[str, Any] = {
        "item_id": item,
        "in_stock": chance.random() < 0.9,
        "hidden": chance.random() < 0.05,
        "restricted": "age" if chance.random() < 0.05 else None,
        "price_minor": PRICE_MINOR,
        "margin_minor": chance.choice([None, -50, 99, 100, 400]),
        "currency": "EUR",
        "variant_of": chance.choice([None, None, "item-0", "product"]),
        "relations": tuple(
            {"kind": chance.choice(KINDS), "item_id": other}
            for other in others[: chance.randrange(3)]
        ),
    }
    if fields["variant_of"] == item:
        fields["variant_of"] = None
    return CatalogItem.model_validate(fields)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_prompt_of_many_events_offers_what_must_not_be(seed: int) -> None:
    """In the basket, not to be had, unfit or below the floor: none of 3,000 events gets one.

    Meanwhile the catalogue changes all the time, and every guard is seen to have had work.
    """
    chance, shop, judge = (
        Random(seed),
        Till(prompt_items_max=3, together_min=1, lift_z_min=0),
        Judge(),
    )
    shop.catalog = Catalog(margin_ratio_min=FLOOR, relations_use="arms")
    stories = {name: Story(f"{name}-{seed}") for name in "abcdefgh"}
    withheld, prompts, found = set[str](), 0, list[str]()
    for number in range(EVENTS):
        if chance.random() < 0.1:
            said = record(chance)
            judge.records[said.item_id] = said
            assert shop.catalog.put(said)
        elif chance.random() < 0.01:
            gone = chance.choice(ITEMS)
            judge.records.pop(gone, None)
            shop.catalog.take_out(gone)
        story = stories[name := chance.choice("abcdefgh")]
        who, item = story.session_id, chance.choice(ITEMS)
        basket, bought = judge.baskets.setdefault(who, set()), judge.bought.setdefault(who, set())
        roll = chance.random()
        if roll < 0.6:
            event: Event = story.view(item)
        elif roll < 0.85 or not basket:
            event = story.add(item)
            basket.add(item)
        else:
            event = story.order(*sorted(basket))
            bought |= basket
            basket.clear()
            if len(bought) > len(ITEMS) // 2:
                stories[name] = Story(f"{name}-{seed}-{number}")
        answer = shop.serve(event)
        withheld |= {*answer.withheld}
        if (prompt := answer.prompt) is not None:
            prompts += 1
            found += judge.objections(event, prompt)

    assert [] == found
    assert prompts > EVENTS // 10
    assert withheld >= {
        *("hidden", "restricted", "out_of_stock", "margin"),
        *("variant", "upgrade", "excluded", "requires"),
    }
