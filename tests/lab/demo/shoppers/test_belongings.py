"""What is owned once is bought once: by simulated shoppers, and in what they are offered."""

from collections import Counter, defaultdict

import pytest

from streams.contract.events import Event, ItemAdded, ItemRemoved, OrderPlaced, OrderReturned
from streams.contract.published.prompts import Prompt
from streams.lab.demo.shoppers.belongings import Belongings
from streams.lab.demo.shoppers.shoppers import Shopper, need
from streams.lab.demo.shops.assortment import Assortment, assortment
from tests.lab.demo.street import served

ONCE = ("bank", "insurance", "software")


class Ledger:
    """Who has bought what and kept it, by the events alone; and what they were offered."""

    def __init__(self, shop: Assortment) -> None:
        self.shop = shop
        self.kept: dict[str | None, Counter[str]] = defaultdict(Counter)
        self.baskets: dict[str, set[str]] = defaultdict(set)
        self.bought_again: list[str] = []
        self.offered_again: list[str] = []
        self.bases_bought: list[str] = []
        """By whoever owned the better one by then."""
        self.replaced: list[tuple[str, str]] = []
        self.prompts = 0

    def look(self, event: Event, prompt: Prompt | None) -> None:
        """An event, and what it got."""
        who = event.shopper_id if event.consent else None
        if isinstance(event, ItemAdded):
            self.baskets[event.session_id].add(event.item_id)
        if isinstance(event, ItemRemoved):
            self.baskets[event.session_id].discard(event.item_id)
        if isinstance(event, OrderPlaced) and who:
            better = [item for item, number in self.kept[who].items() if number > 0]
            lines = [line.item_id for line in event.lines]
            pairs = ((line, one) for line in lines for one in better)
            self.bases_bought += [
                line
                for line, one in pairs
                if ("upgrade_of", line) in self.shop.items[one].relations
            ]
            for line in event.lines:
                self.bought_again += [line.item_id] * (self._once(line.item_id, who))
                self.kept[who][line.item_id] += 1
        if isinstance(event, OrderReturned) and who:
            self.kept[who].subtract(line.item_id for line in event.lines or ())
        if prompt is not None:
            self.prompts += 1
            self._offered(prompt, who)

    def _offered(self, prompt: Prompt, who: str | None) -> None:
        there = {prompt.anchor, *self.baskets[prompt.session_id]}
        for item in (each.item_id for each in prompt.items):
            self.offered_again += [item] * (self._once(item, who))
            self.replaced += [(item, each) for each in there if self._replaces(item, each)]

    def _replaces(self, one: str, other: str) -> bool:
        pairs = (one, other), (other, one)
        items = self.shop.items
        return any(("upgrade_of", base) in items[upgrade].relations for upgrade, base in pairs)

    def _once(self, item: str, who: str | None) -> bool:
        return self.shop.items[item].owned_once and who is not None and self.kept[who][item] > 0


@pytest.mark.parametrize("name", [*ONCE, "electronics"])
def test_nobody_is_sold_or_offered_what_they_own_nor_an_upgrade_beside_its_base(name: str) -> None:
    """Nor a base beside its upgrade: a minute of shoppers who come again and again."""
    ledger = Ledger(assortment(name))
    _, traffic = served(60, shop=ledger.shop, look=ledger.look)

    assert traffic.visits_ended > 400
    assert ledger.prompts > 500
    assert [] == ledger.bought_again == ledger.offered_again
    assert [] == ledger.replaced


@pytest.mark.parametrize("name", [*ONCE, "electronics"])
def test_who_owns_the_better_one_does_not_come_for_its_base(name: str) -> None:
    """No trip where a year is insured, no server where it is hosted."""
    ledger = Ledger(assortment(name))
    served(60, shop=ledger.shop, look=ledger.look)

    assert [] == ledger.bases_bought


@pytest.mark.parametrize("name", ONCE)
def test_what_is_of_one_trip_or_counted_is_bought_again(name: str) -> None:
    """And every staple but these is owned once."""
    shop = assortment(name)
    again = {item.item_id for item in shop.items.values() if not item.owned_once}

    assert (
        again
        == {
            "bank": {"card-terminal", "tax-report"},
            "insurance": {"travel", "trip-cancellation", "luggage-cover"},
            "software": {
                *("cloud-server", "hosting", "backup", "monitoring"),
                *("data-import", "training-day", "extra-seat", "guest-seats"),
            },
        }[name]
    )


def test_who_owns_most_of_it_makes_way_for_somebody_new() -> None:
    """Who does not say who it is owns nothing that anybody knows of; groceries are bought again."""
    bank, ann = Belongings(assortment("bank")), Shopper("ann", "regular")
    bank.take(Shopper(None, "regular"), {"mortgage"})
    bank.take(ann, {"mortgage", "debit-card"})
    owner = bank.of(ann)
    assert ("ann", {"mortgage", "debit-card"}) == (owner.known_as, set(owner.owned))
    assert 0 == need("mortgage", set(), owner, assortment("bank"))
    bank.take(owner, {"credit-card", "car-loan", "business-account"})
    assert ("ann-2", set()) == (bank.of(ann).known_as, set(bank.of(ann).owned))

    grocery = Belongings(assortment("grocery"))
    grocery.take(ann, {"bread", "printer"})
    assert ann == grocery.of(ann)
