"""What relations say of two items, or of one beside others, by all names and all steps."""

from random import Random

from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.catalog.relations import Conflict, Relations, Surroundings

ITEMS = tuple("abcdef")
PRODUCTS = ("p", "q")
KINDS = ("upgrade_of", "excludes", "requires", "accessory_of")


class Plainly:
    """A random catalogue: what each says of others, with or without products."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.products = {
            item: random.choice(PRODUCTS)
            for item in ITEMS
            if seed % 2 and random.random() < 0.5  # of half of the shops nothing has variants
        }
        self.said: dict[str, set[tuple[str, str]]] = {}
        self.relations = Relations()
        for item in random.sample((*ITEMS, *PRODUCTS), random.randint(0, 5)):
            others = [other for other in (*ITEMS, *PRODUCTS) if other != item]
            kinds = random.choices(KINDS, weights=(4, 2, 1, 1), k=random.randint(1, 3))
            self.said[item] = {(kind, random.choice(others)) for kind in kinds}
            fields = [{"kind": kind, "item_id": other} for kind, other in self.said[item]]
            record = {"item_id": item, "relations": tuple(fields)}
            assert self.relations.put(CatalogItem.model_validate(record))

    def others(self, kind: str, name: str) -> set[str]:
        """Which ones something names in this relation."""
        return {other for said, other in self.said.get(name, ()) if said == kind}

    def names(self, items: set[str]) -> set[str]:
        """These, and their products."""
        return items | {self.products[item] for item in items if item in self.products}

    def lesser(self, names: set[str]) -> set[str]:
        """These, and all that any of them is better than, step by step till there are no more."""
        while not (more := {low for name in names for low in self._below(name)}) <= names:
            names = names | more
        return names

    def _below(self, name: str) -> set[str]:
        return self.names(self.others("upgrade_of", name))

    def clash(self, a: str, b: str) -> bool:
        """Whether one excludes the other, or both are better than the same, or are the same."""
        mine, yours = self.names({a}), self.names({b})
        apart = any(
            there in self.others("excludes", here) or here in self.others("excludes", there)
            for here in mine
            for there in yours
        )
        return apart or bool(self.lesser(mine) & self.lesser(yours))

    def conflict(
        self, item: str, beside: set[str], offered: set[str], owned: set[str], had: set[str]
    ) -> Conflict | None:
        """By the item's own name, else by that of its product."""
        here = self.names(beside)
        around = here | self.names(offered)
        every = around | self.names(owned)
        barred = {other for name in every for other in self.others("excludes", name)}
        for name in (item, *filter(None, [self.products.get(item)])):
            if self.lesser({name}) & self.lesser(around):
                return "upgrade"
            if name in barred or self.others("excludes", name) & every:
                return "excluded"
            if not self.others("requires", name) <= here | self.names(had):
                return "requires"
        return None

    def some(self, most: int) -> set[str]:
        """A few items."""
        return set(self.random.sample(ITEMS, self.random.randint(0, most)))


def test_two_items_clash_as_all_their_names_and_all_lesser_ones_say() -> None:
    """Also an item and itself, and two variants of one product, of which others say something."""
    found = set[tuple[bool, bool]]()
    for seed in range(400):
        plain = Plainly(seed)
        around = Surroundings(plain.relations, plain.products)
        for a in ITEMS:
            for b in ITEMS:
                assert plain.clash(a, b) == around.clash(a, b), (seed, a, b)
                assert around.clash(a, b) == around.clash(b, a)
                found.add((a == b, around.clash(a, b)))

    assert {(True, True), (False, True), (False, False)} == found


def test_an_item_is_in_conflict_by_the_first_reason_that_all_names_and_steps_give() -> None:
    """Beside what is there, what is offered elsewhere, what is owned, and what was bought once."""
    found = set[Conflict | None]()
    for seed in range(400):
        plain = Plainly(seed)
        around = Surroundings(plain.relations, plain.products)
        for _ in range(4):
            beside, offered, owned, had = (plain.some(most) for most in (2, 1, 1, 2))
            around.ask(had.copy)
            around.fill(beside, offered, owned)
            for item in ITEMS:
                why = plain.conflict(item, beside, offered, owned, had)
                assert why == around.conflict(item), (seed, item)
                found.add(why)

    assert {"upgrade", "excluded", "requires", None} == found


def test_what_is_together_lacks_nothing_that_one_of_it_brings() -> None:
    """And for the moment alone."""
    for seed in range(200):
        plain = Plainly(seed)
        around = Surroundings(plain.relations, plain.products)
        beside, others = plain.some(2), plain.some(2)
        around.fill(beside)
        for item in ITEMS:
            why = plain.conflict(item, beside, set(), set(), others)
            assert around.completed_by(item, others) == (why is None), (seed, item)
            assert around.conflict(item) == plain.conflict(item, beside, set(), set(), set())
