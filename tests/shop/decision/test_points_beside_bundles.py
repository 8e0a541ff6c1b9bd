"""Loyalty where there are bundles: points are for what is paid more, as the till reckons it."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import Candidate
from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.events.reference.loyalty import LoyaltyProgram, Tier
from streams.contract.published.prompts import Prompt
from streams.contract.wire.shop.offers import LoyaltyOffer
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.slots.bundles import Bundles, SavedBeside
from streams.shop.decision.slots.loyalty import LoyaltyArm, SavedWithEither
from streams.shop.decision.slots.top_up import PriceTag
from streams.shop.memory.learned import Learned
from streams.shop.memory.session import Session
from tests.shop.decision.test_top_up import priced
from tests.shop.decision.test_top_up_of_bundles import OneAfterAnother, paid
from tests.stories import NOON_MS, Story, Till

PRICES = {"crm-pro": 7_500, "seat": 1_000, "cloud-backup": 1_900, "phone": 2_000}
CRM = BundleTerms(items=("crm-pro", "seat", "cloud-backup"), discount_minor={"EUR": 1_500})
PROGRAM = LoyaltyProgram(
    points_per_mille={"EUR": 100},
    tiers={"member": 1_000, "trade": 2_000},
    tier_begins={"member": 0, "trade": 2_000},
)


def till(*defined: BundleTerms, prices: Mapping[str, int] = PRICES) -> Till:
    """A shop with these bundles, where a cent brings a tenth of a point."""
    shop = Till(catalog_prices_max=100, arm_floor=0.2)
    shop.teach(*PRICES)
    shop.catalog = Catalog.of(shop.shop.settings)
    for item, minor in prices.items():
        shop.catalog.put(priced(item, minor))
    shop.catalog.loyalty = PROGRAM
    for number, terms in enumerate(defined):
        shop.catalog.bundles.put(f"bundle-{number}", terms)
    return shop


def told(shop: Till, *basket: str) -> dict[str, int]:
    """What items bring of whoever has this in the basket: the policy draws among arms."""
    found = dict[str, int]()
    for number in range(40):
        story = Story(f"visit-{number}", segment="member")
        for item in basket[:-1]:
            shop.serve(story.add(item, slots=()))
        prompt: Prompt | None = shop.serve(story.add(basket[-1])).prompt
        if prompt is not None and isinstance(prompt.offer, LoyaltyOffer):
            names = [item.item_id for item in prompt.items]
            found |= dict(zip(names, prompt.offer.points, strict=True))
    return found


def test_what_completes_a_bundle_brings_points_for_what_is_paid_more() -> None:
    """The backup for 19.00 makes the bundle 15.00 less: the order grows by 4.00."""
    assert {"cloud-backup": 40, "phone": 200} == told(till(CRM), "crm-pro", "seat")
    assert {"cloud-backup": 190, "phone": 200} == told(till(), "crm-pro", "seat")


def test_what_is_paid_no_more_for_brings_nothing_and_is_not_named() -> None:
    """The backup is free with the two others, or cheaper than that."""
    for minor in (1_900, 2_000):
        free = CRM.model_copy(update={"discount_minor": {"EUR": minor}})
        assert {"phone": 200} == told(till(free), "crm-pro", "seat")


def test_where_a_price_of_the_bundle_is_not_known_nobody_can_say_what_is_paid() -> None:
    """The shop takes the discount off all the same."""
    known = {item: minor for item, minor in PRICES.items() if item != "seat"}

    assert {"phone": 200} == told(till(CRM, prices=known), "crm-pro", "seat")


def test_a_bundle_that_stays_open_takes_nothing_off() -> None:
    """Without the seat the backup costs what it costs; not both are named in one prompt."""
    assert told(till(CRM), "crm-pro").items() < {*told(till(), "crm-pro").items()}


def test_what_is_looked_at_counts_as_bought_too_and_as_not() -> None:
    """Seat in the basket, the system looked at: both with the backup cost 15.00 less."""
    shop = till(CRM)
    found = dict[str, int]()
    for number in range(40):
        story = Story(f"visit-{number}", segment="member")
        shop.serve(story.add("seat", slots=()))
        prompt = shop.serve(story.view("crm-pro")).prompt
        if prompt is not None and isinstance(prompt.offer, LoyaltyOffer):
            names = [item.item_id for item in prompt.items]
            found |= dict(zip(names, prompt.offer.points, strict=True))
    assert {"cloud-backup": 40, "phone": 200} == found


def test_of_two_baskets_the_one_counts_beside_which_more_is_saved() -> None:
    """Whoever takes what is looked at saves by that; whoever does not, by the other bundle."""
    bundles = Bundles()
    for name, items, less in (("1", ("a", "b"), 5), ("2", ("a", "c"), 7), ("0", ("b", "d"), 9)):
        bundles.put(name, BundleTerms(items=items, discount_minor={"EUR": less}))
    prices = dict.fromkeys("abcde", PriceTag(100, None, "EUR"))
    each = SavedBeside(bundles, prices, {"a": 1}), SavedBeside(bundles, prices, {"a": 1, "b": 1})
    either = SavedWithEither(*each)

    assert [(7, 0), (0, 4)] == [(each[0].minor(one), each[1].minor(one)) for one in "cd"]
    assert [7, 4, 0, None] == [*map(either.minor, ("c", "d", "e")), without_c(bundles, prices)]
    assert [True, False] == [item in either for item in "ae"]


def without_c(bundles: Bundles, prices: Mapping[str, PriceTag]) -> int | None:
    """What c saves beside one of two baskets, where nobody knows what c costs."""
    known = {item: tag for item, tag in prices.items() if item != "c"}
    beside = SavedBeside(bundles, prices, {}), SavedBeside(bundles, known, {"a": 1})
    return SavedWithEither(*beside).minor("c")


class Looked(dict[str, PriceTag]):
    """Prices that count who looks."""

    looks = 0

    def get(self, *asked: Any) -> Any:
        """As ever."""
        self.looks += 1
        return super().get(*asked)


def test_what_the_basket_saves_is_reckoned_for_who_asks_of_a_bundle_alone() -> None:
    """Few do: it is asked beside every item that is looked at."""
    bundles, prices = Bundles(), Looked(dict.fromkeys("abcd", PriceTag(100, None, "EUR")))
    bundles.put("duo", BundleTerms(items=("a", "b"), discount_minor={"EUR": 5}))
    bundles.put("trio", BundleTerms(items=("a", "c", "d"), discount_minor={"EUR": 7}))
    beside = SavedBeside(bundles, prices, {"a": 1, "b": 1})

    assert [True, True, False] == [item in beside for item in "bcx"]
    assert 0 == beside.minor("x")
    assert 0 == prices.looks
    assert 0 == beside.minor("cd")  # its piece is in the duo
    assert prices.looks


@pytest.mark.parametrize("bundled", [True, False])
def test_what_is_in_no_bundle_is_not_tried_in_company(bundled: bool) -> None:
    """Of three items that are in none, nothing is asked."""

    class Asked(list[list[str]]):
        def __contains__(self, item_id: object) -> bool:
            return bundled

        def minor(self, items: Iterable[str]) -> int:
            self.append([*items])
            return 0

    asked = Asked()
    prices = dict.fromkeys("abc", PriceTag(100, None, "EUR"))
    arms = {"popular": OneAfterAnother("abc")}
    arm = LoyaltyArm(PROGRAM, Tier("member", 1_000), prices, arms, beside=asked)
    arm.candidates(Learned.__new__(Learned), CandidateQuery(Session("s1", 0, 0), "x", 0.0, (), 3))

    assert bundled == bool(asked)


def test_a_tier_is_told_of_the_balance_and_these_items_alone() -> None:
    """What is in the basket may be taken out again: the sentence is true with it and without."""
    shop = till(CRM)
    for number in range(40):
        ann = Story(f"ann-{number}", shopper_id="ann", segment="member", points_balance=1_000)
        shop.serve(ann.add("crm-pro", slots=()))
        prompt = shop.serve(ann.add("seat")).prompt
        if prompt is not None and isinstance(prompt.offer, LoyaltyOffer):
            said = prompt.offer
            break

    assert ("trade", 1_000) == (said.next_tier, said.missing_points)
    assert {False} == {*(said.reaches or ())}  # though 850 are in the basket, 200 the phone
    assert ("You need 1,000 more points to reach trade",) == said.texts


@example(  # what is worth no discount takes its pieces all the same
    costs={"a": 1, "b": 1, "c": 1, "d": 5, "x": 1, "y": 1},
    defined={"more": (["a", "c"], 2), "trio": (["a", "d"], 1)},
    have=1,
    looked=False,
)
@given(
    costs=st.fixed_dictionaries(dict.fromkeys("abcdxy", st.integers(1, 60))),
    defined=st.dictionaries(
        st.sampled_from(("duo", "more", "trio")),
        st.tuples(
            st.lists(st.sampled_from("abcdxy"), min_size=2, max_size=3, unique=True),
            st.integers(1, 60),
        ),
    ),
    have=st.integers(1, 2),
    looked=st.booleans(),
)
def test_no_prompt_promises_more_than_the_till_gives_for_all_of_it(
    costs: dict[str, int], defined: dict[str, tuple[list[str], int]], have: int, looked: bool
) -> None:
    """One by one, and in any company of the same prompt; a point is a minor unit here.

    Whether or not what is looked at is bought, too.
    """
    bundles, basket = Bundles(), {"x": have}
    for name, (items, discount) in defined.items():
        bundles.put(name, BundleTerms(items=tuple(items), discount_minor={"EUR": discount}))
    terms = {name: (tuple(items), discount) for name, (items, discount) in defined.items()}
    prices = {item: PriceTag(minor, None, "EUR") for item, minor in costs.items()}
    program = LoyaltyProgram(points_per_mille={"EUR": 1_000}, tiers={"member": 1_000})
    arms = {"popular": OneAfterAnother("abcd")}
    carts = [basket, {**basket, "y": 1}] if looked else [basket]
    beside = SavedWithEither(*(SavedBeside(bundles, prices, cart) for cart in carts))
    arm = LoyaltyArm(program, Tier("member", 1_000), prices, arms, beside=beside)
    session = Session("s1", NOON_MS, NOON_MS)
    chosen: list[Candidate] = arm.candidates(
        Learned.__new__(Learned), CandidateQuery(session, "x", 0.0, (), 3)
    )
    assert all(0 < arm.points(one.item) for one in chosen)
    for cart in carts:
        before = paid(cart, costs, terms)
        for size in range(1, len(chosen) + 1):
            for some in combinations([one.item for one in chosen], size):
                grown = paid({**cart, **dict.fromkeys(some, 1)}, costs, terms) - before
                assert sum(map(arm.points, some)) <= grown
