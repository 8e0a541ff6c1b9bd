"""Loyalty: who tells their balance is told the next tier, what is missing, and what points pay."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Candidate
from streams.contract.errors import InvalidReference
from streams.contract.events import decode, encode
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.loyalty import LoyaltyProgram, Tier, loyalty_program
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.contract.wire.shop.offers import LoyaltyOffer
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.slots.bundles import Bundles
from streams.shop.decision.slots.incentives import read_offer, stands
from streams.shop.decision.slots.loyalty import LoyaltyArm
from streams.shop.decision.slots.standing import MemberStanding
from streams.shop.decision.slots.top_up import PriceTag
from tests.stories import NOON_MS, Story, Till

PROGRAM: dict[str, Any] = {
    "points_per_mille": {"EUR": 100},
    "tiers": {"member": 1000, "gold": 2000, "platinum": 3000, "staff": 5000},
    "tier_begins": {"gold": 2000, "platinum": 5000, "member": 0},
    "worth_per_mille": {"EUR": 1000},
}
"""A tenth of a cent's worth of points a cent; a point pays a cent. Staff are appointed."""


def till(price_minor: int = 900, **changed: Any) -> Till:
    """A shop where jam goes with bread, and brings a member 90 points."""
    shop = Till(catalog_prices_max=100, arm_floor=0.2)
    shop.teach("bread", "jam")
    shop.catalog = Catalog.of(shop.shop.settings)
    shop.catalog.put(CatalogItem(item_id="jam", price_minor=price_minor, currency="EUR"))
    shop.catalog.loyalty = LoyaltyProgram.model_validate({**PROGRAM, **changed})
    return shop


def told(shop: Till, **said: Any) -> LoyaltyOffer:
    """The offer of points of whoever looks at bread; each of many asks once, arms are drawn."""
    who = {"shopper_id": "ann", "segment": "member", **said}
    asked = (Story(f"s-{number}", **who).view("bread") for number in range(40))
    prompts: list[Prompt] = [one for one in map(shop.prompt, asked) if one.arm == "loyalty"]
    assert prompts
    assert all(Prompt.model_validate_json(one.to_json()) == one for one in prompts)
    (offer,) = {one.offer for one in prompts}
    assert isinstance(offer, LoyaltyOffer)
    return offer


def silent(offer: LoyaltyOffer) -> bool:
    """Whether an offer says what the items bring, and no more; on the wire, too."""
    return {"type", "tier", "points"} == {*offer.model_dump(exclude_none=True)}


def test_ann_is_eighty_points_short_of_gold_and_the_jam_brings_them() -> None:
    """She has 1,920 of 2,000, which pay 19.20 EUR, and the jam brings 90."""
    assert told(till(), points_balance=1_920) == LoyaltyOffer(
        tier="member",
        points=(90,),
        balance=1_920,
        next_tier="gold",
        missing_points=80,
        reaches=(True,),
        worth_minor=1_920,
        currency="EUR",
        texts=("With this you reach gold", "Your 1,920 points are worth €19.20"),
    )


def test_what_the_jam_does_not_bring_is_still_missing_and_said_in_her_language() -> None:
    """79 points of 80 are no tier, and 80 are one."""
    assert (True,) == told(till(price_minor=800), points_balance=1_920).reaches
    offer = told(till(price_minor=799), points_balance=1_920, locale="de-AT")

    assert (80, (False,)) == (offer.missing_points, offer.reaches)
    texts = ("Noch 80 Punkte bis gold", "Ihre 1.920 Punkte sind 19,20\xa0€ wert")
    assert texts == offer.texts


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"points_balance": None},
        {"points_balance": 1_920, "consent": False},
        {"points_balance": 1_920, "consent": None},
        {"points_balance": 1_920, "shopper_id": None},
    ],
    ids=["untold", "null", "denied", "no-consent", "nobody"],
)
def test_where_nobody_says_or_may_say_a_balance_none_is_named(said: dict[str, Any]) -> None:
    """What the jam brings is named all the same: that is no secret of hers."""
    assert silent(told(till(), **said))


def test_who_denies_after_all_is_told_no_balance_any_more() -> None:
    """Though the event tells it, and an event before it consented."""
    shop, ann = till(), Story("s1", shopper_id="ann", segment="member", points_balance=1_920)
    shop.serve(ann.view("bread"))
    offers = [shop.prompt(ann.view("bread", consent=False)).offer for _ in range(20)]
    named = [offer for offer in offers if isinstance(offer, LoyaltyOffer)]

    assert named
    assert all(map(silent, named))


