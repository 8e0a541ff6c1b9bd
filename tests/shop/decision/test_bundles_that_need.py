"""A bundle of which one missing item needs the other: both in one prompt, and never one alone."""

from typing import Any

import pytest

from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.published.prompts import Prompt
from streams.contract.wire.shop.offers import BundleOffer
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.exclusions import Exclusions
from tests.stories import Story, Till

PRICES = {"camera": 50_000, "lens": 30_000, "adapter": 4_000, "strap": 3_000}
"""In cents."""
KIT = BundleTerms(items=("camera", "lens", "adapter"), discount_minor={"EUR": 5_000})


def sold(item_id: str, *relations: tuple[str, str], **fields: Any) -> CatalogItem:
    """An item, and what it is to others."""
    said = {"price_minor": PRICES[item_id], "currency": "EUR", **fields}
    told = tuple(Relation(kind=kind, item_id=other) for kind, other in relations)
    return CatalogItem(item_id=item_id, relations=told, **said)


LENS = sold("lens", ("requires", "adapter"))


def till(*changed: CatalogItem, **settings: Any) -> Till:
    """A shop with the kit, whose lens fits the camera by the adapter alone."""
    shop = Till(**{"catalog_prices_max": 100, "catalog_relations": "guards", **settings})
    shop.catalog = Catalog.of(shop.shop.settings)
    for item in (*map(sold, PRICES), LENS, *changed):
        assert shop.catalog.put(item)
    shop.catalog.bundles.put("kit", KIT)
    return shop


def offered(prompt: Prompt | None) -> list[str]:
    """The items of a prompt; none: silence."""
    return [] if prompt is None else [item.item_id for item in prompt.items]


def basket(shop: Till, *items: str) -> list[str]:
    """What somebody is offered who has put these into the basket, one after the other."""
    story = Story("s1")
    for item in items[:-1]:
        shop.serve(story.add(item, slots=()))
    return offered(shop.serve(story.add(items[-1])).prompt)


def test_who_has_the_camera_is_offered_the_lens_and_the_adapter_that_it_needs() -> None:
    """Both in one prompt, which names what the kit saves; nothing is counted as withheld."""
    shop = till()
    answer = shop.serve(Story("s1").add("camera"))

    assert ["lens", "adapter"] == offered(answer.prompt)
    assert answer.prompt is not None
    assert isinstance(answer.prompt.offer, BundleOffer)
    assert ("bundle", 5_000) == (answer.prompt.arm, answer.prompt.offer.discount_minor)
    assert () == answer.withheld


def test_what_is_left_is_offered_once_the_other_is_there() -> None:
    """The adapter is there, or the lens was taken without it."""
    assert ["lens"] == basket(till(), "camera", "adapter")
    assert ["adapter"] == basket(till(), "camera", "lens")


def test_the_lens_is_never_offered_alone() -> None:
    """Where there is room for one item, the kit is not offered; nor by what others bought."""
    assert [] == basket(till(prompt_items_max=1), "camera")

    shop = till(prompt_items_max=1)
    shop.teach("camera", "lens")
    for number in range(20):
        said = offered(shop.serve(Story(f"s-{number}").add("camera")).prompt)
        assert "lens" not in said


def test_in_no_prompt_the_lens_stands_without_its_adapter() -> None:
    """Whichever arm is drawn: others may have bought the lens alone."""
    shop = till(arm_floor=0.2)
    shop.teach("camera", "lens")
    shop.teach("camera", "strap")
    said = [offered(shop.serve(Story(f"s-{n}").add("camera")).prompt) for n in range(40)]

    assert ["lens", "adapter"] in said
    assert any("lens" not in items for items in said)
    assert all("adapter" in items for items in said if "lens" in items)


@pytest.mark.parametrize(
    "changed",
    [
        [sold("adapter", in_stock=False)],
        [sold("adapter", hidden=True)],
        [sold("adapter", ("excludes", "camera"))],
        [sold("adapter", ("excludes", "lens"))],
        [sold("adapter", ("requires", "strap"))],
        [sold("lens", ("requires", "adapter"), ("requires", "strap"))],
        [sold("lens", ("requires", "adapter"), ("excludes", "camera"))],
        [sold("lens", ("requires", "adapter"), eligible_segments=("trade",))],
        [
            sold("lens", ("requires", "adapter"), variant_of="lenses"),
            CatalogItem(item_id="lenses", relations=(Relation(kind="requires", item_id="strap"),)),
        ],
    ],
    ids=[
        "adapter-sold-out",
        "adapter-hidden",
        "adapter-unfit",
        "adapter-and-lens-unfit",
        "adapter-needs-more",
        "lens-needs-more",
        "lens-unfit",
        "lens-for-others",
        "product-needs-more",
    ],
)
def test_where_the_two_would_not_be_usable_together_neither_is_offered(
    changed: list[CatalogItem],
) -> None:
    """That each needs something is one thing; all else that keeps an item out holds as ever."""
    assert [] == basket(till(*changed), "camera")


def test_a_strap_that_was_bought_before_is_as_good_as_in_the_bundle() -> None:
    """What a missing item needs besides has to be there, or bought."""
    shop = till(sold("lens", ("requires", "adapter"), ("requires", "strap")))
    story = Story("s1")
    shop.serve(story.order("strap"))

    assert ["lens", "adapter"] == offered(shop.serve(story.add("camera")).prompt)


def test_any_adapter_of_the_product_will_do() -> None:
    """The lens requires a product, and the bundle has a variant of it."""
    shop = till(
        sold("lens", ("requires", "adapters")),
        sold("adapter", variant_of="adapters"),
    )
    assert ["lens", "adapter"] == basket(shop, "camera")


def test_two_that_need_each_other_are_offered_together() -> None:
    """A pair of which either is useless alone is whole."""
    assert ["lens", "adapter"] == basket(till(sold("adapter", ("requires", "lens"))), "camera")


def test_what_somebody_took_out_or_sent_away_is_not_offered_for_being_needed() -> None:
    """The guards' word holds."""
    story, shop = Story("s1"), till()
    shop.serve(story.add("lens", slots=()))
    shop.serve(story.remove("lens"))

    assert [] == offered(shop.serve(story.add("camera")).prompt)


def test_a_substitute_of_what_is_there_is_no_part_of_it_either() -> None:
    """The lens replaces the camera's own, by their categories."""
    others = [CatalogItem(item_id=f"other-{n}", category=f"kind {n}") for n in range(8)]
    lens = sold("lens", ("requires", "adapter"), category="optics")
    shop = till(
        *(lens, sold("camera", category="optics"), *others),
        substitute_probability_max=0.5,
    )
    assert [] == basket(shop, "camera")


def test_what_is_needed_is_judged_for_the_moment_alone() -> None:
    """Once the rest of a bundle was looked at, the lens needs its adapter as before."""
    shop = till()
    assert shop.catalog is not None
    out = Exclusions(shop.catalog)
    out.fill(excluded=set(), beside=["camera"])

    assert out.completed_by("lens", ["lens", "adapter"])
    assert not out.completed_by("lens", ["lens", "strap"])
    assert not out.completed_by("strap", ["lens"]), "it needs nothing"
    assert {} == out.noted
    assert "lens" in out
    assert {"lens": "requires"} == out.noted
