"""How many items of one arm are worth it, by hand: from what each earns and how often it sells."""

from typing import Any, NamedTuple

import pytest

from models import Candidate
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.policy.item_numbers import HOPE, ItemNumbers
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.decision.slots.top_up import Gap, PriceTag, TopUpArm
from streams.shop.decision.slots.upgrades import Price, UpgradeArm
from streams.shop.memory.learned import Learned
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.offer_rates import DISMISSAL_MEAN, OfferRate
from streams.shop.memory.orders.reward.pair_offers import SALE_MEAN
from streams.shop.memory.orders.reward.reached import Reached
from streams.shop.memory.session import Session
from streams.shop.shop import Shop
from tests.shop.decision.test_item_numbers import DECIDED
from tests.stories import NOON_MS, OPEN

CONTEXT = "basket/new"
SELLS = OfferRate(SALE_MEAN, 0.0).hopeful(HOPE)
"""How often anything sells, as it is hoped before anything is known."""
COST_MINOR = 50 * DISMISSAL_MEAN
"""What a prompt is expected to annoy, of whatever size, before anything is known."""


class Shelf:
    """A shop that knows what items earn, and nothing of what sells."""

    def __init__(self, **settings: Any) -> None:
        self.shop = Shop(Settings(**{**OPEN, **DECIDED, **settings}))
        self.catalog = Catalog(worths=True)
        self.rates = self.shop.attribution.rewards.offers
        assert self.rates is not None
        self.numbers = ItemNumbers(self.shop.settings, self.shop.learned, self.rates)

    def put(self, margins: dict[str, int | None], **fields: Any) -> None:
        """What one of each item earns; None: nobody says."""
        for item, margin in margins.items():
            if margin is not None:
                said = {"price_minor": 1_000, "currency": "EUR", **fields}
                self.catalog.put(CatalogItem(item_id=item, margin_minor=margin, **said))

    def picked(self, arm: Strategy, anchor: str = "bread") -> list[str]:
        """The items of this arm that are worth it."""
        session = Session("s1", NOON_MS, NOON_MS)
        question = CandidateQuery(session, anchor, NOON_MS / 1000, Exclusions(self.catalog), 3)
        found = self.numbers.picked([("popular", arm)], question, CONTEXT, b"seed")
        return [one.item for one in found.get("popular", ())]

    def learn(self, *sold: float, fits: tuple[int, ...], dismissed: float = 0.0) -> None:
        """A prompt of items of these classes was shown: what sold of each, and its dismissal."""
        assert self.rates is not None
        worths = tuple(ItemWorth(fit=fit) for fit in fits)
        items = tuple(f"item-{number}" for number, _ in enumerate(fits))
        receipt = Receipt("p", "s", "popular", CONTEXT, 0.5, 0.1, items, NOON_MS)
        impression = Impression(receipt._replace(worths=worths), [Reached("shown", "e", NOON_MS)])
        self.rates.begin(impression)
        self.rates.change(impression, (0.0,) * (len(fits) + 1), (*sold, dismissed))


class Offering(NamedTuple):
    """An arm that always has the same to offer."""

    what: tuple[Candidate, ...]

    def proposes(self, _learned: Learned, _question: CandidateQuery) -> bool:
        """Always."""
        return True

    def candidates(self, _learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """The same, as far as is asked for."""
        return [*self.what[: question.items_max]]


def of(margins: dict[str, int | None], together: dict[str, int] | None = None) -> Offering:
    """An arm that offers these items, best first; of ten cases so many for each."""
    counts = together or {}
    return Offering(
        tuple(Candidate(item, 1.0, counts.get(item, 0), 10, "bread") for item in margins)
    )


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ({"a": 20}, ["a"]),  # 3.08 are expected, less than the 2.50 of a dismissal and one more
        ({"a": 13}, []),  # 2.00 are
        ({"a": 20, "b": 0}, ["a"]),
        ({"a": 20, "b": 1}, ["a", "b"]),
        ({"a": 20, "b": -1}, ["a"]),
        ({"a": 10, "b": 10}, ["a", "b"]),
        ({"a": None, "b": 20}, ["b", "a"]),
        ({"a": None, "b": 13}, ["a"]),
        ({"a": None, "b": None, "c": None, "d": 20}, ["d", "a", "b"]),
        ({"a": 20, "b": 30, "c": 40, "d": 50}, ["d", "c", "b"]),
        ({}, []),
    ],
    ids=str,
)
def test_an_arm_offers_what_earns_more_than_it_annoys_and_of_equals_the_least(
    margins: dict[str, int | None], said: list[str]
) -> None:
    """What earns most first, and what nobody knows in the room that is left."""
    assert 13 * SELLS < COST_MINOR < 20 * SELLS < COST_MINOR + 1
    shelf = Shelf()
    shelf.put(margins)

    assert said == shelf.picked(of(margins))