def test_a_programme_that_says_nothing_of_tiers_and_worth_names_no_balance() -> None:
    """As programmes did before they could: their prompts are what they were."""
    assert silent(told(till(tier_begins={}, worth_per_mille={}), points_balance=1_920))


def test_either_is_said_without_the_other() -> None:
    """A shop may count for tiers alone, or pay alone."""
    tiers = told(till(worth_per_mille={"USD": 1000}), points_balance=1_920)
    assert ("gold", None, None) == (tiers.next_tier, tiers.worth_minor, tiers.currency)

    worth = told(till(tier_begins={}), points_balance=1_920)
    assert (None, None, None) == (worth.next_tier, worth.missing_points, worth.reaches)
    assert ("Your 1,920 points are worth €19.20",) == worth.texts


@pytest.mark.parametrize(
    ("segment", "balance", "above", "missing"),
    [
        ("member", 0, "gold", 2_000),
        ("member", -50, "gold", 2_050),
        ("gold", 2_100, "platinum", 2_900),
        ("gold", 40, "platinum", 4_960),
        ("member", 1_999, "gold", 1),
        ("member", 2_000, None, None),
        ("platinum", 6_000, None, None),
        ("staff", 10, None, None),
    ],
    ids=["none", "debt", "gold", "paid-with-them", "one", "has-them", "highest", "appointed"],
)
def test_the_next_tier_is_the_one_above_their_own(
    segment: str, balance: int, above: str | None, missing: int | None
) -> None:
    """Of who has enough points already the shop has the next word, by their segment."""
    offer = told(till(), segment=segment, points_balance=balance)

    assert (above, missing) == (offer.next_tier, offer.missing_points)
    assert (offer.worth_minor or 0) == max(0, balance)


def test_of_several_items_each_is_told_and_the_sentence_holds_for_all() -> None:
    """Where one of them does not bring what is missing, no sentence says that this does."""
    program = loyalty_program(PROGRAM)
    tier = Tier("member", 1000)
    said = MemberStanding(1_920).fields(program, tier, (90, 10), "EUR")

    assert (True, False) == said["reaches"]
    assert "You need 80 more points to reach gold" == said["texts"][0]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"tier_begins": {"silver": 5}}, "silver"),
        ({"tier_begins": {"gold": 5, "member": 5}}, "same number"),
        ({"tier_begins": {"gold": -1}}, "tier_begins"),
        ({"worth_per_mille": {"EUR": 0}}, "worth_per_mille"),
        ({"worth_per_mille": {"euro": 9}}, "worth_per_mille"),
    ],
    ids=["no-tier", "two-at-once", "below-0", "worth-nothing", "no-currency"],
)
def test_a_programme_that_nobody_can_read_is_refused_and_says_why(
    changed: dict[str, Any], why: str
) -> None:
    """And the one before stands."""
    with pytest.raises(InvalidReference, match=rf"loyalty\.program: .*{why}"):
        loyalty_program({**PROGRAM, **changed})


@pytest.mark.parametrize(
    ("changed", "still"),
    [
        ({}, True),
        ({"tier_begins": {"member": 0, "gold": 1_990}}, True),
        ({"tier_begins": {"member": 0, "gold": 2_001}}, False),
        ({"tier_begins": {}}, False),
        ({"worth_per_mille": {"EUR": 1_001}}, True),
        ({"worth_per_mille": {"EUR": 999}}, False),
        ({"worth_per_mille": {}}, False),
    ],
    ids=["same", "nearer", "further", "no-tiers", "worth-more", "worth-less", "worth-nothing"],
)
def test_what_was_said_of_a_balance_is_taken_back_when_it_is_so_no_longer(
    changed: dict[str, Any], *, still: bool
) -> None:
    """Where the shop gives more by then, the prompt may stay."""
    shop = till()
    assert shop.catalog is not None
    offer, program = told(shop, points_balance=1_920), loyalty_program({**PROGRAM, **changed})

    assert still == stands(offer, shop.catalog.bundles, program, [None])


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("said", ["many", -(10**12) - 1, 2.5e12, -1e13, 12.5, [80], {}, True])
def test_a_balance_that_is_none_costs_no_event(said: Any, version: int) -> None:
    """The field was unknown once, and might have held anything."""
    bread = Story("s1", schema_version=version).view("bread")
    value = encode(bread).replace(
        b'"item_id"', b'"points_balance":%b,"item_id"' % orjson.dumps(said)
    )
    event = decode(b"s1", value, timestamp_ms=NOON_MS, settings=Settings())

    assert None is event.points_balance
    assert "bread" == getattr(event, "item_id", None)


