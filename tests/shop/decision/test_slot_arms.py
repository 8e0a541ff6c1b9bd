"""The arms of a slot: what is in it by the catalogue, the basket, and who asks."""

from streams.contract.events import OrderLine
from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.arms import ARMS, CandidateQuery
from streams.shop.decision.catalog.slot_arms import slot_arms
from streams.shop.memory.session import Session
from tests.shop.decision.test_bundles import basket, priced, till
from tests.stories import Story, Till

STRAPPED = BundleTerms(items=("camera", "strap"), discount_minor={"EUR": 500})


def test_without_a_catalogue_all_slots_have_the_arms_that_need_none_but_that_of_upgrades() -> None:
    """There nothing is known to be better."""
    session, event = Session("s1", 0, 0), Story().add("bread")
    query = CandidateQuery(session, "bread", 0.0, (), 3)

    assert ARMS is slot_arms(ARMS, session, event, "basket", None, query, {})
    assert {} == slot_arms(ARMS, session, event, "upgrade", None, query, {})


def test_what_a_whole_bundle_has_taken_completes_no_other_one_though_it_asks() -> None:
    """Camera, case and card are one: of camera and strap the camera is not there once more."""
    shop = till()
    assert shop.catalog is not None
    shop.catalog.bundles.put("strapped", STRAPPED)

    assert basket(shop, "case", "card", "camera") is None
    assert (two := basket(shop, "camera", "case", "card", "camera", session="s2"))
    assert ["strap"] == [item.item_id for item in two.items]


def test_after_an_order_no_bundle_of_what_is_still_in_the_basket_is_said() -> None:
    """It is paid apart from that; in the basket it is said again."""
    shop, story = till(terms=STRAPPED), Story()
    shop.serve(story.add("camera", slots=()))
    paid = story.order(lines=(OrderLine(item_id="card"),), slots=("post_purchase",))
    assert shop.serve(paid).prompt is None

    assert "bundle" == shop.prompt(story.view("camera", slots=("basket",))).arm


def test_of_an_upgrade_whose_price_nobody_tells_nothing_is_said() -> None:
    """Nor where nothing is named better: nobody has to be asked of that."""
    better = ({"kind": "upgrade_of", "item_id": "case"},)
    shop = Till(catalog_prices_max=100, catalog_relations="arms")
    shop.catalog = till().catalog
    assert shop.catalog is not None
    shop.catalog.put(
        CatalogItem.model_validate({**priced("strap").model_dump(), "relations": better})
    )
    for item, more in (("case", {}), ("card", {"price_minor": 2_000, "currency": "EUR"})):
        answer = shop.serve(Story(item).view(item, slots=("upgrade",), **more))
        assert answer.silence is not None
        assert "no_candidate" == answer.silence.reason
