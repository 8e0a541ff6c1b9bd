"""Upgrades (upsell): what the merchant's catalogue names as the better and dearer item.

Asked for in a slot of its own, before what goes with the item, and never learned: a substitute that
people look at is no upgrade. Kept is only what decides: of an item that is named `upgrade_of`
others its price, by these others. An upgrade in another currency than the item, or where either
price is not known, is none: nobody can tell that it is dearer.
"""

from collections.abc import Iterator, Mapping
from sys import intern
from typing import NamedTuple

from models import Candidate
from streams.contract.events import ItemAdded, ItemViewed
from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.arms import CandidateQuery
from streams.shop.memory.learned import Learned
from streams.shop.people.context import AskingEvent

ARM = "upgrade"


class Price(NamedTuple):
    """A unit price."""

    minor: int
    """In minor units of the currency."""
    currency: str
    """ISO 4217 code."""


class Upgrades:
    """By item what is better.

    >>> from streams.contract.events.reference.catalog import Relation
    >>> better = Relation(kind="upgrade_of", item_id="toaster")
    >>> oven = CatalogItem(
    ...     item_id="oven", price_minor=9900, currency="EUR", relations=(better,)
    ... )
    >>> upgrades = Upgrades()
    >>> upgrades.put(oven)
    >>> upgrades.of("toaster"), upgrades.relations
    ({'oven': Price(minor=9900, currency='EUR')}, 1)
    """

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Price]] = {}
        self._instead_of: dict[str, tuple[str, ...]] = {}
        self.relations = 0
        """How many are kept."""

    def __contains__(self, item_id: object) -> bool:
        """Whether this item is an upgrade of any."""
        return item_id in self._instead_of

    def relations_of(self, item_id: str) -> int:
        """Of how many others this item is an upgrade."""
        return len(self._instead_of.get(item_id, ()))

    def of(self, item_id: str) -> Mapping[str, Price]:
        """What is better than this item, with its price."""
        return self._of.get(item_id, {})

    def put(self, item: CatalogItem) -> None:
        """An item as it is from now on."""
        self.take_out(item.item_id)
        others = tuple(dict.fromkeys(upgraded(item)))
        if not others or item.price_minor is None or item.currency is None:
            return
        item_id, price = intern(item.item_id), Price(item.price_minor, intern(item.currency))
        self._instead_of[item_id] = others
        self.relations += len(others)
        for other in others:
            self._of.setdefault(other, {})[item_id] = price

    def take_out(self, item_id: str) -> None:
        """It is no upgrade of anything any more."""
        for other in self._instead_of.pop(item_id, ()):
            better = self._of[other]
            del better[item_id]
            self.relations -= 1
            if not better:
                del self._of[other]

    def clear(self) -> None:
        """Nothing is known any more."""
        self._of.clear()
        self._instead_of.clear()
        self.relations = 0


def upgraded(item: CatalogItem) -> Iterator[str]:
    """The items that this one is better than."""
    for relation in item.relations:
        if relation.kind == "upgrade_of":
            yield intern(relation.item_id)


def told_price(event: AskingEvent) -> Price | None:
    """The price of the item that asks, as its event tells it."""
    if not isinstance(event, ItemViewed | ItemAdded):
        return None
    if event.price_minor is None or event.currency is None:
        return None
    return Price(event.price_minor, event.currency)


class UpgradeArm(NamedTuple):
    """The arm of the slot `upgrade`: dearer than what the anchor costs, the next step up first."""

    upgrades: Upgrades
    price: Price | None
    """Of the anchor."""

    def proposes(self, learned: Learned, question: CandidateQuery) -> bool:
        """Whether it has anything to offer."""
        return bool(self.candidates(learned, question))

    def candidates(self, _learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """What it offers; its evidence counts nothing, for it is the merchant's word."""
        if self.price is None:
            return []
        dearer = sorted(
            (price.minor, item)
            for item, price in self.upgrades.of(question.anchor).items()
            if price.currency == self.price.currency
            and price.minor > self.price.minor
            and item not in question.excluded
        )
        return [
            Candidate(item, self.price.minor / minor, 0, 0, question.anchor)
            for minor, item in dearer[: question.items_max]
        ]