def test_after_an_order_of_the_visit_nobody_knows_what_the_balance_is() -> None:
    """Ann had 1,920 points, and ordered for 90: she is gold by now, or has paid with them."""
    shop, prompts = till(), []
    who: dict[str, Any] = {"shopper_id": "ann", "segment": "member", "points_balance": 1_920}
    for number in range(40):
        ann = Story(f"visit-{number}", **who)
        shop.serve(ann.order("tea", order_id=f"o-{number}"))
        prompts.append(shop.prompt(ann.view("bread")))
    offers = [one.offer for one in prompts if isinstance(one.offer, LoyaltyOffer)]

    assert offers
    assert all(map(silent, offers))


def test_what_is_remembered_of_a_prompt_are_the_numbers_of_its_offer() -> None:
    """Its sentences say the same once more, and take more room than all else."""
    offer = told(till(), points_balance=1_920)
    kept = read_offer(offer.model_dump())

    assert isinstance(kept, LoyaltyOffer)
    assert kept == offer.model_copy(update={"texts": kept.texts})
    assert not kept.texts


def test_eighty_and_nothing_are_eighty_points() -> None:
    """Who counts in floats writes it so."""
    bread = encode(Story("s1").view("bread"))
    value = bread.replace(b'"item_id"', b'"points_balance":80.0,"item_id"')
    event = decode(b"s1", value, timestamp_ms=NOON_MS, settings=Settings())

    assert 80 == event.points_balance


@given(
    balance=st.integers(-(10**12), 10**12),
    points=st.lists(st.integers(0, 10**9), min_size=1, max_size=3),
    begins=st.integers(1, 10**12),
    rate=st.integers(1, 10**6),
)
def test_what_reaches_is_enough_and_no_point_pays_more_than_its_worth(
    balance: int, points: list[int], begins: int, rate: int
) -> None:
    """Sums in whole numbers: nothing is promised that the shop does not give."""
    changed = {"tier_begins": {"member": 0, "gold": begins}, "worth_per_mille": {"EUR": rate}}
    program = loyalty_program({**PROGRAM, **changed})
    said = MemberStanding(balance).fields(program, Tier("member", 1000), points, "EUR")
    offer = LoyaltyOffer(tier="member", points=tuple(points), **said)

    if offer.next_tier is not None:
        assert offer.missing_points is not None
        assert offer.reaches == tuple(balance + each >= begins for each in points)
        assert (begins, True) == (balance + offer.missing_points, offer.missing_points > 0)
    else:
        assert balance >= begins or silent(offer)
    assert (offer.worth_minor or 0) * 1000 <= max(0, balance) * rate


def test_points_stand_as_far_as_it_is_known_what_the_items_cost_then() -> None:
    """All of them are known, some, or none: of others nobody can tell that they bring less."""
    program = LoyaltyProgram.model_validate(PROGRAM)
    offer = LoyaltyOffer(tier="member", points=(90, 90))
    enough, less = PriceTag(900, None, "EUR"), PriceTag(899, None, "EUR")
    told = [(), (enough, enough), (None, enough), (enough, less), (less, None)]

    assert [True, True, True, False, False] == [
        stands(offer, Bundles(), program, prices) for prices in told
    ]


def test_what_the_points_pay_is_in_the_currency_of_the_first_item_where_nobody_tells_another() -> (
    None
):
    """The catalogue has prices in several; without an item nothing is said of a balance."""
    said: dict[str, Any] = {"points_per_mille": {"EUR": 100, "JPY": 100}}
    program = LoyaltyProgram.model_validate(PROGRAM | said | {"worth_per_mille": {"EUR": 1000}})
    prices = {"jam": PriceTag(900, None, "EUR"), "rice": PriceTag(900, None, "JPY")}
    arm = LoyaltyArm(program, Tier("gold", 2000), prices, {}, standing=MemberStanding(1_920))
    jam, rice = (Candidate(item, 1.0, 0, 0) for item in prices)

    assert (1_920, "EUR") == tuple(map(arm.offer([jam, rice]).get, ("worth_minor", "currency")))
    assert "worth_minor" not in arm.offer([rice, jam])
    assert {"type": "loyalty", "tier": "gold", "points": []} == arm.offer([])
