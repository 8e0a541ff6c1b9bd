"""Relations of the catalogue that decide: upgrades, what excludes each other, what needs another.

All of them only take away. An upgrade replaces, as the lesser one would, and a cross-sell never
does, however many steps up or down; nor do two upgrades of one item go together. What excludes an
item of the basket, or is excluded by one (a winter coat beside a swimsuit, two systems that do not
fit together), is not offered; nor what needs something that the shopper neither has nor is looking
at: what is merely offered in another slot is not had. Two of one prompt are held to the same, but
for what they need; all that is missing of a bundle is taken together, and one may need another. A
relation to a product, or of one, holds for all of its variants.

What takes away has room of its own, so that accessories, however many, cannot crowd it out.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from sys import intern
from typing import Literal, NamedTuple

from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.catalog.sorted_ids import SortedIds

Conflict = Literal["upgrade", "excluded", "requires"]
"""Why an item does not go beside others: the first of these that is so."""
LESSER_MAX = 16
"""Items that one is better than, however many steps away: further ones are not looked at."""
NOT_ASKED = frozenset({""})
"""Before it is known what the shopper has: no item has this id."""


class ItemRelations(NamedTuple):
    """What one item says of others, by their ids."""

    upgrade_of: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    accessory_of: tuple[str, ...] = ()
    """Spare parts, too: what it completes."""

    @property
    def forbids(self) -> int:
        """How many entries those that take away are: with one for the item itself."""
        others = len(self.upgrade_of) + len(self.excludes) + len(self.requires)
        return others + 1 if others else 0

    @property
    def completes(self) -> int:
        """How many entries the accessories are, likewise."""
        return len(self.accessory_of) + 1 if self.accessory_of else 0


SILENT = ItemRelations()
FIELDS = {
    "upgrade_of": "upgrade_of",
    "excludes": "excludes",
    "requires": "requires",
    "accessory_of": "accessory_of",
    "spare_part_of": "accessory_of",
}
"""Where each kind of relation of the contract is kept."""


class Relations:
    """The relations of all items, as they are now; an item without any takes no memory.

    `entries_max` bounds the entries that take away, and once more those of accessories: one for
    each item that says anything, and one for each that it names. What has no room is left out.

    >>> relations = Relations()
    >>> fields = {"kind": "accessory_of", "item_id": "phone"}
    >>> relations.put(CatalogItem(item_id="case", relations=(fields,)))
    True
    >>> [*relations.accessories("phone")], len(relations)
    (['case'], 2)
    >>> relations.take_out("case")
    >>> [*relations.accessories("phone")], len(relations)
    ([], 0)
    """

    def __init__(self, entries_max: int = 1_000_000) -> None:
        self.entries_max = entries_max
        self.said: dict[str, ItemRelations] = {}
        self.forbidding = self.completing = 0
        """Entries of what takes away, and of accessories."""
        self._accessories: dict[str, SortedIds] = {}
        """Of an item those that complete it, by id: the same for every worker."""

    def __len__(self) -> int:
        """How many entries there are of both."""
        return self.forbidding + self.completing

    def of(self, item_id: str) -> ItemRelations:
        """What this item says of others."""
        return self.said.get(item_id, SILENT)

    def accessories(self, item_id: str) -> SortedIds | tuple[str, ...]:
        """What completes this item, by id."""
        return self._accessories.get(item_id, ())

    def put(self, item: CatalogItem) -> bool:
        """What an item says from now on; False: not all of it had room."""
        self.take_out(item.item_id)
        found: dict[str, list[str]] = {}
        for relation in item.relations:
            found.setdefault(FIELDS[relation.kind], []).append(intern(relation.item_id))
        if not found:
            return True
        told = ItemRelations(**{name: tuple(dict.fromkeys(ids)) for name, ids in found.items()})
        said = self._with_room(told)
        if said != SILENT:
            item_id = intern(item.item_id)
            self.said[item_id] = said
            self.forbidding += said.forbids
            self.completing += said.completes
            for main in said.accessory_of:
                self._accessories.setdefault(main, SortedIds()).add(item_id)
        return said == told

    def _with_room(self, said: ItemRelations) -> ItemRelations:
        """What there is room for: of what takes away all, or nothing; of accessories likewise."""
        if self.forbidding + said.forbids > self.entries_max:
            said = ItemRelations(accessory_of=said.accessory_of)
        if self.completing + said.completes > self.entries_max:
            said = said._replace(accessory_of=())
        return said

    def take_out(self, item_id: str) -> None:
        """The item says nothing any more."""
        said = self.said.pop(item_id, SILENT)
        self.forbidding -= said.forbids
        self.completing -= said.completes
        for main in said.accessory_of:
            listed = self._accessories[main]
            listed.discard(item_id)
            if not listed:
                del self._accessories[main]

    def clear(self) -> None:
        """Nothing says anything any more."""
        self.forbidding = self.completing = 0
        self.said.clear()
        self._accessories.clear()


class Surroundings:
    """What one decision offers things beside: the basket and the item that asked.

    >>> relations = Relations()
    >>> fields = {"kind": "upgrade_of", "item_id": "a"}
    >>> _ = relations.put(CatalogItem(item_id="pro", relations=(fields,)))
    >>> around = Surroundings(relations, {})
    >>> around.fill(["a"])
    >>> around.conflict("pro"), around.conflict("b"), around.clash("a", "pro")
    ('upgrade', None, True)
    """

    def __init__(self, relations: Relations, products: Mapping[str, str]) -> None:
        self._relations, self._said, self._products = relations, relations.said, products
        self._beside: set[str] = set()
        self._here: set[str] = set()
        """Of them those that the shopper has, or looks at."""
        self._barred: set[str] = set()
        self._replaced: set[str] = set()
        """Those around, and all that they are better than."""
        self._had: Callable[[], Collection[str]] = tuple
        self._owned = NOT_ASKED

    def ask(self, had: Callable[[], Collection[str]]) -> None:
        """Of whom it is: what they have bought, asked for when the first item needs another one."""
        self._had, self._owned = had, NOT_ASKED

    def fill(
        self, beside: Iterable[str], offered: Iterable[str] = (), owned: Iterable[str] = ()
    ) -> None:
        """The items that others would stand beside; nobody has those that are `offered` only.

        What is `owned` excludes others, and may be replaced by a better one.
        """
        if self._products:
            beside, offered, owned = map(self._with_products, (beside, offered, owned))
        self._here = set(beside)
        around = self._here.union(offered)
        self._beside = around.union(owned) if owned else around
        self._barred, self._replaced = set(), set(around)
        said = self._said
        for item in filter(said.__contains__, self._beside):
            self._barred.update(said[item].excludes)
            if said[item].upgrade_of and item in around:
                self._replaced.update(self._with_lesser(item))

    def __len__(self) -> int:
        """As many items as there may be a conflict with: those that say anything, or are named."""
        return len(self._relations)

    def conflict(self, item_id: str) -> Conflict | None:
        """Why this item must not be offered beside what is there; None: it may."""
        products = self._products
        if item_id not in self._said and item_id not in self._replaced and not products:
            return "excluded" if item_id in self._barred else None  # as nearly always
        why = self._conflict(item_id)
        if why is None and products and (product := products.get(item_id)) is not None:
            return self._conflict(product)
        return why

    def completed_by(self, item_id: str, others: Iterable[str]) -> bool:
        """Whether it may be offered with these, of which it may need some: all taken together."""
        there, self._here = self._here, self._here.union(self._with_products(others))
        try:
            return self.conflict(item_id) is None
        finally:
            self._here = there

    def _conflict(self, name: str) -> Conflict | None:
        """The same of an item by one of its names."""
        said = self._said.get(name)
        if name in self._replaced:
            return "upgrade"
        if said is not None and said.upgrade_of and self._reaches(name, self._replaced):
            return "upgrade"
        if name in self._barred:
            return "excluded"
        if said is None:
            return None
        if not self._beside.isdisjoint(said.excludes):
            return "excluded"
        return "requires" if said.requires and not self._has(said.requires) else None

    def clash(self, a: str, b: str) -> bool:
        """Whether two items exclude each other, or one replaces the other as an upgrade does."""
        said, products = self._said, self._products
        if a != b and not (products and (a in products or b in products)):
            if a not in said and b not in said:
                return False  # as nearly always
            told_a, told_b = said.get(a, SILENT), said.get(b, SILENT)
            if b in told_a.excludes or a in told_b.excludes:
                return True
            if not (told_a.upgrade_of or told_b.upgrade_of):
                return False
            return not {*self._with_lesser(a)}.isdisjoint(self._with_lesser(b))
        of, these = self._relations.of, [*self._with_products((a,))]
        others = {*self._with_products((b,))}
        told = map(of, (*these, *others))
        if others.isdisjoint(these) and not any(one.excludes or one.upgrade_of for one in told):
            return False
        for name in these:
            if not others.isdisjoint(of(name).excludes):
                return True
            if any(name in of(other).excludes for other in others):
                return True
        replaced = {less for name in these for less in self._with_lesser(name)}
        return any(self._reaches(other, replaced) for other in others)

    def _reaches(self, name: str, others: set[str]) -> bool:
        """Whether an item is one of these, or is better than one."""
        return not others.isdisjoint(self._with_lesser(name))

    def _with_lesser(self, name: str) -> Collection[str]:
        """An item or product, and all that it is better than, the next steps first.

        Of so many at most; a circle ends where it began.
        """
        told, said, products = self._said.get(name), self._said, self._products
        if told is None or not (lesser := told.upgrade_of):
            return (name,)  # as nearly always
        ends = said.keys().isdisjoint(lesser) and products.keys().isdisjoint(lesser)
        if ends and len(lesser) <= LESSER_MAX:
            return (name, *lesser)  # as mostly: none of these is better than any itself
        found, steps = {name}, [name]
        for better in steps:
            for less in self._with_products(self._relations.of(better).upgrade_of):
                if less not in found:
                    if len(found) > LESSER_MAX:
                        return steps
                    found.add(less)
                    steps.append(less)
        return steps

    def _has(self, required: Iterable[str]) -> bool:
        """Whether all of these are there, or were bought."""
        for item in required:
            if item not in self._here:
                if self._owned is NOT_ASKED:
                    self._owned = frozenset(self._with_products(self._had()))
                if item not in self._owned:
                    return False
        return True

    def _with_products(self, items: Iterable[str]) -> Iterable[str]:
        for item in items:
            yield item
            if (product := self._products.get(item)) is not None:
                yield product
