"""What was said of items is queued by item, and looked at by and by; nothing is lost of it."""

from typing import Any

import pytest

from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.loyalty import LoyaltyProgram
from streams.contract.settings import Settings
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.eligibility import segments_named
from streams.shop.decision.slots.incentives import read_offer
from streams.shop.decision.slots.top_up import PriceTag
from streams.worker.answering.living_prompts import LivingPrompt
from streams.worker.answering.pointless_prompts import LOOKS_MAX, PointlessPrompts

MANY = LOOKS_MAX + 5


class Rack:
    """A catalogue, and so many living prompts that all offer bread and an item of their own."""

    def __init__(self, prompts: int, partition: int = 0) -> None:
        self.catalog, self.now_ms = Catalog(), 1_000
        self.pointless = PointlessPrompts(Settings(withdrawals_per_s_max=1_000_000), self.catalog)
        self.offered = [
            LivingPrompt(f"p{number}", f"s{number}", partition, 120_000, ("bread", f"i{number}"))
            for number in range(prompts)
        ]
        self.pointless.published(self.offered)

    def sells(self, item_id: str, **fields: Any) -> None:
        """The catalogue says something of an item, and that is heard."""
        assert self.catalog.put(CatalogItem(item_id=item_id, **fields))
        self.pointless.heard(item_id)

    def due(self, ours: int = 0) -> list[str]:
        """The ids of what is taken back at the next look."""
        self.now_ms += 100
        return [gone.prompt_id for _, gone in self.pointless.due({ours}, self.now_ms)]


def test_an_item_waits_once_however_often_it_is_said_and_however_many_prompts_offer_it() -> None:
    """A feed that repeats itself costs no more than one that does not."""
    rack = Rack(prompts=1_000)
    for _ in range(100):
        rack.sells("bread")
    rack.sells("nobody-was-offered-it", in_stock=False)
    assert 1 == rack.pointless.waiting

    rack.sells("i7")
    assert 2 == rack.pointless.waiting
    for _ in range(100):
        rack.pointless.heard(None)
        rack.sells("i7")
    assert 1 == rack.pointless.waiting


def test_what_is_said_while_its_prompts_are_looked_at_counts_for_all_of_them() -> None:
    """Also for those that were looked at already."""
    rack = Rack(MANY)
    rack.sells("bread")
    assert [] == rack.due()
    rack.sells("bread", in_stock=False)

    taken = {one for _ in range(3) for one in rack.due()}
    assert {one.prompt_id for one in rack.offered} == taken
    assert 0 == rack.pointless.waiting


def test_what_is_said_of_an_item_while_any_is_looked_at_counts_too() -> None:
    """Its prompt was looked at before that was said."""
    rack = Rack(MANY)
    rack.pointless.heard(None)
    assert [] == rack.due()
    rack.sells("i0", in_stock=False)

    assert ["p0"] == [one for _ in range(3) for one in rack.due()]


def test_items_whose_prompts_are_gone_meanwhile_are_bounded_work_too() -> None:
    """Each counts as a look."""
    rack = Rack(MANY)
    for one in rack.offered:
        rack.sells(one.items[1], in_stock=False)
        rack.pointless.living.drop(one.prompt_id)

    assert ([], 5) == (rack.due(), rack.pointless.waiting)


def test_what_is_found_of_another_partition_is_not_forgotten() -> None:
    """It may be that the group has dealt it to us and that was not said yet."""
    rack = Rack(prompts=2, partition=1)
    rack.sells("bread", in_stock=False)

    assert [] == rack.due(ours=0)
    assert ["p0", "p1"] == rack.due(ours=1)


def test_a_prompt_that_is_read_again_is_looked_at_once() -> None:
    """A takeover brings what was known already."""
    rack = Rack(prompts=0)
    rack.sells("bread", in_stock=False)
    for _ in range(3):
        rack.pointless.published([LivingPrompt("p1", "ann", 0, 120_000, ("bread",))])

    assert 1 == rack.pointless.waiting
    assert ["p1"] == rack.due()


def prompt(arm: str = "popular", **more: Any) -> LivingPrompt:
    """A prompt that offers bread, with what else it is."""
    return LivingPrompt("p1", "ann", 0, 120_000, ("bread",))._replace(arm=arm, **more)


@pytest.mark.parametrize(
    ("asked_as", "gone"),
    [((False, None), True), ((True, "gold"), False), ((True, "minor"), True), (None, False)],
    ids=["new", "for-them", "not-for-them", "nobody-says"],
)
@pytest.mark.parametrize("of", ["bread", "loaves"], ids=["item", "product"])
def test_what_is_not_for_a_shopper_any_more_is_taken_back(
    asked_as: tuple[bool, str | None] | None, gone: bool, of: str
) -> None:
    """By the segments as which they asked; of an inherited prompt nobody knows them."""
    rack = Rack(prompts=0)
    rack.sells("bread", variant_of="loaves")
    segments = None if asked_as is None else segments_named(*asked_as)
    rack.pointless.published([prompt(segments=segments)])
    assert [] == rack.due()
    rack.sells(of, eligible_segments=("gold", "minor"), excluded_segments=("minor",))
    rack.pointless.heard(None)

    assert (["p1"] if gone else []) == rack.due()


def test_what_is_owned_once_is_not_taken_back_from_who_has_not_bought_it() -> None:
    """It says for whom it is, and that is everybody."""
    rack = Rack(prompts=0)
    rack.pointless.published([prompt(segments=segments_named(True, None))])
    rack.sells("bread", owned_once=True)

    assert [] == rack.due()


BUNDLE = {
    "type": "bundle",
    "bundle": "photo",
    "bundle_items": ["camera", "bread"],
    "price_minor": 5_000,
    "discount_minor": 500,
    "currency": "EUR",
}
"""The offer of a prompt."""