def test_an_upgrade_keeps_its_order_whatever_its_steps_earn() -> None:
    """The next step up stands first; a step that earns nothing is no end of them."""
    shelf = Shelf()
    for step, margin in enumerate((20, 0, 1)):
        better = [{"kind": "upgrade_of", "item_id": "bread"}]
        said: dict[str, Any] = {"item_id": f"bread-{step}", "relations": better}
        said |= {"price_minor": 1_000 + step, "margin_minor": margin, "currency": "EUR"}
        shelf.catalog.put(CatalogItem.model_validate(said))
    arm = UpgradeArm(shelf.catalog.upgrades, Price(500, "EUR"))
    assert ["bread-0", "bread-1", "bread-2"] == shelf.picked(arm)

    shelf.put({"bread-0": 1})  # no upgrade any more
    assert [] == shelf.picked(arm)


def top_up(margins: dict[str, int | None], missing: int) -> TopUpArm:
    """A basket that lacks this; each item costs 1000, and earns something by its price tag."""
    tags = {item: PriceTag(1_000, 1, "EUR") for item in margins}
    return TopUpArm(Gap(missing, 5_000, "EUR"), tags, {"popular": of(margins)})


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ({"a": 20, "b": 30}, ["a", "b"]),
        ({"a": 40, "b": -20}, ["a", "b"]),
        ({"a": 40, "b": -30}, []),
        ({"a": -30, "b": 40}, []),
        ({"a": None, "b": -30}, ["a", "b"]),
        ({"a": 40, "b": None}, ["a", "b"]),
    ],
    ids=str,
)
def test_a_top_up_is_worth_it_as_a_whole_or_not_at_all(
    margins: dict[str, int | None], said: list[str]
) -> None:
    """In its own order; where nobody knows what one of them earns, it is offered."""
    shelf = Shelf()
    shelf.put(margins)

    assert said == shelf.picked(top_up(margins, missing=1_900))


def test_what_is_sold_first_in_a_prompt_is_what_sells_best_there() -> None:
    """Not what sells best as the second one."""
    shelf = Shelf()
    margins: dict[str, int | None] = {"seldom": 20, "often": 20}
    shelf.put(margins)
    arm = of(margins, {"seldom": 1, "often": 7})
    for _ in range(
        200
    ):  # of class 4 a first one never sells and a second one does; of 2 it is not so
        shelf.learn(0.0, 0.0, fits=(4, 2))
        shelf.learn(1.0, 1.0, fits=(2, 4))

    assert "often" == shelf.picked(arm)[0]


def test_where_prompts_of_two_are_sent_away_there_is_one() -> None:
    """Though both would earn something."""
    shelf = Shelf()
    margins: dict[str, int | None] = {"a": 300, "b": 10}
    shelf.put(margins)
    assert ["a", "b"] == shelf.picked(of(margins))
    for _ in range(200):
        shelf.learn(0.1, fits=(0,))
        shelf.learn(0.1, 0.1, fits=(0, 0), dismissed=1.0)

    assert ["a"] == shelf.picked(of(margins))


def test_what_nobody_knows_the_worth_of_is_expected_to_earn_nothing() -> None:
    """Neither in money of ours nor in that of anybody."""
    numbers = Shelf().numbers
    known, unknown = ItemWorth(100, 400, "EUR"), ItemWorth()

    assert [100 * SALE_MEAN, 0.0] == numbers.expected("popular", CONTEXT, [known, unknown])
