"""Bundles beside a till that tries everything: what is whole, what is nearly, what it saves."""

from fractions import Fraction
from random import Random

from streams.contract.events.reference.bundles import BundleTerms
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.bundles import (
    ASKED_MAX,
    HELD_MAX,
    MISSING_MAX,
    BundleArm,
    Bundles,
    Completion,
    SavedBeside,
    completions,
    whole,
)
from streams.shop.decision.slots.top_up import PriceTag
from streams.shop.memory.session import Session
from tests.stories import Till

SOLD = "abcdef"
NAMES = ("duo", "more", "other", "pair", "trio", "zero")
FLOORS = (None, 0.0, 0.25, 0.5)


class Shelf:
    """A random shop of few items, some without a price, and its bundles."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.prices: dict[str, PriceTag] = {}
        for item in SOLD:
            if random.random() < 0.9:
                margin = random.choice((None, 1, 2, 3, 4, 4))
                currency = random.choice(("EUR",) * 12 + ("JPY",))
                self.prices[item] = PriceTag(random.choice((4, 8, 12)), margin, currency)
        self.terms: dict[str, BundleTerms] = {}
        for name in random.sample(NAMES, random.randint(1, 6)):
            items = tuple(random.sample(SOLD, random.randint(2, 4)))
            discount = random.choice((1, 2, 4, 8, 30))
            self.terms[name] = BundleTerms(items=items, discount_minor={"EUR": discount})
        self.bundles = Bundles()
        for name, terms in self.terms.items():
            self.bundles.put(name, terms)
        taken = random.sample(SOLD, random.randint(0, 5))
        self.basket = {item: random.randint(1, 3) for item in taken}

    def discount(self, name: str) -> int:
        """What one set of a bundle saves, where each of its prices is known, and in euro."""
        tags = [self.prices.get(item) for item in self.terms[name].items]
        known = [tag for tag in tags if tag is not None and tag.currency == "EUR"]
        less = self.terms[name].discount_minor["EUR"]
        price = sum(tag.price_minor for tag in known)
        return less if len(known) == len(tags) and less < price else 0

    def earns(self, name: str, floor: float | None) -> bool:
        """Whether what is paid for a set in the end earns the floor, each margin being known."""
        if floor is None:
            return True
        tags = [self.prices[item] for item in self.terms[name].items]
        if any(tag.margin_minor is None for tag in tags):
            return False
        less = self.terms[name].discount_minor["EUR"]
        earned = sum(tag.margin_minor or 0 for tag in tags) - less
        return Fraction(earned) >= Fraction(floor) * (sum(tag.price_minor for tag in tags) - less)

    def sold(self, basket: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        """How many sets of each bundle are in a basket, and what is in none: set by set."""
        left, sets = dict(basket), dict[str, int]()
        for name in sorted(self.terms):
            while all(left.get(item, 0) >= 1 for item in self.terms[name].items):
                sets[name] = sets.get(name, 0) + 1
                for item in self.terms[name].items:
                    left[item] -= 1
        return sets, {item: many for item, many in left.items() if many}

    def saved(self, basket: dict[str, int]) -> int:
        """What all of them save."""
        return sum(many * self.discount(name) for name, many in self.sold(basket)[0].items())

    def nearly(self, held: list[str], floor: float | None) -> list[Completion]:
        """All bundles that lack one item or two, by the latest item that is there, then by name."""
        found = list[tuple[int, str]]()
        for name, terms in self.terms.items():
            there = [item for item in terms.items if item in held]
            if there and len(terms.items) - len(there) in range(1, MISSING_MAX + 1):
                found.append((max(held.index(item) for item in there), name))
        completed = list[Completion]()
        for at, name in sorted(found, key=lambda one: (-one[0], one[1])):
            items, less = self.terms[name].items, self.discount(name)
            if less and self.earns(name, floor):
                price = sum(self.prices[item].price_minor for item in items)
                missing = tuple(item for item in items if item not in held)
                completed.append(Completion(name, items, missing, held[at], price, less, "EUR"))
        return completed


def test_what_is_whole_and_what_it_saves_is_what_the_till_finds_set_by_set() -> None:
    """A bundle of which no price is known saves nothing, and takes its pieces all the same."""
    for seed in range(500):
        shelf = Shelf(seed)
        found, (sets, spare) = whole(shelf.bundles, shelf.basket), shelf.sold(shelf.basket)

        assert (sets, spare) == (found.sets, found.spare), seed
        assert shelf.saved(shelf.basket) == found.saved_minor(shelf.bundles, shelf.prices), seed


def test_what_further_items_save_is_what_the_till_takes_off_more_with_them() -> None:
    """One more of each; whether an item is in a bundle at all is known beforehand.

    Of a bundle with a piece without a price nobody can tell.
    """
    for seed in range(500):
        shelf = Shelf(seed)
        now = shelf.saved(shelf.basket)
        beside = SavedBeside(shelf.bundles, shelf.prices, shelf.basket)
        for _ in range(4):
            more = shelf.random.sample(SOLD, shelf.random.randint(0, 3))
            then = shelf.basket | {item: shelf.basket.get(item, 0) + 1 for item in more}

            found, sets = beside.minor(more), shelf.sold(then)[0]
            pieces = {item for name in sets for item in shelf.terms[name].items}
            if found is None:
                assert not pieces <= shelf.prices.keys(), seed
            else:
                assert shelf.saved(then) - now == found, seed
                assert pieces <= shelf.prices.keys() or not any(map(beside.__contains__, more)), (
                    seed
                )
        bundled = {item for terms in shelf.terms.values() for item in terms.items}
        assert bundled == {item for item in SOLD if item in beside}, seed


def test_what_is_nearly_a_bundle_is_what_a_search_of_all_finds() -> None:
    """Each once, beside the latest of its items that is there; what is whole is none."""
    for seed in range(500):
        shelf = Shelf(seed)
        floor, held = shelf.random.choice(FLOORS), [*shelf.basket]
        found = [*completions(shelf.bundles, held, shelf.prices, floor)]

        assert shelf.nearly(held, floor) == found, seed


def test_of_a_large_basket_all_that_further_items_complete_is_seen() -> None:
    """They are looked at besides the latest of the basket, and not instead of them."""
    bundles = Bundles()
    bundles.put("b", BundleTerms(items=("i9", "new"), discount_minor={"EUR": 5}))
    bundles.put("c", BundleTerms(items=("i0", "i1"), discount_minor={"EUR": 3}))
    basket = {f"i{number}": 1 for number in range(HELD_MAX)}
    prices = {item: PriceTag(100, 10, "EUR") for item in (*basket, "new")}

    assert 3 == whole(bundles, basket).saved_minor(bundles, prices)
    assert 5 == SavedBeside(bundles, prices, basket).minor(["new"])


def test_so_many_sets_of_items_are_asked_for_and_a_known_one_is_answered_all_the_same() -> None:
    """The one of no items is known from the beginning."""
    bundles = Bundles()
    items = [f"i{number}" for number in range(ASKED_MAX + 1)]
    for item in items:
        bundles.put(item, BundleTerms(items=("case", item), discount_minor={"EUR": 5}))
    prices = {item: PriceTag(100, 10, "EUR") for item in (*items, "case")}
    beside = SavedBeside(bundles, prices, {"case": 1})
    first, *further = [beside.minor([item]) for item in items]

    assert [5] * (ASKED_MAX - 1) + [None] == further
    assert 5 == first == beside.minor([items[0]])
    assert 0 == beside.minor([])


def test_what_completes_a_bundle_stands_in_its_order_with_its_place_as_its_score() -> None:
    """Those who explain a prompt tell it: the whole, then a half."""
    photo = Completion("photo", ("camera", "case", "card"), ("case", "card"), "camera", 9, 1, "EUR")
    query = CandidateQuery(Session("s", 0, 0), "camera", 0.0, (), 3)
    found = BundleArm((photo,), {}).candidates(Till().shop.learned, query)

    assert [("case", 1.0), ("card", 0.5)] == [(one.item, one.score) for one in found]
