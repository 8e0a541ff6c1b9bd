"""Loyalty: members are told what items bring in points; nobody is promised what is not known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import InvalidReference
from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.events.reference.loyalty import LoyaltyProgram, Tier
from streams.contract.published.prompts import Prompt
from streams.contract.wire.shop.offers import LoyaltyOffer
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.controls.controls import Controls
from tests.stories import Story, Till

PRICES = {"butter": 199, "jam": 450, "toast": 40}
"""In cents."""
PROGRAM: dict[str, Any] = {
    "points_per_mille": {"EUR": 10},
    "tiers": {"member": 1000, "gold": 2500},
}


def till(*changed: CatalogItem, **settings: Any) -> Till:
    """A shop where bread goes with butter, jam and toast, and which has a programme."""
    shop = Till(**{"catalog_prices_max": 100, "arm_floor": 0.2, **settings})
    shop.teach("bread", *PRICES)
    shop.catalog = Catalog.of(shop.shop.settings)
    for item, minor in PRICES.items():
        shop.catalog.put(CatalogItem(item_id=item, price_minor=minor, currency="EUR"))
    for other in changed:
        shop.catalog.put(other)
    shop.catalog.loyalty = LoyaltyProgram.model_validate(PROGRAM)
    return shop


def told(shop: Till, segment: str | None = "gold", times: int = 40, **more: Any) -> list[Prompt]:
    """The prompts that name points, of so many who look at bread: the policy draws among arms."""
    asked = (Story(f"s-{number}").view("bread", segment=segment, **more) for number in range(times))
    prompts = [shop.serve(event).prompt for event in asked]
    return [prompt for prompt in prompts if prompt is not None and prompt.arm == "loyalty"]


def points(prompt: Prompt) -> dict[str, int]:
    """What each item of a prompt brings."""
    assert isinstance(prompt.offer, LoyaltyOffer)
    names = [item.item_id for item in prompt.items]
    return dict(zip(names, prompt.offer.points, strict=True))


def test_a_member_is_told_what_each_item_brings() -> None:
    """Two and a half times ten points for a thousand cents; toast brings one."""
    prompts = told(till())

    assert prompts
    for prompt in prompts:
        assert {"butter": 4, "jam": 11, "toast": 1} == points(prompt)
        assert prompt.offer is not None
        assert "Brings you loyalty points" == prompt.reason.text
        assert Prompt.model_validate_json(prompt.to_json()) == prompt


def test_what_two_arms_propose_is_told_once() -> None:
    """Butter and jam are bought with bread, and are popular besides; there is room for a third."""
    for prompt in told(till(), "member"):
        names = [item.item_id for item in prompt.items]
        assert len(names) == len({*names})


def test_points_are_rounded_down_and_what_brings_none_is_left_out() -> None:
    """A member of the lowest tier gets one for the butter and none for the toast."""
    prompts = told(till(), "member")

    assert prompts
    assert {(("butter", 1), ("jam", 4))} == {tuple(sorted(points(one).items())) for one in prompts}


@pytest.mark.parametrize("segment", [None, "silver", "known"])
def test_who_is_no_member_is_told_of_no_points(segment: str | None) -> None:
    """Nor is anybody where there is no programme."""
    assert [] == told(till(), segment)

    without = till()
    assert without.catalog is not None
    without.catalog.loyalty = None
    assert [] == told(without)


@pytest.mark.parametrize(
    ("fields", "settings"),
    [
        ({"price_minor": 450, "currency": "USD"}, {}),
        ({}, {}),
        ({"in_stock": False, "price_minor": 450, "currency": "EUR"}, {}),
    ],
    ids=["another-currency", "no-price", "sold-out"],
)
def test_of_an_item_that_nobody_can_price_or_have_no_points_are_named(
    fields: dict[str, Any], settings: dict[str, Any]
) -> None:
    """The others stay."""
    prompts = told(till(CatalogItem(item_id="jam", **fields), **settings))

    assert prompts
    assert all("jam" not in points(prompt) for prompt in prompts)


def test_whoever_pays_in_another_currency_is_promised_no_points() -> None:
    """The programme counts euros; dollars bring what the shop has not said."""
    assert [] == told(till(), price_minor=9, currency="USD")
    assert told(till(), price_minor=9, currency="EUR")


def test_without_prices_nothing_is_said_of_points() -> None:
    """A worker has to be told to keep them."""
    assert [] == told(till(catalog_prices_max=0))


def test_points_are_named_before_the_purchase_alone() -> None:
    """Not in the slot of upgrades, and not when all is paid."""
    assert [] == told(till(), slots=("upgrade",))
    assert told(till(), slots=("product_page",))
    shop = till()
    stories = [Story(f"paid-{number}") for number in range(20)]
    paid = [one.order("bread", segment="gold", slots=("post_purchase",)) for one in stories]
    assert all("loyalty" not in shop.prompt(event).propensities for event in paid)


def test_items_that_do_not_fit_each_other_bring_no_points_together() -> None:
    """Butter replaces toast here, by the word of the catalogue."""
    excluding = (Relation(kind="excludes", item_id="butter"),)
    apart = CatalogItem(item_id="toast", price_minor=40, currency="EUR", relations=excluding)
    prompts = told(till(apart, catalog_relations="guards"))

    assert prompts
    assert all({"butter", "toast"} - points(prompt).keys() for prompt in prompts)


def test_the_programme_is_a_control_that_holds_at_once() -> None:
    """What is wrong is refused, and the one before stands."""
    controls = Controls(till().shop.settings)
    controls.put("loyalty.program", PROGRAM, size=90)
    assert (1, None) == (len(controls), controls.now)
    assert controls.loyalty == LoyaltyProgram.model_validate(PROGRAM)

    with pytest.raises(InvalidReference, match=r"loyalty\.program: tiers"):
        controls.put("loyalty.program", {**PROGRAM, "tiers": {}}, size=90)
    assert controls.loyalty is not None
    controls.put("loyalty.program", None, size=9)
    assert controls.loyalty is None


def test_what_goes_with_the_item_and_is_popular_as_well_is_offered_once() -> None:
    """Jam goes with milk, and butter, jam and toast are what everybody buys."""
    shop = till()
    shop.teach("milk", "jam")
    asked = (Story(f"s-{number}").view("milk", segment="gold") for number in range(40))
    prompts = [one for one in map(shop.prompt, asked) if one.arm == "loyalty"]

    assert prompts
    for prompt in prompts:
        names = [item.item_id for item in prompt.items]
        assert (names[0], len(names)) == ("jam", len({*names}))


@given(
    prices=st.lists(st.integers(0, 10**9), max_size=5),
    rate=st.integers(1, 10**6),
    factor=st.integers(1, 10**6),
)
def test_items_one_by_one_never_bring_more_than_all_of_them(
    prices: list[int], rate: int, factor: int
) -> None:
    """So no promise is larger than what the shop gives for the whole order."""
    tier = Tier("gold", factor)
    program = LoyaltyProgram(points_per_mille={"EUR": rate}, tiers={"gold": factor})
    each = [program.points(tier, price, "EUR") for price in prices]

    assert sum(each) <= program.points(tier, sum(prices), "EUR")
    assert sum(each) * 1_000_000 <= sum(prices) * rate * factor
