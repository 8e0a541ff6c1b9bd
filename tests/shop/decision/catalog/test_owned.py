"""Services and B2B: no basket, and what one owns decides what goes with it.

A firm buys a suite of software; add-ons need it, one licence of each is enough, and a firm that
runs the cloud edition is not offered what runs on machines of its own.
"""

from typing import Any

import pytest

from streams.contract.events.reference.catalog import CatalogItem
from streams.shop.decision.catalog.catalog import Catalog
from tests.shop.decision.catalog.test_relations import related
from tests.stories import Story, Till

FIRM: dict[str, Any] = {"shopper_id": "acme"}


def vendor(*items: CatalogItem, use: Any = "guards") -> Till:
    """A vendor whose customers took all of these with the support contract.

    What was bought a short while ago is no reason here: what is owned is.
    """
    shop = Till(together_min=1, lift_z_min=0.0, just_bought_s=0.0)
    shop.catalog = Catalog(relations_use=use)
    for item in items:
        shop.teach("support", item.item_id)
        assert shop.catalog.put(item)
    assert shop.catalog.put(licence("suite"))
    for number in range(30):  # else everything goes along with everything
        shop.serve(Story(f"other-{number}").add(f"else-{number % 5}"))
    shop.controls.put("arms.popular.state", "off", size=9)
    return shop


def licence(item_id: str, **relations: str) -> CatalogItem:
    """Something of which one is enough."""
    return related(item_id, **relations).model_copy(update={"owned_once": True})


def offered(shop: Till, session: str, **who: Any) -> set[str]:
    """What somebody is offered who looks at the support contract."""
    prompt = shop.serve(Story(session).view("support", **who)).prompt
    return set() if prompt is None else {item.item_id for item in prompt.items}


def test_an_add_on_is_for_who_owns_the_product_and_not_for_who_owns_it_already() -> None:
    """By what the firm bought, in whichever visit; a stranger owns nothing."""
    shop = vendor(licence("reports", requires="suite"), licence("backup", requires="suite"))
    assert set() == offered(shop, "before", **FIRM)

    shop.serve(Story("first", **FIRM).order("suite"))
    assert {"reports", "backup"} == offered(shop, "second", **FIRM)

    shop.serve(Story("third", **FIRM).order("reports"))
    assert {"backup"} == offered(shop, "fourth", **FIRM)
    assert set() == offered(shop, "stranger", shopper_id="initech")
    assert set() == offered(shop, "nobody")


def test_what_is_owned_is_told_by_its_reason() -> None:
    """So that who runs the shop sees why."""
    shop = vendor(licence("reports"))
    shop.serve(Story("first", **FIRM).order("reports"))

    assert ("owned",) == shop.serve(Story("second", **FIRM).view("support")).withheld


def test_who_does_not_consent_owns_nothing_that_is_remembered() -> None:
    """Nothing of their purchases is used."""
    shop = vendor(licence("reports"))
    shop.serve(Story("first", **FIRM).order("reports"))

    assert set() == offered(shop, "second", **FIRM)
    assert {"reports"} == offered(shop, "third", shopper_id="acme", consent=False)


def test_what_was_sent_back_is_owned_no_more() -> None:
    """A licence that is cancelled may be offered again."""
    shop = vendor(licence("reports"))
    first = Story("first", **FIRM)
    shop.serve(first.order("reports"))
    shop.serve(first.send_back("reports"))

    assert {"reports"} == offered(shop, "second", **FIRM)


def test_bread_is_bought_again() -> None:
    """Only what says that one is enough is owned once."""
    shop = vendor(related("reports"))
    shop.serve(Story("first", start_ms=Story().now_ms - 9**9, **FIRM).order("reports"))

    assert {"reports"} == offered(shop, "second", **FIRM)


def test_what_an_owned_contract_excludes_is_not_offered_though_it_is_in_no_basket() -> None:
    """Whichever of the two says so; without the setting relations decide nothing."""
    for said in (("server", "cloud"), ("cloud", "server")):
        excluding, other = said
        items = {excluding: licence(excluding, excludes=other), other: licence(other)}
        for use, expected in (("guards", set()), ("off", {"server"})):
            shop = vendor(*items.values(), use=use)
            shop.serve(Story("first", **FIRM).order("cloud"))
            assert expected == offered(shop, "second", **FIRM)
            assert {"server", "cloud"} >= offered(shop, "new", shopper_id="new")


def test_a_licence_of_a_product_is_one_of_all_its_editions() -> None:
    """A variant was bought: no other one is offered."""
    editions = [
        CatalogItem(item_id=name, variant_of="suite", owned_once=True) for name in ("std", "pro")
    ]
    shop = vendor(*editions)
    shop.serve(Story("first", **FIRM).order("std"))

    assert set() == offered(shop, "second", **FIRM)


@pytest.mark.parametrize("again", [False, True], ids=["tombstone", "new-record"])
def test_an_item_is_owned_once_as_long_as_its_record_says_so(again: bool) -> None:
    """The latest one counts."""
    shop = vendor(licence("reports"))
    shop.serve(Story("first", **FIRM).order("reports"))
    assert shop.catalog is not None
    assert 2 == shop.catalog.eligibility.once
    if again:
        shop.catalog.put(CatalogItem(item_id="reports"))
    else:
        shop.catalog.take_out("reports")

    assert 1 == shop.catalog.eligibility.once
    shop.serve(Story("far", start_ms=Story().now_ms + 9 * 86_400_000).view("else-1"))
    later = Story("later", start_ms=Story().now_ms + 9 * 86_400_000, **FIRM)
    prompt = shop.serve(later.view("support")).prompt
    assert prompt is not None
    assert ["reports"] == [item.item_id for item in prompt.items]


def test_what_a_licence_excludes_is_out_for_its_editions_though_the_product_says_it_lasts() -> None:
    """One is enough by the product's word; what it excludes is said by the edition bought."""
    edition = related("cloud", excludes="server").model_copy(update={"variant_of": "hosting"})
    shop = vendor(edition, related("server"), licence("hosting"))
    shop.serve(Story("first", **FIRM).order("cloud"))

    assert set() == offered(shop, "second", **FIRM)
    assert {"server"} <= offered(shop, "new", shopper_id="new")


def test_an_upgrade_that_an_owned_licence_excludes_is_no_upgrade_for_its_owner() -> None:
    """The slot of upgrades is held to it; what is owned may be replaced by what is better."""
    shop = vendor(licence("team", excludes="fleet"))
    assert shop.catalog is not None
    told = {"price_minor": 900, "currency": "EUR"}
    for item_id, of in (("fleet", "solo"), ("solo-pro", "solo"), ("team-pro", "team")):
        apart = related(item_id, upgrade_of=of, excludes=of)  # nobody runs both
        assert shop.catalog.put(apart.model_copy(update=told))
    shop.serve(Story("first", **FIRM).order("team"))

    def better(of: str, session: str, **who: Any) -> list[str]:
        asks = told | {"price_minor": 100, "slots": ("upgrade",)}
        prompt = shop.serve(Story(session).view(of, **who, **asks)).prompt
        return [] if prompt is None else [item.item_id for item in prompt.items]

    assert ["solo-pro"] == better("solo", "owner", **FIRM)
    assert ["fleet", "solo-pro"] == better("solo", "stranger", shopper_id="initech")
    assert ["team-pro"] == better("team", "renews", **FIRM)
