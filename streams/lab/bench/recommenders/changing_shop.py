"""A shop whose catalogue changes all the time: items sell out, are hidden, lose their margin.

A few hundred items, of which some are variants of a product, exclude each other, need another one,
are better than another one, or complete it. Hundreds of visits are open at once. Everything is
drawn by a seed; no clock and no Kafka in here.
"""

import random
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr

from streams.contract.events import (
    CheckoutStarted,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderLine,
    OrderPlaced,
)
from streams.contract.events.reference.catalog import CatalogItem, Relation, RelationKind
from streams.contract.events.slots import Placement

ITEMS, VISITS_AT_ONCE, VISIT_EVENTS = 400, 200, 12
START_MS, STEP_MS = 1_767_225_600_000, 50
SHARE_CHANGE = 0.02
"""Of steps, those at which the catalogue changes."""
HIDDEN_MAX = 12
FAMILY = 4
"""Items of one family: some of them are variants of its product."""
SHARE_IN_STOCK, SHARE_RESTRICTED, SHARE_OF_PRODUCTS, SHARE_HIDING = 0.9, 0.02, 0.3, 0.3
SHARE_REMOVED, SHARE_ADDED = 0.1, 0.45
AISLE = 40
MARGIN_MAX = 0.5
KINDS: dict[RelationKind, float] = {
    "excludes": 0.1,
    "requires": 0.05,
    "upgrade_of": 0.08,
    "accessory_of": 0.15,
}
"""Shares of items that say such a thing."""
SLOTS: tuple[tuple[Placement, ...] | None, ...] = (
    None,
    ("product_page", "basket"),
    ("upgrade", "product_page", "basket"),
)
SETTINGS: dict[str, Any] = {
    "receipt_secret": SecretStr("of a shop that nobody visits"),
    "catalog_relations": "arms",
    "catalog_prices_max": 1_000,
    "margin_ratio_min": 0.1,
    "free_shipping": "EUR=6000",
    "holdout_share": 0.0,
    "cool_down_s": 0.0,
    "slot_cool_down_s": 0.0,
    **dict.fromkeys(("prompts_per_session_max", "upgrade_prompts_max"), 1_000),
}

Change = CatalogItem | list[str]
"""An item as it is from now on, or all that a control hides."""


class ChangingShop:
    """Brings changes of the catalogue, and what shoppers do, one after the other."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._now_ms = START_MS
        self.items = {f"item-{n}": self._item(n) for n in range(ITEMS)}
        self._hidden: list[str] = []

    def steps(self, events: int) -> Iterator[Change | Event]:
        """The catalogue as it is at first, then so many events and what changes between them."""
        yield from self.items.values()
        visits: list[Iterator[Event]] = []
        started = 0
        while events:
            if self._dice.random() < SHARE_CHANGE:
                yield self._change()
            while len(visits) < VISITS_AT_ONCE:
                visits.append(self._visit(f"visit-{started}"))
                started += 1
            at = self._dice.randrange(len(visits))
            if (event := next(visits[at], None)) is None:
                del visits[at]
                continue
            events -= 1
            yield event

    def _item(self, number: int) -> CatalogItem:
        dice, name = self._dice, f"item-{number}"
        price = dice.randint(100, 9_000)
        kinds = [kind for kind, share in KINDS.items() if dice.random() < share]
        relations = [
            Relation(kind=kind, item_id=other) for kind in kinds if (other := self._other(number))
        ]
        return CatalogItem(
            item_id=name,
            price_minor=price,
            margin_minor=round(price * dice.uniform(0.0, MARGIN_MAX)),
            currency="EUR",
            in_stock=dice.random() < SHARE_IN_STOCK,
            restricted="age" if dice.random() < SHARE_RESTRICTED else None,
            variant_of=f"product-{number // FAMILY}" if number % FAMILY < FAMILY // 2 else None,
            relations=tuple(relations),
        )

    def _other(self, number: int) -> str | None:
        """Another item of its aisle, or the product of one; None: it would be itself."""
        other = number - number % AISLE + self._dice.randrange(AISLE)
        if self._dice.random() < SHARE_OF_PRODUCTS:
            return f"product-{other // FAMILY}"
        return None if other == number else f"item-{other}"

    def _change(self) -> Change:
        dice = self._dice
        if dice.random() < SHARE_HIDING:
            self._hidden = dice.sample([*self.items], dice.randint(0, HIDDEN_MAX))
            return self._hidden
        item = self.items[dice.choice([*self.items])]
        price = item.price_minor or 0
        change: dict[str, Any] = dice.choice(
            [
                {"in_stock": not item.in_stock},
                {"hidden": not item.hidden},
                {"margin_minor": round(price * dice.uniform(0.0, MARGIN_MAX))},
                {"margin_minor": None},
                {"restricted": None if item.restricted else "licence"},
                {"relations": self._item(int(item.item_id.rpartition("-")[2])).relations},
            ]
        )
        item = item.model_copy(update=change)
        self.items[item.item_id] = item
        return item

    def _visit(self, session_id: str) -> Iterator[Event]:
        dice, basket = self._dice, dict[str, int]()
        aisle = dice.randrange(0, ITEMS, AISLE)
        for number in range(dice.randint(2, 2 * VISIT_EVENTS)):
            item, draw = f"item-{aisle + dice.randrange(AISLE)}", dice.random()
            about = self._about(f"{session_id}-{number}", session_id)
            slots = dice.choice(SLOTS)
            if draw < SHARE_REMOVED and basket:
                item = dice.choice([*basket])
                del basket[item]
                yield ItemRemoved(**about, item_id=item, quantity=9)
            elif draw < SHARE_ADDED:
                basket[item] = basket.get(item, 0) + 1
                yield ItemAdded(**about, item_id=item, slots=slots, **self._priced(item))
            else:
                yield ItemViewed(**about, item_id=item, slots=slots, **self._priced(item))
        if not basket:
            return
        yield CheckoutStarted(**self._about(f"{session_id}-c", session_id), slots=("checkout",))
        lines = tuple(OrderLine(item_id=item, quantity=n) for item, n in basket.items())
        about = self._about(f"{session_id}-o", session_id)
        yield OrderPlaced(**about, order_id=session_id, lines=lines, slots=("post_purchase",))

    def _about(self, event_id: str, session_id: str) -> dict[str, Any]:
        self._now_ms += STEP_MS
        about: dict[str, Any] = {"event_id": event_id, "session_id": session_id}
        return about | {"occurred_at_ms": self._now_ms, "schema_version": 2}

    def _priced(self, item: str) -> dict[str, Any]:
        return {"price_minor": self.items[item].price_minor, "currency": "EUR"}
