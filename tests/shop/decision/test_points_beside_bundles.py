"""Loyalty where there are bundles: points are for what is paid more, as the till reckons it."""

from collections.abc import Mapping
from itertools import combinations

from hypothesis import example, given
from hypothesis import strategies as st

from models import Candidate
from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.events.reference.loyalty import LoyaltyProgram, Tier
from streams.contract.published.prompts import Prompt
from streams.contract.wire.shop.offers import LoyaltyOffer
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.slots.bundles import Bundles, SavedBeside, whole
from streams.shop.decision.slots.loyalty import LoyaltyArm
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
    costs={"a": 1, "b": 1, "c": 1, "d": 5, "x": 1},
    defined={"more": (["a", "c"], 2), "trio": (["a", "d"], 1)},
    have=1,
)
@given(
    costs=st.fixed_dictionaries(dict.fromkeys("abcdx", st.integers(1, 60))),
    defined=st.dictionaries(
        st.sampled_from(("duo", "more", "trio")),
        st.tuples(
            st.lists(st.sampled_from("abcdx"), min_size=2, max_size=3, unique=True),
            st.integers(1, 60),
        ),
    ),
    have=st.integers(1, 2),
)
def test_no_prompt_promises_more_than_the_till_gives_for_all_of_it(
    costs: dict[str, int], defined: dict[str, tuple[list[str], int]], have: int
) -> None:
    """One by one, and in any company of the same prompt; a point is a minor unit here."""
    bundles, basket = Bundles(), {"x": have}
    for name, (items, discount) in defined.items():
        bundles.put(name, BundleTerms(items=tuple(items), discount_minor={"EUR": discount}))
    terms = {name: (tuple(items), discount) for name, (items, discount) in defined.items()}
    prices = {item: PriceTag(minor, None, "EUR") for item, minor in costs.items()}
    now_minor = whole(bundles, basket).saved_minor(bundles, prices)
    program = LoyaltyProgram(points_per_mille={"EUR": 1_000}, tiers={"member": 1_000})
    arms = {"popular": OneAfterAnother("abcd")}
    beside = SavedBeside(bundles, prices, basket, now_minor)
    arm = LoyaltyArm(program, Tier("member", 1_000), prices, arms, beside=beside)
    session = Session("s1", NOON_MS, NOON_MS)
    chosen: list[Candidate] = arm.candidates(
        Learned.__new__(Learned), CandidateQuery(session, "x", 0.0, (), 3)
    )
    before = paid(basket, costs, terms)

    for one in chosen:
        grown = paid({**basket, one.item: 1}, costs, terms) - before
        assert 0 < arm.points(one.item) <= grown
    for size in range(2, len(chosen) + 1):
        for some in combinations([one.item for one in chosen], size):
            grown = paid({**basket, **dict.fromkeys(some, 1)}, costs, terms) - before
            assert sum(map(arm.points, some)) <= grown