@pytest.mark.parametrize(
    ("terms", "gone"),
    [
        (None, True),
        ({"items": ["bread", "camera"], "discount_minor": {"EUR": 500}}, False),
        ({"items": ["bread", "camera"], "discount_minor": {"EUR": 499}}, True),
        ({"items": ["bread", "camera"], "discount_minor": {"USD": 900}}, True),
        ({"items": ["bread", "camera"], "discount_per_mille": 100}, False),
        ({"items": ["bread", "camera", "card"], "discount_minor": {"EUR": 500}}, True),
    ],
    ids=["ended", "same", "saves-less", "another-currency", "as-much", "needs-more"],
)
def test_a_bundle_that_ends_takes_its_prompts_back(
    terms: dict[str, Any] | None, gone: bool
) -> None:
    """Also one that has become dearer, or larger."""
    rack = Rack(prompts=0)
    bundles = rack.catalog.bundles
    bundles.put("photo", BundleTerms(items=("camera", "bread"), discount_minor={"EUR": 500}))
    rack.pointless.published([prompt("bundle", offer=read_offer(BUNDLE))])
    assert 0 == rack.pointless.waiting
    bundles.take_out("photo")
    if terms is not None:
        bundles.put("photo", BundleTerms.model_validate(terms))
    rack.pointless.heard(None)

    found = [(one.because, one.item_id) for _, one in rack.pointless.due({0}, now_ms=2_000)]
    assert [("offer_ended", None)] * gone == found


@pytest.mark.parametrize(
    ("program", "gone"),
    [
        (None, True),
        ({"points_per_mille": {"EUR": 10}, "tiers": {"gold": 1000}}, False),
        ({"points_per_mille": {"EUR": 9}, "tiers": {"gold": 1000}}, True),
        ({"points_per_mille": {"EUR": 10}, "tiers": {"club": 1000}}, True),
        ({"points_per_mille": {"USD": 10}, "tiers": {"gold": 1000}}, True),
    ],
    ids=["ended", "same", "fewer", "no-such-tier", "another-currency"],
)
def test_points_that_are_given_no_more_take_their_prompts_back(
    program: dict[str, Any] | None, gone: bool
) -> None:
    """Ten points for 10.00 EUR were promised."""
    rack = Rack(prompts=0)
    offer = read_offer({"type": "loyalty", "tier": "gold", "points": [10]})
    paid = (PriceTag(1_000, None, "EUR"),)
    rack.catalog.loyalty = None if program is None else LoyaltyProgram.model_validate(program)
    rack.pointless.published([prompt("loyalty", offer=offer, prices=paid)])

    assert (["p1"] if gone else []) == rack.due()


@pytest.mark.parametrize(
    ("before", "then", "gone"),
    [
        (None, {"items": ["bread", "tea"], "discount_minor": {"EUR": 500}}, True),
        (None, {"items": ["cake", "tea"], "discount_minor": {"EUR": 500}}, False),
        (400, {"items": ["bread", "tea"], "discount_minor": {"EUR": 400}}, False),
        (400, {"items": ["bread", "tea"], "discount_minor": {"EUR": 900}}, True),
        (400, None, True),
    ],
    ids=["defined", "of-other-items", "the-same", "saves-more", "ended"],
)
def test_points_end_with_another_bundle_of_their_items(
    before: int | None, then: dict[str, Any] | None, gone: bool
) -> None:
    """They are for what is paid, and the basket is not known any more."""
    rack = Rack(prompts=0)
    catalog, bundles = rack.catalog, rack.catalog.bundles
    catalog.loyalty = LoyaltyProgram(points_per_mille={"EUR": 10}, tiers={"gold": 1000})
    if before is not None:
        bundles.put("b", BundleTerms(items=("bread", "tea"), discount_minor={"EUR": before}))
    offer = read_offer({"type": "loyalty", "tier": "gold", "points": [10]})
    rack.pointless.published([prompt("loyalty", offer=offer).priced(catalog)])
    bundles.take_out("b")
    if then is not None:
        bundles.put("b", BundleTerms.model_validate(then))
    rack.pointless.heard(None)

    assert (["p1"] if gone else []) == rack.due()


def test_what_was_said_before_a_prompt_is_published_takes_it_back_without_a_catalogue_too() -> None:
    """An arm that a control has stopped by then, with no item in any catalogue."""
    rack = Rack(prompts=0)
    rack.catalog.stopped = frozenset({"curated"})
    others = prompt("popular")._replace(prompt_id="p2")
    rack.pointless.published([prompt("curated"), others])

    assert ["p1"] == rack.due()


def test_what_an_arm_offers_is_taken_back_when_a_control_stops_it() -> None:
    """Others stand, and so does a prompt of free shipping."""
    rack = Rack(prompts=0)
    free = read_offer({"type": "free_shipping", "missing_minor": 1})
    others = prompt("popular")._replace(prompt_id="p2")
    rack.pointless.published([prompt("curated", offer=free), others])
    assert [] == rack.due()
    rack.catalog.stopped = frozenset({"curated"})
    rack.pointless.heard(None)

    assert ["p1"] == rack.due()


@pytest.mark.parametrize("said", [None, 3, {}, {"type": 7}, {"type": "of-a-later-release"}])
def test_an_offer_that_is_not_known_never_ends(said: Any) -> None:
    """What another release has published is left to it."""
    assert read_offer(said) is None


def test_an_offer_that_is_no_offer_is_refused() -> None:
    """Who reads it passes the record over."""
    with pytest.raises(ValueError, match="bundle_items"):
        read_offer({"type": "bundle", "bundle": "photo"})
